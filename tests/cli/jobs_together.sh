# Many processes on one store: each with a job of its own, and all with one that is everybody's.
make_jobs=$top_builddir/tests/support/make_jobs
export KIST_STORE="$PWD/store"
kist init --quiet "$KIST_STORE"
echo '{"id":"shared","record":{"state":"started"}}' | "$make_jobs" "$KIST_STORE"

# worker NO: three changes of its own job, and three of the shared one.
worker() {
	for round in 1 2 3; do
		printf '{"id":"own-%s","record":{"project":"p%s"},"made":{"own/%s/%s":"%s"}}\n' "$1" "$round" "$1" "$round" "$1"
		printf '{"id":"shared","made":{"shared/%s/%s":"%s"}}\n' "$1" "$round" "$1"
	done | "$make_jobs" "$KIST_STORE"
}
workers=
for no in 1 2 3 4 5 6; do
	worker "$no" &
	workers="$workers $!"
done
for pid in $workers; do
	wait "$pid" || fail 'a worker fails'
done
equal "$(kist ls --names | grep -c '^shared/')" 18
equal "$(kist ls --names | grep -c '^own/')" 18
expect 0 kist job show shared --json
says out '"revision": 19'
equal "$(grep -c '"name": "shared/' out)" 18
expect 0 kist jobs
equal "$(grep -c '' out)" 8

# Of those who end one job at once, one does.
workers=
no=0
for state in finished failed stopped finished failed stopped; do
	no=$((no + 1))
	echo '{"id":"shared","record":{"state":"'$state'"},"made":{"end/'$no'":"x"}}' >"end$no"
	"$make_jobs" "$KIST_STORE" <"end$no" 2>"refused$no" &
	workers="$workers $!"
done
ended=0
for pid in $workers; do
	wait "$pid" && ended=$((ended + 1))
done
equal "$ended" 1
cat refused? >refused
equal "$(grep -c 'which cannot become\|already' refused)" 5
equal "$(kist ls --names end/ | grep -c '')" 1
expect 0 kist verify
