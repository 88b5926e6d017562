# A collector is killed at one system call after another, and its calls fail by a full and by a broken disk: what has a
# name is there, the next collector finishes what this one began, and nothing is said to be done that was not.
. "$top_srcdir/tests/faults/lib.sh"
in_memory

make_used_base
files='a.npy people.csv m.safetensors random.bin tree'

collected() {
	fresh
	status=0
	"$strike" -o report "$@" kist gc --all --grace 0 >said 2>err </dev/null || status=$?
	where="$* ($(field struck))"
	equal "$(field stuck)" 0
}

check_collected() {
	kist verify >out 2>err || {
		cat out err >&2
		fail "$where: the store is not sound"
	}
	for file in $files; do
		comes_back "$file" "in/$file"
	done
	comes_back whole half
	comes_back before before
	kist gc --all --grace 0 --json >facts 2>err || {
		cat err >&2
		fail "$where: the next collector fails"
	}
	says facts '"packs_unnamed": 0' '"short_of": ""'
	kist verify >out 2>err || fail "$where: the store is not sound after the next collector"
	for file in $files; do
		comes_back "$file" "in/$file"
	done
	comes_back whole half
	equal "$(find .kist/packs -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }')" \
		"$(sed -n 's/^ *"bytes_kept": \([0-9]*\),*$/\1/p' facts)"
}

# The run that nothing disturbs does what the test is for.
where='undisturbed'
collected
count=$(field calls)
equal "$status" 0
says said 'compacted'
says_not said ' 0 artifacts' 
check_collected
[ "$count" -gt 50 ] || fail "only $count calls were seen"

# How many calls of a name there are is what calls_of tells of puts: here of a collector.
calls_of() {
	collected "$@"
	field calls
}

killed=0
moments "$count" 3 4 linkat fsync unlinkat
while read -r how; do
	collected -k $how
	[ "$(field struck)" ] || continue
	equal "$status" 137
	killed=$((killed + 1))
	check_collected
done <moments
[ "$killed" -gt $((count / 8)) ] || fail "only $killed of $count moments were struck"

failed=0
for error in ENOSPC EIO; do
	moments "$count" 5 41 linkat fsync unlinkat
	while read -r how; do
		collected -e "$error" $how
		[ "$(field struck)" ] || continue
		equal "$(field left)" 0
		equal "$(field open_fds)" 0
		[ "$status" = 0 ] || {
			failed=$((failed + 1))
			[ "$status" -lt 5 ] || fail "$where: ended with $status"
			grep -q '^kist: ' err || fail "$where: no reason is given"
		}
		check_collected
	done <moments
done
[ "$failed" -gt 5 ] || fail "only $failed failures were noticed"
figure "kill -9 of gc and compaction, moments of $count" "$killed"
figure 'kill -9 of gc: acknowledged commits lost, unreadable artifacts, leftovers' 0 0
figure 'failed calls of gc that were told' "$failed"
