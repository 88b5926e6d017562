# Settings of files, variables and options: which holds, where it comes from, and that it takes effect.
sets() { # SETTING VALUE FROM [OPTION...]: what explain says of it.
	setting=$1
	value=$2
	from=$3
	shift 3
	kist config explain "$setting" --json "$@" >explained || fail "explain $setting"
	equal "$(python3 -c 'import json
row = json.load(open("explained"))["settings"][0]
value = row["value"]
print(value if isinstance(value, str) else json.dumps(value), row["from"]["place"], sep="|")')" "$value|$from"
}
user=$HOME/.config/kist/config.yaml
mkdir -p "$HOME/.config/kist" project/below
cd project
project=$PWD

# Nothing says anything.
sets jobs 1 built-in
sets default_storage "$HOME/.local/share/kist/store" built-in
expect 0 kist config explain
says out SETTING 'limits.grace' 10s built-in
expect 3 kist config explain limits.tim
says err "did you mean 'limits.time'"
expect 0 kist config explain limits
says out limits.time limits.stop_signal
says_not out jobs

# Each layer covers those behind it: user, project, overlay, job, variable, option.
printf 'jobs: 2\nlimits: {time: 1h}\ntags: {team: user, site: here}\n' >"$user"
sets jobs 2 "$user:1:7"
cat >kist.yaml <<'END'
# of the project
project: churn
jobs: 3
limits:
  time: 2h
tags: {team: project}
capture: {ignore: ["*.tmp"]}
overlays:
  test: {jobs: 4, tags: {team: test}, capture: {ignore: ["*.log", "*.bak"]}}
  teach: {}
END
sets jobs 3 kist.yaml:3:7
(cd below && sets jobs 3 "$project/kist.yaml:3:7")
sets jobs 4 kist.yaml:9:16 --overlay test
KIST_OVERLAY=test sets jobs 4 kist.yaml:9:16
KIST_OVERLAY=test sets jobs 3 kist.yaml:3:7 --overlay teach
printf 'jobs: 5\ncommand: [touch, ran]\n' >job.yaml
sets jobs 5 job.yaml:1:7 --overlay test --config job.yaml
export KIST_JOBS=6
sets jobs 6 KIST_JOBS --overlay test --config job.yaml
expect 0 kist config explain jobs --overlay test --config job.yaml
says out 'KIST_JOBS' '5 (job.yaml:1:7)' '4 (kist.yaml:9:16)' '3 (kist.yaml:3:7)' "2 ($user:1:7)" '1 (built-in)'
unset KIST_JOBS
sets limits.deadline 7 --deadline --deadline 7
# Lists replace each other, mappings are put together.
sets capture.ignore '["*.tmp"]' kist.yaml:7:19
sets capture.ignore '["*.log", "*.bak"]' kist.yaml:9:57 --overlay test
KIST_CAPTURE_IGNORE='*.a:*.b' sets capture.ignore '["*.a", "*.b"]' KIST_CAPTURE_IGNORE
KIST_CAPTURE_IGNORE='' sets capture.ignore '[]' KIST_CAPTURE_IGNORE
sets tags.team test kist.yaml:9:32 --overlay test
sets tags.site here "$user:3:26" --overlay test
# KIST_CONFIG names another file, or none.
KIST_CONFIG=none sets jobs 2 "$user:1:7"
KIST_CONFIG="$project/job.yaml" expect 2 kist ls
says err "'command' is of one job alone"
KIST_CONFIG=missing expect 2 kist ls
says err KIST_CONFIG missing
expect 2 kist ls --overlay tset
says err "there is no overlay 'tset'" "did you mean 'test'"
KIST_CONFIG=none expect 2 kist ls --overlay test
says err 'there is no kist.yaml'
KIST_JOBZ=3 expect 0 kist config explain
says err "did you mean 'KIST_JOBS'"
KIST_OVERLAI=test expect 0 kist config explain
says err "did you mean 'KIST_OVERLAY'"

