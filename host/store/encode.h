/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_ENCODE_H
#define KIST_STORE_ENCODE_H

#include "pack/pool.h"
#include "store/publish.h"
#include "store/writer.h"

/*
 * From chunks to checked records: a queue that all cores work on.  Records come out in the order in which
 * chunks went in.
 *
 * Each record is decoded again, from the very bytes that go into the pack, and compared with the chunk: that
 * is proof enough, and cheaper than a second SHA-256, since the chunk is still there.
 *
 * Of the chunks of one part most take the filter of one before them, without a look at a sample.  Which one that is
 * depends on the order of chunks alone, not on who is done first: the same chunks give the same records.
 *
 * Memory: a record for each chunk in the queue; for each worker a struct kist_filter and a chunk, and where
 * there are bases, a base and its record.
 * Thread: one struct kist_encoder, one thread at a time.
 */

/** Chunks in the queue at most; and from so many large ones on, so many bytes. */
#define KIST_ENCODE_COUNT_MAX	((size_t)256)
#define KIST_ENCODE_COUNT_LARGE ((size_t)16)
#define KIST_ENCODE_BYTES_LARGE ((size_t)2 << 20)

/** struct kist_fresh - A chunk that is to be kept, on its way to its record. */
struct kist_fresh {
	struct kist_pool_job job; /* comes first */
	struct kist_encoder *encoder;
	enum kist_filter_level level;
	struct kist_piece piece;
	uint64_t number;
	struct kist_record record;
	struct kist_base_location like; /* what it may be the difference to; stored_len 0 for nothing */
	bool is_guessed;
	struct kist_filter_guess guess; /* if so */
	struct kist_filter_choice choice;
	struct kist_buf room;	/* none while it is not in the queue */
	struct kist_view bytes; /* of the record, head and body, in @room */
};

/** How many parts are remembered at once. */
#define KIST_ENCODE_LEARNED ((size_t)16)

/**
 * struct kist_learned - What the chunks of @part are filtered with: 0 for none.
 *
 * @every: One chunk in so many is looked at all the same.
 * @left:  How often it is guessed until then.
 */
struct kist_learned {
	uint64_t part;
	struct kist_filter_guess guess;
	unsigned every;
	unsigned left;
};

/**
 * struct kist_encoder - The queue: @count of @fresh from @first on, around the end; together they are @bytes.
 *
 * Rooms that no chunk has lie on a stack, @idle of them: so there are no more large ones than were in the queue
 * at once.
 */
struct kist_encoder {
	struct kist_store *store;
	struct kist_pool *pool;
	struct kist_filter filters[KIST_POOL_WORKERS_MAX];
	struct kist_buf raws[KIST_POOL_WORKERS_MAX]; /* room to decode in */
	struct kist_chunk_reader readers[KIST_POOL_WORKERS_MAX];
	struct kist_buf bases[KIST_POOL_WORKERS_MAX];
	struct kist_buf rooms[KIST_ENCODE_COUNT_MAX];
	size_t idle;
	size_t first;
	size_t count;
	size_t bytes;
	struct kist_learned learned[KIST_ENCODE_LEARNED]; /* a part has one place */
	struct kist_fresh fresh[KIST_ENCODE_COUNT_MAX];
};

/**
 * kist_encoder_open() - Fills in @encoder, which kist_encoder_done() empties, also after a failure.
 *
 * @store: Where bases are read.  Borrowed for the encoder's life.
 */
KIST_CHECKED kist_status kist_encoder_open(struct kist_encoder *encoder, struct kist_store *store,
					   struct kist_error *err);
void kist_encoder_done(struct kist_encoder *encoder);

/** kist_encoder_is_full() - Whether there is no room in the queue for a further chunk of @size bytes. */
bool kist_encoder_is_full(const struct kist_encoder *encoder, size_t size);

/**
 * kist_encoder_add() - Puts a chunk into the queue, which has room for it.
 *
 * @fresh: Its piece, whose bytes are borrowed until it is taken; its number and level; id, kind and length of
 * its record; what it is like.  The rest is filled in.
 */
void kist_encoder_add(struct kist_encoder *encoder, const struct kist_fresh *fresh);

/**
 * kist_encoder_take() - Takes the oldest chunk out of the queue, which is not empty; waits for its record,
 * and works on others meanwhile.
 *
 * @ret: Valid until the next kist_encoder_add().
 *
 * Errors: KIST_INTERNAL (the record does not decode), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_encoder_take(struct kist_encoder *encoder, const struct kist_fresh **ret,
					   struct kist_error *err);

/** kist_encoder_drop() - Empties the queue.  Nothing of what was in it is borrowed any more. */
void kist_encoder_drop(struct kist_encoder *encoder);

#endif
