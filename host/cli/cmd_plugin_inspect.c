/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"

static kist_status inspect(struct kist_cli *cli, struct kist_error *err)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	const struct kist_catalog_entry *entry;
	json_t *facts;

	KIST_TRY(kist_plugins_open(cli, &catalog, err));
	entry = kist_plugins_find(catalog, cli->arguments[0]);
	if (!entry)
		return kist_plugins_missing(catalog, cli->arguments[0], err);
	KIST_TRY(kist_plugins_facts(entry, true, &facts, err));
	if (cli->json)
		return kist_print_json_take(facts, err);
	kist_print_value(facts, 0);
	json_decref(facts);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	return inspect(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, false);
}

const struct kist_command kist_command_plugin_inspect = {
	.name = "plugin inspect",
	.arguments = "ID|MANIFEST",
	.summary = "say what a plugin offers: types, tasks, arguments",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
