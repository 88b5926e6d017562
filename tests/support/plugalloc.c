/* SPDX-License-Identifier: Apache-2.0 */
#undef malloc
#undef calloc
#undef realloc
#undef posix_memalign

#include "plugalloc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

static unsigned long fail_at;
static unsigned long allocations;
static size_t largest;

void plugalloc_fail_at(unsigned long k)
{
	fail_at = k;
	allocations = 0;
	largest = 0;
}

size_t plugalloc_largest(void)
{
	return largest;
}

static bool fails(size_t size)
{
	largest = size > largest ? size : largest;
	return ++allocations == fail_at;
}

void *plugalloc_malloc(size_t size)
{
	return fails(size) ? NULL : malloc(size);
}

void *plugalloc_calloc(size_t count, size_t size)
{
	return fails(count * size) ? NULL : calloc(count, size);
}

void *plugalloc_realloc(void *old, size_t size)
{
	return fails(size) ? NULL : realloc(old, size);
}

int plugalloc_posix_memalign(void **ret, size_t align, size_t size)
{
	return fails(size) ? ENOMEM : posix_memalign(ret, align, size);
}
