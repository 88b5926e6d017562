/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xml.h"
#include "preview/picture.h"
#include "preview/preview.h"

/* In pixels: the page, what is left free around it, a line of text, a chart, a line's small histogram. */
#define WIDTH	     800
#define MARGIN	     20
#define LINE	     18
#define CHART_HEIGHT 160
#define SMALL_WIDTH  120
#define SMALL_AT     (WIDTH - MARGIN - SMALL_WIDTH)

/* Where the next thing goes; the size of the image is known at the end, so what is drawn is kept apart. */
struct svg {
	struct kist_buf body;
	size_t y;
	struct kist_error *err;
};

static kist_status put_words(struct svg *svg, size_t x, size_t size, const char *text)
{
	KIST_TRY(kist_buf_appendf(&svg->body, svg->err, "<text x=\"%zu\" y=\"%zu\" font-size=\"%zu\">", x,
				  svg->y, size));
	KIST_TRY(kist_xml_append(&svg->body, text, svg->err));
	return kist_draw_words(&svg->body, "</text>\n", svg->err);
}

static kist_status put_line(struct svg *svg, const char *text)
{
	svg->y += LINE;
	return put_words(svg, MARGIN, 13, text);
}

static kist_status put_facts(struct svg *svg, const json_t *object, const char *const *keys)
{
	char line[4 * KIST_SCALAR_SIZE] = "";
	size_t len = 0;

	for (; *keys; keys++) {
		const json_t *value = json_object_get(object, *keys);
		char text[KIST_SCALAR_SIZE];

		if (!value || json_is_object(value))
			continue;
		kist_scalar_text(value, text);
		if (len > 0 && len + strlen(*keys) + strlen(text) > 110) {
			KIST_TRY(put_line(svg, line));
			len = 0;
		}
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s %s", len ? "   " : "", *keys,
					text);
	}
	return len ? put_line(svg, line) : KIST_OK;
}

/* Bars within @width by @height at @x, ending at the present line. */
static kist_status put_bins(struct svg *svg, const struct kist_histogram *histogram, size_t x, size_t width,
			    size_t height)
{
	for (size_t i = 0; i < histogram->count; i++) {
		const double high = (double)histogram->bins[i] / (double)histogram->most * (double)height;
		const double wide = (double)width / (double)histogram->count;

		KIST_TRY(kist_buf_appendf(
			&svg->body, svg->err,
			"<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#4477aa\"/>\n",
			(double)x + (double)i * wide, (double)svg->y - high, wide * 0.9, high));
	}
	return KIST_OK;
}

static kist_status put_bars(struct svg *svg, const json_t *object, size_t x, size_t width, size_t height)
{
	struct kist_histogram histogram;

	return kist_histogram_of(object, &histogram) ? put_bins(svg, &histogram, x, width, height) : KIST_OK;
}

/* What is written under the left and the right end. */
static kist_status put_axis(struct svg *svg, const json_t *from, const json_t *to, size_t width)
{
	char text[KIST_SCALAR_SIZE];

	svg->y += LINE;
	kist_scalar_text(from, text);
	KIST_TRY(put_words(svg, MARGIN, 11, text));
	kist_scalar_text(to, text);
	KIST_TRY(kist_buf_appendf(&svg->body, svg->err,
				  "<text x=\"%zu\" y=\"%zu\" font-size=\"11\" text-anchor=\"end\">",
				  MARGIN + width, svg->y));
	KIST_TRY(kist_xml_append(&svg->body, text, svg->err));
	return kist_draw_words(&svg->body, "</text>\n", svg->err);
}

static kist_status put_histogram(struct svg *svg, const json_t *info)
{
	struct kist_histogram histogram;
	char text[64];

	if (!kist_histogram_of(info, &histogram))
		return KIST_OK;
	snprintf(text, sizeof(text), "histogram of %llu numbers", (unsigned long long)histogram.of);
	svg->y += LINE;
	KIST_TRY(put_line(svg, text));
	svg->y += CHART_HEIGHT + 6;
	KIST_TRY(put_bars(svg, info, MARGIN, WIDTH - 2 * MARGIN, CHART_HEIGHT));
	return put_axis(svg, json_object_get(info, "min"), json_object_get(info, "max"), WIDTH - 2 * MARGIN);
}

