# A store whose own file is gone or empty is damaged: that is said, and what helps; nothing is made in its place.
head -c 100000 /dev/urandom >f
expect 2 kist init memory:abc
says err 'would end with this command'
expect 2 kist --store memory:abc ls
expect 0 kist init
expect 0 kist put f
cp .kist/kist.json saved.json
rm -f .kist/kist.json
for command in ls 'put f' verify init 'init .kist/log/x' 'get f -o g'; do
	[ "$command" != 'init .kist/log/x' ] || continue
	expect 4 kist $command
	says err kist.json 'bring it back from a copy'
	says_not err 'makes one'
done
expect 1 kist init .kist/inner
says err 'lies in the store'
: >.kist/kist.json
for command in ls init; do
	expect 4 kist $command
	says err 'kist.json: it is empty'
done
rm -f .kist/kist.json
cp saved.json .kist/kist.json
expect 0 kist verify

# An empty folder, and one with something else, are no store.
mkdir empty other
echo x >other/x
expect 3 kist --store empty ls
expect 3 kist --store other ls
expect 1 kist init other
says err 'not empty'

# Of several that make one store at once, one does, and the others say what is there.
for i in 1 2 3 4 5 6 7 8; do
	kist init together >"out.$i" 2>"err.$i" &
done
wait
equal "$(cat out.* | wc -l)" 1
for i in 1 2 3 4 5 6 7 8; do
	[ -s "out.$i" ] || says "err.$i" "'together' is a store already"
done

# What verify says names a thing once.
pack=$(find .kist/packs -name '*.pack' -size +50k)
id=$(basename "$pack" .pack)
chmod u+w "$pack"
truncate -s 50 "$pack"
expect 4 kist verify
says err "damaged pack $id: "
! grep -q "$id.*$id" err || fail "$(cat err)"
says_not err "'kist verify'"
expect 4 kist get f -o g
says err "'kist verify' tells what else is damaged"
rm -f "$pack"
rm -rf "$HOME/.cache"
expect 4 kist verify
says_not err "'kist verify'"

# The sizes that two commands give of the packs are the same.
rm -rf .kist
expect 0 kist init
head -c 100000 /dev/zero | tr '\0' 'x' >big
expect 0 kist put big
expect 0 kist verify --json
grep '"pack_bytes"' out >said
expect 0 kist stats --json
grep -qF "$(tr -d ' ,' <said)" <<END || fail 'the packs have two sizes'
$(tr -d ' ,' <out)
END

# A socket is called what it is.
python_with python3 socket
"$python" -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")'
expect 1 kist put sock
says err 'it is a socket'
