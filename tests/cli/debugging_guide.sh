# The guide to debugging plugins, as it is written: each command is run, and finds what it should.
command -v pkg-config >/dev/null || skip 'no pkg-config'
command -v make >/dev/null || skip 'no make'
command -v gdb >/dev/null || skip 'no gdb'
command -v valgrind >/dev/null || skip 'no valgrind'
! kist plugin doctor | grep -q relaxed || skip 'a build with sanitizers runs under no debugger here'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
unset MAKEFLAGS MAKELEVEL MFLAGS
mkdir examples
cp -R "$top_srcdir/examples/qoi" examples/qoi
chmod -R u+w examples
guide_commands debugging >commands
grep -q '^gdb ' commands || fail 'the guide has no commands'
[ -n "$(pkg-config --variable=kit kist-plugin)" ] || fail 'kist-plugin.pc does not name the kit'
# Where it is before it is installed.
sed -i "s|^kit=.*|kit=$top_builddir/tests/root/usr/local/libexec/kist/kist-kit|" commands
expect 0 sh -eux commands
says out 'badge: gold' 'round-trip: 0 findings' 'read_head' 'input-truncated: 0 findings'

# The debugger stops where the plugin crashes, and the check by hand says what the kit says.
kit="$top_builddir/tests/root/usr/local/libexec/kist/kist-kit"
sed -i 's/^\tif (memcmp(bytes, MAGIC, 4) != 0)$/\tif (bytes[0] == 255) *(volatile int *)0 = 1;\n&/' qoi/qoi.c
sed -i 's/^\tputs_nothing//; s/writer->piece\[13\] = linear/writer->piece[0] = 255;\n\twriter->piece[13] = linear/' qoi/qoi.c
expect 0 make -C qoi CFLAGS='-g -O0 -w'
gdb -batch -ex run -ex backtrace --args "$kit" round-trip qoi/org.example.qoi.plugin.json 0 1 >out 2>&1 || :
says out SIGSEGV 'check_head (' 'qoi.c:'
expect 1 kist plugin test --check round-trip qoi/org.example.qoi.plugin.json
says out 'failed' 'signal 11'
