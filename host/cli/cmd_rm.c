/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "flow/save.h"

/* All names or none: a name that is not there is said before any other is dropped. */
static kist_status drop(struct kist_cli *cli, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;

	KIST_TRY(kist_save_open(cli->flow, &save, err));
	for (size_t i = 0; i < cli->argument_count; i++) {
		const char *name = cli->arguments[i];
		struct kist_digest artifact;

		KIST_TRY(kist_registry_find_ref(cli->flow->registry, name, strlen(name), &artifact, err));
		KIST_TRY(kist_save_ref(save, name, strlen(name), NULL, "rm", err));
	}
	return kist_save_commit(save, err);
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_cli_open(cli, false, &err) != KIST_OK || drop(cli, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_rm = {
	.name = "rm",
	.arguments = "NAME...",
	.summary = "drop names; what else they name stays",
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run,
};
