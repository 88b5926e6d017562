# The guide on settings does what it says, and the manual has the settings there are.
guide=$top_srcdir/docs/guide/configuration.md
mkdir project
cd project
# Files and commands, in their order.
python3 - "$guide" <<'END'
import re, sys
script = ["set -eux"]
for info, text in re.findall(r"^```(\S+(?: \S+)?)\n(.*?)^```$", open(sys.argv[1]).read(), re.M | re.S):
    kind, *name = info.split()
    script.append(f"cat >{name[0]} <<'FILE_ENDS'\n{text}FILE_ENDS" if name else text)
open("guide", "w").write("\n".join(script))
assert len(script) > 6
END
expect 0 sh guide
says out 'project/data/store' 'jobs/first/one' 'jobs/third/log' 'seed 7' '10m' 'kist.yaml:8:20' '12h (kist.yaml:3:16)' \
	"did you mean 'results_config.artifact_path'" 'wrong.yaml: 3 errors'
says_not out two.tmp
kist cat kist:job/third >record
says record '"lr":0.2' '"seed":7' '"team":"blue"'
kist config check wrong.yaml >told || :
sed -n 's/^    \(    \)\{0,1\}\(wrong.yaml:\|did you mean\)/\1\2/p' "$guide" | grep -v '^$' >shown
same told shown

# The manual says of each setting what the table says.
kist config explain --json >settings
python3 - "$top_srcdir/docs/man/kist.yaml.5.scd" <<'END'
import json, re, sys
text = open(sys.argv[1]).read()
text = text[text.index("# SETTINGS"):text.index("# TRUST")].replace("\\", "")
rows = dict(re.findall(r"^\*(\S+)\*\n((?:\t.*\n)+)", text, re.M))
settings = {row["key"]: row for row in json.load(open("settings"))["settings"] if row["key"] not in ("tags.team",)}
settings["tags"] = dict(next(row for row in json.load(open("settings"))["settings"] if row["key"] == "tags.team"), key="tags")
assert set(rows) == set(settings), set(rows) ^ set(settings)
for key, row in settings.items():
    said = " ".join(rows[key].split())
    wanted = [row["takes"]]
    wanted += [f"built in: {row['built_in']}"] if row["built_in"] else []
    wanted += [f"*{row['variable']}*"] if row["variable"] else []
    wanted += [f"*--{row['option']}*"] if row["option"] else []
    wanted += [f"*kist {command}*" for command in (row["commands"] or "").split(", ") if command]
    for one in wanted:
        assert one.lower() in said.lower(), (key, one, said)
    assert re.findall(r"\*kist (\S+)\*", said) == [c for c in (row["commands"] or "").split(", ") if c], key
END
