# SPDX-License-Identifier: Apache-2.0
#
# "make bench-csv": reading and writing CSV on one core, beside DuckDB, polars and pandas where a Python has them.
#
#     SIZE=64         MiB of each text
#     RUNS=5          of which the median counts
#     KIST_PYTHON=P   the Python with the peers; default python3
#
# MB/s are 10^6 bytes of the file a second of processor time, so that what else runs on the machine counts little.
# "fields" has no like among the peers; "typed" finds types and statistics of the whole file; the peers' "table" finds
# the types of a sample and keeps the values in memory, as kist's "arrow" does for the whole file.
set -eu
work=$(mktemp -d "${TMPDIR:-/tmp}/kist-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
python=${KIST_PYTHON:-python3}
for kind in plain quoted typed doubles; do
	file=$work/$kind.csv
	"$top_builddir/tests/bench/bench_csv" make "$kind" "${SIZE:-64}" "$file"
	printf '%-8s kist      ' "$kind"
	"$top_builddir/tests/bench/bench_csv" run "$file" "${RUNS:-5}"
	for peer in duckdb polars pandas; do
		printf '%-8s %-9s ' "$kind" "$peer"
		OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1 "$python" "$top_srcdir/tests/bench/csv_peers.py" "$peer" "$file" \
			"${RUNS:-5}" || echo 'failed'
	done
	rm "$file"
done
