/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_LEAN_H
#define KIST_STORE_LEAN_H

#include <string.h>

#include "pack/pack.h"
#include "store/idset.h"
#include "store/writer.h"

/*
 * What a writer leans on: chunks that others have put, and that it therefore did not write.
 *
 * A collector may condemn the pack of such a chunk before the writer's commit.  So a writer that has folded
 * the log looks again, before it commits, whether what it leans on still stands.  While nothing was
 * collected, that costs one look at a number.
 *
 * Memory: 88 bytes at most for each chunk.
 * Thread: one struct, one thread at a time.
 */

/** The code of an error that goes away when the same is put again. */
#define KIST_CODE_COLLECTED "E_COLLECTED"

/** kist_is_collected() - Whether @err is such an error. */
static inline bool kist_is_collected(const struct kist_error *err)
{
	return err->status == KIST_CANCELLED && strcmp(err->code, KIST_CODE_COLLECTED) == 0;
}

/** struct kist_leans - @index may be NULL; borrowed. */
struct kist_leans {
	const struct kist_chunk_index *index;
	struct kist_idset records;
	struct kist_idset others;
	struct kist_idset bases;
	uint64_t since; /* nothing was collected since this commit, when they were found */
};

/** kist_leans_start() - Errors: those of @index. */
KIST_CHECKED kist_status kist_leans_start(struct kist_leans *leans, const struct kist_chunk_index *index,
					  struct kist_error *err);
void kist_leans_done(struct kist_leans *leans);

/** kist_leans_add() - Remembers that the index has chunk @id, of @kind.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_leans_add(struct kist_leans *leans, enum kist_chunk_kind kind,
					const struct kist_digest *id, struct kist_error *err);

/** kist_leans_add_base() - Remembers that a new chunk is kept as the difference to chunk @id, which is kept
 * whole.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_leans_add_base(struct kist_leans *leans, const struct kist_digest *id,
					     struct kist_error *err);

/**
 * kist_leans_check() - Whether all of it still stands, and no collector has taken @session for dead.
 *
 * Errors: KIST_CANCELLED with KIST_CODE_COLLECTED; those of the index.
 */
KIST_CHECKED kist_status kist_leans_check(struct kist_leans *leans,
					  const uint8_t session[static KIST_SESSION_SIZE],
					  struct kist_error *err);

#endif
