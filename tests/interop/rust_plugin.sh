# A plugin written in Rust from the layout of the ABI, without any header of the SDK, works as any other.
. "$top_srcdir/tests/interop/lib.sh"
command -v rustc >/dev/null || skip 'no rustc'
[ "$(uname -m)" = x86_64 ] || skip 'the manifest is for x86_64'
mkdir plugins
# rustup keeps its toolchains in the home of whoever installed it.
HOME=$(getent passwd "$(id -u)" | cut -d: -f6) rustc --edition 2021 --crate-type cdylib -C panic=abort -C opt-level=2 \
	-C link-arg=-Wl,-z,now -C link-arg=-Wl,-z,noexecstack -D warnings \
	"$top_srcdir/tests/interop/rust_plugin.rs" -o plugins/rust.so 2>rustc.log || {
	grep -q '^error\(\[\|: unused\|: .*rust_plugin\)' rustc.log && cat rustc.log >&2 && fail 'rustc refuses the plugin'
	cat rustc.log >&2
	skip 'rustc does not work here'
}
expect 0 kist init
manifest rust RustValueArtifactTask RUST
round_trip rust RustValueArtifactTask RUST

# From one plugin's object to the other's bytes, through the worker.
${CC:-cc} -shared -fPIC $(pkg-config --cflags --libs kist-plugin) "$top_srcdir/tests/zoo/tiny.c" -o plugins/tiny.so ||
	fail 'the C plugin'
manifest tiny TinyArtifactTask TINY
expect 0 kist plugin trust plugins/org.example.tiny.plugin.json
printf 'RUST[1,2]' >list.xrust
expect 0 kist --plugin-dir plugins put list.xrust
expect 0 kist --plugin-dir plugins convert list.xrust --task TinyArtifactTask --name from-rust
expect 0 kist --plugin-dir plugins cat from-rust
equal "$(cat out)" 'TINY[1,2]'
expect 0 kist --plugin-dir plugins convert from-rust --task RustValueArtifactTask --name and-back
expect 0 kist --plugin-dir plugins cat and-back
same list.xrust out