# Variables in values, with a default or an error; only of what the command needs.
cat >kist.yaml <<'END'
project: ${WHO:-${WHAT}}
END
expect 1 kist config check kist.yaml
says out 'kist.yaml:1:10: error' 'references do not nest'
cat >kist.yaml <<'END'
project: ${WHO:-nobody}-$$1
jobs: ${COUNT:-2}
limits: {time: "${WALL}"}
END
expect 0 kist config check kist.yaml
says out 'nothing is wrong'
sets project 'nobody-$1' kist.yaml:1:10
sets limits.time '${WALL}' kist.yaml:3:16
expect 0 kist config explain
says err 'kist.yaml:3:16' 'is not set'
WHO='x$(touch ran)${WALL}' WALL=1h sets project 'x$(touch ran)${WALL}-$1' kist.yaml:1:10
WHO='' WALL=1h sets project 'nobody-$1' kist.yaml:1:10
COUNT=9 WALL=1h sets jobs 9 kist.yaml:2:7
expect 0 kist init
expect 0 kist ls
expect 2 kist exec -- touch ran
says err 'kist.yaml:3:16' 'the variable WALL is not set' '${WALL:-...}'
expect 2 kist exec --json -- touch ran
WALL=soon expect 2 kist exec -- touch ran
says err "'limits.time' takes a number and s, m, h or d" "'soon'"
[ ! -e ran ] || fail 'something ran'
expect 0 kist exec -q --time-limit 1h -- true
WALL=1h expect 0 kist exec -q -- true

# Everything that is wrong is told at once, with its place and what was meant.
cat >kist.yaml <<'END'
projct: churn
limits: {time: 10x, grce: 5s}
capture: {follow: yes}
artifact_path: out
time_limit: 3h
tags: {team: [a]}
put: fast
environment: {A B: x, KIST_SOCKET: y}
command: [touch, ran]
jobs: 0
local_cache: ~/cache
default_storage: ""
params: {a: null, b: $x, c: "${"}
overlays:
  test: {jbos: 1, overlays: {}}
  big: 5
END
for command in 'kist ls' 'kist put x' 'kist config explain' 'kist exec -- touch ran'; do
	expect 2 $command
	says err "kist.yaml:1:1: error: there is no setting 'projct'" "did you mean 'project'" 'nothing was done'
done
expect 1 kist config check kist.yaml
says out 'kist.yaml:2:16' "'10x'" 'kist.yaml:2:21' "'limits.grace'" 'kist.yaml:3:19' "'yes'" \
	"did you mean 'results_config.artifact_path'" "did you mean 'limits.time'" "'tags.team' takes" \
	"'put' takes a mapping of settings" "'environment.A B' is no name" 'is what kist exec gives itself' \
	"'command' is of one job" 'a number from 1 to 256' 'write ${HOME}' 'kist.yaml:12:18' 'not null' 'write $$' \
	"has no '}'" 'kist.yaml:15:10' "there is no setting 'overlays'" 'kist.yaml:16:8' '20 errors'
expect 1 kist config check kist.yaml --json
python3 -c 'import json; d = json.load(open("out")); assert not d["valid"] and d["errors"] == 20' || fail 'check --json'
expect 2 kist ls --json
python3 -c 'import json; assert "projct" in json.load(open("out"))["error"]["text"]' || fail 'ls --json'
# Where settings are not needed, or are looked at, they do no harm.
expect 0 kist completion
expect 0 kist --help
expect 1 kist config check job.yaml --as project
expect 0 kist config check job.yaml
expect 3 kist config check missing.yaml
expect 2 kist config check job.yaml --as paper
printf '# nothing\n' >kist.yaml
expect 0 kist ls
mkfifo fifo
expect 1 kist config check fifo
says err 'no regular file'
python3 -c 'print("jobs: 2\n" * 3 + "a: &x [1]\nb: *x\n" + "c: " + "[" * 100)' >kist.yaml
expect 2 kist ls
says err E_YAML
head -c 2000000 /dev/zero | tr '\0' x >kist.yaml
expect 2 kist ls