static kist_status put_exponents(struct svg *svg, const json_t *info)
{
	struct kist_histogram histogram;
	char text[96];
	int64_t from;

	if (!kist_exponents_of(info, &histogram, &from))
		return KIST_OK;
	snprintf(text, sizeof(text), "exponents of %llu numbers, from 2^%lld to 2^%lld",
		 (unsigned long long)histogram.of, (long long)from,
		 (long long)from + (long long)histogram.count - 1);
	svg->y += LINE;
	KIST_TRY(put_line(svg, text));
	svg->y += CHART_HEIGHT + 6;
	return put_bins(svg, &histogram, MARGIN, WIDTH - 2 * MARGIN, CHART_HEIGHT);
}

static double curve_x(const struct kist_map *map, size_t i)
{
	return MARGIN + ((double)i + 0.5) / (double)map->columns * (WIDTH - 2 * MARGIN);
}

static kist_status put_point(struct svg *svg, const struct kist_map *map, size_t row, size_t i)
{
	const int level = map->cells[row * map->columns + i];

	if (level < 0)
		return KIST_OK;
	return kist_buf_appendf(&svg->body, svg->err, "%.2f,%.2f ", curve_x(map, i),
				(double)svg->y - (double)level / KIST_LEVEL_MAX * CHART_HEIGHT);
}

/* The means as a line, and what lies between the least and the most behind it. */
static kist_status put_curve(struct svg *svg, const json_t *info)
{
	struct kist_map map;

	if (!kist_curve_of(info, &map))
		return KIST_OK;
	svg->y += LINE;
	KIST_TRY(put_line(svg, "from the first to the last: least, mean, most"));
	svg->y += CHART_HEIGHT + 6;
	KIST_TRY(kist_draw_words(&svg->body, "<polygon fill=\"#bbccee\" points=\"", svg->err));
	for (size_t i = 0; i < map.columns; i++)
		KIST_TRY(put_point(svg, &map, 2, i));
	for (size_t i = map.columns; i-- > 0;)
		KIST_TRY(put_point(svg, &map, 0, i));
	KIST_TRY(kist_draw_words(&svg->body, "\"/>\n<polyline fill=\"none\" stroke=\"#4477aa\" points=\"",
				 svg->err));
	for (size_t i = 0; i < map.columns; i++)
		KIST_TRY(put_point(svg, &map, 1, i));
	KIST_TRY(kist_draw_words(&svg->body, "\"/>\n", svg->err));
	return put_axis(svg, json_object_get(map.range, "from"), json_object_get(map.range, "to"),
			WIDTH - 2 * MARGIN);
}

static kist_status put_heat(struct svg *svg, const json_t *info)
{
	struct kist_map map;
	size_t side;

	if (!kist_heat_of(info, &map))
		return KIST_OK;
	side = (WIDTH - 2 * MARGIN) / (map.rows > map.columns ? map.rows : map.columns);
	side = side > 24 ? 24 : side;
	svg->y += LINE;
	KIST_TRY(put_line(svg, "heat map"));
	svg->y += 6;
	for (size_t i = 0; i < map.rows * map.columns; i++) {
		const int level = map.cells[i];

		/* From dark blue to light yellow; what is no number is grey. */
		KIST_TRY(kist_buf_appendf(
			&svg->body, svg->err,
			"<rect x=\"%zu\" y=\"%zu\" width=\"%zu\" height=\"%zu\" fill=\"#%02x%02x%02x\"/>\n",
			MARGIN + i % map.columns * side, svg->y + i / map.columns * side, side, side,
			level < 0 ? 0x99 : 40 + level * 210 / KIST_LEVEL_MAX,
			level < 0 ? 0x99 : 20 + level * 220 / KIST_LEVEL_MAX,
			level < 0 ? 0x99 : 110 + level * 40 / KIST_LEVEL_MAX));
	}
	svg->y += map.rows * side;
	return put_axis(svg, json_object_get(map.range, "from"), json_object_get(map.range, "to"),
			map.columns * side < 160 ? 160 : map.columns * side);
}

/* A line for each column of a table or tensor of a model. */
static kist_status put_rows(struct svg *svg, const json_t *list)
{
	static const char *const keys[] = { "name", "type", "dtype", "shape", "status", "nulls", "distinct",
					    "min",  "max",  "mean",  "std",   "ratio",	NULL };
	const size_t count = json_array_size(list);

	svg->y += LINE / 2;
	for (size_t i = 0; i < count && i < KIST_PREVIEW_ROWS_MAX; i++) {
		const json_t *row = json_array_get(list, i);
		char line[256] = "";
		char cut[128];

		for (size_t k = 0; keys[k]; k++) {
			const json_t *value = json_object_get(row, keys[k]);
			const size_t len = strlen(line);
			char text[KIST_SCALAR_SIZE];

			if (!value || json_is_object(value))
				continue;
			kist_scalar_text(value, text);
			kist_text_escape(text, strlen(text), cut, 48);
			snprintf(line + len, sizeof(line) - len, "%s%s%s%s", k ? "  " : "",
				 k > 5 ? keys[k] : "",
				 kist_is_estimate(row, keys[k]) ? " ~"
				 : k > 5			? " "
								: "",
				 cut);
		}
		kist_text_escape(line, strlen(line), cut, sizeof(cut));
		KIST_TRY(put_line(svg, cut));
		KIST_TRY(put_bars(svg, row, SMALL_AT, SMALL_WIDTH, LINE - 4));
	}
	if (count <= KIST_PREVIEW_ROWS_MAX)
		return KIST_OK;
	return put_line(svg, "... and more");
}

