# Commits that get lost are never forgotten in silence, and never written over; what is said does not hang on
# what the host remembers.
expect 0 kist init
for i in 1 2 3 4 5 6; do
	seq "$i" 2000 >"h$i"
	expect 0 kist put "h$i"
done
cp -r .kist sound
cache=$HOME/.cache/kist
log=.kist/log/0000000000000000000

# Each command ends with 4, says what fits, and leaves no commit behind.
all_refuse() {
	ls .kist/log >before
	for command in ls 'ls --json' 'get h1 -o back -f' 'cat h1' 'show h1' stats verify 'verify h1' \
		'put h1' 'put h1 --name other' 'tag h1 more' 'rm h1' 'convert h1 --task no.such'; do
		expect 4 kist $command
		says err "$@"
	done
	ls .kist/log >after
	same before after
}

# The tail: this host has seen all of it, and says so.
rm ${log}5 ${log}6
all_refuse 'commits 5 to 6' "'log/00000000000000000005' is missing" 'put the files of the log back' \
	"delete '$cache/"
expect 4 kist verify --json
says out '"status": "corrupt"' 'commits 5 to 6'
# Put back, all is well.
cp sound/log/*5 sound/log/*6 .kist/log/
expect 0 kist ls
says out h6
expect 0 kist verify

# An older copy that was restored on purpose: the named file is deleted, and the store taken as it is.
rm ${log}6
expect 4 kist put h1
index=$(sed -n "s/.*delete '\([^']*\)'.*/\1/p" err)
[ -f "$index" ] || fail "no such index: $index"
says err 'commit 6,'
rm "$index"
expect 0 kist ls
says_not out h6
expect 0 kist put h1 --name seven

# Another commit at a number that this host has seen.
cp "${log}6" six
chmod u+w .kist/log/*
cp sound/log/*6 .kist/log/
all_refuse "'log/00000000000000000006' is not the one" "delete '$cache/"
rm -rf .kist && cp -r sound .kist
all_refuse "'log/00000000000000000006' is not the one"
rm -rf "$cache"
expect 0 kist verify

# A copy elsewhere, older or not, is a store of its own place: neither is in the other's way.
cp -r .kist copy
rm copy/log/*6
expect 0 kist --store copy ls
says_not out h6
expect 0 kist --store "$PWD/copy/../copy" ls
expect 0 kist ls
says out h6
expect 0 kist --store copy put h1 --name elsewhere
expect 0 kist ls
says_not out elsewhere

# A store of one commit.
rm -rf one
expect 0 kist init one
expect 0 kist --store one put h1
rm one/log/*1
expect 4 kist --store one ls
says err 'commit 1,' "'log/00000000000000000001' is missing"
expect 4 kist --store one put h2
[ -z "$(ls one/log)" ] || fail 'a second first commit'

# A hole, and a stray file far ahead: the same warm and cold.
for index in warm cold; do
	rm -rf .kist && cp -r sound .kist
	expect 0 kist ls
	rm ${log}3
	[ $index = warm ] || rm -rf "$cache"
	all_refuse "commit 'log/00000000000000000003' is missing" "'log/00000000000000000006' is there"
	rm -rf .kist && cp -r sound .kist
	expect 0 kist ls
	: >.kist/log/00000000000000000009
	[ $index = warm ] || rm -rf "$cache"
	all_refuse "commit 'log/00000000000000000007' is missing" "'log/00000000000000000009' is there"
	rm .kist/log/00000000000000000009
	: >.kist/log/00000000000000000007
	[ $index = warm ] || rm -rf "$cache"
	all_refuse "'log/00000000000000000007'"
done

# verify reads all of the log, also what this host has long folded.
rm -rf .kist && cp -r sound .kist
expect 0 kist ls
chmod u+w ${log}2
printf 'X' | dd of=${log}2 bs=1 seek=200 conv=notrunc status=none
expect 4 kist verify
says err 'damaged commit 2'
expect 4 kist verify --json
says out '"id": "2"'
