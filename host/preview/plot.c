/* SPDX-License-Identifier: Apache-2.0 */
#include "preview/plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xml.h"
#include "preview/picture.h"

/* In pixels: what is left free around, a line, the room for labels, for the drawing, and for numbers behind it. */
#define MARGIN	     20
#define LINE	     22
#define LABEL_WIDTH  220
#define PLOT_WIDTH   420
#define DETAIL_WIDTH 240
#define PLOT_AT	     (MARGIN + LABEL_WIDTH)
#define DETAIL_AT    (PLOT_AT + PLOT_WIDTH + 16)
#define WIDTH	     (DETAIL_AT + DETAIL_WIDTH + MARGIN)

/* Bytes of a name that are shown. */
#define SHOWN_SIZE 256

/* What one group is drawn between. */
struct scale {
	double from;
	double to;
};

/* Names are what anybody wrote: neither XML nor a terminal takes all of that. */
static const char *shown(const char *text, char ret[static SHOWN_SIZE])
{
	kist_text_escape(text, strlen(text), ret, SHOWN_SIZE);
	return ret;
}

static void widen(struct scale *scale, double value)
{
	if (!isfinite(value))
		return;
	/* Nothing was taken in as long as they stand the wrong way round. */
	scale->from = value < scale->from ? value : scale->from;
	scale->to = value > scale->to ? value : scale->to;
}

static bool is_same_group(const struct kist_plot_row *a, const struct kist_plot_row *b)
{
	return strcmp(a->group, b->group) == 0;
}

static struct scale scale_of(const struct kist_plot_row *rows, size_t count)
{
	struct scale scale = { INFINITY, -INFINITY };

	for (size_t i = 0; i < count && is_same_group(&rows[0], &rows[i]); i++) {
		widen(&scale, rows[i].mean);
		widen(&scale, rows[i].min);
		widen(&scale, rows[i].max);
		widen(&scale, rows[i].mean - rows[i].spread);
		widen(&scale, rows[i].mean + rows[i].spread);
	}
	return scale;
}

/* Where a value stands: 0 to 1; halves first, since the difference may be larger than any number. */
static double share(struct scale scale, double value)
{
	const double width = scale.to / 2 - scale.from / 2;

	return width > 0 ? (value / 2 - scale.from / 2) / width : 0.5;
}

static double place(struct scale scale, double value)
{
	return PLOT_AT + share(scale, value) * PLOT_WIDTH;
}

static kist_status put_words(struct kist_buf *ret, size_t x, size_t y, const char *text,
			     struct kist_error *err)
{
	char line[SHOWN_SIZE];

	KIST_TRY(kist_buf_appendf(ret, err, "<text x=\"%zu\" y=\"%zu\" font-size=\"13\">", x, y));
	KIST_TRY(kist_xml_append(ret, shown(text, line), err));
	return kist_draw_words(ret, "</text>\n", err);
}

static kist_status put_line(struct kist_buf *ret, struct scale scale, double from, double to, size_t y,
			    unsigned width, struct kist_error *err)
{
	if (!isfinite(from) || !isfinite(to))
		return KIST_OK;
	return kist_buf_appendf(ret, err,
				"<line x1=\"%.1f\" y1=\"%zu\" x2=\"%.1f\" y2=\"%zu\" stroke=\"steelblue\" "
				"stroke-width=\"%u\"/>\n",
				place(scale, from), y, place(scale, to), y, width);
}

static kist_status put_row(struct kist_buf *ret, struct scale scale, const struct kist_plot_row *row,
			   size_t y, struct kist_error *err)
{
	const size_t middle = y - LINE / 4;

	KIST_TRY(put_words(ret, MARGIN, y, row->label, err));
	KIST_TRY(put_words(ret, DETAIL_AT, y, row->detail, err));
	KIST_TRY(put_line(ret, scale, row->min, row->max, middle, 1, err));
	KIST_TRY(put_line(ret, scale, row->mean - row->spread, row->mean + row->spread, middle, 6, err));
	if (!isfinite(row->mean))
		return KIST_OK;
	return kist_buf_appendf(ret, err, "<circle cx=\"%.1f\" cy=\"%zu\" r=\"5\" fill=\"darkred\"/>\n",
				place(scale, row->mean), middle);
}

