/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_WRITER_H
#define KIST_STORE_WRITER_H

#include "pack/filter.h"
#include "pack/pool.h"
#include "store/store.h"
#include "store/written.h"

/*
 * A writer: gathers chunks, drops those that are already kept, and publishes the rest in packs.
 *
 * Chunks of objects go into data packs; recipes, records, trees and infos into metadata packs.  A pack is
 * published when it is full (32 MiB of data, 16 MiB of metadata), while the next one fills, and at
 * kist_writer_finish(); each record is decoded and checked before it goes into one.
 * Nothing is visible to anyone until a commit names the packs.
 *
 * A chunk that is like one that is kept may be stored as the difference to it.  Then the writer leans on that
 * one, its base, as on a chunk that was there.  A base is always a chunk that is kept whole.
 *
 * Memory: what publishing takes (publish.h), and the records of KIST_ENCODE_COUNT_MAX chunks (encode.h); beside
 * that 88 bytes at most for each new chunk, and what kist_writer_written() gives.
 * Thread: one writer, one thread at a time; inside, all cores work on chunks.
 */

struct kist_writer;

/**
 * struct kist_chunk_index - Where chunks that are already kept lie: what the registry gives a writer.
 *
 * @find: KIST_OK and *@ret_where, or KIST_NOT_FOUND (with @err untouched), or a failure.  Called from the
 *        writer's own thread only.
 * @last_collected: The newest commit that took anything away, or 0: while it stays the same, all that was
 * found still stands.  NULL: nothing is ever taken away.
 * @is_fenced: Whether a commit has fenced @session.  NULL: none ever is.
 * @may_differ: Whether @id may be kept as the difference to another chunk: nothing is known of it, and no
 * pack is known that cannot be read.  Else whoever puts it heals something, and keeps it whole.  NULL: never.
 * @look: What whoever folds kist_writer_written() wants to know of each record: they are looked at while the last packs
 * are put.  NULL: nobody looks.
 */
struct kist_chunk_index {
	void *ctx;
	kist_status (*find)(void *ctx, const struct kist_digest *id, struct kist_location *ret_where,
			    struct kist_error *err);
	kist_status (*last_collected)(void *ctx, uint64_t *ret_commit, struct kist_error *err);
	kist_status (*is_fenced)(void *ctx, const uint8_t *session, bool *ret, struct kist_error *err);
	kist_status (*may_differ)(void *ctx, const struct kist_digest *id, bool *ret, struct kist_error *err);
	kist_look *look;
};

/** struct kist_piece - One chunk to be put. */
struct kist_piece {
	struct kist_view bytes; /* 1..KIST_CHUNK_SIZE_MAX bytes; borrowed */
	const struct kist_digest
		*id; /* their digest, when the caller has it; else NULL.  Borrowed for the call */
	struct kist_filter_hint hint;
	uint64_t part; /* the same number for chunks that are probably filtered alike; 0 for none */
	bool is_like;  /* a chunk that is kept, @like, may be like this one */
	struct kist_digest like;
};

/** struct kist_write_stats - What a writer has done so far. */
struct kist_write_stats {
	uint64_t chunks;     /* put */
	uint64_t chunks_new; /* not kept before */
	uint64_t raw_bytes;  /* put */
	uint64_t raw_bytes_new;
	uint64_t stored_bytes;		      /* written for the new ones */
	uint64_t filtered[KIST_FILTER_COUNT]; /* new ones, by enum kist_filter_id */
	uint64_t packs;
};

/** kist_writer_open() - @index may be NULL (nothing is kept yet).  Both are borrowed for the writer's life.
 */
KIST_CHECKED kist_status kist_writer_open(struct kist_store *store, const struct kist_chunk_index *index,
					  struct kist_writer **ret, struct kist_error *err);
/** kist_writer_set_level() - From the next put on; KIST_FILTER_DEFAULT at first. */
void kist_writer_set_level(struct kist_writer *writer, enum kist_filter_level level);
/**
 * kist_writer_close() - Accepts NULL.  What was not finished is dropped, and what was published of it
 * removed, as far as that can be done.
 */
