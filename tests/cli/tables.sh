# A table is a stream; whoever wants it in a workflow gets all of its rows.
. "$top_srcdir/tests/zoo/lib.sh"
tasks
awk 'BEGIN { print "a,b"; for (i = 0; i < 100000; i++) print i "," i / 2 }' >long.csv
expect 0 kist put long.csv
cat >tables.yaml <<'END'
artifact_inputs: {table: table}
graph:
  first:  {row_count: $table}
  second: {row_count: $table}
  third:  {task: row_count, args: [$table], dependencies: [second]}
artifact_outputs:
  again: {contents: $table, task: CsvTableArtifactTask}
  more:  {contents: $table, task: CsvTableArtifactTask}
outputs:
  first:  {contents: $first, file: first.txt}
  second: {contents: $second, file: second.txt}
  third:  {contents: $third, file: third.txt}
END
expect 0 kist run tables.yaml --input table=long.csv
for which in first second third; do
	equal "$(cat exports/tables/$which.txt)" 100000
done
expect 0 kist cat tables/again
equal "$(wc -l <out)" 100001
cp out kept.csv
expect 0 kist cat tables/more
same out kept.csv