# What others may write does not say where data go or what code runs; the rest of it counts.
cat >kist.yaml <<'END'
jobs: 3
default_storage: other
plugin_dirs: [plugins]
environment: {LD_PRELOAD: evil.so}
END
chmod 664 kist.yaml
expect 2 kist ls
says err 'kist.yaml:2:1' "'default_storage' is not taken" "'plugin_dirs'" "'environment'" 'chmod go-w'
printf 'jobs: 3\n' >kist.yaml
sets jobs 3 kist.yaml:1:7
chmod 644 kist.yaml
chmod 666 "$user"
sets jobs 3 kist.yaml:1:7
printf 'plugin_dirs: [/tmp]\n' >"$user"
expect 2 kist ls
says err "$user:1:1" "'plugin_dirs' is not taken"
chmod 600 "$user"
: >"$user"

# What is another user's is passed over, and all of it is said.
if [ "$(id -u)" = 0 ]; then
	mkdir -p theirs/.kist theirs/below
	printf 'jobs: 9\n' >theirs/kist.yaml
	chown 65534 theirs/.kist theirs/kist.yaml
	(
		cd theirs/below
		sets jobs 3 "$project/kist.yaml:1:7"
		expect 0 kist paths
		says out "passed over '$project/theirs/kist.yaml'" "passed over '$project/theirs/.kist'"
	)
	rm -r theirs
fi

# Where the store is: named by the project, from wherever we are; by the user, unless there is a .kist.
rm -rf .kist
printf 'default_storage: data/store\n' >kist.yaml
(
	cd below
	expect 3 kist ls
	says err "named by $project/kist.yaml:1:18"
	expect 0 kist init
	says out "$project/data/store"
	expect 0 kist put ../kist.yaml
	expect 0 kist paths
	says out "$project/data/store" 'named by'
)
expect 0 kist ls
says out kist.yaml
KIST_STORE=elsewhere expect 3 kist ls
expect 3 kist ls --store third
printf 'default_storage: file://%s/data/store\n' "$project" >kist.yaml
expect 0 kist ls
says out kist.yaml
printf 'default_storage: memory:\n' >kist.yaml
expect 2 kist ls
rm kist.yaml
printf 'default_storage: %s/data/store\nlocal_cache: cache\n' "$project" >"$user"
expect 0 kist ls
says out kist.yaml
[ -d "$HOME/.config/kist/cache" ] || fail 'local_cache is not used'
expect 0 kist init
expect 0 kist ls
says_not out kist.yaml
rm -rf .kist
printf 'default_storage: %s/none\n' "$project" >"$user"
expect 3 kist ls
says err "'kist init $project/none' makes one"
: >"$user"

# A job's file says what runs, where and how.
mkdir work
cat >work/job.yaml <<'END'
project: ${P:-churn}
job_deployment_env: local
results_config: {artifact_path: made, outputs_path: reports}
capture: {follow: true, ignore: ["*.tmp"]}
log_level: WARNING
params:
  lr: 0.5
  epochs: 10
  name: "7"
  fast: true
  seed: ${SEED:-3}
  text: "${SEED:-3}"
