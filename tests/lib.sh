# SPDX-License-Identifier: Apache-2.0
#
# What every test script may use.  A script runs with -eu in an empty folder, with an empty HOME.

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

skip() {
	echo "SKIP: $*"
	exit 77
}

# expect STATUS COMMAND...: the command ends with this exit status; its output is left in ./out and ./err.
expect() {
	expected=$1
	shift
	actual=0
	"$@" >out 2>err || actual=$?
	[ "$actual" = "$expected" ] || {
		cat out err >&2
		fail "'$*' ended with $actual, not $expected"
	}
}

# says FILE TEXT...: every text stands in the file.
says() {
	said=$1
	shift
	for text; do
		grep -qF -e "$text" "$said" || {
			cat "$said" >&2
			fail "'$text' is not said in $said"
		}
	done
}

# says_not FILE TEXT
says_not() {
	! grep -qF -e "$2" "$1" || fail "'$2' is said in $1"
}

# until_said FILE TEXT: waits, asleep, until the text stands in the file, which need not be there yet.
until_said() {
	said=$(mktemp -u "${TMPDIR:-/tmp}/kist-said.XXXXXX")
	mkfifo "$said"
	tail -n +1 -F "$1" >"$said" 2>/dev/null &
	follower=$!
	grep -qF -e "$2" <"$said"
	kill $follower
	wait $follower 2>/dev/null || :
	rm "$said"
}

# until_met FIFO: waits until somebody else opens it, who waits for this, too.
until_met() {
	: <"$1"
}

# until_gone PID: waits until the process, which need not be a child, has ended.
until_gone() {
	python3 -c 'import os, select, sys
try:
    select.select([os.pidfd_open(int(sys.argv[1]))], [], [])
except ProcessLookupError:
    pass' "$1"
}

# facts WORDS: of the JSON document in out.
facts() {
	python3 -c 'import json, sys; facts = json.load(open("out")); print(eval(sys.argv[1]))' "$1"
}

same() {
	cmp "$1" "$2" || fail "$1 and $2 differ"
}

equal() {
	[ "$1" = "$2" ] || fail "'$1' is not '$2'"
}

# A .npy of six float32 in two rows of three, made by hand.
make_npy() {
	{
		printf '\223NUMPY\001\000\166\000'
		printf "%-117s\n" "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
		printf '\000\000\200\077\000\000\000\100\000\000\100\100\000\000\200\100\000\000\240\100\000\000\300\100'
	} >"$1"
}

make_csv() {
	printf 'name,age,score\nAda,36,1.5\n"Hopper, Grace",85,\n' >"$1"
}

make_safetensors() {
	header='{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  '
	{
		printf '\070\000\000\000\000\000\000\000%s' "$header"
		printf '\000\000\200\077\000\000\000\100'
	} >"$1"
}

# python_with PACKAGES MODULE...: sets $python to an interpreter that has the modules, or skips and says what to install.
# KIST_PYTHON names the one to use, and no other is tried then.
python_with() {
	packages=$1
	shift
	export PYTHONDONTWRITEBYTECODE=1
	for python in ${KIST_PYTHON:-python3 /usr/bin/python3 /usr/local/bin/python3}; do
		command -v "$python" >/dev/null || continue
		for module; do
			"$python" -c "import $module" 2>/dev/null || continue 2
		done
		return 0
	done
	skip "no Python with $*; install $packages"
}

# guide_commands NAME: what stands in the blocks of shell of docs/guide/NAME.md, in order.
guide_commands() {
	sed -n '/^```sh$/,/^```$/p' "$top_srcdir/docs/guide/$1.md" | sed '/^```/d'
}

# make_tiny FOLDER ID [VERSION]: builds the zoo's tiny plugin there, under this id, against the installed headers.
make_tiny() {
	export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
	export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
	mkdir -p "$1"
	# shellcheck disable=SC2046
	${CC:-cc} -shared -fPIC "-DTINY_ID=\"$2\"" $(pkg-config --cflags --libs kist-plugin) \
		"$top_srcdir/tests/zoo/tiny.c" -o "$1/$2.so" || fail 'the compiler'
	tiny_sum=$(sha256sum <"$1/$2.so")
	sed -e "s/@SIZE@/$(stat -c %s "$1/$2.so")/" -e "s/@SHA256@/${tiny_sum%% *}/" -e "s/@VERSION@/${3:-1.0.0}/" \
		-e "s/org\\.example\\.tiny/$2/" -e "s/tiny\\.so/$2.so/" \
		"$top_srcdir/tests/zoo/tiny.plugin.json.in" >"$1/$2.plugin.json"
}
