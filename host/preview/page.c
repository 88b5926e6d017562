/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "preview/picture.h"
#include "preview/preview.h"

/* Lines of a chart. */
#define CHART_ROWS 8
/* Columns at most of a name, and of any other cell. */
#define NAME_WIDTH 48
#define CELL_WIDTH 16

struct page {
	size_t width;
	size_t name_width;
	struct kist_buf *to;
	struct kist_error *err;
};

static kist_status put_line(struct page *page, const char *text)
{
	return kist_buf_appendf(page->to, page->err, "%s\n", text);
}

/* A cell, cut so that it takes no more than @width_max bytes and hence columns. */
static void cell_text(const json_t *value, size_t width_max, char ret[static KIST_SCALAR_SIZE])
{
	char text[KIST_SCALAR_SIZE];

	kist_scalar_text(value, text);
	kist_text_escape(text, strlen(text), ret,
			 width_max < KIST_SCALAR_SIZE ? width_max + 1 : KIST_SCALAR_SIZE);
}

/* What is said of it, as many to a line as fit. */
static kist_status put_facts(struct page *page, const json_t *object, const char *const *keys)
{
	size_t used = 0;

	for (; *keys; keys++) {
		const json_t *value = json_object_get(object, *keys);
		char text[KIST_SCALAR_SIZE];
		size_t own;

		if (!value || json_is_object(value))
			continue;
		cell_text(value, page->width - strlen(*keys) - 2, text);
		own = strlen(*keys) + 1 + kist_utf8_width(text);
		if (used > 0 && used + 3 + own > page->width) {
			KIST_TRY(kist_draw_words(page->to, "\n", page->err));
			used = 0;
		}
		KIST_TRY(kist_buf_appendf(page->to, page->err, "%s%s %s", used ? "   " : "", *keys, text));
		used += own + (used ? 3 : 0);
	}
	return used ? kist_draw_words(page->to, "\n", page->err) : KIST_OK;
}

/* So many neighbours become one that @count of them fit into @width. */
static size_t merged_by(size_t count, size_t width)
{
	return (count + width - 1) / width;
}

/* From left to right what is written under a chart of @width columns. */
static kist_status put_axis(struct page *page, const json_t *from, const json_t *to, size_t width)
{
	char left[KIST_SCALAR_SIZE];
	char right[KIST_SCALAR_SIZE];
	size_t between;

	kist_scalar_text(from, left);
	kist_scalar_text(to, right);
	between = kist_utf8_width(left) + 1;
	KIST_TRY(kist_draw_words(page->to, left, page->err));
	KIST_TRY(kist_draw_words(page->to, " ", page->err));
	KIST_TRY(kist_draw_padded(page->to, right, width > between ? width - between : 0, true, page->err));
	return kist_draw_words(page->to, "\n", page->err);
}

/* Bars of bins, merged so that they fit.  Returns in *@ret_width how many columns they take. */
static kist_status put_bins(struct page *page, struct kist_histogram *histogram, size_t *ret_width)
{
	const size_t by = merged_by(histogram->count, page->width);
	size_t count = 0;
	uint64_t most = 0;
	size_t wide;

	for (size_t i = 0; i < histogram->count; i += by, count++) {
		uint64_t sum = 0;

		for (size_t j = i; j < i + by && j < histogram->count; j++)
			sum += histogram->bins[j];
		histogram->bins[count] = sum;
		most = sum > most ? sum : most;
	}
	wide = page->width / count < 3 ? page->width / count : 3;
	*ret_width = count * wide;
	return kist_draw_bars(histogram->bins, count, most, CHART_ROWS, wide, page->to, page->err);
}

static kist_status put_histogram(struct page *page, const json_t *info)
{
	struct kist_histogram histogram;
	size_t width = 0;

	if (!kist_histogram_of(info, &histogram))
		return KIST_OK;
	KIST_TRY(kist_buf_appendf(page->to, page->err, "\nhistogram of %llu numbers\n",
				  (unsigned long long)histogram.of));
	KIST_TRY(put_bins(page, &histogram, &width));
	return put_axis(page, json_object_get(info, "min"), json_object_get(info, "max"), width);
}

static kist_status put_exponents(struct page *page, const json_t *info)
{
	struct kist_histogram histogram;
	size_t width = 0;
	int64_t from;

	if (!kist_exponents_of(info, &histogram, &from))
		return KIST_OK;
	KIST_TRY(kist_buf_appendf(page->to, page->err, "\nexponents of %llu numbers, from 2^%lld to 2^%lld\n",
				  (unsigned long long)histogram.of, (long long)from,
				  (long long)from + (long long)histogram.count - 1));
	return put_bins(page, &histogram, &width);
}

