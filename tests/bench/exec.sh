#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the agent costs a job: against the same command without it, in a store that is there, wall clock and CPU time; and
# how long a file that is closed takes until it is kept.
set -eu
# shellcheck source=tests/bench/lib.sh
. "$top_srcdir/tests/bench/lib.sh"

runs=$(sized 20 2)
idle=$(sized 10 1)
kist init store >/dev/null
export KIST_STORE="$work/store"
kist exec -q -- true

# row WHAT LINE: wall clock and CPU time, medians of a line of ./times.
row() { printf '%-44s %10s %10s\n' "$1" "$(sed -n "$2p" times | cut -d' ' -f1)" "$(sed -n "$2p" times | cut -d' ' -f3)"; }

"$bench/bench_time" "$runs" true 'exec true' 'rm -rf artifacts' 'exec kist exec -q -- true' \
	'rm -rf artifacts; mkdir artifacts' 'seq 1000 | split -l 1 -a 3 - artifacts/f' \
	'rm -rf artifacts; mkdir artifacts' 'exec kist exec -q -- sh -c "seq 1000 | split -l 1 -a 3 - artifacts/f"' >times
rm -rf artifacts
echo "a job beside its agent; medians of $runs runs, in ms"
printf '%-44s %10s %10s\n' COMMAND WALL CPU
row 'true' 1
row 'kist exec -- true' 2
row '1,000 small files' 3
row 'kist exec, 1,000 small files' 4

"$bench/bench_time" 1 true "exec sleep $idle" true "exec kist exec -q -- sleep $idle" >times
echo "a job that does nothing for $idle s"
row "sleep $idle" 1
row "kist exec -- sleep $idle" 2

cat >closing.py <<'END'
import os, statistics, sys, time
kept = os.path.join(sys.argv[1], os.environ["KIST_JOB_ID"], "artifacts.jsonl")
os.makedirs("artifacts", exist_ok=True)
took = []
for i in range(int(sys.argv[2])):
    with open("artifacts/f%d" % i, "wb") as file:
        file.write(os.urandom(1000))
    begin = time.monotonic()
    while open(kept, "rb").read().count(b"\n") <= i:
        time.sleep(0.0002)
    took.append((time.monotonic() - begin) * 1000)
print("%-44s %10.1f %10.1f" % ("from closed to kept, median and most", statistics.median(took), max(took)))
END
kist exec -q -- python3 closing.py "$HOME/.local/share/kist/runs" "$runs"
