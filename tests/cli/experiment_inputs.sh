# Experiments that take what others have made; what is refused, what is given up, and what is stopped.
. "$top_srcdir/tests/zoo/lib.sh"
tasks

cat >base.entry.yaml <<'YAML'
parameters: {rows: 2, seed: 0}
graph: {array: {ramp: [$rows, 2]}, seen: {same_i64: $seed}}
artifact_outputs: {array: {contents: $array, task: NumpyArrayArtifactTask}}
YAML
cat >base.yaml <<'YAML'
name: base
entrypoint: base.entry.yaml
replicates: 2
conditions: {a: {rows: 2}, b: {rows: 3}}
YAML
cat >down.entry.yaml <<'YAML'
artifact_inputs: {array: tensor}
parameters: {seed: 0}
graph: {sum: {sum: $array}, seen: {same_i64: $seed}}
YAML
cat >down.yaml <<'YAML'
name: down
entrypoint: down.entry.yaml
replicates: 2
conditions: {a: {}, b: {}}
inputs: {array: base#array}
metrics: [$sum.sum]
YAML
expect 1 kist experiment run down.yaml
says err 'down.yaml:5:17: error: ' 'E_INPUT_MISSING' 'run that experiment first'
expect 0 kist experiment run base.yaml --jobs 2
expect 0 kist experiment run down.yaml --jobs 2
ran 8
expect 0 kist experiment show down --format csv
says out 'sum,a,2,6,0,6,6' 'sum,b,2,15,0,15,15'
expect 0 kist experiment resume down.yaml
ran 0
# Only what has changed above is run again below.
sed -i 's/rows: 3/rows: 4/' base.yaml
expect 0 kist experiment resume base.yaml
expect 0 kist experiment resume down.yaml
ran 4
expect 0 kist experiment show down --format csv
says out 'sum,a,2,6,0,6,6' 'sum,b,2,28,0,28,28'
# As many replicates, or it is said how they are mapped.
sed -i 's/replicates: 2/replicates: 3/' down.yaml
expect 1 kist experiment resume down.yaml
says err 'E_REPLICATES' '--map modulo'
expect 0 kist experiment resume down.yaml --map modulo
ran 2
expect 2 kist experiment run down.yaml --map wrong
# A condition of its own takes what it names.
sed 's/name: down/name: named/; s/{a: {}, b: {}}/{mine: {}}/; s/replicates: 3/replicates: 2/; s|base#array|base/v1#b/array|' down.yaml >named.yaml
expect 0 kist experiment run named.yaml
expect 0 kist experiment show named.yaml --format csv
says out 'sum,mine,2,28,0,28,28'
ran 2

# What is wrong is told at once, with its place, and nothing is run.
cat >wrong.yaml <<'YAML'
name: wrong
entrypoint: base.entry.yaml
conditions:
  a: {row: 5}
  b: {rows: many}
metrics: [$array.array, $nope.x]
YAML
expect 1 kist experiment run wrong.yaml --check
says out "wrong.yaml:4:3: error: condition 'a'" "did you mean 'rows'" "wrong.yaml:5:3: error: condition 'b'"
expect 1 kist experiment run wrong.yaml --json
says out '"errors"' 'E_PARAMETER_UNKNOWN'
sed -i 's/row: 5/rows: 5/; s/many/6/' wrong.yaml
expect 1 kist experiment run wrong.yaml
says err 'E_METRIC' 'E_REFERENCE'
sed 's/base.entry/absent/' base.yaml >nothing.yaml
expect 1 kist experiment run nothing.yaml
says err 'nothing.yaml:2:13: error: ' 'E_FILE'
sed '$a inputs: {array: no/such, other: neither}' base.yaml >unnamed.yaml
expect 1 kist experiment run unnamed.yaml
says err "unnamed.yaml:5:17: error: input 'array': 'no/such'" "error: input 'other': 'neither'" E_INPUT_MISSING
expect 3 kist experiment run no.yaml
expect 3 kist experiment show nobody
expect 3 kist experiment resume base.yaml --version 7
expect 2 kist experiment resume base.yaml --jobs 0
sed 's/name: base/name: bare/; s/base.entry/bare.entry/' base.yaml >bare.yaml
printf 'parameters: {rows: 2}\ngraph: {array: {ramp: [$rows, 2]}}\n' >bare.entry.yaml
expect 0 kist experiment run bare.yaml --check
says out 'W_SEED' 'bare: can be run: 4 cells'
ran 0

# The plugin, and a script beside the entrypoint, are code too.
tasks -g
expect 0 kist experiment resume base.yaml
ran 4
mkdir flows
printf 'parameters: {seed: 0}\ngraph: {a: {exec: [tool.sh, $seed], outputs: {said: {file: n.json, type: number}}}}\n' >flows/tool.yaml
printf '#!/bin/sh\necho 5 >n.json\n' >flows/tool.sh
chmod +x flows/tool.sh
printf 'name: tool\nentrypoint: flows/tool.yaml\nreplicates: 2\nmetrics: {n: $a.said}\n' >tool.yaml
expect 0 kist experiment run tool.yaml
ran 2
printf '#!/bin/sh\necho 6 >n.json\n' >flows/tool.sh
expect 0 kist experiment resume tool.yaml --format csv
says out 'n,baseline,2,6,0,6,6'
ran 2

# Of older versions nothing is left, once there is a newer one.
echo 'retention: 1' >>base.yaml
expect 0 kist experiment run base.yaml
says out 'dropped 1 older version' 'base v2: 4 of 4'
expect 3 kist show base/v1/replicate_0/a/array
expect 3 kist experiment show base --version 1
expect 0 kist show base/v2/replicate_0/a/array
expect 0 kist query 'tag.experiment = base and tag.version = 1' --json
equal "$(facts 'len(facts)')" 0
expect 0 kist gc
expect 0 kist show base/v2/replicate_1/b/array
# What is large goes first: its names, in all but the newest version, and then its bytes; what is small stays.
cat >large.entry.yaml <<'YAML'
parameters: {rows: 40000, seed: 0}
graph: {large: {ramp: [$rows, 2]}, half: {scale: [$large, 0.5]}, small: {ramp: [2, 2]}, seen: {same_i64: $seed}}
artifact_outputs:
  large: {contents: $half, task: NumpyArrayArtifactTask}
  small: {contents: $small, task: NumpyArrayArtifactTask}
YAML
cat >large.yaml <<'YAML'
name: large
entrypoint: large.entry.yaml
conditions: {a: {rows: 40000}, b: {rows: 2}}
retention: {versions: 9, large: 1, large_size: 300000}
YAML
expect 0 kist experiment run large.yaml
says_not out dropped
sed -i 's/40000/41000/' large.yaml
expect 0 kist experiment run large.yaml
says out 'dropped 2 names of what is large in older versions' 'large v2: 2 of 2'
expect 3 kist show large/v1/replicate_0/a/large
expect 0 kist show large/v1/replicate_0/a/small
expect 0 kist show large/v1/replicate_0/b/large
expect 0 kist show large/v2/replicate_0/a/large
expect 0 kist experiment show large --version 1
says out '2 of 2 cells complete'

expect 0 kist gc --all --cache --json
equal "$(facts 'facts["freed_bytes"] > 0')" True
sed -i 's/41000/42000/' large.yaml
expect 0 kist experiment run large.yaml
says out 'dropped 2 names'

expect 0 kist query 'kind = cell' --json
begun=$(facts 'len(facts)')

# A version that somebody runs is left alone; one that was stopped is taken up again.
mkfifo gate
cat >gated.entry.yaml <<'YAML'
parameters: {gate: '', seed: 0}
graph: {wait: {exec: [cat, $gate]}}
YAML
printf 'name: gated\nentrypoint: gated.entry.yaml\nreplicates: 2\nparameters: {gate: "%s"}\n' "$PWD/gate" >gated.yaml
kist experiment run gated.yaml >run.out 2>run.err &
pid=$!
exec 5>gate
expect 1 kist experiment resume gated.yaml
says err 'is being run' 'gated.v1'
kill -TERM $pid
status=0
wait $pid || status=$?
equal "$status" 143
exec 5>&-
expect 0 kist experiment show gated --json
equal "$(facts 'facts["state"]')" stopped
ran 1
rm gate
echo >gate
expect 0 kist experiment resume gated.yaml
ran 2
whole
