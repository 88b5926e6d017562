# A folder of many small files comes back as it was, whatever the umask: those of a folder are made together, some by one
# core and some by another, and their modes are there from the beginning.

# 70 files in each of some folders, at the top, deep down and beside others: more than are made together.
fill() {
	mkdir -p "$1"
	for i in $(seq 70); do
		head -c $((i * i)) /dev/zero | tr '\0' "$(printf '\\%o' $((48 + i)))" >"$1/$i.txt"
	done
	chmod 600 "$1/1.txt"
	chmod 444 "$1/2.txt"
	chmod 777 "$1/3.txt"
	chmod 400 "$1/4.txt"
	chmod 4711 "$1/5.txt"
	touch -d '2001-02-03 04:05:06.789' "$1/6.txt"
	ln -s 1.txt "$1/link"
}
umask 022
fill in
fill in/a/b/c
fill in/a/b
fill in/z
chmod u-s in/*.txt in/*/*.txt in/*/*/*.txt in/*/*/*/*.txt
# All at once they are more than one batch's bytes.
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do head -c 60000 /dev/urandom >in/z/large.$i; done

# listed FOLDER: what is there, with modes and times.
listed() { (cd "$1" && find . -printf '%p %y %m %T@ %l\n' | sort); }

kist init s >/dev/null
kist --store s put -q in
# What the put left of its commit in the index is what a new index reads from the packs.
cp "$HOME"/.cache/kist/*/*/index.sqlite by_put
rm -r "$HOME/.cache/kist"
kist --store s ls >/dev/null
cmp by_put "$HOME"/.cache/kist/*/*/index.sqlite
listed in >expected
for mask in 022 077 000; do
	(
		umask $mask
		kist --store s get -q in -o back
	)
	listed back >got
	equal "$(cat got)" "$(cat expected)"
	diff -r --no-dereference in back
	rm -rf back
done

# Arrays, which a plugin looks at while those before them are put: in more than two windows, among plain files, some of
# which are too large to be read ahead.
make_npy sound.npy
array() { # NUMBER: other bytes for each
	{
		head -c 128 sound.npy
		printf '%024d' "$1"
	} >"$2"
}
mkdir -p arrays/a arrays/b
for i in $(seq 300); do
	array "$i" "arrays/a/$i.npy"
	array "$((i + 1000))" "arrays/b/$i.npy"
	echo "$i" >"arrays/b/$i.txt"
done
for folder in a b; do
	for i in 1 2; do head -c 300000 /dev/urandom >"arrays/$folder/15$i.large"; done
done
expect 0 kist --store s put arrays
kist --store s get -q arrays -o back
diff -r arrays back
rm -rf back
# What is not sound is refused by its own name, each in the window that it is in, and nothing is kept.
for file in a/1 a/300 b/150; do head -c 140 sound.npy >"arrays/$file.npy"; done
expect 1 kist --store s put -n cut arrays
for file in a/1 a/300 b/150; do says err "arrays/$file.npy"; done
expect 3 kist --store s show cut

# Of a folder in which one file changed a short part of the listing is kept again, not all of it.
mkdir many
seq 5000 | split -l 1 -a 4 -d - many/f
kist init t >/dev/null
kist --store t put -q many
before=$(du -sb t | cut -f1)
echo another >many/f2500
kist --store t put -q many
added=$(($(du -sb t | cut -f1) - before))
[ "$added" -lt 200000 ] || fail "a changed file among 5000 added $added bytes"
kist --store t get -q many -o back-many
diff -r many back-many
