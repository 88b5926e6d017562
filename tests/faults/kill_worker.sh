# kill -9 of the worker at one system call after another: kist says so, keeps the other files of the put, and the next
# one is served by a new worker.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
make_base
count=$(calls_of -w worker)
[ "$count" -gt 50 ] || fail "only $count calls were seen"

killed=0
moments "$count" 2 7
while read -r how; do
	struck -w worker -k $how
	[ "$(field struck)" ] || continue
	killed=$((killed + 1))
	equal "$(field left)" 0
	equal "$(field open_fds)" 0
	if [ "$status" = 0 ]; then
		says said '5 kept'
	else
		equal "$status" 1
		grep -q 'worker\|crash\|plugin\|signal' err || {
			cat err >&2
			fail "$where: nobody says that the worker died"
		}
		# It took one file with it at most.
		says said '4 kept'
	fi
	check_store
done <moments
[ "$killed" -gt $((count / 9)) ] || fail "only $killed of $count moments were struck"
figure "kill -9 of a worker, moments of $count" "$killed"
figure 'kill -9 of a worker: commits lost, unreadable artifacts, processes left' 0 0
