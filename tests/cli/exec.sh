# The agent beside a job: what a program writes is kept while it runs, however it ends; the program feels none of it.
runs=$HOME/.local/share/kist/runs
record() { # ID: its record
	kist cat "kist:job/$1"
}
expect 0 kist init

# Its output, input, environment and exit status are its own.
printf 'a\0b\n\377' >given
expect 7 kist exec --id one --project p -p lr=0.5 --tag team=x -- \
	sh -c 'cat; echo "$KIST_JOB_ID" >&2; mkdir -p artifacts/sub; echo x >artifacts/sub/.hidden.bin; exit 7' <given
same out given
says err one 'job one failed (exit status 7): 1 file kept'
equal "$(kist cat jobs/one/sub/.hidden.bin)" x
record one >record
says record '"state":"failed"' '"exit_status":7' '"project":"p"' '"lr":0.5' '"team":"x"' '"partial":true' \
	'"name":"jobs/one/sub/.hidden.bin"'
kist cat kist:part/one/output >log
says log one
equal "$(stat -c %s log)" "$(($(stat -c %s given) + 4))"
equal "$(stat -c %a "$runs/one")" 700
says record "\"lease\":\"$runs/one/heartbeat\""
[ -f "$runs/one/heartbeat" ] || fail 'there is no heartbeat'
says "$runs/one/artifacts.jsonl" '"artifact_name":"sub/.hidden.bin"' '"run_id":"one"' '"schema_version":1'
says "$runs/one/run.json" '"state":"failed"'

# What was asked for, with its digest; what came of it, in short.
(cd "$runs/one" && sha256sum -c manifest.lock >/dev/null) || fail 'the lock does not fit the manifest'
says "$runs/one/run.json" "\"manifest_lock\":\"$(cut -d' ' -f1 "$runs/one/manifest.lock")\""
says "$runs/one/manifest.json" '"params":{"lr":0.5}' '"tags":{"team":"x"}' '"project":"p"'
says "$runs/one/summary.json" '"state":"failed"' '"exit_status":7' '"files":1' '"max_rss_bytes":'
says "$runs/one/artifacts.jsonl" '"location":"jobs/one/sub/.hidden.bin"' '"component":""' '"task_name":""' '"digest":"' '"kind":"'
kist exec -q --id same --project p -p lr=0.5 --tag team=x -- true
kist exec -q --id again --project p -p lr=0.5 --tag team=x -- true
kist exec -q --id other --project p -p lr=0.6 --tag team=x -- true
same "$runs/same/manifest.lock" "$runs/again/manifest.lock"
! cmp -s "$runs/same/manifest.lock" "$runs/other/manifest.lock" || fail 'another parameter has the same lock'

# An id is taken once; the program does not run then.
expect 1 kist exec --id one -- touch ran
[ ! -e ran ] || fail 'a job ran under an id that is taken'

# What cannot be started ends as in a shell.
expect 127 kist exec -- ./nothing-here
says err 'there is no such program'
expect 126 kist exec -- ./given
expect 2 kist exec --time-limit 0s -- true
expect 2 kist exec

# A program that crashes half-way, and one that never closes its file.
rm -rf artifacts
expect 139 kist exec --id crash -- sh -c 'mkdir artifacts; echo 1 >artifacts/whole; exec 3>artifacts/open
	echo 2 >&3; kill -SEGV $$'
says err 'signal 11 (SIGSEGV)'
equal "$(kist cat jobs/crash/whole)$(kist cat jobs/crash/open)" 12

# Files are kept while it runs: the program waits until the agent has said so.
rm -rf artifacts
expect 0 kist exec --id live --ignore '*.tmp' --ignore 'no/*' -- sh -c '
	. "$top_srcdir/tests/lib.sh"
	until_kept() { until_said "$0" "\"$1\""; }
	mkdir -p artifacts/deep/er; echo 1 >artifacts/deep/er/a; until_kept deep/er/a
	echo 2 >artifacts/x.tmp; mv artifacts/x.tmp artifacts/x; until_kept x
	mkdir artifacts/new; mv artifacts/new artifacts/moved; echo 3 >artifacts/moved/b; until_kept moved/b
	rm -r artifacts; mkdir artifacts; echo 4 >artifacts/again; until_kept again
	mkdir artifacts/no; echo 5 >artifacts/no/c; echo 6 >artifacts/c.tmp' "$runs/live/artifacts.jsonl"
