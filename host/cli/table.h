/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_TABLE_H
#define KIST_CLI_TABLE_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Tables for people.  Everything from outside is escaped on its way to a terminal.
 *
 * Thread: [main]
 */

#define KIST_COLUMNS_MAX 12
/** A cell is cut here on its way to the screen, with "..."; --json has everything. */
#define KIST_CELL_SIZE_MAX    1200
#define KIST_COLUMN_WIDTH_MAX 48

/** Bytes of cells after which a table that streams is printed as far as it goes. */
#define KIST_TABLE_HELD ((size_t)1 << 20)

/**
 * struct kist_table - Rows of cells, printed when all are known, so that columns line up.
 *
 * One that streams is printed piece by piece: its columns may get wider on the way.
 */
struct kist_table {
	size_t columns;
	const char *const *titles;
	bool right[KIST_COLUMNS_MAX];	 /* aligned */
	bool outliers[KIST_COLUMNS_MAX]; /* a cell over KIST_COLUMN_WIDTH_MAX does not widen the column */
	struct kist_buf cells;		 /* NUL-terminated texts, row by row */
	size_t rows;
	size_t widths[KIST_COLUMNS_MAX];
	bool streams;
	bool quiet; /* no titles */
	bool begun; /* the titles are out */
};

#define KIST_TABLE_INIT(n, t)                                                                                \
	{                                                                                                    \
		.columns = (n), .titles = (t), .cells = KIST_BUF_INIT((size_t)1 << 30)                       \
	}
#define kist_auto_table __attribute__((cleanup(kist_table_done)))
void kist_table_done(struct kist_table *table);

/** kist_table_add() - One cell; the bytes are escaped. */
KIST_CHECKED kist_status kist_table_add(struct kist_table *table, const char *text, size_t len,
					struct kist_error *err);
KIST_CHECKED kist_status kist_table_add_text(struct kist_table *table, const char *text,
					     struct kist_error *err);

/** kist_table_add_name() - The same by kist_name_escape(): a name, a path. */
KIST_CHECKED kist_status kist_table_add_name(struct kist_table *table, const char *name, size_t len,
					     struct kist_error *err);

/** kist_table_print() - Titles and rows to standard output; just the rows when @quiet. */
void kist_table_print(struct kist_table *table, bool quiet);

#endif
