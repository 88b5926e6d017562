/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "plugin/trust.h"

static kist_status untrust(struct kist_cli *cli, const char *id, json_t *list, struct kist_error *err)
{
	KIST_TRY(kist_trust_drop(cli->paths.config_dir, id, err));
	if (json_array_append_new(list, json_pack("{s:s}", "id", id)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	if (!cli->quiet && !cli->json)
		printf("no longer trusted: %s\n", id);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	kist_auto_json json_t *list = json_array();
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_exit worst = KIST_EXIT_DONE;

	for (size_t i = 0; i < cli->argument_count; i++) {
		struct kist_error why = KIST_ERROR_INIT;

		if (untrust(cli, cli->arguments[i], list, &why) != KIST_OK)
			worst = kist_exit_worse(worst,
						kist_cli_fail_one(cli, &why, false, cli->arguments[i], list));
	}
	if (cli->json && kist_print_json_take(json_incref(list), &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return worst;
}

const struct kist_command kist_command_plugin_untrust = {
	.name = "plugin untrust",
	.arguments = "ID...",
	.summary = "take back what 'plugin trust' gave, whatever the version",
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run,
};
