# A checkpoint of the log is made, read and mended while calls and allocations fail, one after another, and while the process
# is killed: the command has done what it was to do and says so; whoever has no index gets the right answers; and the next
# collector makes the checkpoint that is missing.
#
# KIST_FAULTS=long: every call, and every allocation.
. "$top_srcdir/tests/faults/lib.sh"
command -v python3 >/dev/null || skip 'no python3'
in_memory
library="$top_builddir/tests/support/no_memory.so"
long_log() { python3 "$top_srcdir/tests/cli/long_log.py" .kist "$1"; }

# keep_base: the store as it is now is what each run begins with.
keep_base() {
	kist ls --json >listed
	rm -rf base base.cache
	mkdir base
	cp -r .kist/packs .kist/checkpoints base
	cp -r "$HOME/.cache" base.cache
	ls .kist/log >log
}

# fresh: the store as it was at first.  Commits of then are not written to.
fresh() {
	rm -rf .kist/packs .kist/checkpoints "$HOME/.cache"
	ls .kist/log | comm -13 log - | sed 's|^|.kist/log/|' | xargs rm -f
	cp -r base/packs base/checkpoints .kist
	cp -r base.cache "$HOME/.cache"
	chmod -R u+w .kist/checkpoints
	case $op in
	repair) printf X | dd of=.kist/checkpoints/00000000000000001000 bs=1 seek=150 conv=notrunc 2>/dev/null ;;
	ls) rm -rf "$HOME/.cache" ;;
	esac
}

words_of() {
	case $1 in
	tag) echo kist tag before two ;;
	gc) echo kist gc --all --grace 0 ;;
	repair) echo kist repair ;;
	ls) echo kist ls --json ;;
	esac
}

# run ARGUMENT...: of strike; sets $status and $where.
run() {
	fresh
	status=0
	set -- "$@" $(words_of "$op")
	"$strike" -o report "$@" >said 2>err </dev/null || status=$?
	[ "$status" != 77 ] || {
		cat said
		exit 77
	}
	where="$* ($(field struck | tail -n 1) at $(field at | tail -n 1), ended with $status)"
	equal "$where $(field left)$(field stuck)" "$where 00"
}

# is_named NAME
is_named() {
	grep -qF "\"name\": \"$1\"" names
}

# Nobody is misled, with an index or without; the next collector makes the checkpoint that is missing, and those that are
# left are what the log says.
check() {
	kist ls --json >names
	is_named before && is_named one || fail "$where: names are lost"
	[ "$op" != tag ] || is_named two || fail "$where: it is not tagged"
	rm -rf "$HOME/.cache"
	kist ls --json >out 2>err || fail "$where: with no index: $(cat err)"
	cmp names out >&2 || fail "$where: other answers with no index"
	[ "$op" != repair ] || kist repair >out 2>err || fail "$where: the next repair: $(cat err)"
	kist gc --all --grace 0 >out 2>err || fail "$where: the next collector: $(cat err)"
	[ "$op" = repair ] || [ "$op" = ls ] || equal "$where $(ls -d .kist/checkpoints/*0003??? | wc -l)" "$where 1"
	[ "$(ls .kist/checkpoints | wc -l)" -le 3 ] || fail "$where: $(ls .kist/checkpoints)"
	# It reads all of the log, for each time.
	checked=$((${checked:-0} + 1))
	[ "${KIST_FAULTS:-}" != long ] && [ $((checked % 5)) != 1 ] || kist verify --quick >out 2>err || fail "$where: $(cat out err)"
	[ "$(kist cat before)" = before ] || fail "$where: 'before' came back as something else"
}

# last_calls COUNT STEP: the last ones of $op that change anything, to ./moments.
last_calls() {
	run
	equal "$status" 0
	calls=$(field calls)
	[ "${KIST_FAULTS:-}" = long ] && set -- "$1" 1
	seq $((calls - $1 + 1)) "$2" "$calls" >moments
}

# fails ERROR ARGUMENT...: of the calls that make a checkpoint.  What was done is done, and was said before.
fails() {
	error=$1
	shift
	run -e "$error" "$@"
	[ "$(field struck)" ] || return 0
	failed=$((failed + 1))
	case $(field at | tail -n 1) in
	*/said) ;;
	*)
		equal "$where" "${where% ended*} ended with 0)"
		says_not err checkpoint
		;;
	esac
	equal "$where $(field open_fds)" "$where 0"
	check
}

