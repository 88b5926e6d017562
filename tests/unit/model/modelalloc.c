/* SPDX-License-Identifier: Apache-2.0 */
#undef malloc
#undef calloc
#undef realloc

#include "modelalloc.h"

#include <stdbool.h>
#include <stdlib.h>

static unsigned long fail_at;
static unsigned long allocations;
static size_t largest;

void modelalloc_fail_at(unsigned long k)
{
	fail_at = k;
	allocations = 0;
	largest = 0;
}

size_t modelalloc_largest(void)
{
	return largest;
}

static bool fails(size_t size)
{
	largest = size > largest ? size : largest;
	return ++allocations == fail_at;
}

void *modelalloc_malloc(size_t size)
{
	return fails(size) ? NULL : malloc(size);
}

void *modelalloc_calloc(size_t count, size_t size)
{
	return fails(count * size) ? NULL : calloc(count, size);
}

void *modelalloc_realloc(void *old, size_t size)
{
	return fails(size) ? NULL : realloc(old, size);
}
