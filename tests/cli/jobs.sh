# Jobs: listed, queried, shown, dropped; their records are kept like all else.
make_jobs=$top_builddir/tests/support/make_jobs
export KIST_STORE="$PWD/store"
kist init --quiet "$KIST_STORE"
expect 0 kist jobs
equal "$(cat out)" ''
expect 0 kist jobs --json
equal "$(cat out)" '[]'

"$make_jobs" "$KIST_STORE" <<'END'
{"id":"j-aaa","record":{"project":"churn","state":"finished","started":1700000000000000000,"ended":1700000100000000000,"params":{"lr":0.1,"opt":"adam"},"tags":{"team":"blue"},"metrics":{"loss":{"steps":[0,1],"values":[0.5,"NaN"],"times":[1,2]}}},"made":{"a.txt":"hello"}}
{"id":"j-bbb","record":{"project":"churn","state":"started","started":1700000000000000000,"owner":"gone","params":{"lr":1},"metrics":{"loss":{"steps":[0,1],"values":[0.25,"Infinity"],"times":[1,2]}}},"made":{"b.txt":"world"}}
{"id":"j-ccc","record":{"project":"other","state":"started","started":1700000000000000000,"owner":"me","command":["python3","train.py"],"error":"a \u001b[31mred\u001b[0m one"}}
END
ids() {
	kist "$@" --json | sed -n 's/^    "id": "\(.*\)",*$/\1/p' | tr '\n' ' '
}
equal "$(ids jobs)" 'j-ccc j-bbb j-aaa '
equal "$(ids jobs --project churn)" 'j-bbb j-aaa '
equal "$(ids jobs --state finished --state lost)" 'j-bbb j-aaa '
equal "$(ids jobs --tag team)" 'j-aaa '
equal "$(ids jobs --tag team=red)" ''
equal "$(ids jobs --sort id --limit 1 --offset 1)" 'j-bbb '
equal "$(ids query 'param.lr >= 0.1 and not state = finished')" 'j-bbb '
equal "$(ids query --best loss --min)" 'j-bbb j-aaa '
equal "$(ids query --best loss --max)" 'j-bbb j-aaa '
equal "$(ids query 'duration = 100')" 'j-aaa '
equal "$(ids query 'project ~ ch*')" 'j-bbb j-aaa '
expect 0 kist query --best loss --min --json --limit 1
says out '"best": 0.25' '"best_step": 0' '"last": "Infinity"'
expect 0 kist jobs --limit 2
says err '2 of 3 jobs'

# What is wrong is said with its place.
expect 2 kist query 'state = finshed'
says err "did you mean 'finished'" 'at byte 8'
expect 2 kist jobs --state finshed
says err "did you mean 'finished'"
says_not err 'at byte'
expect 2 kist query 'project = churn)'
expect 2 kist query --best loss
expect 2 kist query --min
expect 2 kist jobs --limit 0
expect 2 kist jobs --sort colour

# A terminal's controls do not come out.
expect 0 kist job show ccc
says out 'python3 train.py' '\x1b[31mred'
expect 0 kist job show j-b
says out 'lost: the process that ran it is gone'
expect 0 kist job show j-aaa --json
says out '"revision": 1' '"owner_life": "unknown"' '"NaN"'
expect 1 kist job show j-
says err 'may be 3 jobs'
expect 3 kist job show nosuch
expect 1 kist job show 'x/../y'

# Records are kist's own names: hidden, and not given or dropped by hand.
equal "$(kist ls --names | tr '\n' ' ')" 'a.txt b.txt '
equal "$(kist ls --names kist: | tr '\n' ' ')" 'kist:job/j-aaa kist:job/j-bbb kist:job/j-ccc '
echo x >f
for name in k kist kist9 'kist;a' z; do
	kist put --quiet --name "$name" f
done
equal "$(kist ls --names | tr '\n' ' ')" 'a.txt b.txt k kist kist9 kist;a z '
equal "$(kist ls --names kist | tr '\n' ' ')" 'kist kist9 kist;a '
equal "$(kist ls --names kist:j | grep -c '')" 3
kist rm --quiet k kist kist9 'kist;a' z
expect 2 kist put --name kist:x f
expect 2 kist tag a.txt kist:x
expect 2 kist rm kist:job/j-aaa
expect 3 kist rm --keep-last 1 'kist:*/*'
expect 0 kist put --name kistx f

# They come back as they are, and are checked.
kist cat kist:job/j-aaa >record
grep -q '"id":"j-aaa"' record
expect 0 kist verify
expect 0 kist verify --deep

# Another process changes a job; its artifacts are of the commit of the record.
"$make_jobs" "$KIST_STORE" <<'END'
{"id":"j-ccc","record":{"state":"finished","ended":1700000002500000000},"made":{"c.txt":"made"}}
END
expect 0 kist jobs --state finished
says out j-ccc j-aaa '2.5s'

# Lost is recorded once, with what it made marked.
expect 0 kist job recover --json
equal "$(tr -d ' \n' <out)" '{"lost":["j-bbb"],"runs":[]}'
expect 0 kist job show j-bbb --json
says out '"state": "lost"' '"partial": true' '"revision": 2'

# Without its index, or with a bad one, the answers are the same.
kist jobs --json >before
index=$(find "$HOME/.cache/kist" -name jobs.sqlite)
rm "$index"
kist jobs --json >after
same before after
echo nonsense >"$index"
kist jobs --json >after
same before after
XDG_CACHE_HOME=/proc/nowhere kist jobs --json >after
same before after

# What a job made goes with it, but for what has that name by now.
kist put --quiet --name a.txt f
expect 0 kist job rm aaa --json
equal "$(tr -d ' \n' <out)" '{"artifacts":0,"dropped":["j-aaa"],"kept":1}'
expect 0 kist job rm --keep-artifacts j-bbb
expect 0 kist job rm j-ccc
says out '1 job dropped, with 1 name of artifacts'
equal "$(kist ls --names | tr '\n' ' ')" 'a.txt b.txt kistx '
equal "$(ids jobs)" ''
expect 3 kist job rm j-ccc

# One that runs is refused, unless it is forced.
"$make_jobs" "$KIST_STORE" <<'END'
{"id":"runs","record":{"state":"started","owner":"me"}}
END
expect 1 kist job rm runs
says err 'stop it first' E_STATE
expect 0 kist job rm --force runs

# A collector keeps records; one that is damaged is said, and hides no other.
"$make_jobs" "$KIST_STORE" 30
kist gc --quiet
equal "$(ids jobs | wc -w | tr -d ' ')" 30
pack=$(find "$KIST_STORE/packs" -name '*.pack' -size +3k | head -n 1)
dd if=/dev/zero of="$pack" bs=1 seek=300 count=200 conv=notrunc 2>/dev/null
rm "$index"
expect 4 kist jobs
says out damaged job-00000029
