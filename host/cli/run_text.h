/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_RUN_TEXT_H
#define KIST_CLI_RUN_TEXT_H

#include "cli/cli.h"

/*
 * Running an entrypoint that lies in no file, as "kist run" does one that does.
 *
 * Thread: [main]
 */

/**
 * kist_cli_run_text() - Checks and runs @text, with the options of @cli that "kist run" has.
 *
 * @file: What it would be called: messages, names and the folder of outputs follow from it.
 */
enum kist_exit kist_cli_run_text(struct kist_cli *cli, const char *file, const char *text);

#endif
