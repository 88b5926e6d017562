# What was damaged or lost is whole again once the same bytes are put again.
head -c 3000000 /dev/urandom >random.bin
expect 0 kist init
expect 0 kist put random.bin
expect 0 kist put random.bin --name other
says out '(0 of '
pack=$(find .kist/packs -name '*.pack' -size +1000k)
cp -r .kist sound

# hurt HOW: damages the one data pack.
hurt() {
	rm -rf .kist && cp -r sound .kist
	rm -rf "$HOME/.cache/kist"
	[ "$1" = cold ] || kist ls >out
	chmod u+w "$pack"
	case $2 in
	gone) rm "$pack" ;;
	cut) truncate -s 2000000 "$pack" ;;
	flipped) printf 'XXXX' | dd of="$pack" bs=1 seek=1500000 conv=notrunc status=none ;;
	esac
}

healed() {
	expect 0 kist put random.bin
	says_not out '(0 of '
	for name in random.bin other; do
		expect 0 kist get "$name" -o back -f
		same random.bin back
	done
	# Also for whoever has another index, or none.
	rm -rf "$HOME/.cache/kist"
	expect 0 kist get other -o back -f
	same random.bin back
}

for index in warm cold; do
	for how in gone cut flipped; do
		hurt $index $how
		healed
	done
	# And once somebody has read what is wrong.
	hurt $index flipped
	expect 4 kist get other -o new
	[ ! -e new ] || fail 'a damaged file came back'
	healed
	hurt $index flipped
	expect 4 kist verify
	says err 'damaged chunk ' "$(basename "$pack" .pack) at offset " 'damaged name random.bin' 'damaged name other'
	healed
	# The damaged copy is still there, and nothing leans on it any more.
	expect 0 kist verify
	says err 'healed chunk' 'a sound copy is kept elsewhere'
	says_not err 'damaged chunk'
	says_not err 'damaged name'
done

# A commit that got lost is not the log's end: nothing is said to be there that is not, and nothing is forked.
rm -rf .kist "$HOME/.cache/kist" && cp -r sound .kist
expect 0 kist rm random.bin
rm -f .kist/log/*2
rm -rf "$HOME/.cache/kist"
expect 4 kist ls
expect 4 kist get random.bin -o back -f
expect 4 kist put random.bin
says err "log/00000000000000000002' is missing"
cp sound/log/*2 .kist/log/
expect 0 kist ls
says_not out random.bin
says out other
