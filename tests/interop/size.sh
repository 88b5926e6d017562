# Sizes: a sparse file of 5 GiB, ten thousand small files, odd names, and large files of each plugin, in less than
# 256 MiB of memory for kist and for its worker each.  KIST_FAULTS=long brings all of the large ones back, too.
strike="$top_builddir/tests/support/strike"
kib_max=$((256 * 1024))
room=$(df -Pk . | awk 'NR == 2 { print $4 }')
[ "$room" -gt $((4 * 1024 * 1024)) ] || skip "$((room / 1024)) MiB of disk are free; 4096 are needed"
grep -q "define KIST_SANITIZED" "$top_builddir/config.h" && skip "sanitizers take memory of their own"
sparse=yes
truncate -s 64M hole
[ "$(du -k hole | cut -f1)" -lt 1024 ] || sparse=
rm hole
kist init >/dev/null

# measured WHAT COMMAND...: it succeeds, within the memory.
measured() {
	what=$1
	shift
	status=0
	"$strike" -o report "$@" >out 2>err || status=$?
	[ "$status" != 77 ] || {
		cat out
		exit 77
	}
	[ "$status" = 0 ] || {
		cat out err >&2
		fail "$what ended with $status"
	}
	for process in host worker peak; do
		kib=$(sed -n "s/^${process}_kib //p" report)
		[ "$kib" -lt "$kib_max" ] || fail "$what: the $process took $((kib / 1024)) MiB"
		[ "$kib" -lt "${kib_most:-0}" ] || kib_most=$kib
	done
	equal "$(sed -n 's/^open_fds //p' report)" 0
	echo "$what: $(sed -n 's/^\(host\|worker\)_kib //p' report | paste -sd' ' | awk '{
		printf "host %d MiB, worker %d MiB", $1 / 1024, $2 / 1024 }')"
}

# back NAME: it comes back as it is here; then both are removed.
back() {
	measured "get $1" kist get "$1" -o back
	cmp "$1" back || fail "$1 came back as something else"
	rm back "$1"
}

# Names, and folders with nothing in them.
newline=$(printf 'a\nb_')
newline=${newline%_}
bytes=$(printf 'caf\351 \377')
mkdir names names/empty 'names/in a folder'
for name in 'with space' "$newline" "$bytes" '*?[x]' "quote'\"" '-dash' '\back' '.hidden' 'in a folder/x'; do
	printf '%s' "$name" >"names/$name"
done
chmod 600 'names/with space'
chmod 750 names/empty
touch -d '2001-02-03 04:05:06.789' 'names/in a folder/x'
touch -d '1969-02-03 04:05:06' 'names/empty'
list() {
	(cd "$1" && find . -printf '%y %m %T@ %s %p\0' | sort -z)
}
kist put names --name names >out
kist get names -o names.back >/dev/null
diff -r names names.back >&2 || fail 'names came back as others'
list names | tr '\0' '\n' | grep -v '^d.* \.$' >wanted
list names.back | tr '\0' '\n' | grep -v '^d.* \.$' >found
cmp wanted found || fail 'modes or times came back as others'
for name in "$newline" "$bytes" 'with space'; do
	cp "names/$name" "./$name"
	kist put -- "$name" >out
	kist get -o one.back -- "$name" >out
	cmp "$name" one.back || fail 'a file with an odd name'
	rm one.back
done

# A folder's digest is that of what is in it: the same again, made in another order, elsewhere.
mkdir other 'other/in a folder'
for name in 'in a folder/x' '.hidden' '\back' '-dash' "quote'\"" '*?[x]' "$bytes" "$newline" 'with space'; do
	cp -p "names/$name" "other/$name"
done
mkdir other/empty
for name in empty 'in a folder' .; do
	chmod --reference="names/$name" "other/$name"
	touch -r "names/$name" "other/$name"
done
digest() {
	kist ls --json "$1" | sed -n 's/.*"sha256": "\(.*\)".*/\1/p'
}
kist put other >out
equal "$(digest names)" "$(digest other)"

: >empty
printf x >one
kist put empty one >out
back empty
back one

