# Plugins of a version that is not made yet: with members and enumerators behind those of today, which use them where the
# host has them, are loaded; those that cannot do without, and those of another major version, are refused before they run.
command -v pkg-config >/dev/null || skip 'no pkg-config'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
cp -R "$top_srcdir/sdk/kist" .
chmod -R u+w kist
edit() { # HEADER SED: which must change something
	cp "kist/$1" before
	sed -i "$2" "kist/$1"
	! cmp -s before "kist/$1" || fail "'$2' changes nothing in $1"
}
more='uint64_t newer; void (*later)(void);'
edit plugin.h 's/#define KIST_ABI_MINOR 0u/#define KIST_ABI_MINOR 7u/'
edit plugin.h "s/^} ArtifactTaskInterface;/$more };/"
edit plugin.h 's/^typedef struct ArtifactTaskInterface {/typedef struct ArtifactTaskInterface ArtifactTaskInterface;\nstruct ArtifactTaskInterface {/'
edit plugin.h "s/^	const ArtifactTaskInterface \*interface;/&\n$more/"
edit plugin.h "s/^	void (\*function)(void);/&\n$more/"
edit plugin.h "s/^	const void \*(\*extension)(const char \*id_slash_rev);/&\n$more/"
edit plugin.h 's/^	char id\[KIST_ID_SIZE\];/&\n	uint32_t newer[5];/'
edit host.h "s/^	void \*(\*alloc)(struct kist_call \*call, size_t size, size_t align);/&\n$more/"
edit host.h "s/^	const void \*(\*extension)(const struct kist_host.*;/&\n$more/"
edit object.h "s/^	const char \*logical;/&\n$more/"
edit stream.h "s/^	kist_status (\*end)(struct kist_sink \*sink);/&\n$more/"

# It asks for the new members, and takes another way where the host has none.
sed -e 's/^	\*ret_instance = NULL;/	if (KIST_HAS(call, later) || KIST_HAS(host, newer)) return KIST_INTERNAL;\n&/' \
	-e 's/^	status = sink->write(sink, "TINY", 4);/	if (KIST_HAS(sink, later)) return KIST_INTERNAL;\n&/' \
	-e 's/^	ret_object->kind = /	if (KIST_HAS(ret_object, later)) return KIST_INTERNAL;\n&/' \
	"$top_srcdir/tests/zoo/tiny.c" >tiny.c
equal "$(grep -c 'KIST_HAS(' tiny.c)" 3
mkdir plugins
# build FLAG...: and a manifest that says MINOR and MAJOR
build() {
	# shellcheck disable=SC2046
	${CC:-cc} -I. -fvisibility=hidden -shared -fPIC "$@" ${source:-tiny.c} $(pkg-config --libs kist-plugin) \
		-o plugins/tiny.so || fail "it does not build with $*"
	sed -e "s/@SIZE@/$(stat -c %s plugins/tiny.so)/" -e "s/@SHA256@/$(sha256sum <plugins/tiny.so | cut -d' ' -f1)/" \
		-e 's/@VERSION@/1.0.0/' -e "s/\"major\": 1, \"minor_required\": 0/\"major\": ${major:-1}, \"minor_required\": ${minor:-0}/" \
		"$top_srcdir/tests/zoo/tiny.plugin.json.in" >plugins/org.example.tiny.plugin.json
}
refused() { # TEXT
	expect 1 kist plugin validate plugins/org.example.tiny.plugin.json
	says err "$1"
}
printf 'TINYhello' >x.tiny
expect 0 kist init
build
expect 0 kist plugin validate plugins/org.example.tiny.plugin.json
expect 0 kist plugin trust plugins/org.example.tiny.plugin.json
expect 0 kist --plugin-dir plugins put x.tiny
expect 0 kist show x.tiny
says out org.example.tiny hello
expect 0 kist --plugin-dir plugins convert x.tiny --task TinyArtifactTask --name again
expect 0 kist cat again
same out x.tiny

# It needs a newer host: the manifest says so, the note says so, the library says so; and each for itself.
minor=7 build
refused 'needs plugin ABI 1.7, this build has 1.0: install a newer kist'
sed 's/KIST_NOTE(TINY_ID, 0)/KIST_NOTE(TINY_ID, 7)/' tiny.c >noted.c
source=noted.c build
refused 'needs plugin ABI 1.7'
sed 's/\.abi_minor_built = KIST_ABI_MINOR,/&\n	.abi_minor_required = 7,/' tiny.c >said.c
source=said.c build
refused 'needs plugin ABI 1.7'

# Another major version is another ABI, whatever else fits.
major=2 build
refused 'made for plugin ABI 2, this build has 1'
major=0 build
refused 'made for plugin ABI 0'
cp kist/plugin.h before
edit plugin.h 's/#define KIST_ABI_MAJOR 1u/#define KIST_ABI_MAJOR 2u/'
build
refused 'made for plugin ABI 2'
cp before kist/plugin.h

# A struct of today's, cut short of what version 1.0 had.
for cut in 's/\.struct_size = KIST_SIZED(ArtifactTaskInterface)/.struct_size = 24/' \
	's/\.struct_size = KIST_SIZED(struct kist_type_decl)/.struct_size = 16/' \
	's/\.struct_size = KIST_SIZED(struct kist_plugin)/.struct_size = 0/'; do
	sed "$cut" tiny.c >cut.c
	! cmp -s cut.c tiny.c || fail "'$cut' changes nothing"
	source=cut.c build
	refused struct_size
done
