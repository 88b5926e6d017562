/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "flow/save.h"
#include "store/spare.h"

/* No such name: what is near, or that it is no name but a digest. */
static kist_status fail_missing(struct kist_cli *cli, const char *name, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;

	KIST_TRY(kist_registry_resolve(cli->flow->registry, name, strlen(name), &artifact, err));
	return kist_fail(err, KIST_NOT_FOUND, "'%s' is no name but a digest: names are what can be dropped",
			 name);
}

/* All names or none: a name that is not there is said before any other is dropped. */
static kist_status drop(struct kist_cli *cli, bool *ret_done, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;

	KIST_TRY(kist_save_open(cli->flow, &save, err));
	for (size_t i = 0; i < cli->argument_count; i++) {
		const char *name = cli->arguments[i];
		struct kist_digest artifact;
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status =
			kist_registry_find_ref(cli->flow->registry, name, strlen(name), &artifact, &why);

		if (status == KIST_NOT_FOUND)
			return fail_missing(cli, name, err);
		if (status != KIST_OK)
			return kist_fail_as(err, status, &why);
		KIST_TRY(kist_save_ref(save, name, strlen(name), NULL, "rm", err));
	}
	/* Who wants to make room on a full disk begins here. */
	kist_spare_allow(cli->flow->store);
	KIST_TRY(kist_save_commit(save, err));
	*ret_done = true;
	kist_plugins_note(cli, cli->flow);
	if (cli->json)
		return kist_facts_print_names(cli, "dropped", 0, NULL, err);
	if (!cli->quiet)
		printf("%zu name%s dropped; the bytes stay in the store\n", cli->argument_count,
		       cli->argument_count == 1 ? "" : "s");
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	bool done = false;
	kist_status status;

	if (kist_cli_check_names(cli, 0, &err) != KIST_OK)
		return kist_cli_usage(cli, "%s", err.text);
	if (kist_cli_open(cli, false, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	status = drop(cli, &done, &err);
	if (done && (status != KIST_OK || !kist_output_is_whole()))
		return kist_cli_fail_kept(cli, &err);
	return status == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, true);
}

const struct kist_command kist_command_rm = {
	.name = "rm",
	.arguments = "NAME...",
	.summary = "drop names; what else they name stays",
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run,
};