# Ten thousand small files.
mkdir many
seq 10000 | (cd many && while read -r i; do echo "file $i" >"f$i.txt"; done)
measured 'put 10000 files' kist put many
measured 'get 10000 files' kist get many -o many.back
diff -r many many.back >&2 || fail 'many files came back as others'
rm -r many many.back

# 5 GiB, of which all but a few bytes are a hole.
if [ "$sparse" ]; then
	truncate -s 5G sparse
	printf 'a mark' | dd of=sparse bs=1 seek=3000000000 conv=notrunc status=none
	measured 'put 5 GiB' kist put sparse
	equal "$(digest sparse)" 8b465b9079c25fc15b749c607815e55f555b8e079bf042cfa89f1c333189904c
	measured 'get 5 GiB' kist get sparse -o back
	equal "$(stat -c %s back)" 5368709120
	cmp -i 2999999000 -n 2000 sparse back || fail 'the mark of 5 GiB'
	rm sparse
	[ "$(du -k back | cut -f1)" -lt 65536 ] || fail "what was sparse takes $(du -h back | cut -f1)"
	# Every byte was proved on the way out; here it is read again.
	if [ "${KIST_FAULTS:-}" = long ]; then
		equal "$(sha256sum <back | cut -d' ' -f1)" 8b465b9079c25fc15b749c607815e55f555b8e079bf042cfa89f1c333189904c
	fi
	rm back
fi
[ "$(du -sk .kist | cut -f1)" -lt 65536 ] || fail "the store takes $(du -sh .kist | cut -f1)"

# Large files of each plugin; dense at the beginning, so that packs are filled.
head -c 100000000 /dev/urandom >dense
{
	printf '\223NUMPY\001\000\166\000'
	printf "%-117s\n" "{'descr': '<f4', 'fortran_order': False, 'shape': (402653184,), }"
	cat dense
} >big.npy
truncate -s $((128 + 4 * 402653184)) big.npy
measured 'put 1.5 GiB of npy' kist put big.npy
says out 'float32 [402653184]'
[ "${KIST_FAULTS:-}" = long ] && back big.npy
rm -f big.npy

header='{"a":{"dtype":"BF16","shape":[157286400],"data_offsets":[0,314572800]},'
header=$header'"b":{"dtype":"F32","shape":[78643200],"data_offsets":[314572800,629145600]}}'
{
	printf '\230\000\000\000\000\000\000\000'
	printf '%-152s' "$header"
	cat dense
} >big.safetensors
truncate -s $((8 + 152 + 629145600)) big.safetensors
measured 'put 600 MiB of safetensors' kist put big.safetensors
says out '2 tensors'
back big.safetensors
rm dense

awk 'BEGIN { srand(1); for (i = 0; i < 100000; i++)
	printf "%d,%.15g,%s,\"name, %d\"\n", i, rand() * exp(40 * rand() - 20), i % 2 ? "true" : "false", i % 977 }' >rows
{
	echo 'id,x,flag,name'
	size=0
	step=$(stat -c %s rows)
	while [ "$size" -lt 1073741824 ]; do
		cat rows
		size=$((size + step))
	done
} >big.csv
rows=$(($(stat -c %s big.csv) / step * 100000))
measured 'put 1 GiB of CSV' kist put big.csv
kist show --json big.csv >out
says out "\"rows\": $rows"
if [ "${KIST_FAULTS:-}" = long ]; then
	back big.csv
fi
rm -f big.csv rows

# One line of 300 MiB is no table; it can be kept as bytes.
head -c 314572800 /dev/zero | tr '\0' x >line.csv
status=0
"$strike" -o report kist put line.csv >out 2>err || status=$?
equal "$status" 1
says err E_LINE_TOO_LONG
[ "$(sed -n 's/^peak_kib //p' report)" -lt "$kib_max" ] || fail 'a long line takes too much memory'
measured 'put one line of 300 MiB' kist put --opaque line.csv
back line.csv
printf 'FIGURE\tmost memory of a process, of large puts and gets\t%d MiB\tunder %d\n' "$((kib_most / 1024))" "$((kib_max / 1024))"
