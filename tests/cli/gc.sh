# Collecting: what lost its last name goes, all that a name leads to stays, and the figures say so.
fact() {
	sed -n "s/^ *\"$1\": \(.*[^,]\),*$/\1/p" out
}

expect 3 kist gc
expect 0 kist init
expect 0 kist gc
says out 'freed 0 B'
head -c 3000000 /dev/urandom >a
head -c 3000000 /dev/urandom >b
mkdir -p tree/sub
head -c 100000 /dev/urandom >tree/sub/file
cp b tree/b
make_csv people.csv
expect 0 kist put a
expect 0 kist put b
expect 0 kist put tree people.csv
expect 0 kist gc --json
equal "$(fact packs_deleted) $(fact artifacts) $(fact bytes_dead)" '0 0 0'
kept=$(fact bytes_kept)
equal "$kept" "$(find .kist/packs -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')"

# A name that is dropped: what is asked first is what is done then, and nothing before.
expect 0 kist rm a
expect 0 kist gc --dry-run --json
equal "$(fact dry_run) $(fact artifacts) $(fact packs_deleted)" 'true 1 2'
freed=$(fact freed_bytes)
[ "$freed" -gt 3000000 ] || fail "only $freed bytes would be freed"
equal "$kept" "$(find .kist/packs -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')"
expect 0 kist gc --json
equal "$(fact artifacts) $(fact packs_deleted) $(fact freed_bytes)" "1 2 $freed"
equal $((kept - freed)) "$(find .kist/packs -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')"
expect 3 kist get a -o back
expect 3 kist show "$(sha256sum <a | cut -c1-16)"
expect 0 kist verify

# What a folder holds stays without a name of its own; so does what a conversion was made of.
expect 0 kist rm b
expect 0 kist gc --all
expect 0 kist get tree -o back
expect 0 diff -r tree back
expect 0 kist convert people.csv --task NumpyArrayArtifactTask --select age --name scores
expect 0 kist rm people.csv
expect 0 kist gc --all
expect 0 kist cat "$(sha256sum <people.csv | cut -c1-16)"
same out people.csv
expect 0 kist rm scores
expect 0 kist gc --all
expect 3 kist cat "$(sha256sum <people.csv | cut -c1-16)"

# A name that is put again leaves what it meant before.
printf 'first %0500d' 1 >c
expect 0 kist put c
first=$(sha256sum <c | cut -c1-16)
printf 'second %0500d' 2 >c
expect 0 kist put c
expect 0 kist cat "$first"
expect 0 kist gc
expect 3 kist cat "$first"
expect 0 kist cat c
same out c

# The same bytes again, after they were collected, and with an index that knows nothing.
expect 0 kist put a
rm -r "$HOME/.cache"
expect 0 kist get a -o a.back
same a a.back
expect 0 kist verify
expect 0 kist gc --all --json
equal "$(fact packs_unnamed)" 0

# What is dead may be given a name as long as it is there, and not after.
digest=$(sha256sum <a | cut -c1-16)
expect 0 kist rm a
expect 0 kist tag "$digest" again
expect 0 kist gc --all
expect 0 kist cat again
same out a
expect 0 kist rm again
expect 0 kist gc
expect 3 kist tag "$digest" again

# Packs that no commit names: a writer may be at work; after the grace it counts as dead.
expect 0 kist put b --name b
mkdir saved
cp -r .kist saved/kist
expect 0 kist put a --name new
cp -r .kist/packs/. saved/kist/packs
expect 0 kist gc --store saved/kist --json
equal "$(fact packs_deleted) $(fact packs_unnamed)" '0 2'
expect 0 kist gc --store saved/kist
says out 'left alone'
expect 0 kist gc --store saved/kist --grace 0 --json
equal "$(fact packs_deleted) $(fact packs_unnamed)" '2 0'
expect 0 kist verify --store saved/kist
expect 0 kist put a --store saved/kist
expect 0 kist cat a --store saved/kist
same out a
expect 2 kist gc --grace soon
expect 2 kist gc --grace -1
expect 2 kist gc now

# Many small packs become few.
for i in $(seq 40); do
	printf 'small %0300d' "$i" >"small$i"
	expect 0 kist put "small$i"
done
expect 0 kist gc --all --json
[ "$(fact packs_compacted)" -ge 80 ] || fail "only $(fact packs_compacted) packs were merged"
[ "$(find .kist/packs -type f | wc -l)" -le 6 ] || fail 'too many packs are left'
for i in 1 20 40; do
	expect 0 kist cat "small$i"
	same out "small$i"
done
rm -r "$HOME/.cache"
expect 0 kist verify

# What a name needs and nobody can read: nothing is removed, and the name is said.
expect 0 kist put tree --name hurt
expect 0 kist rm small1
before=$(find .kist/packs -type f | sort)
for pack in $(find .kist/packs -type f -size -200k); do
	size=$(stat -c %s "$pack")
	rm "$pack"
	head -c "$size" /dev/zero >"$pack"
done
rm -r "$HOME/.cache"
expect 4 kist gc --all
says err 'nothing was collected'
equal "$before" "$(find .kist/packs -type f | sort)"
