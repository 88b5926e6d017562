# A plugin that misbehaves on one small file of a folder, whose files are examined together: only that file is the worse
# for it, and all that is said is what is said of it alone.
. "$top_srcdir/tests/zoo/lib.sh"

mkdir many
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	printf 'TINYnumber %s of some' "$i" >many/$i.tiny
	printf 'line %s\n' "$i" >many/$i.txt
	make_npy many/$i.npy
	printf '%s' "$i" | cat many/$i.npy - >many/$i.bad.npy
	head -c "$((i * 9000))" many/$i.npy >many/$i.bytes
done

# entries NAME: names and artifacts of what it holds.
entries() {
	kist show --json "$1" | awk -F'"' '$2 == "artifact" { id = $4 } $2 == "name" { print $4, id }' | grep -v -e '^bad.tiny ' -e '^good ' -e '^again '
}

harmless() {
	rm -f many/bad.tiny
	expect 0 kist put --reread --opaque many --name good $how
	entries good >good
	grep -q '^7.tiny [0-9a-f]\{64\}$' good || fail 'no entries'
	printf 'TINYhello' >many/bad.tiny
	expect 1 kist put --reread many --name again $how
	says err 'kist: put: many/bad.tiny: ' 'plugin org.example.tiny 1.0.0' "$1"
	expect 3 kist show again
	expect 0 kist put --reread --opaque many --name again $how
	entries again >again
	diff good again || fail 'the other files are kept in another way'
	expect 0 kist show --json again/bad.tiny
	says out '"encoding": "kist.bytes@1.0"' "$1"
	whole
	expect 0 kist rm again
}
rows harmless 3<<'END'
-DONLY=9 -DIN=layout -DDO=crash | crashed in layout of type 'org.example.tiny': signal 11 (SIGSEGV)
-DONLY=9 -DIN=validate -DDO=leave | ended the worker with exit status 3 in validate of type 'org.example.tiny'
-DONLY=9 -DIN=describe -DDO=spin | took longer than 500 ms in describe of type 'org.example.tiny' and was ended
-DONLY=9 -DVALIDATE=fail_silently | failed in validate (corrupt) without saying why
-DONLY=9 -DVALIDATE=say_larger | there is nothing behind the end
-DONLY=9 -DLAYOUT=layout_overlap | broke the contract in layout: its part at 4 begins before 5, where the one before ends
-DONLY=9 -DDESCRIBE=describe_nan | broke the contract in describe: no JSON
-DONLY=9 -DDESCRIBE=describe_endless | wrote more than 262144 bytes in describe
-DONLY=9 -DIN=describe -DDO=garbage | broke the worker's protocol
END
