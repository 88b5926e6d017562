# What a run has kept knows what it was made from: the artifacts that its step follows from, and no others.
. "$top_srcdir/tests/zoo/lib.sh"
tasks
for name in left right; do
	printf 'parameters: {rows: 1}\ngraph: {a: {ramp: [$rows, 2]}}\nartifact_outputs: {a: {contents: $a, task: NumpyArrayArtifactTask}}\n' >ramp.yaml
	expect 0 kist run ramp.yaml -p rows=${#name} --name "$name"
done
cat >two.yaml <<'END'
artifact_inputs: {left: tensor, right: tensor}
graph:
  a:    {scale: [$left, 2.0]}
  b:    {scale: [$right, 3.0], dependencies: a}
  c:    {scale: {array: $a, factor: 4.0}}
  made: {exec: [cp, $b, o.npy], outputs: {o: {file: o.npy, type: tensor}}}
  n:    {exec: [sh, -c, 'echo 3 >n', $left, $b], outputs: {n: {file: n, type: integer}}}
  both: {scale: [$made, $n]}
  free: {ramp: [2, 2]}
artifact_outputs:
  a:    {contents: $a, task: NumpyArrayArtifactTask}
  c:    {contents: $c, task: NumpyArrayArtifactTask}
  made: {contents: $made.o, task: NumpyArrayArtifactTask}
  both: {contents: $both, task: NumpyArrayArtifactTask}
  free: {contents: $free, task: NumpyArrayArtifactTask}
END
expect 0 kist run two.yaml -i left=left/a -i right=right/a --json
cp out run.json
for name in a c made both free left right; do
	case $name in
	left | right) expect 0 kist show --json "$name/a" ;;
	*) expect 0 kist show --json "two/$name" ;;
	esac
	cp out "$name.json"
done
expect 0 kist cat "kist:job/$(python3 -c 'import json; print(json.load(open("run.json"))["job"])')"
python3 - <<'END' || fail 'what things were made from'
import json

def find(value, key):
    if isinstance(value, dict):
        if key in value:
            return value[key]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            found = find(one, key)
            if found is not None:
                return found
    return None

def shown(name):
    return json.load(open(name + ".json"))

ids = {name: find(shown(name), "artifact") or find(shown(name), "id") for name in ("left", "right")}
assert ids["left"] != ids["right"], ids
names = {ids["left"]: "left", ids["right"]: "right"}
for name, want in {"a": ["left"], "c": ["left"], "made": ["right"], "both": ["left", "right"], "free": []}.items():
    got = [names[one] for one in find(shown(name), "parents") or []]
    assert got == want, (name, got, want)
# A step takes what it refers to: what is kept of another step by that, else what that follows from.
steps = {step["name"]: [use["name"] for use in step["inputs"]] for step in json.load(open("out"))["steps"]}
assert steps == {"a": ["left"], "b": ["right"], "c": ["a"], "made": ["right"], "n": ["left", "right"],
                 "both": ["left", "right", "made"], "free": []}, steps
END
expect 0 kist lineage two/c
says out 'c [scale]' 'a [scale]' left
says_not out right
