# With which arguments a file was read is kept: whoever reads it later understands the same.
printf '2020,2021\n1,2\n3,4\n' >years.csv
printf 'a,b;c\n1,2;3\n' >cells.csv
python3 - <<'END' || skip 'no python3'
text = b"{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }" + b" " * 11000 + b"\n"
open("wide.npy", "wb").write(b"\x93NUMPY\x02\x00" + len(text).to_bytes(4, "little") + text + bytes(8))
END
expect 0 kist init
expect 0 kist put -p header=yes years.csv
expect 0 kist put -p 'delimiter=;' cells.csv
expect 0 kist put -p max_header=20000 wide.npy
expect 0 kist show --json years.csv
says out '"read_params": {' '"header": "yes"' '"rows": 2'
expect 0 kist show --json cells.csv
says out '"delimiter": ";"'

expect 0 kist convert years.csv --task NumpyArrayArtifactTask --name years
expect 0 kist show --json years
says out '"elements": 4'
says_not out read_params
expect 0 kist convert cells.csv --task CsvTableArtifactTask --select c --name c.csv
expect 0 kist cat c.csv
equal "$(cat out)" "$(printf 'c\n3')"
expect 0 kist verify --deep
expect 0 kist verify --deep wide.npy

# Where none were given, none are kept.
expect 0 kist put years.csv --name plain.csv
expect 0 kist show --json plain.csv
says_not out read_params
