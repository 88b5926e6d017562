# kill -9 of what runs a job at one system call after another of its commits: a record that is finished has all that it
# names, what the job made is there only with its record, and the job can be gone on with.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
make_jobs=$top_builddir/tests/support/make_jobs
cat >steps <<'END'
{"id":"job","record":{"state":"started","owner":"gone"}}
{"id":"job","record":{"steps":[{"name":"one","state":"finished","inputs":[],"outputs":[{"name":"out","artifact":"@first"}]}]},"made":{"first":"made by step one"}}
{"id":"job","record":{"state":"finished"},"made":{"last":"made at the end"}}
END
kist init >/dev/null
kist jobs >/dev/null
mv .kist base
mv "$HOME/.cache" base.cache

# run_struck ARGUMENT...: the job, struck; sets $status.
run_struck() {
	fresh
	status=0
	"$strike" -o report "$@" "$make_jobs" .kist <steps >out 2>err || status=$?
	where="$* ($(field struck))"
}

# state: that of the job's record as it is committed; nothing for no record.
state() { kist cat kist:job/job 2>/dev/null | sed -n 's/.*"state":"\([a-z]*\)","steps".*/\1/p'; }

# named NAME: whether the record names it.
named() { kist cat kist:job/job 2>/dev/null | grep -q "\"name\":\"$1\""; }

check_job() {
	kist verify >out 2>err || {
		cat out err >&2
		fail "$where: the store is not sound"
	}
	for name in first last; do
		if named "$name"; then
			kist cat "$name" | grep -q '^made ' || fail "$where: the record names '$name', which is not there"
		else
			! kist cat "$name" >out 2>err || fail "$where: '$name' is there, and no record names it"
		fi
	done
	case $(state) in
	finished) named first && named last || fail "$where: finished, without what it made" ;;
	started | '') ! named last || fail "$where: the end was made, and it has not ended" ;;
	*) fail "$where: the state is '$(state)'" ;;
	esac
	kist jobs >out 2>err || fail "$where: jobs cannot be listed"
	# Whoever comes next goes on.
	kist job recover >out 2>err || fail "$where: recover fails"
	case $(state) in
	'' | finished | lost) ;;
	*) fail "$where: it is not called lost" ;;
	esac
}

run_struck
[ "$status" != 77 ] || {
	cat out
	exit 77
}
equal "$status" 0
count=$(field calls)
equal "$(state)" finished
[ "$count" -gt 30 ] || fail "only $count calls were seen"

killed=0
spread "$count" 20 5
while read -r n; do
	run_struck -k -n "$n"
	[ "$(field struck)" ] || continue
	equal "$status" 137
	killed=$((killed + 1))
	check_job
done <moments
run_struck -c linkat
seq 1 "$(field calls)" >moments
while read -r n; do
	run_struck -k -c linkat -n "$n"
	[ "$(field struck)" ] || continue
	killed=$((killed + 1))
	check_job
done <moments
[ "$killed" -gt 15 ] || fail "only $killed moments were struck"
figure "kill -9 of a job's commits, moments" "$killed"
figure "kill -9 of a job's commits: finished without artifacts, artifacts without a record" 0 0
