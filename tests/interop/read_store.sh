# The page docs/format/store.md is enough: a reader written from it alone finds every name and every byte.
command -v python3 >/dev/null || skip 'no python3'
command -v zstd >/dev/null || skip 'no zstd program'
reader="$top_srcdir/tests/interop/read_store.py"

mkdir -p in/d/sub/deep in/d/empty
: >in/nothing
printf 'x' >in/one
head -c 256 /dev/urandom >in/inline
head -c 257 /dev/urandom >in/chunk
head -c 1114111 /dev/urandom >in/one-chunk
head -c 1114112 /dev/urandom >in/two-chunks
head -c 3333333 /dev/urandom >in/random
seq 300000 >in/text
head -c 200000 /dev/zero >in/zeros
make_npy in/small.npy
make_csv in/people.csv
printf 'y' >"$(printf 'in/not-utf8-\377')"
printf 'z' >"$(printf 'in/new\nline')"
cp in/text in/d/text
make_npy in/d/sub/a.npy
printf 'q' >"$(printf 'in/d/sub/\377\376')"
ln -s ../text in/d/sub/link
ln -s nowhere in/d/dangling
chmod 400 in/one
chmod 640 in/text
chmod 500 in/d/sub/deep
touch -d '1999-12-31 23:59:59.5' in/one in/d/sub in/d/text

# compare: what the reader restores is what was put; names and times too.
compare() {
	rm -rf out.d
	python3 "$reader" restore .kist out.d || fail 'the page does not read the store'
	diff -r --no-dereference in out.d || fail 'the bytes differ'
	find_all='find . -mindepth 1 -printf "%p %M %l\n"'
	equal "$(cd in && eval "$find_all" | sort)" "$(cd out.d && eval "$find_all" | sort)"
	find_all='find . -mindepth 1 -type f -printf "%p %T@\n"'
	equal "$(cd in && eval "$find_all" | sort)" "$(cd out.d && eval "$find_all" | sort)"
}

expect 0 kist init
cd in
for name in *; do
	expect 0 kist put "$name" --store ../.kist
done
rm out err
cd ..
compare

# The same bytes again, a name more, one changed, one removed: what the log says at its end.
expect 0 kist put in/text --name text
expect 0 kist tag random same
cp in/random in/same
printf 'changed' >in/one-chunk
expect 0 kist put in/one-chunk --name one-chunk
expect 0 kist rm zeros
rm in/zeros
touch -r in/random in/same
chmod --reference=in/random in/same
compare
kist ls --json | sed -n 's/^.*"name": "\(.*\)",*$/\1/p' | wc -l >wanted
python3 "$reader" list .kist | wc -l >found
same wanted found

# More than 1,024 chunks: a recipe of two levels.  The cuts of kist.json are what objects are cut by.
rm -rf .kist in
mkdir in
expect 0 kist init
python3 - <<'END'
import hashlib, json, os
head = json.load(open(".kist/kist.json"))
del head["check"]
head["cut"] = {"fixed": 65536, "typed": 65536}
text = lambda: json.dumps(head, sort_keys=True, separators=(",", ":")).encode()
head["check"] = hashlib.sha256(text()).hexdigest()
os.unlink(".kist/kist.json")
open(".kist/kist.json", "wb").write(text() + b"\n")
END
{
	head -c 40000000 /dev/zero
	head -c 1000000 /dev/urandom
	head -c 40000000 /dev/zero
} >in/long
expect 0 kist put in/long
compare
