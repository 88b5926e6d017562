/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_ROWS_H
#define KIST_REGISTRY_ROWS_H

#include <sqlite3.h>
#include <stddef.h>

#include "base/digest.h"

/*
 * Many rows by one statement: what lies in memory is a table "kist_rows" with columns c0 to c7, of which a
 * statement takes all rows. That spares binding and starting a statement for each.
 *
 * Thread: one connection, one thread at a time.
 * Source: https://www.sqlite.org/vtab.html, "eponymous-only virtual tables".
 */

/** kist_rows_column - Gives column @column of row @row by one of sqlite3_result_...(); with none it is NULL. */
typedef void kist_rows_column(const void *of, size_t row, int column, sqlite3_context *ret);

/** struct kist_rows - What "kist_rows" holds while a statement runs. */
struct kist_rows {
	size_t count;
	kist_rows_column *column;
	const void *of;
};

/** kist_rows_u64(), kist_rows_digest() - For a kist_rows_column; the digest is Borrowed while it runs. */
static inline void kist_rows_u64(sqlite3_context *ret, uint64_t value)
{
	sqlite3_result_int64(ret, (sqlite3_int64)value);
}

static inline void kist_rows_digest(sqlite3_context *ret, const struct kist_digest *digest)
{
	sqlite3_result_blob(ret, digest->bytes, (int)KIST_DIGEST_SIZE, SQLITE_STATIC);
}

/** kist_rows_register() - Adds the table to @sql.  @rows: Borrowed for its life.  Gives SQLite's code. */
int kist_rows_register(sqlite3 *sql, struct kist_rows *rows);

#endif
