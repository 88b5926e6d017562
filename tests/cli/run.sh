# Entrypoints are run: tasks in a worker, commands beside them, and what is to be kept is kept when its step has ended.
. "$top_srcdir/tests/zoo/lib.sh"
tasks

# job FIELD: of the record of the job that out tells of.
job() {
	id=$(sed -n 's/.*, job //p' out)
	kist cat "kist:job/$id" | python3 -c 'import json, sys; job = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}

# An array made, transformed and kept; then the input of another entrypoint.
cat >first.yaml <<'END'
parameters: {rows: 4, factor: 2.0, fortran: false}
graph:
  make_array:     {task: ramp, kwargs: {rows: $rows}}
  transform_step: {scale: [$make_array, $factor]}
  total:          {sum: $transform_step}
artifact_outputs:
  save_numpy: {contents: $transform_step, task: {name: NumpyArrayArtifactTask, args: {fortran_order: $fortran}}}
outputs:
  total: {contents: $total, file: total.txt}
  array: {contents: $transform_step, file: arrays/array.npy}
END
expect 0 kist run first.yaml
says out make_array transform_step 'kept first/save_numpy' 'wrote exports/first/total.txt' 'first: finished, job '
equal "$(cat exports/first/total.txt)" 56
equal "$(job 'job["state"], job["params"]["rows"], [step["state"] for step in job["steps"]]')" \
	"('finished', 4, ['finished', 'finished', 'finished'])"
equal "$(job 'job["artifacts"][0]["name"] == "jobs/%s/save_numpy" % job["id"] and job["artifacts"][0]["step"]')" transform_step
equal "$(job 'job["steps"][0]["plugin"]["id"], len(job["steps"][1]["outputs"])')" "('test.tasks', 1)"
first=$(sed -n 's/.*, job //p' out)
expect 0 kist cat first/save_numpy
same out exports/first/arrays/array.npy
cp out kept.npy
expect 0 kist run first.yaml -p rows=5 -p fortran=true --name other --exports elsewhere --json
python3 - <<'END' || fail 'the JSON of a run'
import json
facts = json.load(open("out"))
assert facts["state"] == "finished" and facts["artifacts"][0]["name"] == "other/save_numpy", facts
assert [step["state"] for step in facts["steps"]] == ["finished"] * 3 and facts["outputs"][0]["path"].startswith("elsewhere/")
END
equal "$(cat elsewhere/total.txt)" 90
# What the first run made stays, whatever name moves.
expect 0 kist run first.yaml -p rows=1
expect 0 kist cat "jobs/$first/save_numpy"
same out kept.npy
expect 0 kist cat first/save_numpy
! cmp -s out kept.npy || fail 'the name did not move'
cat >second.yaml <<'END'
parameters: {words: {default: {name: all, list: [1, 2]}}}
artifact_inputs: {array: tensor}
graph:
  total: {sum: $array}
  say:   {exec: [sh, -c, 'echo "$0 $2 $4 $$1"; cmp "$1" array.npy; cat "$3"; test -z "$(ls)"', $total, $array, $$total, $words, $words.name]}
  made:  {exec: [cp, $array, out/copy.npy], outputs: {copy: {file: out/copy.npy, type: tensor}, raw: out/copy.npy}}
  again: {sum: $made.copy}
  size:  {byte_sum: $made.raw}
  both:  {echo_json: [[$total, {x: $again, words: $words}]]}
outputs:
  said:  {contents: $say, file: said.txt}
  again: {contents: $again, file: again.json}
  raw:   {contents: $made.raw, file: raw}
  both:  {contents: $both, file: both.json}
END
expect 0 kist get "jobs/$first/save_numpy" -o array.npy
expect 0 kist run second.yaml --input "array=jobs/$first/save_numpy" --jobs 3
equal "$(sed 's/ [0-9]*$//' exports/second/said.txt)" '56 $total all
{"list":[1,2],"name":"all"}'
equal "$(cat exports/second/again.json)" 56
equal "$(cat exports/second/both.json)" '[56,{"words":{"list":[1,2],"name":"all"},"x":56}]'
same exports/second/raw array.npy
equal "$(job 'job["inputs"][0]["name"]')" array
equal "$(ls "$TMPDIR" | grep kist-run || :)" ''

# A script beside the entrypoint is found, wherever the run is started.
mkdir flows
printf '#!/bin/sh\necho "here $1"\n' >flows/tool.sh
chmod +x flows/tool.sh
printf 'graph: {a: {exec: [tool.sh, x]}}\noutputs: {a: {contents: $a, file: a}}\n' >flows/tool.yaml
expect 0 kist run flows/tool.yaml
equal "$(cat exports/tool/a)" 'here x'

# A job within another: its commands are told of it, and not of the other as well.
printf 'graph: {a: {exec: [env]}}\noutputs: {a: {contents: $a, file: a}}\n' >env.yaml
expect 0 env KIST_JOB_ID=outer kist run env.yaml
equal "$(grep '^KIST_JOB_ID=' exports/env/a)" "KIST_JOB_ID=$(sed -n 's/.*, job //p' out)"

# What was made before a failure is kept, marked as partial; what comes behind it is not run.
cat >third.yaml <<'END'
graph:
  a: {ramp: [3, 3]}
  b: {scale: [$a, 2.0]}
  c: {fail: -3, dependencies: b}
  d: {scale: [$b, 2.0], dependencies: c}
artifact_outputs:
  a: {contents: $a, task: NumpyArrayArtifactTask}
  b: {contents: $b, task: NumpyArrayArtifactTask}
  d: {contents: $d, task: NumpyArrayArtifactTask}
END
expect 1 kist run third.yaml
says err "step 'c': plugin test.tasks 1.0.0: task 'fail': it was told to fail"
says out 'kept third/a' 'kept third/b' 'third: failed'
equal "$(job 'job["state"], [step["state"] for step in job["steps"]]')" \
	"('failed', ['finished', 'finished', 'failed', 'stopped'])"
equal "$(job '[artifact.get("partial") for artifact in job["artifacts"]]')" '[True, True]'
expect 0 kist get third/b -o b.npy
for step in '{crash: ~}' '{leave: 3}' '{exec: [sh, -c, "exit 7"]}' '{exec: [sh, -c, "kill -9 $$"]}' '{exec: [nosuchprogram]}' \
	'{exec: ["true"], outputs: {o: nothing}}' '{exec: [sh, -c, "echo x >o.npy"], outputs: {o: {file: o.npy, type: tensor}}}' \
	'{exec: [mkfifo, o], outputs: {o: {file: o, type: tensor}}}' '{exec: [mkfifo, o], outputs: {o: {file: o, type: integer}}}' \
	'{exec: [mkfifo, o], outputs: {o: o}}' '{exec: [printf, "\\377"]}' '{wrap_wrong: 1}'; do
	sed "s/fail: -3, dependencies: b/XX/; s/{XX}/MARK/" third.yaml >broken.yaml
	STEP=$step awk '{ i = index($0, "MARK"); print i ? substr($0, 1, i - 1) ENVIRON["STEP"] substr($0, i + 4) : $0 }' \
		broken.yaml | sed '/^  c:/s/}$/, dependencies: b}/' >t && mv t broken.yaml
	expect 1 kist run broken.yaml
	says err "step 'c': "
	says out 'kept broken/b' 'broken: failed'
done
whole

# One of several outputs is kept; a name may be kept more than once.
cat >parts.yaml <<'END'
graph:
  a: {ramp: [4, 2]}
  b: {ramp: [2, 2]}
  parts:
    exec: [sh, -c, 'cp "$0" low.npy; cp "$1" high.npy', $a, $b]
    outputs: {low: {file: low.npy, type: tensor}, high: {file: high.npy, type: tensor}}
  halves: {halves: $parts.low}
artifact_outputs:
  low:  {contents: $parts.low, task: NumpyArrayArtifactTask}
  high: {contents: $parts.high, task: NumpyArrayArtifactTask}
  both: {contents: $parts.high, task: kist.numpy/NumpyArrayArtifactTask}
outputs: {count: {contents: $halves.count, file: count.json}}
END
expect 0 kist run parts.yaml
expect 0 kist show parts/high
equal "$(cat exports/parts/count.json)" 8
expect 0 kist show parts/low
says out '4, 2'
expect 0 kist show parts/both
says out '2, 2'

# Killed in the middle: what was kept before is there, the record says that it started, the store is whole.  Its commands end
# with it, with all that they have started; its folder goes when another is made.
mkfifo held
cat >killed.yaml <<END
graph:
  a: {ramp: [2, 2]}
  b: {scale: [\$a, 3.0]}
  c: {exec: [sh, -c, 'exec 3>$PWD/held; sleep 1000 & kill -9 \$PPID; sleep 1000'], dependencies: b}
artifact_outputs:
  a: {contents: \$a, task: NumpyArrayArtifactTask}
  b: {contents: \$b, task: NumpyArrayArtifactTask}
END
cat held >held.read &
reader=$!
expect 137 kist run killed.yaml
wait "$reader"
expect 0 kist get killed/b -o killed.npy
[ "$(ls "$TMPDIR" | grep kist-run)" ] || fail 'the folder of a run that was killed is gone already'
expect 0 kist run flows/tool.yaml
equal "$(ls "$TMPDIR" | grep kist-run || :)" ''
whole

# Time: of a command, and of a task.
printf 'graph: {a: {exec: [sleep, 1000], timeout: 0.2}}\n' >slow.yaml
expect 1 kist run slow.yaml
says err "step 'a': the command took longer than its 0.2 seconds"
printf 'graph: {a: {wait: ~, timeout: 0.2}}\n' >slow.yaml
expect 1 kist run slow.yaml
says err "step 'a': task 'wait' took longer than its 0.2 seconds"

# Side by side: each of the two waits for the other.
mkfifo left right
cat >together.yaml <<END
graph:
  a: {exec: [sh, -c, 'echo x >$PWD/left; cat $PWD/right']}
  b: {exec: [sh, -c, 'cat $PWD/left; echo y >$PWD/right']}
outputs: {a: {contents: \$a, file: a}, b: {contents: \$b, file: b}}
END
expect 0 kist run together.yaml -j 2
equal "$(cat exports/together/a exports/together/b)" 'y
x'

# Saving can be switched off; with both a run leaves nothing.
kist ls --json | sha256sum >before
expect 0 kist run first.yaml --no-artifacts --no-outputs --name dry
equal "$(kist ls --json | sha256sum)" "$(cat before)"
[ ! -e exports/dry ] || fail 'a dry run wrote outputs'
expect 0 kist run first.yaml --no-outputs --name dry
says out 'kept dry/save_numpy'
[ ! -e exports/dry ] || fail 'outputs were written'
expect 0 kist run first.yaml --no-artifacts --name dry2
expect 3 kist show dry2/save_numpy

# Stopped by a signal: nothing is left, the record says so, and the process ends by that signal.
for signal in INT TERM; do
	mkfifo "up$signal"
	cat >stop.yaml <<END
graph:
  a: {ramp: [2, 2]}
  b: {exec: [sh, -c, 'echo \$\$ >$PWD/up$signal; exec sleep 1000'], dependencies: a}
artifact_outputs: {a: {contents: \$a, task: NumpyArrayArtifactTask}}
END
	python3 - "$signal" <<'END' || fail "stopped by $signal"
import os, signal, subprocess, sys
number = getattr(signal, "SIG" + sys.argv[1])
# Who runs the tests may have had it ignored, and so it would stay.
signal.signal(number, signal.SIG_DFL)
run = subprocess.Popen(["kist", "run", "stop.yaml"], stdout=open("out", "w"), stderr=open("err", "w"))
child = int(open("up" + sys.argv[1]).read())
run.send_signal(number)
assert run.wait(60) == -number, run.returncode
try:
    os.kill(child, 0)
    sys.exit("the command is left")
except ProcessLookupError:
    pass
END
	says out 'kept stop/a' 'stop: stopped'
	equal "$(job 'job["state"], job["artifacts"][0]["partial"], job["steps"][1]["state"]')" "('stopped', True, 'stopped')"
	equal "$(ls "$TMPDIR" | grep kist-run || :)" ''
done

# Wrong use, and what does not fit.
expect 2 kist run first.yaml --jobs 0
expect 3 kist run second.yaml --input array=nosuch
expect 1 kist run second.yaml
says err '[E_INPUT_MISSING]' '--input array=NAME'
make_csv people.csv
expect 0 kist put people.csv
expect 1 kist run second.yaml --input array=people.csv
says err "artifact input 'array': it is table, and tensor is expected"
printf 'graph: {a: {ramp: [2]}}\noutputs: {a: {contents: $a, file: a.csv}}\n' >wrong.yaml
expect 1 kist run wrong.yaml
says err "output 'a': 'a.csv' is a name for what 'CsvTableArtifactTask' writes"
[ ! -e exports/wrong/a.csv ] || fail 'a file that could not be written is there'
whole

# On a terminal the steps are drawn as a tree that changes.
python3 - <<'END' || fail 'the tree on a terminal'
import os, pty
pid, fd = pty.fork()
if pid == 0:
    os.execvp("kist", ["kist", "run", "first.yaml"])
text = b""
while True:
    try:
        got = os.read(fd, 4096)
    except OSError:
        break
    if not got:
        break
    text += got
assert os.waitpid(pid, 0)[1] == 0
assert b"\x1b[3A" in text and b"> make_array" in text and b"  + transform_step" in text and b"    . total" in text, text
END
