# Traps of systems that run conditions by replicates, and that experiments here do not fall into.  What else is known of that
# kind stands in experiment.sh (changed parameters, code and numbers of replicates; a version is always there as a whole),
# experiment_inputs.sh (numbers of replicates that differ) and faults/experiment.sh (kill -9 at any moment).
. "$top_srcdir/tests/zoo/lib.sh"
tasks

# A baseline that fails in every replicate is not done: once its code is mended, all of it is run, and nothing else.
printf 'exit 7\n' >step.sh
cat >train.yaml <<'YAML'
parameters: {rows: 2, seed: 0}
graph:
  array: {ramp: [$rows, 2]}
  seen:  {same_i64: $seed}
  code:  {exec: [sh, step.sh, $rows], dependencies: array}
  sum:   {task: sum, args: [$array], dependencies: code}
artifact_outputs: {array: {contents: $array, task: NumpyArrayArtifactTask}}
YAML
cat >study.yaml <<'YAML'
name: study
entrypoint: train.yaml
replicates: 3
conditions: {baseline: {}, wide: {rows: 3}}
metrics: [$sum.sum]
YAML
expect 1 kist experiment run study.yaml --jobs 2
says out '0 of 6 cells complete, 6 not'
expect 1 kist experiment resume study.yaml
says out '0 of 6 cells complete, 6 not'
expect 0 kist experiment show study --json
equal "$(facts 'facts["state"], [each["n"] for each in facts["metrics"]]')" "('failed', [0, 0])"
# One condition alone is mended: that one is done, the other still is not.
printf 'test "$1" = 3\n' >step.sh
expect 1 kist experiment resume study.yaml
says out '+ study/v1/replicate_2/wide  complete' '3 of 6 cells complete, 3 not'
printf ':\n' >step.sh
expect 0 kist experiment resume study.yaml
says out '+ study/v1/replicate_0/baseline  complete' '6 of 6 cells complete'
expect 0 kist experiment show study --format csv
says out 'sum,baseline,3,6,0,6,6' 'sum,wide,3,15,0,15,15'

# What cells make side by side is all there for whoever takes it next.
cat >next.entry.yaml <<'YAML'
artifact_inputs: {array: tensor}
parameters: {seed: 0}
graph: {sum: {sum: $array}, seen: {same_i64: $seed}}
YAML
cat >next.yaml <<'YAML'
name: next
entrypoint: next.entry.yaml
replicates: 3
conditions: {baseline: {}, wide: {}}
inputs: {array: study#array}
metrics: [$sum.sum]
YAML
expect 0 kist experiment run study.yaml --jobs 6
expect 0 kist experiment run next.yaml --jobs 6
says out 'next v1: 6 of 6 cells complete'
expect 0 kist ls 'study/v2/' --json
equal "$(facts 'sorted(each["name"] for each in facts)')" "$(python3 -c '
print(sorted(f"study/v2/replicate_{r}/{c}/array" for r in range(3) for c in ("baseline", "wide")))')"

# One cell that is run again leaves its neighbours of the version to be read, by name and by who takes them.
sed -i 's/wide: {rows: 3}/wide: {rows: 4}/' study.yaml
expect 0 kist experiment resume study.yaml
for replicate in 0 1 2; do
	for condition in baseline wide; do
		expect 0 kist cat "study/v2/replicate_$replicate/$condition/array"
	done
done
expect 0 kist experiment resume next.yaml
expect 0 kist experiment show next --format csv
says out 'sum,baseline,3,6,0,6,6' 'sum,wide,3,28,0,28,28'

# No name leads out of the experiment, and none is written twice.
for name in ../../outside /outside a/../../b . '' 'kist:job/x'; do
	sed "s|artifact_outputs: {array:|artifact_outputs: {\"$name\":|" train.yaml >bad.yaml
	sed 's/train.yaml/bad.yaml/; s/name: study/name: bad/' study.yaml >bad.study.yaml
	expect 1 kist experiment run bad.study.yaml
	says err E_NAME
done
sed 's|artifact_outputs: .*|artifact_outputs: {one: {contents: $array, task: NumpyArrayArtifactTask}, one: {contents: $array, task: NumpyArrayArtifactTask}}|' \
	train.yaml >bad.yaml
expect 1 kist experiment run bad.study.yaml
says err E_YAML_DUPLICATE "'one'"
for name in ../up a/b . 'kist:x'; do
	sed "s|name: study|name: \"$name\"|" study.yaml >bad.study.yaml
	expect 1 kist experiment run bad.study.yaml
	says err E_NAME
done
expect 3 kist experiment show bad
whole

# Records that anybody wrote: what says less than a version or a cell does harms no other, and a terminal obeys none of it.
"$top_builddir/tests/support/make_jobs" .kist <<'END'
{"id":"odd.v1","record":{"kind":"experiment","state":"finished","tags":{"experiment":"odd","version":"1"}}}
{"id":"odd.v2","record":{"kind":"experiment","state":"finished","tags":{"experiment":"odd","version":"2"},"params":{"replicates":2,"conditions":["a"],"metrics":["m"]}}}
{"id":"odd-c0","record":{"kind":"cell","state":"finished","parent":"odd.v2","tags":{"replicate":"0","condition":"a"}}}
{"id":"odd-c1","record":{"kind":"cell","state":"failed","parent":"odd.v2","error":"a \u001b[31mred\u001b[0m one","tags":{"replicate":"1","condition":"a","cell":"x"}}}
END
expect 0 kist experiment ls
says out odd study next
expect 4 kist experiment show odd --version 1
says err "the record of 'odd.v1' says what no version of an experiment has"
expect 0 kist experiment show odd
says out 'replicate_1/a  failed: a \x1b[31mred\x1b[0m one' 'odd v2: 0 of 2 cells complete, 1 not, 1 missing'
