# What a job ran in and was made of is kept with it: no secret, and nothing is run to find it out.
expect 0 kist init
echo 'echo ran' >train.sh

export OMP_NUM_THREADS=3 OMP_TOKEN=xyzzy1 AWS_SECRET_ACCESS_KEY=xyzzy2 ASKED_FOR=yes ASKED_KEY=xyzzy3 NAMED_KEY=meant
expect 0 kist exec -q --id one --env 'ASKED_*' --env NAMED_KEY -- sh train.sh
expect 0 kist cat kist:part/one/environment
says out '"OMP_NUM_THREADS":"3"' '"ASKED_FOR":"yes"' '"NAMED_KEY":"meant"' '"folder":"' '"memory_bytes":' '"limits":{'
says_not out xyzzy
expect 0 kist cat kist:part/one/source
says out '"path":"train.sh"' '"text":"echo ran\n"'
expect 0 kist job show one
says out environment 'cpus_allowed' source
expect 0 kist job show one --json
says out '"environment_facts": {' '"source_facts": {'
says_not out 'echo ran'
digest=$(sed -n 's/.*"environment": "\([0-9a-f]*\)".*/\1/p' out)
equal "$(kist cat kist:part/one/environment | sha256sum | cut -d' ' -f1)" "$digest"

# The same place, the same digest; no source when it is not wanted.
expect 0 kist exec -q --id two --no-source --env 'ASKED_*' --env NAMED_KEY -- sh train.sh
expect 0 kist job show two --json
says out "\"environment\": \"$digest\""
says_not out '"source'
expect 0 kist exec -q --id three -- sh train.sh
expect 0 kist job show three --json
says_not out "\"environment\": \"$digest\""

# Scripts of which every byte is quoted, as many as are kept.
for i in 1 2 3 4; do head -c 1048576 /dev/zero | tr '\0' '\1' >odd$i.py; done
expect 0 kist exec -q --id odd -- sh -c : odd1.py odd2.py odd3.py odd4.py
equal "$(cat err)" ''
[ "$(kist cat kist:part/odd/source | wc -c)" -gt 24000000 ] || fail 'not all texts are kept'
expect 0 kist job show odd
says out environment source

# An agent that was killed: both are kept with what is recovered, and params and tags with them.
runs=$HOME/.local/share/kist/runs
mkfifo up
kist exec -q --id shot -- sh -c ': >up; sleep 1000 & echo $! >program; wait' &
agent=$!
until_met up
until_said program ''
kill -KILL "$agent"
wait "$agent" || :
kill "$(cat program)"
until_gone "$(cat program)"
expect 0 kist job recover shot
expect 0 kist job show shot
says out environment source
kist job rm -f one two three shot >out
expect 3 kist cat kist:part/one/source

# And all that was given, where the job never came to the store.
expect 0 kist --store away exec -q --id away -p lr=0.5 --tag team=a -- true
expect 0 kist init away
expect 0 kist job recover away
expect 0 kist --store away job show away --json
says out '"lr": 0.5' '"team": "a"' '"environment_facts"' '"source_facts"'

# A working tree of git's: its commit, and what is not in it.  What its configuration names is not run.
command -v git >/dev/null || skip 'there is no git'
mkdir tree
cd tree
git init -q -b trunk .
mkdir sub
echo 1 >same.py
echo 1 >sub/changed.py
echo 1 >gone.py
echo password >.env
git add .
git -c user.name=n -c user.email=e commit -q -m m
echo 22 >sub/changed.py
echo 22 >.env
rm gone.py
echo '*.py filter=evil diff=evil' >.gitattributes
for key in core.fsmonitor diff.external filter.evil.clean filter.evil.smudge diff.evil.textconv core.sshCommand; do
	git config $key "touch '$PWD/../evil'; cat"
done
commit=$(git rev-parse HEAD)
rm -f ../evil
for version in 2 4; do
	expect 0 env KIST_STORE=../.kist kist exec -q --id git$version -- true
	expect 0 env KIST_STORE=../.kist kist job show git$version
	says out "$commit" trunk
	expect 0 env KIST_STORE=../.kist kist cat kist:part/git$version/source
	says out '"changed":true' '"gone":true' '"path":"gone.py"' '"path":"sub/changed.py"' '"text":"22\n"' '"path":".env"'
	says_not out same.py
	equal "$(grep -o '"text"' out | wc -l)" 1
	[ ! -e ../evil ] || fail 'a program of the configuration was run'
	git -c core.fsmonitor= update-index --index-version 4 2>/dev/null
	rm -f ../evil
done
