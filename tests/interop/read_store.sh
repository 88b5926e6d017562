# The page docs/format/store.md is enough: a reader written from it alone finds every name and every byte.
command -v python3 >/dev/null || skip 'no python3'
command -v zstd >/dev/null || skip 'no zstd program'
reader="$top_srcdir/tests/interop/read_store.py"

mkdir -p in/d/sub/deep in/d/empty
: >in/nothing
printf 'x' >in/one
head -c 256 /dev/urandom >in/inline
head -c 257 /dev/urandom >in/chunk
head -c 1114111 /dev/urandom >in/one-chunk
head -c 1114112 /dev/urandom >in/two-chunks
head -c 3333333 /dev/urandom >in/random
seq 300000 >in/text
head -c 200000 /dev/zero >in/zeros
seq 400000 | sed 's/$/,ok/' >in/rows.csv
# Arrays for which the filters are made, with lengths that leave a rest.
python3 - <<'END'
import math, random, struct
random.seed(7)
def npy(name, descr, shape, data):
    text = ("{'descr': %s, 'fortran_order': False, 'shape': %s, }" % (descr, shape)).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    open("in/%s.npy" % name, "wb").write(b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + data)
def pack(code, values):
    return struct.pack("<%d%s" % (len(values), code), *values)
n = 100001
npy("weights", "'<f4'", (n,), pack("f", [random.gauss(0, 0.02) for _ in range(n)]))
npy("half", "'<f2'", (n,), pack("e", [random.gauss(0, 0.02) for _ in range(n)]))
npy("sensor", "'<f4'", (n,), pack("f", [20 + math.sin(i / 500) + random.gauss(0, 0.01) for i in range(n)]))
at = 0
npy("ids", "'<i8'", (n,), pack("q", [at := at + random.randrange(50) for _ in range(n)]))
npy("columns", "'<i4'", (n // 3, 3), pack("i", [i // 3 * (i % 3 + 1) + random.randrange(9) for i in range(n // 3 * 3)]))
prices = [round(random.uniform(1, 1000), 2) for _ in range(n)]
prices[5], prices[-1], prices[70000] = math.pi, float("nan"), -0.0
npy("prices", "'<f8'", (n,), pack("d", prices))
npy("flags", "'|b1'", (n,), bytes(random.random() < 0.3 for _ in range(n)))
words = ["ok", "late", "unknown", "", "a text that is longer than any column of a width may be: 80 bytes or so of it"]
with open("in/cells.csv", "w", newline="") as table:
    for i in range(20011):
        table.write(f"{i},{random.choice(words[:4])},{random.gauss(0, 100):.4f},{i % 16:x},{random.choice(words)},"
                    f"s-{random.randrange(300)},{2 ** random.randrange(40)}\r\n")
        if i % 5000 == 3:
            table.write(f'{i},"a, b",1,2,"c\nd",e,f\r\n')
npy("small", "'<i4'", (n,), pack("i", [random.randrange(-4, 5) for _ in range(n)]))
npy("spread", "'<u4'", (n,), pack("I", [random.randrange(100) << 16 | random.randrange(4) for _ in range(n)]))
# Chunks of 1 MiB, and a midstate 70,000 bytes before the end.
npy("large", "'|u1'", (4264304,), random.randbytes(4264304))
npy("rows", "[('a', '<i4'), ('b', '<f8'), ('c', '|u1')]", (n,),
    b"".join(struct.pack("<idB", i, random.gauss(0, 1), i % 7) for i in range(n)))
END
make_npy in/small.npy
make_csv in/people.csv
printf 'y' >"$(printf 'in/not-utf8-\377')"
printf 'z' >"$(printf 'in/new\nline')"
cp in/text in/d/text
make_npy in/d/sub/a.npy
printf 'q' >"$(printf 'in/d/sub/\377\376')"
ln -s ../text in/d/sub/link
ln -s nowhere in/d/dangling
chmod 400 in/one
chmod 640 in/text
chmod 500 in/d/sub/deep
touch -d '1999-12-31 23:59:59.5' in/one in/d/sub in/d/text

# compare: what the reader restores is what was put; names and times too.
compare() {
	rm -rf out.d
	python3 "$reader" restore .kist out.d || fail 'the page does not read the store'
	diff -r --no-dereference in out.d || fail 'the bytes differ'
	find_all='find . -mindepth 1 -printf "%p %M %l\n"'
	equal "$(cd in && eval "$find_all" | sort)" "$(cd out.d && eval "$find_all" | sort)"
	find_all='find . -mindepth 1 -type f -printf "%p %T@\n"'
	equal "$(cd in && eval "$find_all" | sort)" "$(cd out.d && eval "$find_all" | sort)"
}

expect 0 kist init
cd in
for name in *; do
	level=default
	case $name in flags.npy) level=archive ;; esac
	expect 0 kist put "$name" --level $level --store ../.kist
done
rm out err
cd ..
compare
[ "$(python3 "$reader" midstates .kist)" -ge 1 ] || fail 'no midstate near an end'
# All but base (4) and copies (8), which need a version before, and maybe planes (1), which float is seldom worse than.
python3 "$reader" filters .kist >filters
grep -Eq '^[1-9][0-9]* [0-9]+ [1-9][0-9]* [1-9][0-9]* 0 [1-9][0-9]* [1-9][0-9]* [1-9][0-9]* 0 [1-9][0-9]*$' filters ||
	fail "filters: $(cat filters)"

# The same bytes again, a name more, one changed, one removed: what the log says at its end.
expect 0 kist put in/text --name text
expect 0 kist tag random same
cp in/random in/same
printf 'changed' >in/one-chunk
expect 0 kist put in/one-chunk --name one-chunk
expect 0 kist rm zeros
rm in/zeros
touch -r in/random in/same
chmod --reference=in/random in/same
compare
kist ls --json | sed -n 's/^.*"name": "\(.*\)",*$/\1/p' | wc -l >wanted
python3 "$reader" list .kist | wc -l >found
same wanted found

# New versions, in which numbers have changed a little: differences to the first, of arrays of which the last part is
# as it was.
for version in 1 2; do
	python3 - $version <<'END'
import random, struct, sys
random.seed(int(sys.argv[1]))
for name, code, change in (("weights", "f", lambda x: x * (1 + random.gauss(0, 1e-3))),
                           ("half", "e", lambda x: -x if random.random() < 0.001 else x),
                           ("ids", "q", lambda x: x + random.randrange(3)), ("flags", "B", lambda x: x)):
    data = open("in/%s.npy" % name, "rb").read()
    values = struct.unpack("<%d%s" % ((len(data) - 128) // struct.calcsize(code), code), data[128:])
    changed = [change(x) if i < len(values) * 0.8 else x for i, x in enumerate(values)]
    open("in/%s.npy" % name, "wb").write(data[:128] + struct.pack("<%d%s" % (len(values), code), *changed))
END
	cp in/weights.npy in/d/sub/w.npy
	for name in weights half ids flags; do
		expect 0 kist put in/$name.npy --name $name.npy
	done
	expect 0 kist put in/d --name d
done
# And of rows of text, of which some are new, some gone and some changed.
for version in 0 1 2; do
	awk -v version=$version 'BEGIN {
		for (i = 0; i < 90000; i++) {
			if (version > 0 && i % 9001 == version)
				print "new", version
			if (version < 2 || i % 7001 != 5)
				print i, i * i % 9973, (i % 4001 == version ? "changed" : "row")
		}
	}' >in/rows
	expect 0 kist put in/rows --name rows
done
compare
python3 "$reader" filters .kist >filters
[ "$(cut -d' ' -f9 filters)" -ge 2 ] || fail "filters: $(cat filters)"
[ "$(cut -d' ' -f5 filters)" -ge 6 ] || fail "filters: $(cat filters)"
expect 0 kist verify --full

# What a collector leaves is read by the same page: copies, condemned packs, artifacts that are forgotten.
expect 0 kist gc --all
expect 0 kist put in/d --name gone
expect 0 kist rm gone
expect 0 kist gc --all
compare

# More than 1,024 chunks: a recipe of two levels.  The cuts of kist.json are what objects are cut by.
rm -rf .kist in
mkdir in
expect 0 kist init
python3 - <<'END'
import hashlib, json, os
head = json.load(open(".kist/kist.json"))
del head["check"]
head["cut"] = {"cdc": 65536, "typed": 65536}
text = lambda: json.dumps(head, sort_keys=True, separators=(",", ":")).encode()
head["check"] = hashlib.sha256(text()).hexdigest()
os.unlink(".kist/kist.json")
open(".kist/kist.json", "wb").write(text() + b"\n")
END
{
	printf "\\223NUMPY\\001\\000\\166\\000{'descr': '|u1', 'fortran_order': False, 'shape': (81000000,), }%53s\\n" ''
	head -c 40000000 /dev/zero
	head -c 1000000 /dev/urandom
	head -c 40000000 /dev/zero
} >in/long.npy
head -c 1000000 /dev/urandom >in/cut
expect 0 kist put in/long.npy
expect 0 kist put in/cut
compare

# A checkpoint is what the page says of the commits before it.
expect 0 kist rm cut
expect 0 kist gc
python3 "$top_srcdir/tests/cli/long_log.py" .kist 999
mv in/cut in/last
expect 0 kist put in/last
[ -s .kist/checkpoints/00000000000000001000 ] || fail 'no checkpoint'
compare

# Records of jobs, as the page has them.
expect 0 kist init jobs
"$top_builddir/tests/support/make_jobs" jobs 3
printf '%s\n' '{"id":"all","record":{"state":"started","owner":"me","command":["a","b"],"steps":[{"name":"one","state":"failed","error":"e","inputs":[],"outputs":[{"name":"y","artifact":"@made"}]}],"metrics":{"m":{"steps":[-1,2],"values":["NaN",0.1],"times":[1,2]}}},"made":{"made":"x","more":"y"}}' \
	'{"id":"all","record":{"state":"failed","exit_status":3,"error":"it broke"}}' |
	"$top_builddir/tests/support/make_jobs" jobs
python3 "$reader" jobs jobs >found || fail 'the page does not read the jobs'
cat >wanted <<'END'
all failed 1 2 2
job-00000000 finished 0 10 0
job-00000001 finished 0 10 0
job-00000002 failed 0 10 0
END
same found wanted
