# A file in a folder that is kept is named by the folder's name and its path.
mkdir -p runs/1/sub
make_npy runs/1/a.npy
make_csv runs/1/sub/people.csv
chmod 640 runs/1/a.npy
touch -d '2001-02-03 04:05:06.789' runs/1/a.npy
ln -s a.npy runs/1/link
printf 'odd' >"$(printf 'runs/1/odd \377')"
expect 0 kist init
expect 0 kist put runs/1 --name runs/1

expect 0 kist cat runs/1/sub/people.csv
same out runs/1/sub/people.csv
expect 0 kist get runs/1/a.npy -o back.npy
same runs/1/a.npy back.npy
equal "$(stat -c '%a %y' back.npy)" "$(stat -c '%a %y' runs/1/a.npy)"
expect 0 kist get runs/1/sub/people.csv
same people.csv runs/1/sub/people.csv
expect 0 kist cat "$(printf 'runs/1/odd \377')"
equal "$(cat out)" odd
expect 0 kist show runs/1/sub/people.csv
says out int64 'kist.csv@'
expect 0 kist convert runs/1/sub/people.csv --task NumpyArrayArtifactTask --select age --name ages
expect 0 kist verify runs/1/a.npy ages
expect 0 kist du --why runs/1/a.npy
says out runs/1

# What is tagged stays when the folder goes.
expect 0 kist tag runs/1/a.npy best
expect 0 kist rm runs/1
expect 0 kist gc
expect 0 kist get best -o best.npy
same runs/1/a.npy best.npy

# A name goes before a path, the longest name before a shorter one; what is not there is said.
expect 0 kist put runs/1 --name r
printf 'named' >named
expect 0 kist put named --name r/a.npy
expect 0 kist cat r/a.npy
equal "$(cat out)" named
expect 0 kist put runs/1/sub --name r/sub
expect 3 kist cat r/sub/deeper/people.csv
says err "r/sub: this folder has no 'deeper/people.csv'"
for none in nothing sub//people.csv sub/people.csv/ ../1/a.npy; do
	expect 3 kist cat "r/$none"
done
for path in link sub; do
	expect 0 kist rm r/a.npy r/sub
	expect 1 kist get "r/$path" -o no
	says err "r: '$path' is a"
	[ ! -e no ] || fail 'something was restored'
	expect 0 kist put named --name r/a.npy
	expect 0 kist put named --name r/sub
done
expect 3 kist cat ages/x
says_not err folder
expect 3 kist cat none/x
