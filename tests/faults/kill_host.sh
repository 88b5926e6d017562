# kill -9 of kist at one system call after another of a put: what was acknowledged is there, what was not leaves nothing
# that a later put or verify trips over, and no process stays behind.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
make_base
count=$(calls_of)
[ "$count" -gt 50 ] || fail "only $count calls were seen"
equal "$(field left)" 0
equal "$(field open_fds)" 0

killed=0
moments "$count" 2 6 linkat fsync
while read -r how; do
	struck -k $how
	# The count may differ by a few: how messages of the worker come in is not kist's to say.
	[ "$(field struck)" ] || continue
	equal "$status" 137
	killed=$((killed + 1))
	# What was said is kept; it is said in one go.
	if [ -s said ]; then
		for file in $files; do
			comes_back "$file" "in/$file"
		done
	fi
	check_store
done <moments
[ "$killed" -gt $((count / 5)) ] || fail "only $killed of $count moments were struck"
figure "kill -9 of put, moments of $count" "$killed"
figure 'kill -9 of put: acknowledged commits lost, unreadable artifacts' 0 0