static kist_status put_group(struct kist_buf *ret, struct scale scale, const char *group, size_t y,
			     struct kist_error *err)
{
	KIST_TRY(put_words(ret, MARGIN, y, group, err));
	if (scale.from > scale.to)
		return KIST_OK;
	return kist_buf_appendf(ret, err,
				"<text x=\"%d\" y=\"%zu\" font-size=\"11\">%.6g</text>\n"
				"<text x=\"%d\" y=\"%zu\" font-size=\"11\" text-anchor=\"end\">%.6g</text>\n",
				PLOT_AT, y, scale.from, PLOT_AT + PLOT_WIDTH, y, scale.to);
}

static size_t count_groups(const struct kist_plot_row *rows, size_t count)
{
	size_t groups = 0;

	for (size_t i = 0; i < count; i++)
		groups += i == 0 || !is_same_group(&rows[i - 1], &rows[i]);
	return groups;
}

kist_status kist_plot_svg(const char *title, const struct kist_plot_row *rows, size_t count,
			  struct kist_buf *ret, struct kist_error *err)
{
	struct scale scale = { 0, 0 };
	size_t y = MARGIN + LINE;

	KIST_TRY(kist_buf_appendf(ret, err,
				  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" "
				  "font-family=\"monospace\">\n<rect width=\"100%%\" height=\"100%%\" "
				  "fill=\"white\"/>\n",
				  WIDTH, 2 * MARGIN + LINE * (1 + count + 2 * count_groups(rows, count))));
	KIST_TRY(put_words(ret, MARGIN, y, title, err));
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !is_same_group(&rows[i - 1], &rows[i])) {
			scale = scale_of(&rows[i], count - i);
			y += 2 * LINE;
			KIST_TRY(put_group(ret, scale, rows[i].group, y, err));
		}
		y += LINE;
		KIST_TRY(put_row(ret, scale, &rows[i], y, err));
	}
	return kist_draw_words(ret, "</svg>\n", err);
}

/* On a terminal, in columns. */
#define TEXT_LABEL 22
#define TEXT_PLOT  36

/* The columns from one value to another are @mark. */
static void fill(const char *cells[static TEXT_PLOT], struct scale scale, double from, double to,
		 const char *mark)
{
	if (!isfinite(from) || !isfinite(to))
		return;
	for (long i = lround(share(scale, from) * (TEXT_PLOT - 1));
	     i <= lround(share(scale, to) * (TEXT_PLOT - 1)); i++)
		cells[i] = mark;
}

static kist_status put_text_row(struct kist_buf *ret, struct scale scale, const struct kist_plot_row *row,
				struct kist_error *err)
{
	const char *cells[TEXT_PLOT];
	char label[SHOWN_SIZE];

	for (size_t i = 0; i < TEXT_PLOT; i++)
		cells[i] = " ";
	fill(cells, scale, row->min, row->max, "\u2500");
	fill(cells, scale, row->mean - row->spread, row->mean + row->spread, "\u2501");
	fill(cells, scale, row->mean, row->mean, "\u25cf");
	KIST_TRY(kist_draw_words(ret, "  ", err));
	KIST_TRY(kist_draw_padded(ret, shown(row->label, label), TEXT_LABEL - 2, false, err));
	for (size_t i = 0; i < TEXT_PLOT; i++)
		KIST_TRY(kist_draw_words(ret, cells[i], err));
	return kist_buf_appendf(ret, err, "  %s\n", row->detail);
}

static kist_status put_text_group(struct kist_buf *ret, struct scale scale, const char *group,
				  struct kist_error *err)
{
	char from[32] = "";
	char to[32] = "";
	char name[SHOWN_SIZE];

	if (scale.from <= scale.to) {
		(void)snprintf(from, sizeof(from), "%.6g", scale.from);
		(void)snprintf(to, sizeof(to), "%.6g", scale.to);
	}
	KIST_TRY(kist_draw_padded(ret, shown(group, name), TEXT_LABEL, false, err));
	return kist_buf_appendf(ret, err, "%s%*s\n", from, (int)(TEXT_PLOT - strlen(from)), to);
}

kist_status kist_plot_text(const struct kist_plot_row *rows, size_t count, struct kist_buf *ret,
			   struct kist_error *err)
{
	struct scale scale = { 0, 0 };

	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !is_same_group(&rows[i - 1], &rows[i])) {
			scale = scale_of(&rows[i], count - i);
			KIST_TRY(put_text_group(ret, scale, rows[i].group, err));
		}
		KIST_TRY(put_text_row(ret, scale, &rows[i], err));
	}
	return KIST_OK;
}
