/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_RESERVOIR_H
#define CSV_RESERVOIR_H

#include "csv_read.h"

/*
 * Rows from all over a table, each as likely as any other: those whose numbers have the smallest hashes.  Which they
 * are depends on how many rows there are, and on nothing else: the same table has the same ones everywhere.
 *
 * A row is kept as it will be told, a JSON array of its cells; a byte that is not UTF-8, and NUL, is U+FFFD there.
 *
 * Memory: sizeof(struct csv_reservoir), 53 KiB.
 * Thread: one at a time.
 */

#define CSV_RESERVOIR_ROWS 100u
/* Bytes of a row in JSON: of a longer one the cells that find no room are left out. */
#define CSV_RESERVOIR_ROW_SIZE 512u
/* Bytes of a cell's text before it is cut, between two characters. */
#define CSV_RESERVOIR_CELL_SIZE 64u

struct csv_picked {
	uint64_t hash;
	uint64_t row;
	uint32_t size;
	char text[CSV_RESERVOIR_ROW_SIZE];
};

/** struct csv_reservoir - Begins zeroed.  @picked: In no order; the first @count are set. */
struct csv_reservoir {
	uint64_t limit; /* once it is full: the largest hash in it */
	uint32_t largest;
	uint32_t count;
	struct csv_picked picked[CSV_RESERVOIR_ROWS];
};

/** csv_reservoir_add() - @rows follow; the first of them is row @row. */
void csv_reservoir_add(struct csv_reservoir *reservoir, const struct csv_rows *rows, uint64_t row,
		       uint8_t nulls);

/** csv_reservoir_sort() - Puts the rows in their order.  No more can be added. */
void csv_reservoir_sort(struct csv_reservoir *reservoir);

#endif
