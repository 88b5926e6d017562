# A manifest alone makes tasks of the functions in a library of the system: what it is, is noted when it is trusted.
mkdir -p plugins
manifest() {
	cat >plugins/org.example.libm.plugin.json <<END
{
  "manifest_version": 1,
  "id": "org.example.libm",
  "version": "$1",
  "abi": {"major": 1, "minor_required": 0},
  "libraries": {"linux-x86_64-glibc": {"soname": "${2:-libm.so.6}"}},
  "tasks": [
    {
      "name": "power",
      "symbol": "${3:-pow}",
      "signature": "f64,f64->f64",
      "description": "x to the power of y",
      "caps": ["deterministic", "reentrant"],
      "inputs": [{"name": "x", "type": "number"}, {"name": "y", "type": "number", "default": 2}],
      "outputs": [{"name": "power", "type": "number"}]
    }
  ]
}
END
}
list=plugins/org.example.libm.plugin.json
trusted=$HOME/.config/kist/trusted.json
manifest 1.0.0
expect 0 kist --plugin-dir plugins plugin list
says out org.example.libm denied 'not trusted'
expect 0 kist plugin validate $list
says out 'org.example.libm 1.0.0 loads'
expect 0 kist plugin trust $list
expect 0 kist --plugin-dir plugins plugin list
says out org.example.libm ready power
expect 0 kist --plugin-dir plugins --json plugin list
says out '"function_tasks": [' '"power"'
expect 0 grep -q '"library":"' "$trusted"
expect 0 kist --plugin-dir plugins plugin inspect org.example.libm
says out 'x to the power of y' deterministic reentrant number 'ordinary_library' pow input output
expect 0 kist --plugin-dir plugins --json plugin inspect org.example.libm
says out '"symbol": "pow"' '"required": true' '"default": 2' '"signature": "f64,f64->f64"'
expect 0 kist --plugin-dir plugins plugin doctor
says out 'org.example.libm' loads

# And it is a task like any other.
cat >power.yaml <<'END'
graph:
  square: {power: [3]}
  cube: {task: power, kwargs: {x: $square, y: 1.5}}
outputs:
  cube: {contents: $cube, file: cube.txt}
END
expect 0 kist init
expect 0 kist --plugin-dir plugins run power.yaml
equal "$(cat exports/power/cube.txt)" 27

# The system's library became another one.
sed -i -e 's/"library":"..../"library":"0000/' "$trusted"
expect 0 kist --plugin-dir plugins plugin list
says out org.example.libm denied 'another version of it than the one that was trusted' 'kist plugin trust'
expect 0 kist plugin trust $list
expect 0 kist --plugin-dir plugins plugin list
says out org.example.libm ready
equal "$(grep -o '"library"' "$trusted" | wc -l)" 1
# A pin without it says nothing of the library.
sed -i -e 's/"library":"[0-9a-f]*",//' -e 's/,"size":[0-9]*//' "$trusted"
expect 0 kist --plugin-dir plugins plugin list
says out org.example.libm denied "no version of 'libm.so.6' is trusted"

# What is not there, and what is no function of it.

# It cannot be held to a contract that it does not know: nothing is asked, and no badge given.
expect 0 kist plugin lint $list
expect 0 kist plugin test $list
says out 'skipped task-calls' 'knows nothing of this contract' '0 passed, 0 failed' 'badge: none'

# Results go to a file, where a link leads, too; a pipe is written to, and stays one.
echo before >results.xml
ln -s results.xml link.xml
expect 0 kist plugin test $list --junit link.xml
[ -L link.xml ] || fail 'the link is gone'
says results.xml '<testsuite name="org.example.libm'
mkfifo pipe.xml
cat pipe.xml >through.xml &
expect 0 kist plugin test $list --junit pipe.xml
wait $!
[ -p pipe.xml ] || fail 'the pipe is gone'
says through.xml '<testsuite name="org.example.libm' '</testsuite>'
expect 3 kist plugin test $list --junit nowhere/results.xml

manifest 1.0.1 libnowhere.so.9
expect 3 kist plugin trust $list
says err "the system has no library 'libnowhere.so.9'"
manifest 1.0.2 libm.so.6 pow_of_nobody
expect 0 kist plugin trust $list
expect 0 kist --plugin-dir plugins plugin list
says out unsupported "does not export the function 'pow_of_nobody'"
expect 1 kist plugin validate $list
says err "does not export the function 'pow_of_nobody'"
manifest 1.0.3 ../libm.so.6
expect 1 kist plugin trust $list
says err 'not a plain file name'
