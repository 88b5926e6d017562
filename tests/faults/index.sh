# The index on the host is deleted, or overwritten, while a command runs, at one system call after another: the command does
# what it would have done, and all answers are the same afterwards.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
make_used_base
printf 'new\n' >new

answers() {
	kist ls --json && kist ls --json --all 2>/dev/null || :
	kist cat before && kist cat whole | sha256sum && kist du --json
}

words_of() {
	case $1 in
	put) echo kist put new in/people.csv ;;
	get) echo kist get random.bin -o got ;;
	tag) echo kist tag before kept ;;
	rm) echo kist rm whole ;;
	gc) echo kist gc --all --grace 0 ;;
	ls) echo kist ls --json ;;
	verify) echo kist verify --full ;;
	esac
}

# ask COMMAND HOW ARGUMENT...: runs it, and compares with what an undisturbed one gave.
ask() {
	fresh
	rm -rf got
	mkdir got
	op=$1
	shift
	set -- "$@" $(words_of "$op")
	status=0
	"$strike" -o report "$@" >said 2>err </dev/null || status=$?
	[ "$status" != 77 ] || {
		cat said
		exit 77
	}
	where="$* ($(field struck) at $(field at))"
	[ "$status" = 0 ] || fail "$where: $(cat err)"
}

# What differs from run to run: when it was.
no_times() {
	grep -v '"time"\|"stored"\|T[0-9:]*Z' "$1"
}

count_points=0
for op in put get tag rm gc ls verify; do
	ask "$op"
	calls=$(field calls)
	cp said said.wanted
	case $op in
	put | tag | rm) kist ls --json | no_times - >wanted ;;
	gc) kist ls --json >wanted ;;
	*) answers >wanted ;;
	esac
	for how in 'rm -rf home/.cache' 'find home/.cache -name "*.sqlite" -exec truncate -s 5000 {} +'; do
		for call in '' '-c pread64' '-c fcntl'; do
			ask "$op" $call
			count_points=$((count_points + 1))
			spread "$(field calls)" 2 "$count_points"
			while read -r at; do
				ask "$op" $call -d "cd ..; $how" -n "$at"
				[ "$(field struck)" ] || continue
				points=$((${points:-0} + 1))
				case $op in
				put | tag | rm) kist ls --json | no_times - >answered ;;
				gc) kist ls --json >answered ;;
				ls) cmp said said.wanted >&2 || fail "$where: another list" ;;
				get) cmp got/random.bin in/random.bin >&2 || fail "$where: another file" ;;
				esac
				case $op in
				get | ls | verify) answers >answered ;;
				esac
				cmp wanted answered >&2 || fail "$where: other answers"
				kist verify >out 2>err || fail "$where: $(cat err)"
			done <moments
		done
	done
done
figure 'index deleted or cut short at a moment of a command' "$points"
figure 'index deleted: commands that failed, other answers' 0 0
