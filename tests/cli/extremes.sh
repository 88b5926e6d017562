# Values at the ends of their ranges: what is said of them must not keep anybody from the bytes.
expect 0 kist init

same_back() {
	expect 0 kist put "$1"
	expect 0 kist show --json "$1"
	shift
	says out "$@"
}

# npy FILE DTYPE BYTES...: one dimension of 8-byte elements, given as octal bytes.
npy() {
	file=$1
	{
		printf '\223NUMPY\001\000\166\000'
		printf "%-117s\n" "{'descr': '$2', 'fortran_order': False, 'shape': ($#,), }" | sed 's/(3,)/(1,)/'
		printf "$3"
	} >"$file"
}

for number in 9223372036854775807 -9223372036854775808 9223372036854775808 1e+16 1e+20 1e+21 1.7976931348623157e+308 \
	5e-324 inf nan; do
	printf 'n\n%s\n' "$number" >"n$number.csv"
	same_back "n$number.csv" '"rows": 1'
	kist get "n$number.csv" -o back.csv -f || fail "n$number.csv does not come back"
	same "n$number.csv" back.csv
done

npy u64.npy '<u8' '\377\377\377\377\377\377\377\377'
same_back u64.npy '"max": "18446744073709551615"'
npy i64.npy '<i8' '\377\377\377\377\377\377\377\177'
same_back i64.npy '"max": 9223372036854775807'
npy f64.npy '<f8' '\100\214\265\170\035\257\025\104'
same_back f64.npy '"max": 1e20'
npy min.npy '<f8' '\000\000\000\000\000\000\340\303'
same_back min.npy '"min": -9.22'
for file in u64.npy i64.npy f64.npy min.npy; do
	expect 0 kist cat "$file"
	same "$file" out
done
# The longest name that a tensor may have.
tensor() { # FILE NAME-LENGTH
	header=$(printf '{"%s":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}' "$(head -c "$2" /dev/zero | tr '\0' n)")
	{
		printf "$(printf '\\%03o\\%03o\\%03o\\000\\000\\000\\000\\000' $((${#header} % 256)) \
			$((${#header} / 256 % 256)) $((${#header} / 65536)))"
		printf '%sx' "$header"
	} >"$1"
}
for length in 4095 4096 65536; do
	tensor "name$length.safetensors" "$length"
	same_back "name$length.safetensors" '"tensors": 1'
	expect 0 kist cat "name$length.safetensors"
	same "name$length.safetensors" out
	expect 0 kist convert "name$length.safetensors" --task SafetensorsModelArtifactTask --name again
done
tensor name.safetensors 65537
expect 1 kist put name.safetensors
says err E_NAME
expect 0 kist verify
