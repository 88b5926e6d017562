/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_MODEL_MODELALLOC_H
#define TESTS_UNIT_MODEL_MODELALLOC_H

#include <stddef.h>

/* The allocations of the plugin under test: counted, measured, and failing on demand. */

/** The k-th allocation from now on fails; 0 never.  Resets the count and the largest size. */
void modelalloc_fail_at(unsigned long k);

/** Bytes of the largest allocation since then. */
size_t modelalloc_largest(void);

void *modelalloc_malloc(size_t size);
void *modelalloc_calloc(size_t count, size_t size);
void *modelalloc_realloc(void *old, size_t size);

#endif
