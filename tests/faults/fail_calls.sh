# One system call after another fails, by a full disk and by a broken one: no false success, a clear error, nothing
# half-done.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
make_base
count=$(calls_of)

failed=0
seen=0
for error in ENOSPC EIO; do
	if [ "$error" = ENOSPC ]; then
		moments "$count" 1 24 write linkat openat
	else
		moments "$count" 4 12 fsync
	fi
	while read -r how; do
		struck -e "$error" $how
		[ "$(field struck)" ] || continue
		seen=$((seen + 1))
		equal "$(field left)" 0
		equal "$(field open_fds)" 0
		if [ "$status" = 0 ]; then
			# What failed was not needed, as the index on the host: all of it is there.
			for file in $files; do
				comes_back "$file" "in/$file"
			done
		else
			failed=$((failed + 1))
			[ "$status" -lt 5 ] || fail "$where: ended with $status"
			grep -q '^kist: ' err || {
				cat err >&2
				fail "$where: no reason is given"
			}
		fi
		check_store
	done <moments
done
[ "$failed" -gt 10 ] || fail "only $failed of $seen failures were noticed"
figure "failed calls of put, of $count" "$seen"
figure 'failed calls of put: false successes, descriptors or processes left' 0 0
