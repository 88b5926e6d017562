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

# What nobody described, and what there is not.
expect 1 kist show --preview bytes
says err 'nothing to draw'
expect 2 kist show --format png array.npy
says err "'png' is no format: text, svg, csv or json"
expect 3 kist show --format svg -o none/x.svg array.npy
says err none/x.svg
expect 1 kist show --against bytes model.safetensors
says err 'only models'
expect 3 kist show --against nobody model.safetensors

# The same model, and the same under another name.
expect 0 kist put model.safetensors --name other
expect 0 kist show -p --against model.safetensors other
says out same
expect 0 kist show --against model.safetensors other
says out same
