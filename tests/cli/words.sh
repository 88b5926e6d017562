# What is said: hints for what was misspelt, help in every form, quiet ends, nothing raw on the terminal.
make_npy a.npy
make_csv people.csv
chmod 640 people.csv
touch -d '2001-02-03 04:05:06.789Z' people.csv
expect 0 kist init
expect 1 kist init
says err 'a store already' 'nothing was changed'

# Words that nothing is called.
expect 2 kist lst
says err "did you mean 'ls'"
expect 2 kist plugin lst
says err "did you mean 'plugin list'"
expect 2 kist plugni list
says err "did you mean 'plugin list'"
expect 2 kist frobnicate
says err 'kist --help'
expect 2 kist put --nmae=x a.npy
says err "did you mean '--name'"
expect 2 kist --jsn ls
says err "did you mean '--json'"
expect 2 kist ls --nothing-of-the-kind
says err 'kist ls --help'
expect 2 kist ls --quiet=yes
expect 0 kist ls -ql
expect 2 kist ls -qx
escape=$(printf '\033')
expect 2 kist "a${escape}[31m"
says err '\x1b[31m'
says_not err "$escape"
expect 2 kist "--a${escape}[31m"
says_not err "$escape"

# Help, in every form it is asked for.
for how in '--help' 'help' 'help put' 'help plugin' 'help plugin why' 'plugin --help' 'plugin -h' 'plugin why --help'; do
	# shellcheck disable=SC2086
	expect 0 kist $how
	says out usage
done
expect 2 kist plugin
says err 'plugin trust'
kist --help | sed -n 's/^  \(\(plugin \|job \|retrieve \|experiment \|config \|template \)\{0,1\}[a-z]*\) .*/\1/p' >commands
while read -r command; do
	# shellcheck disable=SC2086
	expect 0 kist $command --help
	says out "usage: kist $command" --json
done <commands

# Lines that line up, whatever the names: long, wide, with control characters.
long=$(head -c 100 /dev/zero | tr '\0' n)
cp people.csv "$long"
expect 0 kist put a.npy
expect 0 kist put "$long"
expect 0 kist put people.csv --name '日本'
expect 0 kist put people.csv --name "e$(printf '\314\201')"
expect 0 kist put people.csv --name "odd$(printf '\033[31m\n')"
says_not out "$escape"
expect 0 kist ls
says_not out "$escape"
says out 'NAME         KIND  ' 'a.npy        tensor  ' '日本         table  ' 'odd\x1b[31m  table  ' "$long  bytes"
! grep -q ' $' out || fail 'blanks at the end of a line'

# Modes, times and sizes for people; the numbers for programs.
expect 0 kist put people.csv
expect 0 kist show people.csv
says out '0640 rw-r-----' '2001-02-03T04:05:06.789000000Z' '46 bytes'
expect 0 kist show people.csv --json
says out '"mode": 416' '"mtime_ns": 981173106789000000' '"size": 46'
head -c 3000000 /dev/zero >zero
ln -s people.csv link
mkdir folder
cp -P people.csv link folder
expect 0 kist put zero folder
expect 0 kist show zero
says out '2.9 MiB (3000000 bytes)'
expect 0 kist show folder
says out 'link -> people.csv' '- 0640'

# Several things go into one folder, which is made.
expect 0 kist get a.npy people.csv -o made/
same a.npy made/a.npy
expect 0 kist get a.npy folder -o other
same a.npy other/a.npy
expect 1 kist get a.npy people.csv -o zero
says err "'zero' is no folder"

# Facts of what was done, for programs.
expect 0 kist get a.npy -o facts --json
says out '"path": "facts"' '"sha256"'
expect 0 kist tag a.npy b c --json
says out '"b"' '"c"' '"artifact"'
expect 0 kist verify a.npy b --json
says out '"sound"'
expect 0 kist rm b --json
says out '"dropped"'
expect 3 kist rm a.npi
says err "did you mean 'a.npy'"
digest=$(sha256sum a.npy | cut -c1-16)
expect 3 kist rm "$digest"
says err 'no name but a digest'
expect 3 kist show "$(printf %.6s "$digest")"
says err '8 digits'
expect 3 kist show --json nothing
says out '"error"'
expect 2 kist put --param nonsense=1 people.csv
says err 'delimiter'

# Who reads no further is not told off.
kist cat zero 2>err | head -c 1 >/dev/null
equal "$(wc -c <err)" 0
for i in 1 2 3; do kist tag zero "many/$i" >/dev/null; done
kist ls --json 2>err | head -c 1 >/dev/null
equal "$(wc -c <err)" 0

# A bar on a terminal, none in a pipe, and no colours anywhere.
head -c 30000000 /dev/zero >big
expect 0 kist put big
equal "$(wc -c <err)" 0
if command -v script >/dev/null; then
	script -qec 'kist put big --name bar' typed >/dev/null
	says typed '%' '####'
	says_not typed "$escape"
	script -qec 'kist put --quiet big --name bar' typed >/dev/null
	says_not typed '####'
fi

# The plugin commands say what protects this machine, and repeat nothing.
expect 0 kist plugin why people.csv
says out 'kist.csv@1.0' 'route, system' 'decided'
! grep -q 'kist.csv .*kist.csv .*kist.csv .*kist.csv' out || fail 'a line repeats the name of the plugin'
expect 3 kist plugin why nothing.npy
says err 'no file here'
for command in paths doctor; do
	expect 0 kist plugin $command
	says out no_new_privs close_range limits landlock seccomp
	expect 0 kist plugin $command --json
	says out '"sandbox"'
done
expect 0 kist plugin inspect kist.csv
says out 'one ASCII character between the cells' writing reading

# Each broken plugin: its reason and the remedy.
plugins=$HOME/.local/share/kist/plugins
make_tiny "$plugins" org.example.one
expect 0 kist plugin doctor
says out 'not trusted' "kist plugin trust $plugins" 'routes: sound'
expect 0 kist plugin trust "$plugins/org.example.one.plugin.json" --json
says out '"id": "org.example.one"'
expect 0 kist plugin doctor
expect 0 kist plugin validate "$plugins/org.example.one.plugin.json" --json
says out '"valid": true'
rm "$plugins/org.example.one.so"
expect 1 kist plugin doctor
says out org.example.one 'not there' 'install the plugin again'
echo '{' >"$plugins/org.example.one.plugin.json"
expect 1 kist plugin doctor
says out 'string or' 'install the plugin again'
expect 1 kist plugin trust people.csv
says err 'no sound manifest'
