/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_PLUGIN_QUOTED_H
#define TESTS_UNIT_PLUGIN_QUOTED_H

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

/*
 * JSON in C source: ' stands for ".
 */

/** quoted_replace() - @text with the first @from replaced by @to, and quotes made real; @ret of @size bytes.
 */
static inline struct kist_view quoted_replace(const char *text, const char *from, const char *to, char *ret,
					      size_t size)
{
	const char *at = from ? strstr(text, from) : NULL;
	int len;

	if (at)
		len = snprintf(ret, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	else
		len = snprintf(ret, size, "%s", text);
	for (int i = 0; i < len && i < (int)size; i++) {
		if (ret[i] == '\'')
			ret[i] = '"';
	}
	return kist_view_of(ret, (size_t)len);
}

#endif
