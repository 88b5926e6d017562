# What the agent keeps: what could not be kept is kept by recover, and the store and the runs are no job's files.
runs=$HOME/.local/share/kist/runs
expect 0 kist init

# One file is too much for the store; the job is recorded all the same, names nothing that is not there, and is not done with.
mkdir artifacts
head -c 3000000 /dev/urandom >artifacts/large
echo 1 >artifacts/small
expect 0 sh -c 'ulimit -f 1200; trap "" XFSZ; exec kist exec --id big -- true'
says err '1 file could not be kept' 'kist job recover big'
kist cat kist:job/big >record
says record '"name":"jobs/big/small"' '"state":"finished"'
says_not record '"name":"jobs/big/large"'
says "$runs/big/run.json" '"failed":1' '"recorded":true'
expect 1 sh -c 'ulimit -f 1200; trap "" XFSZ; exec kist job recover big'
says out 'not all could be kept'
expect 0 kist job recover
says out 'job big is finished: 2 files kept'
kist cat jobs/big/large >got
same got artifacts/large
kist cat kist:job/big >record
says record '"name":"jobs/big/large"' '"state":"finished"'
expect 0 kist job recover
says out 'nothing is left'

# The artifact folder holds the store and the folder of runs: what is in them is no file of the job's.
rm -rf artifacts
mkdir all
expect 0 kist init all/store
expect 0 env KIST_RUNS_DIR="$PWD/all/runs" kist --store all/store exec --id whole --artifacts all -- \
	sh -c 'echo 1 >all/one; mkdir all/storehouse; echo 2 >all/storehouse/two'
says err '2 files kept'
expect 0 kist --store all/store ls jobs/whole/
says out jobs/whole/one jobs/whole/storehouse/two
says_not out store/
says_not out runs/
mkdir dot
cd dot
expect 0 kist init
expect 0 kist exec --id dot --artifacts . -- sh -c 'echo 1 >x'
cd ..
equal "$(kist --store dot/.kist ls --names jobs/dot/ | LC_ALL=C sort | tr '\n' ' ')" 'jobs/dot/err jobs/dot/out jobs/dot/x '
# And where it lies in one of them nothing is kept, and that is said.
mkdir -p .kist/inside
expect 0 kist exec --id in --artifacts .kist/inside -- sh -c 'echo 1 >.kist/inside/a'
says err 'lies in the store'
expect 3 kist ls jobs/in/
expect 0 kist verify
