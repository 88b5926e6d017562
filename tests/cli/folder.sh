# A folder becomes a tree: names of any bytes, modes, times, links; a digest that says what is in it.
mkdir -p d/sub/deep d/empty
make_npy d/a.npy
make_csv d/sub/people.csv
printf 'x' >"d/with space"
printf 'y' >"d/with
newline"
bad=$(printf 'd/not-utf8-\377\376')
printf 'z' >"$bad"
: >d/sub/deep/nothing
ln -s ../a.npy d/sub/link
ln -s nowhere d/dangling
chmod 750 d/sub
chmod 400 "d/with space"
touch -d '1999-12-31 23:59:59.5' d/sub/people.csv d/sub

expect 0 kist init
expect 0 kist put d
says out tree
expect 0 kist get d -o back
diff -r --no-dereference d back || fail 'the folder came back different'
equal "$(cd d && find . -printf '%p %M %y %l\n' | sort)" "$(cd back && find . -printf '%p %M %y %l\n' | sort)"
equal "$(cd d && find . -type f -printf '%p %T@\n' | sort)" "$(cd back && find . -type f -printf '%p %T@\n' | sort)"
equal "$(stat -c %Y d/sub)" "$(stat -c %Y back/sub)"

# The digest: the same for the same content at other times, another for other content.
digest() { kist ls "$1" --json | sed -n 's/.*"sha256": "\(.*\)".*/\1/p'; }
touch back/a.npy back
expect 0 kist put back --name later
equal "$(digest d)" "$(digest later)"
printf 'w' >"back/with
newline"
expect 0 kist put back --name changed
[ "$(digest d)" != "$(digest changed)" ] || fail 'the digest does not see a changed file'

expect 0 kist show d
says out 'sub/people.csv' 'not-utf8-\xff\xfe' 'with\nnewline'
expect 0 kist show d --json
says out '"name_bytes"'
expect 1 kist cat d
expect 0 kist get d -o back
[ -d back/d ] || fail 'a folder that is there takes it by its name'
expect 1 kist get d -o back
says err 'there already'

# What has no place in a store is refused, and nothing is kept.
for target in /etc/passwd .. ../.. a/../../x; do
	mkdir bad
	ln -s "$target" bad/link
	expect 1 kist put bad
	says err E_PATH
	rm -r bad
done
mkdir bad
mkfifo bad/pipe
expect 1 kist put bad
says err 'neither a file'
expect 1 kist put bad/pipe
expect 3 kist show bad
expect 0 kist verify

# Arrays of every size around those that share a chunk, in one folder: whether alone or among many.
mkdir sizes
for size in 1 15000 16256 16384 16512 30000 65407 65408 65409 65536 70000 200000; do
	{
		printf '\223NUMPY\001\000\166\000'
		printf "%-117s\n" "{'descr': '|u1', 'fortran_order': False, 'shape': ($size,), }"
		head -c $size /dev/urandom
	} >sizes/$size.npy
done
expect 0 kist put sizes
expect 0 kist get sizes -o sizes.back
diff -r sizes sizes.back || fail 'arrays came back different'
for size in 16384 65408 70000; do
	expect 0 kist put sizes/$size.npy
	expect 0 kist get $size.npy -o alone.npy
	same alone.npy sizes/$size.npy
	rm alone.npy
done
expect 0 kist verify
