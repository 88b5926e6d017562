# A new version of a name is kept as the difference to the version before, where that is smaller: it comes back, it
# survives a collector, and what damages the one hurts the other, which is told.
command -v python3 >/dev/null || skip 'no python3'

# version FILE SEED: 300,000 float32; with a seed, each has changed by about a thousandth.
version() {
	python3 - "$1" "$2" <<'END'
import random, struct, sys
n = 300000
random.seed(1)
values = [random.gauss(0, 0.02) for _ in range(n)]
random.seed(int(sys.argv[2]))
if sys.argv[2] != "0":
    values = [x * (1 + random.gauss(0, 1e-3)) for x in values]
text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (300000,), }"
text += b" " * (117 - len(text)) + b"\n"
open(sys.argv[1], "wb").write(b"\x93NUMPY\1\0\x76\0" + text + struct.pack("<300000f", *values))
END
}

# added COMMAND...: what it adds to the packs, in bytes.
added() {
	before=$(du -sb .kist | cut -f1)
	expect 0 "$@" >/dev/null
	echo $(($(du -sb .kist | cut -f1) - before))
}

# bases NAME: how many of its chunks are differences.
bases() {
	kist show --json "$1" | tr ',' '\n' | sed -n 's/.*"base": *\([0-9]*\).*/\1/p'
}

for i in 0 1 2; do version v$i.npy $i; done
expect 0 kist init
first=$(added kist put v0.npy --name weights)
second=$(added kist put v1.npy --name weights)
expect 0 kist tag weights second
third=$(added kist put v2.npy --name weights)
[ $((first * 75 / 100)) -gt "$second" ] || fail "$first bytes, then $second"
[ $((first * 75 / 100)) -gt "$third" ] || fail "$first bytes, then $third"
equal "$(bases weights)" 2
equal "$(bases second)" 2

# No time for it: fast.  No name that was there: nothing to compare with.
[ "$(added kist put v1.npy --name other --level fast)" -lt 20000 ] || fail 'what is kept was written again'
version v3.npy 3
expect 0 kist put v3.npy --name weights --level fast
equal "$(bases weights)" ''
expect 0 kist put v2.npy --name weights

# The first version has no name any more; what is left of it is what the others need.
rm -rf out.d
mkdir out.d
for round in once twice; do
	expect 0 kist gc --all
	expect 0 kist get weights -o out.d/w.npy --force
	same out.d/w.npy v2.npy
	expect 0 kist get second -o out.d/s.npy --force
	same out.d/s.npy v1.npy
	expect 0 kist verify --full
done
says_not out damage
# All of it has a holder, and nothing is dead.
expect 0 kist du
says out 'that no name leads to: 0 B'

# A base is damaged: both that need it are hurt, by name; putting either version again heals that one.
pack=$(for file in .kist/packs/*/*; do echo "$(stat -c %s "$file") $file"; done | sort -n | tail -1 | cut -d' ' -f2)
chmod u+w "$pack"
cp "$pack" kept
python3 - "$pack" <<'END'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
at, seen = 64, 0
while data[at + 8:at + 12] == b"KREC":
    size = 8 + struct.unpack_from("<I", data, at + 4)[0] + struct.unpack_from("<I", data, at + 20)[0]
    if size > 1000:
        data[at + size - 100] ^= 1
        seen += 1
    at += size
assert seen > 0
open(sys.argv[1], "wb").write(data)
END
expect 4 kist get weights -o out.d/x.npy
says err 'its base cannot be read'
[ ! -e out.d/x.npy ] || fail 'something was given out'
expect 4 kist verify --full
says err 'damaged name weights' 'damaged name second' 'its base cannot be read'
expect 0 kist put v2.npy --name weights
expect 0 kist get weights -o out.d/w.npy --force
same out.d/w.npy v2.npy
equal "$(bases weights)" ''

# A file in a folder leans on the file of that path in the version before.
mkdir folder
cp v0.npy folder/w.npy
expect 0 kist init --store other
expect 0 kist --store other put folder
cp v1.npy folder/w.npy
expect 0 kist --store other put folder --name folder
expect 0 kist --store other show --json folder/w.npy
says out '"base"'
expect 0 kist --store other get folder -o out.d/folder
same out.d/folder/w.npy v1.npy
