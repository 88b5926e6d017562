# Offsets and sizes are those of version 1.0, on each 64-bit machine that a compiler here knows.
includes="-I$top_srcdir/tests -std=gnu11 -fsyntax-only"
for headers in "$top_srcdir/sdk" "$top_srcdir/sdk/frozen/1.0"; do
	# shellcheck disable=SC2086
	expect 0 ${CC:-cc} $includes "-I$headers" "$top_srcdir/tests/abi/layout.c"
done
cp -R "$top_srcdir/sdk/kist" .
chmod -R u+w kist
sed -i 's/uint32_t struct_size;/uint64_t struct_size;/' kist/host.h
# shellcheck disable=SC2086
expect 1 ${CC:-cc} $includes -I. "$top_srcdir/tests/abi/layout.c"
says err 'struct kist_host.abi_minor is not at 4'
command -v clang >/dev/null || skip 'no compiler for other machines; install the Debian package clang'
for machine in x86_64 aarch64 riscv64; do
	# Without a library for that machine there are the compiler's own headers, which say how wide the types are.
	# shellcheck disable=SC2086
	expect 0 clang --target=$machine-linux-gnu -ffreestanding $includes "-I$top_srcdir/sdk" "$top_srcdir/tests/abi/layout.c"
done
