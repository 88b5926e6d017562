/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "csv_read.h"

/*
 * Many records at once, where they are as usual; one by one where they are not.
 */

/* A text with as many odd records in a row is read one by one for so many. */
#define ALONE_MAX 64u

void csv_reader_unescape(struct csv_reader *r, struct csv_cell *cells, uint32_t count)
{
	for (struct csv_cell *cell = cells; cell < cells + count; cell++) {
		if ((cell->flags & CSV_CELL_ESCAPED) != 0)
			cell->len = (uint32_t)csv_unescape(&r->scanner, r->buf + r->begin + cell->begin,
							   cell->len);
	}
}

static kist_status make_group(struct csv_reader *r)
{
	struct csv_group *g = &r->group;
	const uint32_t capacity = r->width > CSV_ROWS_CELLS ? r->width : CSV_ROWS_CELLS;

	g->capacity = capacity;
	g->cells = reallocarray(NULL, capacity, sizeof(*g->cells));
	g->ends = reallocarray(NULL, capacity + CSV_GROUP_SPARE, sizeof(*g->ends));
	g->stops = reallocarray(NULL, capacity + CSV_GROUP_SPARE, sizeof(*g->stops));
	if (!g->cells || !g->ends || !g->stops)
		return csv_reader_no_memory(r);
	g->width = r->width;
	return KIST_OK;
}

/* Looks for a group in what the buffer holds. */
static bool find_group(struct csv_reader *r)
{
	const size_t size = r->end - r->begin;

	csv_group_scan(&r->group, r->buf + r->begin,
		       (uint32_t)(size < CSV_LINE_SIZE_MAX ? size : CSV_LINE_SIZE_MAX), r->blocks);
	return r->group.count > 0;
}

/* Goes behind what was given last, and looks for a group. */
static kist_status seek_group(struct csv_reader *r, bool *ret_found)
{
	kist_status status = KIST_OK;

	csv_reader_advance(r);
	if (r->group.width == 0)
		status = make_group(r);
	*ret_found = status == KIST_OK && find_group(r);
	if (*ret_found || status != KIST_OK || csv_input_ended(&r->input) ||
	    r->end - r->begin >= CSV_PIECE_SIZE)
		return status;
	status = csv_reader_fill(r);
	*ret_found = status == KIST_OK && find_group(r);
	return status;
}

/* Whether records may be as usual; after some that were not, not each is tried. */
static bool may_seek(struct csv_reader *r)
{
	if (r->width == 0 || r->scanner.escape != r->scanner.quote)
		return false;
	if (r->alone > 0)
		r->alone--;
	return r->alone == 0;
}

static void take_group(struct csv_reader *r, struct csv_rows *ret)
{
	struct csv_group *g = &r->group;

	r->last_size = g->size;
	r->last_lines = g->count + g->newlines;
	r->last_place = csv_encoded_size(r->input.encoding, r->buf + r->begin, g->size);
	r->odd = 0;
	if (g->escaped)
		csv_reader_unescape(r, g->cells, g->count * g->width);
	*ret = (struct csv_rows){ .base = r->buf + r->begin,
				  .cells = g->cells,
				  .width = g->width,
				  .stops = g->stops,
				  .count = g->count,
				  .non_ascii = g->non_ascii };
}

kist_status csv_reader_rows(struct csv_reader *r, struct csv_rows *ret)
{
	struct csv_record record;
	kist_status status;
	bool found = false;

	if (may_seek(r)) {
		csv_fault_clear(&r->fault);
		status = seek_group(r, &found);
		if (status != KIST_OK)
			return status;
		if (found) {
			take_group(r, ret);
			return KIST_OK;
		}
		r->alone = r->odd < ALONE_MAX ? r->odd++ : ALONE_MAX;
	}
	status = csv_reader_next(r, &record);
	if (status != KIST_OK)
		return status;
	r->last_stop = record.size - 1;
	*ret = (struct csv_rows){ .base = record.base,
				  .cells = record.cells,
				  .stops = &r->last_stop,
				  .width = record.count,
				  .count = record.count > 0,
				  .non_ascii = record.non_ascii };
	return KIST_OK;
}
