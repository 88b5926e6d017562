# Which store is meant, and why.
make_csv people.csv
expect 0 kist paths
says out 'your own' "$HOME/.local/share/kist/store"
expect 0 kist put people.csv
expect 0 kist ls
says out people.csv
mkdir -p project/below
(cd project && kist init >/dev/null)
cd project/below
expect 0 kist paths
says out 'found in' '/project'
expect 0 kist ls
says_not out people.csv
KIST_STORE=../../other
export KIST_STORE
expect 3 kist ls
says err 'KIST_STORE' 'kist init'
expect 0 kist init
says out "made the store '../../other'"
expect 0 kist --store ../../third init
expect 0 kist --store ../../third ls
expect 0 kist --store ../.kist ls
unset KIST_STORE
expect 1 kist init ../.kist
expect 2 kist --store ssh://nowhere ls
