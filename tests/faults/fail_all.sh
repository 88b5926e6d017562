# Everything that a command asks of the system fails, one call after another: by a broken and a full disk, by a quota, by a
# signal, by half of a write; and from one call on, everything that needs room.  No false success, nothing left open, and
# the store is whole afterwards.
#
# KIST_FAULTS=long: every call.
. "$top_srcdir/tests/faults/lib.sh"
. "$top_srcdir/tests/faults/commands.sh"
in_memory
make_commands_base

# run COMMAND ARGUMENT...: of strike; sets $status and $where.
run() {
	op=$1
	shift
	fresh
	[ "$op" != get ] || {
		rm -rf got
		mkdir got
	}
	[ "$cache" = yes ] || rm -rf "$HOME/.cache"
	status=0
	set -- "$@" $(words_of "$op")
	"$strike" -o report "$@" >said 2>err </dev/null || status=$?
	[ "$status" != 77 ] || {
		cat said
		exit 77
	}
	where="$* ($(field struck | tail -n 1) at $(field at | tail -n 1), index: $cache, ended with $status)"
	equal "$(field stuck)" 0
}

check() {
	equal "$where $(field left)" "$where 0"
	if [ "$status" = 0 ]; then
		succeeded=$((succeeded + 1))
	else
		failed=$((failed + 1))
		[ "$status" -lt 5 ] || fail "$where"
		grep -q '^kist: ' err || fail "$where: no reason is given: $(cat err)"
	fi
	equal "$where $(field open_fds)" "$where 0"
	case $op/$(field struck | tail -n 1)/$(field at | tail -n 1) in
	# Nobody knows whether it is on disk.  On a full disk, rm gives up the spare bytes and writes a new file.
	put/fsync/*/.kist* | tag/fsync/*/.kist* | rm/fsync/*/.kist*)
		case $op/$error/$status in
		*/EINTR/* | rm/ENOSPC/0 | rm/EDQUOT/0) ;;
		*/0) fail "$where: it is said to be kept" ;;
		esac
		;;
	# With no index, the index is made first, of what the check then reads itself.
	verify/pread64/*/.kist/*) [ "$cache" = no ] || check_read ;;
	esac
	check_after
}

# What could not be read was not verified, unless it was read again: that is a call more than usual.
check_read() {
	[ "$status" != 0 ] || [ "$error" = EINTR ] || [ "$(field calls)" -gt "$count" ] ||
		fail "$where: it is said to be sound"
}

tried=0
failed=0
succeeded=0
seed=0
# strike_all COMMAND ERROR POINTS ARGUMENT...
strike_all() {
	what=$1
	error=$2
	points=$3
	shift 3
	run "$what" "$@"
	[ "$status" = 0 ] || fail "$where: undisturbed: $(cat err)"
	seed=$((seed + 7))
	count=$(field calls)
	# What is done before the program itself runs is not its own.
	loader=0
	case ${2:-} in
	mmap | pread64)
		"$strike" -o report "$@" kist --version >out
		loader=$(field calls)
		;;
	esac
	spread $((count - loader)) "$points" "$seed"
	while read -r at; do
		run "$what" "$@" -e "$error" -n $((at + loader))
		[ "$(field struck)" ] || continue
		tried=$((tried + 1))
		check
	done <moments
}

cache=yes
for what in put get gc tag rm verify; do
	for error in EIO ENOSPC; do
		strike_all "$what" "$error" 2
	done
	for error in EDQUOT EINTR; do
		strike_all "$what" "$error" 1
	done
	strike_all "$what" ENOSPC 2 -a
	strike_all "$what" EIO 1 -a
	strike_all "$what" EIO 2 -c fsync
	for call in write pwrite64; do
		strike_all "$what" SHORT 1 -c "$call"
	done
	strike_all "$what" EIO 2 -c pread64
	strike_all "$what" EIO 1 -c getdents64
	# A sanitizer ends the process when it gets no memory for itself.
	grep -q 'define KIST_SANITIZED' "$top_builddir/config.h" || strike_all "$what" ENOMEM 1 -c mmap
done
# Every read of a verify, be it one that others make up for.
error=EIO
run verify -c pread64
count=$(field calls)
"$strike" -o report -c pread64 kist --version >out
seq $(($(field calls) + 1)) "$count" >reads
while read -r at; do
	run verify -c pread64 -e EIO -n "$at"
	case $(field at | tail -n 1) in
	*/.kist/*) check_read ;;
	esac
	tried=$((tried + 1))
done <reads
# With no index, all of it is read from the packs.
cache=no
for what in put get gc tag rm verify; do
	strike_all "$what" EIO 2 -c pread64
	strike_all "$what" EIO 1 -c openat2
done
figure 'calls that failed, of put, get, gc, tag, rm, verify' "$tried"
figure 'of these: failures that were told' "$failed"
figure 'failed calls: false successes, lost or damaged artifacts' 0 0
[ "$failed" -gt 30 ] || fail "only $failed of $tried failures were noticed"
