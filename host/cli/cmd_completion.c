/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/help.h"

static enum kist_exit run(struct kist_cli *cli)
{
	(void)cli;
	kist_help_completion();
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_completion = {
	.name = "completion",
	.arguments = "",
	.summary = "print the completion script for bash",
	.no_json = true,
	.run = run,
};
