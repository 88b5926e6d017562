# Run folders go when there are many and the store has all that is in them; those of jobs that are dropped go with them.
runs=$HOME/.local/share/kist/runs
expect 0 kist init
export KIST_RETENTION_RUNS=2
expect 0 kist --store away exec -q --id away -- sh -c 'echo 1'
mkfifo up go
kist exec -q --id live -- sh -c ': >up; read -r word <go' &
agent=$!
until_met up
for id in a b c d; do
	expect 0 kist exec -q --id $id -- sh -c 'mkdir -p artifacts; echo "$KIST_JOB_ID" >artifacts/id; echo printed'
done
equal "$(ls "$runs" | tr '\n' ' ')" 'away c d live '
# What they said is in the store.
for id in a b c d; do
	equal "$(kist logs $id) $(kist cat jobs/$id/id)" "printed $id"
done
echo on >go
wait $agent
expect 0 kist init away
expect 0 kist job recover away
expect 0 kist exec -q --id last -- true
[ ! -e "$runs/away" ] || [ ! -e "$runs/c" ] || fail 'nothing went'
expect 0 kist --store away logs away
equal "$(cat out)" 1
expect 0 kist exec -q --id dropped -- true
[ -e "$runs/dropped" ] || fail 'it is gone at once'
expect 0 kist job rm dropped
[ ! -e "$runs/dropped" ] || fail 'the run folder of a job that was dropped is left'
expect 0 kist job recover
says out 'nothing is left'

# One of which a file could not be kept stays, also when its record is dropped.
mkdir -p artifacts
head -c 3000000 /dev/urandom >artifacts/large
expect 0 sh -c 'ulimit -f 1200; trap "" XFSZ; exec kist exec -q --id big -- true'
says "$runs/big/run.json" '"whole":false'
expect 0 kist job rm big
[ -e "$runs/big" ] || fail 'what could not be kept is forgotten'
expect 2 env KIST_RETENTION_RUNS=0 kist exec -- true
