/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_ARROW_H
#define CSV_ARROW_H

#include <stdbool.h>

#include "csv_fixed.h"
#include "csv_time.h"
#include "kist/plugin.h"

/*
 * A look at Arrow arrays made elsewhere: everything the C data interface lets one check is checked.
 *
 * Thread: pure.
 */

/* csv_field.format of what has more than a letter for a format. */
enum { CSV_FIELD_DATE = 'D', CSV_FIELD_TIME = 'T', CSV_FIELD_STAMP = 'P', CSV_FIELD_DECIMAL = 'd' };

/**
 * struct csv_field - A column as it is written.
 *
 * @format: The letter of its Arrow format, or CSV_FIELD_*.
 * @size:   Bytes of a value, for CSV_FIELD_*.
 * @scale:  Its values count 10^-scale; for dates, values are @per_day to a day.
 * @form:   Of TIME and STAMP.
 */
struct csv_field {
	char format;
	uint8_t size;
	uint8_t scale;
	int32_t per_day;
	struct csv_form form;
};

/** struct csv_value - One value: a null, a number, a bool, or borrowed bytes.  The field says which. */
struct csv_value {
	bool null;
	bool boolean;
	int64_t integer;
	uint64_t natural;
	double real;
	float real32;
	csv_int128 fixed;
	const uint8_t *data;
	size_t len;
};

/** csv_arrow_field() - What a field of a checked schema is. */
struct csv_field csv_arrow_field(const struct ArrowSchema *field);

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
kist_status csv_arrow_value(const struct csv_field *field, const struct ArrowArray *array, int64_t column,
			    int64_t row, struct csv_value *ret);

#endif
