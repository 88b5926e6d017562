#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# "make bench-million": what a store of a million artifacts costs to open, to list and to index anew, beside the
# limits; then the same for as many artifacts in 10,000 commits.
#
#     ARTIFACTS=1000000   how many; the limit of the rebuild goes with it
#     RUNS=20             how often what takes milliseconds is run; medians are printed
#
# Works in a folder below $TMPDIR that needs 2 GiB and is removed at the end.
set -eu
runs=${RUNS:-20}
artifacts=${ARTIFACTS:-1000000}
bench=$top_builddir/tests/bench
work=$(mktemp -d "${TMPDIR:-/tmp}/kist-million.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work"
PATH=$top_builddir/tests/root/usr/local/bin:$PATH
export HOME="$work" LC_ALL=C XDG_CACHE_HOME="$work/cache"
unset KIST_STORE KIST_PLUGIN_PATH XDG_CONFIG_HOME XDG_DATA_HOME || :

row() { printf '%-44s %12s %12s\n' "$1" "$2" "$3"; }

# The rebuild ($1: milliseconds, CPU milliseconds, KiB, names) as artifacts a second, and what it took.
rebuilt() {
	row "index rebuilt, artifacts a second" "$(echo "$1" | awk '{ printf "%d", $4 * 1000 / $1 }')" '100000'
	row "  CPU seconds of it, on $(nproc) cores" "$(echo "$1" | awk '{ printf "%.1f", $2 / 1000 }')" ''
	row "  memory, MiB" "$(echo "$1" | awk '{ printf "%d", $3 / 1024 }')" '256'
}

measure() {
	echo
	echo "$artifacts artifacts in $1 commits"
	row FIGURE MEASURED LIMIT
	"$bench/bench_million" make store "$artifacts" "$1"
	rebuilt "$("$bench/bench_million" open store cache/kist)"
	opened=$(for i in $(seq "$runs"); do "$bench/bench_million" open store cache/kist; done |
		sort -n | sed -n "$(((runs + 1) / 2))p")
	row 'open, warm, ms' "${opened%% *}" 100
	row '  CPU time of it, ms' "$(echo "$opened" | cut -d' ' -f2)" ''
	kist --store store ls --names runs/000/0000007 >/dev/null
	"$bench/bench_time" "$runs" true 'exec kist --store store ls runs/000/0000007 >/dev/null' >times
	row 'kist ls of one name, ms' "$(cut -d' ' -f1 times)" 50
	row '  CPU time of it, ms' "$(cut -d' ' -f3 times)" ''
	"$bench/bench_time" 1 true 'exec kist --store store ls >/dev/null' >times
	row 'kist ls of all, ms' "$(cut -d' ' -f1 times)" ''
	row '  memory, MiB' "$(($(cut -d' ' -f4 times) / 1024))" '256'
	rm -rf store cache
}

measure 10
measure 10000
