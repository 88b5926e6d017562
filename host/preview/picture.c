/* SPDX-License-Identifier: Apache-2.0 */
#include "preview/picture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Of a list: items, and bytes of one. */
#define ITEMS_SHOWN 16
#define ITEM_SIZE   28

static bool bins_of(const json_t *histogram, struct kist_histogram *ret)
{
	const json_t *counts = json_object_get(histogram, "counts");
	const size_t count = json_array_size(counts);

	*ret = (struct kist_histogram){ .count = count };
	if (count == 0 || count > KIST_BINS_MAX || !kist_json_get_u64(histogram, "of", &ret->of))
		return false;
	for (size_t i = 0; i < count; i++) {
		const json_int_t bin = json_integer_value(json_array_get(counts, i));

		if (bin < 0)
			return false;
		ret->bins[i] = (uint64_t)bin;
		ret->most = ret->bins[i] > ret->most ? ret->bins[i] : ret->most;
	}
	return ret->most > 0;
}

bool kist_histogram_of(const json_t *object, struct kist_histogram *ret)
{
	return bins_of(json_object_get(object, "histogram"), ret);
}

bool kist_exponents_of(const json_t *object, struct kist_histogram *ret, int64_t *ret_from)
{
	const json_t *exponents = json_object_get(object, "exponents");
	const json_t *from = json_object_get(exponents, "from");

	*ret_from = (int64_t)json_integer_value(from);
	/* No number has others. */
	return json_is_integer(from) && *ret_from >= -INT16_MAX && *ret_from <= INT16_MAX &&
	       bins_of(exponents, ret);
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "..3aff": two digits a level. */
static bool read_levels(const json_t *text, int16_t *to, size_t count)
{
	const char *digits = json_string_value(text);

	if (!digits || json_string_length(text) != 2 * count)
		return false;
	for (size_t i = 0; i < count; i++) {
		const int high = digit_of(digits[2 * i]);
		const int low = digit_of(digits[2 * i + 1]);

		to[i] = (int16_t)(high < 0 || low < 0 ? -1 : high * 16 + low);
	}
	return true;
}

bool kist_heat_of(const json_t *object, struct kist_map *ret)
{
	const json_t *heat = json_object_get(object, "heat");
	uint64_t rows = 0;
	uint64_t columns = 0;

	*ret = (struct kist_map){ .range = heat };
	if (!kist_json_get_u64(heat, "rows", &rows) || !kist_json_get_u64(heat, "columns", &columns) ||
	    rows == 0 || columns == 0 || rows > KIST_PICTURE_MAX || columns > KIST_PICTURE_MAX)
		return false;
	ret->rows = rows;
	ret->columns = columns;
	return read_levels(json_object_get(heat, "cells"), ret->cells, rows * columns);
}

bool kist_curve_of(const json_t *object, struct kist_map *ret)
{
	static const char *const keys[] = { "min", "mean", "max" };
	const json_t *curve = json_object_get(object, "curve");
	const size_t points = json_string_length(json_object_get(curve, "mean")) / 2;

	*ret = (struct kist_map){ .rows = 3, .columns = points, .range = curve };
	if (points == 0 || points > KIST_PICTURE_MAX)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (!read_levels(json_object_get(curve, keys[i]), ret->cells + i * points, points))
			return false;
	}
	return true;
}

static void list_text(const json_t *list, char ret[static KIST_SCALAR_SIZE])
{
	const size_t count = json_array_size(list);
	size_t len = (size_t)snprintf(ret, KIST_SCALAR_SIZE, "[");

	for (size_t i = 0; i < count && i < ITEMS_SHOWN && len < KIST_SCALAR_SIZE / 2; i++) {
		const json_t *item = json_array_get(list, i);
		char text[KIST_SCALAR_SIZE] = "";
		char cut[ITEM_SIZE];

		if (!json_is_array(item))
			kist_scalar_text(item, text);
		kist_text_escape(text, strlen(text), cut, sizeof(cut));
		len += (size_t)snprintf(ret + len, KIST_SCALAR_SIZE - len, "%s%s", i ? ", " : "", cut);
	}
	snprintf(ret + len, KIST_SCALAR_SIZE - len, "%s]", count > ITEMS_SHOWN ? ", ..." : "");
}

