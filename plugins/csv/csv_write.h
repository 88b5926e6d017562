/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_WRITE_H
#define CSV_WRITE_H

#include <stdbool.h>

#include "kist/plugin.h"

/*
 * Canonical CSV bytes out of an Arrow stream: the same table gives the same bytes.
 *
 * One header record, one record for each row, LF behind each.  A cell is quoted if it holds a quote, CR, LF,
 * the delimiter or another byte that the reader tries as one; if it is an empty text; and in the header, if
 * it could be taken for a value.  Nulls are empty; the null of a table with one column is "".
 *
 * Takes formats n b c C s S i I l L f g u U z Z.
 *
 * Thread: one at a time.
 */

/** struct csv_write_options - @header false leaves the header record out. */
struct csv_write_options {
	uint8_t delimiter;
	bool header;
};

/**
 * csv_write_stream() - Write all of @stream to @sink as one part, "rows".
 *
 * @stream: Read to its end, not released.
 *
 * Errors: KIST_UNSUPPORTED (E_DTYPE: a column of another format; E_SHAPE: rows without columns), KIST_INVALID
 * (E_ARROW: the stream breaks the C data interface, or fails), KIST_LIMIT (E_OVERFLOW, E_LINE_TOO_LONG),
 * KIST_NO_MEMORY, and the sink's and poll's.
 */
kist_status csv_write_stream(struct kist_call *call, struct ArrowArrayStream *stream,
			     struct csv_write_options options, struct kist_sink *sink);

#endif
