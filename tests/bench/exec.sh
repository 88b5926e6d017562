#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the agent costs a job: against the same command without it, in a store that is there, wall clock and CPU time; and
# how long a file that is closed takes until it is kept.
#
# Goals: a program runs less than 10 ms later than without the agent; with a program that does nothing, all is over in
# less than 10 ms more; and one that writes nothing for a while costs less than 1 % of a processor.
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

# goal WHAT VALUE LIMIT UNIT
goal() {
	awk -v what="$1" -v value="$2" -v limit="$3" -v unit="$4" \
		'BEGIN { printf "%-44s %10.2f %10s  %s\n", what, value, "< " limit " " unit, value < limit ? "reached" : "MISSED" }'
}

# more FIELD: by how much that of bench_exec's second line is more than that of its first.
more() { awk -v field="$1" '{ value[NR] = $field } END { print value[2] - value[1] }' starts; }

rm -rf artifacts
"$bench/bench_exec" "$runs" kist exec -q -- >starts
echo "a program that does nothing, in ms; medians and least of $runs runs"
printf '%-44s %10s %10s\n' '' MEDIAN LEAST
for line in '1 by itself' '2 beside its agent'; do
	sed -n "${line%% *}p" starts | {
		read -r start start_least end end_least whole whole_least cpu cpu_least
		printf '%-44s %10s %10s\n' "until it runs, ${line#* }" "$start" "$start_least" \
			"from its end to the end of all, ${line#* }" "$end" "$end_least" "the whole, ${line#* }" "$whole" "$whole_least" \
			"CPU time, ${line#* }" "$cpu" "$cpu_least"
	}
done
goal 'until it runs: more, median' "$(more 1)" 10 ms
goal 'the whole: more, median' "$(more 5)" 10 ms

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
goal 'of a processor, more' "$(awk -v idle="$idle" '{ cpu[NR] = $3 } END { print (cpu[2] - cpu[1]) / idle / 10 }' times)" 1 %

cat >closing.py <<'END'
import ctypes, os, statistics, sys, time
kept = os.path.join(sys.argv[1], os.environ["KIST_JOB_ID"], "artifacts.jsonl")
# Who looked every now and then would take time from whom it measures.
libc = ctypes.CDLL(None, use_errno=True)
IN_MODIFY = 2
notified = libc.inotify_init1(os.O_CLOEXEC)
if notified < 0 or libc.inotify_add_watch(notified, kept.encode(), IN_MODIFY) < 0:
    raise OSError(ctypes.get_errno(), "no inotify")
os.makedirs("artifacts", exist_ok=True)
took = []
for i in range(int(sys.argv[2])):
    with open("artifacts/f%d" % i, "wb") as file:
        file.write(os.urandom(1000))
    begin = time.monotonic()
    while open(kept, "rb").read().count(b"\n") <= i:
        os.read(notified, 4096)
    took.append((time.monotonic() - begin) * 1000)
print("%-44s %10.1f %10.1f" % ("from closed to kept, median and most", statistics.median(took), max(took)))
END
kist exec -q -- python3 closing.py "$HOME/.local/share/kist/runs" "$runs"
