# What a job made and printed is given back: all of it, under its folder alone, verified; also when its agent was killed.
runs=$HOME/.local/share/kist/runs
expect 0 kist init
expect 0 kist exec -q --id one -- sh -c 'mkdir -p artifacts/models/a artifacts/models2 artifacts/x/data/y
	echo 1 >artifacts/models/a/w.bin; seq 2000 >artifacts/models2/w.bin; echo 3 >artifacts/run.sh
	echo 4 >artifacts/x/data/y/data.txt; chmod 750 artifacts/run.sh; touch -d @1000000000 artifacts/run.sh
	echo first; echo second >&2; printf "third"; printf " more\n"'

# Where a path ends in a slash, and a part of it comes again further down; names that others leave out; nothing at all.
expect 0 kist exec -q --id odds --artifacts data/ -- sh -c 'mkdir -p data/x/data data/jobs/1 data/venv/lib data/template
	echo 1 >data/x/data/y.txt; echo 2 >data/jobs/1/a; echo 3 >data/venv/lib/b.pyc; echo 4 >data/template/c; echo 5 >data/.git'
expect 0 kist retrieve artifacts --job_id odds --save_dir odds
diff -r data odds || fail 'not all of it came back'
expect 0 kist exec -q --id none --artifacts nothing -- true
expect 0 kist retrieve artifacts --job_id none --save_dir none
says out '0 files'

# Retrieving: names, modes and times; one folder alone; what is there is not replaced unasked.
expect 2 kist retrieve artifacts
expect 3 kist retrieve artifacts --job_id nobody
expect 3 kist retrieve artifacts --job_id one --source_dir model
says err "has made nothing in 'model'"
expect 1 kist retrieve artifacts --job_id one --source_dir ../one
[ ! -e models ] || fail 'something was retrieved'
for source in models ./models/ models//; do
	expect 0 kist retrieve artifacts --job_id one --save_dir got --source_dir $source -f
	equal "$(cd got && find . -type f)" ./models/a/w.bin
done
expect 1 kist retrieve artifacts --job_id one --save_dir got
says err 'got/models/a/w.bin' 'there already'
equal "$(cd got && find . -type f | LC_ALL=C sort | tr '\n' ' ')" \
	'./models/a/w.bin ./models2/w.bin ./run.sh ./x/data/y/data.txt '
equal "$(stat -c '%a %Y' got/run.sh)" '750 1000000000'
expect 0 kist retrieve artifacts --job_id one --save_dir got -f --json
says out '"job": "one"' '"path": "got/x/data/y/data.txt"'
same got/run.sh artifacts/run.sh
rm -rf got

# A wrong byte is not given out, and it is said.
mv .kist whole
cp -r whole .kist
for pack in $(find .kist/packs -type f); do
	chmod u+w "$pack"
	size=$(stat -c %s "$pack")
	head -c "$size" /dev/zero | dd of="$pack" bs=1 seek=100 count=400 conv=notrunc 2>/dev/null
done
expect 4 kist retrieve artifacts --job_id one --save_dir got
rm -rf .kist got
mv whole .kist

# The log: as it came, by stream, with times.
expect 0 kist logs one
equal "$(stat -c %s out)" 24
expect 0 kist logs --only out one
equal "$(cat out)" "$(printf 'first\nthird more')"
expect 0 kist logs --only err one
equal "$(cat out)" second
expect 0 kist logs -t one
grep -q '^20[0-9-]*T[0-9:]*Z out  third more$' out || fail 'no times'
expect 3 kist logs nobody
expect 2 kist logs --only both one
rm -r "$runs/one"
expect 0 kist logs one

# One that runs: its log is followed to its end, and the job is stopped from outside.
rm -rf artifacts
mkfifo go up
kist exec -q --id live -- sh -c 'mkdir artifacts; echo 1 >artifacts/a; echo ready; : >up; read -r word <go; echo "$word"' >/dev/null &
agent=$!
until_met up
kist logs -f live >followed &
logs=$!
echo done >go
wait $agent
wait $logs
equal "$(tr '\n' ' ' <followed)" 'ready done '
# Its agent was killed when all was kept, and before the run folder said so.
sed -i 's/"recorded":true/"recorded":false/; s/"state":"finished"/"state":"started"/' "$runs/live/run.json"
expect 0 kist job recover live
says out 'job live is finished'
kist exec -q --id long -- sh -c 'trap "echo asked; exit 0" TERM; : >up; sleep 1000 & wait' >/dev/null &
agent=$!
until_met up
expect 0 kist job stop long
says out 'job long is'
wait $agent
expect 0 kist logs long
says out asked
expect 1 kist job stop long
says err 'has ended'
status=0
kist exec -q --id hard -- sh -c 'trap "" TERM; : >up; exec sleep 1000' >/dev/null &
agent=$!
until_met up
expect 0 kist job stop --kill hard
says out 'job hard is stopped'
wait $agent || status=$?
equal $status 137

