/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_ARTIFACT_ROWS_H
#define KIST_REGISTRY_ARTIFACT_ROWS_H

#include "registry/db.h"

/*
 * Rows of artifacts and of their records, a few hundred by one statement.
 *
 * They come in the order of their numbers, so that they need not be put in order.
 *
 * Thread: as registry.h.
 */

/** struct kist_artifact_row - What a row of an artifact holds, beside its number.  All Borrowed for the call. */
struct kist_artifact_row {
	const struct kist_digest *id;
	const struct kist_digest *sha256;
	uint64_t size;
	uint64_t commit;
	struct kist_view record;
	struct kist_view kind;	   /* a part of @record */
	struct kist_view encoding; /* likewise */
};

/** struct kist_artifact_rows - Those that wait. */
struct kist_artifact_rows {
	struct kist_db *db;
	struct kist_artifact_waiting *waiting;
	size_t count;
	struct kist_buf records;
};

#define KIST_ARTIFACT_ROWS_INIT(of)                                                                          \
	{                                                                                                    \
		.db = (of), .records = KIST_BUF_INIT(SIZE_MAX / 2)                                           \
	}

/** kist_artifact_rows_done() - What was not flushed is lost. */
void kist_artifact_rows_done(struct kist_artifact_rows *rows);

/** kist_artifact_rows_add() - The artifact with number @no, greater than any before; now and then all are flushed. */
KIST_CHECKED kist_status kist_artifact_rows_add(struct kist_artifact_rows *rows, uint64_t no,
						const struct kist_artifact_row *from, struct kist_error *err);

/** kist_artifact_rows_flush() - Adds to the index those that wait. */
KIST_CHECKED kist_status kist_artifact_rows_flush(struct kist_artifact_rows *rows, struct kist_error *err);

#endif
