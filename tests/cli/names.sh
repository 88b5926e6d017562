# Names: what may be one, tags, removal.
make_csv people.csv
expect 0 kist init
expect 0 kist put people.csv --name exp/7/people.csv
for name in .. . /abs a/../b a//b a/ ''; do
	expect 2 kist put people.csv --name "$name"
	expect 2 kist tag exp/7/people.csv "$name"
done
long=$(head -c 1024 /dev/zero | tr '\0' n)
expect 0 kist put people.csv --name "$long"
expect 2 kist put people.csv --name "n$long"
says err 1024

expect 0 kist tag exp/7/people.csv best release/1.0
same people.csv people.csv
expect 0 kist get best -o best.csv
same people.csv best.csv
expect 3 kist rm best nosuch
expect 0 kist ls best
expect 0 kist rm best
expect 3 kist ls best
expect 3 kist rm best
expect 0 kist get release/1.0 -o again.csv
same people.csv again.csv

# Non-UTF-8 names come and go as bytes.
odd=$(printf 'odd-\377.csv')
cp people.csv "$odd"
expect 0 kist put "$odd"
kist ls --names >names
grep -q "$(printf 'odd-\377')" names || fail 'the name lost its bytes'
expect 0 kist get "$odd" -o odd
same people.csv odd

# Who changes a name is told so in one line, and not with --quiet.
expect 0 kist tag release/1.0 best best2
says out best 'and 1 more'
equal "$(wc -l <out)" 1
expect 0 kist rm best best2
says out '2 names dropped'
expect 0 kist tag -q release/1.0 best
equal "$(wc -c <out)" 0
expect 0 kist rm -q best
equal "$(wc -c <out)" 0
