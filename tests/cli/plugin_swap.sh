# Between the check of a library and its load there is no time in which it can be exchanged: others try while plugins run.
# What runs is the plugin that was pinned, or none; the other one would leave a mark in what it says.
plugins=$PWD/plugins
rounds=25
[ "${KIST_FAULTS:-}" = long ] && rounds=400
make_tiny "$plugins" org.example.tiny
good=$plugins/org.example.tiny
cp "$good.so" good.so
cp "$good.plugin.json" good.json
sed 's/{\\"text\\":/{\\"evil\\":/' "$top_srcdir/tests/zoo/tiny.c" >evil.c
grep -q evil evil.c || fail 'the other one is the same'
# shellcheck disable=SC2046
${CC:-cc} -shared -fPIC '-DTINY_ID="org.example.tiny"' $(pkg-config --cflags --libs kist-plugin) evil.c -o evil.so ||
	fail 'the compiler'
expect 0 kist plugin trust "$good.plugin.json"
printf 'TINYhello' >x.tiny
expect 0 kist init
expect 0 kist --plugin-dir plugins put x.tiny
expect 0 kist --plugin-dir plugins show x.tiny
says out hello
says_not out evil

# That the other one would be seen: trusted, it says so.
make_evil() { # the manifest of the other one
	sed -e "s/\"size\": [0-9]*/\"size\": $(stat -c %s evil.so)/" \
		-e "s/[0-9a-f]\{64\}/$(sha256sum <evil.so | cut -d' ' -f1)/" good.json
}
make_evil >evil.json
mkdir other
cp evil.so other/org.example.tiny.so
cp evil.json other/org.example.tiny.plugin.json
expect 0 kist plugin trust other/org.example.tiny.plugin.json
expect 0 kist --plugin-dir other put x.tiny --name other
expect 0 kist show other
says out evil
expect 0 kist plugin untrust org.example.tiny
expect 0 kist plugin trust "$good.plugin.json"

# One renames, one overwrites in place, one exchanges both files; until they are told to end.
: >go
exchange() {
	while [ -e go ]; do
		cp "$1.so" "$2.$3" && mv "$2.$3" "$2.so"
	done
}
overwrite() {
	while [ -e go ]; do
		dd if=evil.so of="$good.so" conv=notrunc status=none 2>/dev/null || :
		dd if=good.so of="$good.so" conv=notrunc status=none 2>/dev/null || :
	done
}
pairs() {
	while [ -e go ]; do
		cp evil.json "$plugins/.pair" && mv "$plugins/.pair" "$good.plugin.json"
		cp good.json "$plugins/.pair" && mv "$plugins/.pair" "$good.plugin.json"
	done
}
ran=0
refused=0
attack() { # NAME: whatever happens meanwhile, nothing of the other one runs
	round=0
	while [ $round -lt $rounds ]; do
		round=$((round + 1))
		touch x.tiny
		if kist --plugin-dir plugins put x.tiny --name "$1/$round" >out 2>err; then
			kist show "$1/$round" >out
			says_not out evil
			! grep -q hello out || ran=$((ran + 1))
		else
			says err org.example.tiny
			refused=$((refused + 1))
		fi
	done
}
stop() {
	rm go
	wait
	cp good.so "$good.so"
	cp good.json "$good.plugin.json"
	: >go
}
exchange evil "$good" one &
exchange good "$good" two &
attack renamed
stop
overwrite &
attack overwritten
stop
pairs &
exchange evil "$good" one &
exchange good "$good" two &
attack paired
rm go
wait
cp good.so "$good.so"
cp good.json "$good.plugin.json"
echo "$ran ran, $refused were refused"
[ $((ran + refused)) -gt 0 ] || fail 'nothing was tried'
expect 0 kist --plugin-dir plugins put x.tiny --name after
expect 0 kist show after
says out hello
expect 0 kist verify
