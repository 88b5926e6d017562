/* SPDX-License-Identifier: Apache-2.0 */
#include "preview/graph.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "preview/picture.h"

/* Bytes of a label in a tree and in a graph, NUL included. */
#define LABEL_SIZE 600

static kist_status check(const struct kist_graph *graph, struct kist_error *err)
{
	if (graph->node_count <= KIST_GRAPH_NODES_MAX && graph->edge_count <= KIST_GRAPH_EDGES_MAX)
		return KIST_OK;
	return kist_fail(err, KIST_LIMIT, "%zu nodes and %zu edges are too many to draw", graph->node_count,
			 graph->edge_count);
}

/* A tree on its way. */
struct tree {
	const struct kist_graph *graph;
	bool forward;
	bool *seen;
	struct kist_buf front; /* what stands before a line */
	struct kist_buf *ret;
	struct kist_error *err;
};

static kist_status put_node(const struct tree *tree, size_t no, const char *edge_label, bool again)
{
	const struct kist_graph_node *node = &tree->graph->nodes[no];
	char label[LABEL_SIZE];

	if (edge_label[0]) {
		kist_text_escape(edge_label, strlen(edge_label), label, sizeof(label));
		KIST_TRY(kist_buf_appendf(tree->ret, tree->err, "%s: ", label));
	}
	kist_text_escape(node->label, strlen(node->label), label, sizeof(label));
	KIST_TRY(kist_draw_words(tree->ret, label, tree->err));
	if (node->detail[0]) {
		kist_text_escape(node->detail, strlen(node->detail), label, sizeof(label));
		KIST_TRY(kist_buf_appendf(tree->ret, tree->err, "  (%s)", label));
	}
	return kist_draw_words(tree->ret, again ? "  [see above]\n" : "\n", tree->err);
}

/* The next edge from @no on, from edge @at on; edge_count when there is none. */
static size_t next_edge(const struct tree *tree, size_t no, size_t at)
{
	const struct kist_graph *graph = tree->graph;

	while (at < graph->edge_count && (tree->forward ? graph->edges[at].from : graph->edges[at].to) != no)
		at++;
	return at;
}

/* All below @no.  As deep as the graph, KIST_GRAPH_DEPTH_MAX at most. */
static kist_status put_below(struct tree *tree, size_t no, unsigned depth)
{
	static const char *const marks[] = { "├─ ", "└─ " };
	static const char *const fronts[] = { "│  ", "   " };
	const struct kist_graph *graph = tree->graph;
	const size_t front = tree->front.size;
	size_t at = next_edge(tree, no, 0);

	if (depth >= KIST_GRAPH_DEPTH_MAX)
		return KIST_OK;
	while (at < graph->edge_count) {
		const struct kist_graph_edge *edge = &graph->edges[at];
		const size_t child = tree->forward ? edge->to : edge->from;
		const bool again = tree->seen[child];
		bool is_last;

		at = next_edge(tree, no, at + 1);
		is_last = at == graph->edge_count;
		KIST_TRY(kist_buf_append(tree->ret, tree->front.data, front, tree->err));
		KIST_TRY(kist_draw_words(tree->ret, marks[is_last], tree->err));
		KIST_TRY(put_node(tree, child, edge->label, again));
		tree->seen[child] = true;
		if (again)
			continue;
		KIST_TRY(kist_draw_words(&tree->front, fronts[is_last], tree->err));
		KIST_TRY(put_below(tree, child, depth + 1));
		tree->front.size = front;
	}
	return KIST_OK;
}

kist_status kist_graph_text(const struct kist_graph *graph, bool forward, struct kist_buf *ret,
			    struct kist_error *err)
{
	kist_auto_mem bool *seen = NULL;
	struct tree tree = { .graph = graph,
			     .forward = forward,
			     .front = KIST_BUF_INIT((size_t)8 * KIST_GRAPH_DEPTH_MAX),
			     .ret = ret,
			     .err = err };
	kist_status status;

	KIST_TRY(check(graph, err));
	if (graph->node_count == 0)
		return KIST_OK;
	seen = kist_alloc(graph->node_count, sizeof(*seen));
	if (!seen)
		return kist_fail_memory(err, graph->node_count);
	tree.seen = seen;
	seen[0] = true;
	status = put_node(&tree, 0, "", false);
	if (status == KIST_OK)
		status = put_below(&tree, 0, 0);
	kist_buf_done(&tree.front);
	return status;
}

/* A text in the quotes of Graphviz. */
static kist_status put_quoted(struct kist_buf *ret, const char *text, struct kist_error *err)
{
	char label[LABEL_SIZE];

	kist_text_escape(text, strlen(text), label, sizeof(label));
	for (const char *at = label; *at; at++)
		KIST_TRY(kist_buf_appendf(ret, err, "%s%c", *at == '"' || *at == '\\' ? "\\" : "", *at));
	return KIST_OK;
}

static kist_status put_dot_node(struct kist_buf *ret, size_t no, const struct kist_graph_node *node,
				struct kist_error *err)
{
	KIST_TRY(kist_buf_appendf(ret, err, "  n%zu [shape=%s%s, label=\"", no, node->is_act ? "box" : "note",
				  node->is_marked ? ", penwidth=3" : ""));
	KIST_TRY(put_quoted(ret, node->label, err));
	if (node->detail[0]) {
		KIST_TRY(kist_draw_words(ret, "\\n", err));
		KIST_TRY(put_quoted(ret, node->detail, err));
	}
	return kist_draw_words(ret, "\"];\n", err);
}

kist_status kist_graph_dot(const struct kist_graph *graph, struct kist_buf *ret, struct kist_error *err)
{
	KIST_TRY(check(graph, err));
	KIST_TRY(kist_draw_words(ret, "digraph lineage {\n  rankdir=LR;\n  node [fontname=monospace];\n",
				 err));
	for (size_t i = 0; i < graph->node_count; i++)
		KIST_TRY(put_dot_node(ret, i, &graph->nodes[i], err));
	for (size_t i = 0; i < graph->edge_count; i++) {
		KIST_TRY(kist_buf_appendf(ret, err, "  n%zu -> n%zu [label=\"", graph->edges[i].from,
					  graph->edges[i].to));
		KIST_TRY(put_quoted(ret, graph->edges[i].label, err));
		KIST_TRY(kist_draw_words(ret, "\"];\n", err));
	}
	return kist_draw_words(ret, "}\n", err);
}
