# An entrypoint is checked whole: each fault with its line, code and remedy; nothing runs.
cat >good.yaml <<'END'
parameters: {words: 3, dialect: {type: string, default: tab}}
graph:
  list:  {exec: [printf, "a,b\n1,2\n"], outputs: {rows: {file: rows.csv, type: table}}}
  count: {exec: [wc, -l, $list.rows, $words]}
artifact_outputs:
  rows: {contents: $list, task: {name: CsvTableArtifactTask, args: {delimiter: $dialect}}}
outputs:
  lines: {contents: $count, file: lines.txt}
END
expect 0 kist run --check good.yaml
equal "$(cat out)" 'good.yaml: can be run: 2 steps'
expect 0 kist run --check good.yaml -p words=5 -p "dialect=;" --json
says out '"valid": true' '"issues": []'
expect 0 kist run --check --quiet good.yaml
equal "$(cat out)" ''

# What is given counts.
expect 1 kist run --check good.yaml -p words=many -p dialct=tab -p dialect=comet
says out "good.yaml: error: parameter 'words' is integer, but what is given, 'many', is string [E_PARAMETER_VALUE]" \
	"good.yaml: error: there is no parameter 'dialct' [E_PARAMETER_UNKNOWN]" "    did you mean 'dialect'?" \
	'good.yaml:6:80: error' E_ARGUMENT_VALUE 'good.yaml: 3 errors, 0 warnings'

# All faults in one pass, in the order of the lines.
cat >bad.yaml <<'END'
parameters: {rows: 3, unused: ~}
artifact_inputs: {table: tabel}
graph:
  a: {exec: [ls, $nowhere], dependences: b}
  a.b: {exec: [ls]}
  b: {NumpyArrayArtifactTask: [$a]}
  c: {exec: [ls], dependencies: d}
  d: {exec: [ls, $c]}
artifact_outputs:
  one: {contents: $a, task: NumpyArayArtifactTask}
  two: {contents: $a, task: {name: NumpyArrayArtifactTask, args: {fortran: true}}}
outputs:
  o: {contents: $rows, file: ../../.bashrc}
END
expect 1 kist run --check bad.yaml
equal "$(sed -n 's/^bad.yaml:\([0-9]*\):.*\[\(.*\)\]$/\1 \2/p' out)" '1 W_PARAMETER_UNUSED
2 W_INPUT_UNUSED
2 E_TYPE_UNKNOWN
4 E_REFERENCE
4 E_KEY_UNKNOWN
5 E_NAME
6 E_TASK_UNKNOWN
7 E_CYCLE
10 E_TASK_UNKNOWN
11 E_TYPE_MISMATCH
11 E_ARGUMENT_UNKNOWN
13 E_FILE'
says out "did you mean 'table'" "did you mean 'dependencies'" "'c' -> 'd' -> 'c'" "did you mean 'NumpyArrayArtifactTask'" \
	"it takes: fortran_order" 'bad.yaml: 10 errors, 2 warnings'
expect 1 kist run --check bad.yaml --json
python3 - <<'END' || fail 'the JSON of a check'
import json
facts = json.load(open("out"))
assert facts["valid"] is False and facts["errors"] == 10 and facts["warnings"] == 2, facts
assert facts["issues"][2]["line"] == 2 and facts["issues"][2]["column"] == 26, facts["issues"][2]
assert all(issue["file"] == "bad.yaml" and issue["text"] for issue in facts["issues"])
END

# Hostile YAML ends at once.
python3 - <<'END'
bomb = ["a0: &a0 [lol]"] + ["a%d: &a%d [%s]" % (i, i, ", ".join(["*a%d" % (i - 1)] * 9)) for i in range(1, 20)]
open("bomb.yaml", "w").write("\n".join(bomb))
open("deep.yaml", "w").write("graph: " + "[" * 500000)
open("large.yaml", "w").write("graph: '" + "x" * 5000000 + "'")
open("latin.yaml", "wb").write(b"graph: {a: {exec: [\xe9]}}\n")
open("tag.yaml", "w").write("graph: !!python/object/apply:os.system [touch owned]\n")
open("empty.yaml", "w").write("")
END
for row in bomb:E_YAML_ALIAS deep:E_YAML_LIMIT latin:E_YAML_UTF8 tag:E_YAML_TAG empty:E_YAML_EMPTY; do
	expect 1 kist run --check "${row%:*}.yaml"
	says out "[${row#*:}]"
done
expect 1 kist run --check large.yaml
expect 3 kist run --check nowhere.yaml
says err nowhere.yaml
[ ! -e "$HOME/.local/share/kist" ] || fail 'a check made a store'
