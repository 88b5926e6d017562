# Checkpoints: made after commit 1,000 and by gc, taken by who has no index, proved by verify, written anew by repair; a
# damaged one hurts nobody, and one that lies deceives no collector.
command -v python3 >/dev/null || skip 'no python3'
checkpoint=.kist/checkpoints/00000000000000001000
long_log() { python3 "$top_srcdir/tests/cli/long_log.py" .kist "$1"; }
forget_index() { rm -rf "${XDG_CACHE_HOME:-$HOME/.cache}/kist"; }

expect 0 kist init
printf one >one
printf two >two
printf three >three
expect 0 kist put one
long_log 998
expect 0 kist put two
[ ! -e .kist/checkpoints ] || fail 'a checkpoint of commit 999'
expect 0 kist put three
[ -s $checkpoint ] || fail 'no checkpoint of commit 1000'
expect 0 kist ls
cp out all
cp $checkpoint right

# Who has no index reads no commit before it, and says the same.
chmod u+w .kist/log/*0500
mv .kist/log/00000000000000000500 kept
echo junk >.kist/log/00000000000000000500
forget_index
expect 0 kist ls
same all out
expect 4 kist gc
says err 00000000000000000500
expect 4 kist verify --quick
says err 'damaged commit 500'
mv kept .kist/log/00000000000000000500
expect 0 kist verify --quick
expect 0 kist verify --json
says out '"checkpoints": 1' '"damage": []' '"strays": []'

# Damaged, cut short, of another version, empty: passed over, found, and written anew.
chmod u+w $checkpoint
for how in flip cut newer empty; do
	case $how in
	flip) printf X | dd of=$checkpoint bs=1 seek=150 conv=notrunc 2>/dev/null ;;
	cut) head -c 200 right >$checkpoint ;;
	newer) printf '\002' | dd of=$checkpoint bs=1 seek=4 conv=notrunc 2>/dev/null ;;
	empty) : >$checkpoint ;;
	esac
	forget_index
	expect 0 kist ls
	same all out
	expect 4 kist verify --quick
	says err "damaged checkpoint checkpoints/00000000000000001000: it " 'delete the file' 'kist repair'
	expect 0 kist repair --dry-run
	says out '(not done) mended checkpoint'
	expect 0 kist repair --json
	says out '"checkpoints_mended": 1' '"what": "checkpoint"' '"did": "mended"'
	same right $checkpoint
	expect 0 kist verify --quick
	chmod u+w $checkpoint
done

# One that lies: the state of before the second put, with the digest of commit 1000.
python3 - right $checkpoint <<'EOF'
import hashlib, struct, sys
data = open(sys.argv[1], "rb").read()[:-32]
counts = struct.unpack_from("<5Q", data, 56)
assert counts == (3, 0, 0, 0, 3), counts
first_pack, names = data[96:144], data[96 + 3 * 48:]
first = 44 + 3 + 20
lie = data[:56] + struct.pack("<5Q", 1, 0, 0, 0, 1) + first_pack + names[:first]
open(sys.argv[2], "wb").write(lie + hashlib.sha256(lie).digest())
EOF
forget_index
expect 0 kist ls
says out one
says_not out two
# A collector finds out, and so does who comes after it.
expect 0 kist gc
expect 0 kist ls
same all out
expect 0 kist cat two
equal "$(cat out)" two
expect 0 kist cat three
forget_index
expect 4 kist verify --quick
says err 'it does not say what the log says'
expect 0 kist ls
same all out
expect 0 kist repair
says out 'mended checkpoint checkpoints/00000000000000001000'
same right $checkpoint

# One of a commit that is not there is removed.
cp right .kist/checkpoints/00000000000000005000
forget_index
expect 0 kist ls
same all out
expect 4 kist verify --quick
says err 'checkpoints/00000000000000005000'
expect 0 kist repair
says out 'removed checkpoint checkpoints/00000000000000005000'
[ ! -e .kist/checkpoints/00000000000000005000 ] || fail 'it is still there'
expect 0 kist verify

# gc makes one, too, and the two newest stay.
long_log 1999
expect 0 kist gc
equal "$(ls .kist/checkpoints | wc -l)" 1
long_log 2100
expect 0 kist gc
[ -s .kist/checkpoints/00000000000000002100 ] || fail 'gc made none'
long_log 2999
expect 0 kist rm two
equal "$(ls .kist/checkpoints | wc -l)" 2
long_log 4100
expect 0 kist gc
equal "$(ls .kist/checkpoints | tr '\n' ' ' | tr -s ' ')" "$(ls .kist/checkpoints | tail -n 2 | tr '\n' ' ')"
forget_index
expect 0 kist verify

# Where none can be written, a put is a put.
long_log 6999
rm -rf .kist/checkpoints
echo no folder >.kist/checkpoints
expect 0 kist put one --name again
says_not err checkpoint
forget_index
expect 0 kist cat again
equal "$(cat out)" one