/* The means of a curve; between the least and the most a stretch is drawn lightly in SVG only. */
static kist_status put_curve(struct page *page, const json_t *info)
{
	uint64_t heights[KIST_PICTURE_MAX];
	struct kist_map map;
	size_t count = 0;
	size_t by;

	if (!kist_curve_of(info, &map))
		return KIST_OK;
	by = merged_by(map.columns, page->width);
	for (size_t i = 0; i < map.columns; i += by, count++)
		heights[count] =
			map.cells[map.columns + i] < 0 ? 0 : (uint64_t)map.cells[map.columns + i] + 1;
	KIST_TRY(put_line(page, "\nfrom the first to the last, means"));
	KIST_TRY(kist_draw_bars(heights, count, KIST_LEVEL_MAX + 1, CHART_ROWS, 1, page->to, page->err));
	return put_axis(page, json_object_get(map.range, "from"), json_object_get(map.range, "to"), count);
}

static int level_of(const struct kist_map *map, size_t row, size_t column, size_t by)
{
	int sum = 0;
	int count = 0;

	for (size_t r = row; r < row + by && r < map->rows; r++) {
		for (size_t c = column; c < column + by && c < map->columns; c++) {
			const int level = map->cells[r * map->columns + c];

			sum += level < 0 ? 0 : level;
			count += level < 0 ? 0 : 1;
		}
	}
	return count > 0 ? sum / count : -1;
}

/* Two columns a cell, as a character is about twice as high as wide. */
static kist_status put_heat(struct page *page, const json_t *info)
{
	static const char *const shades[] = { "  ", "░░", "▒▒", "▓▓", "██" };
	struct kist_map map;
	size_t by;

	if (!kist_heat_of(info, &map))
		return KIST_OK;
	by = merged_by(map.columns, page->width / 2);
	KIST_TRY(put_line(page, "\nheat map, dark for the least"));
	for (size_t r = 0; r < map.rows; r += by) {
		for (size_t c = 0; c < map.columns; c += by) {
			const int level = level_of(&map, r, c, by);

			KIST_TRY(kist_draw_words(page->to,
						 level < 0 ? "··" : shades[level * 5 / (KIST_LEVEL_MAX + 1)],
						 page->err));
		}
		KIST_TRY(kist_draw_words(page->to, "\n", page->err));
	}
	return put_axis(page, json_object_get(map.range, "from"), json_object_get(map.range, "to"),
			2 * merged_by(map.columns, by));
}

static kist_status put_array(struct page *page, const json_t *info)
{
	static const char *const keys[] = { "dtype", "shape", "order",	 "elements", "bytes", "status",
					    "equal", "l2",    "max_abs", "min",	     "max",   "mean",
					    "std",   "nan",   "inf",	 "neg_inf",  "zero",  "negative",
					    "ratio", "first", "last",	 NULL };
	KIST_TRY(put_facts(page, info, keys));
	KIST_TRY(put_histogram(page, info));
	KIST_TRY(put_exponents(page, info));
	KIST_TRY(put_curve(page, info));
	return put_heat(page, info);
}

/* Names ------------------------------------------------------------------------------------------------ */

static const char *name_of(const json_t *row)
{
	const char *name = kist_json_get_text(row, "name");

	return name ? name : "";
}

/* Cell @k of a row; an estimate says that it is one. */
static void row_text(const struct page *page, const json_t *row, const char *const *keys, size_t k,
		     char ret[static KIST_SCALAR_SIZE])
{
	cell_text(json_object_get(row, keys[k]), k ? CELL_WIDTH : page->name_width, ret);
	if (kist_is_estimate(row, keys[k])) {
		memmove(ret + 1, ret, KIST_SCALAR_SIZE - 1);
		ret[0] = '~';
		ret[KIST_SCALAR_SIZE - 1] = '\0';
	}
}

/* The widest of each column, with its title; 0 for one that nobody has. */
static void measure(const struct page *page, const json_t *list, size_t count, const char *const *keys,
		    size_t *ret_widths)
{
	for (size_t k = 0; keys[k]; k++) {
		ret_widths[k] = 0;
		for (size_t i = 0; i < count; i++) {
			const json_t *value = json_object_get(json_array_get(list, i), keys[k]);
			char text[KIST_SCALAR_SIZE];
			size_t own;

			if (!value)
				continue;
			row_text(page, json_array_get(list, i), keys, k, text);
			own = kist_utf8_width(text);
			own = own > strlen(keys[k]) ? own : strlen(keys[k]);
			ret_widths[k] = own > ret_widths[k] ? own : ret_widths[k];
		}
	}
}

