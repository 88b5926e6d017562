/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_NEAREST_H
#define KIST_BASE_NEAREST_H

#include <stddef.h>

/*
 * "Did you mean ...?": the known name nearest to a misspelt one, by edit distance (letters
 * inserted, left out, changed or swapped).
 *
 * Limits: names longer than KIST_NEAREST_LEN_MAX are never near.
 * Thread: pure.
 */

#define KIST_NEAREST_LEN_MAX ((size_t)95)

/** struct kist_nearest - The best of the names offered so far; @name is NULL when none was near. */
struct kist_nearest {
	const char *wanted;
	const char *name;
	size_t distance;
};

#define KIST_NEAREST_INIT(text)                                                                              \
	{                                                                                                    \
		.wanted = (text), .name = NULL, .distance = 0                                                \
	}

/**
 * kist_nearest_offer() - Takes @name when it is nearer than all before.
 *
 * Near is: at most a third of the letters differ, case aside.  Of equally near names the first in byte order
 * wins, so that the answer does not depend on the order of the offers.
 *
 * @name: Borrowed; may be kept in @nearest.
 */
void kist_nearest_offer(struct kist_nearest *nearest, const char *name);

#endif
