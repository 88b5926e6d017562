/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_ISSUES_H
#define KIST_CLI_ISSUES_H

#include <stdio.h>

#include "cli/cli.h"
#include "document/issue.h"

/*
 * What is wrong in a file, for people: as compilers tell it, so that editors find the place.
 *
 *     train.yaml:5:19: error: argument 'factor' of task 'scale' takes number, but 'x' is string [E_TYPE_MISMATCH]
 *         did you mean '$x'?
 */

/** kist_issues_print() - All of them, and how many there are. */
void kist_issues_print(const struct kist_issues *issues, const char *file, FILE *out);

/**
 * kist_issues_tell() - The same, but with --json as the one document of the standard output:
 * {"file", "valid", "errors", "warnings", "issues": [...]}.
 *
 * Errors: KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_issues_tell(const struct kist_cli *cli, const struct kist_issues *issues,
					  const char *file, FILE *out, struct kist_error *err);

#endif
