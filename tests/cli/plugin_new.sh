# A new plugin's folder builds as it is, with make and with CMake, in both languages and of both kinds, passes its tests,
# and does what its README says.
command -v pkg-config >/dev/null || skip 'no pkg-config'
command -v make >/dev/null || skip 'no make'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
unset MAKEFLAGS MAKELEVEL MFLAGS
flags='-O1 -Wall -Wextra -Werror -pedantic'

for lang in c c++; do
	for kind in serializer task; do
		name=$kind-${lang%++}$([ $lang = c ] || echo xx)
		expect 0 kist plugin new "$name" --lang "$lang" --kind "$kind"
		says out "$name" "org.example.$name" README.md
		! grep -rn '@[A-Z_]*@' "$name" | grep -v '@SIZE@' || fail 'a word was not filled in'
		expect 0 make -C "$name" CC="${CC:-cc}" CXX="${CXX:-c++}" CFLAGS="$flags" CXXFLAGS="$flags" test
		equal "$(nm -D --defined-only "$name/$name.so" | sed 's/.* //' | tr '\n' ' ')" 'kist_plugin_entry_v1 '
		expect 0 make -C "$name" trust
		expect 0 kist plugin inspect "org.example.$name"
	done
done
says out clip clipped low high

# The README's first steps, with the plugin of either language.
for name in serializer-c serializer-cxx; do
	sed -n -e '/^       printf /s/^ *//p' -e '/^       kist /s/^ *//p' $name/README.md >by_hand
	expect 0 sh -eu by_hand
	says out '1 kept' 'float64 [3]'
	expect 0 kist convert "three.$name" --task NumpyArrayArtifactTask --name three.npy
	task=$(kist plugin inspect "org.example.$name" --json | sed -n 's/.*"task": "\([A-Za-z]*\)".*/\1/p')
	expect 0 kist convert three.npy --task "$task" --name again
	expect 0 kist cat again
	same out "three.$name"
	printf x >>"three.$name"
	expect 1 kist put "three.$name"
	says err E_SIZE 'bytes are left at the end'
done

# Names are checked, and nothing is overwritten.
mkdir taken
echo mine >taken/file
expect 1 kist plugin new taken
says err "there is a 'taken' here already"
equal "$(cat taken/file)" mine
for name in Mask 1mask 'a b' ../up a/b org.Example.mask .mask mask. '' kist.mask "$(printf 'a%040d' 0)"; do
	expect 1 kist plugin new "$name"
	says err 'kist: plugin new: '
done
expect 2 kist plugin new mask --lang rust
expect 2 kist plugin new mask --kind both
expect 0 kist plugin new com.example.lab.mask --json
says out '"id": "com.example.lab.mask"' '"folder": "mask"'
[ -f mask/com.example.lab.mask.plugin.json.in ] || fail 'the manifest has another name'
equal "$(ls -A | grep -c up)" 0

# With CMake, which takes a compiler by one word: ccache stays out.
last() {
	shift $(($# - 1))
	command -v "$1"
}
command -v cmake >/dev/null || exit 0
for name in serializer-c serializer-cxx task-c task-cxx; do
	expect 0 cmake -S $name -B $name/build -DCMAKE_C_COMPILER="$(last ${CC:-cc})" -DCMAKE_CXX_COMPILER="$(last ${CXX:-c++})"
	expect 0 cmake --build $name/build
	expect 0 ctest --test-dir $name/build --output-on-failure
done
