/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_REACH_H
#define KIST_CARE_REACH_H

#include "flow/load.h"

/*
 * What an artifact leads to: the chunks of its record, its recipe, its bytes and its info, and of a tree
 * those of all its files; and the bases of all these.  No chunk of data is read.
 *
 * Thread: one flow, one thread at a time.
 */

/** struct kist_reach - Who wants to know.  A chunk that is reached in several ways is told each time. */
struct kist_reach {
	struct kist_flow *flow;
	kist_status (*each)(void *ctx, const struct kist_digest *chunk, struct kist_error *err);
	void *ctx;
	struct kist_view path; /* of the file in a tree that is being looked at; else empty */
	uint64_t missing;      /* counts what cannot be followed, since it is damaged or gone */
};

/** kist_reach_artifact() - Tells @reach of all that @id leads to.  Errors: what each gives; KIST_NO_MEMORY,
 * KIST_IO. */
KIST_CHECKED kist_status kist_reach_artifact(struct kist_reach *reach, const struct kist_digest *id,
					     struct kist_error *err);

#endif
