# The page docs/format/bundle.md is enough: a reader written from it alone finds every name and every byte.
command -v python3 >/dev/null || skip 'no python3'
reader="$top_srcdir/tests/interop/read_bundle.py"
mkdir -p in/folder/deep in/folder/empty
: >in/nothing
printf 'x' >in/one
head -c 300000 /dev/urandom >in/random
head -c 3333333 /dev/urandom >in/large
head -c 9000000 /dev/zero >in/zeros
make_npy in/a.npy
seq 100000 >in/folder/text
printf 'deep' >in/folder/deep/file
ln -s deep/file in/folder/link
kist init >/dev/null
kist put in/nothing in/one in/random in/large in/zeros in/a.npy in/folder >/dev/null
cat >said.yaml <<'END'
graph: {a: {exec: [echo, hello]}}
outputs: {a: {contents: $a, file: a}}
END
kist run said.yaml --json >out
job=$(python3 -c 'import json; print(json.load(open("out"))["job"])')
kist export -b all.kistpack nothing one random large zeros a.npy folder "$job" --json >out

expect 0 python3 "$reader" list all.kistpack
digest=$(head -1 out)
says out ' 300000 random' "kist:job/$job" "kist:part/$job/entrypoint"
kist export -b again.kistpack nothing one random large zeros a.npy folder "$job" | grep -qF "${digest%"${digest#????????????????}"}" ||
	fail 'the digest'
for file in random large zeros a.npy; do
	grep -qF "$(sha256sum <"in/$file" | cut -d' ' -f1) $(stat -c %s "in/$file") $file" out || fail "$file is not listed"
done
expect 0 python3 "$reader" restore all.kistpack back
diff -r --no-dereference in back || fail 'what came back'