void kist_writer_close(struct kist_writer *writer);

static inline void kist_writer_close_(struct kist_writer **slot)
{
	kist_writer_close(*slot);
}
#define kist_auto_writer __attribute__((cleanup(kist_writer_close_)))

/**
 * kist_writer_add() - Names a chunk, and has it compressed beside what the caller does next.
 *
 * @piece:  Its bytes are borrowed until kist_writer_settle(), or until a function of the writer fails.
 * @ret_id: Its SHA-256.
 * @whole:  When not NULL, a started hasher that is fed the bytes: both digests cost little more than one.
 *
 * Errors: KIST_LIMIT (a size), KIST_NO_MEMORY, KIST_IO; also for chunks that were added before.  After a
 * failure only kist_writer_wait() and kist_writer_close() may follow.
 */
KIST_CHECKED kist_status kist_writer_add(struct kist_writer *writer, enum kist_chunk_kind kind,
					 const struct kist_piece *piece, struct kist_digest *ret_id,
					 struct kist_hasher *whole, struct kist_error *err);

/**
 * kist_writer_settle() - Waits until the bytes of the first @count chunks that were added are not needed any
 * more; of all when @count is UINT64_MAX.  Errors: as for kist_writer_add().
 */
KIST_CHECKED kist_status kist_writer_settle(struct kist_writer *writer, uint64_t count,
					    struct kist_error *err);

/**
 * kist_writer_beside() - Has @job run, before what is still to be compressed, beside what the caller does next.
 *
 * Not once the writer is finished.  Whoever gives up waits for it all the same.
 */
void kist_writer_beside(struct kist_writer *writer, struct kist_pool_job *job);

/** kist_writer_wait() - kist_pool_wait() for such a job; also after a failure, but before the finish and the close. */
KIST_CHECKED kist_status kist_writer_wait(struct kist_writer *writer, struct kist_pool_job *job,
					  struct kist_error *err);

/**
 * kist_writer_put() - Adds @count chunks of one kind, and settles all.
 *
 * @ret_ids: @count SHA-256s; what it holds after a failure is undefined.
 * @whole:   As for kist_writer_add().
 */
KIST_CHECKED kist_status kist_writer_put(struct kist_writer *writer, enum kist_chunk_kind kind,
					 const struct kist_piece *pieces, size_t count,
					 struct kist_digest *ret_ids, struct kist_hasher *whole,
					 struct kist_error *err);

/**
 * kist_writer_finish() - Publishes what is still open and gives the packs for the commit.
 *
 * Only kist_writer_written(), kist_writer_recheck(), kist_writer_release(), kist_writer_stats() and
 * kist_writer_close() may follow.
 *
 * @ret_packs: New reference: [{"id":"<hex>","kind":"data"|"meta","size":n}, ...], empty when nothing was new.
 */
KIST_CHECKED kist_status kist_writer_finish(struct kist_writer *writer, json_t **ret_packs,
					    struct kist_error *err);

/**
 * kist_writer_release() - Gives back the memory of all that was published, once no commit has to be tried again.
 *
 * What kist_writer_written() gives may be used by another thread meanwhile.
 */
void kist_writer_release(struct kist_writer *writer);

/** kist_writer_written() - What was published, for who folds the commit of it.  Borrowed until the close. */
struct kist_written *kist_writer_written(struct kist_writer *writer);

/**
 * kist_writer_recheck() - Whether a commit may be made: all that the writer leaned on still stands, as its
 * index says now, and no collector has taken the writer for dead.
 *
 * For whoever has just folded the log, each time before it tries to commit.
 *
 * Errors: KIST_CANCELLED with KIST_CODE_COLLECTED (lean.h): nothing may be committed; close the writer and
 * put all of it again through a new one.  Those of the index.
 */
KIST_CHECKED kist_status kist_writer_recheck(struct kist_writer *writer, struct kist_error *err);

/** kist_writer_abandon() - Says that no commit names the packs, and none will: they are removed at the close.
 */
void kist_writer_abandon(struct kist_writer *writer);

struct kist_write_stats kist_writer_stats(const struct kist_writer *writer);

#endif
