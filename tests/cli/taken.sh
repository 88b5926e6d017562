# No name is lost by a slip: two inputs of one put that come to one name, and a convert that would take a name of itself.
expect 0 kist init
mkdir A B
echo one >A/x.txt
echo two >B/x.txt
expect 2 kist put A/x.txt B/x.txt
says err A/x.txt B/x.txt "'x.txt'" --name
expect 2 kist put A/x.txt A//x.txt/
expect 2 kist put --json A/x.txt B/x.txt
says out '"error"' B/x.txt
expect 0 kist ls --names
equal "$(wc -c <out)" 0
expect 0 kist put A B
expect 0 kist put A/x.txt
expect 0 kist put B/x.txt
expect 0 kist cat x.txt
same out B/x.txt

make_npy t9.npy
make_csv t9.csv
cp t9.npy other.npy
expect 0 kist put t9.npy t9.csv
expect 1 kist convert t9.csv --task NumpyArrayArtifactTask --select age
says err t9.npy --name
expect 0 kist cat t9.npy
same out other.npy
expect 1 kist convert t9.npy --task NumpyArrayArtifactTask
says err t9.npy --name
expect 1 kist convert t9.npy --task kist.numpy/NumpyArrayArtifactTask
says err t9.npy --name
expect 0 kist cat t9.npy
same out other.npy
expect 0 kist convert t9.csv --task NumpyArrayArtifactTask --select age --name t9.npy
expect 0 kist cat t9.npy
says out "'<i8'"
