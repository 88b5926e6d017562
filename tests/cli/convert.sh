# One plugin reads, another writes.
make_csv people.csv
make_npy a.npy
make_safetensors m.safetensors
expect 0 kist init
expect 0 kist put people.csv a.npy m.safetensors
expect 0 kist convert people.csv --task NumpyArrayArtifactTask --select age --name age.npy
says out 'int64 [2]'
expect 0 kist cat age.npy
says out "'descr': '<i8'" "'shape': (2,)"
expect 0 kist convert people.csv --task NumpyArrayArtifactTask --select age,score
says out people.npy 'float64 [2, 2]'
expect 0 kist convert a.npy --task CsvTableArtifactTask
expect 0 kist cat a.csv
printf 'c0,c1,c2\n1.0,2.0,3.0\n4.0,5.0,6.0\n' >wanted
same out wanted
expect 0 kist convert m.safetensors --task NumpyArrayArtifactTask --select b --name b.npy
says out 'float32 [2]'
expect 0 kist convert a.npy --task SafetensorsModelArtifactTask
says out '1 tensor'
expect 0 kist show a.csv
says out parents

expect 1 kist convert people.csv --task NumpyArrayArtifactTask
says err name
expect 3 kist convert people.csv --task NumpyArrayArtifactTask --select nosuch
says err age
expect 3 kist convert people.csv --task NumpyArayArtifactTask
says err NumpyArrayArtifactTask
expect 2 kist convert a.npy --task NumpyArrayArtifactTask --param fortran_ordr=true
says err fortran_order
expect 0 kist convert a.npy --task NumpyArrayArtifactTask --param fortran_order=true --name f.npy
expect 0 kist cat f.npy
says out "'fortran_order': True"
expect 0 kist verify

# What the elements are is not what they are stored as: refused, never other values.
npy_of() { # FILE DESCR SHAPE: the header
	printf '\223NUMPY\001\000\166\000'
	printf "%-117s\n" "{'descr': $2, 'fortran_order': False, 'shape': $3, }"
} >"$1"
npy_of text.npy "'<U3'" '(2,)'
printf 'a\000\000\000b\000\000\000c\000\000\000d\000\000\000e\000\000\000\000\000\000\000' >>text.npy
npy_of record.npy "[('a', '<i4'), ('b', '<f8')]" '(1,)'
printf '\001\000\000\000\000\000\000\000\000\000\370\077' >>record.npy
npy_of date.npy "'<M8[D]'" '(1,)'
printf '\126\107\000\000\000\000\000\000' >>date.npy
npy_of half.npy "'<f2'" '(2,)'
printf '\000\074\146\056' >>half.npy
expect 0 kist put text.npy record.npy date.npy half.npy
for name in text record date; do
	expect 1 kist convert $name.npy --task CsvTableArtifactTask --name $name.csv
	says err 'no column type' '[E_DTYPE]'
	expect 1 kist convert $name.npy --task SafetensorsModelArtifactTask --name $name.safetensors
	says err 'no numbers' '[E_DTYPE]'
	expect 0 kist convert $name.npy --task NumpyArrayArtifactTask --name $name-again.npy
	expect 0 kist cat $name-again.npy
	same out $name.npy
done
expect 1 kist convert text.npy --task CsvTableArtifactTask --name text.csv
says err "<U3 have no column type"
expect 1 kist convert date.npy --task CsvTableArtifactTask --name date.csv
says err 'datetime64[D]'
expect 0 kist convert half.npy --task CsvTableArtifactTask
expect 0 kist cat half.csv
printf 'c0\n1.0\n0.099975586\n' >wanted
same out wanted

# A name says what is between the cells, unless an argument does.
expect 0 kist convert a.npy --task CsvTableArtifactTask --name t.tsv
expect 0 kist cat t.tsv
printf 'c0\tc1\tc2\n1.0\t2.0\t3.0\n4.0\t5.0\t6.0\n' >tabs
same out tabs
expect 0 kist show t.tsv
says out '3 columns'
for say in tab '\t' "$(printf '\t')"; do
	expect 0 kist convert a.npy --task CsvTableArtifactTask --name t.txt --param "delimiter=$say"
	expect 0 kist cat t.txt
	same out tabs
