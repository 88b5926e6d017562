# The plugin commands: what there is, what decides, what is wrong.
make_npy a.npy
make_csv people.csv
cp a.npy disguised.csv
expect 0 kist plugin list
says out kist.numpy kist.csv kist.model ready
expect 0 kist plugin inspect kist.numpy
says out NumpyArrayArtifactTask fortran_order
expect 3 kist plugin inspect kist.nosuch
expect 0 kist plugin why a.npy
says out '*' 'magic'
expect 0 kist plugin why disguised.csv
says out 'kist.numpy' 'not needed'
expect 0 kist plugin why people.csv
says out extension
expect 0 kist plugin why tensor
says out NumpyArrayArtifactTask
expect 0 kist plugin why kist.csv
expect 3 kist plugin why kist.cvs
says err kist.csv
expect 0 kist plugin paths
says out pinned system
expect 0 kist plugin doctor
says out loads seccomp landlock
expect 0 kist plugin validate a.npy people.csv
printf 'a,b\n1\n' >bad.csv
expect 1 kist plugin validate bad.csv
says out E_RAGGED 'byte'
expect 0 kist plugin validate "$top_builddir/plugins/numpy/kist.numpy.plugin.json"

# The cache may go at any time.
kist plugin list --json >wanted
rm -rf "$HOME/.cache"
expect 0 kist plugin list --json
same out wanted

# The stored encoding decides on load, and bytes come out also without any plugin.
expect 0 kist init
expect 0 kist put a.npy
root=$top_builddir/tests/root/usr/local
mkdir -p bare/bin bare/libexec/kist
cp "$root/bin/kist" bare/bin
cp "$root/libexec/kist/kist-worker" bare/libexec/kist
expect 0 bare/bin/kist plugin list
says_not out ready
expect 0 bare/bin/kist cat a.npy
same out a.npy
expect 1 bare/bin/kist convert a.npy --task CsvTableArtifactTask
says err kist.numpy 0.1.0 'is not installed'
expect 1 bare/bin/kist verify --deep a.npy
says err 'is not installed'
expect 0 bare/bin/kist put a.npy --name unknown
says out bytes

# All tasks of a plugin are listed, in rows of their own where one does not hold them.
expect 0 kist plugin list
cp out people
expect 0 kist plugin list --json
grep -o '"[A-Za-z]*Task"' out | tr -d '"' | sort -u >tasks
[ -s tasks ] || fail 'no tasks are listed'
while read -r task; do
	says people "$task"
done <tasks
[ "$(awk '{ if (length > most) most = length } END { print most }' people)" -lt 140 ] || fail 'a row is too long'

# What a plugin's build is told has no odd path in it.
expect 0 env PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig" pkg-config --libs kist-plugin
says_not out '//'
