# Programs as they are, beside an agent: pipelines, children, crashes and kills, memory that runs out, many files, large files.
# KIST_FAULTS=long: 10,000 files, and one of 2 GiB.
runs=$HOME/.local/share/kist/runs
[ "${KIST_FAULTS:-}" = long ] && files=10000 large=2048 || files=600 large=48
expect 0 kist init

# A pipeline of a shell's.
expect 0 kist exec -q --id pipe -- sh -c 'mkdir artifacts; seq 2000 | sort -rn | tee artifacts/sorted | tail -1'
equal "$(cat out)" 1
equal "$(kist cat jobs/pipe/sorted | head -1)" 2000

# Children that write, some of them in folders of their own, and one that is still there when the program has ended: what it
# has written by then is kept.
rm -rf artifacts
cat >children.py <<'END'
import os, sys
os.makedirs("artifacts", exist_ok=True)
for i in range(8):
    if os.fork() == 0:
        os.makedirs("artifacts/child%d" % i, exist_ok=True)
        with open("artifacts/child%d/out" % i, "w") as file:
            file.write("of child %d" % i)
        os._exit(i)
for i in range(8):
    os.wait()
ready, up = os.pipe()
if os.fork() == 0:
    os.setsid()
    for fd in (0, 1, 2):
        os.dup2(os.open("/dev/null", os.O_RDWR), fd)
    open("artifacts/late", "w").write("left behind")
    os.write(up, b"x")
    import time
    open("left", "w").write(str(os.getpid()))
    os.write(up, b"x")
    time.sleep(1000)
while len(os.read(ready, 1)) and not os.path.exists("left"):
    pass
END
expect 0 kist exec -q --id children -- python3 children.py
kill "$(cat left)"
for i in 0 3 7; do
	equal "$(kist cat jobs/children/child$i/out)" "of child $i"
done
equal "$(kist cat jobs/children/late)" 'left behind'

# Killed from outside, as by the kernel when memory has run out; and one that cannot have the memory that it asks for.
rm -rf artifacts
expect 137 kist exec --id killed -- sh -c 'mkdir artifacts; echo 1 >artifacts/before; echo 2 >artifacts/open; kill -KILL $$'
says err 'signal 9 (SIGKILL)'
equal "$(kist cat jobs/killed/before)$(kist cat jobs/killed/open)" 12
expect 0 kist job show killed --json
says out '"state": "failed"' '"signal": 9' '"partial": true'
rm -rf artifacts
cat >greedy.py <<'END'
import resource
open("greedy", "w").write("kept")
import os
os.makedirs("artifacts")
os.rename("greedy", "artifacts/model.bin")
resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
all = bytearray(1 << 30)
END
expect 1 kist exec -q --id greedy -- python3 greedy.py
says err MemoryError
equal "$(kist cat jobs/greedy/model.bin)" kept

# Many small files, quickly.
rm -rf artifacts
expect 0 kist exec --id many -- sh -c 'mkdir artifacts; seq "$1" | split -l 1 -a 4 - artifacts/f' sh "$files"
says err "$files files kept"
expect 0 kist retrieve artifacts --job_id many --save_dir got
diff -r artifacts got || fail 'not all came back'
rm -rf got

# A large file that is written while the agent follows; on SIGUSR1 what there is of it is kept, before it is closed.
rm -rf artifacts
cat >large.py <<'END'
import hashlib, os, signal, sys
size = int(sys.argv[1])
kept = os.path.join(sys.argv[2], os.environ["KIST_JOB_ID"], "artifacts.jsonl")
digest = hashlib.sha256()
os.makedirs("artifacts")
with open("artifacts/large.bin", "wb") as file:
    for i in range(size):
        block = bytes([i % 251]) * 512 + os.urandom(512) + bytes((1 << 20) - 1024)
        digest.update(block)
        file.write(block)
        if i == size // 2:
            file.flush()
            os.kill(os.getppid(), signal.SIGUSR1)
            while b"large.bin" not in open(kept, "rb").read():
                os.sched_yield()
open("digest", "w").write(digest.hexdigest())
END
expect 0 kist exec --id large -- python3 large.py $large "$runs"
says err '1 file kept'
equal "$(kist cat jobs/large/large.bin | sha256sum | cut -d' ' -f1)" "$(cat digest)"
[ "$(grep -c large.bin "$runs/large/artifacts.jsonl")" -ge 2 ] || fail 'the file was not kept while it was written'

# What numpy writes is an array.
if python3 -c 'import numpy' 2>/dev/null; then
	rm -rf artifacts
	expect 0 kist exec -q --id numpy -- python3 -c 'import numpy as n, os; os.makedirs("artifacts")
n.save("artifacts/a.npy", n.arange(12.0).reshape(3, 4)); n.savez("artifacts/b.npz", x=n.zeros(3))'
	expect 0 kist show jobs/numpy/a.npy
	says out 'float64 [3, 4]'
fi
expect 0 kist verify
