# Settings take effect in the commands that they are for: what a file says is done, and what an option says instead, too.
. "$top_srcdir/tests/zoo/lib.sh"
tasks

# Folders of plugins: found by the file alone, from below, too.
unset KIST_PLUGIN_PATH
expect 0 kist plugin list
says_not out test.tasks
mkdir below more
printf 'plugin_dirs: [plugins]\n' >kist.yaml
(
	cd below
	expect 0 kist plugin list
	says out test.tasks ready
	expect 0 kist plugin paths --plugin-dir ../more
	says out "${PWD%/below}/plugins" more
)

# Runs: whose they are, where outputs go, and what is taken from earlier ones.
cat >>kist.yaml <<'END'
project: flows
results_config: {outputs_path: reports}
step_cache: false
retention: {versions: 1}
jobs: 2
END
cat >sub.yaml <<'END'
parameters: {a: 10, b: 3}
graph: {x: {sub: [$a, $b]}}
outputs: {x: {contents: $x, file: x}}
END
expect 0 kist run sub.yaml --json
expect 0 kist run sub.yaml --json
equal "$(cached)" ''
equal "$(cat reports/sub/x)" 7
[ ! -e exports ] || fail 'outputs went elsewhere'
KIST_STEP_CACHE=true expect 0 kist run sub.yaml --json --exports other
equal "$(cat other/x)" 7
KIST_STEP_CACHE=true expect 0 kist run sub.yaml --json
equal "$(cached)" x
expect 0 kist jobs --project flows --json
equal "$(facts 'len(facts)')" 4

# Experiments: how many versions are kept whose file does not say it.
printf 'name: study\nentrypoint: sub.yaml\nconditions: {one: {}}\n' >study.yaml
for version in 1 2 3; do
	expect 0 kist experiment run study.yaml
done
says out 'dropped 1 older version' 'study v3'
equal "$(ls reports)" "$(printf 'study\nsub')"
printf 'retention: 2\n' >>study.yaml
expect 0 kist experiment run study.yaml
says_not out dropped

# A job's own store; files that are kept when the program has ended; the record of what it ran in.
cat >job.yaml <<'END'
default_storage: ${PWD}/own
capture: {follow: false, source: false, environment: ["COLOUR_*"]}
environment: {COLOUR_A: red}
limits: {deadline: 30}
END
expect 0 kist init own
expect 0 kist exec --config job.yaml --id one -- sh -c 'mkdir artifacts; echo x >artifacts/a'
expect 3 kist job show one
expect 0 kist --store own cat kist:part/one/environment
says out '"COLOUR_A":"red"'
expect 3 kist --store own cat kist:part/one/source
expect 0 kist --store own cat jobs/one/a
python3 -c 'import json; assert json.load(open("'"$HOME"'/.local/share/kist/runs/one/run.json"))["store"].endswith("/own")'
# Where run folders and what can be made again are.
printf 'runs_dir: runs\nlocal_cache: cached\n' >kist.yaml
expect 0 kist exec --id two -- true
[ -f runs/two/run.json ] || fail 'runs_dir is not used'
[ -d cached ] || fail 'local_cache is not used'
expect 0 kist report two
expect 0 kist logs two
expect 0 kist paths
says out "$PWD/runs" "$PWD/cached"
