# Templates: entrypoints that are kept to be used again, found by name, category and tag, each version for good.
kist init >/dev/null
cat >double.yaml <<'END'
# Twice what is given.
parameters: {n: 21, note: {type: string, default: none}, free: {type: number}}
graph:
  twice: {exec: [sh, -c, 'echo $(($0 * 2)) $1 $2', $n, $note, $free]}
outputs:
  answer: {contents: $twice, file: answer.txt}
END
expect 0 kist template ls
[ ! -s out ] || fail 'templates where none are'
expect 0 kist template save double.yaml --category numbers --tag demo --tag arithmetic --tag demo -d 'twice what is given'
equal "$(cat out)" double@1
# The same again is no new version.
expect 0 kist template save double.yaml -c numbers -t arithmetic -t demo -d 'twice what is given' --json
equal "$(python3 -c 'import json; said = json.load(open("out")); print(said["name"], said["version"], said["new"])')" 'double 1 False'
sed -i 's/\* 2/* 3/' double.yaml
expect 0 kist template save double.yaml --category numbers
equal "$(cat out)" double@2
expect 0 kist template save double.yaml --name other.one --category rest --tag demo

expect 0 kist template ls
says out double other.one
equal "$(grep -c . out)" 3
expect 0 kist template ls --all --json
equal "$(python3 -c 'import json; print(*["%s@%d" % (row["name"], row["version"]) for row in json.load(open("out"))])')" \
	'double@1 double@2 other.one@1'
says_not out entrypoint
found() {
	expect 0 kist template ls --json "$@"
	python3 -c 'import json; print(*["%s@%d" % (row["name"], row["version"]) for row in json.load(open("out"))])'
}
equal "$(found --category rest)" other.one@1
equal "$(found --tag demo)" other.one@1
equal "$(found --all --tag demo)" 'double@1 other.one@1'
equal "$(found --all --tag demo --tag arithmetic)" double@1
equal "$(found --category nothing)" ''

# What it says of itself: parameters with types and defaults come from the text.
expect 0 kist template show double@1 --json
equal "$(python3 -c 'import json
said = json.load(open("out"))
print(said["version"], said["category"], said["tags"], said["description"])
for row in said["parameters"]:
    print(row["name"], row["type"], row.get("default"))
assert said["entrypoint"].startswith("# Twice")')" "1 numbers ['arithmetic', 'demo'] twice what is given
n integer 21
note string none
free number None"
expect 0 kist template show double
says out numbers note string

# A file that is ready; never in the place of another.
mkdir there
expect 0 kist template use double@2 --output there/mine.yaml
same double.yaml there/mine.yaml
expect 1 kist template use double -o there/mine.yaml
says err 'there/mine.yaml' 'nothing was written'
ln -s nowhere there/link
expect 1 kist template use double -o there/link
[ ! -e there/nowhere ] || fail 'it was written through a link'
expect 1 kist template use double
expect 0 kist template use double@1 -o -
says out '* 2'
(
	cd there
	expect 0 kist template use other.one
	says out 'wrote other.one.yaml'
	kist run other.one.yaml -p free=1 >/dev/null
	equal "$(cat exports/other.one/answer.txt)" '63 none 1'
)
# Or run at once.
expect 0 kist template use double@1 --run -p n=4 -p free=0.5 -p note=hello
says out 'wrote exports/double/answer.txt' 'double: finished'
equal "$(cat exports/double/answer.txt)" '8 hello 0.5'
# With the settings of a run.
KIST_OUTPUTS_PATH=made KIST_PROJECT=numbers expect 0 kist template use double@1 --run -p n=5 -p free=0.5
equal "$(cat made/double/answer.txt)" '10 none 0.5'
expect 0 kist jobs --project numbers
says out 'n=5'
KIST_JOBS=0 expect 2 kist template use double@1 --run
says err 'KIST_JOBS takes'
expect 1 kist template use double --run
says err free
expect 2 kist template use double -p n=4
says err '--run'
expect 2 kist template use double --run -o x

# What is no entrypoint is not kept, and what is no name is none.
printf 'graph: {a: {nothing_like_this: []}}\n' >bad.yaml
expect 1 kist template save bad.yaml
says err E_TASK_UNKNOWN
expect 1 kist template save --json bad.yaml
equal "$(python3 -c 'import json; said = json.load(open("out")); print(said["valid"], said["issues"][0]["code"])')" 'False E_TASK_UNKNOWN'
expect 3 kist template save none.yaml
expect 1 kist template save double.yaml --name a/b
expect 2 kist template save double.yaml --name ../x
expect 1 kist template use double@0
expect 3 kist template use double@7
expect 3 kist template show nothing
says err 'kist template ls'

# They are kist's own names, kept from collectors, and in no bundle.
expect 0 kist ls
says_not out template
expect 0 kist gc --grace 0 --all
expect 0 kist verify --full
expect 0 kist template show double@1
expect 1 kist export -b x.kistpack kist:template/double/1
expect 2 kist put double.yaml --name kist:template/double/9

# Many at once: each its own version.
for i in 1 2 3 4 5 6; do
	sed "s/21/$i/" double.yaml >"many$i.yaml"
	kist template save "many$i.yaml" --name many >"said$i" &
done
wait
equal "$(cat said? | sort)" 'many@1
many@2
many@3
many@4
many@5
many@6'

expect 0 kist template rm double@1 many
says out '7 versions dropped'
expect 3 kist template show double@1
expect 0 kist template show double
expect 3 kist template rm double@1
equal "$(found --all)" 'double@2 other.one@1'
