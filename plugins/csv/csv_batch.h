/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_BATCH_H
#define CSV_BATCH_H

#include "csv_types.h"

/*
 * One batch of rows as an Arrow struct array.
 *
 *     INT64 l: validity, values      TEXT u, BINARY z: validity, int32 offsets, bytes
 *     FLOAT64 g: validity, values    TEXT_LARGE U: validity, int64 offsets, bytes
 *     BOOL b: validity, bits         NULL u: as TEXT, all null
 *     UINT64 L, TIME ttu, STAMP tsu: as INT64; DATE tdD with 4 bytes, DECIMAL d:38,s with 16
 *
 * Buffers are aligned to 64 bytes and padded with zeros; a column without nulls has no validity buffer.
 *
 * Thread: one at a time.
 */

/* Rows in one batch. */
#define CSV_BATCH_ROWS_MAX 65536u
/* A batch ends with the record that brings its text to so many bytes. */
#define CSV_BATCH_SIZE 1048576u
/** struct csv_builder - One column of the batch.  Capacities are in bytes. */
struct csv_builder {
	enum csv_kind kind;
	bool large;
	uint8_t *valid;
	uint8_t *values;
	uint8_t *text;
	size_t text_size;
	size_t text_capacity;
	int64_t nulls;
};

/** struct csv_batch - The batch being made. */
struct csv_batch {
	struct csv_builder *builders;
	uint32_t width;
	uint32_t rows;
	uint32_t rows_capacity;
	uint64_t size;
	uint8_t nulls;
};

/** csv_batch_begin() - Make room for about @rows rows.  Errors: KIST_NO_MEMORY. */
kist_status csv_batch_begin(struct csv_batch *batch, const struct csv_profile *profile, uint32_t rows);

/**
 * csv_batch_add() - Add records @from and those behind it, until the batch is full.
 *
 * @ret_count: How many were added; set on success only.
 *
 * Errors: KIST_NO_MEMORY, KIST_CORRUPT (a cell is not of its column's type).
 */
kist_status csv_batch_add(struct csv_batch *batch, const struct csv_rows *rows, uint32_t from,
			  uint32_t *ret_count);

/** csv_batch_full() - Whether the batch has to end. */
bool csv_batch_full(const struct csv_batch *batch);

/** csv_batch_finish() - Move the batch to *@ret.  Errors: KIST_NO_MEMORY; @batch then still holds its rows.
 */
kist_status csv_batch_finish(struct csv_batch *batch, struct ArrowArray *ret);

/** csv_batch_done() - Free what is left.  May run twice. */
void csv_batch_done(struct csv_batch *batch);

#endif
