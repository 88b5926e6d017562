# Function tasks run beside each other, where they may, and what they make is what it would have been one after the other.
. "$top_srcdir/tests/zoo/lib.sh"
tasks

# Three that wait for each other, and a command that waits for their end.
cat >meet.yaml <<'YAML'
graph:
  a: {meet: 3}
  b: {meet: 3}
  c: {meet: 3}
  all: {exec: [sh, -c, 'expr "$1" + "$2" + "$3"', sh, $a, $b, $c]}
outputs: {all: {contents: $all, file: all}}
YAML
expect 0 kist run meet.yaml --jobs 4
equal "$(cat exports/meet/all)" 9
# One after the other they would wait for ever.
sed 's/meet: 3}/task: meet, args: [3], timeout: 0.2}/' meet.yaml >late.yaml
expect 1 kist run late.yaml --name late
says err "step 'a': task 'meet' took longer than its 0.2 seconds"
expect 1 kist run late.yaml --name late --jobs 2
says err "took longer than its 0.2 seconds"

# The limit of all calls is not called the step's.
sed 's/meet: 3}/task: meet, args: [3], timeout: 1000}/' meet.yaml >limit.yaml
expect 1 kist --deadline 0.2 run limit.yaml --name limit --jobs 2
says err 'took longer than 200 ms'
says_not err '1000 seconds'

# What does not say that it may run beside itself does not.
cat >alone.yaml <<'YAML'
graph: {a: {alone: 1}, b: {alone: 2}, c: {alone: 3}, d: {alone: 4}, sum: {sub: [$a, $d]}}
outputs: {sum: {contents: $sum, file: sum}}
YAML
expect 0 kist run alone.yaml --jobs 4
equal "$(cat exports/alone/sum)" -3

# Arrays go from lane to lane; a table is read by one after the other; what is kept is the same as without lanes.
make_csv people.csv
expect 0 kist put people.csv
cat >mixed.yaml <<'YAML'
artifact_inputs: {people: table}
graph:
  one:   {ramp: [300, 40]}
  two:   {ramp: [500, 20]}
  three: {scale: [$one, 2.0]}
  four:  {scale: [$two, 4.0]}
  rows:  {row_count: $people}
  again: {row_count: $people}
  five:  {scale: [$three, 0.5]}
  sum:   {sum: $five}
artifact_outputs:
  five: {contents: $five, task: NumpyArrayArtifactTask}
  four: {contents: $four, task: NumpyArrayArtifactTask}
outputs:
  rows: {contents: $rows, file: rows}
  again: {contents: $again, file: again}
  sum: {contents: $sum, file: sum}
YAML
for jobs in 1 2 8; do
	expect 0 kist run mixed.yaml --name "mixed-$jobs" --no-cache --jobs $jobs --input people=people.csv
	equal "$(cat exports/mixed-$jobs/rows exports/mixed-$jobs/again | tr '\n' ' ')" '2 2 '
	for name in four five; do
		expect 0 kist cat "mixed-$jobs/$name"
		mv out "$name-$jobs"
		same "$name-$jobs" "$name-1"
	done
	same "exports/mixed-$jobs/sum" exports/mixed-1/sum
done

# One fails: what runs beside it comes to its end and is kept, and nothing more is started.
cat >fails.yaml <<'YAML'
graph:
  good:  {ramp: [3, 2]}
  bad:   {fail: -1}
  meets: {meet: 2}
  also:  {meet: 2}
  never: {sub: [$meets]}
artifact_outputs: {good: {contents: $good, task: NumpyArrayArtifactTask}}
YAML
expect 1 kist run fails.yaml --jobs 4 --json
python3 - <<'PY' || fail 'the states of the steps'
import json
states = {step["name"]: step["state"] for step in json.load(open("out"))["steps"]}
assert states["bad"] == "failed" and states["never"] == "queued", states
assert states["meets"] in ("finished", "queued") and states["good"] in ("finished", "queued"), states
PY

# One crashes: all that ran in the worker is lost, is said to have failed, and no worker is left.
cat >crash.yaml <<'YAML'
graph: {waits: {wait: []}, crashes: {crash: []}}
YAML
expect 1 kist run crash.yaml --jobs 2
says err 'crashed'
whole

# Ctrl-C ends those in lanes, too.
mkfifo gate
cat >stop.yaml <<YAML
graph:
  one: {wait: []}
  two: {exec: [sh, -c, 'echo >$PWD/gate; exec sleep 100']}
  three: {meet: 3}
YAML
kist run stop.yaml --jobs 3 >run.out 2>run.err &
pid=$!
read -r line <gate
kill -TERM $pid
status=0
wait $pid || status=$?
equal "$status" 143
whole
expect 0 kist query 'state = stopped' --json
equal "$(python3 -c 'import json; print(len(json.load(open("out"))))')" 1
expect 0 kist query 'state = started' --json
equal "$(python3 -c 'import json; print(len(json.load(open("out"))))')" 0