# A job of "kist run" that is killed cannot say how it ended.
printf 'graph: {a: {exec: [sh, -c, ": >%s/up; exec sleep 1000"]}}\n' "$PWD" >flow.yaml
kist run -q flow.yaml >/dev/null 2>&1 &
agent=$!
until_met up
id=$(kist jobs --state started --json | sed -n 's/.*"id": "\([^"]*\)".*/\1/p')
expect 0 kist job stop --kill "$id"
says out "job $id is lost"
wait $agent || :

# Its agent is killed: what was closed before is kept already, the rest is kept by recover, once.
rm -rf artifacts
kist exec -q --id shot -- sh -c 'echo $$ >program; echo "${KIST_SOCKET%/*}" >folder; mkdir artifacts; echo 1 >artifacts/a; read -r word <go; echo 2 >artifacts/b' &
agent=$!
until_said "$runs/shot/artifacts.jsonl" '"a"'
expect 1 kist job recover shot
says err 'is at work'
kill -KILL $agent
wait $agent || :
# Its program still writes.
expect 1 kist job recover shot
says err 'still runs'
echo on >go
until_gone "$(cat program)"
expect 0 kist job recover shot
says out 'job shot is lost'
[ ! -e "$(cat folder)" ] || fail 'the folder of its socket is left'
kist cat kist:job/shot >record
says record '"state":"lost"' 'jobs/shot/b' '"partial":true'
equal "$(kist cat jobs/shot/a)$(kist cat jobs/shot/b)" 12
expect 0 kist job recover
says out 'nothing is left'
expect 3 kist job recover nobody
# An agent that has just begun, or never did.
mkdir "$runs/empty"
expect 0 kist job recover
equal "$(ls "$runs/empty")" ''

# Names of any bytes, below a folder of any bytes.
odd=$(printf 'o\377d\n')
expect 0 kist --store far exec -q --id odd --artifacts "$odd" -- sh -c 'mkdir "$1"; echo 1 >"$1/a
b"; echo 2 >"$1/$1"; mkfifo "$1/pipe"; ln -s nowhere "$1/link"' sh "$odd"
expect 0 kist init far
expect 0 kist job recover odd
says out 'job odd is finished: 2 files kept'
KIST_STORE=far
export KIST_STORE
expect 0 kist retrieve artifacts --job_id odd --save_dir gotten
same "gotten/a
b" "$odd/a
b"
same "gotten/$odd" "$odd/$odd"
unset KIST_STORE
# And in a folder of any bytes, where the store is, too.
mkdir "in$odd"
(
	cd "in$odd"
	expect 0 kist --store near exec -q --id near --project "p$odd" -- echo ran
	equal "$(cat out)" ran
	expect 0 kist init near
	expect 0 kist job recover near
	says out 'job near is finished'
	expect 0 kist --store near logs near
	expect 2 kist exec --tag "$odd=x" -- touch ran
	[ ! -e ran ] || fail 'a job ran without its tag'
)

# Facts that somebody has spoiled are no way to anything.
cp -r "$runs/odd" saved
for facts in '' '{' '[]' '{"run_id":"odd"}' '{"run_id":"odd","store":1}' '{"run_id":"another","store":"far"}' \
	'{"run_id":"odd","store":"far","artifact_path":7}' '{"run_id":"odd","store":"far","artifact_path":"a","artifact_path_bytes":"zz"}' \
	'{"run_id":"odd","store":"far","command":7,"program":[],"socket":"/etc/hostname"}' \
	'{"run_id":"odd","store":"far","command":[7],"exit_status":1e99,"failed":"x"}'; do
	printf %s "$facts" >"$runs/odd/run.json"
	status=0
	kist job recover odd >out 2>err || status=$?
	[ "$status" -le 4 ] || fail "'$facts': recover ended with $status"
	[ -e /etc/hostname ] || fail 'a file was removed'
done
rm -r "$runs/odd"
mv saved "$runs/odd"

# One whose store was not there; meanwhile another job wrote to the same folder.
rm -rf artifacts
expect 3 kist --store away exec -q --id early -- sh -c 'mkdir artifacts; echo 1 >artifacts/early; exit 3'
expect 0 kist exec -q --id later -- sh -c 'echo 2 >artifacts/later'
expect 3 kist job recover early
expect 0 kist init away
expect 0 kist job recover early
says out 'job early is failed: 1 file kept'
expect 0 kist --store away ls jobs/early/
says_not out later
expect 0 kist verify
