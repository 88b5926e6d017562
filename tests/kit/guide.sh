# The kit's guide, as it is written: its commands work, and its tables name every check there is.
command -v pkg-config >/dev/null || skip 'no pkg-config'
command -v make >/dev/null || skip 'no make'
guide=$top_srcdir/docs/guide/plugin-kit.md
for check in $(sed -n 's/^CHECK("\([a-z-]*\)".*/\1/p' "$top_srcdir/host/kit/checks.def") \
	$(sed -n 's/.*kist_kit_find(findings, KIST_KIT_[A-Z]*, "\([a-z-]*\)".*/\1/p' "$top_srcdir"/host/kit/lint_*.c); do
	says "$guide" "\`$check\`"
done
[ -z "$(kist plugin doctor | grep relaxed || :)" ] || skip 'a sanitized kist takes plugins of its own build'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
unset MAKEFLAGS MAKELEVEL MFLAGS
guide_commands plugin-kit >commands
echo 'int main(void) { return 0; }' >empty.c
gcc -fsanitize=address empty.c -o empty 2>/dev/null && ./empty || sed -i '/test-asan/d' commands
sed -i "s/^make /make CC=gcc /" commands
expect 0 sh -eux commands
says out 'badge: gold' ' 0 failed' '0 errors, 0 warnings'
[ -s mask/results.xml ] || fail 'there are no results'
