/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKER_GUARD_H
#define KIST_WORKER_GUARD_H

#include "base/err.h"
#include "kist/dlpack.h"

/*
 * Memory for a function that nobody vouches for: read-only, between two pages that may not be touched.
 *
 *     | no access | zeros ... the bytes | no access |
 *
 * The bytes end where the last page begins, so that reading one past their end, or writing any of them, ends
 * the process at once and not some call later.
 *
 * Thread: pure.
 */

/** struct kist_guard - One such piece. */
struct kist_guard {
	void *map;
	size_t map_size;
	void *data; /* @size bytes, aligned to any power of two that divides @size, up to a page */
	size_t size;
};

#define KIST_GUARD_INIT                                                                                      \
	{                                                                                                    \
		.map = NULL, .map_size = 0, .data = NULL, .size = 0                                          \
	}

/** kist_guard_alloc() - @size bytes to be written; kist_guard_done() it.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_guard_alloc(size_t size, struct kist_guard *ret, struct kist_error *err);

/** kist_guard_seal() - Makes them read-only.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_guard_seal(const struct kist_guard *guard, struct kist_error *err);

/** kist_guard_copy() - Sealed copy of @data; an empty one has an address too. */
KIST_CHECKED kist_status kist_guard_copy(const void *data, size_t size, struct kist_guard *ret,
					 struct kist_error *err);

/** kist_guard_tensor() - Sealed elements of a tensor that was checked, row-major, without gaps. */
KIST_CHECKED kist_status kist_guard_tensor(const DLTensor *tensor, struct kist_guard *ret,
					   struct kist_error *err);

/** kist_guard_done() - Accepts KIST_GUARD_INIT; may run twice. */
void kist_guard_done(struct kist_guard *guard);

#endif
