# The guide to fast plugins, as it is written: its commands work, and what it says of sizes is so.
command -v pkg-config >/dev/null || skip 'no pkg-config'
command -v make >/dev/null || skip 'no make'
command -v "${CXX:-c++}" >/dev/null || skip 'no C++ compiler'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
unset MAKEFLAGS MAKELEVEL MFLAGS
cp -R "$top_srcdir/examples/wav" wav
chmod -R u+w wav
guide_commands plugin-speed | sed 's/^time //' >commands
grep -q 'kist show' commands || fail 'the guide has no commands'
expect 0 sh -eux commands
says out trusted 'tone.wav: valid' '1 kept'

# stored NAME: bytes that it takes in the store.
stored() {
	expect 0 kist show "$1" --json
	sed -n 's/^ *"stored_bytes": \([0-9]*\),*$/\1/p' out
}
typed=$(stored tone.wav)
plain=$(stored numbers.raw)
[ $((typed * 10)) -lt $((plain * 8)) ] || fail "typed parts take $typed bytes, the same without a type $plain"
