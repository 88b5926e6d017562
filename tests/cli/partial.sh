# SPDX-License-Identifier: Apache-2.0
#
# Parts of what is kept: only their chunks are read, and each of those is proved.

# big_npy FILE: 4096 rows of 512 float64, made by hand: 16 MiB that nothing compresses.
big_npy() {
	{
		printf '\223NUMPY\001\000\166\000'
		printf "%-117s\n" "{'descr': '<f8', 'fortran_order': False, 'shape': (4096, 512), }"
		head -c 16777216 /dev/urandom
	} >"$1"
}

# few FILE [MOST]: what '--stats' said in it is at most so many chunks, two, of many.
few() {
	read_chunks=$(sed -n 's/^read \([0-9]*\) of \([0-9]*\) chunks.*/\1/p' "$1")
	all_chunks=$(sed -n 's/^read \([0-9]*\) of \([0-9]*\) chunks.*/\2/p' "$1")
	[ "$read_chunks" -ge 1 ] && [ "$read_chunks" -le "${2:-2}" ] || fail "$read_chunks chunks were read"
	[ "$all_chunks" -ge 16 ] || fail "there are $all_chunks chunks only"
}

# hurt OFFSET: damages eight bytes of the one large pack.
hurt() {
	printf 'XXXXXXXX' | dd of="$(find .kist/packs -name '*.pack' -size +8M)" bs=1 seek="$1" conv=notrunc status=none
}

big_npy big.npy
make_npy array.npy
make_csv people.csv
make_safetensors model.safetensors
printf 'bytes' >bytes
mkdir folder
expect 0 kist init
expect 0 kist put big.npy
expect 0 kist put array.npy people.csv model.safetensors bytes folder

# Rows 100 to 199 begin behind the head of 128 bytes.
expect 0 kist cat big.npy --rows 100:200 --stats
few err
tail -c +129 big.npy | tail -c +$((100 * 4096 + 1)) | head -c $((100 * 4096)) >wanted
tail -c +129 out >got
same wanted got
says out "'shape': (100, 512)"
cp out rows.npy
expect 0 kist put rows.npy
expect 0 kist show rows.npy
says out '[100, 512]'
expect 0 kist cat big.npy --rows -1 --format raw --stats
few err
tail -c 4096 big.npy >wanted
same wanted out
expect 0 kist cat big.npy --slice '7, 10:20' --format raw
tail -c +129 big.npy | tail -c +$((7 * 4096 + 81)) | head -c 80 >wanted
same wanted out

# Small ones, and the other formats.
expect 0 kist cat array.npy --rows 0
says out "'shape': (1, 3)"
expect 0 kist cat array.npy --slice 0
says out "'shape': (3,)"
expect 0 kist cat array.npy --slice '5:'
says out "'shape': (0, 3)"
expect 0 kist cat array.npy --slice ... --format safetensors
says out '{"data":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}'
expect 0 kist cat model.safetensors --tensor b
says out "'descr': '<f4'" "'shape': (2,)"
expect 0 kist cat model.safetensors --slice -1 --format raw
equal "$(od -An -tx1 <out | tr -d ' ')" 00000040

# Rows of a table: the header, and the lines as they are.
{
	echo 'n,"a ""word""",x'
	seq 1 600000 | sed 's/.*/&,"word, &",x&/'
} >long.csv
expect 0 kist put long.csv
expect 0 kist cat long.csv --rows 300000:300100 --stats
{
	head -n 1 long.csv
	sed -n '300002,300101p' long.csv
} >wanted
same wanted out
few err 4
expect 0 kist cat long.csv --rows=-3: --columns x,n
printf 'x,n\nx599998,599998\nx599999,599999\nx600000,600000\n' >wanted
same wanted out
expect 0 kist cat long.csv --rows 0:0
head -n 1 long.csv >wanted
same wanted out
expect 0 kist cat people.csv --columns score
equal "$(cat out)" 'score
1.5
""'
expect 0 kist show long.csv
says_not out offsets
# Without a header there is none, and the delimiter stays.
tail -n +2 long.csv | tr , ';' | tr -d '"' >bare.csv
expect 0 kist put bare.csv --param header=no
for row in 0 1 2 13000 599999; do
	expect 0 kist cat bare.csv --rows $row
	sed -n "$((row + 1))p" bare.csv >wanted
	same wanted out
done

# What there is not.
expect 3 kist cat model.safetensors --tensor B
says err "it has no tensor 'B': did you mean 'b'?"
expect 1 kist cat array.npy --slice 2
says err 'index 2 is out of bounds for dimension 0, which has 2 elements'
expect 1 kist cat array.npy --slice '0,0,0'
says err 'too many indices: the array has 2 dimensions, the slice 3'
expect 1 kist cat array.npy --tensor b
says err '--slice or --rows'
expect 3 kist cat people.csv --columns name,height
says err "no column 'height'; there are: 'name', 'age', 'score'"
expect 1 kist cat people.csv --rows ::-1
says err 'without a step'
expect 1 kist cat people.csv --slice 0
says err '--rows and --columns'
expect 1 kist cat people.csv --rows 0 --format npy
says err 'without --format'
expect 1 kist cat array.npy --columns a
says err 'only a table has columns'
expect 1 kist cat bytes --rows 0:1
says err 'no plugin has said'
expect 1 kist cat folder --rows 0:1
says err 'name a file in it'
expect 2 kist cat array.npy --slice 0:1:0
says err 'the step of a slice cannot be zero'
expect 2 kist cat array.npy --slice 0:x
says err "from 'x' on"
expect 2 kist cat array.npy --rows 0:1,2
says err '--rows takes FROM:TO'
expect 2 kist cat array.npy --rows 0:1 --slice 0
expect 2 kist cat array.npy people.csv --rows 0:1
expect 2 kist cat array.npy --format npy
expect 2 kist cat array.npy --rows 0 --format png
expect 3 kist cat nobody --rows 0

# Damage where nobody reads is not seen; where somebody does, it is.
hurt 12000000
expect 0 kist cat big.npy --rows 100:200
expect 4 kist cat big.npy
expect 4 kist cat big.npy --rows 100:4000
says err 'pack '
hurt 300000
expect 4 kist cat big.npy --rows 0:120
