/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_LABELS_H
#define CSV_LABELS_H

#include "csv_distinct.h"
#include "csv_read.h"

/*
 * Which texts a column's cells have, and how often each, while there are few; and how long some of them are.
 *
 * Of a long table not all cells are looked at: CSV_LABELS_ROWS rows, and 1,024 of each 8,192 behind them.  Of a column
 * with more than CSV_LABELS_MAX different ones, with mostly different ones, or with a long one, the texts are given up
 * early, and from then on only about how many are different is known (csv_distinct.h): of the cells that were looked at,
 * which are then those of CSV_COUNTED_ROWS rows, and of 128 of each 8,192 behind them.
 *
 * Memory: for each column up to 100 KiB until its texts are given up, then 4 KiB.
 * Thread: one at a time.
 */

#define CSV_LABELS_MAX	   1000u
#define CSV_LABEL_SIZE_MAX 64u
#define CSV_LABELS_ROWS	   65536u
#define CSV_COUNTED_ROWS   16384u
/* The most frequent ones that are told. */
#define CSV_TOP_MAX 10u
/* Lengths that are kept. */
#define CSV_LENGTHS_MAX 256u
/* Tables with fewer bytes have none: there are many of them. */
#define CSV_LABELS_SIZE_MIN 16384u

/** struct csv_label - A text that cells have: @len bytes at @at. */
struct csv_label {
	uint64_t count;
	uint64_t hash;
	uint32_t at;
	uint32_t len;
};

/** struct csv_labels - Of one column; begins zeroed, csv_labels_done() frees it. */
struct csv_labels {
	struct csv_label *labels;
	uint16_t *slots; /* number of a label and 1, by its hash; twice as many as labels, or more */
	uint8_t *text;
	uint32_t count;
	uint32_t slot_count;
	size_t text_size;
	size_t text_capacity;
	uint64_t seen;	    /* cells that were looked at and are not null */
	bool over;	    /* texts are given up */
	uint8_t *registers; /* then, of csv_distinct_add(); NULL without memory */
	uint32_t length_count;
	uint64_t length_step;
	uint64_t length_at; /* the next row in which a length is kept */
	uint32_t lengths[CSV_LENGTHS_MAX];
};

/** csv_labels_add() - Looks at the cells of column @index of @rows, the first of which is @row.  @nulls: enum csv_nulls. */
void csv_labels_add(struct csv_labels *labels, const struct csv_rows *rows, uint32_t index, uint64_t row,
		    uint8_t nulls);

/**
 * csv_labels_top() - The most frequent ones, of equally frequent ones the first in byte order.
 *
 * Returns how many are in @ret; 0 where cells are no labels: given up, or, when there are more than CSV_TOP_MAX, more than
 * a fifth as many as cells.
 */
uint32_t csv_labels_top(const struct csv_labels *labels, const struct csv_label *ret[static CSV_TOP_MAX]);

/**
 * csv_labels_distinct() - How many different texts the cells that were looked at have.
 *
 * Returns 0 when that is not known.  *@ret_is_exact false: the result is csv_distinct_count()'s.
 */
uint64_t csv_labels_distinct(const struct csv_labels *labels, bool *ret_is_exact);

void csv_labels_done(struct csv_labels *labels);

#endif
