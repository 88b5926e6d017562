/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_CELLS_KERNEL_H
#define KIST_PACK_FILTER_CELLS_KERNEL_H

#include "pack/filter_ops_kernel.h"

/*
 * Lines of cells, column by column: digits of the same weight stand beside each other, and what all cells of a
 * column have costs nothing.
 *
 *     u8 width of each column, 0 for a text | u32 bytes of each text
 *     of each plane: u8 bits, and the bytes that it is made of: 2^bits, or none for 8 bits
 *     of each column: its packed planes, or its text
 *     u32 rows before it, u32 bytes, of each stretch that is no row | the bytes of these
 *
 * A row is a line with as many cells as there are columns, a delimiter between two and a newline behind the last.
 * Cells of a width are filled up with zeros in front; plane 0 of a column is the first byte of all of them.  A plane
 * is packed into numbers of 0, 1, 2, 4 or 8 bits, each of which says which of the plane's bytes stands there: of m
 * packed bytes, byte i has the numbers i, i + m, i + 2 m..., the first in the lowest bits.  Cells of a text end with a
 * newline each.  What stands before a stretch are the rows behind the stretch before; the rows that are left follow
 * the last one.
 *
 * Thread: pure.
 * Source: docs/format/store.md, section 3.
 */

#define KIST_FILTER_CELLS_COLUMNS_MAX 255
/** A column with a longer cell is a text. */
#define KIST_FILTER_CELLS_WIDTH_MAX 32
/** A line with a longer cell is no row, when they are made. */
#define KIST_FILTER_CELLS_LEN_MAX 255
/** More stretches are not made. */
#define KIST_FILTER_CELLS_OTHERS_MAX 1024

/**
 * struct kist_filter_cells - What is needed to read them: its parameters.
 *
 * @delimiter: Not 0 and not a newline.
 * @columns:   1..KIST_FILTER_CELLS_COLUMNS_MAX.
 * @size:      Filtered bytes.
 * @others:    Stretches.
 */
struct kist_filter_cells {
	uint8_t delimiter;
	uint8_t columns;
	uint32_t rows;
	uint32_t size;
	uint32_t others;
};

/**
 * kist_filter_cells_forward() - Filters.
 *
 * @cells:   The delimiter and the columns; the rest is set.
 * @lengths: Room for @len bytes.
 * @limit:   Filtered bytes at most, which @ret has room for.
 *
 * False where this is no such text: too few rows, too many stretches, zero bytes; or @limit is not enough.
 */
bool kist_filter_cells_forward(const struct kist_filter_ops *ops, struct kist_filter_cells *cells,
			       const uint8_t *raw, size_t len, uint8_t *lengths, size_t limit, uint8_t *ret);

/** struct kist_filter_cells_walk - Where the next stream begins; all zeros at first. */
struct kist_filter_cells_walk {
	size_t column;
	size_t plane; /* of the column */
	size_t at;    /* in the filtered bytes */
	size_t text;  /* where the bytes of the next text stand */
	size_t bits;  /* where the bits of the next plane do */
};

/**
 * kist_filter_cells_next() - Bytes of the next stream of what kist_filter_cells_forward() wrote.
 *
 * Each plane and each text is one, and so are what stands before them and behind them.
 *
 * @ret_text: Whether it is no plane.
 *
 * 0 behind the last.
 */
size_t kist_filter_cells_next(const struct kist_filter_cells *cells, const uint8_t *filtered,
			      struct kist_filter_cells_walk *walk, bool *ret_text);

/**
 * kist_filter_cells_back() - Back; all of it is taken as hostile.
 *
 * @filtered: @cells->size bytes.
 * @ret:      Room for @len bytes; undefined after a failure.
 *
 * False when they do not give exactly @len bytes.
 */
bool kist_filter_cells_back(const struct kist_filter_ops *ops, const struct kist_filter_cells *cells,
			    const uint8_t *filtered, uint8_t *ret, size_t len);

#endif
