/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_HURT_H
#define KIST_CARE_HURT_H

#include "flow/load.h"
#include "store/idset.h"

/*
 * Which artifacts damage hurts, which of their bytes, and which names: what a person has to put again.
 *
 * A collector may be at work: what seems to be hurt is looked at once more when the log was folded, and what is
 * forgotten or has lost its name by then is not told.
 *
 * Memory: 88 bytes at most for each artifact that is hurt, and the recipe of one object.
 * Thread: one struct, one thread at a time.
 */

/** struct kist_hurt_range - Bytes of an object. */
struct kist_hurt_range {
	uint64_t offset;
	uint64_t len;
};

/** struct kist_hurt_thing - An artifact or a name that is hurt.  All Borrowed for the call. */
struct kist_hurt_thing {
	const char *what; /* "artifact" or "name" */
	const char *id;	  /* hex, or the escaped name */
	const struct kist_error *why;
	bool is_unknown; /* something could not be read that says what it needs: more may be hurt than was
			    seen */
	/* Of an artifact: which of its @size bytes, in order; none when only its record or what is said of it
	 * is. */
	uint64_t size;
	const struct kist_hurt_range *ranges;
	size_t range_count;
};

/** struct kist_hurt - Who wants to know, and what is known. */
struct kist_hurt {
	struct kist_flow *flow;
	/* Whether chunk @id can be had; what it gives else, but KIST_NO_MEMORY and KIST_CANCELLED, is damage.
	 */
	kist_status (*look)(void *ctx, const struct kist_digest *id, struct kist_error *err);
	void (*each)(void *ctx, const struct kist_hurt_thing *thing);
	/* Another artifact is looked at, or the same once more; what was seen of it before does not count.  May be NULL. */
	void (*start)(void *ctx);
	void *ctx;
	struct kist_idset artifacts; /* that are hurt: each is told once */
	struct kist_buf ranges;
};

#define KIST_HURT_INIT(f)                                                                                    \
	{                                                                                                    \
		.flow = (f), .artifacts = KIST_IDSET_INIT, .ranges = KIST_BUF_INIT(SIZE_MAX / 2)             \
	}
#define kist_auto_hurt __attribute__((cleanup(kist_hurt_done)))
void kist_hurt_done(struct kist_hurt *hurt);

/** kist_hurt_add() - Tells that artifact @id is hurt, unless that was told before. */
KIST_CHECKED kist_status kist_hurt_add(struct kist_hurt *hurt, const struct kist_digest *id,
				       const struct kist_error *why, struct kist_error *err);

/** kist_hurt_artifacts() - Looks at what all artifacts are made of. */
KIST_CHECKED kist_status kist_hurt_artifacts(struct kist_hurt *hurt, struct kist_error *err);

/** kist_hurt_trees() - Looks for trees whose files are hurt.  After the artifacts. */
KIST_CHECKED kist_status kist_hurt_trees(struct kist_hurt *hurt, struct kist_error *err);

/** kist_hurt_names() - Looks for names that lead to what is hurt, or to what is not there.  At last. */
KIST_CHECKED kist_status kist_hurt_names(struct kist_hurt *hurt, struct kist_error *err);

#endif
