/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_AHEAD_H
#define KIST_FLOW_AHEAD_H

#include "flow/flow.h"

/*
 * Giving out the chunks of an object, which are read and decoded on all cores.
 *
 * Where the recipe says where the SHA-256 of the whole stands at a chunk, the bytes from there on are hashed where
 * they are read, two such stretches at once.  What it says is believed only when the hasher of the whole stands
 * just there; else it is fed the bytes, in order, as it is where the recipe says nothing.
 *
 * Memory: for each core a run of chunks and a record with room to decode it, and two runs more: under 140 MiB on
 * eight cores.
 * Thread: one flow, one thread at a time.
 * Source: docs/adr/0023-one-digest-for-a-file.md, docs/adr/0028-midstates.md.
 */

/** A run of chunks that is read and given out as one: so many at most, and so many bytes or a single one; and so
 * many stretches.  Two stretches, as writers make them, fit in. */
#define KIST_AHEAD_CHUNKS_MAX	 ((size_t)32)
#define KIST_AHEAD_SIZE		 ((size_t)5 << 20)
#define KIST_AHEAD_STRETCHES_MAX 2

/** struct kist_object_chunk - A chunk of an object. */
struct kist_object_chunk {
	struct kist_digest id;
	uint32_t len;	   /* 1..KIST_CHUNK_SIZE_MAX */
	uint32_t midstate; /* the number of its midstate, counted from 1, or 0 */
	uint64_t offset;
};

/** struct kist_whole - The SHA-256 of an object under way.  @midstates: Those that its chunks name.  Borrowed. */
struct kist_whole {
	struct kist_hasher hasher;
	const struct kist_midstate *midstates;
};

/**
 * kist_give_ahead() - Gives the bytes of @count chunks to @take, in order, each chunk proved before.
 *
 * @chunks: They follow each other: each begins where the one before it ends.
 * @whole:  When not NULL, its started hasher goes on over all that is given.
 * @take:   One call at a time, but maybe from other threads than the caller's.
 *
 * Errors: those of @take; KIST_CORRUPT (also when a pack is gone; names pack and offset), KIST_IO,
 * KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_give_ahead(struct kist_flow *flow, const struct kist_object_chunk *chunks,
					 size_t count, struct kist_whole *whole,
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
 * @whole:  Its started hasher goes on over all bytes.
 * @put:    Several calls at once, from any thread.
 *
 * Errors: those of @put, and as above.
 */
KIST_CHECKED kist_status kist_spread_ahead(struct kist_flow *flow, const struct kist_object_chunk *chunks,
					   size_t count, struct kist_whole *whole,
					   kist_status (*put)(void *ctx, uint64_t offset,
							      struct kist_view bytes, struct kist_error *err),
					   void *ctx, struct kist_error *err);

#endif
