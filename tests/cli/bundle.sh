# Bundles: a job goes into one file, and from there into another store, whole or not at all.
. "$top_srcdir/tests/zoo/lib.sh"
tasks
cat >make.yaml <<'END'
parameters: {rows: 40}
graph: {array: {ramp: [$rows, 2]}}
artifact_outputs: {array: {contents: $array, task: NumpyArrayArtifactTask}}
END
cat >scale.yaml <<'END'
parameters: {factor: 2.0, seed: 7}
artifact_inputs: {array: tensor}
graph:
  once:  {scale: [$array, $factor]}
  twice: {scale: [$once, $factor]}
  total: {sum: $twice}
artifact_outputs:
  once:  {contents: $once, task: NumpyArrayArtifactTask}
  twice: {contents: $twice, task: NumpyArrayArtifactTask}
outputs: {total: {contents: $total, file: total}}
END
expect 0 kist run make.yaml
expect 0 kist run scale.yaml -i array=make/array --json
id=$(job_of out)
expect 0 kist put good.npy
mkdir -p folder/deep
printf 'one\n' >folder/one
printf 'two\n' >folder/deep/two
ln -s deep/two folder/link
expect 0 kist put folder

# The same things are the same bytes, however they are named and whenever.
expect 0 kist export --bundle a.kistpack "$id" folder good.npy
says out '1 job' '7 names'
expect 0 kist export -b b.kistpack good.npy "${id#*Z-}" folder folder --json
same a.kistpack b.kistpack
expect 1 kist export -b a.kistpack "$id"
says err 'a.kistpack'
same a.kistpack b.kistpack
expect 0 kist export --force -b b.kistpack good.npy
! cmp -s a.kistpack b.kistpack || fail 'it was not replaced'
expect 2 kist export "$id"
says err '--bundle FILE'
expect 3 kist export -b none.kistpack nothing
says err "no job and no name 'nothing'"
expect 1 kist export -b none.kistpack "kist:job/$id"
expect 3 kist export -b no/such/place "$id"
[ ! -e none.kistpack ] || fail 'a file without content'

# Dry run: nothing is written, not even a store.
rm b.kistpack
kist init there >/dev/null
find there -type f | sort >before
expect 0 kist --store there import --dry-run a.kistpack
says out "new       jobs/$id/once" "new       kist:job/$id" 'nothing was written'
find there -type f | sort | cmp - before || fail 'a dry run has written'

expect 0 kist --store there import a.kistpack --json
equal "$(python3 -c 'import json; said = json.load(open("out")); print(said["set"], said["same"], said["replaced"], len(said["jobs"]))')" '7 0 0 1'
expect 0 kist --store there verify --full
for name in "jobs/$id/once" "jobs/$id/twice" good.npy; do
	kist cat "$name" >here.bytes
	kist --store there cat "$name" >there.bytes
	same here.bytes there.bytes
done
expect 0 kist --store there get folder -o got
diff -r folder got || fail 'the folder'
kist job show "$id" --json >here.json
kist --store there job show "$id" --json >there.json
same here.json there.json
expect 0 kist --store there jobs
says out "$id"
# What the job took is kept with it.
expect 0 kist --store there gc --grace 0 --all
expect 0 kist --store there verify --full
expect 0 kist --store there export -b b.kistpack "$id" folder good.npy
same a.kistpack b.kistpack
expect 0 kist --store there job rm "$id"
expect 0 kist --store there ls
says_not out "jobs/$id"

# Again: nothing is new.  What means something else is told, before anything is written.
expect 0 kist --store there import a.kistpack
expect 0 kist --store there import a.kistpack
says out 'same      good.npy' ' 0 B new'
make_csv good.csv
expect 0 kist --store there put good.csv --name good.npy
find there -type f | sort >before
expect 1 kist --store there import a.kistpack
says err "'good.npy' means something else in this store" --prefix --replace
find there -type f | sort | cmp - before || fail 'a refused import has written'
expect 0 kist --store there import a.kistpack --prefix from/elsewhere
says out 'new       from/elsewhere/good.npy' "same      jobs/$id/once"
expect 0 kist --store there cat good.npy
same out good.csv
expect 0 kist --store there cat from/elsewhere/good.npy
same out good.npy
expect 1 kist --store there import a.kistpack --prefix ../up
expect 1 kist --store there import a.kistpack --prefix kist:own
expect 0 kist --store there import a.kistpack --replace
says out 'replaced  good.npy'
expect 0 kist --store there cat good.npy
same out good.npy
expect 0 kist --store there verify --full

# A job that runs cannot go; one that failed can.
printf 'graph: {a: {fail: -3}}\n' >fails.yaml
expect 1 kist run fails.yaml --json
failed=$(job_of out)
expect 0 kist export -b failed.kistpack "$failed"
expect 0 kist --store there import failed.kistpack
# What it made is gone: that is said, and no file is left.
expect 0 kist rm "jobs/$id/once" scale/once make/array
expect 0 kist gc --grace 0 --all --cache
expect 3 kist export -b gone.kistpack "$id"
says err 'is not kept any more'
[ ! -e gone.kistpack ] || fail 'a file without content'

# A store that is damaged gives no bundle.
cp -r there hurt
python3 - <<'END'
import os
for folder, _, files in os.walk("hurt/packs"):
    for file in files:
        path = os.path.join(folder, file)
        os.chmod(path, 0o600)
        data = bytearray(open(path, "rb").read())
        data[len(data) // 3] ^= 1
        open(path, "wb").write(data)
END
rm -rf "$HOME/.cache/kist"
expect 4 kist --store hurt export -b hurt.kistpack "$id"
[ ! -e hurt.kistpack ] || fail 'a bundle of damaged bytes'

# Bundles that are made to do harm.  Nothing of any is taken, and nothing outside is touched.
python3 "$top_srcdir/tests/cli/bad_bundles.py" a.kistpack bad
kist init target >/dev/null
find target -type f -exec sha256sum {} + | sort >before
: >around
find . .. "$HOME" -maxdepth 1 | sort >around
while IFS='|' read -r file words; do
	timeout 60 kist --store target import "bad/$file" >out 2>err && fail "$file was taken"
	says err 'kist: import: ' "$words"
	! grep -q '[^ -~]' err || fail "$file: not plain text"
done <bad/list
for file in newer flip_chunk lies_parameters job_started bomb1 tree_tree; do
	expect 1 kist replay "bad/$file"
done
find target -type f -exec sha256sum {} + | sort | cmp - before || fail 'a bad bundle has changed the store'
find . .. "$HOME" -maxdepth 1 | sort | cmp - around || fail 'a bad bundle has left something'
[ "$(wc -l <bad/list)" -ge 100 ] || fail 'samples are missing'
expect 0 kist --store target verify
# The same with what is no file.
mkfifo fifo
expect 1 kist --store target import fifo
says err 'a bundle is a regular file'
expect 1 kist --store target import folder
says err 'a bundle is a regular file'
expect 3 kist --store target import nowhere
