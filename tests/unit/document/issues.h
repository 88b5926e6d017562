/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_DOCUMENT_ISSUES_H
#define TESTS_UNIT_DOCUMENT_ISSUES_H

#include <stdio.h>

#include "document/issue.h"

/*
 * What tests of files that people write compare.
 */

/* "2:5 E_SCHEMA" of each, joined by ", ". */
static inline void list_issues(const struct kist_issues *issues, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < issues->count && used < size; i++)
		used += (size_t)snprintf(ret + used, size - used, "%s%u:%u %s", i ? ", " : "",
					 issues->items[i].place.line, issues->items[i].place.column,
					 issues->items[i].code);
}

#endif
