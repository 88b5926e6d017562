/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "flow/find.h"
#include "flow/load.h"

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_cli_open(cli, false, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	for (size_t i = 0; i < cli->argument_count; i++) {
		kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
		const char *name = cli->arguments[i];

		if (kist_find(cli->flow, name, strlen(name), &artifact, &err) != KIST_OK)
			return kist_cli_fail(cli, &err, true);
		if (kist_load_stream(cli->flow, artifact.record, STDOUT_FILENO, &err) != KIST_OK) {
			(void)kist_fail_context(&err, "%s", name);
			return kist_cli_fail(cli, &err, true);
		}
	}
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_cat = {
	.name = "cat",
	.arguments = "NAME|DIGEST...",
	.summary = "write bytes to the standard output",
	.no_json = true,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.when_full = "; make room where the output goes",
	.run = run,
};