#define KEYS_MAX 16

/* Columns of a table: as many of what is said of them as fit. */
static kist_status put_row(struct page *page, const json_t *row, const char *const *keys,
			   const size_t *widths)
{
	size_t used = 0;

	for (size_t k = 0; keys[k] && used + widths[k] + 2 <= page->width; k++) {
		const json_t *value = row ? json_object_get(row, keys[k]) : NULL;
		char text[KIST_SCALAR_SIZE] = "";

		if (widths[k] == 0)
			continue;
		if (row && value)
			row_text(page, row, keys, k, text);
		else if (!row)
			snprintf(text, sizeof(text), "%s", keys[k]);
		KIST_TRY(kist_draw_padded(page->to, text, widths[k], k > 1 && !json_is_string(value),
					  page->err));
		KIST_TRY(kist_draw_words(page->to, "  ", page->err));
		used += widths[k] + 2;
	}
	if (row && used + KIST_BINS_MAX / 4 <= page->width)
		KIST_TRY(kist_draw_spark(row, page->to, page->err));
	return kist_draw_words(page->to, "\n", page->err);
}

static kist_status put_more(struct page *page, size_t left)
{
	if (left == 0)
		return KIST_OK;
	return kist_buf_appendf(page->to, page->err, "... and %zu more; --format csv has all\n", left);
}

static size_t shown_of(const json_t *list)
{
	const size_t count = json_array_size(list);

	return count < KIST_PREVIEW_ROWS_MAX ? count : KIST_PREVIEW_ROWS_MAX;
}

/* The most frequent texts of a column, as many as fit into a line. */
static kist_status put_top(struct page *page, const json_t *column)
{
	const json_t *top = json_object_get(column, "top");
	size_t used = 0;

	for (size_t i = 0; i < json_array_size(top); i++) {
		const json_t *item = json_array_get(top, i);
		char name[KIST_SCALAR_SIZE];
		char value[KIST_SCALAR_SIZE];
		char count[KIST_SCALAR_SIZE];

		if (!json_is_string(json_object_get(item, "value")))
			break;
		cell_text(json_object_get(column, "name"), page->name_width, name);
		cell_text(json_object_get(item, "value"), CELL_WIDTH, value);
		cell_text(json_object_get(item, "count"), CELL_WIDTH, count);
		if (i == 0) {
			KIST_TRY(kist_buf_appendf(page->to, page->err, "\n%s: ", name));
			used = kist_utf8_width(name) + 2;
		}
		used += kist_utf8_width(value) + kist_utf8_width(count) + 4;
		if (i > 0 && used > page->width)
			break;
		KIST_TRY(kist_buf_appendf(page->to, page->err, "%s%s (%s)", i ? "  " : "", value, count));
	}
	return used > 0 ? kist_draw_words(page->to, "\n", page->err) : KIST_OK;
}

static kist_status put_table(struct page *page, const json_t *info, const json_t *list)
{
	static const char *const facts[] = { "rows", "columns_total", NULL };
	static const char *const keys[] = { "name", "type",   "nulls",	 "distinct", "min",  "max", "mean",
					    "std",  "median", "min_len", "max_len",  "true", NULL };
	const json_t *sample = json_object_get(json_object_get(info, "sample"), "cells");
	const size_t shown = shown_of(list);
	char sampled[KIST_SCALAR_SIZE];
	size_t widths[KEYS_MAX];

	KIST_TRY(put_facts(page, info, facts));
	if (kist_sampled_text(info, list, sampled))
		KIST_TRY(put_line(page, sampled));
	if (shown == 0)
		return KIST_OK;
	measure(page, list, shown, keys, widths);
	KIST_TRY(kist_draw_words(page->to, "\n", page->err));
	KIST_TRY(put_row(page, NULL, keys, widths));
	for (size_t i = 0; i < shown; i++)
		KIST_TRY(put_row(page, json_array_get(list, i), keys, widths));
	KIST_TRY(put_more(page, json_array_size(list) - shown));
	for (size_t i = 0; i < shown; i++)
		KIST_TRY(put_top(page, json_array_get(list, i)));
	KIST_TRY(kist_draw_lines(page->to, "\nfirst lines\n", json_object_get(info, "head"), 1, page->width,
				 page->err));
	return kist_draw_lines(page->to, "\nrows from all over it\n", sample, kist_lines_step(sample),
			       page->width, page->err);
}

