# Every member that --json prints is in the command's manual, which promises that it stays.
make_npy a.npy
make_csv people.csv
mkdir folder
cp a.npy folder
ln -s a.npy folder/link
plugins=$HOME/.local/share/kist/plugins
make_tiny "$plugins" org.example.one

# documented MANUAL COMMAND...: its members are named; not those below "info", nor the arguments of a type, deeper down.
documented() {
	manual=$top_srcdir/docs/man/kist-$1.1.scd
	shift
	"$@" --json >out 2>err || [ "$1 $2 $3" = 'kist plugin validate' ] || { cat err >&2; fail "$*"; }
	sed -e '/^  "info": {$/,/^  }/d' out | sed -n 's/^ \{2,6\}"\([a-z_0-9]*\)": .*/\1/p' | sort -u >members
	[ -s members ] || grep -q '^\[\]$' out || fail "$*: no members"
	while read -r member; do
		grep -qF "*$member*" "$manual" "$top_srcdir/docs/man/kist-put.1.scd" ||
			fail "'$*' prints '$member', which $manual does not name"
	done <members
}
documented init kist init
documented put kist put a.npy people.csv folder --description one
documented ls kist ls
documented show kist show a.npy
documented show kist show folder
documented tag kist tag a.npy other
documented get kist get other -o got
documented convert kist convert people.csv --task NumpyArrayArtifactTask --select age
documented rm kist rm other
documented verify kist verify
documented repair kist repair
documented verify kist verify a.npy
documented stats kist stats
documented du kist du
documented du kist du --why a.npy
documented paths kist paths
echo '{"id":"job-1","record":{"metrics":{"steps":{"steps":[1],"values":[2],"times":[3]}}}}' |
	"$top_builddir/tests/support/make_jobs" .kist
documented jobs kist jobs
documented jobs kist query --best loss --min
documented job kist job show job-1
documented job kist job rm --force job-1
documented job kist job recover
kist exec -q --id ran -- sh -c 'mkdir artifacts; cp a.npy artifacts'
documented report kist report ran
documented lineage kist lineage people.csv
documented plugin kist plugin list
documented plugin kist plugin inspect kist.numpy
documented plugin kist plugin inspect org.example.one
documented plugin kist plugin why a.npy
documented plugin kist plugin why tensor
documented plugin kist plugin routes
documented plugin kist plugin pin ext:csv kist.csv
documented plugin kist plugin unpin ext:csv
documented plugin kist plugin paths
documented plugin kist plugin trust "$plugins/org.example.one.plugin.json"
documented plugin kist plugin validate a.npy
documented plugin kist plugin validate "$plugins/org.example.one.plugin.json"
documented plugin kist plugin doctor
printf 'graph: {a: {exec: [echo, x]}}\nparameters: {unused: 1}\noutputs: {a: {contents: $a, file: a}}\n' >flow.yaml
documented run kist run flow.yaml
documented run kist run --check flow.yaml
printf 'jobs: 2\n' >settings.yaml
documented config kist config explain --config settings.yaml
documented config kist config check settings.yaml
documented template kist template save flow.yaml
documented template kist template ls
documented template kist template show flow
documented template kist template use flow -o written.yaml
documented template kist template rm flow
documented export kist export -b names.kistpack people.csv
documented import kist import --dry-run names.kistpack
documented import kist import names.kistpack
printf 'name: study\nentrypoint: flow.yaml\n' >study.yaml
documented experiment kist experiment run study.yaml
documented experiment kist experiment resume study.yaml --dry-run
documented experiment kist experiment update study.yaml
documented experiment kist experiment ls
documented replay kist replay --commands "$(kist jobs --json | sed -n 's/^ *"id": "\(.*\)",*$/\1/p' | head -1)"
documented plugin kist plugin keygen --key sign.key
documented plugin kist plugin key add sign.pub --scope org.example
documented plugin kist plugin key ls
documented plugin kist plugin sign --key sign.key "$plugins/org.example.one.plugin.json"
documented plugin kist plugin verify org.example.one
documented plugin kist plugin policy
documented plugin kist plugin lint "$plugins/org.example.one.plugin.json"
documented plugin kist plugin new another

