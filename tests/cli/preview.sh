# SPDX-License-Identifier: Apache-2.0
#
# What was understood, drawn: in a terminal's width, as SVG that is well-formed XML, as CSV and JSON.
python=${KIST_PYTHON:-python3}
"$python" -c 'import xml.dom.minidom' 2>/dev/null || python=

well_formed() {
	grep -q '</svg>' "$1" || fail "$1 is no whole image"
	[ -z "$python" ] || "$python" -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$1" ||
		fail "$1 is no XML"
}

make_csv people.csv
make_npy array.npy
make_safetensors model.safetensors
printf 'bytes' >bytes
expect 0 kist init
expect 0 kist put people.csv array.npy model.safetensors bytes

for name in people.csv array.npy model.safetensors; do
	expect 0 kist show --preview "$name"
	says out "$name"
	grep -q "$(printf '\033')" out && fail "colours in what goes to no terminal"
	expect 0 kist show --format svg -o "$name.svg" "$name"
	equal "$(cat out)" ''
	well_formed "$name.svg"
	expect 0 kist show --format csv "$name"
	expect 0 kist show --format json "$name"
	says out '"kind":'
	expect 0 kist show --preview --json "$name"
	says out '"kind":'
done
expect 0 kist show -p array.npy
says out histogram
expect 0 kist show -p people.csv
says out 'first lines' "$(head -n 1 people.csv)"

# A long table: what is an estimate, and rows from all over it.
awk 'BEGIN { print "id,text"; for (i = 0; i < 60000; i++) print i ",text " i * 7 }' >long.csv
expect 0 kist put long.csv
expect 0 kist show -p long.csv
says out 'first lines' '0,text 0' 'rows from all over it' '~' 'sampled: distinct texts in ' ' of 60000 rows'
grep -q '^[4-5][0-9][0-9][0-9][0-9],text [0-9]*$' out || fail 'no line of the last third is shown'
expect 0 kist show --format json long.csv
says out '"distinct_error":0.01625' '"quantiles_error":' '"sample":{"cells":[["'
expect 0 kist show --format csv long.csv
says out ',distinct_error,' ',quantiles_error,'

# What nobody described, and what there is not.
expect 1 kist show --preview bytes
says err 'nothing to draw'
expect 2 kist show --format png array.npy
says err "'png' is no format: text, svg, csv or json"
expect 3 kist show --format svg -o none/x.svg array.npy
says err none/x.svg
expect 1 kist show --against bytes model.safetensors
says err 'only two models, or two arrays'
expect 3 kist show --against nobody model.safetensors

# The same model, and the same under another name.
expect 0 kist put model.safetensors --name other
expect 0 kist show -p --against model.safetensors other
says out same
expect 0 kist show --against model.safetensors other
says out same

# What a name meant before is found without being named.
expect 3 kist show --changes model.safetensors
says err "'model.safetensors' has meant nothing else before"
expect 3 kist show --changes nobody
expect 2 kist show --changes --against other model.safetensors
cp model.safetensors before.safetensors
printf '\100' | dd of=model.safetensors bs=1 seek=66 conv=notrunc status=none
cp array.npy before.npy
printf '\100' | dd of=array.npy bs=1 seek=131 conv=notrunc status=none
expect 0 kist put model.safetensors array.npy
expect 0 kist tag other third
expect 0 kist show -p --changes model.safetensors
says out 'changed'
expect 0 kist show -p --changes array.npy
says out 'status changed' 'equal 0.83' 'max_abs 3'
expect 0 kist show --json --changes array.npy
says out '"status": "changed"'
expect 0 kist rm array.npy
expect 0 kist put array.npy
expect 3 kist show --changes array.npy
# Of a file in a folder, too.
mkdir folder
cp before.npy folder/array.npy
expect 0 kist put folder
cp array.npy folder/array.npy
expect 0 kist put folder
expect 0 kist show --changes folder/array.npy
says out changed
expect 3 kist show --changes folder/none.npy
expect 0 kist rm array.npy model.safetensors
expect 0 kist put array.npy
cp before.safetensors model.safetensors
expect 0 kist put model.safetensors

# A checkpoint of which one tensor moved: how far.
if [ -n "$python" ]; then
	"$python" - <<'END'
import json, struct
def write(path, tensors):
    head, data = {}, b""
    for name, values in tensors.items():
        raw = struct.pack("<%df" % len(values), *values)
        head[name] = {"dtype": "F32", "shape": [len(values)], "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(head).encode()
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + data)
kept = [float(i) for i in range(40000)]
write("old.safetensors", {"a.kept": kept, "a.moved": [0.0] * 4, "gone": [1.0], "shape": [1.0]})
write("new.safetensors", {"a.moved": [0.0, 3.0, 4.0, 0.0], "a.kept": kept, "new\u001b[31m": [1.0], "shape": [1.0, 2.0]})
END
	expect 0 kist put old.safetensors new.safetensors
	expect 0 kist show --format csv --against old.safetensors new.safetensors
	says out '[4],16,changed,0.5,5,4' '[40000],160000,same,' '[2],8,changed,' ',new,' gone,
	expect 0 kist show -p --against old.safetensors new.safetensors
	says out 'a  (2 tensors, 160016 bytes)' '\x1b[31m'
	grep -q "$(printf '\033')" out && fail "a name reaches the terminal as it is"
	expect 0 kist show --format svg -o new.svg --against old.safetensors new.safetensors
	well_formed new.svg
fi
