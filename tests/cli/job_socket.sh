# What a program tells its agent: metrics, parameters, tags, arrays and files; and nonsense, which harms nobody.
guide=$top_srcdir/docs/guide/jobs.md
expect 0 kist init

# The examples of the guide are run as they stand there.
example() { # LANGUAGE FILE
	awk -v start="\`\`\`$1" '$0 == start { on = 1; next } $0 == "```" { on = 0 } on' "$guide" >"$2"
	[ -s "$2" ] || fail "the guide has no example in $1"
}
example python job.py
expect 0 kist exec -q --id py -- python3 job.py
expect 0 kist show jobs/py/people.csv
says out table
kist cat kist:job/py >record
expect 0 kist cat jobs/py/scores.csv
equal "$(tr '\n' ' ' <out)" '"name","score" "Ada",0.5 "Bob", '
says record '"lr":0.1' '"values":[0.9,0.5,"NaN"]' '"steps":[0,1,2]' '"name":"jobs/py/people.csv"'
says_not record partial

example c job.c
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
${CC:-cc} -std=gnu11 -Wall -Wextra -Werror -I"$top_builddir/tests/root/usr/local/include" job.c -o job -lm
./job
expect 0 kist exec -q --id c -- ./job
expect 0 kist show jobs/c/weights.npy
says out 'float32 [2, 3]'
equal "$(kist cat jobs/c/weights.npy | tail -c 4 | od -An -tx1 | tr -d ' ')" 0000c040
expect 0 kist cat jobs/c/losses.csv
equal "$(tr '\n' ' ' <out)" '"epoch","loss" 1,0.5 2,0.25 '
# What lies elsewhere is told of, and no file of the job's.
expect 0 kist cat kist:part/c/artifacts
says out '"artifact_name":"raw"' '"location":"s3://lab/raw"' '"task_name":""' '"component":""' '"location":"jobs/c/weights.npy"'
expect 0 kist report c --json
says out '"elsewhere": 1' '"files": 2' '"max_rss_bytes":' '"manifest_lock":'
kist cat kist:job/c >record
says record '"loss":{' '0.25'
cat >job.cc <<'END'
#include <kist/job.h>
int main() { struct kist_job_client job = KIST_JOB_CLIENT_INIT; kist_job_connect(&job);
	int status = kist_job_tag(&job, "quote \" \\ \n", "\xc3\xa9"); kist_job_close(&job); return status; }
END
if command -v ${CXX:-c++} >/dev/null; then
	${CXX:-c++} -std=gnu++17 -Wall -Wextra -Werror -I"$top_builddir/tests/root/usr/local/include" job.cc -o jobcc
	expect 0 kist exec -q --id cc -- ./jobcc
	kist cat kist:job/cc >record
	says record '"quote \" \\ \n":"é"'
fi

# Nonsense.
cat >nonsense.py <<'END'
import json, os, socket, sys
path = os.environ["KIST_SOCKET"]
assert os.stat(os.path.dirname(path)).st_mode & 0o777 == 0o700
def client():
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    s.settimeout(60)
    return s
s = client()
answers = s.makefile()
for line in [b"", b"{", b"[]", b"\xff\xfe", b'{"op":1}', b'{"op":"metric"}', b'{"op":"metric","name":"m"}',
             b'{"op":"metric","name":"m","value":"x"}', b'{"op":"metric","name":"m","value":1,"step":1.5}',
             b'{"op":"tag","name":"t"}', b'{"op":"param","name":"p"}', b'{"op":"save","name":"x"}',
             b'{"op":"save","name":"../x","path":"/etc/hostname"}', b'{"op":"save","name":"/x","path":"/etc/hostname"}',
             b'{"op":"save","name":"a/../../../x","path":"/etc/hostname"}', b'{"op":"save","name":"x","path":"relative"}',
             b'{"op":"save","name":"x","path":"/nothing/here"}', b'{"op":"save","name":"x","path":"/dev/zero"}',
             b'{"op":"save","name":"x","path":"/tmp"}', b'{"op":"metric","name":"","value":1}',
             b'{"op":"table","name":"t.csv"}', b'{"op":"table","name":"t.csv","columns":[],"rows":[]}',
             b'{"op":"table","name":"t.csv","columns":["a"],"rows":[1]}', b'{"op":"table","name":"t.csv","columns":["a"],"rows":[[1,2]]}',
             b'{"op":"table","name":"t.csv","columns":["a"],"rows":[[[]]]}', b'{"op":"table","name":"t.csv","columns":[7],"rows":[]}',
             b'{"op":"table","name":"t.csv","columns":[{"name":"a","type":"x"}],"rows":[]}',
             b'{"op":"table","name":"t.csv","columns":[{"name":"a","type":"integer"}],"rows":[[0.5]]}',
             b'{"op":"table","name":"../t.csv","columns":["a"],"rows":[[1]]}', b'{"op":"artifact","name":"x"}',
             b'{"op":"artifact","name":"x","location":7}', b'{"op":"artifact","name":"x","location":"y","size_bytes":-1}',
             b'{"op":"artifact","name":"x","location":"y","kind":7}', b'{"op":"artifact","location":"y"}',
             b'{"op":"exit"}', b"[" * 5000]:
    s.sendall(line + b"\n")
    answer = json.loads(answers.readline())
    assert answer["ok"] is False and answer["error"], (line, answer)
