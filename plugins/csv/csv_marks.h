/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_MARKS_H
#define CSV_MARKS_H

#include "csv_read.h"

/*
 * Where in a text some of its records begin, so that a range of rows can be read without what stands before.
 *
 * The first mark is that of the second record: whatever stands before it, the header among it, has to be read first
 * always.  The others are at least a step apart; when there are too many, every second one goes and the step doubles.
 *
 * Memory: 16 KiB, once the text is longer than a step.
 * Thread: one at a time.
 */

#define CSV_MARKS_MAX  1024u
#define CSV_MARKS_STEP ((uint64_t)256 << 10)

/** struct csv_mark - Record @row, of those behind the first one, begins at @offset in the source. */
struct csv_mark {
	uint64_t row;
	uint64_t offset;
};

/** struct csv_marks - Begins zeroed; csv_marks_done() frees it. */
struct csv_marks {
	struct csv_mark *marks;
	uint32_t count;
	uint64_t step;
	uint64_t next; /* no mark is made before this offset */
	struct csv_mark first;
	bool failed; /* no memory: there are none */
};

/**
 * csv_marks_add() - @rows follow, the first of them record @row; they are what @reader gave last.
 *
 * Which records get a mark depends on the text alone, not on how many were found at once.
 */
void csv_marks_add(struct csv_marks *marks, const struct csv_reader *reader, const struct csv_rows *rows,
		   uint64_t row);

void csv_marks_done(struct csv_marks *marks);

#endif
