/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_COLUMN_H
#define CSV_COLUMN_H

#include "csv_number.h"
#include "csv_quantiles.h"
#include "csv_time.h"

/*
 * One column: of which type all its cells are, and their statistics.
 *
 * A column has a type other than text only if every cell that is not null is the canonical text of a value
 * of that type, in the column's one form, so that printing the values gives the cells back.
 *
 * Thread: one at a time.
 */

/*
 * What a cell makes of a column that does not take it: INT64 becomes UINT64 or DECIMAL, UINT64 becomes DECIMAL,
 * FLOAT64 becomes DECIMAL if all its cells had as many digits behind the point; anything else TEXT or BINARY.
 */
enum csv_kind {
	CSV_KIND_NULL,
	CSV_KIND_INT64,
	CSV_KIND_FLOAT64,
	CSV_KIND_BOOL,
	CSV_KIND_UINT64,
	CSV_KIND_DECIMAL,
	CSV_KIND_DATE,
	CSV_KIND_TIME,
	CSV_KIND_STAMP,
	CSV_KIND_TEXT,
	CSV_KIND_BINARY
};

/* A text column with more bytes than this in all its rows has 64-bit offsets. */
#define CSV_SMALL_TEXT_MAX ((uint64_t)INT32_MAX)
/* Key of csv_column_tag() in a field's metadata. */
#define CSV_TAG_KEY "kist.csv.format"
/* Bytes of an Arrow format with its NUL. */
#define CSV_FORMAT_SIZE 24

/** csv_kind_name() - "null", "int64", "float64", "bool", ... */
const char *csv_kind_name(enum csv_kind kind);

/** struct csv_block - @count numbers: the sum of their distances to @first, which is one of them, and of its
 * squares. */
struct csv_block {
	uint32_t count;
	double first;
	double sum;
	double squares;
};

/** Numbers of a column in its sample at most; columns that have one. */
#define CSV_SAMPLE_MAX	   256u
#define CSV_SAMPLE_COLUMNS 256u

/**
 * struct csv_sample - Numbers of a column, evenly spaced: every @step-th that is finite.
 *
 * When it is full every second one goes, and @step doubles.
 */
struct csv_sample {
	uint32_t count;
	uint64_t step;
	double values[CSV_SAMPLE_MAX];
};

/**
 * struct csv_column - One column over all rows.
 *
 * @sample: NULL past the first CSV_SAMPLE_COLUMNS columns.  Borrowed from the profile.
 * @sample_at: Which finite number is the next to be taken.
 * @quantiles: Of the first 65,536 finite numbers and of 1,024 of each 8,192 behind them; NULL as @sample is, and where no
 *             labels are gathered.  Borrowed from the profile.
 * @nulls, @values: Cells that are null, and that are not.
 * @bytes:          Of all cells, unescaped.
 * @len_min, @len_max: Bytes in the shortest and the longest cell that is not null.
 * @int_min, @int_max: For INT64; days or microseconds for DATE, TIME, STAMP.
 * @min, @max:      For UINT64, FLOAT64, DECIMAL, of finite values.
 * @finite:         Numbers that are finite; of these are @mean and @m2, the sum of squared distances to it.
 * @block:          Numbers that are not in @mean and @m2 yet; empty in a finished profile.
 * @trues:          For BOOL.
 * @whole, @scale:  For FLOAT64 and DECIMAL: most digits before the point, digits behind it in every cell.
 * @fixed, @trimmed: Every cell has @scale, or @form.digits, digits behind the point; none ends with a zero there,
 *                  but for FLOAT64: one is -0.0, which is no decimal.
 * @form:           For TIME and STAMP.
 */
struct csv_column {
	struct csv_block block;
	enum csv_kind kind;
	uint32_t len_min;
	uint32_t len_max;
	uint8_t whole;
	uint8_t scale;
	bool fixed;
	bool trimmed;
	struct csv_form form;
	uint64_t nulls;
	uint64_t values;
	uint64_t bytes;
	uint64_t trues;
	uint64_t finite;
	int64_t int_min;
	int64_t int_max;
	double min;
	double max;
	double mean;
	double m2;
	struct csv_sample *sample;
	uint64_t sample_at;
	struct csv_quantiles *quantiles;
};

/** csv_column_add() - Add a cell that is not null.  @non_ascii false: all its bytes are ASCII. */
void csv_column_add(struct csv_column *column, const uint8_t *text, uint32_t len, bool non_ascii);

/** csv_column_count() - Of csv_column_add(): the part that is the same for every type. */
static inline void csv_column_count(struct csv_column *c, uint32_t len)
{
	c->len_min = c->values == 0 || len < c->len_min ? len : c->len_min;
	c->len_max = len > c->len_max ? len : c->len_max;
	c->values++;
	c->bytes += len;
}

/** csv_column_note() - Of csv_column_add(): what a FLOAT64 looks like. */
static inline void csv_column_note(struct csv_column *c, struct csv_places places, double value)
{
	c->fixed = c->fixed && places.scale > 0 && places.scale == c->scale;
	c->whole = places.whole > c->whole ? places.whole : c->whole;
	c->trimmed |= value == 0 && __builtin_signbit(value);
}

/** Numbers that are added at once. */
#define CSV_RUN_NUMBERS 256u

/** csv_column_numbers() - Of csv_column_add(): @count finite numbers, at most CSV_RUN_NUMBERS. */
void csv_column_numbers(struct csv_column *column, const double *values, uint32_t count);

/** csv_column_finish() - After the last cell. */
void csv_column_finish(struct csv_column *column);

/** csv_column_format() - The Arrow format of a column, in @to.  Returns @to. */
const char *csv_column_format(const struct csv_column *column, char to[CSV_FORMAT_SIZE]);

/**
 * csv_column_tag() - How its texts are written beyond their value, for the field's metadata: "T", digits behind the
 * point, "Z", each if it is so; in @to, at most CSV_FORMAT_SIZE bytes with NUL.  Returns @to.
 */
const char *csv_column_tag(const struct csv_column *column, char to[CSV_FORMAT_SIZE]);

/** csv_tag_parse() - The form of a tag; what is none counts as empty. */
struct csv_form csv_tag_parse(const char *tag, size_t len);

/** csv_bool_parse() - Reads "true" and "false". */
static inline bool csv_bool_parse(const uint8_t *text, size_t len, bool *ret_value)
{
	const bool is_true = len == 4 && __builtin_memcmp(text, "true", 4) == 0;

	if (!is_true && !(len == 5 && __builtin_memcmp(text, "false", 5) == 0))
		return false;
	*ret_value = is_true;
	return true;
}

#endif
