/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_COPY_H
#define KIST_STORE_COPY_H

#include "pack/pack.h"
#include "store/store.h"

/*
 * Copying chunks as they lie from old packs to new ones, for a collector: a session of its own, as a writer
 * has.
 *
 * Each record is decoded and proved before it is copied; nothing is compressed anew.
 *
 * Memory: what publishing takes (store/publish.h), and a chunk.
 * Thread: one copier, one thread at a time.
 */

struct kist_copier;

KIST_CHECKED kist_status kist_copier_open(struct kist_store *store, struct kist_copier **ret,
					  struct kist_error *err);
/** kist_copier_close() - Accepts NULL.  What was published is removed, unless kist_copier_keep() was called.
 */
void kist_copier_close(struct kist_copier *copier);

static inline void kist_copier_close_(struct kist_copier **slot)
{
	kist_copier_close(*slot);
}
#define kist_auto_copier __attribute__((cleanup(kist_copier_close_)))

/**
 * kist_copier_add() - Copies the chunk @id from @where.
 *
 * Errors: KIST_CORRUPT, KIST_NOT_FOUND, KIST_INCOMPATIBLE (the chunk cannot be copied; the copier may go on);
 * KIST_LIMIT, KIST_NO_MEMORY, KIST_IO (it may not).
 */
KIST_CHECKED kist_status kist_copier_add(struct kist_copier *copier, const struct kist_location *where,
					 const struct kist_digest *id, struct kist_error *err);

/**
 * kist_copier_put() - Copies a record that the caller has proved.
 *
 * @kind:  Of the pack that it goes to: that of the one it comes from.
 * @bytes: Exactly the record: head and body.
 *
 * Errors: KIST_CORRUPT (no record: the copier may go on); KIST_LIMIT, KIST_NO_MEMORY, KIST_IO (it may not).
 */
KIST_CHECKED kist_status kist_copier_put(struct kist_copier *copier, enum kist_pack_kind kind,
					 struct kist_view bytes, struct kist_error *err);

/** kist_copier_finish() - Publishes what is still open.  @ret_packs: as kist_writer_finish(). */
KIST_CHECKED kist_status kist_copier_finish(struct kist_copier *copier, json_t **ret_packs,
					    struct kist_error *err);

/** kist_copier_keep() - A commit may name the packs from now on: they are not removed any more. */
void kist_copier_keep(struct kist_copier *copier);

/** kist_copier_session() - The session, of KIST_SESSION_SIZE bytes.  Borrowed. */
const uint8_t *kist_copier_session(const struct kist_copier *copier);

/** kist_copier_bytes() - Bytes of the records that were copied. */
uint64_t kist_copier_bytes(const struct kist_copier *copier);

#endif
