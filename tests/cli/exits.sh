# The exit status is one rule for all commands: 4 damage, 3 what the user named is not there, 2 wrong use, 1 the rest;
# of several arguments the worst counts, wherever it stands.
python_with python3 json
is_json() {
	"$python" -m json.tool "$1" >/dev/null
}
make_npy a.npy
echo plain >plain
make_tiny plugins org.example.tiny
kist init
kist put --quiet a.npy
kist put --quiet plain
mkdir lost
(cd lost && kist init && kist put --quiet ../plain ../a.npy && rm -r .kist/packs/*)
export XDG_CACHE_HOME="$PWD/cold"

# What names lead to and is gone is damage, for every command that comes upon it.
export KIST_STORE="$PWD/lost/.kist"
expect 4 kist ls
says out lost 'its record is damaged or gone'
says_not out 00000000
says err "2 things that names lead to are damaged or gone; 'kist verify'"
expect 4 kist ls --json
says out '"lost": true' '"name": "plain"'
is_json out || fail 'not one document'
expect 4 kist ls --names
says out plain a.npy
expect 4 kist stats
says out 'not known'
says_not out 'no name leads to'
expect 4 kist stats --json
says out '"dead_bytes": null' '"missing": 2'
expect 4 kist du
says err 'damaged or gone'
says_not out 'no name leads to'
expect 4 kist du --json
says out '"dead_bytes": null' '"missing": 2'
for last in plain nothing; do
	for command in get verify; do
		expect 4 kist $command nothing plain $last
	done
done
expect 4 kist get plain nothing
expect 4 kist show plain
expect 4 kist cat plain
unset KIST_STORE

# The worst of several, not the last.
printf x >bad.npy
expect 3 kist put nosuch plain bad.npy
expect 3 kist put bad.npy plain nosuch
expect 3 kist plugin validate nosuch bad.npy

# Wrong use is one status.
expect 2 kist put a.npy -p nonsense=1
says err nonsense
expect 2 kist put plain --name other -p nonsense=1
says err 'no plugin takes it' nonsense
expect 3 kist show other
expect 2 kist put --level foo plain
expect 2 kist rm ../x
expect 2 kist tag plain ../x
expect 2 kist get --json plain -o -
says out '"error"' 'no place where the bytes go'
is_json out || fail 'no document'

# Not found is what was named, and nothing else: a plugin's library is not.
mkdir plug
cp plugins/* plug
rm plug/*.so
printf 'TINY 1 2 3\n' >x.tiny
kist plugin trust plug/org.example.tiny.plugin.json
expect 1 kist --plugin-dir plug put x.tiny --task TinyArtifactTask
expect 1 kist plugin validate plug/org.example.tiny.plugin.json
expect 3 kist plugin validate plug/none.plugin.json
expect 3 kist put a.npy --task NoSuchTask
