/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_CHECK_H
#define KIST_STORE_CHECK_H

#include "store/store.h"

/*
 * Checking packs where they lie, on all cores: while one stretch of a pack is checked, the next is read.
 *
 *     quick  head, footer and index, which give the pack its name; that the records the index lists fill the
 *            pack without a gap
 *     scrub  and of every record the head and both CRCs: a bit that has changed does not pass
 *     full   and every record decoded, and the SHA-256 of every chunk
 *
 * Memory: two stretches of 8 MiB, and for each worker a chunk and, where there are bases, a base and a
 * record. Thread: one checker, one thread at a time. Source: docs/format/store.md, section 3.
 */

enum kist_check_level { KIST_CHECK_QUICK, KIST_CHECK_SCRUB, KIST_CHECK_FULL };

struct kist_pack_checker;

/** struct kist_pack_checked - What became of a check. */
struct kist_pack_checked {
	bool is_sound;
	bool has_index; /* it can be read, and so can what lies in the pack and is sound */
};

/**
 * kist_find_base - Where the base @id of a chunk lies; KIST_NOT_FOUND (with @err untouched) when it is kept
 * nowhere.  One that has a base itself counts as that: nobody can need the chunk any more.
 */
typedef kist_status kist_find_base(void *ctx, const struct kist_digest *id, struct kist_location *ret,
				   struct kist_error *err);

/**
 * kist_pack_bad - Told of each damage, on the caller's thread, in the order of the pack.
 *
 * @chunk: NULL when it is not one chunk's.
 * @why:   With the pack's name and the offset.
 */
typedef void kist_pack_bad(void *ctx, const struct kist_digest *chunk, uint64_t offset,
			   const struct kist_error *why);

/** kist_pack_checker_new() - @store is borrowed for the checker's life. */
KIST_CHECKED kist_status kist_pack_checker_new(struct kist_store *store, struct kist_pack_checker **ret,
					       struct kist_error *err);
/** kist_pack_checker_free() - Accepts NULL. */
void kist_pack_checker_free(struct kist_pack_checker *checker);

static inline void kist_pack_checker_free_(struct kist_pack_checker **slot)
{
	kist_pack_checker_free(*slot);
}
#define kist_auto_pack_checker __attribute__((cleanup(kist_pack_checker_free_)))

/**
 * kist_pack_checker_run() - Checks the pack @id.
 *
 * A pack that is missing or cannot be read is damage like any other, and told.
 *
 * @size: Bytes that it must have; 0 when nobody knows.
 * @bad:  May be NULL.
 * @find: Asked on the caller's thread about the base of each chunk that has one.  NULL, or where it finds
 * none: of that chunk the CRC alone is checked, also by full.  A base that is there and cannot be read is a
 *        damage of the chunk, too.
 *
 * Errors: why the check could not be done: KIST_NO_MEMORY, KIST_CANCELLED.
 */
KIST_CHECKED kist_status kist_pack_checker_run(struct kist_pack_checker *checker,
					       const struct kist_digest *id, uint64_t size,
					       enum kist_check_level level, kist_pack_bad *bad,
					       kist_find_base *find, void *ctx, struct kist_pack_checked *ret,
					       struct kist_error *err);

#endif
