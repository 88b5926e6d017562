# What users of other systems beside jobs run into, and where it is shown that they do not here.
#
# Of those that keep a job's files when it exits, and give them back by a command:
#   the folder to save to and the one to take from are ignored, and a failure ends with 0    job_files.sh: retrieving
#   a folder "models" brings "models2", too                                                  job_files.sh: --source_dir
#   names as jobs/*, *.bin, venv/*, template/*, run.sh are left out in silence               job_files.sh: job "odds"
#   a job without files, a folder that ends in a slash, a part of a path that comes again    job_files.sh: "none", "odds"
#   two files of one base name are one; the same name again breaks the listing, or the job   job_socket.sh: "names"
#   the folder of artifacts that was asked for does not count                                exec.sh, job_kept.sh: --artifacts
#   what is killed, or runs out of memory, loses all                                         exec.sh, job_programs.sh, job_files.sh: "shot"
#   a folder goes up under one prefix, and comes down under another                          job_files.sh: retrieving
#   a save outside of a job, or when nobody listens, fails the program                       job_socket.sh: ./job; below
#   nothing is checked, or kept once: no digests, versions, collection                       below
# Of those that write down runs and cache results:
#   a corrupt line ends the report                                                           report.sh; below
#   recording an artifact with its kind alone is an error                                    below
#   settings are read and never used, unknown ones pass                                      config.sh
#   swapped arguments are the same key, keys are short, a result of nothing is never found   step_cache.sh
#   names as "../x" and absolute paths leave the store                                       job_socket.sh, get_place.sh; below
#   a file that takes the place of a folder goes into it                                     job_socket.sh: "names"; below
#   a store called "artifacts", "." or "~/x" needs another library                           below
#   a listing is as deep as its backend likes                                                below
#   what is missing leaves empty folders behind                                              below
#   half a write is seen; what comes back is not checked; folders have no digest             faults/*.sh, damage.sh, folder.sh
#   what is read back may run code (pickle)                                                  taken.sh
runs=$HOME/.local/share/kist/runs

# A store is a folder, whatever it is called.
mkdir stores
cd stores
expect 0 kist --store artifacts init
echo 1 >x
expect 0 kist --store artifacts put x
expect 0 kist --store ./artifacts ls --names
equal "$(cat out)" x
mkdir here
cd here
kist --store . init >/dev/null
kist --store . exec -q --id dot -- true
cd ..
expect 0 kist --store here jobs
says out dot
cd ..

# What two jobs make alike is kept once, and each version under its name has a digest and can be had.
expect 0 kist init
head -c 300000 /dev/urandom >data
for id in one two; do
	rm -rf artifacts
	expect 0 kist exec --id $id -- sh -c 'mkdir -p artifacts/deep/er; cp data artifacts/deep/er/data'
done
expect 0 kist show jobs/one/deep/er/data --json
first=$(sed -n 's/.*"artifact": "\([0-9a-f]*\)".*/\1/p' out)
expect 0 kist show jobs/two/deep/er/data --json
says out "$(sha256sum <data | cut -d' ' -f1)"
[ "$(find .kist/packs -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')" -lt 500000 ] || fail 'the same bytes are kept twice'
expect 0 kist job rm one
expect 0 kist gc --grace 0
expect 0 kist cat jobs/two/deep/er/data
same out data

# Listings go all the way down.
expect 0 kist ls --names jobs/
says out jobs/two/deep/er/data

# What is missing is an error, and leaves nothing behind.
expect 3 kist get nosuch -o a/b/c
expect 3 kist retrieve artifacts --job_id nobody --save_dir a/b/c
expect 3 kist retrieve artifacts --job_id two --source_dir nosuch --save_dir a/b/c
[ ! -e a ] || fail 'empty folders were left behind'
! kist put nosuch/file 2>err || fail 'a missing file was kept'

# A file where a folder was, and a folder where a file was: each is what it is now, and goes into no other.
rm -rf artifacts
expect 0 kist exec -q --id turn -- sh -c 'mkdir -p artifacts/x; echo 1 >artifacts/x/a; kill -USR1 $PPID
	. "$top_srcdir/tests/lib.sh"; until_said "$0" "\"x/a\""; rm -r artifacts/x; echo 2 >artifacts/x' "$runs/turn/artifacts.jsonl"
equal "$(kist cat jobs/turn/x)" 2

# Recording an artifact takes what is known of it, and no more is asked; a line that is damaged ends no report.
cat >tell.py <<'END'
import json, os, socket
s = socket.socket(socket.AF_UNIX)
s.connect(os.environ["KIST_SOCKET"])
answers = s.makefile()
for request in [{"op": "artifact", "name": "output.csv", "location": "file:///data/output.csv", "kind": "result"},
                {"op": "artifact", "name": "../../x", "location": "/x", "task_name": "t", "component": "c", "size_bytes": 7, "digest": "d"}]:
    s.sendall(json.dumps(request).encode() + b"\n")
    assert json.loads(answers.readline())["ok"]
END
rm -rf artifacts
expect 0 kist exec -q --id told -- python3 tell.py
echo '{"event_ty' >>"$runs/told/artifacts.jsonl"
expect 0 kist report told --json
says out '"elsewhere": 2' '"damaged": 1'
expect 0 kist cat kist:part/told/artifacts
says out '"kind":"result"' '"size_bytes":7' '"task_name":"t"' '"component":"c"' '"digest":"d"'

# A program that saves where nobody listens is not hurt by it.
expect 0 env -u KIST_SOCKET true
printf '#include <kist/job.h>\nint main(void) { struct kist_job_client job = KIST_JOB_CLIENT_INIT; kist_job_connect(&job);\n' >save.c
printf 'kist_job_save_bytes(&job, "../x", "a", 1); return kist_job_metric(&job, "m", 0, 1); }\n' >>save.c
${CC:-cc} -I"$top_builddir/tests/root/usr/local/include" save.c -o save -lm
expect 0 env -u KIST_SOCKET ./save
expect 0 env KIST_SOCKET=/nowhere/job ./save
expect 0 kist verify
