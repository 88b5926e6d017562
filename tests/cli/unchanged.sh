#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A file that has not changed since it was kept is not read again; whatever was done to it is seen, and whatever is done
# to what is remembered of it costs time alone.
expect 0 kist init

mkdir -p tree/sub
for i in 1 2 3 4 5 6 7 8; do
	printf 'file %d of the tree, longer than what a record holds itself: %0400d\n' $i $i >tree/sub/$i.txt
done
make_csv tree/people.csv
make_npy tree/a.npy
: >tree/empty
printf tiny >tree/tiny
seq 100000 >alone
files=12

case $(stat -f -c %T tree) in
ext* | xfs | btrfs | tmpfs | f2fs | overlay* | zfs) ;;
*) skip "no file here is taken as unchanged" ;;
esac

# What was written to within two seconds is not remembered: time to look at the whole store.
settle() {
	while [ -n "$(find tree alone -newerct '3 seconds ago')" ]; do
		expect 0 kist verify --full
	done
}

# unread COUNT PATH [OPTION...]: so many files of it are not read.
unread() {
	count=$1
	shift
	expect 0 kist put "$@"
	if [ "$count" = 0 ]; then
		says_not out 'not read again'
	else
		says out "; $count file"
	fi
	rm -rf back
	expect 0 kist get "$(basename "$1")" -o back
	diff -r "$1" back || fail "$1 is not what is kept"
}

settle
unread 0 tree
first=$(kist show tree --json | grep '"sha256"' | head -1)
unread $files tree
equal "$(kist show tree --json | grep '"sha256"' | head -1)" "$first"
unread 0 tree --reread
unread 0 tree --opaque
unread 0 tree
unread 0 alone
unread 1 alone
unread 0 alone -d 'another record'
unread 0 alone --type kist.csv --opaque
unread 0 alone

# The same size and time of modification, and other bytes.
cp -p tree/sub/1.txt old
tr 1 2 <old >tree/sub/1.txt
touch -r old tree/sub/1.txt
unread $((files - 1)) tree
# A moment ago: it is read once more, and remembered once it is older.
unread $((files - 1)) tree
# Two files of one size change places.
mv tree/sub/2.txt t
mv tree/sub/3.txt tree/sub/2.txt
mv t tree/sub/3.txt
expect 0 kist put tree
says out '; 9 files'
rm -rf back
expect 0 kist get tree -o back
diff -r tree back
# A mode is no content, but it is the inode that changed.
chmod 600 tree/sub/4.txt
unread $((files - 4)) tree
# Another name decides on another type.
ln tree/people.csv tree/sub/people.txt
expect 0 kist put tree
expect 0 kist show tree/people.csv
says out kist.csv
settle
expect 0 kist put tree
unread $((files + 1)) tree

# What is remembered is damaged, another's, or no file at all.
seen=$(find "$HOME/.cache/kist" -name seen)
equal "$(echo "$seen" | wc -l)" 1
cp "$seen" good
for at in 0 20 60 100 1000; do
	cp good "$seen"
	printf '\377\376' | dd of="$seen" bs=1 seek=$at conv=notrunc status=none
	unread 0 tree
done
for size in 0 1 50 500 1000; do
	cp good "$seen"
	truncate -s $size "$seen"
	unread 0 tree
done
cp good "$seen"
chmod 666 "$seen"
unread 0 tree
rm "$seen"
ln -s "$PWD/good" "$seen"
unread 0 tree
rm -f "$seen"
mkdir "$seen"
unread 0 tree
unread 0 tree
rmdir "$seen"
unread 0 tree
unread $((files + 1)) tree

# A collector takes it away, all or in part.
expect 0 kist rm tree alone
expect 0 kist gc --grace 0
unread 0 tree
unread 0 alone
unread $((files + 1)) tree
mkdir other
cp tree/sub/5.txt other
expect 0 kist put other
expect 0 kist rm tree
expect 0 kist gc --grace 0
unread 0 alone --reread
expect 0 kist put tree
rm -rf back
expect 0 kist get tree -o back
diff -r tree back

# A pack is lost: who puts the same again has it written again.
unread $((files + 1)) tree
for pack in $(find .kist/packs -name '*.pack'); do
	mv "$pack" lost
	expect 0 kist put tree alone
	says_not out 'not read again'
	rm -rf back
	expect 0 kist get tree -o back
	diff -r tree back
	mv lost "$pack"
done

# What was suspect is not, once it was looked at.
expect 0 kist verify --full
unread 1 alone

# Another store in the same place, whose log does not have what was remembered.
rm -rf .kist
find "$HOME/.cache/kist" -name 'index.sqlite*' -exec rm {} +
expect 0 kist init
unread 0 alone
