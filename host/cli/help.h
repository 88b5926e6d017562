/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_HELP_H
#define KIST_CLI_HELP_H

#include "cli/cli.h"

/*
 * Help and version, all out of the table of commands.
 */

extern const struct kist_option kist_common_options[];

/** kist_help_print() - Help on @command, or on all for NULL.  @asked: to standard output, exit status 0. */
int kist_help_print(const struct kist_command *command, bool asked);

/** kist_help_version() - "kist 0.1.0" and what it was built with. */
int kist_help_version(void);

/** What kist_help_other() gives when it was asked for help and gave it. */
#define KIST_HELP_GIVEN (-1)

/**
 * kist_help_other() - What is no command: "help", "help put", "plugin", or a word that nothing is called.
 *
 * @words: What stands where a command should; @count is at least 1.
 *
 * Returns KIST_HELP_GIVEN, or the exit status 2 when it says which command is near.
 */
int kist_help_other(const struct kist_cli *cli, int count, char *const *words);

#endif