/* Lines of a table as they are, and cells of its rows: each @step-th. */
static kist_status put_lines(struct svg *svg, const json_t *lines, size_t step)
{
	svg->y += LINE;
	for (size_t i = 0; i < KIST_LINES_SHOWN && i * step < json_array_size(lines); i++) {
		char text[KIST_SCALAR_SIZE];
		char cut[100];

		kist_line_text(json_array_get(lines, i * step), text);
		kist_text_escape(text, strlen(text), cut, sizeof(cut));
		KIST_TRY(put_line(svg, cut));
	}
	return KIST_OK;
}

/* Exponents of all tensors of a type. */
static kist_status put_floats(struct svg *svg, const json_t *info)
{
	static const char *const facts[] = { "bytes", "ratio", NULL };

	for (size_t i = 0; i < KIST_FLOAT_TYPES; i++) {
		const char *dtype;
		const json_t *const floats = kist_floats_of(info, i, &dtype);

		if (!floats)
			continue;
		svg->y += LINE;
		KIST_TRY(put_line(svg, dtype));
		KIST_TRY(put_facts(svg, floats, facts));
		KIST_TRY(put_exponents(svg, floats));
	}
	return KIST_OK;
}

static kist_status put_license(struct svg *svg, const json_t *info)
{
	const char *const license = kist_preview_license(info);
	char text[100];
	char cut[80];

	if (!license)
		return KIST_OK;
	kist_text_escape(license, strlen(license), cut, sizeof(cut));
	snprintf(text, sizeof(text), "license %s", cut);
	return put_line(svg, text);
}

static kist_status draw(struct svg *svg, const char *title, const json_t *info)
{
	static const char *const keys[] = { "kind",	"format",  "dtype",	    "shape",	"order",
					    "elements", "rows",	   "columns_total", "tensors",	"parameters",
					    "bytes",	"status",  "equal",	    "l2",	"max_abs",
					    "min",	"max",	   "mean",	    "std",	"nan",
					    "inf",	"neg_inf", "zero",	    "negative", "ratio",
					    NULL };
	const json_t *sample = json_object_get(json_object_get(info, "sample"), "cells");
	const json_t *list = kist_preview_list(info);
	char text[KIST_SCALAR_SIZE];

	kist_name_escape(title, strlen(title), text, sizeof(text));
	svg->y = MARGIN;
	KIST_TRY(put_words(svg, MARGIN, 16, text));
	KIST_TRY(put_facts(svg, info, keys));
	if (list) {
		KIST_TRY(put_license(svg, info));
		if (kist_sampled_text(info, list, text))
			KIST_TRY(put_line(svg, text));
		KIST_TRY(put_rows(svg, list));
		KIST_TRY(put_floats(svg, info));
		KIST_TRY(put_lines(svg, json_object_get(info, "head"), 1));
		return put_lines(svg, sample, kist_lines_step(sample));
	}
	KIST_TRY(put_histogram(svg, info));
	KIST_TRY(put_exponents(svg, info));
	KIST_TRY(put_curve(svg, info));
	return put_heat(svg, info);
}

kist_status kist_preview_svg(const char *title, const json_t *info, struct kist_buf *ret,
			     struct kist_error *err)
{
	struct svg svg = { .body = KIST_BUF_INIT(KIST_PREVIEW_SIZE_MAX), .err = err };
	kist_status status = draw(&svg, title, info);

	if (status == KIST_OK)
		status = kist_buf_appendf(
			ret, err,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" "
			"font-family=\"monospace\">\n<rect width=\"100%%\" height=\"100%%\" "
			"fill=\"white\"/>\n",
			WIDTH, svg.y + MARGIN);
	if (status == KIST_OK)
		status = kist_buf_append(ret, svg.body.data, svg.body.size, err);
	if (status == KIST_OK)
		status = kist_draw_words(ret, "</svg>\n", err);
	kist_buf_done(&svg.body);
	return status;
}
