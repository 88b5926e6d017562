/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_RUNS_H
#define CSV_RUNS_H

#include "csv_column.h"
#include "csv_read.h"

/*
 * Many cells of one column at once: what csv_column_add() would make of them one by one, with the type looked at
 * once for as long as it stays.
 *
 * Thread: one at a time.
 */

/** csv_runs_add() - Add the cells of column @index, null or not, of all @rows.  @nulls: enum csv_nulls. */
void csv_runs_add(struct csv_column *column, const struct csv_rows *rows, uint32_t index, uint8_t nulls);

#endif
