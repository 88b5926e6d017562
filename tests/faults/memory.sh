# One allocation after another fails, of the program or of a library that it uses: no false success, no crash, a reason, no
# memory that is not given back, and the store is whole.
#
# KIST_FAULTS=long: every allocation.
. "$top_srcdir/tests/faults/lib.sh"
. "$top_srcdir/tests/faults/commands.sh"
grep -q "define KIST_SANITIZED" "$top_builddir/config.h" && skip "sanitizers have an allocator of their own"
library="$top_builddir/tests/support/no_memory.so"
in_memory
make_commands_base

# run K: command $op, whose Kth allocation fails.
run() {
	fresh
	rm -rf got report
	mkdir got
	status=0
	KIST_MEMORY_AT=$1 KIST_MEMORY_REPORT=$PWD/report LD_PRELOAD=$library $(words_of "$op") >said 2>err </dev/null || status=$?
	where="$op, allocation $1 of ${count:-?}, ended with $status"
}

tried=0
failed=0
leaked=0
for op in put get gc tag rm verify; do
	run 0
	[ -e report ] || skip 'nothing can be loaded before the C library'
	[ "$status" = 0 ] || fail "$where: undisturbed: $(cat err)"
	count=$(field allocations)
	live=$(field live)
	[ "$count" -gt 100 ] || fail "$op: only $count allocations were seen"
	spread "$count" 12 "$((tried * 31))"
	while read -r at; do
		run "$at"
		# Jansson cannot go on without memory, so the process ends there at once.
		[ -e report ] || {
			grep -qxF 'kist: out of memory while reading JSON' err || fail "$where: no report: $(cat err)"
			printf 'struck 1\nlive 0\n' >report
		}
		[ "$(field struck)" ] || continue
		tried=$((tried + 1))
		if [ "$status" != 0 ]; then
			failed=$((failed + 1))
			[ "$status" -lt 5 ] || fail "$where: $(cat err)"
			grep -q '^kist: ' err || fail "$where: no reason is given: $(cat err)"
		fi
		[ "$(field live)" -le "$live" ] || {
			leaked=$((leaked + 1))
			echo "$where: $(field live) blocks are left, not $live"
		}
		check_after
	done <moments
done
figure 'allocations that failed, of put, get, gc, tag, rm, verify' "$tried"
figure 'of these: failures that were told' "$failed"
figure 'failed allocations: crashes, false successes, lost or damaged artifacts' 0 0
figure 'failed allocations: with memory that was not given back' "$leaked" 0