void kist_scalar_text(const json_t *value, char ret[static KIST_SCALAR_SIZE])
{
	if (json_is_string(value))
		kist_text_escape(json_string_value(value), json_string_length(value), ret, KIST_SCALAR_SIZE);
	else if (json_is_integer(value))
		snprintf(ret, KIST_SCALAR_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		snprintf(ret, KIST_SCALAR_SIZE, "%.6g", json_real_value(value));
	else if (json_is_array(value))
		list_text(value, ret);
	else
		snprintf(ret, KIST_SCALAR_SIZE, "%s",
			 json_is_true(value)	? "yes"
			 : json_is_false(value) ? "no"
						: "-");
}

bool kist_is_estimate(const json_t *column, const char *key)
{
	return strcmp(key, "distinct") == 0 && json_object_get(column, "distinct_error");
}

const json_t *kist_floats_of(const json_t *info, size_t i, const char **ret_dtype)
{
	static const char *const dtypes[KIST_FLOAT_TYPES] = { "float16", "bfloat16", "float32", "float64" };
	const json_t *floats = json_object_get(json_object_get(info, "floats"), dtypes[i]);

	*ret_dtype = dtypes[i];
	return json_is_object(floats) ? floats : NULL;
}

void kist_line_text(const json_t *line, char ret[static KIST_SCALAR_SIZE])
{
	size_t len = 0;

	if (!json_is_array(line)) {
		kist_scalar_text(line, ret);
		return;
	}
	for (size_t i = 0; i < json_array_size(line); i++) {
		const json_t *cell = json_array_get(line, i);
		char text[KIST_SCALAR_SIZE] = "";
		size_t own;

		if (!json_is_null(cell) && !json_is_array(cell))
			kist_scalar_text(cell, text);
		own = strlen(text);
		/* The comma, and the end of the text. */
		if (own + 2 > KIST_SCALAR_SIZE - len)
			break;
		if (i > 0)
			ret[len++] = ',';
		memcpy(ret + len, text, own);
		len += own;
	}
	ret[len] = '\0';
}

kist_status kist_draw_lines(struct kist_buf *ret, const char *title, const json_t *lines, size_t step,
			    size_t width, struct kist_error *err)
{
	const size_t size = width < KIST_SCALAR_SIZE ? width + 1 : KIST_SCALAR_SIZE;

	if (json_array_size(lines) > 0)
		KIST_TRY(kist_draw_words(ret, title, err));
	for (size_t i = 0; i < KIST_LINES_SHOWN && i * step < json_array_size(lines); i++) {
		char text[KIST_SCALAR_SIZE];
		char cut[KIST_SCALAR_SIZE];

		kist_line_text(json_array_get(lines, i * step), text);
		kist_text_escape(text, strlen(text), cut, size);
		KIST_TRY(kist_buf_appendf(ret, err, "%s\n", cut));
	}
	return KIST_OK;
}

/* The least and the most that any column has under @key; 0 where none has it. */
static void find_range(const json_t *list, const char *key, uint64_t *ret_least, uint64_t *ret_most)
{
	*ret_least = 0;
	*ret_most = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		uint64_t number = 0;

		if (!kist_json_get_u64(json_array_get(list, i), key, &number) || number == 0)
			continue;
		*ret_least = *ret_least == 0 || number < *ret_least ? number : *ret_least;
		*ret_most = number > *ret_most ? number : *ret_most;
	}
}

bool kist_sampled_text(const json_t *info, const json_t *list, char ret[static KIST_SCALAR_SIZE])
{
	static const struct {
		const char *key;
		const char *what;
	} kinds[] = { { "distinct_of", "distinct texts" }, { "quantiles_of", "quantiles" } };
	uint64_t rows = 0;
	size_t len = 0;

	if (!kist_json_get_u64(info, "rows", &rows))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint64_t least;
		uint64_t most;

		find_range(list, kinds[i].key, &least, &most);
		if (most == 0)
			continue;
		len += (size_t)snprintf(ret + len, KIST_SCALAR_SIZE - len, "%s%s in %" PRIu64,
					len > 0 ? ", " : "sampled: ", kinds[i].what, least);
		if (least < most)
			len += (size_t)snprintf(ret + len, KIST_SCALAR_SIZE - len, " to %" PRIu64, most);
	}
	if (len > 0)
		snprintf(ret + len, KIST_SCALAR_SIZE - len, " of %" PRIu64 " rows", rows);
	return len > 0;
}

kist_status kist_draw_words(struct kist_buf *ret, const char *text, struct kist_error *err)
{
	return kist_buf_append(ret, text, strlen(text), err);
}

kist_status kist_draw_padded(struct kist_buf *ret, const char *text, size_t width, bool right,
			     struct kist_error *err)
{
	const size_t own = kist_utf8_width(text);
	const int blanks = own < width ? (int)(width - own) : 0;

	if (right)
		return kist_buf_appendf(ret, err, "%*s%s", blanks, "", text);
	return kist_buf_appendf(ret, err, "%s%*s", text, blanks, "");
}

/* Eighths of a cell that are filled from below. */
static const char *const eighths[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

static unsigned int eighths_of(uint64_t height, uint64_t most, size_t rows)
{
	const double filled = (double)height / (double)most * (double)(8 * rows);

	return height > 0 && filled < 1 ? 1 : (unsigned int)(filled + 0.5);
}

kist_status kist_draw_bars(const uint64_t *heights, size_t count, uint64_t most, size_t rows, size_t wide,
			   struct kist_buf *ret, struct kist_error *err)
{
	for (size_t row = rows; row-- > 0;) {
		for (size_t i = 0; i < count * wide; i++) {
			const unsigned int filled = eighths_of(heights[i / wide], most, rows);
			const unsigned int below = (unsigned int)(8 * row);
			const unsigned int own = filled <= below      ? 0
						 : filled - below > 8 ? 8
								      : filled - below;

			KIST_TRY(kist_draw_words(ret, eighths[own], err));
		}
		KIST_TRY(kist_draw_words(ret, "\n", err));
	}
	return KIST_OK;
}

kist_status kist_draw_spark(const json_t *object, struct kist_buf *ret, struct kist_error *err)
{
	struct kist_histogram histogram;

	if (!kist_histogram_of(object, &histogram))
		return KIST_OK;
	for (size_t i = 0; i < histogram.count; i++)
		KIST_TRY(
			kist_draw_words(ret, eighths[eighths_of(histogram.bins[i], histogram.most, 1)], err));
	return KIST_OK;
}
