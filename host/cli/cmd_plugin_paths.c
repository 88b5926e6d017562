/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/table.h"
#include "plugin/trust.h"

static const char *const titles[] = { "FOLDER", "TIER", "USED", "NOTE" };

static const char *const policies[] = {
	[KIST_POLICY_PINNED] = "pinned: this build's own, and what 'kist plugin trust' was told",
	[KIST_POLICY_SIGNED] =
		"signed: this build's own, what 'kist plugin trust' was told, and what a key of "
		"'kist plugin key ls' signed",
	[KIST_POLICY_ANY] = "any: EVERY PLUGIN RUNS, whoever made it; 'kist plugin policy pinned' ends that",
};

/* What stands between a plugin and this machine. */
static void print_sandbox(const json_t *sandbox, const struct kist_error *why)
{
	static const char *const sandbox_titles[] = { "SANDBOX", "STATE", "DETAIL" };
	static const char *const keys[] = { "name", "state", "detail" };
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(3, sandbox_titles);

	printf("\n");
	if (!sandbox) {
		printf("the sandbox cannot be looked at: %s\n", why->text);
		return;
	}
	for (size_t i = 0; i < 3 * json_array_size(sandbox); i++) {
		if (kist_table_add_text(&table,
					kist_json_get_text(json_array_get(sandbox, i / 3), keys[i % 3]),
					NULL) != KIST_OK)
			return;
	}
	kist_table_print(&table, false);
}

static kist_status list(struct kist_cli *cli, struct kist_error *err)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	kist_auto_json json_t *all = json_array();
	kist_auto_json json_t *sandbox = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(sizeof(titles) / sizeof(titles[0]), titles);

	KIST_TRY(kist_plugins_open(cli, &catalog, err));
	for (size_t i = 0; i < catalog->dir_count; i++) {
		const struct kist_catalog_dir *dir = &catalog->dirs[i];
		json_t *facts =
			kist_json_with_path(json_pack("{s:s,s:b,s:s}", "tier", kist_tier_name(dir->tier),
						      "used", dir->used, "note", dir->note),
					    "folder", dir->path);

		if (!facts || json_array_append_new(all, facts) != 0)
			return kist_fail_memory(err, sizeof(json_t));
		KIST_TRY(kist_table_add_text(&table, dir->path, err));
		KIST_TRY(kist_table_add_text(&table, kist_tier_name(dir->tier), err));
		KIST_TRY(kist_table_add_text(&table, dir->used ? "yes" : "no", err));
		KIST_TRY(kist_table_add_text(&table, dir->note, err));
	}
	/* A worker that does not start is doctor's business: the folders are told all the same. */
	if (kist_plugins_sandbox(cli, &sandbox, &why) != KIST_OK)
		sandbox = NULL;
	if (cli->json)
		return kist_print_json_take(json_pack("{s:O,s:s,s:b,s:O*}", "folders", all, "policy",
						      kist_policy_name(catalog->policy),
						      "environment_ignored", catalog->elevated, "sandbox",
						      sandbox),
					    err);
	kist_table_print(&table, cli->quiet);
	printf("policy: %s\n", policies[catalog->policy]);
	if (catalog->elevated)
		printf("this process has more rights than its user: the environment and the user's folders "
		       "are ignored\n");
	if (!cli->quiet)
		print_sandbox(sandbox, &why);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	return list(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, false);
}

const struct kist_command kist_command_plugin_paths = {
	.name = "plugin paths",
	.arguments = "",
	.summary = "list the plugin folders, used or not, and why",
	.run = run,
};
