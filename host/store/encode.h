/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_ENCODE_H
#define KIST_STORE_ENCODE_H

#include "pack/pool.h"
#include "store/publish.h"
#include "store/writer.h"

/*
 * From pieces to checked records in a pack, a batch at a time, on all cores.
 *
 * SHA-256 is most of the work, so strings are hashed two at a time on one core: the object and its chunks,
 * the pack and the chunks that are read back from it.
 *
 * Memory: room for the bodies of a batch, and for each worker a struct kist_filter and two chunks.
 * Thread: one struct kist_encoder, one thread at a time.
 */

/** A batch has at most so many pieces, and so many bytes. */
#define KIST_ENCODE_COUNT_MAX ((size_t)64)
#define KIST_ENCODE_SIZE_MAX  ((size_t)16 << 20)

/** struct kist_fresh - A chunk that is to be kept. */
struct kist_fresh {
	const struct kist_piece *piece;
	struct kist_record record;
	size_t scratch; /* where its compressed body lies in the scratch */
	size_t offset;	/* of its record in the pack */
};

/** struct kist_encoder - What encoding keeps from batch to batch, and the chunks to be kept of this one. */
struct kist_encoder {
	struct kist_pool *pool;
	enum kist_filter_level level;
	struct kist_filter filters[KIST_POOL_WORKERS_MAX];
	struct kist_buf raws[KIST_POOL_WORKERS_MAX][2]; /* room to decode in */
	struct kist_buf scratch;
	size_t fresh_count;
	size_t fresh_bytes;
	struct kist_fresh fresh[KIST_ENCODE_COUNT_MAX];
};

/** kist_encoder_open() - Fills in @encoder, which kist_encoder_done() empties, also after a failure. */
KIST_CHECKED kist_status kist_encoder_open(struct kist_encoder *encoder, struct kist_error *err);
void kist_encoder_done(struct kist_encoder *encoder);

/**
 * struct kist_encode_batch - Pieces of one kind.
 *
 * @ids:    Room for @count digests.
 * @whole:  When not NULL, is fed all bytes in order.
 * @is_new: Whether the piece with this id is to be kept.  Called for each piece in order, by the thread that
 *          called kist_encode().
 */
struct kist_encode_batch {
	enum kist_chunk_kind kind;
	const struct kist_piece *pieces;
	size_t count;
	size_t bytes; /* of all pieces */
	struct kist_digest *ids;
	struct kist_hasher *whole;
	void *ctx;
	kist_status (*is_new)(void *ctx, const struct kist_digest *id, bool *ret, struct kist_error *err);
};

/** kist_encode() - Names all pieces and compresses the new ones: encoder->fresh.  Errors: KIST_NO_MEMORY,
 * what
 * @is_new gives. */
KIST_CHECKED kist_status kist_encode(struct kist_encoder *encoder, const struct kist_encode_batch *batch,
				     struct kist_error *err);

/**
 * kist_encode_place() - Writes the records of fresh[@first..@last) at their offsets in @pack, hashes what was
 * written, and decodes and compares what the pack now holds.
 *
 * @first_entry: Of the pack's entries, for the first of them.
 *
 * Errors: KIST_INTERNAL (a record does not decode), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_encode_place(struct kist_encoder *encoder, struct kist_open_pack *pack,
					   size_t first, size_t last, size_t first_entry,
					   struct kist_error *err);

#endif
