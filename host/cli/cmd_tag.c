/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "flow/find.h"
#include "flow/save.h"

static void print_done(const struct kist_cli *cli, const struct kist_artifact *artifact)
{
	char hex[KIST_DIGEST_HEX_SIZE];
	char shown[1024];

	if (cli->quiet)
		return;
	kist_name_escape(cli->arguments[1], strlen(cli->arguments[1]), shown, sizeof(shown));
	kist_digest_hex(&artifact->sha256, hex);
	if (cli->argument_count == 2)
		printf("%s  %.16s\n", shown, hex);
	else
		printf("%s and %zu more  %.16s\n", shown, cli->argument_count - 2, hex);
}

static kist_status tag(struct kist_cli *cli, bool *ret_done, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_save struct kist_save *save = NULL;
	const char *name = cli->arguments[0];

	KIST_TRY(kist_find(cli->flow, name, strlen(name), &artifact, err));
	KIST_TRY(kist_save_open(cli->flow, &save, err));
	for (size_t i = 1; i < cli->argument_count; i++)
		KIST_TRY(kist_save_ref(save, cli->arguments[i], strlen(cli->arguments[i]), &artifact.id,
				       "tag", err));
	KIST_TRY(kist_save_commit(save, err));
	*ret_done = true;
	kist_plugins_note(cli, cli->flow);
	if (cli->json)
		return kist_facts_print_names(cli, "names", 1, &artifact.id, err);
	print_done(cli, &artifact);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	bool done = false;
	kist_status status;

	if (kist_cli_check_names(cli, 1, &err) != KIST_OK)
		return kist_cli_usage(cli, "%s", err.text);
	if (kist_cli_drop_repeats(cli, 1, &err) != KIST_OK || kist_cli_open(cli, false, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	status = tag(cli, &done, &err);
	if (done && (status != KIST_OK || !kist_output_is_whole()))
		return kist_cli_fail_kept(cli, &err);
	return status == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, true);
}

const struct kist_command kist_command_tag = {
	.name = "tag",
	.arguments = "NAME|DIGEST NEW-NAME...",
	.summary = "give what is kept further names",
	.arguments_min = 2,
	.arguments_max = SIZE_MAX,
	.run = run,
};
