/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PREVIEW_PICTURE_H
#define KIST_PREVIEW_PICTURE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"

/*
 * What can be drawn in a description, taken out of its JSON and checked; and a few strokes for a terminal.
 *
 * Thread: pure.
 */

/** Bins of a histogram; rows and columns of a map, and points of a curve. */
#define KIST_BINS_MAX	 64
#define KIST_PICTURE_MAX 64
/** Steps of a level. */
#define KIST_LEVEL_MAX 255
/** Bytes of a scalar for people, NUL included. */
#define KIST_SCALAR_SIZE 256

/** struct kist_histogram - How many of @of numbers are in each of @count bins; @most in the fullest. */
struct kist_histogram {
	size_t count;
	uint64_t bins[KIST_BINS_MAX];
	uint64_t of;
	uint64_t most;
};

/** kist_histogram_of() - That of @object, or false. */
bool kist_histogram_of(const json_t *object, struct kist_histogram *ret);

/** kist_exponents_of() - That of the exponents of @object, or false.  *@ret_from is the exponent of the first bin. */
bool kist_exponents_of(const json_t *object, struct kist_histogram *ret, int64_t *ret_from);

/** struct kist_map - Levels from 0 to KIST_LEVEL_MAX, row by row; -1 for none. */
struct kist_map {
	size_t rows;
	size_t columns;
	int16_t cells[KIST_PICTURE_MAX * KIST_PICTURE_MAX];
	const json_t *range; /* its "from" and "to"; Borrowed */
};

/** kist_heat_of() - The heat map of @object, or false. */
bool kist_heat_of(const json_t *object, struct kist_map *ret);

/** kist_curve_of() - The curve of @object, or false: rows of the least, the mean and the most. */
bool kist_curve_of(const json_t *object, struct kist_map *ret);

/** kist_scalar_text() - A number, a word or a list of them for people, escaped; "-" for what is not there. */
void kist_scalar_text(const json_t *value, char ret[static KIST_SCALAR_SIZE]);

/** kist_is_estimate() - Whether what a column says under @key is one. */
bool kist_is_estimate(const json_t *column, const char *key);

/** Types of floating numbers. */
#define KIST_FLOAT_TYPES 4

/** kist_floats_of() - What is told of all tensors of type @i of a model, whose name is *@ret_dtype; or NULL. */
const json_t *kist_floats_of(const json_t *info, size_t i, const char **ret_dtype);

/** Lines, or rows, of a table that are drawn. */
#define KIST_LINES_SHOWN 12

/** kist_lines_step() - Each so-many-th of @lines is drawn, if they are to be from all over them. */
static inline size_t kist_lines_step(const json_t *lines)
{
	const size_t count = json_array_size(lines);

	return count > KIST_LINES_SHOWN ? (count + KIST_LINES_SHOWN - 1) / KIST_LINES_SHOWN : 1;
}

/**
 * kist_draw_lines() - Behind @title each @step-th of @lines, KIST_LINES_SHOWN at most and none wider than @width; nothing
 * where there are none.
 */
KIST_CHECKED kist_status kist_draw_lines(struct kist_buf *ret, const char *title, const json_t *lines,
					 size_t step, size_t width, struct kist_error *err);

/**
 * kist_sampled_text() - Of how many rows of a table what is told is, where it is not all of them: the least and the
 * most of any of its columns @list.  Returns whether there is something to say.
 */
bool kist_sampled_text(const json_t *info, const json_t *list, char ret[static KIST_SCALAR_SIZE]);

/** kist_line_text() - A line as kist_scalar_text(), or the cells of a row with commas between them; none for null. */
void kist_line_text(const json_t *line, char ret[static KIST_SCALAR_SIZE]);

/**
 * kist_draw_bars() - @count heights of 0 to @most as blocks, @rows lines high, each @wide columns wide.
 *
 * What is not 0 is seen.
 */
KIST_CHECKED kist_status kist_draw_bars(const uint64_t *heights, size_t count, uint64_t most, size_t rows,
					size_t wide, struct kist_buf *ret, struct kist_error *err);

/** kist_draw_spark() - A histogram in one line of its bins; nothing when there is none. */
KIST_CHECKED kist_status kist_draw_spark(const json_t *object, struct kist_buf *ret, struct kist_error *err);

/** kist_draw_words() - Appends a string. */
KIST_CHECKED kist_status kist_draw_words(struct kist_buf *ret, const char *text, struct kist_error *err);

/** kist_draw_padded() - Appends a string and blanks up to @width columns. */
KIST_CHECKED kist_status kist_draw_padded(struct kist_buf *ret, const char *text, size_t width, bool right,
					  struct kist_error *err);

#endif
