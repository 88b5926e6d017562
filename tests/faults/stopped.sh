# A command that is stopped by a signal says so in one line, ends by that signal, and what it says of the store is true.
#
# KIST_FAULTS=long: at every call.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
make_used_base
printf 'new\n' >new

# stopped COMMAND...: by a SIGINT at moment $at, which "strike" sends to its first child; sets $where.
stopped() {
	fresh
	status=0
	env --default-signal=INT "$strike" -o report -d 'read first rest </proc/$PPID/task/$PPID/children; kill -INT $first' -n "$at" "$@" \
		>said 2>err </dev/null || status=$?
	[ "$status" != 77 ] || {
		cat said
		exit 77
	}
	where="$*, stopped at $at ($(field struck)), ended with $status"
	equal "$where $(field stuck)" "$where 0"
}

is_there() {
	kist ls --json | grep -qF '"name": "new"'
}

[ -e /proc/self/task/$$/children ] || [ -e "/proc/$$/task/$$/children" ] || skip 'the kernel does not tell who is whose child'
points=0
told=0
for op in put verify gc; do
	case $op in
	put) set -- kist put new in/people.csv ;;
	verify) set -- kist verify ;;
	gc) set -- kist gc --all --grace 0 ;;
	esac
	at=0
	stopped "$@"
	spread "$(field calls)" 20 "$points"
	while read -r at; do
		stopped "$@"
		[ "$(field struck)" ] || continue
		points=$((points + 1))
		# Before it has read what it is to do, it has nothing to say.
		if [ "$status" = 130 ] && [ -s err ]; then
			told=$((told + 1))
			equal "$where $(grep -c "^kist: $op: stopped" err)" "$where 1"
		elif [ "$status" != 130 ] && [ "$status" != 0 ]; then
			fail "$where: $(cat err)"
		fi
		case $(cat err) in
		*'nothing of it is stored'*) ! is_there || fail "$where: it is stored" ;;
		*'all of it is stored'*) is_there || fail "$where: it is not stored" ;;
		esac
		kist verify >out 2>err || fail "$where: $(cat out err)"
		comes_back before before
		comes_back whole half
	done <moments
done
[ "$told" -gt $((points / 2)) ] || fail "only $told of $points said that they were stopped"
figure 'put, verify and gc stopped by a signal, moments' "$points"
figure 'stopped: things that are not as was said, stores not sound' 0 0
