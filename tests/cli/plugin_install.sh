# A plugin is installed whole or not at all, pinned, kept from going back, and removed.
plugins=$HOME/.local/share/kist/plugins
config=$HOME/.config/kist
make_tiny from org.example.tiny
manifest=from/org.example.tiny.plugin.json
printf 'TINYhello' >x.tiny
expect 0 kist init
nothing() { # nothing is installed, and nothing of an attempt is left
	! ls -A "$plugins" 2>/dev/null | grep . || fail 'something is left'
}
pins() {
	grep -o '"manifest":"[0-9a-f]*"' "$config/trusted.json" | wc -l
}

# Neither signed nor vouched for.
expect 1 kist plugin install from
says err 'it is not signed' 'kist plugin install --trust' "$(sha256sum <$manifest | cut -d' ' -f1)"
nothing
expect 3 kist plugin install nowhere
expect 1 kist plugin install x.tiny
says err 'neither a manifest'
mkdir empty
expect 1 kist plugin install empty
says err 'holds no manifest'

# By hand; again; as a file; and what it leaves alone.
echo 'not for others' >from/notes
umask 002
expect 0 kist plugin install --trust from
says out 'installed: org.example.tiny 1.0.0, trusted by you'
umask 022
equal "$(ls -A "$plugins")" org.example.tiny
equal "$(ls -A "$plugins/org.example.tiny" | tr '\n' ' ')" 'org.example.tiny.plugin.json org.example.tiny.so '
expect 0 kist plugin list
says out org.example.tiny ready
expect 0 kist put x.tiny
expect 0 kist show x.tiny
says out org.example.tiny hello
expect 0 kist plugin install --trust --json $manifest
says out '"replaced": true' "\"manifest\": \"$plugins/org.example.tiny/org.example.tiny.plugin.json\""
equal "$(pins)" 1

# Signed; the newer takes the place of the older, and of its pin.
newer() { # VERSION FLAG...: made in ./from and signed
	rm -rf from
	make_tiny_version from org.example.tiny "$1"
	kist plugin sign $manifest >/dev/null
}
make_tiny_version() {
	save_cc=${CC:-cc}
	CC="$save_cc -DTINY_VERSION=\"$3\""
	make_tiny "$1" "$2" "$3"
	CC=$save_cc
}
expect 0 kist plugin keygen
id=$(sed -n 's/.*public key \([0-9A-F]*\)$/\1/p' "$config/sign.pub")
newer 1.2.0
expect 1 kist plugin install from
says err 'a key that is not known here'
expect 0 kist plugin key add "$config/sign.pub" --scope org.example
expect 0 kist plugin install from
says out "signed by key $id" 'what was there before is gone'
equal "$(pins)" 1
expect 0 kist plugin list
says out 1.2.0 ready
expect 0 kist plugin verify org.example.tiny

# An older one is refused, also after the newer was removed, unless that is meant.
newer 1.1.9
expect 1 kist plugin install from
says err 'version 1.1.9 is older than 1.2.0'
expect 1 kist plugin install --trust from
expect 3 kist plugin remove org.example.tony
expect 1 kist plugin remove org.example.tiny
says err 'leads to' 'kist plugin unpin'
expect 0 kist plugin remove --force org.example.tiny
says out 'removed: org.example.tiny, and'
nothing
equal "$(pins)" 0
expect 0 kist plugin routes
says_not out org.example.tiny
expect 1 kist plugin install from
expect 0 kist plugin install --allow-downgrade from
expect 0 kist plugin list
says out 1.1.9 ready
expect 0 kist plugin remove --json org.example.tiny
says out '"routes_dropped": 0'

# Under "signed" what is put there by hand may not go back either.
expect 0 kist plugin policy signed
newer 1.3.0
mkdir "$plugins/by-hand"
cp from/* "$plugins/by-hand"
expect 0 kist put x.tiny --name again
expect 0 kist show again
says out org.example.tiny
newer 1.2.9
cp from/* "$plugins/by-hand"
expect 0 kist plugin list
says out denied 'version 1.2.9 is older than 1.3.0'
rm -r "$plugins/by-hand"
expect 3 kist plugin remove --force org.example.tiny
expect 0 kist plugin policy pinned

# A key that is revoked takes what was installed with it along.
newer 1.4.0
expect 0 kist plugin install from
expect 0 kist plugin revoke "$id"
expect 0 kist plugin list
says out denied 'the key that signed it was revoked'
expect 1 kist plugin install from
says err 'which was revoked'
expect 0 kist plugin revoke --undo "$id"
expect 0 kist plugin remove --force org.example.tiny

# Links, pipes and paths that lead out are not followed; a byte more or less is seen; ids of kist are its own.
sound() {
	newer 1.4.0
	cp from/org.example.tiny.so kept.so
}
refused() { # TEXT: nothing is installed, for this reason
	expect 1 kist plugin install --trust from
	says err "$1"
	nothing
}
sound
mv from/org.example.tiny.so elsewhere.so
ln -s ../elsewhere.so from/org.example.tiny.so
refused 'symbolic link'
sound
mv $manifest elsewhere.json
ln -s ../elsewhere.json $manifest
refused 'symbolic link'
sound
mv $manifest.minisig elsewhere.sig
ln -s ../elsewhere.sig $manifest.minisig
refused 'symbolic link'
sound
rm from/org.example.tiny.so
mkfifo from/org.example.tiny.so
refused 'not a regular file'
sound
rm $manifest.minisig
sed -i 's|"file": "[^"]*"|"file": "../elsewhere.so"|' $manifest
refused 'plain file name'
sed -i 's|"file": "[^"]*"|"file": "org.example.tiny.plugin.json"|' $manifest
refused ''
sound
printf x >>from/org.example.tiny.so
refused 'is larger than'
head -c -2 from/org.example.tiny.so >short
mv short from/org.example.tiny.so
refused 'not the library that its manifest names'
sound
cp from/org.example.tiny.so from/text
make_npy from/org.example.tiny.so
refused 'not the library that its manifest names'
sound
cp $manifest from/org.example.other.plugin.json
refused 'two manifests'
rm $manifest
refused "must be called 'org.example.tiny.plugin.json'"
sound
sed -i 's/org.example.tiny"/kist.tiny"/' $manifest
mv $manifest from/kist.tiny.plugin.json
refused "'kist.' are those of plugins that come with kist"
sound
${CC:-cc} -shared -fPIC -x c - -o from/org.example.tiny.so <<'END'
int nothing(void) { return 0; }
END
sed -i -e "s/\"size\": [0-9]*/\"size\": $(stat -c %s from/org.example.tiny.so)/" \
	-e "s/[0-9a-f]\{64\}/$(sha256sum <from/org.example.tiny.so | cut -d' ' -f1)/" $manifest
rm $manifest.minisig
refused 'note .note.kist'

# What a crash left is removed by the next.
mkdir "$plugins/.kist-stage-0123456789abcdef"
echo left >"$plugins/.kist-stage-0123456789abcdef/file"
sound
expect 0 kist plugin install from
equal "$(ls -A "$plugins")" org.example.tiny
