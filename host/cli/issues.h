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
 * kist_issues_facts() - {"file", "valid", "errors", "warnings", "issues": [...]}.  New reference.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_issues_facts(const struct kist_issues *issues, const char *file, json_t **ret,
					   struct kist_error *err);

#endif
