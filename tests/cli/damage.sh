# A damaged store never gives a wrong byte, says what is hurt, and ends with 4.
head -c 300000 /dev/urandom >random.bin
make_csv people.csv
expect 0 kist init
expect 0 kist put random.bin
expect 0 kist put people.csv
pack=$(find .kist/packs -name '*.pack' -size +200k)
{
	echo n
	seq 20000
} >long.csv
expect 0 kist put long.csv
cp -r .kist sound
printf 'XXXXXXXX' | dd of="$pack" bs=1 seek=150000 conv=notrunc status=none
expect 4 kist get random.bin -o back
[ ! -e back ] || fail 'a damaged file came back'
says err "$(basename "$pack" .pack | cut -c1-16)"
expect 4 kist verify
says err damaged
expect 0 kist get people.csv -o back.csv
same people.csv back.csv

# A missing pack, a cut pack, a damaged commit.
rm "$pack"
for index in warm cold; do
	[ $index = warm ] || rm -rf "$HOME/.cache/kist"
	for command in 'get random.bin -o back' 'cat random.bin' 'show random.bin' 'verify random.bin' verify; do
		expect 4 kist $command
		[ $index = cold ] || says err "$(basename "$pack" .pack | cut -c1-16)"
	done
	says err "$(basename "$pack" .pack)"
	for command in 'get random.bin -o back' 'cat random.bin'; do
		expect 4 kist $command
		says err ': random.bin: '
	done
done
[ ! -e back ] || fail 'a file came back whose pack is gone'
rm -f .kist/packs/*/*
expect 4 kist convert long.csv --task NumpyArrayArtifactTask --select n --name other
says err '.pack'
# What nobody has put is not found, and is no damage.
expect 3 kist get nothing
rm -rf .kist && cp -r sound .kist
rm -rf "$HOME/.cache/kist"
truncate -s 200000 "$pack"
expect 4 kist get random.bin -o back
expect 4 kist verify
rm -rf .kist && cp -r sound .kist
first=$(find .kist/log -type f | sort | head -n 1)
chmod u+w "$first"
printf 'X' | dd of="$first" bs=1 seek=200 conv=notrunc status=none
rm -rf "$HOME/.cache/kist"
for command in ls 'put people.csv' 'tag people.csv more' 'rm people.csv' 'convert people.csv --task NumpyArrayArtifactTask --select age'; do
	expect 4 kist $command
	says err 'log/'
done
rm -rf .kist && cp -r sound .kist
chmod u+w .kist/kist.json
printf '{' >.kist/kist.json
for command in ls 'put people.csv' verify; do
	expect 4 kist $command
	says err 'kist.json'
done

# A name whose record is nowhere is said, also when everything that is there is sound.
rm -rf .kist && cp -r sound .kist
rm -rf "$HOME/.cache/kist" .kist/packs/*/* .kist/packs/*.pack
expect 4 kist verify
says err 'damaged name people.csv' 'damaged name random.bin'

# The index on the host is a cache: deleting or damaging it changes nothing.
rm -rf .kist && cp -r sound .kist
kist ls --json >wanted
rm -rf "$HOME/.cache/kist"
expect 0 kist ls --json
same out wanted
for file in $(find "$HOME/.cache/kist" -name '*.sqlite'); do
	printf garbage >"$file"
done
expect 0 kist ls --json
same out wanted

# A newer store is left alone.
sed 's/"format":1/"format":2/' sound/kist.json >.kist/new.json
chmod u+w .kist/kist.json
mv .kist/new.json .kist/kist.json
expect 1 kist put people.csv
says err 'format 2'
