# SPDX-License-Identifier: Apache-2.0
#
# What the zoo's scripts share.  Each works with an installation of its own, so that its workers can be told from others.

command -v pkg-config >/dev/null || skip 'no pkg-config'
mkdir root plugins
cp -R "$top_builddir/tests/root/usr/local/." root
PATH=$PWD/root/bin:$PATH
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
compile="${CC:-cc} -w -shared -fPIC $(pkg-config --cflags kist-plugin)"
links=$(pkg-config --libs kist-plugin)
# Sanitizers need what the sandbox would deny.
sanitized=$(kist plugin doctor | grep relaxed || :)
tiny=plugins/org.example.tiny.plugin.json
title='plugin org.example.tiny 1.0.0 (sha256 '
KIST_PLUGIN_PATH=$PWD/plugins
export KIST_PLUGIN_PATH
printf 'TINYhello' >x.tiny
make_npy good.npy

# manifest [SED]: the manifest of plugins/tiny.so, edited, and trusted.
manifest() {
	sum=$(sha256sum <plugins/tiny.so)
	sed -e "s/@SIZE@/$(stat -c %s plugins/tiny.so)/" -e "s/@SHA256@/${sum%% *}/" -e 's/@VERSION@/1.0.0/' \
		"$top_srcdir/tests/zoo/tiny.plugin.json.in" | sed -e "${1:-}" >$tiny
	# What cannot be trusted is refused all the same.
	kist plugin trust $tiny >/dev/null 2>&1 || :
}

# trusted NAME [SED]: the manifest of plugins/NAME.so, which has no types, edited, and trusted.
trusted() {
	sum=$(sha256sum <"plugins/$1.so")
	sed -e "s/@SIZE@/$(stat -c %s "plugins/$1.so")/" -e "s/@SHA256@/${sum%% *}/" -e "${2:-}" \
		"$top_srcdir/tests/zoo/$1.plugin.json.in" >"plugins/test.$1.plugin.json"
	expect 0 kist plugin trust "plugins/test.$1.plugin.json"
}

# tasks FLAG...: the plugin of function tasks, compiled so, trusted; $tasks_edit, for sed, edits its source and manifest.
tasks() {
	sed -e "$tasks_edit" "$top_srcdir/tests/zoo/tasks.c" | $compile $links "$@" -x c - -o plugins/tasks.so ||
		fail 'tasks.c cannot be compiled'
	trusted tasks "$tasks_edit"
}
tasks_edit=

# cached: names of the steps that the run in out took from earlier ones.
cached() {
	facts '" ".join(step["name"] for step in facts["steps"] if step.get("cached"))'
}

# ran COUNT: so many cells of experiments have been begun since the last call.
begun=0
ran() {
	expect 0 kist query 'kind = cell' --json
	now=$(facts 'len(facts)')
	equal "$((now - begun))" "$1"
	begun=$now
}

# fault FLAG...: the plugin with this fault, trusted.
fault() {
	$compile $links "$top_srcdir/tests/zoo/fault.c" "$@" -o plugins/tiny.so || fail "fault.c cannot be compiled with $*"
	manifest "$edit"
}
edit=

# whole: after whatever happened, no worker is left and the store is whole.
whole() {
	! ls -l /proc/[0-9]*/exe 2>/dev/null | grep -F "$PWD/root/libexec/kist/kist-worker" || fail 'a worker is left'
	expect 0 kist verify
}

# plain FILE: nothing in it can move a cursor or spoil an encoding.
plain() {
	! grep -q '[^ -~]' "$1" || fail "$1 holds more than plain text"
}

# refused TEXT...: putting x.tiny fails with these words; another file of the same command is kept, the store is whole,
# and the bytes can be kept without their plugin.
refused() {
	# shellcheck disable=SC2086
	expect 1 kist put x.tiny good.npy $how
	says err 'kist: put: x.tiny: ' "$@"
	says out 'good.npy' '1 kept'
	plain err
	whole
	# shellcheck disable=SC2086
	expect 0 kist put --opaque x.tiny $how
	says out '1 kept'
	says err 'kept as bytes: '
	plain err
	expect 0 kist cat x.tiny
	same out x.tiny
}
how=
kist init >/dev/null

# rows FUNCTION: fault FLAGS, then FUNCTION WORDS, for every line "FLAGS | WORDS" of the table at descriptor 3.
rows() {
	while IFS= read -r line <&3; do
		how=
		case $line in
		*' | took longer'*) how=--deadline=0.5 ;;
		esac
		eval "fault ${line%% | *}"
		printf '== %s\n' "$line"
		"$1" "${line#* | }"
	done
}

# job_of FILE: the id of the job, of what run --json printed.
job_of() {
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["job"])' "$1"
}
