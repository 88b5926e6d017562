/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/xml.h"
#include "preview/graph.h"
#include "preview/picture.h"

/* In pixels: what is left free around, a box, what is free between boxes of a column and between columns. */
#define MARGIN	    20
#define BOX_WIDTH   240
#define BOX_HEIGHT  44
#define ROW_STEP    (BOX_HEIGHT + 20)
#define COLUMN_STEP (BOX_WIDTH + 90)
#define TEXT_INDENT 8
/* Bytes of a line in a box, NUL included; that of the detail is smaller. */
#define LABEL_SIZE  32
#define DETAIL_SIZE 38
#define EDGE_SIZE   14
/* How often the rows are put near to what they are made of. */
#define SWEEPS 6

/* Where a node stands. */
struct place {
	size_t node;
	size_t column;
	size_t row;
	double wish; /* the mean row of its neighbours */
};

struct layout {
	const struct kist_graph *graph;
	struct place *places; /* by node */
	size_t *order;	      /* nodes, column by column, in order of row */
	size_t columns;
	size_t rows;
};

static void layout_done(struct layout *layout)
{
	kist_free(layout->places);
	kist_free(layout->order);
}

/* One that waits for nothing; in a circle the first that is left. */
static size_t choose_node(const struct layout *layout, const size_t *waits, const bool *done)
{
	size_t first = SIZE_MAX;

	for (size_t i = 0; i < layout->graph->node_count; i++) {
		if (done[i])
			continue;
		if (waits[i] == 0)
			return i;
		if (first == SIZE_MAX)
			first = i;
	}
	return first;
}

/* Right of all that it is made of. */
static kist_status find_columns(struct layout *layout, struct kist_error *err)
{
	const struct kist_graph *graph = layout->graph;
	kist_auto_mem size_t *waits = kist_alloc(graph->node_count, sizeof(*waits));
	kist_auto_mem bool *done = kist_alloc(graph->node_count, sizeof(*done));

	if (!waits || !done)
		return kist_fail_memory(err, graph->node_count * sizeof(*waits));
	for (size_t i = 0; i < graph->edge_count; i++)
		waits[graph->edges[i].to]++;
	for (size_t n = 0; n < graph->node_count; n++) {
		const size_t no = choose_node(layout, waits, done);
		const size_t column = layout->places[no].column;

		done[no] = true;
		if (column >= layout->columns)
			layout->columns = column + 1;
		for (size_t i = 0; i < graph->edge_count; i++) {
			const size_t to = graph->edges[i].to;

			if (graph->edges[i].from != no || done[to])
				continue;
			waits[to]--;
			if (layout->places[to].column <= column)
				layout->places[to].column = column + 1;
		}
	}
	return KIST_OK;
}