done
expect 0 kist convert a.npy --task CsvTableArtifactTask --name T.TSV
expect 0 kist cat T.TSV
same out tabs
expect 0 kist convert a.npy --task CsvTableArtifactTask --name semi.tsv --param 'delimiter=;'
expect 0 kist cat semi.tsv
says out 'c0;c1;c2'
expect 1 kist convert a.npy --task CsvTableArtifactTask --name bad.tsv --param delimiter=ab
says err 'must be tab or one ASCII character'
expect 0 kist convert t.tsv --task NumpyArrayArtifactTask --select c0 --name c0.npy
expect 0 kist verify

# Words for what cannot be: what a column holds, what may be selected, which plugin says so.
expect 1 kist convert people.csv --task NumpyArrayArtifactTask --name n.npy
says err "column 'name' holds text; select columns of numbers: 'age', 'score'"
printf 'a,b\nx,y\n' >words.csv
expect 0 kist put words.csv
expect 1 kist convert words.csv --task NumpyArrayArtifactTask
says err 'holds text, and no column holds numbers'
printf 'a,b\n1\n' >ragged.csv
expect 1 kist put ragged.csv
says err 'plugin kist.csv ' '[E_RAGGED]'

# One spelling of element types, whatever the file calls them.
expect 0 kist show m.safetensors --json
says out '"float32"' '"stored_as": "F32"'
expect 0 kist show a.npy --json
says out '"float32"'

# numpy has no name for these numbers: the record says what the raw bytes are, and they come back as they were.
safetensors_of() { # FILE HEADER: "one" and, as the header says, "two", of two bytes each
	printf "\\$(printf %03o ${#2})\\000\\000\\000\\000\\000\\000\\000%s\\200\\077\\000\\100" "$2" >"$1"
}
logical_of() { # NAME: the type of what is read of it
	expect 0 kist convert "$1" --task SafetensorsModelArtifactTask --name back.safetensors
	expect 0 kist show back.safetensors --json
}
while read -r stored name shape; do
	safetensors_of small.safetensors "{\"data\":{\"dtype\":\"$stored\",\"shape\":[$shape],\"data_offsets\":[0,4]}}"
	expect 0 kist put small.safetensors --name small.safetensors
	for written in npy:NumpyArrayArtifactTask npz:NumpyArchiveArtifactTask; do
		expect 0 kist convert small.safetensors --task "${written#*:}" $(test "${written%%:*}" = npz || echo --select data) \
			--name "small.${written%%:*}"
		says_not out void
		expect 0 kist show "small.${written%%:*}" --json
		says out "\"logical_dtype\": \"$name\"" "\"dtype\": \"$name\""
		logical_of "small.${written%%:*}"
		says out "\"$name\"" "\"stored_as\": \"$stored\""
		expect 0 kist cat back.safetensors
		tail -c 4 out >bytes
		tail -c 4 small.safetensors >wanted
		same bytes wanted
	done
	expect 0 kist convert small.npy --task NumpyArrayArtifactTask --name again.npy
	says out "$name"
done <<END
BF16 bfloat16 1,2
F8_E4M3 float8_e4m3fn 2,2
F8_E5M2 float8_e5m2 2,2
END
expect 0 kist verify --deep small.npy
safetensors_of two.safetensors '{"one":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]},"two":{"dtype":"F16","shape":[1],"data_offsets":[2,4]}}'
expect 0 kist put two.safetensors
expect 0 kist convert two.safetensors --task NumpyArchiveArtifactTask --name two.npz
expect 0 kist show two.npz --json
says out '"logical_dtype": "bfloat16"' '"float16"'
# One argument cannot say two types.
safetensors_of mixed.safetensors '{"one":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]},"two":{"dtype":"F8_E5M2","shape":[2],"data_offsets":[2,4]}}'
expect 0 kist put mixed.safetensors
expect 0 kist convert mixed.safetensors --task NumpyArchiveArtifactTask --name mixed.npz
expect 0 kist show mixed.npz --json
says_not out read_params
expect 0 kist convert a.npy --task NumpyArrayArtifactTask --name plain.npy
expect 0 kist show plain.npy --json
says_not out read_params

# What a run keeps is recorded in the same way.
safetensors_of small.safetensors '{"data":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
expect 0 kist put small.safetensors --name small.safetensors
expect 0 kist convert small.safetensors --task NumpyArrayArtifactTask --select data --name small.npy
cat >keep.yaml <<'END'
artifact_inputs: {array: tensor}
graph: {nothing: {exec: ["true"]}}
artifact_outputs: {array: {contents: $array, task: NumpyArrayArtifactTask}}
END
expect 0 kist run keep.yaml -i array=small.npy
expect 0 kist show keep/array --json
says out '"logical_dtype": "bfloat16"' '"dtype": "bfloat16"'
