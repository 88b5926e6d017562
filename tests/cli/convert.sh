# One plugin reads, another writes.
make_csv people.csv
make_npy a.npy
make_safetensors m.safetensors
expect 0 kist init
expect 0 kist put people.csv a.npy m.safetensors
expect 0 kist convert people.csv --task NumpyArrayArtifactTask --select age --name age.npy
says out 'int64 [2]'
expect 0 kist cat age.npy
says out "'descr': '<i8'" "'shape': (2,)"
expect 0 kist convert people.csv --task NumpyArrayArtifactTask --select age,score
says out people.npy 'float64 [2, 2]'
expect 0 kist convert a.npy --task CsvTableArtifactTask
expect 0 kist cat a.csv
printf 'c0,c1,c2\n1.0,2.0,3.0\n4.0,5.0,6.0\n' >wanted
same out wanted
expect 0 kist convert m.safetensors --task NumpyArrayArtifactTask --select b --name b.npy
says out 'float32 [2]'
expect 0 kist convert a.npy --task SafetensorsModelArtifactTask
says out '1 tensor'
expect 0 kist show a.csv
says out parents

expect 1 kist convert people.csv --task NumpyArrayArtifactTask
says err name
expect 3 kist convert people.csv --task NumpyArrayArtifactTask --select nosuch
says err age
expect 3 kist convert people.csv --task NumpyArayArtifactTask
says err NumpyArrayArtifactTask
expect 1 kist convert a.npy --task NumpyArrayArtifactTask --param fortran_ordr=true
says err fortran_order
expect 0 kist convert a.npy --task NumpyArrayArtifactTask --param fortran_order=true --name f.npy
expect 0 kist cat f.npy
says out "'fortran_order': True"
expect 0 kist verify
