# Only what is pinned runs: a third party's plugin is refused until it is trusted, and again when it changes.
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
mkdir -p plugins
cp "$top_srcdir/tests/zoo/tiny.c" .
# shellcheck disable=SC2046
${CC:-cc} -shared -fPIC $(pkg-config --cflags --libs kist-plugin) tiny.c -o plugins/tiny.so || fail 'the compiler'
manifest() {
	sum=$(sha256sum <plugins/tiny.so)
	sed -e "s/@SIZE@/$(stat -c %s plugins/tiny.so)/" -e "s/@SHA256@/${sum%% *}/" -e "s/@VERSION@/$1/" \
		"$top_srcdir/tests/zoo/tiny.plugin.json.in" >plugins/org.example.tiny.plugin.json
}
manifest 1.0.0
printf 'TINYhello' >x.tiny
expect 0 kist init
expect 0 kist --plugin-dir plugins plugin list
says out org.example.tiny denied 'kist plugin trust'
expect 0 kist --plugin-dir plugins put x.tiny --name untrusted
says out bytes
says err note "'untrusted' is kept as bytes" "plugin 'org.example.tiny' reads what begins like this" 'kist plugin trust'
expect 0 kist --plugin-dir plugins put -q x.tiny --name untrusted
says err 'is kept as bytes'
expect 0 kist --plugin-dir plugins put -q --opaque x.tiny --name untrusted
equal "$(wc -c <err)" 0
expect 0 kist --plugin-dir plugins put --json x.tiny --name untrusted
says out '"reason"' org.example.tiny
expect 0 kist show untrusted
says out reason org.example.tiny
mkdir folder
cp x.tiny folder
expect 0 kist --plugin-dir plugins put -q folder
says err folder/x.tiny 'is kept as bytes' org.example.tiny
expect 0 kist --plugin-dir plugins plugin why x.tiny
says out 'plain bytes'
says err note org.example.tiny 'not trusted'
expect 0 kist plugin trust plugins/org.example.tiny.plugin.json
expect 0 kist --plugin-dir plugins plugin list
says out ready
expect 0 kist --plugin-dir plugins put x.tiny
expect 0 kist show x.tiny
says out org.example.tiny hello
KIST_PLUGIN_PATH=$PWD/plugins
export KIST_PLUGIN_PATH
expect 0 kist put x.tiny --name by-environment
says_not out bytes
unset KIST_PLUGIN_PATH

# Another byte in the library, or in the manifest, and it is refused.
cp plugins/tiny.so kept.so
printf 'X' | dd of=plugins/tiny.so bs=1 seek=3000 conv=notrunc status=none
expect 1 kist --plugin-dir plugins put x.tiny --name changed
says err org.example.tiny
cp kept.so plugins/tiny.so
manifest 1.0.1
expect 0 kist --plugin-dir plugins plugin list
says out denied
manifest 1.0.0

# Others must not be able to change it.
chmod 666 plugins/tiny.so
expect 1 kist --plugin-dir plugins put x.tiny --name writable
says err writable
chmod 644 plugins/tiny.so
chmod 777 plugins
expect 0 kist --plugin-dir plugins plugin paths
says out writable
refused() { # REASON: the plugin is shown with it everywhere
	expect 0 kist --plugin-dir plugins plugin list
	says out org.example.tiny denied "$1" go-w
	expect 0 kist --plugin-dir plugins plugin doctor
	says out org.example.tiny denied "$1" 'do what the reason says'
	expect 0 kist --plugin-dir plugins plugin inspect org.example.tiny
	says out denied "$1"
	touch x.tiny # what has not changed is not looked at again
	expect 0 kist --plugin-dir plugins put x.tiny --name from-writable
	says err org.example.tiny refused "$1"
	expect 3 kist --plugin-dir plugins put x.tiny --type org.example.tiny
	says err 'is refused' "$1"
	expect 0 kist --plugin-dir plugins plugin why x.tiny
	says err 'refused' "$1"
}
refused 'is writable by others'
chmod 775 plugins
refused 'is writable by its group'
chmod 755 plugins
mkdir plugins/tiny
mv plugins/tiny.so plugins/*.json plugins/tiny
chmod g+w plugins/tiny
refused 'is writable by its group'
chmod g-w plugins/tiny
mv plugins/tiny/* plugins

# A folder that was asked for and is not there.
expect 0 kist --plugin-dir nonexist plugin list
says err note nonexist 'not there'
expect 0 kist --plugin-dir nonexist put x.tiny --name again
says err note nonexist 'not there'

# A link out of the folder is not followed.
mv plugins/tiny.so elsewhere.so
ln -s ../elsewhere.so plugins/tiny.so
expect 1 kist --plugin-dir plugins put x.tiny --name linked
rm plugins/tiny.so
expect 1 kist --plugin-dir plugins put x.tiny --name missing
expect 0 kist verify

# What was trusted by hand is taken back by its id; a library is not what is trusted.
rm -rf plugins
make_tiny plugins org.example.tiny
expect 1 kist plugin trust plugins/org.example.tiny.so
says err 'name the .plugin.json beside it'
expect 0 kist plugin trust plugins/org.example.tiny.plugin.json
expect 0 kist --plugin-dir plugins plugin inspect org.example.tiny
says out ready
expect 0 kist plugin untrust org.example.tiny
says out 'no longer trusted: org.example.tiny'
expect 0 kist --plugin-dir plugins plugin inspect org.example.tiny
says out denied
expect 3 kist plugin untrust org.example.tiny
expect 3 kist plugin untrust --json kist.numpy
says out '"error"'
