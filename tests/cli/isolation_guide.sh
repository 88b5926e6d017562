# The guide to isolation, as it is written: its commands work, and the list of measures is the one it has.
guide_commands isolation >commands
says commands 'plugin paths' 'plugin doctor' '--deadline' '--opaque'
expect 0 kist init
expect 0 sh -eux commands
says out 'policy: pinned' 'a worker is ready in' 'SANDBOX' 'kist.csv' loads 'people.csv  table' 'broken.csv  bytes'
tail -2 out >given
same given people.csv
for measure in no_new_privs dumpable close_range capabilities limits landlock seccomp; do
	says out "$measure"
done
