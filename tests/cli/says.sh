# What people are told: where it went wrong, what helps, and how much was given and written.
make_csv people.csv
printf '123456789' >nine
printf 'a,b\n1\n' >bad.csv
expect 0 kist init
expect 0 kist put nine
says out '1 kept: 9 B given' written
expect 1 kist put bad.csv
says err 'kist.csv 0.' E_RAGGED --opaque
expect 0 kist put people.csv
expect 0 kist convert people.csv --task NumpyArrayArtifactTask --select age
says out ' B  '
export TMPDIR=/nonexistent
expect 1 kist put - --name x <nine
says err TMPDIR /nonexistent
unset TMPDIR
expect 2 kist --store s3://x ls
says_not err memory:
expect 1 kist plugin validate bad.csv
equal "$(cat out err | grep -c E_RAGGED)" 1
echo '{' >x.plugin.json
expect 1 kist plugin validate x.plugin.json
says err x.plugin.json

expect 0 kist --help
says out --version

# Where a store cannot be written, its path is said.
head -c 100000 /dev/urandom >big
expect 1 sh -c 'ulimit -f 40; exec kist put big'
says err "$PWD/.kist" packs/