says err 'job live finished: 4 files kept'
record live >record
says record '"state":"finished"'
says_not record partial
expect 0 kist ls jobs/live/
says_not out tmp
says_not out /no/

# What a plugin refuses is kept as bytes, with the reason.
rm -rf artifacts
expect 0 kist exec --id torn -- sh -c 'mkdir artifacts; printf "\223NUMPY\001" >artifacts/torn.npy'
expect 0 kist show jobs/torn/torn.npy
says out reason

# Signals go to the program; SIGUSR1 keeps what is there.
rm -rf artifacts
: >asked.out
kist exec --id asked -- sh -c 'trap "exit 4" TERM; mkdir artifacts; exec 3>artifacts/open; echo 1 >&3; echo ready
	sleep 1000 & wait' >asked.out 2>asked.err &
agent=$!
until_said asked.out ready
kill -USR1 $agent
until_said "$runs/asked/artifacts.jsonl" '"open"'
kill -TERM $agent
status=0
wait $agent || status=$?
equal $status 4
record asked >record
says record '"state":"stopped"'

# What nohup ignores, the program and its agent ignore.
expect 0 sh -c 'trap "" HUP; exec kist exec -q --id nohup -- sh -c "kill -HUP \$PPID; kill -HUP \$\$; echo survived"'
says out survived
record nohup >record
says record '"state":"finished"'

# Nor does it matter who started it how.
expect 5 python3 -c 'import os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp("kist", ["kist", "exec", "-q", "--", "sh", "-c", "exit 5"])'

# Its time is up.
expect 143 kist exec --id late --time-limit 1s -- sleep 60
says err 'longer than its time limit of 1 s'
record late >record
says record '"state":"failed"' '"signal":15'

# A store that is not there is not the program's trouble; nor is a folder of runs that cannot be written.
rm -rf artifacts
expect 3 kist --store nowhere exec --id lone -- sh -c 'mkdir artifacts; echo 1 >artifacts/a; echo fine; exit 3'
says out fine
says err 'warning' 'the store does not say so'
expect 0 kist --store nowhere logs lone
says out fine
rm -rf artifacts
expect 0 env XDG_DATA_HOME=/dev/null kist exec --id folderless -- sh -c 'mkdir artifacts; echo 1 >artifacts/a; echo fine'
says out fine
equal "$(kist cat jobs/folderless/a)" 1

# A disk that has no room for what a program prints is not the program's trouble, either; the log has it.
expect 5 sh -c 'exec kist exec --id noroom -- sh -c "seq 100000; seq 100000; exit 5" >/dev/full'
says err 'No space left' "'kist logs noroom' has them"
equal "$(kist logs noroom | wc -l)" 200000

# A reader that does not read, as a pager that is left alone, holds back neither a time limit nor who asks for an end.
mkfifo unread begun
exec 9<>unread
expect 0 sh -c 'exec kist exec --id unread --time-limit 1s --grace 1s -- sh -c "exec head -c 130000 /dev/zero" >unread'
says err 'were not passed on: their reader did not read' "'kist logs unread' has them"
equal "$(kist logs unread | wc -c)" 130000
record unread >record
says record '"state":"finished"'
kist exec -q --id unheard -- sh -c ': >begun; exec yes' >unread &
agent=$!
until_met begun
expect 0 kist job stop --kill unheard
says out 'job unheard is stopped'
wait $agent || :
exec 9>&-

# A reader that goes away is felt as without the agent.
kist exec -q --id head -- sh -c 'yes || :' 2>/dev/null | head -1 >first
equal "$(cat first)" y
expect 0 kist verify