tags: {team: blue, site: x}
environment: {COLOUR: green, HOME: /nowhere, OMP_NUM_THREADS: 3}
working_dir: .
command: [sh, -c, 'mkdir made; echo "$$COLOUR $$HOME $$PWD" | tee made/said made/x.tmp made/y.bak']
END
expect 0 kist init
expect 0 kist exec --config work/job.yaml --id one --tag site=y -p epochs=20 --ignore '*.bak'
equal "$(cat err)" ''
equal "$(cat out)" "green /nowhere $project/work"
equal "$(kist ls jobs/one --json | python3 -c 'import json, sys; print([r["name"] for r in json.load(sys.stdin)])')" "['jobs/one/said']"
kist cat kist:job/one >record
says record '"project":"churn"' '"lr":0.5' '"epochs":20' '"name":"7"' '"fast":true' '"seed":3' '"text":"3"' '"team":"blue"' '"site":"y"'
# What the program runs in is what its record says.
kist cat kist:part/one/environment >ran_in
says ran_in '"OMP_NUM_THREADS":"3"' "\"folder\":\"$project/work\""
mkdir work/bin
printf '#!/bin/sh\necho own\n' >work/bin/uname
chmod +x work/bin/uname
printf 'environment: {PATH: "%s/work/bin:${PATH}"}\ncommand: [uname]\n' "$project" >path.yaml
expect 0 kist exec -q --config path.yaml --id path
equal "$(cat out)" own
kist cat kist:part/path/environment >ran_in
says ran_in "\"program\":\"$project/work/bin/uname\""
printf 'id: made-${NUMBER}\ncommand: [true]\n' >id.yaml
NUMBER=7 expect 0 kist exec --config id.yaml
says err 'job made-7 finished'
NUMBER=a/b expect 1 kist exec --config id.yaml
NUMBER=7 expect 0 kist exec --config id.yaml --id other
# What stands behind "--" runs in its place.
expect 0 kist exec --config work/job.yaml --id two -- sh -c 'echo $COLOUR'
equal "$(cat out)" green
expect 2 kist exec
says err 'COMMAND' --config
printf 'command: touch ran\n' >bad.yaml
expect 2 kist exec --config bad.yaml
says err "'command' takes a list of texts"
printf 'job_deployment_env: ssh\n' >bad.yaml
expect 2 kist exec --config bad.yaml -- touch ran
says err "'job_deployment_env' takes local"
expect 2 kist exec --config missing.yaml -- touch ran
[ ! -e ran ] || fail 'a job ran whose settings are wrong'

# Its time, the signal at its end, and what is left to it then.
cat >ends.yaml <<'END'
limits: {time: 1s, grace: 1s, stop_signal: INT}
results_config: {artifact_path: none}
END
expect 0 kist exec --config ends.yaml -- python3 -c 'import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
print("told", signal.sigwait([signal.SIGINT]))'
says out 'told'
says err 'it ran longer than its time limit of 1 s'
expect 137 kist exec --config ends.yaml --stop-signal HUP -- python3 -c 'import signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
while True:
    signal.pause()'
expect 2 kist exec --stop-signal KILL -- true
says err "--stop-signal takes TERM, INT, HUP, QUIT, USR1 or USR2, not 'KILL'"
# Errors alone are said.
printf 'store is no store' >notastore
expect 0 env KIST_LOG_LEVEL=ERROR kist --store notastore exec --artifacts none -- true
says_not err warning

# The settings of other commands.
KIST_PUT_LEVEL=slow expect 2 kist put work/job.yaml
says err "KIST_PUT_LEVEL takes fast, default or archive, not 'slow'"
KIST_PUT_LEVEL=slow expect 0 kist ls
KIST_PUT_LEVEL=archive expect 0 kist put work/job.yaml
KIST_GC_GRACE=1y expect 2 kist gc
KIST_GC_GRACE=0 expect 0 kist gc
expect 0 kist gc --grace 5m
expect 0 kist gc --grace 60
KIST_DEADLINE=0 expect 2 kist ls
says err 'KIST_DEADLINE takes seconds, 0.001 to 604800'
cat >flow.yaml <<'END'
graph:
  hello: {exec: [sh, -c, 'echo hello >"$0"', $out.txt]}
END
printf 'project: flows\nresults_config: {outputs_path: made}\n' >kist.yaml
KIST_JOBS=0 expect 2 kist run flow.yaml
says err 'KIST_JOBS takes a number from 1 to 256'
expect 2 kist run flow.yaml --jobs 0
says err '--jobs takes a number from 1 to 256'
