# kill -9 of an import, and one that a call fails in, at one system call after another: all of the bundle is in the store or
# nothing of it, and the next import brings it whole.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
make_base
fresh
put_all >/dev/null 2>&1 || fail 'the put'
# shellcheck disable=SC2086
kist export -b all.kistpack before $files >/dev/null
kist init empty >/dev/null
kist --store empty put before --name other >/dev/null

# import ARGUMENT...: into a store with one other name, struck; sets $status.
import() {
	rm -rf target "$HOME/.cache"
	cp -r empty target
	status=0
	"$strike" -o report "$@" kist --store target import all.kistpack >said 2>err </dev/null || status=$?
	[ "$status" != 77 ] || {
		cat said
		exit 77
	}
	where="$* ($(field struck))"
	equal "$(field stuck)" 0
}

# all_or_nothing: as many names as before, or all of them with their bytes.
all_or_nothing() {
	kist --store target verify >out 2>err || fail "$where: $(cat out err)"
	kist --store target ls --json | sed -n 's/^ *"name": "\(.*\)",*$/\1/p' | grep -v '^other$' >names || :
	kist --store target cat other | cmp - before || fail "$where: what was there before"
	# shellcheck disable=SC2086
	[ ! -s names ] || printf '%s\n' before $files | sort | cmp - names || fail "$where: a part of it is there"
	! [ -s said ] || [ -s names ] || fail "$where: it was acknowledged, and is not there"
}

# brought: the next import.
brought() {
	kist --store target import all.kistpack >out 2>err || fail "$where: the next import: $(cat err)"
	kist --store target verify --full >out 2>err || fail "$where: $(cat out err)"
	rm -rf back/*
	# shellcheck disable=SC2086
	kist --store target get before $files -o back >out 2>err || fail "$where: $(cat err)"
	for file in $files; do
		diff -r --no-dereference "in/$file" "back/$file" >&2 || fail "$where: $file came back as something else"
	done
}

import
equal "$status" 0
count=$(field calls)
[ "$count" -gt 50 ] || fail "only $count calls were seen"
killed=0
spread "$count" 25 5
while read -r at; do
	import -k -n "$at"
	[ "$(field struck)" ] || continue
	equal "$status" 137
	killed=$((killed + 1))
	all_or_nothing
	brought
done <moments
failed=0
spread "$count" 12 9
while read -r at; do
	for error in ENOSPC EIO; do
		import -e $error -n "$at"
		[ "$(field struck)" ] || continue
		failed=$((failed + 1))
		[ "$status" = 0 ] || [ ! -s said ] || fail "$where: it failed, and said that it is there"
		all_or_nothing
		brought
	done
done <moments
[ "$killed" -gt 15 ] || fail "only $killed moments were struck"
figure 'kill -9 of import, moments' "$killed"
figure 'import, calls that failed' "$failed"
figure 'import, killed or failing: imports that were neither whole nor absent' 0 0
