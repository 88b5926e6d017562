/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_OUTPUT_H
#define KIST_CLI_OUTPUT_H

#include "cli/cli.h"

/*
 * What people and programs see: tables, JSON, sizes.  Everything from outside is escaped on its way to a
 * terminal.
 *
 * Thread: [main]
 */

#define KIST_COLUMNS_MAX      12
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

/** kist_table_print() - Titles and rows to standard output; just the rows when @quiet. */
void kist_table_print(struct kist_table *table, bool quiet);

/** kist_size_text() - "1.2 MiB" into @ret. */
void kist_size_text(uint64_t bytes, char ret[static 32]);

/** kist_size_exact() - "1.2 MiB (1234567 bytes)", or "152 bytes", into @ret. */
void kist_size_exact(uint64_t bytes, char ret[static 64]);

/** kist_mode_text() - "0640 rw-r-----" into @ret. */
void kist_mode_text(uint32_t mode, char ret[static 32]);

/** kist_reader_is_gone() - Whether nobody reads the standard output any more. */
bool kist_reader_is_gone(void);

/** kist_output_is_whole() - Flushes the standard output; false when something of it could not be written. */
bool kist_output_is_whole(void);

/** kist_print_json() - One JSON value and a newline to standard output; drops the reference. */
KIST_CHECKED kist_status kist_print_json_take(json_t *value, struct kist_error *err);

/** kist_json_is_printed() - Whether the run has printed its document: there is one, whatever happens. */
bool kist_json_is_printed(void);
/** kist_json_set_printed() - For who prints it in pieces. */
void kist_json_set_printed(void);

/** kist_cell_text() - A value in one cell; "" for NULL. */
void kist_cell_text(const json_t *value, char *ret, size_t size);

/**
 * kist_print_value() - A JSON object for people: lines, lists and tables.  @indent in spaces.
 *
 * Members "size", "mode" and "mtime_ns" that are integers are shown as a size, a mode and a time.
 */
void kist_print_value(const json_t *object, int indent);

/** kist_progress_start() - A bar on standard error when that is a terminal; kist_progress_show() moves it. */
void kist_progress_start(struct kist_cli *cli, const char *what);
void kist_progress_show(void *cli, uint64_t done, uint64_t total);
void kist_progress_end(struct kist_cli *cli);

#endif
