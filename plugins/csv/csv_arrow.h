/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_ARROW_H
#define CSV_ARROW_H

#include <stdbool.h>

#include "kist/plugin.h"

/*
 * A look at Arrow arrays made elsewhere: everything the C data interface lets one check is checked.
 *
 * Thread: pure.
 */

/** struct csv_value - One value: a null, a number, a bool, or borrowed bytes.  @format says which. */
struct csv_value {
	char format;
	bool null;
	bool boolean;
	int64_t integer;
	uint64_t natural;
	double real;
	float real32;
	const uint8_t *data;
	size_t len;
};

/** csv_arrow_check_schema() - A struct of columns that can be written.  Errors: E_DTYPE, E_ARROW, E_OVERFLOW.
 */
kist_status csv_arrow_check_schema(struct kist_call *call, const struct ArrowSchema *schema);

/** csv_arrow_check_batch() - Whether @array is a batch of @schema.  Errors: KIST_INVALID (E_ARROW). */
kist_status csv_arrow_check_batch(struct kist_call *call, const struct ArrowSchema *schema,
				  const struct ArrowArray *array);

/**
 * csv_arrow_value() - The value in row @row of column @column of a checked batch.
 *
 * Errors: KIST_INVALID (offsets that fall, or below zero), KIST_LIMIT (a text that no record can hold).
 */
kist_status csv_arrow_value(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t column,
			    int64_t row, struct csv_value *ret);

#endif
