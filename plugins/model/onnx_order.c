/* SPDX-License-Identifier: Apache-2.0 */

/* Graphs of ONNX: do their nodes stand in an order in which they can be run. */
#include "onnx_order.h"

#include <stdlib.h>

/* Of what a graph is given: before all nodes. */
#define GIVEN 0u

/* A name where it stands, by its hash: @node is the place of a node among the others, from 1 on, or GIVEN. */
struct name {
	uint64_t hash;
	uint32_t node;
	uint32_t begin; /* a model has less than 2 GiB */
	uint32_t len;
};

struct order {
	struct model_array made; /* struct name: what there is */
	struct model_array taken;
	uint32_t nodes;
	bool is_inner; /* a graph within a node */
	bool gave_up;
};

/* One warning of each kind. */
struct findings {
	struct kist_report *report;
	bool has_order;
	bool has_value;
	bool has_twin;
};

struct walk {
	struct findings *findings;
	struct order order;
};

static kist_status check_graph(struct onnx *onnx, struct findings *findings, enum onnx_message message,
			       const struct wire_field *field, unsigned depth, bool is_inner);

/* FNV-1a, and what spreads it (SplitMix64). */
static uint64_t hash_of(const char *text, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	return hash ^ hash >> 31;
}

/* What has no name is left out: an output that nobody wants, an input that need not be. */
static kist_status add_name(struct onnx *onnx, struct order *order, struct model_array *to, uint32_t node,
			    const struct wire_field *field)
{
	const uint64_t len = field->end - field->begin;
	struct name *name;

	if (len == 0)
		return KIST_OK;
	order->gave_up = order->gave_up || len > ONNX_TEXT_MAX || to->count == ONNX_VALUES_MAX;
	if (order->gave_up)
		return KIST_OK;
	onnx->reader.at = field->begin;
	MODEL_TRY(model_reader_bytes(&onnx->reader, onnx->text, len));
	MODEL_TRY(model_array_add(onnx->reader.call, to, sizeof(*name), 1, &name));
	*name = (struct name){ .hash = hash_of(onnx->text, (size_t)len),
			       .node = node,
			       .begin = (uint32_t)field->begin,
			       .len = (uint32_t)len };
	return KIST_OK;
}

/* The name of a tensor, of a sparse one, or of a value. */
static kist_status take_name(struct onnx *onnx, void *state, const struct onnx_field *known,
			     const struct wire_field *field, unsigned depth)
{
	struct walk *const walk = state;

	if (known->inner == ONNX_TENSOR && known->number == 1)
		return onnx_walk(onnx, ONNX_TENSOR, field, depth + 1, take_name, state);
	if (known->kind == ONNX_BYTES && (known->number == 8 || known->number == 1))
		return add_name(onnx, &walk->order, &walk->order.made, GIVEN, field);
	return KIST_OK;
}

static kist_status take_attribute_field(struct onnx *onnx, void *state, const struct onnx_field *known,
					const struct wire_field *field, unsigned depth)
{
	if (known->inner == ONNX_GRAPH)
		return check_graph(onnx, state, ONNX_GRAPH, field, depth + 1, true);
	return KIST_OK;
}

static kist_status take_node_field(struct onnx *onnx, void *state, const struct onnx_field *known,
				   const struct wire_field *field, unsigned depth)
{
	struct walk *const walk = state;
	struct order *const order = &walk->order;

	switch (known->number) {
	case 1:
		return add_name(onnx, order, &order->taken, order->nodes, field);
	case 2:
		return add_name(onnx, order, &order->made, order->nodes, field);
	case 5:
		return onnx_walk(onnx, ONNX_ATTRIBUTE, field, depth + 1, take_attribute_field,
				 walk->findings);
	default:
		return KIST_OK;
	}
}

static kist_status take_node(struct onnx *onnx, struct walk *walk, const struct wire_field *field,
			     unsigned depth)
{
	walk->order.gave_up = walk->order.gave_up || walk->order.nodes == ONNX_VALUES_MAX;
	walk->order.nodes += !walk->order.gave_up;
	return onnx_walk(onnx, ONNX_NODE, field, depth + 1, take_node_field, walk);
}

