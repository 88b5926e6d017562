/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_PLUGALLOC_H
#define TESTS_SUPPORT_PLUGALLOC_H

#include <stddef.h>

/* The allocations of the plugin under test: counted, measured, and failing on demand. */

/** The k-th allocation from now on fails; 0 never.  Resets the count and the largest size. */
void plugalloc_fail_at(unsigned long k);

/** Bytes of the largest allocation since then. */
size_t plugalloc_largest(void);

void *plugalloc_malloc(size_t size);
void *plugalloc_calloc(size_t count, size_t size);
void *plugalloc_realloc(void *old, size_t size);
int plugalloc_posix_memalign(void **ret, size_t align, size_t size);

#endif