/* The tensors of a model as a tree: what stands before the dots of their names is said once. ---------- */

static int compare_names(const void *a, const void *b)
{
	const json_t *const *left = a;
	const json_t *const *right = b;

	/* Layer 10 comes after layer 9. */
	return strverscmp(name_of(*left), name_of(*right));
}

/* Groups within groups at most: a name may have any number of dots. */
#define DEPTH_MAX 8

/* Bytes of a name that say where it belongs, the dot behind them included. */
static size_t prefix_len(const char *name)
{
	size_t depth = 0;
	size_t len = 0;

	for (size_t i = 0; name[i] != '\0' && depth < DEPTH_MAX; i++) {
		if (name[i] == '.') {
			depth++;
			len = i + 1;
		}
	}
	return len;
}

/* Bytes of that which two names have in common. */
static size_t common_len(const char *a, const char *b)
{
	const size_t most = prefix_len(b);
	size_t common = 0;

	for (size_t i = 0; i < most && a[i] == b[i]; i++) {
		if (a[i] == '.')
			common = i + 1;
	}
	return common;
}

static size_t depth_of(const char *name, size_t len)
{
	size_t depth = 0;

	for (size_t i = 0; i < len; i++)
		depth += name[i] == '.';
	return depth;
}

static uint64_t bytes_of(const json_t *row)
{
	uint64_t bytes = 0;

	(void)kist_json_get_u64(row, "bytes", &bytes);
	return bytes;
}

struct tree {
	const json_t **rows;
	size_t count;
	size_t widths[KEYS_MAX];
};

/* What follows is in the group @len bytes long: its line, with how many there are and their bytes. */
static kist_status put_group(struct page *page, const struct tree *tree, size_t i, size_t begin, size_t len)
{
	const char *name = name_of(tree->rows[i]);
	char text[KIST_SCALAR_SIZE];
	uint64_t bytes = 0;
	size_t last = i;

	for (; last < tree->count && strncmp(name_of(tree->rows[last]), name, len) == 0; last++)
		bytes += bytes_of(tree->rows[last]);
	kist_text_escape(name + begin, len - begin - 1, text, page->name_width);
	return kist_buf_appendf(page->to, page->err, "%*s%s  (%zu tensors, %llu bytes)\n",
				2 * (int)depth_of(name, begin), "", text, last - i,
				(unsigned long long)bytes);
}

static const char *const tensor_keys[] = { "dtype", "shape", "bytes", "status", "equal", "l2", "max_abs",
					   "ratio", "min",   "max",   "mean",	"std",	 NULL };

static kist_status put_tensor(struct page *page, const struct tree *tree, size_t i, size_t begin)
{
	const json_t *row = tree->rows[i];
	const char *name = name_of(row);
	const size_t indent = 2 * depth_of(name, begin);
	char text[KIST_SCALAR_SIZE];
	size_t used = tree->widths[KEYS_MAX - 1];

	kist_text_escape(name + begin, strlen(name + begin), text, page->name_width - indent);
	KIST_TRY(kist_buf_appendf(page->to, page->err, "%*s", (int)indent, ""));
	KIST_TRY(kist_draw_padded(page->to, text, tree->widths[KEYS_MAX - 1] - indent, false, page->err));
	for (size_t k = 0; tensor_keys[k] && used + tree->widths[k] + 2 <= page->width; k++) {
		const json_t *value = json_object_get(row, tensor_keys[k]);

		text[0] = '\0';
		if (value)
			cell_text(value, CELL_WIDTH, text);
		if (tree->widths[k] == 0)
			continue;
		KIST_TRY(kist_draw_words(page->to, "  ", page->err));
		KIST_TRY(kist_draw_padded(page->to, text, tree->widths[k], json_is_number(value), page->err));
		used += tree->widths[k] + 2;
	}
	if (used + 2 + KIST_BINS_MAX / 4 <= page->width) {
		KIST_TRY(kist_draw_words(page->to, "  ", page->err));
		KIST_TRY(kist_draw_spark(row, page->to, page->err));
	}
	return kist_draw_words(page->to, "\n", page->err);
}