/* Sorts by column, then by what row it wishes, then as it was. */
static int compare(const void *a, const void *b)
{
	const struct place *x = a;
	const struct place *y = b;

	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	if (x->wish < y->wish || x->wish > y->wish)
		return x->wish < y->wish ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

static void find_rows(struct layout *layout, struct place *sorted)
{
	const size_t count = layout->graph->node_count;
	size_t row = 0;

	memcpy(sorted, layout->places, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 0; i < count; i++) {
		row = i > 0 && sorted[i].column == sorted[i - 1].column ? row + 1 : 0;
		layout->order[i] = sorted[i].node;
		layout->places[sorted[i].node].row = row;
		if (row >= layout->rows)
			layout->rows = row + 1;
	}
}

/* The mean row of those it is made of, or with @forward of those made of it. */
static void find_wishes(struct layout *layout, bool forward)
{
	const struct kist_graph *graph = layout->graph;

	for (size_t no = 0; no < graph->node_count; no++) {
		double sum = 0;
		double count = 0;

		for (size_t i = 0; i < graph->edge_count; i++) {
			const struct kist_graph_edge *edge = &graph->edges[i];

			if ((forward ? edge->from : edge->to) != no)
				continue;
			sum += (double)layout->places[forward ? edge->to : edge->from].row;
			count++;
		}
		layout->places[no].wish = count > 0 ? sum / count : (double)layout->places[no].row;
	}
}

static kist_status lay_out(struct layout *layout, struct kist_error *err)
{
	const size_t count = layout->graph->node_count;
	kist_auto_mem struct place *sorted = kist_alloc(count, sizeof(*sorted));

	layout->places = kist_alloc(count, sizeof(*layout->places));
	layout->order = kist_alloc(count, sizeof(*layout->order));
	if (!sorted || !layout->places || !layout->order)
		return kist_fail_memory(err, count * sizeof(*sorted));
	for (size_t i = 0; i < count; i++)
		layout->places[i].node = i;
	KIST_TRY(find_columns(layout, err));
	find_rows(layout, sorted);
	for (unsigned i = 0; i < SWEEPS; i++) {
		find_wishes(layout, i % 2 == 1);
		find_rows(layout, sorted);
	}
	return KIST_OK;
}

static size_t x_of(const struct place *place)
{
	return MARGIN + place->column * COLUMN_STEP;
}

static size_t y_of(const struct place *place)
{
	return MARGIN + place->row * ROW_STEP;
}

static kist_status put_text(struct kist_buf *ret, size_t x, size_t y, size_t size, const char *text,
			    size_t room, struct kist_error *err)
{
	char cut[LABEL_SIZE + DETAIL_SIZE];

	kist_text_escape(text, strlen(text), cut, room);
	KIST_TRY(kist_buf_appendf(ret, err, "<text x=\"%zu\" y=\"%zu\" font-size=\"%zu\">", x, y, size));
	KIST_TRY(kist_xml_append(ret, cut, err));
	return kist_draw_words(ret, "</text>\n", err);
}

static kist_status put_edge(struct kist_buf *ret, const struct layout *layout,
			    const struct kist_graph_edge *edge, struct kist_error *err)
{
	const struct place *from = &layout->places[edge->from];
	const struct place *to = &layout->places[edge->to];
	const size_t x1 = x_of(from) + BOX_WIDTH;
	const size_t y1 = y_of(from) + BOX_HEIGHT / 2;
	const size_t x2 = x_of(to);
	const size_t y2 = y_of(to) + BOX_HEIGHT / 2;
	const size_t bend = (COLUMN_STEP - BOX_WIDTH) / 2;

	KIST_TRY(kist_buf_appendf(
		ret, err,
		"<path d=\"M%zu %zu C%zu %zu %zu %zu %zu %zu\" fill=\"none\" stroke=\"#888\"/>\n"
		"<path d=\"M%zu %zu l-7 -4 l0 8 z\" fill=\"#888\"/>\n",
		x1, y1, x1 + bend, y1, x2 > bend ? x2 - bend : 0, y2, x2, y2, x2, y2));
	return edge->label[0] ? put_text(ret, x1 + 4, (y1 + y2) / 2 - 3, 10, edge->label, EDGE_SIZE, err)
			      : KIST_OK;
}

static kist_status put_box(struct kist_buf *ret, const struct layout *layout, size_t no,
			   struct kist_error *err)
{
	const struct kist_graph_node *node = &layout->graph->nodes[no];
	const size_t x = x_of(&layout->places[no]);
	const size_t y = y_of(&layout->places[no]);

	KIST_TRY(
		kist_buf_appendf(ret, err,
				 "<rect x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\" rx=\"%d\" fill=\"%s\" "
				 "stroke=\"#444\" stroke-width=\"%d\"/>\n",
				 x, y, BOX_WIDTH, BOX_HEIGHT, node->is_act ? 0 : 10,
				 node->is_act ? "#e8e8e8" : "#eef4ff", node->is_marked ? 3 : 1));
	KIST_TRY(put_text(ret, x + TEXT_INDENT, y + 18, 12, node->label, LABEL_SIZE, err));
	return put_text(ret, x + TEXT_INDENT, y + 34, 10, node->detail, DETAIL_SIZE, err);
}

static kist_status draw(const struct layout *layout, struct kist_buf *ret, struct kist_error *err)
{
	const struct kist_graph *graph = layout->graph;

	KIST_TRY(kist_buf_appendf(ret, err,
				  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"%zu\" "
				  "font-family=\"monospace\">\n<rect width=\"100%%\" height=\"100%%\" "
				  "fill=\"white\"/>\n",
				  2 * MARGIN + layout->columns * COLUMN_STEP - (COLUMN_STEP - BOX_WIDTH),
				  2 * MARGIN + layout->rows * ROW_STEP - (ROW_STEP - BOX_HEIGHT)));
	for (size_t i = 0; i < graph->edge_count; i++)
		KIST_TRY(put_edge(ret, layout, &graph->edges[i], err));
	for (size_t i = 0; i < graph->node_count; i++)
		KIST_TRY(put_box(ret, layout, layout->order[i], err));
	return kist_draw_words(ret, "</svg>\n", err);
}

kist_status kist_graph_svg(const struct kist_graph *graph, struct kist_buf *ret, struct kist_error *err)
{
	__attribute__((cleanup(layout_done))) struct layout layout = { .graph = graph };

	if (graph->node_count == 0 || graph->node_count > KIST_GRAPH_NODES_MAX ||
	    graph->edge_count > KIST_GRAPH_EDGES_MAX)
		return kist_fail(err, KIST_LIMIT, "%zu nodes and %zu edges cannot be drawn",
				 graph->node_count, graph->edge_count);
	KIST_TRY(lay_out(&layout, err));
	return draw(&layout, ret, err);
}
