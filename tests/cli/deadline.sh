# --deadline: a time that one call of a plugin may take, on every command; nothing else is taken for one.
make_npy a.npy
expect 0 kist init
expect 0 kist put a.npy --deadline 60
expect 0 kist --deadline=0.5 plugin validate a.npy
expect 0 kist convert a.npy --task CsvTableArtifactTask --deadline 604800
for bad in '' 0 -1 0.0001 604801 1e3 nan 1.2.3 '1 ' 1s 0x1; do
	expect 2 kist show a.npy "--deadline=$bad"
	says err "--deadline takes seconds" "'$bad'"
done
expect 2 kist show a.npy --deadline
expect 0 kist show --help
says out --deadline
expect 0 kist completion
says out --deadline
