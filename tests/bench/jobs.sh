#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What listing and asking for 10,000 jobs costs: the whole command, with an index that is up to date, and the first time.
set -eu
# shellcheck source=tests/bench/lib.sh
. "$top_srcdir/tests/bench/lib.sh"

count=$(sized 10000 100)
kist init store >/dev/null
"$top_builddir/tests/support/make_jobs" store "$count"
export KIST_STORE="$work/store"
kist jobs >/dev/null

# row WHAT LINE: medians and least of the times of a line of ./times.
row() { printf '%-44s %8s %8s\n' "$1" "$(sed -n "$2p" times | cut -d' ' -f1)" "$(sed -n "$2p" times | cut -d' ' -f2)"; }

"$bench/bench_time" 10 true 'exec kist jobs >/dev/null' true 'exec kist jobs --json >/dev/null' \
	true "exec kist jobs --sort metric.loss.min --limit 20 >/dev/null 2>&1" \
	true "exec kist query --best loss --min --limit 20 'project = project-3 and param.rate < 0.01' >/dev/null 2>&1" \
	'find "$HOME/.cache" -name jobs.sqlite -delete' 'exec kist jobs >/dev/null' >times
echo "$count jobs; medians and least of 10 runs, in ms"
printf '%-44s %8s %8s\n' COMMAND MEDIAN LEAST
row 'kist jobs: all of them' 1
row 'kist jobs --json' 2
row 'kist jobs, sorted by a metric, 20' 3
row 'kist query --best, filtered, 20' 4
row 'kist jobs, with no index of jobs yet' 5
