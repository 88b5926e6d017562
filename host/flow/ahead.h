/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_AHEAD_H
#define KIST_FLOW_AHEAD_H

#include "flow/flow.h"

/*
 * Giving out the chunks of an object.  While the caller hashes them in order, those behind are read and
 * decoded on the other cores; where there is nothing to hash yet, it helps.
 *
 * Memory: for each core two runs of chunks and a record with room to decode it, and two runs more: under 160
 * MiB on eight cores.
 * Thread: one flow, one thread at a time.
 * Source: docs/adr/0023-one-digest-for-a-file.md.
 */

/** A run of chunks that is read and given out as one: so many at most, and so many bytes or a single one. */
#define KIST_AHEAD_CHUNKS_MAX ((size_t)32)
#define KIST_AHEAD_SIZE	      ((size_t)4 << 20)

/** struct kist_object_chunk - A chunk of an object. */
struct kist_object_chunk {
	struct kist_digest id;
	uint64_t len; /* 1..KIST_CHUNK_SIZE_MAX */
	uint64_t offset;
};

/**
 * kist_give_ahead() - Gives the bytes of @count chunks to @take, in order, each chunk proved before.
 *
 * @chunks: They follow each other: each begins where the one before it ends.
 * @whole:  When not NULL, a started hasher that is fed all that is given.
 * @take:   One call at a time, but maybe from other threads than the caller's.
 *
 * Errors: those of @take; KIST_CORRUPT (also when a pack is gone; names pack and offset), KIST_IO,
 * KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_give_ahead(struct kist_flow *flow, const struct kist_object_chunk *chunks,
					 size_t count, struct kist_hasher *whole,
					 kist_status (*take)(void *ctx, struct kist_view bytes,
							     struct kist_error *err),
					 void *ctx, struct kist_error *err);

/**
 * kist_spread_ahead() - Gives the bytes of @count chunks to @put, in any order, and proves none of them.
 *
 * What was put is what the store should hold only if the digest of @whole is the right one: nobody may see it
 * before that is known.
 *
 * @chunks: As above.
 * @whole:  A started hasher that is fed all bytes, in order.
 * @put:    Several calls at once, from any thread.
 *
 * Errors: those of @put, and as above.
 */
KIST_CHECKED kist_status kist_spread_ahead(struct kist_flow *flow, const struct kist_object_chunk *chunks,
					   size_t count, struct kist_hasher *whole,
					   kist_status (*put)(void *ctx, uint64_t offset,
							      struct kist_view bytes, struct kist_error *err),
					   void *ctx, struct kist_error *err);

#endif
