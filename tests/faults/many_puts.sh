# Eight processes put at one store at once, and nothing is lost; nothing of a process outlives it, and nothing piles up
# in one that makes many calls.
. "$top_srcdir/tests/faults/lib.sh"
kist init >/dev/null
for p in 1 2 3 4 5 6 7 8; do
	(
		mkdir "p$p"
		for i in $(seq 20); do
			printf 'x,y\n%d,%d\n' "$p" "$i" >"p$p/f$i.csv"
			kist put "p$p/f$i.csv" --name "p$p/f$i.csv" >"p$p/said" || echo "$p $i" >>lost
		done
	) &
done
wait
[ ! -e lost ] || fail "puts failed: $(cat lost)"
kist verify >out
equal "$(kist ls --json | grep -c '"name": "p')" 160
for p in 1 2 3 4 5 6 7 8; do
	mkdir "back$p"
	for i in $(seq 20); do
		echo "p$p/f$i.csv"
	done | xargs kist get -o "back$p" >/dev/null
	rm "p$p/said"
	diff -r "p$p" "back$p" >&2 || fail "process $p lost something"
done

# A put of 200 files of three plugins leaves as many descriptors open as a put of 3: none.
mkdir many
for i in $(seq 200); do
	case $((i % 3)) in
	0) make_npy "many/$i.npy" ;;
	1) make_csv "many/$i.csv" ;;
	2) make_safetensors "many/$i.safetensors" ;;
	esac
done
"$strike" -o report kist put many/3.npy many/4.csv many/5.safetensors >out || {
	status=$?
	cat out
	exit "$status"
}
few=$(field worker_fds)
"$strike" -o report kist put many/* >out
equal "$(field worker_fds)" "$few"
equal "$(field open_fds)" 0
equal "$(field left)" 0
# One for each plugin that turned up when the one before had seen data; the last one serves all.
[ "$(field workers)" -le 3 ] || fail "$(field workers) workers"
