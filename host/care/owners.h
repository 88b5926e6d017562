/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_OWNERS_H
#define KIST_CARE_OWNERS_H

#include "base/digest.h"

/*
 * Chunks and who leads to them: one owner, or more than one.
 *
 * Memory: 107 bytes a chunk at most, once it has grown.
 * Thread: one struct, one thread at a time.
 */

#define KIST_OWNER_NONE 0u
#define KIST_OWNER_MANY UINT32_MAX

/** struct kist_owned - A chunk.  Empty when @last is 0. */
struct kist_owned {
	struct kist_digest id;
	uint32_t owner; /* KIST_OWNER_MANY when there is more than one */
	uint32_t last;	/* who led to it last */
	uint32_t size;	/* that it takes, for whoever counts */
	bool chosen;	/* one that was asked about leads to it */
	bool others;	/* somebody else does */
};

/** struct kist_owners - By open addressing; @capacity is a power of two. */
struct kist_owners {
	struct kist_owned *slots;
	size_t capacity;
	size_t count;
};

#define KIST_OWNERS_INIT                                                                                     \
	{                                                                                                    \
		.slots = NULL, .capacity = 0, .count = 0                                                     \
	}
void kist_owners_done(struct kist_owners *owners);

/**
 * kist_owners_add() - @owner (1 to KIST_OWNER_MANY - 1) leads to @id.
 *
 * @ret:       The chunk, until the next call.
 * @ret_again: This owner had led to it before.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_owners_add(struct kist_owners *owners, const struct kist_digest *id,
					 uint32_t owner, struct kist_owned **ret, bool *ret_again,
					 struct kist_error *err);

#endif
