/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_BLOCKS_KERNEL_H
#define CSV_BLOCKS_KERNEL_H

#include "csv_kernel.h"

/*
 * The tokenizer for many records at once, 64 bytes at a time: those that are as usual.
 *
 * Whether a byte stands inside quotes is the parity of the quotes up to it.  That holds only where each quote
 * that opens stands at the start of a cell or behind the quote that it doubles, and each that closes stands
 * before the end of a cell or before such a one.  The first byte where it does not is found with the masks, and
 * nothing from there on is taken.  Nor is a record that is blank, a comment, or of another width: csv_scan() reads
 * it, and says what is wrong with it.
 *
 * Thread: pure.
 */

/** Places of @ends and @stops behind @capacity, which are written to and not used. */
#define CSV_GROUP_SPARE 72u

/** enum csv_blocks - Which instructions are used. */
enum csv_blocks { CSV_BLOCKS_C, CSV_BLOCKS_SSE2, CSV_BLOCKS_AVX2, CSV_BLOCKS_KINDS };

/**
 * struct csv_group - Records that follow each other, all of @width cells.
 *
 * @width, @delimiter, @quote, @comment: From the caller, as in csv_scanner; the escape is the quote.
 * @cells:     Cells found, @width of each record; room for @capacity, which is at least @width.  Borrowed.
 * @ends, @stops: Room for @capacity + CSV_GROUP_SPARE each.  Borrowed.
 * @count:     Records.
 * @size:      Bytes in them.
 * @newlines:  Newlines inside their quotes.
 * @non_ascii: Some byte may be above 0x7f; false says that none is.
 * @quoted, @escaped: Some cell may be CSV_CELL_QUOTED, CSV_CELL_ESCAPED.
 */
struct csv_group {
	struct csv_cell *cells;
	uint32_t *ends;
	uint32_t *stops;
	uint32_t capacity;
	uint32_t width;
	uint32_t count;
	uint32_t size;
	uint32_t newlines;
	uint8_t delimiter;
	uint8_t quote;
	uint8_t comment;
	bool non_ascii;
	bool quoted;
	bool escaped;
};

/** csv_blocks_available() - Whether this processor has them. */
bool csv_blocks_available(enum csv_blocks kind);

/** csv_blocks_best() - The best of them. */
enum csv_blocks csv_blocks_best(void);

/**
 * csv_group_scan() - Find records from the start of @data on, as many as there is room for.
 *
 * Records that end in the last 64 bytes are not found, nor is any in less than 65 bytes.
 *
 * @data: The first byte of a record and what follows.  At most CSV_LINE_SIZE_MAX bytes.  Borrowed for the call.
 */
void csv_group_scan(struct csv_group *group, const uint8_t *data, uint32_t size, enum csv_blocks kind);

#endif
