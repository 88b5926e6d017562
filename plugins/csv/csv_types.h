/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_TYPES_H
#define CSV_TYPES_H

#include "csv_names.h"
#include "csv_read.h"

/*
 * What a text holds: one pass over all of it finds the type and the statistics of every column.
 *
 * A column has a type other than text only if every cell that is not null is the canonical text of a value
 * of that type, so that printing the values gives the cells back.
 *
 * Memory: per column one struct csv_column and its name; the first record.
 * Thread: one at a time.
 */

/* Order is not wider-than: any two of INT64, FLOAT64 and BOOL together give TEXT. */
enum csv_kind {
	CSV_KIND_NULL,
	CSV_KIND_INT64,
	CSV_KIND_FLOAT64,
	CSV_KIND_BOOL,
	CSV_KIND_TEXT,
	CSV_KIND_BINARY
};

/** csv_kind_name() - "null", "int64", "float64", "bool", "text", "binary". */
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
 * @nulls, @values: Cells that are null, and that are not.
 * @bytes:          Of all cells, unescaped.
 * @len_min, @len_max: Bytes in the shortest and the longest cell that is not null.
 * @int_min, @int_max: For CSV_KIND_INT64.
 * @min, @max:      For CSV_KIND_FLOAT64, of finite values.
 * @finite:         Numbers that are finite; of these are @mean and @m2, the sum of squared distances to it.
 * @block:          Numbers that are not in @mean and @m2 yet; empty in a finished profile.
 * @trues:          For CSV_KIND_BOOL.
 */
struct csv_column {
	struct csv_block block;
	enum csv_kind kind;
	uint32_t len_min;
	uint32_t len_max;
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
};

/**
 * struct csv_profile - All of a text.
 *
 * @names:    @width unique names.
 * @original: The header's own bytes for names that had to be changed, else data is NULL.  NULL without
 * header.
 * @rejected, @rejects: As in struct csv_reader.
 */
struct csv_profile {
	struct csv_dialect dialect;
	enum csv_newline newline;
	bool has_header;
	uint32_t width;
	uint64_t rows;
	struct csv_column *columns;
	struct csv_sample *samples;
	char **names;
	struct csv_text *original;
	uint8_t *first_record;
	struct csv_cell *first_cells;
	struct csv_fault *rejects;
	uint64_t rejected;
};

/**
 * csv_profile_read() - Read the whole source.
 *
 * @dialect: What the caller demands.
 * @ret_profile: Set on success; csv_profile_done() frees it.
 * @fault:   Set on failure.
 *
 * Errors: as csv_reader_open() and csv_reader_next().
 */
kist_status csv_profile_read(struct kist_source *source, struct kist_call *call, struct csv_dialect dialect,
			     struct csv_profile *ret_profile, struct csv_fault *fault);

/** csv_profile_done() - Free everything.  May run twice. */
void csv_profile_done(struct csv_profile *profile);

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
