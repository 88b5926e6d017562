/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "route/lock.h"
#include "route/routes.h"

static kist_status check(struct kist_cli *cli, const char *key, const char *id, struct kist_error *err)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	const struct kist_catalog_entry *entry;

	KIST_TRY(kist_plugins_open(cli, &catalog, err));
	entry = kist_plugins_find(catalog, id);
	if (!entry || !entry->manifest)
		return kist_plugins_missing(catalog, id, err);
	if (entry->refusal.status != KIST_OK)
		return kist_fail(err, KIST_DENIED, "plugin '%s' is refused: %s", id, entry->refusal.text);
	if (!kist_lock_key_fits(key, entry->manifest))
		return kist_fail(
			err, KIST_INVALID,
			"plugin '%s' takes no '%s', and it has more than one type, or the key is of an "
			"object; 'kist plugin inspect %s' shows what it takes",
			id, key, id);
	return KIST_OK;
}

static kist_status pin(struct kist_cli *cli, struct kist_error *err)
{
	const char *key = cli->arguments[0];
	const char *id = cli->arguments[1];
	kist_auto_json json_t *changes = NULL;

	KIST_TRY(check(cli, key, id, err));
	changes = json_pack("{s:s}", key, id);
	if (!changes)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_routes_change(cli->paths.config_dir, KIST_ROUTE_PIN, changes, NULL, err));
	if (cli->json)
		return kist_print_json_take(
			json_pack("{s:s,s:s,s:s}", "key", key, "plugin", id, "how", "pinned"), err);
	if (!cli->quiet)
		printf("pinned: %s goes to %s; 'kist plugin unpin %s' drops it\n", key, id, key);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	if (!kist_lock_key_valid(cli->arguments[0]))
		return kist_cli_usage(cli,
				      "'%s' is no key; 'ext:csv', 'media:text/csv', 'magic:0:934e554d' and "
				      "'kind:tensor' are",
				      cli->arguments[0]);
	return pin(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, false);
}

const struct kist_command kist_command_plugin_pin = {
	.name = "plugin pin",
	.arguments = "KEY ID",
	.summary = "always take this plugin for ext:csv, media:text/csv, ...",
	.arguments_min = 2,
	.arguments_max = 2,
	.run = run,
};
