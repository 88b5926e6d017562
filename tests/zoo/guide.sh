# The guide for authors of plugins, as it is written: its C is tiny.c, its JSON the manifest, and its commands work.
command -v pkg-config >/dev/null || skip 'no pkg-config'
guide=$top_srcdir/docs/guide/plugins.md
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"

# blocks LANGUAGE: what stands in the page's blocks of this language, with a blank line between two.
blocks() {
	sed -n -e "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$guide" | sed -e '1d' -e '$d' -e "/^\`\`\`$1\$/d" -e 's/^```$//'
}
blocks c >tiny.c
same tiny.c "$top_srcdir/tests/zoo/tiny.c"
blocks json >tiny.plugin.json.in
same tiny.plugin.json.in "$top_srcdir/tests/zoo/tiny.plugin.json.in"
blocks sh >commands
grep -q '^cc ' commands || fail 'the guide does not compile anything'
sed -i "s/^cc /${CC:-cc} /" commands
expect 0 sh -eux commands
says out 'valid: org.example.tiny 1.0.0 loads and equals its manifest' denied 'trusted: org.example.tiny 1.0.0' loads \
	'greeting.tiny: valid' '1 kept' hello
[ -n "$(pkg-config --variable=plugindir kist-plugin)" ] || fail 'kist-plugin.pc has no plugindir'

# What it says about mistakes.
printf 'TINY"' >quote.tiny
expect 1 kist put quote.tiny
says err 'broke the contract in describe: no JSON'
printf 'TONY' >tony.tiny
expect 1 kist put tony.tiny
says err 'it does not begin with TINY' '[E_MAGIC]'