static kist_status put_tree(struct page *page, const struct tree *tree)
{
	const char *before = "";

	for (size_t i = 0; i < tree->count; i++) {
		const char *name = name_of(tree->rows[i]);
		const size_t prefix = prefix_len(name);
		size_t begin = common_len(before, name);

		for (size_t at = begin; at < prefix; at++) {
			if (name[at] != '.')
				continue;
			KIST_TRY(put_group(page, tree, i, begin, at + 1));
			begin = at + 1;
		}
		KIST_TRY(put_tensor(page, tree, i, prefix));
		before = name;
	}
	return KIST_OK;
}

static void measure_tree(const struct page *page, const json_t *list, struct tree *tree)
{
	size_t *const name_width = &tree->widths[KEYS_MAX - 1];

	for (size_t i = 0; i < tree->count; i++) {
		const char *name = name_of(tree->rows[i]);
		const size_t prefix = prefix_len(name);
		char text[KIST_SCALAR_SIZE];
		size_t own;

		kist_text_escape(name + prefix, strlen(name + prefix), text,
				 page->name_width - 2 * depth_of(name, prefix));
		own = kist_utf8_width(text) + 2 * depth_of(name, prefix);
		*name_width = own > *name_width ? own : *name_width;
	}
	measure(page, list, tree->count, tensor_keys, tree->widths);
}

/* Exponents of all tensors of a type. */
static kist_status put_floats(struct page *page, const json_t *info)
{
	static const char *const facts[] = { "bytes", "ratio", NULL };

	for (size_t i = 0; i < KIST_FLOAT_TYPES; i++) {
		const char *dtype;
		const json_t *const floats = kist_floats_of(info, i, &dtype);

		if (!floats)
			continue;
		KIST_TRY(kist_buf_appendf(page->to, page->err, "\n%s\n", dtype));
		KIST_TRY(put_facts(page, floats, facts));
		KIST_TRY(put_exponents(page, floats));
	}
	return KIST_OK;
}

static kist_status put_license(struct page *page, const json_t *info)
{
	const char *const license = kist_preview_license(info);
	const size_t room = page->width - strlen("license");
	char text[KIST_SCALAR_SIZE];

	if (!license)
		return KIST_OK;
	kist_text_escape(license, strlen(license), text, room < sizeof(text) ? room : sizeof(text));
	return kist_buf_appendf(page->to, page->err, "license %s\n", text);
}

static kist_status put_model(struct page *page, const json_t *info, const json_t *list)
{
	static const char *const facts[] = { "tensors", "parameters", "bytes", "left_out", NULL };
	kist_auto_buf struct kist_buf rows = KIST_BUF_INIT(KIST_PREVIEW_ROWS_MAX * sizeof(json_t *));
	struct tree tree = { .count = shown_of(list) };

	KIST_TRY(put_facts(page, info, facts));
	KIST_TRY(put_license(page, info));
	for (size_t i = 0; i < tree.count; i++) {
		const json_t *row = json_array_get(list, i);

		KIST_TRY(kist_buf_append(&rows, &row, sizeof(row), page->err));
	}
	if (tree.count > 0) {
		tree.rows = (const json_t **)(void *)rows.data;
		qsort(rows.data, tree.count, sizeof(*tree.rows), compare_names);
		measure_tree(page, list, &tree);
		KIST_TRY(kist_draw_words(page->to, "\n", page->err));
		KIST_TRY(put_tree(page, &tree));
	}
	KIST_TRY(put_more(page, json_array_size(list) - tree.count));
	return put_floats(page, info);
}

kist_status kist_preview_text(const char *title, const json_t *info, size_t width, struct kist_buf *ret,
			      struct kist_error *err)
{
	const char *const facts[] = { "kind", "format", NULL };
	struct page page = { .width = width, .to = ret, .err = err };
	const json_t *list = kist_preview_list(info);
	const char *kind = kist_json_get_text(info, "kind");
	char text[KIST_SCALAR_SIZE];

	if (page.width < KIST_PREVIEW_WIDTH_MIN)
		page.width = KIST_PREVIEW_WIDTH_MIN;
	if (page.width > KIST_PREVIEW_WIDTH_MAX)
		page.width = KIST_PREVIEW_WIDTH_MAX;
	page.name_width = page.width / 2 < NAME_WIDTH ? page.width / 2 : NAME_WIDTH;
	kist_name_escape(title, strlen(title), text, sizeof(text));
	KIST_TRY(put_line(&page, text));
	KIST_TRY(put_facts(&page, info, facts));
	if (list && kind && strcmp(kind, "table") == 0)
		return put_table(&page, info, list);
	return list ? put_model(&page, info, list) : put_array(&page, info);
}
