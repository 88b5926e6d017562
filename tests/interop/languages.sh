# A plugin builds with the installed headers and pkg-config alone, in C11, C17 and C++17, by either compiler.
. "$top_srcdir/tests/interop/lib.sh"
mkdir plugins
flags=$(pkg-config --cflags --libs kist-plugin)
strict='-pedantic -Wall -Wextra -Werror'
headers=$(pkg-config --variable=includedir kist-plugin)
[ -d "$headers/kist" ] || headers=$top_builddir/tests/root/usr/local/include
built=0

# Every header stands on its own.
headers_alone() { # COMPILER...
	for header in "$headers"/kist/*.h; do
		printf '#include <kist/%s>\ntypedef int unused;\n' "${header##*/}" >alone.c
		"$@" $(pkg-config --cflags kist-plugin) $strict -fsyntax-only alone.c || fail "$* refuses $header"
	done
}

for cc in gcc clang; do
	command -v "$cc" >/dev/null || continue
	for std in c11 c17; do
		headers_alone "$cc" "-std=$std"
		"$cc" "-std=$std" $strict -shared -fPIC $flags "$top_srcdir/tests/zoo/tiny.c" -o plugins/tiny.so ||
			fail "$cc -std=$std refuses the C plugin"
		built=$((built + 1))
	done
done
for cxx in g++ clang++; do
	command -v "$cxx" >/dev/null || continue
	headers_alone "$cxx" -x c++ -std=c++17
	"$cxx" -std=c++17 $strict -shared -fPIC $flags \
		"$top_srcdir/tests/interop/cpp_plugin.cpp" -o plugins/cpp.so || fail "$cxx refuses the C++ plugin"
	rm -rf .kist
	expect 0 kist init
	manifest cpp CppValueArtifactTask CPP1
	round_trip cpp CppValueArtifactTask CPP1
	built=$((built + 1))
done
[ "$built" -gt 0 ] || skip 'no compiler by the name of gcc, clang, g++ or clang++'
