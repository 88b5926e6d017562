# Every member that --json prints is in the command's manual, which promises that it stays.
make_npy a.npy
make_csv people.csv
mkdir folder
cp a.npy folder
ln -s a.npy folder/link
plugins=$HOME/.local/share/kist/plugins
make_tiny "$plugins" org.example.one

# documented MANUAL COMMAND...: its members are named; not those below "info", nor the arguments of a type, deeper down.
documented() {
	manual=$top_srcdir/docs/man/kist-$1.1.scd
	shift
	"$@" --json >out 2>err || [ "$1 $2 $3" = 'kist plugin validate' ] || { cat err >&2; fail "$*"; }
	sed -e '/^  "info": {$/,/^  }/d' out | sed -n 's/^ \{2,6\}"\([a-z_0-9]*\)": .*/\1/p' | sort -u >members
	[ -s members ] || grep -q '^\[\]$' out || fail "$*: no members"
	while read -r member; do
		grep -qF "*$member*" "$manual" "$top_srcdir/docs/man/kist-put.1.scd" ||
			fail "'$*' prints '$member', which $manual does not name"
	done <members
}
documented init kist init
documented put kist put a.npy people.csv folder --description one
documented ls kist ls
documented show kist show a.npy
documented show kist show folder
documented tag kist tag a.npy other
documented get kist get other -o got
documented convert kist convert people.csv --task NumpyArrayArtifactTask --select age
documented rm kist rm other
documented verify kist verify
documented verify kist verify a.npy
documented stats kist stats
documented paths kist paths
documented plugin kist plugin list
documented plugin kist plugin inspect kist.numpy
documented plugin kist plugin inspect org.example.one
documented plugin kist plugin why a.npy
documented plugin kist plugin why tensor
documented plugin kist plugin routes
documented plugin kist plugin pin ext:csv kist.csv
documented plugin kist plugin unpin ext:csv
documented plugin kist plugin paths
documented plugin kist plugin trust "$plugins/org.example.one.plugin.json"
documented plugin kist plugin validate a.npy
documented plugin kist plugin validate "$plugins/org.example.one.plugin.json"
documented plugin kist plugin doctor

# All guides and formats are named in the README, and what it names under formats is there.
for page in "$top_srcdir"/docs/guide/*.md "$top_srcdir"/docs/format/*.md; do
	grep -qF "docs/${page#"$top_srcdir"/docs/}" "$top_srcdir/README.md" || fail "README.md does not name $page"
done
