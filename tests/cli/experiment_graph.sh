# Experiments that take from each other, brought up to date as one graph: each in its turn, and only what is stale.
. "$top_srcdir/tests/zoo/lib.sh"
tasks

# updated NAME=CELLS...: what an update of the three files ran, in this order.
updated() {
	expect 0 kist experiment update top.yaml middle.yaml base.yaml --jobs 2 --json
	equal "$(facts '" ".join("%s=%d" % (each["experiment"], each["ran"]) for each in facts)')" "$*"
	equal "$(facts '{each["version"] for each in facts}, all(each["complete"] == each["total"] for each in facts)')" \
		'({1}, True)'
}

cat >make.entry.yaml <<'YAML'
parameters: {rows: 2, seed: 0}
graph: {array: {ramp: [$rows, 2]}, seen: {same_i64: $seed}}
artifact_outputs: {array: {contents: $array, task: NumpyArrayArtifactTask}}
YAML
cat >scale.entry.yaml <<'YAML'
artifact_inputs: {given: tensor}
parameters: {factor: 2.0, seed: 0}
graph: {array: {scale: [$given, $factor]}, seen: {same_i64: $seed}}
artifact_outputs: {array: {contents: $array, task: NumpyArrayArtifactTask}}
YAML
cat >sum.entry.yaml <<'YAML'
artifact_inputs: {array: tensor}
parameters: {seed: 0}
graph: {sum: {sum: $array}, seen: {same_i64: $seed}}
YAML
cat >base.yaml <<'YAML'
name: base
entrypoint: make.entry.yaml
replicates: 2
conditions: {a: {rows: 2}, b: {rows: 3}}
YAML
cat >middle.yaml <<'YAML'
name: middle
entrypoint: scale.entry.yaml
replicates: 2
conditions: {a: {}, b: {}}
inputs: {given: base#array}
YAML
cat >top.yaml <<'YAML'
name: top
entrypoint: sum.entry.yaml
replicates: 2
conditions: {a: {}, b: {}}
inputs: {array: middle#array}
metrics: [$sum.sum]
YAML

# None has been run yet: a dry run of one that takes from nobody says so, and writes nothing.
expect 0 kist experiment update base.yaml --dry-run
says out 'replicate_0/a  missing' 'replicate_1/b  missing' 'base, a first version: 4 cells would be run'
expect 0 kist experiment ls
equal "$(wc -l <out)" 0
updated base=4 middle=4 top=4
expect 0 kist experiment show top --format csv
says out 'sum,a,2,12,0,12,12' 'sum,b,2,30,0,30,30'
updated base=0 middle=0 top=0

# What changes in the middle is not run above it; what changes above is run below it, where it is taken.
sed -i 's/b: {}/b: {factor: 4.0}/' middle.yaml
expect 0 kist experiment update top.yaml middle.yaml base.yaml --dry-run --json
equal "$(facts '[(each["experiment"], [(c["condition"], c["why"]) for c in each["cells"]], each["after"]) for each in facts]')" \
	"[('base', [], []), ('middle', [('b', 'changed'), ('b', 'changed')], []), ('top', [], ['middle'])]"
expect 0 kist experiment update top.yaml middle.yaml base.yaml --dry-run
says out 'replicate_1/b  changed' 'middle v1: 2 cells would be run' "and then what takes from 'middle' and has changed by then"
updated base=0 middle=2 top=2
sed -i 's/a: {rows: 2}/a: {rows: 4}/' base.yaml
updated base=2 middle=2 top=2
expect 0 kist experiment show top --format csv
says out 'sum,a,2,56,0,56,56' 'sum,b,2,60,0,60,60'
# What is made again and is the same as before is no change.
sed -i 's/a: {rows: 4}/a: {rows: 5}/' base.yaml
expect 0 kist experiment resume base.yaml
sed -i 's/a: {rows: 5}/a: {rows: 4}/' base.yaml
updated base=2 middle=0 top=0
expect 0 kist experiment resume top.yaml --dry-run
says out 'top v1: 0 cells would be run'

# On a terminal, the means are drawn too.
expect 0 kist experiment show top --format plot
says out 'sum                   56' '●' '56  n 2' '60  n 2'

# What fails is said, and keeps nobody from what can be run.
sed 's/{scale: \[$given, $factor\]}/{exec: [sh, -c, "exit 3"], outputs: {array: {file: a.npy, type: tensor}}}/' \
	scale.entry.yaml >fail.entry.yaml
sed -i 's/scale.entry/fail.entry/' middle.yaml
expect 1 kist experiment update top.yaml middle.yaml base.yaml
says out 'base v1: 0 cells run, 4 of 4 complete' 'middle v1: 4 cells run, 0 of 4 complete'
sed -i 's/fail.entry/scale.entry/' middle.yaml
updated base=0 middle=4 top=0

# No order: a circle, a name twice, what is no experiment.
sed 's/name: base/name: base2/; $a inputs: {given: top#array}' base.yaml >loop.yaml
sed -i 's/base#array/base2#array/' middle.yaml
expect 1 kist experiment update top.yaml middle.yaml loop.yaml
says err E_CYCLE "'middle' takes from 'base2', which takes from 'top', which takes from 'middle'"
expect 1 kist experiment update base.yaml base.yaml
says err E_NAME_TAKEN "'base'"
echo 'name: [' >bad.yaml
expect 1 kist experiment update base.yaml bad.yaml
says err 'bad.yaml:'
expect 3 kist experiment update nosuch.yaml
expect 2 kist experiment update
expect 2 kist experiment update base.yaml --jobs 0
whole
