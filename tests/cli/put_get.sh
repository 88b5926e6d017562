# Files go in through their plugins and come back byte for byte, with modes and times.
make_npy a.npy
make_csv people.csv
make_safetensors m.safetensors
: >empty
printf x >one
head -c 3000000 /dev/urandom >random.bin
chmod 640 random.bin
touch -d '2001-02-03 04:05:06.789' random.bin

expect 0 kist init
expect 0 kist put a.npy people.csv m.safetensors empty one random.bin
says out 'float32 [2, 3]' '2 rows, 3 columns' '1 tensor, 2 parameters' '6 kept'

mkdir back
for file in a.npy people.csv m.safetensors empty one random.bin; do
	expect 0 kist get "$file" -o back
	same "$file" "back/$file"
	expect 0 kist cat "$file"
	same "$file" out
	kist ls "$file" >ls
	says ls "$(sha256sum "$file" | cut -d' ' -f1)"
done
equal "$(stat -c '%a %y' random.bin)" "$(stat -c '%a %y' back/random.bin)"

# By digest, too; and what is there is not replaced unasked.
digest=$(sha256sum random.bin | cut -c1-12)
expect 0 kist get "$digest" -o by-digest
same random.bin by-digest
expect 1 kist get random.bin -o by-digest
says err 'there already'
echo other >by-digest
expect 0 kist get --force random.bin -o by-digest
same random.bin by-digest
expect 3 kist get rendom.bin
says err random.bin
[ ! -e rendom.bin ] || fail 'something was left behind'

# The same again is one copy.
before=$(du -sb .kist/packs | cut -f1)
expect 0 kist put random.bin --name again
after=$(du -sb .kist/packs | cut -f1)
[ $((after - before)) -lt 2000 ] || fail "a second copy took $((after - before)) bytes"
expect 0 kist verify
expect 0 kist stats --json
expect 0 kist show --json people.csv
says out '"rows": 2' '"int64"' '"float64"' '"text"'

# A commit that is on disk is said to be, also when what comes after it goes wrong.
seq 5000 >late
for output in '' --json; do
	status=0
	kist put late --name "late$output" $output >&- 2>err || status=$?
	equal "$status" 1
	says err 'done, and on disk'
	expect 0 kist get "late$output" -o lately -f
	same late lately
done
for command in 'tag late later' 'rm late'; do
	status=0
	# shellcheck disable=SC2086
	kist $command --json >&- 2>err || status=$?
	equal "$status" 1
	says err 'done, and on disk'
done
expect 0 kist cat later
same late out
expect 3 kist cat late
{
	kist put late --name later --json 2>err || echo $? >status
} | true
[ ! -s status ] || says err 'done, and on disk'
mkfifo pipe
(exec 3<pipe) &
exec 4>pipe
wait
status=0
kist put late --name latest >&4 2>err || status=$?
exec 4>&-
equal "$status" 1
says err 'done, and on disk'
expect 0 kist get latest -o lately -f
