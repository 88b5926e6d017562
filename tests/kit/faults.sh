# 'kist plugin test' passes a good plugin, and each of its checks finds the fault that it is for: one wrong plugin a check.
. "$top_srcdir/tests/kit/lib.sh"
[ -z "$sanitized" ] || skip 'plugins for a sanitized build are tested by own.sh'

# A good one: gold, and everything about it that can be asked for.
build
expect 0 kist plugin test wrong --json --junit good.xml
says out '"badge": "gold"' '"failed": 0' '"check": "round-trip"'
says good.xml '<testsuite name="lab.wrong 1.0.0"' 'name="fault-io"' 'failures="0"'
checks_of_types=$(sed -n 's/^CHECK("\([a-z-]*\)", .*KIST_KIT_OF_\(TYPE\|PLUGIN\).*/\1/p' "$top_srcdir/host/kit/checks.def")
checks_of_tasks=$(sed -n 's/^CHECK("\([a-z-]*\)", .*KIST_KIT_OF_TASK.*/\1/p' "$top_srcdir/host/kit/checks.def")

# One check alone says nothing of the others.
expect 0 kist plugin test wrong --check fuzz
says out '1 passed, 0 failed' 'badge: none'

# fails CHECK TEXT [OPTION...]: of the plugin as it stands.
fails() {
	check=$1
	text=$2
	shift 2
	expect 1 kist plugin test wrong --check "$check" --no-corpus "$@"
	says out "failed  $check" "$text" 'badge: '
	echo "$check" >>found
}

# CHECK | TEXT | FAULT [OPTION...]
source="-Iwrong $top_srcdir/tests/kit/faults.c"
compile="$compile -D_GNU_SOURCE -pthread"
links="$links -lm"
while IFS='|' read -r check text fault; do
	# shellcheck disable=SC2086
	set -- $fault
	flag=$1
	shift
	build "-DFAULT_$flag"
	# shellcheck disable=SC2086
	fails $check "$(echo "$text" | sed 's/^ *//; s/ *$//')" "$@"
done <<'END'
extension-unknown | compare whole ids | EXTENSION
host-older | it crashed: signal 11 (SIGSEGV) | OLDER
host-newer | it wrote behind the members that it knows | NEWER
input-empty | validate takes an empty file | EMPTY
input-empty | validate failed (corrupt) and did not say why | SILENT
input-empty | it took longer than 500 ms | HANG --deadline 0.5
input-empty | ended the process with exit status 3 | EXIT
input-truncated | and deserialize calls it corrupt | CUT
input-flipped | changed: it crashed: signal | RANK
input-random | random bytes: it crashed: signal | NOISE
fuzz | made of seed 5: it crashed: signal | MORE --seed 5
probe | probe gives 0 | PROBE
round-trip | is read back as another object | TRIP
round-trip | serialize left a part open | PART_OPEN
round-trip | it gave a part with the struct_size 4 | PART_SIZE
round-trip | serialize returned 1, which is no status | POSITIVE
round-trip | it is 'lab.wrong' 1 | TYPE
layout | which ends after the input's | LAYOUT
describe | describe writes no JSON object | DESCRIBE
deterministic | other bytes the second time | RANDOM
deterministic | in another process | ADDRESS
fault-io | returned KIST_OK although call | DEAF
fault-memory | it crashed: signal 11 (SIGSEGV) | ALLOC
fault-cancel | made 'input/output error' of the 'cancelled' | CANCEL
fault-io | deserialize failed and left an object | HALF
leaks | loses memory each time | LEAK_WRITING
leaks | each time | LEAK
leaks | of the source were never released | REGION
release | did not set the object's release to NULL | RELEASE
concurrent | they share something | SHARED
process-state | set the locale | LOCALE
process-state | went to the folder '/' | CWD
process-state | set the umask to 077 | UMASK
process-state | handler for the signal 10 | SIGNAL
process-state | whether the signal 12 | MASK
process-state | left the descriptor | OPEN
process-state | closed the descriptor 0 | CLOSE
process-state | threads running | THREAD
process-state | floating numbers are rounded | ROUNDING
process-state | exceptions trap | TRAPS
process-state | changed the environment | ENVIRONMENT
map-copies | it crashed: signal 11 (SIGSEGV) | BEHIND
worker | in a worker it | FILES
short-reads | one byte at a time | SHORT
cancel-latency | although it was cancelled | NO_POLL
caps | it claims KIST_CAP_STREAM_READ | CAPS
END

# Those that a manifest or a file is needed for.
edit='s/"serialize": {}/"serialize": {"level": {"type": "integer", "minimum": 0, "maximum": 9, "default": 3}}/'
build -DFAULT_PARAM
fails params 'level = 9'
edit='s/"hex": "[0-9a-f]*"/"hex": "00112233"/'
source=wrong/wrong.c
build
fails magic 'none of the magics'
edit=
state
mkdir wrong/samples wrong/golden
echo 'no file of mine' >wrong/samples/one.wrong
fails samples 'validate refuses samples/one.wrong'
rm -r wrong/samples
echo 'no file of mine' >wrong/golden/0.9.0.wrong
fails golden 'validate refuses golden/0.9.0.wrong'
rm -r wrong/golden
for check in $checks_of_types; do
	grep -qx "$check" found || fail "no plugin shows that the check '$check' can fail"
done

# Who says that something is lost may write other bytes of what was read, in a worker too.
source="-Iwrong $top_srcdir/tests/kit/faults.c"
build -DFAULT_TRIP -DCLAIM_LOSSY
expect 0 kist plugin test wrong --no-corpus
says out '0 failed' 'badge: gold'

# What a plugin crashes with is kept, and tried first the next time.
source="-Iwrong $top_srcdir/tests/kit/faults.c"
build -DFAULT_RANK
expect 1 kist plugin test wrong --check input-flipped --junit bad.xml
says out 'the input is kept as ' 'wrong/corpus/input-flipped-'
says bad.xml '<failure message="' 'failures="1"'
expect 1 kist plugin test wrong --check fuzz --no-corpus
says out 'corpus/input-flipped-'
rm -r wrong/corpus

# Tasks.
rm -r wrong
kist plugin new lab.wrong --kind task >/dev/null
source=wrong/wrong.c
build
expect 0 kist plugin test wrong
says out 'badge: gold'
source="-Iwrong $top_srcdir/tests/kit/fault_tasks.c"
while IFS='|' read -r check text fault; do
	build "-DFAULT_$(echo "$fault" | tr -d ' ')"
	# shellcheck disable=SC2086
	fails $check "$(echo "$text" | sed 's/^ *//; s/ *$//')"
done <<'END'
task-calls | it succeeded and wrote nothing to output | NOTHING
task-inputs | it crashed: signal 11 (SIGSEGV) | INPUT
task-deterministic | gives other outputs for the same inputs | COUNTER
task-faults | leave outputs alone then | LEFT
task-faults | loses memory | LEAK
task-process-state | set the umask | UMASK
END
for check in $checks_of_tasks; do
	grep -qx "$check" found || fail "no plugin shows that the check '$check' can fail"
done

# Wrong use.
expect 2 kist plugin test wrong --seed x
expect 1 kist plugin test wrong --check nothing
says err "there is no check 'nothing'"
expect 1 kist plugin test wrong --asan
says err 'was not built with'
rm wrong/wrong.so
expect 3 kist plugin test wrong
