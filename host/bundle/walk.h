/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BUNDLE_WALK_H
#define KIST_BUNDLE_WALK_H

#include "base/json.h"
#include "bundle/format.h"
#include "store/idset.h"

/*
 * All chunks that artifacts need, in one order that follows from the artifacts alone: the record, what describe said,
 * the recipe's nodes and the bytes, the files of a tree.  Whoever writes a bundle and whoever reads one walk the same
 * way; what is wrong on it is refused.
 *
 * Parents are where an artifact came from, and no part of it: they are not walked to.
 *
 * Thread: one walk, one thread at a time.
 */

/** An object's bytes may be so many times those of all chunks, and so many more: zeros are one chunk. */
#define KIST_BUNDLE_GROWTH	 UINT64_C(256)
#define KIST_BUNDLE_GROWTH_SPARE (UINT64_C(1) << 30)
/** The same for how often chunks are named. */
#define KIST_BUNDLE_VISITS	 UINT64_C(64)
#define KIST_BUNDLE_VISITS_SPARE (UINT64_C(1) << 20)

/** struct kist_bundle_source - Where chunks come from: a store, or a bundle. */
struct kist_bundle_source {
	/* The bytes of chunk @id, proved, in place of what @ret holds. */
	kist_status (*get)(void *ctx, const struct kist_digest *id, struct kist_buf *ret,
			   struct kist_error *err);
	void *ctx;
};

/** struct kist_bundle_walk - What was met so far. */
struct kist_bundle_walk {
	const struct kist_bundle_source *source;
	bool prove;	     /* the bytes of objects are read, too, and their digests compared */
	uint64_t size_max;   /* of all objects, UINT64_MAX: looked at in the end */
	uint64_t visits_max; /* the same for chunks that are named */
	uint64_t size;	     /* of all objects */
	uint64_t visits;
	uint64_t chunk_bytes;
	struct kist_idset artifacts;
	struct kist_idset chunks;
	struct kist_buf table; /* of struct kist_bundle_chunk */
};

#define KIST_BUNDLE_WALK_INIT(from)                                                                          \
	{                                                                                                    \
		.source = (from), .size_max = UINT64_MAX, .visits_max = UINT64_MAX,                          \
		.artifacts = KIST_IDSET_INIT, .chunks = KIST_IDSET_INIT,                                     \
		.table = KIST_BUF_INIT((size_t)KIST_BUNDLE_CHUNKS_MAX * sizeof(struct kist_bundle_chunk))    \
	}
/** kist_bundle_walk_done() - May run twice. */
void kist_bundle_walk_done(struct kist_bundle_walk *walk);
#define kist_auto_bundle_walk __attribute__((cleanup(kist_bundle_walk_done)))

/**
 * kist_bundle_walk_artifact() - Walks to all that artifact @id needs, unless that was done.
 *
 * @ret_record: Its record: a new reference.
 *
 * Errors: those of the source; KIST_CORRUPT (a record, recipe, listing or digest that is not sound; a path or a link
 * that leaves a folder), KIST_INCOMPATIBLE (a newer record), KIST_LIMIT (grows past @size_max, @visits_max).
 */
KIST_CHECKED kist_status kist_bundle_walk_artifact(struct kist_bundle_walk *walk,
						   const struct kist_digest *id, json_t **ret_record,
						   struct kist_error *err);

/** kist_bundle_walk_check_growth() - Whether objects are not out of all proportion to the chunks.  Errors: KIST_LIMIT. */
KIST_CHECKED kist_status kist_bundle_walk_check_growth(const struct kist_bundle_walk *walk,
						       struct kist_error *err);

/** kist_bundle_bytes() - Appends all bytes of @record's object to @ret, proved.  Errors: as above; KIST_LIMIT. */
KIST_CHECKED kist_status kist_bundle_bytes(const struct kist_bundle_source *source, const json_t *record,
					   struct kist_buf *ret, struct kist_error *err);

#endif
