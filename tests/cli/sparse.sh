# Holes at the beginning, in the middle and at the end, of any length, come back byte for byte, and as holes.
kist init >/dev/null
# made NAME SIZE OFFSET...: a file of this size with a few bytes at each offset.
made() {
	name=$1
	truncate -s "$2" "$name"
	shift 2
	for offset; do
		printf 'bytes' | dd of="$name" bs=1 seek="$offset" conv=notrunc status=none
	done
}
made all-hole 10000000
made begins 10000000 0
made ends 10000000 9999995
made middle 10000000 4000000
made short 70000 1
made long-and-odd 10000001 65535 65541 1048576 3000000
made just-a-block 65536
made a-block-and-one 65537
made one-less 65535
made two 131072 131067
head -c 3000000 /dev/zero >zeros
head -c 3000000 /dev/zero | tr '\0' x >no-zeros
{
	head -c 65536 /dev/zero
	printf x
	head -c 131072 /dev/zero
	printf y
} >mixed
files='all-hole begins ends middle short long-and-odd just-a-block a-block-and-one one-less two zeros no-zeros mixed'
mkdir in back
mv $files in
kist put in/* >/dev/null
kist get $files -o back >/dev/null
for file in $files; do
	same "in/$file" "back/$file"
	kist cat "$file" >out
	same "in/$file" out
	equal "$(kist ls --json "$file" | sed -n 's/.*"sha256": "\(.*\)".*/\1/p')" "$(sha256sum "in/$file" | cut -d' ' -f1)"
done
# In a folder, too.
kist put in --name folder >/dev/null
kist get folder -o folder.back >/dev/null
diff -r in folder.back >&2 || fail 'the folder came back as another'
if [ "$(du -k in/all-hole | cut -f1)" -lt 100 ]; then
	for file in all-hole zeros folder.back/middle; do
		case $file in */*) ;; *) file=back/$file ;; esac
		[ "$(du -k "$file" | cut -f1)" -lt 1000 ] || fail "$file has no holes"
	done
fi
