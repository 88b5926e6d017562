/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_AHEAD_H
#define KIST_FLOW_AHEAD_H

#include "flow/flow.h"

/*
 * Giving out the chunks of an object in order.  While one batch is given out, the next is proved and hashed,
 * and the one after that read and decoded, on all cores.
 *
 * Memory: three batches, and for each worker one record and room to decode: under 104 MiB on eight cores.
 * Thread: one flow, one thread at a time.
 */

/** A batch: so many chunks at most, and so many bytes. */
#define KIST_AHEAD_CHUNKS_MAX ((size_t)32)
#define KIST_AHEAD_SIZE_MAX   ((size_t)8 << 20)

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

#endif
