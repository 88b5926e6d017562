# Replay: a job is run again from what is kept of it, and its bytes are compared; here, and where nothing else is.
. "$top_srcdir/tests/zoo/lib.sh"
tasks
cat >make.yaml <<'END'
graph: {array: {ramp: [40, 2]}}
artifact_outputs: {array: {contents: $array, task: NumpyArrayArtifactTask}}
END
cat >scale.yaml <<'END'
parameters: {factor: 2.0, seed: 7, more: {type: number, default: 1.0}}
artifact_inputs: {array: tensor}
graph:
  once:  {scale: [$array, $factor]}
  twice: {scale: [$once, $more]}
  total: {sum: $twice}
artifact_outputs:
  once:  {contents: $once, task: NumpyArrayArtifactTask}
  twice: {contents: $twice, task: {name: NumpyArrayArtifactTask, args: {fortran_order: true}}}
outputs:
  total: {contents: $total, file: total}
  said:  {contents: $more, file: deep/said.json}
END
expect 0 kist run make.yaml
expect 0 kist run scale.yaml -i array=make/array -p more=3.5 -p seed=9 --json
id=$(job_of out)
kist export -b run.kistpack "$id" >/dev/null

# verdict: what is said of the only job in out; steps: the states of its steps.
verdict() {
	python3 -c 'import json; print(*[each["verdict"] for each in json.load(open("out"))])'
}
steps() {
	python3 -c 'import json; print(*[step["state"] for step in json.load(open("out"))[0]["steps"]], sep=", ")'
}

# Here: nothing of the store and of the folder changes.
find .kist exports -type f | sort >before
expect 0 kist replay "$id"
says out 'equal           step      once  scale' 'equal           artifact  twice' 'equal           output    said' "$id: equal"
expect 0 kist replay "${id#*Z-}" --json
equal "$(verdict)" equal
equal "$(steps)" 'equal, equal, equal'
find .kist exports -type f | sort | cmp - before || fail 'a replay has written'
# The names of what it took have moved since: it takes what it took.
expect 0 kist rm make/array
expect 0 kist replay "$id"

# Elsewhere: another installation, nobody's home, no store, the plugin from its package.
mkdir elsewhere
cp -R root elsewhere/root
cp -R plugins elsewhere/plugins
cp run.kistpack elsewhere
rm -r root plugins
(
	cd elsewhere
	mkdir home tmp
	HOME=$PWD/home
	TMPDIR=$PWD/tmp
	PATH=$PWD/root/bin:${PATH#*:}
	KIST_PLUGIN_PATH=$PWD/plugins
	export HOME TMPDIR PATH KIST_PLUGIN_PATH
	expect 0 kist plugin trust plugins/test.tasks.plugin.json
	expect 0 kist replay run.kistpack
	says out "$id: equal"
	[ -z "$(ls tmp)" ] || fail 'it has left something'
	[ ! -e home/.local/share/kist/store ] || fail 'it has made a store'
	kist init >/dev/null
	expect 0 kist import run.kistpack
	expect 0 kist replay "$id" --json --strict
	equal "$(verdict)" equal
	expect 0 kist verify --full
)
mv elsewhere/root elsewhere/plugins .

# Other code: what it changes is seen, by step.
tasks_edit='s/factor \* /2 * factor * /'
grep -q 'factor \* ' "$top_srcdir/tests/zoo/tasks.c" || tasks_edit='s/\* factor/* factor * 2/'
tasks
expect 1 kist replay run.kistpack
says out 'different       step      once  scale' 'different       artifact  twice  wanted ' 'different       output    total' \
	'equal           output    said' 'plugin test.tasks: wanted 1.0.0 (sha256 ' ', had 1.0.0 (sha256 ' "$id: different"
expect 1 kist replay "$id" --json
equal "$(verdict)" different
equal "$(steps)" 'different, different, different'
expect 1 kist replay --strict "$id" --json
equal "$(verdict)" 'missing plugin'
equal "$(steps)" 'missing plugin, missing plugin, missing plugin'
# The same code built otherwise: other bytes of the plugin, and the same results.
tasks_edit='s/"1.0.0"/"1.0.1"/'
tasks -O0 -g
expect 0 kist replay "$id"
says out "$id: equal" 'had 1.0.1 (sha256 '
expect 1 kist replay --strict "$id"
says out 'missing plugin  step      once' "$id: missing plugin"
# No plugin at all.
mv plugins/test.tasks.plugin.json away
expect 1 kist replay run.kistpack
says out 'missing plugin  step      total  sum' 'missing         artifact  once  wanted ' ', had nothing' 'had none'
mv away plugins/test.tasks.plugin.json
tasks_edit=
tasks

# What failed then may fail again, and what it made before is compared.
cat >fails.yaml <<'END'
graph:
  a: {sub: [3, 1]}
  b: {fail: -3, dependencies: a}
outputs: {a: {contents: $a, file: a}}
END
expect 1 kist run fails.yaml --json
failed=$(job_of out)
expect 0 kist replay "$failed"
says out 'failed          step      b' 'equal           output    a' "$failed: equal"
# Nothing was kept: nothing can be said.
printf 'graph: {a: {sub: [3, 1]}}\n' >bare.yaml
expect 0 kist run bare.yaml --json
expect 1 kist replay "$(job_of out)"
says out 'not compared    step      a'

# Commands run when somebody says so, with the files that they had.
mkdir tools
printf 'import sys\nprint(int(sys.argv[1]) * 2)\n' >tools/double.py
cat >command.yaml <<'END'
parameters: {n: 4}
graph: {d: {exec: [python3, tools/double.py, $n]}}
outputs: {d: {contents: $d, file: d.txt}}
END
expect 0 kist run command.yaml --json
command=$(job_of out)
kist export -b command.kistpack "$command" >/dev/null
printf 'print("changed")\n' >tools/double.py
expect 1 kist replay "$command"
says err "step 'd' runs a command" '--commands'
expect 0 kist replay --commands "$command"
expect 0 kist replay --commands command.kistpack
says out 'equal           output    d'

# Cells of experiments, several at once.
cat >study.yaml <<'END'
name: study
entrypoint: sub.yaml
replicates: 2
conditions: {low: {b: 1}, high: {b: 5}}
END
cat >sub.yaml <<'END'
parameters: {seed: 0, b: 0}
graph: {x: {sub: [$b, 2]}, y: {sub: [$seed, $b]}}
outputs: {x: {contents: $x, file: x}, y: {contents: $y, file: y}}
END
expect 0 kist experiment run study.yaml
kist jobs --json >out
cells=$(python3 -c 'import json; print(*[job["id"] for job in json.load(open("out")) if job["kind"] == "cell"])')
# shellcheck disable=SC2086
expect 0 kist export -b cells.kistpack $cells
says out '4 jobs'
expect 0 kist replay cells.kistpack --json
equal "$(verdict)" 'equal equal equal equal'

# What has no entrypoint, and what is not there.
expect 0 kist exec -- true
kist jobs --json >out
exec=$(python3 -c 'import json; print([job["id"] for job in json.load(open("out")) if job["kind"] == "exec"][0])')
expect 1 kist replay "$exec"
says err 'no entrypoint is kept with job'
expect 3 kist replay nothing
# An entrypoint that cannot be read any more is told, not run.
expect 0 kist plugin untrust test.tasks
expect 1 kist replay "$id"
says out 'missing plugin'
