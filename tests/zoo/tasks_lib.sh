# SPDX-License-Identifier: Apache-2.0
#
# For scripts that run entrypoints: the zoo's task plugin, built and trusted.
. "$top_srcdir/tests/zoo/lib.sh"

# make_tasks CFLAGS...: builds and trusts it; SED in $tasks_edit edits source and manifest.
make_tasks() {
	sed -e "${tasks_edit:-}" "$top_srcdir/tests/zoo/tasks.c" >tasks.c
	$compile "$@" $links -I"$top_srcdir/tests/zoo" tasks.c -o plugins/tasks.so || fail 'tasks.c cannot be compiled'
	sum=$(sha256sum <plugins/tasks.so)
	sed -e "s/@SIZE@/$(stat -c %s plugins/tasks.so)/" -e "s/@SHA256@/${sum%% *}/" -e "${tasks_edit:-}" \
		"$top_srcdir/tests/zoo/tasks.plugin.json.in" >plugins/test.tasks.plugin.json
	expect 0 kist plugin trust plugins/test.tasks.plugin.json
}

# job_of FILE: the id of the job, of what run --json printed.
job_of() {
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["job"])' "$1"
}
make_tasks
