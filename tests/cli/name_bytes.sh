# Names and paths that are no UTF-8, or look like an escape: shown in one way, and whole in JSON.
python_with python3 json
raw=$(printf 'a\377b')
hex=61ff62
kist init
echo x >f
expect 0 kist put --name "$raw" f
says out 'a\xffb'
expect 0 kist put --name 'a\xffb' f
says out 'a\\xffb'
expect 0 kist ls
says out 'a\xffb' 'a\\xffb'
expect 0 kist show "$raw"
says out 'a\xffb'
says_not out name_bytes
expect 0 kist show 'a\xffb'
says out 'a\\xffb'
expect 0 kist du
says out 'a\xffb' 'a\\xffb'
expect 0 kist tag "$raw" "$raw.2"
says out 'a\xffb.2'

# value PYTHON: of the document in ./out.
value() {
	"$python" -c "import json; d = json.load(open('out')); print($1)"
}
expect 0 kist put --json --name "$raw" f
equal "$(value 'd[0]["name_bytes"]')" $hex
expect 0 kist tag --json "$raw" plain "$raw.3"
equal "$(value 'd["names_bytes"]')" "[None, '${hex}2e33']"
expect 0 kist verify --json "$raw"
equal "$(value 'd[0]["name_bytes"]')" $hex
expect 0 kist get --json "$raw"
equal "$(value 'bytes.fromhex(d[0]["path_bytes"])')" "b'./a\\xffb'"
expect 1 kist get --json "$raw"
equal "$(value 'd[0]["error"]["path_bytes"]')" $hex
mkdir folder
ln -s "to-$raw" folder/link
expect 0 kist put --quiet folder
expect 0 kist show --json folder
equal "$(value 'bytes.fromhex(d["tree"][0]["target_bytes"])')" "b'to-a\\xffb'"
expect 0 kist rm --json "$raw" plain "$raw" plain
equal "$(value 'd["dropped_bytes"]')" "['$hex', None]"
expect 0 kist rm --json "$raw.2"
equal "$(value 'len(d["dropped"])')" 1

# What is given twice counts once.
expect 0 kist put --quiet --name q f
expect 0 kist rm q q
says out '1 name dropped'
expect 0 kist tag folder n n
says_not out more

# All of a folder that is refused is in the document.
for i in 1 2 3; do
	mkfifo folder/fifo$i
done
expect 1 kist put --json folder --name refused
equal "$(value 'sum("fifo" in e["error"]["text"] for e in d)')" 3
