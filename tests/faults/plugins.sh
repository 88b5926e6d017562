# kill -9, a full disk and a broken one at each call of "plugin install" and "plugin remove": afterwards there is one whole
# plugin with its pin, the old one or the new one, or, of a removal, none; and the next installation goes through.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
plugins=$HOME/.local/share/kist/plugins
for version in 1.0.0 1.1.0; do
	save_cc=${CC:-cc}
	CC="$save_cc -DTINY_VERSION=\"$version\""
	make_tiny $version org.example.tiny $version
	CC=$save_cc
done
expect 0 kist plugin install --trust 1.0.0
cp -r "$HOME" base
points=8

again() {
	rm -rf "$HOME"
	cp -r base "$HOME"
}
# look: what is there is whole; sets $found to its version, or to nothing
look() {
	expect 0 kist plugin list --quiet
	found=$(sed -n 's/^org.example.tiny  *\([0-9.]*\)  *ready.*/\1/p' out)
	! grep 'org.example.tiny' out | grep -v ready | grep . || fail "$where: it is there and not ready"
}
mended() {
	expect 0 kist plugin install --trust --allow-downgrade 1.0.0
	equal "$(ls -A "$plugins")" org.example.tiny
	equal "$(grep -o '"manifest"' "$HOME/.config/kist/trusted.json" | wc -l)" 1
	look
	equal "$found" 1.0.0
}
count_calls() {
	"$strike" -o report "$@" >/dev/null 2>&1 || {
		[ $? != 77 ] || skip 'the kernel does not let calls be watched'
		fail "'$*' fails undisturbed"
	}
	field calls
}
old=0
new=0
strike_all() { # HOW COMMAND...: at every call of it
	how=$1
	shift
	again
	count=$(count_calls "$@")
	spread "$count" $points 1
	while read -r at; do
		where="$* $how at call $at of $count"
		again
		status=0
		# shellcheck disable=SC2086
		"$strike" -o report $how -n "$at" "$@" >out 2>err || status=$?
		[ "$status" != 0 ] || [ "$how" != -k ] || continue
		done_status=$status
		cp err struck.err
		look
		case $* in
		*remove*)
			case $found in
			'' | 1.0.0) ;;
			*) fail "$where: '$found' is there" ;;
			esac
			;;
		*)
			case $found in
			1.0.0) old=$((old + 1)) ;;
			1.1.0) new=$((new + 1)) ;;
			*) fail "$where: there is none" ;;
			esac
			[ "$done_status" != 0 ] || equal "$found" 1.1.0
			;;
		esac
		[ "$done_status" = 0 ] || [ "$how" = -k ] || grep -q '^kist: ' struck.err || fail "$where: no reason is given"
		mended
	done <moments
}
for how in -k '-e ENOSPC' '-e EIO'; do
	strike_all "$how" kist plugin install --trust 1.1.0
	strike_all "$how" kist plugin remove org.example.tiny
done
[ $old -gt 0 ] || fail 'no installation was stopped before it was done'
figure 'installations of a plugin that were stopped' "$((old + new))"
