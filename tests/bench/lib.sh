# SPDX-License-Identifier: Apache-2.0
#
# What the benchmarks share: sourced with -eu set; $top_builddir and $top_srcdir are given.
#
# The work is done in a folder below $TMPDIR that is removed at the end.

bench=$top_builddir/tests/bench
bench_source=$top_srcdir/tests/bench
scale=${SCALE:-100}
work=$(mktemp -d "${TMPDIR:-/tmp}/kist-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir "$work/home" "$work/bin"
cd "$work"

# clear NAME...: they are gone.  ext4 is slow to make files where many were just removed, so with KEEP_DROPPED set they
# are moved away only, and removed later.
cat >"$work/bin/clear_away" <<'END'
#!/bin/sh
for name; do
	[ -e "$name" ] || continue
	mkdir -p dropped
	mv "$name" "dropped/$$.${name##*/}"
done
[ -n "${KEEP_DROPPED:-}" ] || rm -rf dropped
END
chmod +x "$work/bin/clear_away"

# warm NAME...: all files there are in memory, as far as there is any: what somebody else ran meanwhile may have driven
# them out.
cat >"$work/bin/warm" <<'END'
#!/bin/sh
exec find "$@" -type f -exec cat {} + >/dev/null
END
chmod +x "$work/bin/warm"

PATH=$work/bin:$top_builddir/tests/root/usr/local/bin:$PATH
export HOME="$work/home" LC_ALL=C
unset KIST_STORE KIST_PLUGIN_PATH XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME || :

# sized FULL [LEAST]: that much at this scale.
sized() {
	at_scale=$(($1 * scale / 100))
	[ "$at_scale" -ge "${2:-1}" ] || at_scale=${2:-1}
	echo "$at_scale"
}

# size_of PATH: bytes of all files there.
size_of() { find "$1" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%d\n", sum }'; }
