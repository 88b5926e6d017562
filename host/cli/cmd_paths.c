/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/output.h"

static json_t *facts_of(const struct kist_paths *paths)
{
	const char *const rows[][2] = {
		{ "store", paths->store },	  { "why", paths->store_why },
		{ "config", paths->config_dir },  { "cache", paths->cache_dir },
		{ "data", paths->data_dir },	  { "runs", paths->runs_dir },
		{ "temporary", paths->temp_dir }, { "worker", paths->worker },
		{ "plugins", paths->plugin_dir }, { "notes", paths->notes },
	};
	json_t *facts = json_object();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		facts = kist_json_with_path(facts, rows[i][0], rows[i][1]);
	return facts;
}

static enum kist_exit run(struct kist_cli *cli)
{
	const struct kist_paths *paths = &cli->paths;
	struct kist_error err = KIST_ERROR_INIT;

	if (cli->json) {
		if (kist_print_json_take(facts_of(paths), &err) != KIST_OK)
			return kist_cli_fail(cli, &err, false);
		return KIST_EXIT_DONE;
	}
	printf("store      %s\n           %s\n", paths->store, paths->store_why);
	printf("config     %s\ncache      %s\ndata       %s\nruns       %s\ntemporary  %s\n",
	       paths->config_dir, paths->cache_dir, paths->data_dir, paths->runs_dir, paths->temp_dir);
	printf("worker     %s\nplugins    %s\n", paths->worker, paths->plugin_dir);
	if (paths->notes[0])
		printf("note       %s\n", paths->notes);
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_paths = {
	.name = "paths",
	.arguments = "",
	.summary = "say which store is meant and why, and where everything is",
	.run = run,
};
