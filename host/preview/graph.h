/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PREVIEW_GRAPH_H
#define KIST_PREVIEW_GRAPH_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * What was made of what, drawn: as a tree of text, for Graphviz, as SVG.
 *
 * Edges lead from what is taken to what is made.  There may be circles, as when a step gives back what it was given:
 * the tree says that it was there before, the image draws such an edge backwards.  Labels are any bytes; they are
 * escaped for where they go.
 *
 * The image is drawn in columns: each node stands right of all that it is made of, and near to these in height.
 *
 * Limits: KIST_GRAPH_NODES_MAX, KIST_GRAPH_EDGES_MAX; more is KIST_LIMIT.
 * Thread: pure.
 * Source: for the columns, Sugiyama, Tagawa and Toda 1981, without nodes for edges that pass columns.
 */

#define KIST_GRAPH_NODES_MAX ((size_t)2000)
#define KIST_GRAPH_EDGES_MAX ((size_t)20000)
/** Levels of a tree. */
#define KIST_GRAPH_DEPTH_MAX 400

/** struct kist_graph_node - All Borrowed. */
struct kist_graph_node {
	const char *label;
	const char *detail; /* or "" */
	bool is_act;	    /* something that was done; else something that is */
	bool is_marked;
};

/** struct kist_graph_edge - By number of node. */
struct kist_graph_edge {
	size_t from;
	size_t to;
	const char *label; /* or "" */
};

/** struct kist_graph - All Borrowed. */
struct kist_graph {
	const struct kist_graph_node *nodes;
	size_t node_count;
	const struct kist_graph_edge *edges;
	size_t edge_count;
};

/**
 * kist_graph_text() - The tree below node 0, appended to @ret.
 *
 * @forward: Along the edges; else against them.
 */
KIST_CHECKED kist_status kist_graph_text(const struct kist_graph *graph, bool forward, struct kist_buf *ret,
					 struct kist_error *err);

/** kist_graph_dot() - In the language of Graphviz. */
KIST_CHECKED kist_status kist_graph_dot(const struct kist_graph *graph, struct kist_buf *ret,
					struct kist_error *err);

/** kist_graph_svg() - As an SVG image: well-formed XML without scripts, styles or links. */
KIST_CHECKED kist_status kist_graph_svg(const struct kist_graph *graph, struct kist_buf *ret,
					struct kist_error *err);

#endif
