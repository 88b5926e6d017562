# Files and folders that no plugin made are artifact inputs: of commands as they were put, of functions as bytes.
. "$top_srcdir/tests/zoo/lib.sh"
tasks
mkdir -p data/deep
printf 'one\n' >data/one
printf 'two\n' >data/deep/two
ln -s deep/two data/link
chmod 750 data/deep
printf '\001\002\003' >three
head -c 2000000 /dev/urandom >large
expect 0 kist put data three large
cat >files.yaml <<'YAML'
artifact_inputs: {folder: tree, file: bytes, few: bytes}
parameters: {seed: 0}
graph:
  look:  {exec: [sh, -c, 'basename "$0"; find "$0" -printf "%P %y %m %l\n" | sort; cat "$0/link"; sha256sum <"$1"', $folder, $file]}
  sum:   {byte_sum: $few}
  again: {byte_sum: $few}
  same:  {same_i64: $seed}
outputs:
  look: {contents: $look, file: look}
  file: {contents: $file, file: file}
  sum:  {contents: $sum, file: sum}
YAML
expect 0 kist run files.yaml -i folder=data -i file=large -i few=three --json
id=$(job_of out)
(
	echo folder
	find data -printf "%P %y %m %l\n" | sort
	echo two
	sha256sum <large
) >wanted
same exports/files/look wanted
same exports/files/file large
equal "$(cat exports/files/sum)" 6
expect 0 kist job show "$id" --json
equal "$(python3 -c 'import json; print(*sorted(row["name"] for row in json.load(open("out"))["inputs"]))')" 'few file folder'

# Elsewhere it is the same.
expect 0 kist export -b files.kistpack "$id"
expect 0 kist replay --commands files.kistpack
says out "$id: equal"

# So are those of an experiment, whose cells run again when the folder is another.
cat >study.yaml <<'YAML'
name: study
entrypoint: files.yaml
replicates: 2
inputs: {folder: data, file: large, few: three}
metrics: [$sum]
YAML
expect 0 kist experiment run study.yaml --jobs 2
says out '2 of 2 cells complete'
expect 0 kist experiment resume study.yaml --dry-run
says out '0 cells would be run'
printf 'more\n' >data/more
expect 0 kist put data
expect 0 kist experiment resume study.yaml --dry-run
says out 'replicate_0/baseline  changed' '2 cells would be run'

# A folder is no bytes, and bytes are no folder; nothing of them is left behind.
expect 1 kist run files.yaml -i folder=large -i file=large -i few=three
says err "artifact input 'folder': it is kept as bytes"
expect 1 kist run files.yaml -i folder=data -i file=data -i few=three
says err "artifact input 'file': it is kept as tree"
# What is damaged is not run with.
python3 - <<'PY'
import os
for folder, _, files in os.walk(".kist/packs"):
    for file in files:
        path = os.path.join(folder, file)
        if os.path.getsize(path) > 1000000:
            os.chmod(path, 0o600)
            with open(path, "r+b") as pack:
                pack.seek(1000000)
                byte = pack.read(1)
                pack.seek(1000000)
                pack.write(bytes([byte[0] ^ 1]))
PY
expect 4 kist run files.yaml -i folder=data -i file=large -i few=three --name hurt
says err "artifact input 'file'"
[ ! -e exports/hurt ] || fail 'something was made of damaged bytes'
