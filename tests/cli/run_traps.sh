# Traps of systems that run such graphs, and that runs here do not fall into them.  What else is known of that kind stands in
# run.sh (a step that fails takes nothing away; references in arguments of artifact tasks; one of several outputs is
# kept; programs are found wherever a run is started), run_check.sh (unknown artifact tasks, unused parameters,
# arguments that are not allowed) and step_cache.sh (swapped arguments).
. "$top_srcdir/tests/zoo/lib.sh"
tasks

# codes: of the issues in out or err.
codes() { sed -n 's/.*\[\([EW]_[A-Z_]*\)\]$/\1/p' "$1"; }

# Every form of arguments that is told of is taken: positions, names, both; of artifact tasks args and kwargs, with references.
cat >forms.yaml <<'END'
parameters: {a: 10, b: 3, fortran: true}
graph:
  one:   {sub: [$a, $b]}
  two:   {sub: {b: $b, a: $a}}
  three: {task: sub, args: [$a], kwargs: {b: $b}}
  four:  {sub: $a}
  array: {ramp: [2, 3]}
artifact_outputs:
  args:   {contents: $array, task: {name: NumpyArrayArtifactTask, args: {fortran_order: $fortran}}}
  kwargs: {contents: $array, task: {name: NumpyArrayArtifactTask, kwargs: {fortran_order: $fortran}}}
outputs:
  one: {contents: $one, file: one}
  two: {contents: $two, file: two}
  three: {contents: $three, file: three}
  four: {contents: $four, file: four}
END
expect 0 kist run forms.yaml
equal "$(cat exports/forms/one exports/forms/two exports/forms/three exports/forms/four | tr '\n' ' ')" '7 7 7 9 '
for name in args kwargs; do
	expect 0 kist cat "forms/$name"
	grep -q "'fortran_order': True" out || fail "$name: the argument did not arrive"
done

# What shipped artifact tasks write they read, under the very name that was asked for, dots and all; reading changes nothing.
make_csv people.csv
make_safetensors model.safetensors
python3 - <<'END'
import struct, zipfile
head = "%-117s\n" % "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"
open("good.npy", "wb").write(b"\x93NUMPY\x01\x00\x76\x00" + head.encode() + struct.pack("<6d", 1, 2, 3, 4, 5, 6))
zipfile.ZipFile("arrays.npz", "w").write("good.npy")
END
cat >write.yaml <<END
graph:
  files:
    exec: [sh, -c, 'cp $PWD/good.npy $PWD/people.csv $PWD/model.safetensors $PWD/arrays.npz .']
    outputs:
      array:  {file: good.npy, type: tensor}
      table:  {file: people.csv, type: table}
      model:  {file: model.safetensors, type: model}
      arrays: {file: arrays.npz, type: model}
artifact_outputs:
  array:  {contents: \$files.array, task: NumpyArrayArtifactTask}
  table:  {contents: \$files.table, task: CsvTableArtifactTask}
  model:  {contents: \$files.model, task: SafetensorsModelArtifactTask}
  arrays: {contents: \$files.arrays, task: NumpyArchiveArtifactTask}
outputs:
  array:  {contents: \$files.array, file: array.v1.2.npy}
  arrays: {contents: \$files.arrays, file: arrays.v1.npz}
  table:  {contents: \$files.table, file: a.b/table.of.people.csv}
END
expect 0 kist run write.yaml --name train.v1.2
equal "$(cd exports/train.v1.2 && find . -type f | sort)" './a.b/table.of.people.csv
./array.v1.2.npy
./arrays.v1.npz'
same exports/train.v1.2/array.v1.2.npy good.npy
for name in array table model arrays; do
	expect 0 kist cat "train.v1.2/$name"
	cp out "kept-$name"
done
cat >read.yaml <<'END'
artifact_inputs: {array: tensor, table: table, model: model, arrays: model}
graph:
  sum:   {sum: $array}
  rows:  {row_count: $table}
  spoil: {exec: [sh, -c, 'for f; do test -s "$f" && echo spoiled >"$f"; done', sh, $array, $table, $model, $arrays]}
  again: {task: sum, args: [$array], dependencies: spoil}
artifact_outputs:
  array:  {contents: $array, task: NumpyArrayArtifactTask}
  table:  {contents: $table, task: CsvTableArtifactTask}
  model:  {contents: $model, task: SafetensorsModelArtifactTask}
  arrays: {contents: $arrays, task: NumpyArchiveArtifactTask}
outputs: {sum: {contents: $sum, file: sum}, again: {contents: $again, file: again}, rows: {contents: $rows, file: rows}}
END
given=
for name in array table model arrays; do
	given="$given --input $name=train.v1.2/$name"
