#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# "make bench": prints what put, get and starting cost beside the tools that people would use instead.
#
#     RUNS=5      how often each command runs; medians are printed
#     SCALE=100   percent of the sizes, for a quick look
#
# Works in a folder below $TMPDIR that needs 6 GiB at full size and is removed at the end.
set -eu
runs=${RUNS:-5}
scale=${SCALE:-100}
bench=$top_builddir/tests/bench
work=$(mktemp -d "${TMPDIR:-/tmp}/kist-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir "$work/home"
cd "$work"
# ext4 is slow to make files where many were just removed: a folder is moved away, and removed later.
mkdir "$work/bin"
cat >"$work/bin/drop_folder" <<'END'
#!/bin/sh
[ ! -e "$1" ] || { mkdir -p dropped && mv "$1" "dropped/$$"; }
END
chmod +x "$work/bin/drop_folder"
PATH=$work/bin:$top_builddir/tests/root/usr/local/bin:$PATH
export HOME="$work/home" LC_ALL=C
unset KIST_STORE KIST_PLUGIN_PATH XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME || :

sized() { echo $(($1 * scale / 100)); }

# The median (field 1 of bench_time's lines) of command $2 in file $1; other fields as $3.
field() { sed -n "$2p" "$1" | cut -d' ' -f"${3:-1}"; }

new_store='rm -rf store && kist init store >/dev/null && sync -f store'

echo "kist put and get; $(nproc) cores, medians of $runs runs, all in ms; peers write durably as well"
echo "zstd: put 'zstd -3 -T2 | sha256sum', get 'zstd -d | sha256sum'; ratios are kist's time over theirs"
echo
format='%-12s %6s %8s %8s | %7s %7s %7s %6s %6s %7s | %7s %7s %7s %6s %6s %7s\n'
# shellcheck disable=SC2059
printf "$format" DATA MiB STORED ZSTD 'PUT ms' cp zstd /cp /zstd 'RSS MiB' 'GET ms' cp zstd /cp /zstd 'RSS MiB'

row() {
	pack="zstd -q -3 -T2 -c $1"
	unpack='zstd -q -dc peer | tee peer.back | sha256sum >/dev/null'
	drop='rm -rf'
	if [ -d "$1" ]; then
		drop=drop_folder
		pack="tar -cf - $1 | zstd -q -3 -T2"
		unpack='mkdir peer.back && zstd -q -dc peer | tee tar | sha256sum >/dev/null && tar -xf tar -C peer.back && rm tar'
	fi
	"$bench/bench_time" "$runs" \
		"$new_store" "kist --store store put -q $1" \
		"$drop copy" "cp -r $1 copy && sync -f copy" \
		'rm -f peer' "$pack | tee peer | sha256sum >/dev/null && sync peer" \
		"$drop back" "kist --store store get -q $1 -o back" \
		"$drop copy" "cp -r $1 copy" \
		"$drop peer.back" "$unpack" >times
	diff -r "$1" back
	stored=$(du -sb store/packs | cut -f1)
	rm -rf back copy peer.back store dropped
	echo "$1 $(du -sb "$1" | cut -f1) $stored $(stat -c %s peer) $(tr '\n' ' ' <times)" |
		awk -v format="$format" '{
			printf format, $1, sprintf("%d", $2 / 1048576), sprintf("%.1f", $3 / 1048576),
				sprintf("%.1f", $4 / 1048576),
				sprintf("%d", $5), sprintf("%d", $9), sprintf("%d", $13), sprintf("%.2f", $5 / $9),
				sprintf("%.2f", $5 / $13), sprintf("%d", $8 / 1024),
				sprintf("%d", $17), sprintf("%d", $21), sprintf("%d", $25), sprintf("%.2f", $17 / $21),
				sprintf("%.2f", $17 / $25), sprintf("%d", $20 / 1024) }'
	rm -rf "$1" peer
}

for kind in walk noise steps weights; do
	"$bench/bench_data" $kind "$(sized 1024)" $kind.npy
	row $kind.npy
done
"$bench/bench_data" ids "$(sized 512)" ids.npy
row ids.npy
"$bench/bench_data" csv "$(sized 256)" rows.csv
row rows.csv
"$bench/bench_data" safetensors "$(sized 512)" w.safetensors
row w.safetensors
"$bench/bench_data" files "$(sized 10000)" files
row files

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

echo
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

echo
echo 'worker'
cd "$top_builddir" && top_builddir=. tests/bench/bench_worker
