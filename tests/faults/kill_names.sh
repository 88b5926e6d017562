# kill -9 of tag and rm at one system call after another: the name means what it meant or what it was to mean, and all else
# is as it was.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
make_used_base

# killed COMMAND...: at moment $at; sets $where.
killed() {
	fresh
	status=0
	"$strike" -o report -k -n "$at" "$@" >said 2>err </dev/null || status=$?
	[ "$status" != 77 ] || {
		cat said
		exit 77
	}
	where="$*, killed at $at ($(field struck))"
	equal "$(field stuck)" 0
}

# means NAME CONTENT...: one of these; none: nothing.
means() {
	if ! kist cat "$1" >meant 2>err; then
		grep -q 'nothing has this name' err || fail "$where: $(cat err)"
		echo nothing >meant
	fi
	shift
	for content; do
		! cmp -s "$content" meant || return 0
	done
	fail "$where: something else has the name"
}

echo nothing >nothing
points=0
for op in tag retag rm; do
	at=0
	case $op in
	tag) name=kept old=nothing new=before ;;
	retag) name=whole old=half new=before ;;
	rm) name=whole old=half new=nothing ;;
	esac
	[ "$op" = rm ] && set -- kist rm whole || set -- kist tag before "$name"
	killed "$@"
	spread "$(field calls)" 14 "$points"
	while read -r at; do
		killed "$@"
		[ "$(field struck)" ] || continue
		equal "$status" 137
		points=$((points + 1))
		if [ -s said ]; then means "$name" "$new"; else means "$name" "$new" "$old"; fi
		kist verify >out 2>err || fail "$where: $(cat out err)"
		[ "$name" = whole ] || means whole half
		means before before
		rm -rf back/*
		kist get $files -o back >out 2>err || fail "$where: $(cat err)"
		"$@" >out 2>err || [ "$op" = rm ] || fail "$where: the next one: $(cat err)"
		means "$name" "$new"
	done <moments
done
figure 'kill -9 of tag and rm, moments' "$points"
figure 'kill -9 of tag and rm: names that mean something else' 0 0
