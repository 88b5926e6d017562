# Many processes put, read, tag, drop and collect on one store at once: everything that was said to be kept and has a name
# is read back right, nobody fails for somebody else's sake, and in the end the store is sound and holds nothing dead.
#
# KIST_FAULTS=long: 100 processes.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
processes=20
rounds=4
if [ "${KIST_FAULTS:-}" = long ]; then
	processes=100
	rounds=20
fi
kist init >/dev/null

# What all of them put again and again, under names of their own: it dies and comes back, and is shared while it dies.
mkdir shared
for i in 1 2 3 4; do
	seq "$i" 7 $((i + 70000)) >"shared/$i"
done

# Says what went wrong and goes on, so that one run shows all of it.
broken() {
	echo "process $p, round $r: $*" >>"$here/broken"
	cat "$here/err$p" >>"$here/broken"
}

putter() {
	printf 'own %d %d\n' "$p" "$r" >"own$p"
	seq $((p * 1000)) $((p * 1000 + r * 300)) >>"own$p"
	kist put "own$p" "shared/$((r % 4 + 1))" -q 2>"err$p" >/dev/null || broken put
	kist put "shared/$((p % 4 + 1))" --name "s/$p" -q 2>"err$p" >/dev/null || broken put shared
	kist tag "own$p" "kept/$p/$r" -q 2>"err$p" >/dev/null || broken tag
	cp "own$p" "was/$p.$r"
	kist get "kept/$p/$r" -o "back/$p.$r" -q 2>"err$p" >/dev/null || broken get
	cmp -s "was/$p.$r" "back/$p.$r" || broken 'another file came back'
	kist cat "s/$p" >"back/$p.s" 2>"err$p" || broken cat
	cmp -s "back/$p.s" "shared/$((p % 4 + 1))" || broken 'another shared file came back'
	if [ "$r" -gt 2 ]; then
		kist rm "kept/$p/$((r - 1))" "s/$p" -q 2>"err$p" || broken rm
		rm "was/$p.$((r - 1))"
	fi
}

collector() {
	kist gc -q $([ $((r % 2)) = 0 ] || echo --all) 2>"err$p" >/dev/null || broken gc
}

here=$PWD
mkdir was back
p=1
while [ "$p" -le "$processes" ]; do
	(
		r=1
		while [ "$r" -le "$rounds" ]; do
			if [ $((p % 6)) = 0 ]; then collector; else putter; fi
			r=$((r + 1))
		done
	) &
	p=$((p + 1))
done
wait
if [ -e broken ]; then
	cat broken >&2
	fail 'a process was disturbed'
fi

# All that has a name, from an index that is there and from one that is not.
check_all() {
	kist verify >out 2>err || {
		cat out err >&2
		fail "$1: the store is not sound"
	}
	for file in was/*; do
		name=${file#was/}
		kist cat "kept/${name%.*}/${name#*.}" >back/one || fail "$1: $file is gone"
		cmp "$file" back/one >&2 || fail "$1: $file came back as something else"
	done
}
check_all 'after the run'
# Nothing but what the format knows: no lock, nothing half-made.
find .kist -mindepth 1 -type f | grep -v '^.kist/\(kist.json\|spare\|log/[0-9]\{20\}\|checkpoints/[0-9]\{20\}\|packs/[0-9a-f]\{2\}/[0-9a-f]\{64\}.pack\)$' >strange || :
figure "processes that put, got, tagged, removed and collected at once" "$processes"
figure 'of them: disturbed; names that are not read back' 0 0
cat strange >&2
figure 'of them: locks and other files left in the store' "$(wc -l <strange)" 0
rm -r "$HOME/.cache"
check_all 'from a new index'
kist gc --all --grace 0 >out
kist gc --all --grace 0 --json >facts
says facts '"artifacts": 0' '"packs_deleted": 0' '"packs_unnamed": 0' '"packs_damaged": 0' '"short_of": ""'
check_all 'after the last collection'
kist rm $(kist ls --json | sed -n 's/^ *"name": "\(.*\)",*$/\1/p') -q
kist gc --all --grace 0 --json >facts
says facts '"bytes_kept": 0'
equal "$(find .kist/packs -type f | wc -l)" 0
kist verify >out
