/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_BULK_H
#define KIST_REGISTRY_BULK_H

#include "registry/artifact_rows.h"
#include "registry/internal.h"
#include "store/store.h"

/*
 * Rows for an index that is made anew, gathered until there are many and then added in the order of their keys.
 *
 * Digests come in no order: added one by one, each goes to another page of the file. In order a page is
 * written once. What the index says is the same: of chunks and names that come several times, each counts in
 * its turn.
 *
 * Memory: under 128 MiB, and a record.
 * Thread: as registry.h.  All of it happens in the caller's transaction.
 */

struct kist_bulk;

/** What it gathers before it adds it. */
#define KIST_BULK_CHUNKS_MAX	 ((size_t)1 << 19)
#define KIST_BULK_REFS_MAX	 ((size_t)1 << 19)
#define KIST_BULK_NAME_BYTES_MAX ((size_t)16 << 20)

/** kist_bulk_new() - @db is Borrowed for its life. */
KIST_CHECKED kist_status kist_bulk_new(struct kist_db *db, struct kist_bulk **ret, struct kist_error *err);
/** kist_bulk_free() - What was not flushed is lost.  Accepts NULL. */
void kist_bulk_free(struct kist_bulk *bulk);

static inline void kist_bulk_free_(struct kist_bulk **slot)
{
	kist_bulk_free(*slot);
}
#define kist_auto_bulk __attribute__((cleanup(kist_bulk_free_)))

/** kist_bulk_add_chunk() - A chunk in pack number @pack_no; @artifact: the number of its artifact, or 0. */
KIST_CHECKED kist_status kist_bulk_add_chunk(struct kist_bulk *bulk, const struct kist_digest *id,
					     uint64_t pack_no, const struct kist_location *where,
					     uint64_t artifact, struct kist_error *err);

/**
 * kist_bulk_add_artifact() - The artifact with number @no, whose chunk is added too.  When it turns out that
 * there was one of this id, it goes again.
 */
KIST_CHECKED kist_status kist_bulk_add_artifact(struct kist_bulk *bulk, uint64_t no,
						const struct kist_artifact_row *artifact,
						struct kist_error *err);

/** kist_bulk_add_ref() - A change of a name by commit @commit, of @time. */
KIST_CHECKED kist_status kist_bulk_add_ref(struct kist_bulk *bulk, const struct kist_ref_change *change,
					   uint64_t commit, const char *time, struct kist_error *err);

/** kist_bulk_flush() - Adds to the index what is gathered: at the end, and before the index is asked. */
KIST_CHECKED kist_status kist_bulk_flush(struct kist_bulk *bulk, struct kist_error *err);

#endif