# A checkpoint of commit 1000, and something to collect.
printf 'before\n' >before
printf 'dead\n' >dead
kist init >/dev/null
kist put before dead >/dev/null
long_log 999
kist tag before one >/dev/null
kist rm dead >/dev/null
keep_base

# One that is mended is mended by the next, when not by this one.
op=repair
last_calls 12 6
while read -r at; do
	run -k -n "$at"
	check
	for error in EIO ENOSPC; do
		[ "${KIST_FAULTS:-}" = long ] || [ $error = EIO ] || continue
		run -e "$error" -n "$at"
		[ "$status" -lt 5 ] || fail "$where"
		[ "$status" = 0 ] || grep -q '^kist: ' err || fail "$where: no reason is given"
		mended=$((${mended:-0} + 1))
		check
	done
done <moments
figure 'calls that failed, or were the last, while one was mended' "$mended"

# One that cannot be read is not taken.
op=ls
read_calls=0
for call in pread64 openat2 getdents64; do
	run -c "$call"
	same listed said
	spread "$(field calls)" 2 "$read_calls"
	while read -r at; do
		run -c "$call" -n "$at" -e EIO
		read_calls=$((read_calls + 1))
		if [ "$status" = 0 ]; then
			cmp listed said >&2 || fail "$where: another list"
		else
			grep -q '^kist: ' err || fail "$where: no reason is given"
		fi
		check
	done <moments
done
figure 'calls that failed while an index was made from a checkpoint' "$read_calls"

# Commit 3000 is the next, and there are two checkpoints already.
op=tag
fresh
long_log 1999
kist tag before one >/dev/null
long_log 2999
keep_base
equal "$(ls base/checkpoints | wc -l)" 2

# The folder, the new file, the list and the old one that goes are the last 13 calls, then there is what gc says.
failed=0
killed=0
for op in tag gc; do
	[ "$op" = tag ] && last_calls 14 1 || last_calls 14 7
	equal "$(ls .kist/checkpoints | wc -l)" 2
	[ ! -e .kist/checkpoints/00000000000000001000 ] || fail "$op makes no checkpoint"
	while read -r at; do
		run -k -n "$at"
		equal "$where" "${where% ended*} ended with 137)"
		[ "$op" = gc ] || grep -q two said || fail "$where: it has not said what it did"
		killed=$((killed + 1))
		check
		for error in EIO ENOSPC EINTR SHORT; do
			case ${KIST_FAULTS:-}/$error$((at % 2)) in
			long/* | /EIO0 | /ENOSPC1) fails "$error" -n "$at" ;;
			esac
		done
	done <moments
	# From the file on, there is no room for anything.
	fails ENOSPC -a -n $((calls - 9))
done
figure 'kill -9 while a checkpoint is made, moments' "$killed"
figure 'calls that failed while a checkpoint was made' "$failed"

# no_memory K: $op, whose Kth allocation fails.
no_memory() {
	fresh
	rm -f report
	status=0
	KIST_MEMORY_AT=$1 KIST_MEMORY_REPORT=$PWD/report LD_PRELOAD=$library $(words_of "$op") >said 2>err </dev/null || status=$?
	where="$op, allocation $1, ended with $status"
}

if ! grep -q 'define KIST_SANITIZED' "$top_builddir/config.h"; then
	op=tag
	no_memory 0
	[ -e report ] || skip 'nothing can be loaded before the C library'
	live=$(field live)
	count=$(field allocations)
	last=60
	spread "$last" 6 0
	while read -r at; do
		no_memory $((count - last + at))
		equal "$where, $(field struck)" "$op, allocation $((count - last + at)), ended with 0, 1"
		says_not err checkpoint
		[ "$(field live)" -le "$live" ] || fail "$where: $(field live) blocks are left, not $live"
		check
	done <moments
	figure 'allocations that failed while a checkpoint was made' "$(wc -l <moments)"
fi
figure 'checkpoints: false successes, wrong answers, names lost' 0 0