done
expect 0 kist run read.yaml $given
equal "$(cat exports/read/sum exports/read/again exports/read/rows | tr '\n' ' ')" '21 21 2 '
for name in array table model arrays; do
	expect 0 kist cat "train.v1.2/$name"
	same out "kept-$name"
	expect 0 kist cat "read/$name"
	same out "kept-$name"
done
whole

# Of several inputs exactly those are said to be missing that are; what no plugin made says so, and nothing has run.
expect 1 kist run read.yaml --input array=train.v1.2/array --input model=train.v1.2/model
equal "$(codes err)" 'E_INPUT_MISSING
E_INPUT_MISSING'
says err "'table'" "'arrays'"
says_not err "the input 'array'"
says_not err "the input 'model'"
printf 'nobody knows this' >unknown.bin
expect 0 kist put unknown.bin
kist jobs --json | sha256sum >before
printf 'artifact_inputs: {data: tensor}\ngraph: {a: {sum: $data}}\n' >bytes.yaml
expect 1 kist run bytes.yaml --input data=unknown.bin
says err "artifact input 'data': it is kept as bytes, which no plugin made"
mkdir tree
cp good.npy tree
expect 0 kist put tree
expect 1 kist run bytes.yaml --input data=tree
says err "artifact input 'data': it is kept as tree, which no plugin made"
expect 1 kist run read.yaml $(echo "$given" | sed 's|array=train.v1.2/array |array=train.v1.2/table |')
says err "artifact input 'array': it is table, and tensor is expected"
expect 3 kist run bytes.yaml --input data=nosuch
expect 1 kist run bytes.yaml --input nosuch=unknown.bin
says err E_INPUT_UNKNOWN E_INPUT_MISSING

# One of several outputs of an earlier step can be chosen.
cat >halves.yaml <<'END'
graph:
  a: {ramp: [4, 2]}
  b: {ramp: [3, 2]}
  parts:
    exec: [sh, -c, 'cp "$0" low.npy; cp "$1" high.npy', $a, $b]
    outputs: {low: {file: low.npy, type: tensor}, high: {file: high.npy, type: tensor}}
artifact_outputs:
  low:  {contents: $parts.low, task: NumpyArrayArtifactTask}
  high: {contents: $parts.high, task: NumpyArrayArtifactTask}
END
expect 0 kist run halves.yaml
printf 'artifact_inputs: {array: tensor}\ngraph: {s: {sum: $array}}\noutputs: {s: {contents: $s, file: s}}\n' >one.yaml
expect 0 kist run one.yaml --input array=halves/high
cp exports/one/s high
expect 0 kist run one.yaml --input array=halves/low
! cmp -s high exports/one/s || fail 'the other half was taken'

# Names are compared with all that they could be taken for, artifact inputs among them.
cat >names.yaml <<'END'
parameters: {x: 1}
artifact_inputs: {x: tensor, a: tensor}
graph: {a: {sub: [3]}, x: {sub: [4]}}
END
expect 1 kist run --check names.yaml
equal "$(codes out | grep -c E_NAME_TAKEN)" 3

# A check knows artifact inputs: their types count, and it asks for none.
printf 'artifact_inputs: {array: tensor, table: table}\ngraph: {a: {sum: $array}, b: {row_count: $table}}\n' >good.yaml
expect 0 kist run --check good.yaml
sed 's/sum: $array/sum: $table/' good.yaml >bad.yaml
expect 1 kist run --check bad.yaml
equal "$(codes out)" 'W_INPUT_UNUSED
E_TYPE_MISMATCH'
# Which of several outputs is meant must be said.
sed 's/$parts.low/$parts/' halves.yaml >bad.yaml
expect 1 kist run --check bad.yaml
equal "$(codes out)" E_OUTPUT_AMBIGUOUS

# A run writes where it was started, under its own folder and nowhere else; so does what gives a folder back.
mkdir elsewhere back flows
printf 'graph: {a: {exec: [sh, -c, "touch here; pwd"]}}\noutputs: {a: {contents: $a, file: a}}\n' >flows/where.yaml
(
	cd elsewhere
	expect 0 env KIST_STORE=../.kist kist run ../flows/where.yaml
	rm out err
	equal "$(find . -type f)" ./exports/where/a
)
equal "$(ls flows)" where.yaml
(
	cd elsewhere
	rm -r exports
	expect 0 env KIST_STORE=../.kist kist get tree -o ../back/tree
	rm out err
	equal "$(ls -A)" ''
)
same back/tree/good.npy good.npy
