# A plugin written in Rust from the layout of the ABI, without any header of the SDK, works as any other.
. "$top_srcdir/tests/interop/lib.sh"
command -v rustc >/dev/null || skip 'no rustc'
[ "$(uname -m)" = x86_64 ] || skip 'the manifest is for x86_64'
cp -R "$top_srcdir/examples/rust" rust
chmod -R u+w rust
# rustup keeps its toolchains in the home of whoever installed it.
home=$(getent passwd "$(id -u)" | cut -d: -f6)
# Not what make was told that runs this test.
unset MAKEFLAGS MAKELEVEL MFLAGS
make -C rust RUSTC="env HOME=$home rustc" RUSTFLAGS='-C opt-level=2 -D warnings' >rustc.log 2>&1 || {
	grep -q '^error\(\[\|: unused\|: .*rust\.rs\)' rustc.log && cat rustc.log >&2 && fail 'rustc refuses the plugin'
	cat rustc.log >&2
	skip 'rustc does not work here'
}
mkdir plugins
cp rust/rust.so rust/org.example.rust.plugin.json plugins
expect 0 kist init
round_trip rust RustValueArtifactTask RUST

# What is asked of every plugin.
[ -n "$(kist plugin doctor | grep relaxed || :)" ] || {
	expect 0 kist plugin lint rust
	says out ' 0 errors, 0 warnings'
	expect 0 kist plugin test rust --no-corpus
	says out ' 0 failed' 'badge: gold'
}

# From one plugin's object to the other's bytes, through the worker.
${CC:-cc} -shared -fPIC $(pkg-config --cflags --libs kist-plugin) "$top_srcdir/tests/zoo/tiny.c" -o plugins/tiny.so ||
	fail 'the C plugin'
manifest tiny TinyArtifactTask TINY
expect 0 kist plugin trust plugins/org.example.tiny.plugin.json
printf 'RUST[1,2]\n' >list.xrust
expect 0 kist --plugin-dir plugins put list.xrust
expect 0 kist --plugin-dir plugins convert list.xrust --task TinyArtifactTask --name from-rust
expect 0 kist --plugin-dir plugins cat from-rust
equal "$(cat out)" 'TINY[1,2]'
expect 0 kist --plugin-dir plugins convert from-rust --task RustValueArtifactTask --name and-back
expect 0 kist --plugin-dir plugins cat and-back
same list.xrust out
