/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_HELP_H
#define KIST_CLI_HELP_H

#include "cli/cli.h"

/*
 * Help, version and shell completion, all out of the table of commands.
 */

extern const struct kist_option kist_common_options[];

/** kist_help_print() - Help on @command, or on all for NULL.  @asked: to standard output, exit status 0. */
int kist_help_print(const struct kist_command *command, bool asked);

/** kist_help_version() - "kist 0.1.0" and what it was built with. */
int kist_help_version(void);

/** kist_help_unknown() - Says that there is no such command, and which one is near.  Exit status 2. */
int kist_help_unknown(const char *word, const char *next);

/** kist_help_completion() - The bash completion script. */
void kist_help_completion(void);

#endif
