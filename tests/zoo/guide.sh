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
guide_commands plugins >commands
grep -q '^cc ' commands || fail 'the guide does not compile anything'
sed -i -e "s/^cc /${CC:-cc} /" -e "s/^make /make CC='${CC:-cc}' /" commands
unset MAKEFLAGS MAKELEVEL MFLAGS
expect 0 sh -eux commands
says out 'valid: org.example.tiny 1.0.0 loads and equals its manifest' denied 'trusted: org.example.tiny 1.0.0' loads \
	'greeting.tiny: valid' '1 kept' hello 'badge: gold' 'trusted: org.example.crop 1.0.0'
[ -n "$(pkg-config --variable=plugindir kist-plugin)" ] || fail 'kist-plugin.pc has no plugindir'

# What the kit finds, as it says.
expect 1 kist plugin test "$HOME/.local/share/kist/plugins/tiny" --no-corpus
says out 'failed  input-truncated' 'would go unnoticed' 'the value is not UTF-8' 'badge: none'

# What it says about mistakes.
printf 'TINY\377' >latin.tiny
expect 1 kist put latin.tiny
says err 'broke the contract in describe: no JSON'
printf 'TONY' >tony.tiny
expect 1 kist put tony.tiny
says err 'it does not begin with TINY' '[E_MAGIC]'
printf 'TINY%0101d' 0 >long.tiny
expect 1 kist put long.tiny
says err 'more than 100 bytes of text' '[E_LONG]'
expect 1 kist plugin validate tony.tiny --json
says out E_MAGIC

# Every byte of a text comes through, NUL and quotes too.
printf 'TINY"\\a\000b\n' >bytes.tiny
expect 0 kist put bytes.tiny
expect 0 kist show bytes.tiny --json
says out '"text": "\"\\a�b\n"'
expect 0 kist convert bytes.tiny --task TinyArtifactTask --name bytes-again.tiny
expect 0 kist cat bytes-again.tiny
same out bytes.tiny

# Two objects live at once and share nothing, and go away in any order.
cat >two.c <<'C'
#include "tiny.c"

static kist_status read_at(struct kist_source *source, uint64_t offset, void *buf, size_t len, size_t *ret_len)
{
	*ret_len = offset > source->size ? 0 : source->size - offset < len ? (size_t)(source->size - offset) : len;
	memcpy(buf, (const char *)source->ctx + offset, *ret_len);
	return KIST_OK;
}

int main(void)
{
	struct kist_call call = { .struct_size = KIST_SIZED(struct kist_call) };
	struct kist_source one = { .ctx = (void *)"TINYone", .size = 7, .read_at = read_at };
	struct kist_source two = { .ctx = (void *)"TINY\0two", .size = 8, .read_at = read_at };
	struct kist_object objects[2] = { { .kind = 0 }, { .kind = 0 } };
	const struct kist_region *region;

	if (deserialize(NULL, &call, &one, NULL, &objects[0]) != KIST_OK ||
	    deserialize(NULL, &call, &two, NULL, &objects[1]) != KIST_OK)
		return 1;
	region = objects[0].value;
	if (region->len != 3 || memcmp(region->base, "one", 3) != 0)
		return 2;
	objects[0].release(&objects[0]);
	region = objects[1].value;
	if (region->len != 4 || memcmp(region->base, "\0two", 4) != 0)
		return 3;
	objects[1].release(&objects[1]);
	return objects[0].release || objects[1].release ? 4 : 0;
}
C
expect 0 ${CC:-cc} $(pkg-config --cflags kist-plugin) two.c -o two
expect 0 ./two
