# kill -9 of what runs an experiment, and of its lanes, at one moment after another: what is complete stays complete and is
# not run again, what failed is never complete, and in the end all is there.
#
# KIST_FAULTS=long: 1,000 cells, 50 kills.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
. "$top_srcdir/tests/zoo/lib.sh"
tasks
replicates=4 kills=5 lines=4
if [ "${KIST_FAULTS:-}" = long ]; then
	replicates=100 kills=50 lines=37
fi
cat >one.yaml <<'YAML'
parameters: {rows: 2, seed: 0, bad: 0}
graph:
  array: {ramp: [$rows, 2]}
  loss:  {sum: $array}
  maybe: {task: fail_silently, args: [$bad], dependencies: loss}
artifact_outputs:
  array: {contents: $array, task: NumpyArrayArtifactTask}
YAML
cat >matrix.yaml <<YAML
name: matrix
entrypoint: one.yaml
replicates: $replicates
conditions: {c1: {rows: 1}, c2: {rows: 2}, c3: {rows: 3}, c4: {rows: 4}, c5: {rows: 5}, c6: {rows: 6}, c7: {rows: 7}, c8: {rows: 8}, c9: {rows: 9}, bad: {bad: -3}}
metrics: {loss: \$loss}
YAML
cells=$((replicates * 10))

# Each cell has ended well at most once, and nothing was run of it after that; what was complete before is.
cat >check.py <<'END_OF_CHECK'
import json, os, sys
jobs = json.load(open("out"))
done, newest = {}, {}
for job in sorted(jobs, key=lambda job: job["created"]):
    cell = job["tags"]["replicate"] + "/" + job["tags"]["condition"]
    assert cell not in done, "%s was complete, and was run again" % cell
    if job["state"] == "finished":
        assert job["tags"]["condition"] != "bad", "%s has failed, and is complete" % cell
        assert job["metrics"]["loss"]["count"] == 1 and job["artifacts"] == 1, job
        done[cell] = job["id"]
before = json.load(open("done.json")) if os.path.exists("done.json") else {}
for cell, job in before.items():
    assert done.get(cell) == job, "%s was complete, and is not" % cell
json.dump(done, open("done.json", "w"))
print(len(done))
END_OF_CHECK
check() {
	expect 0 kist query 'kind = cell' --json
	complete=$(python3 check.py) || fail 'a cell is not as it must be'
}

# Reads so many lines of what the experiment says.
read_lines() {
	count=$1
	while [ "$count" -gt 0 ] && read -r line <&4; do
		count=$((count - 1))
	done
}

struck=0 command=run
while [ $struck -lt $kills ]; do
	rm -f said
	mkfifo said
	kist experiment $command matrix.yaml --jobs 3 >said 2>err &
	pid=$!
	exec 4<said
	read_lines $((1 + struck * 7 % lines))
	if [ $((struck % 3)) = 2 ]; then
		# One lane first: another takes its place.
		lane=$(tr ' ' '\n' <"/proc/$pid/task/$pid/children" | head -n 1) || lane=
		[ ! "$lane" ] || kill -9 "$lane" 2>/dev/null || :
		read_lines 2
	fi
	kill -9 $pid 2>/dev/null || :
	wait $pid || :
	exec 4<&-
	struck=$((struck + 1)) command=resume
	check
done
at=$complete
status=0
kist experiment resume matrix.yaml --jobs 3 >out 2>err || status=$?
equal "$status" 1
check
equal "$complete" $((replicates * 9))
expect 0 kist experiment show matrix --json
python3 - "$replicates" <<'END_OF_CHECK' || fail 'the summary is wrong'
import json, sys
facts = json.load(open("out"))
assert facts["complete"] == 9 * int(sys.argv[1]) and facts["missing"] == 0, facts
for row in facts["metrics"]:
    rows = int(row["condition"][1:]) if row["condition"] != "bad" else 0
    assert row["n"] == (int(sys.argv[1]) if rows else 0), row
    assert not rows or (row["mean"] == sum(range(2 * rows)) and row["spread"] in (0, None)), row
END_OF_CHECK
whole
figure "experiment: cells" "$cells"
figure "experiment: kill -9" "$struck"
figure "experiment: complete when the last one struck" "$at"
figure "experiment: complete cells lost, run twice, or failed ones complete" 0 0
