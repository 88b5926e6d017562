/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_MARK_H
#define KIST_FLOW_MARK_H

#include "flow/load.h"
#include "store/idset.h"

/*
 * Marking: which artifacts and chunks an artifact needs.  Its record, its content down to the last chunk,
 * what a plugin said of it, the files of a tree, and what it was made of, as far as that is still kept; and
 * the bases of all these chunks.
 *
 * Memory: 88 bytes at most for each chunk and each artifact; the listing of one tree.
 * Thread: one struct kist_mark, one thread at a time.
 */

/** struct kist_mark - What was reached so far. */
struct kist_mark {
	struct kist_flow *flow;
	struct kist_idset artifacts;
	struct kist_idset chunks;
	struct kist_idset nodes; /* of recipes: those whose chunks were reached too */
	struct kist_buf queue;	 /* artifacts still to be looked at */
	/* Told of each chunk when it is first reached; may be NULL. */
	kist_status (*each)(void *ctx, const struct kist_digest *chunk, struct kist_error *err);
	void *ctx;
};

#define KIST_MARK_INIT(f)                                                                                    \
	{                                                                                                    \
		.flow = (f), .artifacts = KIST_IDSET_INIT, .chunks = KIST_IDSET_INIT,                        \
		.nodes = KIST_IDSET_INIT, .queue = KIST_BUF_INIT(SIZE_MAX / 2)                               \
	}
#define kist_auto_mark __attribute__((cleanup(kist_mark_done)))
void kist_mark_done(struct kist_mark *mark);

/**
 * kist_mark_add() - Reaches artifact @id and all that it needs.
 *
 * Errors: KIST_CORRUPT, KIST_NOT_FOUND (something of it cannot be read: what it needs is not known then);
 * KIST_INCOMPATIBLE, KIST_NO_MEMORY, KIST_IO; those of @each.
 */
KIST_CHECKED kist_status kist_mark_add(struct kist_mark *mark, const struct kist_digest *id,
				       struct kist_error *err);

/**
 * kist_mark_bases() - Reaches the bases that the index has by now of the chunks that were reached before:
 * what was whole then may have been taken away and put again as a difference.
 *
 * Errors: KIST_NO_MEMORY, KIST_IO; those of @each.
 */
KIST_CHECKED kist_status kist_mark_bases(struct kist_mark *mark, struct kist_error *err);

/**
 * kist_mark_check() - Whether all that artifact @id needs is kept: that it may be given a name.
 *
 * Errors: KIST_NOT_FOUND (a collector has removed some of it); as kist_mark_add().
 */
KIST_CHECKED kist_status kist_mark_check(struct kist_flow *flow, const struct kist_digest *id,
					 struct kist_error *err);

#endif
