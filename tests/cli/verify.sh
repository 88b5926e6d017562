# The four depths of a check, what each of them finds, and checks that may not take long.
head -c 3000000 /dev/urandom >random.bin
head -c 2000000 /dev/urandom >other.bin
make_npy a.npy
expect 0 kist init
expect 0 kist put random.bin
expect 0 kist put other.bin a.npy
pack=$(find .kist/packs -name '*.pack' -size +2500k)
rm -rf .kist/TMP-*
cp -r .kist sound

for level in quick scrub full deep; do
	expect 0 kist verify --$level
	says out "sound: 2 commits, 4 packs" "; $level check"
done
says out 'by plugins: 1 sound'
expect 0 kist verify
says out '; full check'
expect 0 kist verify --deep a.npy

# Wrong use.
expect 2 kist verify --quick --full
says err 'give one'
expect 2 kist verify --quick a.npy
expect 2 kist verify --budget 1h a.npy
for budget in 5 h 0s 0M -1s 1e3s 10m10 '1 h' nanh 2y 99999999d 1.2.3s; do
	expect 2 kist verify --budget "$budget"
	says err '--budget takes'
done

# A byte inside of a record: not seen at the ends, but by its CRC, with all that it hurts.
spoil() {
	rm -rf .kist && cp -r sound .kist
	chmod u+w "$pack"
	printf 'XXXX' | dd of="$pack" bs=1 seek="$1" conv=notrunc status=none
}
spoil 1500000
expect 0 kist verify --quick
for level in scrub full deep; do
	expect 4 kist verify --$level
	says err 'damaged chunk ' "$(basename "$pack" .pack) at offset " 'damaged artifact' 'damaged name random.bin'
	says_not err 'damaged name other.bin'
	expect 4 kist verify --$level --json
	says out '"pack": ' '"offset": ' '"what": "name"'
done
# The head of the pack, its index, its footer, its length, and the pack itself: the ends show it.
size=$(stat -c %s "$pack")
for at in 30 $((size - 100)) $((size - 10)); do
	spoil $at
	expect 4 kist verify --quick
	says err "$(basename "$pack" .pack)"
done
truncate -s 1000000 "$pack"
expect 4 kist verify --quick
says err 'damaged pack' 'damaged name random.bin'
rm -f "$pack"
expect 4 kist verify --quick
says err 'damaged pack' 'damaged name random.bin'
rm -rf .kist && cp -r sound .kist

# With a budget the rest follows another time, and damage is looked at first.
expect 0 kist verify --budget 1h
says_not out 'left for another time'
rm -rf "$HOME/.cache/kist"
left=none
for i in 1 2 3 4 5 6 7 8 9; do
	expect 0 kist verify --scrub --budget 1K --json
	left=$(sed -n 's/.*"left": \([0-9]*\),/\1/p' out)
	since=$(sed -n 's/.*"left_since": "\(.*\)",/\1/p' out)
	[ "$since" = never ] || break
done
[ "$since" != never ] || fail "$left things are never checked"
# Deleting what is known costs time alone, and so does spoiling it.
find "$HOME/.cache/kist" -name checked >list
[ -s list ] || fail 'nothing is written down'
head -c 100 /dev/urandom >"$(cat list)"
expect 0 kist verify --quick
rm "$(cat list)"
expect 0 kist verify --quick
rm "$(cat list)"
mkdir "$(cat list)"
expect 0 kist verify --quick
rmdir "$(cat list)"
expect 0 env XDG_CACHE_HOME=/proc/nowhere kist verify --quick --budget 5s

# What lies in the store and is no part of it is mentioned, and is no damage.
rm -rf .kist "$HOME/.cache/kist"
expect 0 kist init
echo one >one
head -c 5000 /dev/urandom >two
expect 0 kist put one
cp -r .kist before
expect 0 kist put two
cp -r .kist/packs/. before/packs
rm -rf .kist "$HOME/.cache/kist"
mv before .kist
expect 0 kist verify
says err 'note: 2 packs of' 'no commit names them' 'kist gc'
: >.kist/packs/notes.txt
: >.kist/log/00000000000000000001.bak
: >.kist/spare.old
expect 0 kist verify
says err "note: 'packs/notes.txt'" "note: 'log/00000000000000000001.bak'" "note: 'spare.old'" 'left alone'
expect 0 kist verify --json
says out '"what": "unnamed"' '"what": "foreign"' '"id": "packs/notes.txt"'
expect 0 kist gc --grace 0
expect 0 kist verify
says_not err 'no commit names'
says err "note: 'packs/notes.txt'"
rm .kist/packs/notes.txt .kist/log/*.bak .kist/spare.old
expect 0 kist verify
says_not err note