pipe = os.pipe()
socket.send_fds(s, [b'{"op":"save","name":"pipe"}\n'], [pipe[0]])
assert json.loads(answers.readline())["ok"] is False
socket.send_fds(s, [b'{"op":"tag","name":"many","text":"files"}\n'], list(pipe))
assert json.loads(answers.readline())["ok"]
# A line without an end, and clients that leave in the middle of one.
endless = client()
try:
    while True:
        endless.sendall(b"x" * 65536)
except (BrokenPipeError, ConnectionResetError):
    pass
for i in range(200):
    c = client()
    c.sendall(b'{"op":"metric","na')
    c.close()
# A client that reads nothing.
mute = client()
mute.setblocking(False)
try:
    for i in range(1000000):
        mute.send(b"{}\n")
except (BlockingIOError, BrokenPipeError, ConnectionResetError):
    pass
# All of it later, the first one is served as before; in pieces, two in one.
s.sendall(b'{"op":"metric","name":"m","value"')
s.sendall(b':1}\n{"op":"metric","name":"m","value":"-Infinity","step":9}\n')
assert json.loads(answers.readline())["ok"] and json.loads(answers.readline())["ok"]
s.sendall(json.dumps({"op": "table", "name": "odd.csv", "columns": ['a"b', "c,d", {"name": "e", "type": "boolean"}],
                      "rows": [['x"y\n', -1, True], [None, 1e300, None], ["1", 2, False]]}).encode() + b"\n")
assert json.loads(answers.readline())["ok"]
# Said in the last moment.
s.sendall(b'{"op":"tag","name":"last","text":"word"}\n')
os._exit(0)
END
expect 0 kist exec --id fool -- python3 nonsense.py
says err 'job fool finished: 1 file kept'
kist cat jobs/fool/odd.csv >odd.csv
python3 -c 'import csv; assert list(csv.reader(open("odd.csv", newline=""))) == [["a\"b", "c,d", "e"], ["x\"y\n", "-1", "true"],
	["", "1e+300", ""], ["1", "2", "false"]], open("odd.csv").read()'
kist cat kist:job/fool >record
says record '"many":"files"' '"last":"word"' '"values":[1,"-Infinity"]'

# Hundreds of files through the socket, more than wait at once.
cat >many.py <<'END'
exec(open("job.py").read().split("\ntell({")[0])
for i in range(300):
    save("d/%d.txt" % i, b"%d" % i)
END
expect 0 kist exec --id many -- python3 many.py
says err '300 files kept'
equal "$(kist cat jobs/many/d/299.txt)" 299

# Names that end alike are two, the same name again is its last bytes, and a name may be the folder of another.
cat >names.py <<'END'
exec(open("job.py").read().split("\ntell({")[0])
save("a/x.txt", b"first")
save("b/x.txt", b"second")
save("b/x.txt", b"third")
save("d", b"a file")
save("d/x", b"below it")
END
expect 0 kist exec --id names -- python3 names.py
equal "$(kist cat jobs/names/a/x.txt) $(kist cat jobs/names/b/x.txt) $(kist cat jobs/names/d/x)" 'first third below it'
expect 3 kist retrieve artifacts --job_id names --save_dir names
says err 'names/d'
equal "$(cat names/a/x.txt) $(cat names/b/x.txt) $(cat names/d)" 'first third a file'

# Lines that are not waited for, a file with the last; many that come, speak and go in the last moment; one that is left
# behind and speaks for ever.
cat >last.py <<'END'
import os, socket, subprocess, sys
path = os.environ["KIST_SOCKET"]
def client():
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return s
if len(sys.argv) > 1:
    s = client()
    print("on", flush=True)
    while True:
        s.sendall(b'{"op":"flush"}\n' * 100)
        s.recv(65536)
s = client()
fd = os.memfd_create("x")
os.write(fd, b"glued")
for i in range(60):
    s.sendall(b'{"op":"tag","name":"t%d","text":"x"}\n' % (i % 9))
    socket.send_fds(s, [b'{"op":"save","name":"glued/%d"}\n' % i], [fd])
    s.setblocking(False)
    try:
        s.recv(65536)
    except BlockingIOError:
        pass
    s.setblocking(True)
other = subprocess.Popen([sys.executable, "last.py", "for ever"], stdout=subprocess.PIPE)
other.stdout.readline()
print(other.pid, file=open("other", "w"))
for i in range(40):
    client().sendall(b'{"op":"tag","name":"late%d","text":"x"}\n' % i)
os._exit(0)
END
expect 0 kist exec --id last -- python3 last.py
kill "$(cat other)" 2>/dev/null || :
says err '60 files kept'
kist cat kist:job/last >record
says record '"late0":' '"late39":'

# A store that takes no such file: it is tried again in the end, and the program is told when too many wait.
head -c 3000000 /dev/urandom >large
cat >full.py <<'END'
import os
exec(open("many.py").read().split("for i")[0])
refused = 0
for i in range(70):
    try:
        tell({"op": "save", "name": "big/%d" % i, "path": os.path.abspath("large")})
    except RuntimeError as why:
        assert "store" in str(why), why
        refused += 1
assert refused == 6, refused
END
expect 0 sh -c 'ulimit -f 1200; trap "" XFSZ; exec kist exec --id full -- python3 full.py'
says err '64 files could not be kept'
kist cat kist:job/full >record
says_not record jobs/full/big

# No store: the program is told when too much waits, and runs on.
expect 0 kist --store away exec --id away -- python3 -c '
exec(open("many.py").read().split("for i")[0])
refused = 0
for i in range(100):
    try:
        save("d/%d.txt" % i, b"%d" % i)
    except RuntimeError as why:
        assert "store" in str(why), why
        refused += 1
assert refused == 36, refused'
expect 0 kist verify
