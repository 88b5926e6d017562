# The plugins that stand as examples pass what is asked of every plugin.
command -v pkg-config >/dev/null || skip 'no pkg-config'
command -v make >/dev/null || skip 'no make'
[ -z "$(kist plugin doctor | grep relaxed || :)" ] || skip 'a sanitized kist takes plugins of its own build'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
unset MAKEFLAGS MAKELEVEL MFLAGS
for name in arrays qoi wav; do
	cp -R "$top_srcdir/examples/$name" $name
	chmod -R u+w $name
	expect 0 make -C $name CC="${CC:-cc}" CXX="${CXX:-c++}" all
	expect 0 kist plugin lint $name
	says out ' 0 errors, 0 warnings'
	expect 0 kist plugin test $name --no-corpus
	says out ' 0 failed' 'badge: gold'
done
