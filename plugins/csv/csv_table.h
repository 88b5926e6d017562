/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_TABLE_H
#define CSV_TABLE_H

#include "csv_dialect.h"
#include "kist/plugin.h"

/*
 * A table out of CSV bytes: an Arrow stream that reads its source batch by batch.
 *
 * The bytes are read twice: once when the table is made, for the types of its columns, and once by the
 * consumer's get_next().  Memory: one batch, and what csv_read.h and csv_types.h say.
 *
 * Field metadata: "kist.csv.name" holds a header's own bytes where the name had to be changed.
 *
 * Thread: one at a time.
 */

/**
 * csv_table_open() - Make the stream.
 *
 * @source:  Borrowed until the stream is released.
 * @ret:     Set on success; its release frees everything.
 *
 * Errors: as csv_profile_read(), already raised with call->fail().
 */
kist_status csv_table_open(struct kist_call *call, struct kist_source *source, struct csv_dialect dialect,
			   struct ArrowArrayStream *ret);

#endif
