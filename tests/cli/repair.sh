# A store that was damaged is made whole again as far as what is left of it proves what was there.
head -c 150000 /dev/urandom >random.bin
head -c 1500000 /dev/urandom >large.bin
make_csv people.csv
expect 0 kist init
expect 0 kist put random.bin people.csv
expect 0 kist put large.bin
expect 0 kist tag random.bin other
expect 0 kist repair
says out '3 commits, 0 mended' '4 packs, 0 mended'
chmod -R u+w .kist
cp -r .kist sound
large=$(find .kist/packs -name '*.pack' -size +1000k)
small=$(find .kist/packs -name '*.pack' -size +100k -size -1000k)
meta=$(find .kist/packs -name '*.pack' -size -20k | head -n 1)

again() {
	rm -rf .kist "$HOME/.cache/kist" && cp -r sound .kist
}

# spoil FILE OFFSET COUNT: other bytes there, each of them wrong.
spoil() {
	chmod u+w "$1"
	dd if="$1" bs=1 skip="$2" count="$3" status=none | tr '\000-\377' '\001-\377\000' >wrong
	dd if=wrong of="$1" bs=1 seek="$2" conv=notrunc status=none
}

as_it_was() {
	diff -r sound .kist || fail "$*"
}

# mended: all is again as it was, and nothing is left behind.
mended() {
	expect 0 kist repair
	says out 'it is as it was'
	as_it_was "$*"
}

# One byte of anything; a run in the body of a record; all of the index, all of the footer, and both.
for file in .kist/kist.json .kist/log/*1 .kist/log/*3 "$small" "$large" "$meta"; do
	size=$(stat -c %s "$file")
	for at in 5 $((size / 2)) $((size - 1)); do
		again
		spoil "$file" "$at" 1
		mended "$file at $at"
	done
done
again
spoil "$large" 700000 2
spoil "$small" 70000 3
mended 'runs'
size=$(stat -c %s "$large")
for cut in 64 100 128; do
	again
	truncate -s $((size - cut)) "$large"
	mended 'cut'
	again
	spoil "$large" $((size - cut)) $cut
	mended 'end'
done
again
printf 'and what never was in it' >>"$large"
mended 'longer'
again
for file in .kist/kist.json .kist/log/*1 .kist/log/*2 "$small" "$large" "$meta"; do
	spoil "$file" 20 1
done
mended 'all at once'
expect 0 kist verify
expect 0 kist repair
says_not out 'it is as it was'

# What would be done is said, and not done.
again
spoil "$large" 700000 2
cp -r .kist damaged
expect 0 kist repair --dry-run
says out '(not done) mended pack'
diff -r damaged .kist || fail 'a dry run wrote something'
expect 0 kist repair --json
says out '"packs_mended": 1' '"did": "mended"'
as_it_was 'after a dry run'

# A commit that is gone, or damaged beyond that, is said with what helps; nothing is touched.
again
rm -f .kist/log/*2
expect 4 kist repair
says err 'lost commit 2' 'from a copy'
again
expect 0 kist ls
spoil .kist/log/*1 150 9
cp -r .kist bad_log
expect 4 kist repair
says err 'lost commit 1' 'The index of this host still knows'
expect 4 kist repair --json
says out '"commits_lost": 1'
diff -r bad_log .kist || fail 'it was touched'

# What is lost is named to the byte, kept as it is, and healed by the same bytes; then the damaged pack is cleared away.
again
spoil "$large" 700000 9
expect 4 kist repair
says err 'lost pack' 'hurt name large.bin' 'hurt artifact ' 'bytes 0 to 1499999 of 1500000 are lost'
says_not err 'hurt name random.bin'
diff -r damaged/log .kist/log || fail 'a commit was made for nothing'
expect 4 kist repair --json
says out '"lost": [' '"offset": 0' '"size": 1500000' '"names_hurt": 1'
expect 0 kist put large.bin
expect 0 kist repair
says out 'replaced pack'
expect 0 kist verify
says_not err healed
expect 0 kist get large.bin -o back
same large.bin back
rm back
expect 0 kist gc --grace 0
[ ! -e "$large" ] || fail 'what was replaced takes room for ever'
expect 0 kist verify

# The same for a pack that is gone, and one of which the end is gone.
for how in gone cut; do
	again
	expect 0 kist ls
	case $how in
	gone) rm -f "$large" ;;
	cut) truncate -s 1100000 "$large" ;;
	esac
	expect 4 kist repair
	says err 'lost pack' 'hurt name large.bin'
	rm -rf lossy && cp -r .kist lossy
	expect 0 kist put large.bin
	expect 0 kist repair
	says out 'replaced pack'
	expect 0 kist verify
	says_not err healed
	# Without the bytes: given up by dropping the name.
	rm -rf .kist "$HOME/.cache/kist" && mv lossy .kist
	expect 0 kist rm large.bin
	expect 0 kist gc --grace 0
	expect 0 kist repair
	expect 0 kist verify
	says_not err healed
	expect 0 kist get random.bin -o back -f
	same random.bin back
done

# A head that cannot be made anew: the records are sound, and are kept in a new pack.
again
spoil "$large" 40 16
expect 0 kist repair
says out 'replaced pack'
expect 0 kist verify
says_not err healed
expect 0 kist get large.bin -o back -f
same large.bin back

# A record whose head and the whole index are lost: what is sound beside it is saved, also for who has no index.
for name in one two three four; do
	head -c 100000 /dev/urandom >$name
done
rm -rf .kist "$HOME/.cache/kist"
expect 0 kist init
expect 0 kist put one two three four
pack=$(find .kist/packs -name '*.pack' -size +100k)
chmod -R u+w .kist
size=$(stat -c %s "$pack")
# Four records of one size, an index of 208 bytes and a footer of 64.
spoil "$pack" $((size - 272)) 272
spoil "$pack" $((64 + (size - 64 - 272) / 4 + 20)) 40
rm -rf "$HOME/.cache/kist"
expect 4 kist repair
equal "$(grep -c 'hurt name' err)" 1
hurt=$(sed -n 's/^hurt name \([a-z]*\):.*/\1/p' err)
for name in one two three four; do
	[ $name != "$hurt" ] || continue
	expect 0 kist get $name -o back -f
	same $name back
done
expect 0 kist put "$hurt"
expect 0 kist repair
says out 'replaced pack'
rm -rf "$HOME/.cache/kist"
expect 0 kist verify
for name in one two three four; do
	expect 0 kist get $name -o back -f
	same $name back
done

# A sound copy in an older pack counts, though a newer one that is damaged is read first.
rm -rf .kist "$HOME/.cache/kist"
expect 0 kist init
expect 0 kist put one
first=$(find .kist/packs -name '*.pack' -size +50k)
mv "$first" away
expect 4 kist verify
expect 0 kist put one two
second=$(find .kist/packs -name '*.pack' -size +50k)
mv away "$first"
expect 0 kist verify
for at in 1000 101000; do
	spoil "$second" $at 20
done
expect 4 kist repair
says err 'hurt name two'
says_not err 'hurt name one'
expect 0 kist get one -o back -f
same one back
