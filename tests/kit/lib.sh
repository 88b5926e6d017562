# SPDX-License-Identifier: Apache-2.0
#
# What the kit's scripts share: a whole plugin from the template, and how it is built, manifest included.

command -v pkg-config >/dev/null || skip 'no pkg-config'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
compile="${CC:-cc} -w -O0 -shared -fPIC $(pkg-config --cflags kist-plugin)"
links=$(pkg-config --libs kist-plugin)
# Sanitizers export symbols of their own, and their plugins lean on the program's.
sanitized=$(kist plugin doctor | grep relaxed || :)
kist plugin new lab.wrong >/dev/null
source=wrong/wrong.c
manifest=wrong/lab.wrong.plugin.json
edit=

# build FLAG...: the plugin wrong/wrong.so of $source, and its manifest, edited by the sed script $edit.
build() {
	# shellcheck disable=SC2086
	$compile $source $links "$@" -o wrong/wrong.so || fail "$source cannot be compiled with $*"
	state
}
state() {
	wrong_sum=$(sha256sum <wrong/wrong.so)
	sed -e "s/@SIZE@/$(stat -c %s wrong/wrong.so)/" -e "s/@SHA256@/${wrong_sum%% *}/" -e 's/"Example"/"Lab"/' \
		-e 's|"license": "MIT",|&"url":"https://lab.invalid/",|' -e "$edit" $manifest.in >$manifest
}
