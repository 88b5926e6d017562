# The plugin of the tutorial is built out of the tree, by its own Makefile, and can be used.
command -v pkg-config >/dev/null || skip 'no pkg-config'
command -v make >/dev/null || skip 'no make'
PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
cp -R "$top_srcdir/examples/arrays" arrays
chmod -R u+w arrays
# Not what make was told that runs this test.
unset MAKEFLAGS MAKELEVEL MFLAGS
expect 0 make -C arrays CC="${CC:-cc}" CFLAGS='-O2 -Wall -Wextra -Werror -pedantic' trust
says out 'org.example.arrays 1.0.0 loads' trusted
expect 0 kist plugin list
says out org.example.arrays ready sample_normal scale mean summarize
expect 0 kist plugin inspect org.example.arrays
says out 'sample_normal' 'rows' 'integer' '100' 'nearly normally distributed' 'scaled'

# A build that changed is another plugin until it is trusted.
sed -i 's/factor \* from/factor + from/' arrays/arrays.c
expect 0 make -C arrays CC="${CC:-cc}" install
expect 0 kist plugin list
says out org.example.arrays denied 'not trusted'

# C++ takes the same source.
if command -v "${CXX:-c++}" >/dev/null; then
	# shellcheck disable=SC2046
	expect 0 ${CXX:-c++} -x c++ -std=c++20 -Wall -Wextra -Wno-missing-field-initializers -Werror -fPIC -shared $(pkg-config --cflags kist-plugin) \
		arrays/arrays.c -o arrays.cc.so
fi

# A prototype that is not what the manifest's signature says is no program.
wrong() {
	sed "s/$1/$2/" arrays/arrays.c >wrong.c
	! cmp -s wrong.c arrays/arrays.c || fail "'$1' is not in arrays.c"
	# shellcheck disable=SC2046
	expect 1 ${CC:-cc} -std=c11 -fPIC -fsyntax-only $(pkg-config --cflags kist-plugin) wrong.c
	says err 'has another prototype than its signature says'
	command -v "${CXX:-c++}" >/dev/null || return 0
	# shellcheck disable=SC2046
	expect 1 ${CXX:-c++} -x c++ -std=c++20 -fPIC -fsyntax-only $(pkg-config --cflags kist-plugin) wrong.c
	says err 'has another prototype than its signature says'
}
wrong 'scale, (CALL, TENSOR, F64, TENSOR_OUT), STATUS' 'scale, (CALL, TENSOR, F32, TENSOR_OUT), STATUS'
wrong 'scale, (CALL, TENSOR, F64, TENSOR_OUT), STATUS' 'scale, (CALL, TENSOR, F64), STATUS'
wrong 'scale, (CALL, TENSOR, F64, TENSOR_OUT), STATUS' 'scale, (TENSOR, CALL, F64, TENSOR_OUT), STATUS'
wrong 'mean, (CALL, TENSOR), F64' 'mean, (CALL, TENSOR), F32'
wrong 'mean, (CALL, TENSOR), F64' 'mean, (CALL, OBJECT), F64'
wrong 'mean, (CALL, TENSOR), F64' 'mean, (NONE), F64'
wrong 'summarize, (CALL, TENSOR, REGION_OUT)' 'summarize, (CALL, TENSOR, OBJECT_OUT)'
wrong 'I64, I64, F64, F64, TENSOR_OUT' 'I64, U64, F64, F64, TENSOR_OUT'

# What a task says of its failure names the step, the task and the fault.
cp "$top_srcdir/examples/arrays/arrays.c" arrays/arrays.c
expect 0 make -C arrays CC="${CC:-cc}" trust
expect 0 kist init
cp "$top_srcdir/examples/tutorial/make.yaml" .
expect 1 kist run make.yaml -p rows=-1
says err make_array "task 'sample_normal'" 'a dimension of -1' E_SHAPE
