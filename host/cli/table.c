/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void kist_table_done(struct kist_table *table)
{
	kist_buf_done(&table->cells);
	table->rows = 0;
}

/* The line that is being made; blanks at its end are left out. */
struct line {
	size_t blanks; /* that wait for something behind them */
};

static void put_cell(struct line *line, const char *text, size_t width, bool right)
{
	const size_t own = kist_utf8_width(text);
	const size_t pad = own < width ? width - own : 0;

	if (right)
		line->blanks += pad;
	if (text[0])
		printf("%*s%s", (int)line->blanks, "", text);
	line->blanks = (text[0] ? 0 : line->blanks + own) + (right ? 0 : pad) + 2;
}

static void widen(const struct kist_table *table, size_t c, const char *text,
		  size_t widths[static KIST_COLUMNS_MAX])
{
	const size_t width = kist_utf8_width(text);

	if (width > widths[c] && !(table->outliers[c] && width > KIST_COLUMN_WIDTH_MAX))
		widths[c] = width;
}

static void end_line(struct line *line)
{
	line->blanks = 0;
	(void)putchar('\n');
}

/* Prints the rows that are there, as wide as all so far ask for. */
static void let_rows_out(struct kist_table *table)
{
	const char *cell = (const char *)table->cells.data;
	struct line line = { .blanks = 0 };

	for (size_t c = 0; c < table->columns && !table->quiet && !table->begun; c++)
		widen(table, c, table->titles[c], table->widths);
	for (size_t i = 0; i < table->rows; i++, cell += strlen(cell) + 1)
		widen(table, i % table->columns, cell, table->widths);
	for (size_t c = 0; c < table->columns && !table->quiet && !table->begun; c++)
		put_cell(&line, table->titles[c], table->widths[c], table->right[c]);
	if (!table->quiet && !table->begun)
		end_line(&line);
	cell = (const char *)table->cells.data;
	for (size_t i = 0; i < table->rows; i++, cell += strlen(cell) + 1) {
		const size_t c = i % table->columns;

		put_cell(&line, cell, table->widths[c], table->right[c]);
		if (c + 1 == table->columns)
			end_line(&line);
	}
	table->begun = true;
	table->rows = 0;
	table->cells.size = 0;
}

void kist_table_print(struct kist_table *table, bool quiet)
{
	table->quiet = quiet;
	let_rows_out(table);
}

static kist_status add_cell(struct kist_table *table, const char *shown, struct kist_error *err)
{
	KIST_TRY(kist_buf_append(&table->cells, shown, strlen(shown) + 1, err));
	table->rows++;
	if (table->streams && table->cells.size >= KIST_TABLE_HELD && table->rows % table->columns == 0)
		let_rows_out(table);
	return KIST_OK;
}

kist_status kist_table_add(struct kist_table *table, const char *text, size_t len, struct kist_error *err)
{
	char shown[KIST_CELL_SIZE_MAX];

	kist_text_escape(text, len, shown, sizeof(shown));
	return add_cell(table, shown, err);
}

kist_status kist_table_add_name(struct kist_table *table, const char *name, size_t len,
				struct kist_error *err)
{
	char shown[KIST_CELL_SIZE_MAX];

	kist_name_escape(name, len, shown, sizeof(shown));
	return add_cell(table, shown, err);
}

kist_status kist_table_add_text(struct kist_table *table, const char *text, struct kist_error *err)
{
	return kist_table_add(table, text ? text : "", text ? strlen(text) : 0, err);
}
