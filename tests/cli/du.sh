# What holds the bytes: shared ones, those of one name alone, and who leads to what.
head -c 3000000 /dev/urandom >base
cp base longer
head -c 1000000 /dev/urandom >>longer
mkdir -p folder/sub
cp base folder/sub/copy
head -c 400000 /dev/urandom >folder/own
expect 0 kist init
expect 0 kist put base
expect 0 kist tag base same
expect 0 kist put longer
expect 0 kist put folder

# number KEY NAME: what --json says of a name.
number() {
	sed -n "/\"names\"/,/^  \]/p" out | tr -d '\n ' | sed 's/},{/}\n{/g' | grep "\"name\":\"$2\"" |
		sed "s/.*\"$1\":\([0-9]*\).*/\1/"
}
expect 0 kist du --json
# Two names of one artifact: dropping one frees nothing; the end of the longer one is its own.
equal "$(number exclusive_bytes same)" 0
equal "$(number exclusive_bytes base)" 0
own=$(number exclusive_bytes longer)
[ "$own" -gt 900000 ] && [ "$own" -lt 2200000 ] || fail "longer: $own"
own=$(number exclusive_bytes folder)
[ "$own" -gt 400000 ] && [ "$own" -lt 410000 ] || fail "folder: $own"
[ "$(number shared_bytes folder)" -gt 2999999 ] || fail 'folder shares'
expect 0 kist du
says out 'RM FREES' base same longer folder 'that no name leads to: '
expect 0 kist du base same
says out 'rm of all of these frees'
says_not out longer

# Dropping a name frees what was said: then nobody leads to it.
expect 0 kist du folder --json
freed=$(sed -n 's/.*"freed_bytes": \([0-9]*\),/\1/p' out)
dead=$(sed -n 's/.*"dead_bytes": \([0-9]*\),/\1/p' out)
expect 0 kist rm folder
expect 0 kist du --json
now=$(sed -n 's/.*"dead_bytes": \([0-9]*\),/\1/p' out)
grown=$((now - dead - freed))
[ "$grown" -ge 0 ] && [ "$grown" -lt 2000 ] || fail "$dead and $freed, now $now"

# Why something is kept.
expect 0 kist put folder
expect 0 kist du --why base
says out base same folder sub/copy
expect 0 kist du --why base --json
says out '"what": "artifact"' '"path": "sub/copy"'
expect 0 kist du --why folder
says out folder base longer
for pack in $(find .kist/packs -name '*.pack' -size +2500k); do
	expect 0 kist du --why "$(basename "$pack" .pack)"
	says out base folder longer
done
artifact=$(kist du --why base --json | sed -n 's/.*"id": "\(.*\)",/\1/p')
expect 0 kist du --why "$artifact"
says out base
expect 3 kist du --why "$(printf '%064d' 5)"
says err 'no artifact, chunk or pack'
expect 3 kist du --why nothing
expect 3 kist du nothing
expect 2 kist du base --why same
expect 0 kist rm base same longer folder
expect 0 kist du --why "$artifact"
says out 'no name leads to the artifact'
expect 0 kist du

# What there is in all, and by kind.
make_npy a.npy
expect 0 kist put a.npy
expect 0 kist put folder
expect 0 kist stats
says out kept distinct stored 'on disk' dead ratio kist.npy@1.0 kist.tree recipe record
expect 0 kist stats --json
dead=$(sed -n 's/.*"dead_bytes": \([0-9]*\),/\1/p' out)
kept=$(sed -n 's/.*"object_bytes": \([0-9]*\),/\1/p' out)
equal "$kept" "$(($(stat -c %s a.npy) + 3400000))"
[ "$dead" -gt 900000 ] && [ "$dead" -lt 2200000 ] || fail "$dead bytes are dead"
