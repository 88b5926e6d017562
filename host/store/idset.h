/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_IDSET_H
#define KIST_STORE_IDSET_H

#include "base/digest.h"

/*
 * A set of digests, by open addressing.  88 bytes for each at most, once it has grown.
 *
 * Thread: one set, one thread at a time.
 */

/** struct kist_idset - @slots is a power of two; a slot whose first byte of @used is 0 is empty. */
struct kist_idset {
	struct kist_digest *slots;
	uint8_t *used;
	size_t capacity;
	size_t count;
};

#define KIST_IDSET_INIT                                                                                      \
	{                                                                                                    \
		.slots = NULL, .used = NULL, .capacity = 0, .count = 0                                       \
	}

void kist_idset_done(struct kist_idset *set);
bool kist_idset_has(const struct kist_idset *set, const struct kist_digest *id);

/** kist_idset_add() - Errors: KIST_NO_MEMORY; the set is as it was then. */
KIST_CHECKED kist_status kist_idset_add(struct kist_idset *set, const struct kist_digest *id,
					struct kist_error *err);

#endif
