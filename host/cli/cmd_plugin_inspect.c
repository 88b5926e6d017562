/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"

/* By id or by path; of two with one id, the usable one. */
static const struct kist_catalog_entry *find(const struct kist_catalog *catalog, const char *text)
{
	const struct kist_catalog_entry *entry = kist_catalog_find(catalog, text);

	for (size_t i = 0; i < catalog->entry_count && !entry; i++) {
		const struct kist_manifest *manifest = catalog->entries[i].manifest;

		if (strcmp(catalog->entries[i].path, text) == 0 || (manifest && strcmp(manifest->id, text) == 0))
			entry = &catalog->entries[i];
	}
	return entry;
}

static kist_status inspect(struct kist_cli *cli, struct kist_error *err)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	const struct kist_catalog_entry *entry;
	json_t *facts;

	KIST_TRY(kist_plugins_open(cli, &catalog, err));
	entry = find(catalog, cli->arguments[0]);
	if (!entry)
		return kist_fail(err, KIST_NOT_FOUND, "there is no plugin '%s'; 'kist plugin list' shows all",
				 cli->arguments[0]);
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
