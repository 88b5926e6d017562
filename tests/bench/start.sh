#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What starting costs, with few plugins and with many.
set -eu
# shellcheck source=tests/bench/lib.sh
. "$top_srcdir/tests/bench/lib.sh"

new_store='rm -rf store && kist init store >/dev/null && sync -f store'

# The median (field 1 of bench_time's lines) of command $2 in file $1; other fields as $3.
field() { sed -n "$2p" "$1" | cut -d' ' -f"${3:-1}"; }

# 100 plugins that are trusted and not needed.
plugins() {
	for no in $(seq 100); do
		mkdir -p "plugins/p$no"
		cp "$top_builddir/tests/root/usr/local/lib/kist/plugins/csv/kist-csv.so" "plugins/p$no/unneeded.so"
		sed -e "s/org\.example\.tiny/org.example.p$no/; s/TinyArtifactTask/P${no}ArtifactTask/; s/tiny\.so/unneeded.so/" \
			-e "s/x-tiny/x-p$no/; s/\[\"tiny\"\]/[\"p$no\"]/; s/54494e59/70$(printf %08x "$no")/; s/@VERSION@/1.0.0/" \
			-e "s/@SIZE@/$(stat -c %s "plugins/p$no/unneeded.so")/" \
			-e "s/@SHA256@/$(sha256sum "plugins/p$no/unneeded.so" | cut -d' ' -f1)/" \
			"$top_srcdir/tests/zoo/tiny.plugin.json.in" >"plugins/p$no/org.example.p$no.plugin.json"
	done
	kist plugin trust plugins/p*/*.plugin.json >/dev/null
}

echo 'starting; medians and least of 20 runs, in ms'
"$bench/bench_data" files 1 tiny
kist init store >/dev/null
kist --store store put -q tiny
"$bench/bench_time" 20 true 'exec true' true 'exec kist --version >/dev/null' true 'exec kist --store store ls >/dev/null' \
	"$new_store" 'exec kist --store store put -q tiny/000/00000.npy' >times
printf '%-34s %8s %8s\n' COMMAND MEDIAN LEAST
printf '%-34s %8s %8s\n' 'sh -c true, for comparison' "$(field times 1)" "$(field times 1 2)" \
	'kist --version' "$(field times 2)" "$(field times 2 2)" 'kist ls' "$(field times 3)" "$(field times 3 2)" \
	'kist put, 3 plugins' "$(field times 4)" "$(field times 4 2)"
plugins
put='exec kist --plugin-dir plugins --store store put -q tiny/000/00000.npy'
"$bench/bench_time" 20 "$new_store" "$put" >times
printf '%-34s %8s %8s\n' 'kist put, 103 plugins' "$(field times 1)" "$(field times 1 2)"
if command -v strace >/dev/null; then
	sh -c "$new_store"
	strace -f -o trace -e trace=open,openat,openat2 sh -c "$put"
	echo "of the 100 libraries that are not needed, opened: $(grep -c 'unneeded\.so' trace || :)"
fi