static kist_status take_graph_field(struct onnx *onnx, void *state, const struct onnx_field *known,
				    const struct wire_field *field, unsigned depth)
{
	switch (known->number) {
	case 1:
		return take_node(onnx, state, field, depth);
	case 5:
	case 11:
	case 15:
		return onnx_walk(onnx, (enum onnx_message)known->inner, field, depth + 1, take_name, state);
	default:
		return KIST_OK;
	}
}

static kist_status take_function_field(struct onnx *onnx, void *state, const struct onnx_field *known,
				       const struct wire_field *field, unsigned depth)
{
	struct walk *const walk = state;

	if (known->number == 4)
		return add_name(onnx, &walk->order, &walk->order.made, GIVEN, field);
	return known->number == 7 ? take_node(onnx, walk, field, depth) : KIST_OK;
}

static int compare_names(const void *a, const void *b)
{
	const struct name *const x = a;
	const struct name *const y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/* The first thing of that name, or NULL.  What was made is sorted. */
static const struct name *find(const struct order *order, uint64_t hash)
{
	const struct name *const made = order->made.items;
	size_t low = 0;
	size_t high = order->made.count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (made[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low < order->made.count && made[low].hash == hash ? &made[low] : NULL;
}

/* The text of a name, for a message, in onnx->text. */
static kist_status read_name(struct onnx *onnx, const struct name *name)
{
	onnx->reader.at = name->begin;
	MODEL_TRY(model_reader_bytes(&onnx->reader, onnx->text, name->len));
	onnx->text[name->len] = '\0';
	if (!model_is_utf8(onnx->text, name->len))
		snprintf(onnx->text, sizeof(onnx->text), "?");
	return KIST_OK;
}

static kist_status find_twin(struct onnx *onnx, const struct order *order, struct findings *findings)
{
	const struct name *const made = order->made.items;

	for (size_t i = 1; i < order->made.count && !findings->has_twin; i++) {
		if (made[i].hash != made[i - 1].hash || made[i - 1].node == GIVEN)
			continue;
		findings->has_twin = true;
		MODEL_TRY(read_name(onnx, &made[i]));
		kist_issuef(findings->report, KIST_ISSUE_WARNING, "E_DUPLICATE", made[i].begin,
			    "nodes %u and %u of a graph both make '%.100s'", made[i - 1].node, made[i].node,
			    onnx->text);
	}
	return KIST_OK;
}

/* Of the nodes those that can be run, one after the other, and how many they are. */
struct runs {
	uint32_t *waits; /* of each node: inputs that are not made yet */
	uint32_t *first; /* of each node: where those that take something of it begin */
	uint32_t *takers;
	uint32_t *ready;
};

static bool runs_init(struct runs *runs, const struct order *order)
{
	const size_t nodes = (size_t)order->nodes + 2;

	runs->waits = calloc(nodes, sizeof(*runs->waits));
	runs->first = calloc(nodes, sizeof(*runs->first));
	runs->takers = calloc(order->taken.count + 1, sizeof(*runs->takers));
	runs->ready = calloc(nodes, sizeof(*runs->ready));
	return runs->waits && runs->first && runs->takers && runs->ready;
}

static void runs_done(struct runs *runs)
{
	free(runs->waits);
	free(runs->first);
	free(runs->takers);
	free(runs->ready);
}

/* Counts how many take something of each node, then puts them there. */
static void fill_takers(struct runs *runs, const struct order *order)
{
	const struct name *const taken = order->taken.items;

	for (size_t i = 0; i < order->taken.count; i++) {
		const struct name *const made = find(order, taken[i].hash);

		if (made && made->node != GIVEN)
			runs->first[made->node + 1]++;
	}
	for (uint32_t i = 1; i <= order->nodes + 1; i++)
		runs->first[i] += runs->first[i - 1];
	for (size_t i = 0; i < order->taken.count; i++) {
		const struct name *const made = find(order, taken[i].hash);

		if (!made || made->node == GIVEN)
			continue;
		/* ready[] counts for now how many are there. */
		runs->takers[runs->first[made->node] + runs->ready[made->node]++] = taken[i].node;
		runs->waits[taken[i].node]++;
	}
}

/* Kahn: whether each node can be run once what it takes is made. */
static bool can_run(struct runs *runs, uint32_t nodes)
{
	uint32_t count = 0;

	for (uint32_t i = 1; i <= nodes; i++) {
		if (runs->waits[i] == 0)
			runs->ready[count++] = i;
	}
	for (uint32_t at = 0; at < count; at++) {
		const uint32_t node = runs->ready[at];

		for (uint32_t i = runs->first[node]; i < runs->first[node + 1]; i++) {
			if (--runs->waits[runs->takers[i]] == 0)
				runs->ready[count++] = runs->takers[i];
		}
	}
	return count == nodes;
}

static kist_status has_cycle(struct onnx *onnx, const struct order *order, bool *ret)
{
	struct runs runs;
	const bool is_made = runs_init(&runs, order);

	if (is_made) {
		fill_takers(&runs, order);
		*ret = !can_run(&runs, order->nodes);
	}
	runs_done(&runs);
	return is_made ? KIST_OK : model_no_memory(onnx->reader.call);
}

/* @taken is made by a node that does not stand before the one that takes it. */
static kist_status tell_order(struct onnx *onnx, const struct order *order, struct findings *findings,
			      const struct name *taken, const struct name *made)
{
	bool is_cycle = false;

	findings->has_order = true;
	MODEL_TRY(has_cycle(onnx, order, &is_cycle));
	MODEL_TRY(read_name(onnx, taken));
	kist_issuef(findings->report, KIST_ISSUE_WARNING, is_cycle ? "E_CYCLE" : "E_ORDER", taken->begin,
		    "node %u of a graph takes '%.100s', which node %u makes: %s", taken->node, onnx->text,
		    made->node,
		    is_cycle ? "its nodes go round in a cycle"
			     : "the nodes are not in the order to run them");
	return KIST_OK;
}

static kist_status tell_value(struct onnx *onnx, struct findings *findings, const struct name *taken)
{
	findings->has_value = true;
	MODEL_TRY(read_name(onnx, taken));
	kist_issuef(findings->report, KIST_ISSUE_WARNING, "E_VALUE", taken->begin,
		    "node %u of a graph takes '%.100s', which nothing makes", taken->node, onnx->text);
	return KIST_OK;
}

static kist_status judge(struct onnx *onnx, struct order *order, struct findings *findings)
{
	const struct name *const taken = order->taken.items;

	if (order->made.count > 1)
		qsort(order->made.items, order->made.count, sizeof(struct name), compare_names);
	MODEL_TRY(find_twin(onnx, order, findings));
	for (size_t i = 0; i < order->taken.count; i++) {
		const struct name *const made = find(order, taken[i].hash);

		if (!made && !order->is_inner && !findings->has_value)
			MODEL_TRY(tell_value(onnx, findings, &taken[i]));
		else if (made && made->node >= taken[i].node && !findings->has_order)
			MODEL_TRY(tell_order(onnx, order, findings, &taken[i], made));
	}
	return KIST_OK;
}

/* @message: ONNX_GRAPH or ONNX_FUNCTION. */
static kist_status check_graph(struct onnx *onnx, struct findings *findings, enum onnx_message message,
			       const struct wire_field *field, unsigned depth, bool is_inner)
{
	struct walk walk = { .findings = findings, .order = { .is_inner = is_inner } };
	kist_status status = onnx_walk(onnx, message, field, depth,
				       message == ONNX_GRAPH ? take_graph_field : take_function_field, &walk);

	if (status == KIST_OK && !walk.order.gave_up)
		status = judge(onnx, &walk.order, findings);
	free(walk.order.made.items);
	free(walk.order.taken.items);
	return status;
}

static kist_status take_model_field(struct onnx *onnx, void *state, const struct onnx_field *known,
				    const struct wire_field *field, unsigned depth)
{
	if (known->inner != ONNX_GRAPH && known->inner != ONNX_FUNCTION)
		return KIST_OK;
	return check_graph(onnx, state, (enum onnx_message)known->inner, field, depth + 1, false);
}

kist_status onnx_check_order(struct onnx *onnx, struct kist_report *report)
{
	const struct wire_field all = { .end = onnx->reader.source->size };
	struct findings findings = { .report = report };

	return onnx_walk(onnx, ONNX_MODEL, &all, 1, take_model_field, &findings);
}