# All guides and formats are named in the README, and what it names under formats is there.
for page in "$top_srcdir"/docs/guide/*.md "$top_srcdir"/docs/format/*.md; do
	grep -qF "docs/${page#"$top_srcdir"/docs/}" "$top_srcdir/README.md" || fail "README.md does not name $page"
done

# Whatever happens, what is printed is one document: no more, no less.
one_document() { # STATUS COMMAND...
	expect "$@"
	shift
	[ -n "$json_reader" ] || return 0
	"$json_reader" -c 'import json; json.load(open("out"))' || fail "'$*' prints no JSON document, or several"
}
json_reader=$(command -v python3 || command -v /usr/bin/python3 || :)
printf 'not an array' >bad.npy
printf 'a,b\n1\n' >bad.csv
one_document 3 kist put --json people.csv bad.npy nosuch
says out '"error"' '"path": "nosuch"' '"path": "bad.npy"' '"name": "people.csv"'
one_document 3 kist put --json nosuch
says out '"error"' '"path": "nosuch"'
one_document 3 kist get --json a.npy nosuch -o many
says out '"path": "nosuch"' '"path": "many/a.npy"'
one_document 3 kist verify --json a.npy nosuch
says out '"sound": true' '"path": "nosuch"'
one_document 3 kist show --json nosuch
one_document 3 kist rm --json nosuch
one_document 3 kist convert --json nosuch --task CsvTableArtifactTask
one_document 3 kist tag --json nosuch other
one_document 0 kist ls --json zzz
equal "$(cat out)" '[]'
one_document 3 kist plugin validate --json nosuch.plugin.json a.npy bad.csv
one_document 3 kist plugin why --json nosuch.file
one_document 3 kist plugin inspect --json nosuch
one_document 1 kist plugin trust --json people.csv
one_document 3 kist plugin unpin --json nosuch
for wrong in 'put' 'put --nonsense x' 'putt' 'plugin' 'plugin lst' '' 'ls --names' 'cat a.npy' 'completion' \
	'put a.npy --name' 'put a.npy --name /x' 'put a.npy -p a' 'put a.npy folder --name x' 'convert a.npy' 'ls --deadline x' \
	'tag a.npy /x' 'plugin unpin' 'plugin pin ext:csv' '--store s3://bucket ls' 'init s3://bucket' 'plugin pin nonsense kist.csv'; do
	# shellcheck disable=SC2086
	one_document 2 kist --json $wrong
	says out '"error"' '"status": "invalid"'
	case $wrong in
	'ls --names' | 'cat a.npy' | completion) ;; # wrong as JSON alone
	*) expect 2 kist $wrong ;;
	esac
done

# One fault has one status, whoever finds it.
"${json_reader:-false}" -c '
head = b"{\"descr\": \"|O\", \"fortran_order\": False, \"shape\": (1,), }".replace(b"\"", bytes([39])).ljust(117) + b"\n"
open("object.npy", "wb").write(b"\x93NUMPY\x01\x00" + bytes([118, 0]) + head + bytes(8))' || exit 0
one_document 1 kist put --json object.npy
says out '"code": "E_OBJECT"' '"status": "unsupported"'
one_document 1 kist plugin validate --json object.npy
says out '"code": "E_OBJECT"' '"status": "unsupported"'

# Paths of any bytes stand beside themselves as hex digits.
odd=$(printf '%s/o\377d' "$PWD")
mkdir "$odd"
one_document 0 kist --store "$odd/store" init --json
says out '"store_bytes": "'
for command in paths stats 'gc --dry-run' 'repair --dry-run' 'plugin paths'; do
	# shellcheck disable=SC2086
	one_document 0 kist --store "$odd/store" --plugin-dir "$odd" $command --json
	says out '_bytes": "'
done
one_document 0 kist plugin keygen --key "$odd/sign.key" --json
says out '"secret_bytes": "' '"public_bytes": "'
cp "$plugins/org.example.one.plugin.json" "$plugins/org.example.one.so" "$odd"
one_document 0 kist plugin sign --key "$odd/sign.key" "$odd/org.example.one.plugin.json" --json
says out '"signature_bytes": "'
for command in doctor list; do
	one_document 0 kist --plugin-dir "$odd" plugin $command --json
	says out '"manifest_bytes": "'
done
