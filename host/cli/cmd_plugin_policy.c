/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/signing.h"
#include "plugin/trust.h"

static kist_status set(struct kist_cli *cli, enum kist_policy wanted, struct kist_error *err)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	struct kist_signing place;

	if (wanted != KIST_POLICY_CONFIGURED) {
		KIST_TRY(kist_signing_find(cli, &place, err));
		KIST_TRY(kist_trust_set_policy(cli->paths.config_dir, wanted, err));
	}
	KIST_TRY(kist_plugins_open(cli, &catalog, err));
	if (cli->json)
		return kist_print_json_take(json_pack("{s:s}", "policy", kist_policy_name(catalog->policy)),
					    err);
	if (!cli->quiet)
		printf("policy: %s%s\n", kist_policy_name(catalog->policy),
		       wanted != KIST_POLICY_CONFIGURED && wanted != catalog->policy
			       ? ": the site's allows no more, or what decides cannot be read ('kist plugin "
				 "paths')"
			       : "");
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_policy wanted = KIST_POLICY_CONFIGURED;

	if (cli->argument_count == 1 && !kist_policy_read(cli->arguments[0], &wanted))
		return kist_cli_usage(cli, "'%s' is none of pinned, signed, any", cli->arguments[0]);
	return set(cli, wanted, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, false);
}

const struct kist_command kist_command_plugin_policy = {
	.name = "plugin policy",
	.arguments = "[pinned|signed|any]",
	.summary = "say, or set, which plugins may run",
	.arguments_max = 1,
	.run = run,
};
