# Only what is pinned runs: a third party's plugin is refused until it is trusted, and again when it changes.
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
mkdir -p plugins
cp "$top_srcdir/tests/zoo/tiny.c" .
# shellcheck disable=SC2046
${CC:-cc} -shared -fPIC $(pkg-config --cflags --libs kist-plugin) tiny.c -o plugins/tiny.so || fail 'the compiler'
manifest() {
	sum=$(sha256sum <plugins/tiny.so)
	sed -e "s/@SIZE@/$(stat -c %s plugins/tiny.so)/" -e "s/@SHA256@/${sum%% *}/" -e "s/@VERSION@/$1/" \
		"$top_srcdir/tests/zoo/tiny.plugin.json.in" >plugins/org.example.tiny.plugin.json
}
manifest 1.0.0
printf 'TINYhello' >x.tiny
expect 0 kist init
expect 0 kist --plugin-dir plugins plugin list
says out org.example.tiny denied 'kist plugin trust'
expect 0 kist --plugin-dir plugins put x.tiny --name untrusted
says out bytes
expect 0 kist plugin trust plugins/org.example.tiny.plugin.json
expect 0 kist --plugin-dir plugins plugin list
says out ready
expect 0 kist --plugin-dir plugins put x.tiny
expect 0 kist show x.tiny
says out org.example.tiny hello
KIST_PLUGIN_PATH=$PWD/plugins
export KIST_PLUGIN_PATH
expect 0 kist put x.tiny --name by-environment
says_not out bytes
unset KIST_PLUGIN_PATH

# Another byte in the library, or in the manifest, and it is refused.
cp plugins/tiny.so kept.so
printf 'X' | dd of=plugins/tiny.so bs=1 seek=3000 conv=notrunc status=none
expect 1 kist --plugin-dir plugins put x.tiny --name changed
says err org.example.tiny
cp kept.so plugins/tiny.so
manifest 1.0.1
expect 0 kist --plugin-dir plugins plugin list
says out denied
manifest 1.0.0

# Others must not be able to change it.
chmod 666 plugins/tiny.so
expect 1 kist --plugin-dir plugins put x.tiny --name writable
says err writable
chmod 644 plugins/tiny.so
chmod 777 plugins
expect 0 kist --plugin-dir plugins plugin paths
says out writable
chmod 755 plugins

# A link out of the folder is not followed.
mv plugins/tiny.so elsewhere.so
ln -s ../elsewhere.so plugins/tiny.so
expect 1 kist --plugin-dir plugins put x.tiny --name linked
rm plugins/tiny.so
expect 3 kist --plugin-dir plugins put x.tiny --name missing
expect 0 kist verify
