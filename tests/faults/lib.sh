# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of this folder share.  They break one put of a few files at one system call after another, by
# tests/support/strike, each time in a fresh copy of the same store.
#
# KIST_FAULTS=long strikes at every call; without it, at those that make something last and at every STEPth of all,
# beginning at one that changes from script to script only: what is tested is the same in every run.

strike="$top_builddir/tests/support/strike"

# The search for leaks stops the process by a helper of its own: striking that one stops it for ever.
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
export ASAN_OPTIONS

# in_memory: goes on in a folder of a file system in memory, where there is one: syncing what only a test reads takes long.
in_memory() {
	[ -d /dev/shm ] && [ -w /dev/shm ] || return 0
	memory=$(mktemp -d /dev/shm/kist-test.XXXXXX)
	trap 'rm -rf "$memory"' EXIT
	trap 'exit 1' INT TERM
	HOME=$memory/home
	mkdir "$HOME" "$memory/work"
	cd "$memory/work"
}

# figure WHAT VALUE [MUST_BE]: a line for the table of "make faults"; fails when it is not what it must be.
figure() {
	printf 'FIGURE\t%s\t%s\t%s\n' "$1" "$2" "${3:-}"
	[ -z "${3:-}" ] || equal "$2" "$3"
}

# make_base: a store with one file that was acknowledged before, and the files to put, in ./in.
make_base() {
	mkdir in in/tree in/tree/folder
	make_npy in/a.npy
	make_csv in/people.csv
	make_safetensors in/m.safetensors
	head -c 300000 /dev/urandom >in/random.bin
	printf 'in the tree\n' >in/tree/folder/file
	: >in/tree/empty
	ln -s folder/file in/tree/link
	printf 'acknowledged before\n' >before
	kist init >/dev/null
	kist put before >/dev/null
	mv .kist base
	mv "$HOME/.cache" base.cache
	mkdir back
	files='a.npy people.csv m.safetensors random.bin tree'

	# What a put that nothing disturbs says.
	fresh
	put_all >wanted.json 2>/dev/null || fail 'the undisturbed put'
	grep '"sha256"' wanted.json >wanted.digests
}

# make_used_base: a store with something to forget, packs that are wholly dead, packs to be compacted, and a put that
# broke off.
make_used_base() {
	make_base
	kist put in/a.npy in/people.csv in/m.safetensors in/random.bin in/tree >/dev/null
	head -c 400000 /dev/urandom >half
	kist put in/random.bin half --name halves 2>/dev/null || kist put half >/dev/null
	cp in/people.csv more.csv
	printf 'Mond,1,2\n' >>more.csv
	kist put more.csv in/random.bin >/dev/null
	kist put half --name whole >/dev/null
	kist rm half more.csv >/dev/null
	cp -r .kist copy
	kist put more.csv >/dev/null
	cp -r .kist/packs/. copy/packs
	rm -rf .kist base base.cache "$HOME/.cache"
	mv copy .kist
	kist ls >/dev/null
	mv .kist base
	mv "$HOME/.cache" base.cache
}

# fresh: the store as it was at first.
fresh() {
	rm -rf .kist "$HOME/.cache"
	cp -r base .kist
	cp -r base.cache "$HOME/.cache"
}

put_all() {
	kist put --json in/a.npy in/people.csv in/m.safetensors in/random.bin in/tree
}

# comes_back NAME ORIGINAL
comes_back() {
	rm -rf back/out
	kist get "$1" -o back/out >/dev/null 2>err || {
		cat err >&2
		fail "$where: '$1' does not come back"
	}
	diff -r --no-dereference "$2" back/out >&2 || fail "$where: '$1' came back as something else"
}

# whole_or_absent NAME: a file of the put is there as it was, or not at all.
whole_or_absent() {
	if grep -qxF "$1" names; then
		comes_back "$1" "in/$1"
	fi
}

# check_store: nothing trips over what the broken put left behind.
check_store() {
	kist verify >out 2>err || {
		cat out err >&2
		fail "$where: the store is not sound"
	}
	kist ls --json | sed -n 's/^ *"name": "\(.*\)",*$/\1/p' >names
	comes_back before before
	for file in $files; do
		whole_or_absent "$file"
	done
	put_all >again.json 2>err || {
		cat err >&2
		fail "$where: the next put fails"
	}
	grep '"sha256"' again.json >digests
	cmp wanted.digests digests >&2 || fail "$where: the next put gives other digests"
	for file in $files; do
		comes_back "$file" "in/$file"
	done
	kist verify >out 2>err || fail "$where: the store is not sound after the next put"
}

# field NAME: a value of the last report.
field() {
	sed -n "s/^$1 //p" report
}

# spread COUNT POINTS FIRST: writes what to tell strike to ./moments: as many POINTS of COUNT calls, evenly; FIRST makes
# them others.  All of them with KIST_FAULTS=long.
spread() {
	[ "${KIST_FAULTS:-}" = long ] && {
		seq "$1" >moments
		return
	}
	spread_step=$((($1 + $2 - 1) / $2))
	[ "$spread_step" -gt 0 ] || spread_step=1
	seq $((1 + $3 % spread_step)) "$spread_step" "$1" >moments
}

# calls_of ARGUMENT...: how many calls there are to strike at.
calls_of() {
	fresh
	"$strike" -o report "$@" kist put in/a.npy in/people.csv in/m.safetensors in/random.bin in/tree >out 2>err ||
		status=$?
	[ "${status:-0}" != 77 ] || {
		cat out
		exit 77
	}
	[ "${status:-0}" = 0 ] || {
		cat out err >&2
		fail 'the put that is only watched'
	}
	field calls
}

# struck ARGUMENT...: the put, struck; sets $status; its output is in ./said and ./err.
struck() {
	fresh
	status=0
	"$strike" -o report "$@" kist put in/a.npy in/people.csv in/m.safetensors in/random.bin in/tree >said 2>err </dev/null ||
		status=$?
	where="$* ($(field struck))"
	equal "$(field stuck)" 0
}

# moments COUNT FIRST STEP [CALL...]: writes what to tell strike for each moment to ./moments, a line each: every call
# of these names, and every STEPth of all COUNT from FIRST on.
moments() {
	count=$1
	first=$2
	step=$3
	shift 3
	[ "${KIST_FAULTS:-}" = long ] && {
		seq -f '-n %.0f' 1 "$count" >moments
		return
	}
	seq -f '-n %.0f' "$first" "$step" "$count" >moments
	for call; do
		seq -f "-c $call -n %.0f" 1 "$(calls_of -c "$call")" >>moments
	done
}
