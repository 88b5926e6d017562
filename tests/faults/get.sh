# A get that is killed, or one of whose system calls fails: nothing half-done stands under the name that was asked for,
# a failed one leaves nothing at all, and the next get is whole.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
make_base
fresh
truncate -s 300000 in/tree/hole
put_all >out 2>&1
rmdir back

# gets ARGUMENT...: a get of a file and a folder, struck; sets $status.
gets() {
	rm -rf back report
	mkdir back
	status=0
	"$strike" -o report "$@" kist get random.bin tree -o back >said 2>err </dev/null || status=$?
	[ "$status" != 77 ] || {
		cat said
		exit 77
	}
	where="get $* ($(field struck))"
	equal "$(field stuck)" 0
}

# whole: what stands under a name is all of it.
whole() {
	for name in random.bin tree; do
		[ ! -e "back/$name" ] || diff -r --no-dereference "in/$name" "back/$name" >&2 || fail "$where: $name"
	done
}

gets
equal "$status" 0
whole
count=$(field calls)
[ "$count" -gt 20 ] || fail "only $count calls were seen"

killed=0
moments "$count" 1 2
while read -r how; do
	gets -k $how
	[ "$(field struck)" ] || continue
	equal "$status" 137
	killed=$((killed + 1))
	whole
	rm -rf back/tree back/random.bin
	kist get random.bin tree -o back >out 2>err || fail "$where: the next get: $(cat err)"
	whole
done <moments
moments "$count" 2 2
for error in ENOSPC EIO; do
	while read -r how; do
		gets -e "$error" $how
		[ "$(field struck)" ] || continue
		equal "$(field open_fds)" 0
		whole
		if [ "$status" = 0 ]; then
			[ -e back/tree ] && [ -e back/random.bin ] || fail "$where: it is said to be there"
		else
			grep -q '^kist: ' err || fail "$where: no reason is given"
		fi
		# A working name begins with a dot; taking it away again is what may have failed.
		case $where in
		*unlink*) ;;
		*) equal "$where $(ls -A back | grep '^\.')" "$where " ;;
		esac
	done <moments
done
figure "kill -9 of get, moments of $count" "$killed"
figure 'kill -9 of get: half a file or folder under its name' 0 0
