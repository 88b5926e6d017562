# What a run folder says, summed up: of a job that ended, of one that failed, and of one whose folder is damaged.
runs=$HOME/.local/share/kist/runs
expect 0 kist init
expect 3 kist report nobody
expect 2 kist report
make_npy x.npy
expect 7 kist exec -q --id one --project p -- sh -c 'mkdir artifacts; cp x.npy artifacts; echo a,b >artifacts/t.csv
	echo 1,2 >>artifacts/t.csv; printf 12345; exit 7'
expect 0 kist report one
says out 'job one: failed (exit status 7)' 'project   p' 'kept      2 files: ' 'table 1' 'tensor 1' 'printed   5 ' 'took '
says_not out recover
expect 0 kist report on --json
says out '"files": 2' '"tensor": 1' '"printed": 5' '"state": "failed"' '"damaged": 0' '"alive": false'

# Its store was not there.
expect 0 kist --store away exec -q --id onward -- sh -c 'echo 1 >artifacts/one'
expect 0 kist report onward
says out 'job onward: finished' 'failed    ' 'kist job recover onward'
expect 1 kist report on
says err 'are 2 jobs'

# Lines that cannot be read are passed over.
{
	printf '{"artifact_name":"a","kind":"bytes","size_bytes":-1}\n{\n[]\n7\n\n{}\n'
	head -c 1100000 /dev/zero | tr '\0' x
	printf '\n{"artifact_name":"b","size_bytes":3}\n{"artifact_name":"b","size_bytes":4}\n{"artifact_name":'
} >"$runs/one/artifacts.jsonl"
printf '{"event_type":"failure","text":"\\u001b[2J"}\n{"event_type":7}\n' >"$runs/one/events.jsonl"
expect 0 kist report one
says out 'kept      2 files' 'in 3 times' 'failed    \x1b[2J' 'damaged   8 lines'
for facts in '[]' '{}' '{"state":7,"started_ns":-1,"error":[]}' '{"state":"x","started_ns":9223372036854775807,"ended_ns":1}'; do
	printf %s "$facts" >"$runs/one/run.json"
	expect 0 kist report one
	expect 0 kist report one --json
done
printf '{' >"$runs/one/run.json"
status=0
kist report one >out 2>err || status=$?
equal "$status" 4
