# Plugins that were built with the headers of a released version, which the host has not been built with, are loaded by
# today's host and do what they did.
command -v pkg-config >/dev/null || skip 'no pkg-config'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
printf 'TINYhello' >x.tiny
expect 0 kist init
# build NAME ID HEADERS: the plugin in ./plugins, trusted
build() {
	mkdir -p plugins
	# shellcheck disable=SC2046
	${CC:-cc} -w "-I$3" -fvisibility=hidden -shared -fPIC "$top_srcdir/tests/zoo/$1.c" $(pkg-config --libs kist-plugin) \
		-lm -o "plugins/$1.so" || fail "$1.c does not build with $3"
	sed -e "s/@SIZE@/$(stat -c %s "plugins/$1.so")/" -e "s/@SHA256@/$(sha256sum <"plugins/$1.so" | cut -d' ' -f1)/" \
		-e 's/@VERSION@/1.0.0/' "$top_srcdir/tests/zoo/$1.plugin.json.in" >"plugins/$2.plugin.json"
	expect 0 kist plugin validate "plugins/$2.plugin.json"
	expect 0 kist plugin trust "plugins/$2.plugin.json"
}
cat >run.yaml <<'END'
graph:
  ramp: {count_up: [f64, 4]}
artifact_outputs:
  kept: {contents: $ramp, task: NumpyArrayArtifactTask}
END
for frozen in "$top_srcdir"/sdk/frozen/*/; do
	rm -rf plugins
	build tiny org.example.tiny "$frozen"
	build tasks test.tasks "$frozen"
	version=$(basename "$frozen")
	expect 0 kist --plugin-dir plugins put x.tiny --name "tiny-$version"
	expect 0 kist show "tiny-$version"
	says out org.example.tiny hello
	expect 0 kist --plugin-dir plugins convert "tiny-$version" --task TinyArtifactTask --name "again-$version"
	expect 0 kist cat "again-$version"
	same out x.tiny
	expect 0 kist --plugin-dir plugins plugin validate x.tiny
	expect 0 kist --plugin-dir plugins run run.yaml
	expect 0 kist show run/kept
	says out kist.npy
done
expect 0 kist verify
