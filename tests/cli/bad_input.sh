# Bad input gets its code, the file and the offset, exit status 1, and nothing is stored.
expect 0 kist init

refused() { # FILE CODE
	expect 1 kist put "$1"
	says err "$1" "$2"
	expect 3 kist show "$1"
	expect 0 kist put --opaque "$1" --name opaque
	expect 0 kist show opaque
	says out bytes reason "$2"
	expect 0 kist cat opaque
	same "$1" out
}

make_npy good.npy
head -c 140 good.npy >cut.npy
refused cut.npy E_TRUNCATED
{ cat good.npy; printf x; } >long.npy
refused long.npy E_TRAILING
sed "s/(2, 3)/(2,-3)/" good.npy >shape.npy
refused shape.npy E_SHAPE
sed "s/<f4/|O8/" good.npy >object.npy
refused object.npy E_OBJECT
sed "s/<f4/<f3/" good.npy >dtype.npy
refused dtype.npy E_DTYPE
{ printf '\223NUMPY\011\000'; tail -c +9 good.npy; } >version.npy
refused version.npy E_VERSION

printf 'a,b\n1,2\n3\n' >ragged.csv
refused ragged.csv E_RAGGED
expect 1 kist put ragged.csv
says err 'line 3' '(at byte 8)'
printf 'a,b\n1,"2\n' >quote.csv
refused quote.csv E_QUOTE

make_safetensors good.safetensors
head -c 60 good.safetensors >cut.safetensors
refused cut.safetensors E_
sed 's/\[0,8\]/[0,9]/' good.safetensors >offset.safetensors
refused offset.safetensors E_
printf '\377\377\377\377\377\377\377\177{}' >huge.safetensors
refused huge.safetensors E_HEADER

# The good ones go in beside a bad one.
expect 1 kist put good.npy ragged.csv
expect 0 kist show good.npy
# A bad one in a folder names itself.
mkdir folder
cp ragged.csv folder
expect 1 kist put folder
says err folder/ragged.csv E_RAGGED
expect 0 kist put --opaque folder
expect 0 kist verify
expect 3 kist put nosuch
