/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "flow/find.h"
#include "flow/record.h"
#include "job/lineage.h"
#include "preview/graph.h"
#include "preview/preview.h"

/* Digits of an id that are shown to people. */
#define DIGEST_SHOWN 12
#define TEXT_SIZE    1024

static const struct kist_option options[] = {
	{ .name = "down", .help = "what was made of it, not what it was made of" },
	{ .name = "depth", .argument = "COUNT", .help = "so many artifacts after each other" },
	{ .name = "format",
	  .argument = "text|dot|svg|json",
	  .help = "a tree, for Graphviz, an image, or facts" },
	{ .name = "output", .letter = 'o', .argument = "FILE", .help = "write it there" },
	{ .name = NULL },
};

enum format { FORMAT_TEXT, FORMAT_DOT, FORMAT_SVG, FORMAT_JSON };

static bool read_format(const struct kist_cli *cli, enum format *ret)
{
	static const char *const names[] = { "text", "dot", "svg", "json" };
	const char *asked = kist_cli_value(cli, "format");

	*ret = cli->json ? FORMAT_JSON : FORMAT_TEXT;
	for (unsigned i = 0; asked && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(asked, names[i]) == 0) {
			*ret = (enum format)i;
			return !cli->json || *ret == FORMAT_JSON;
		}
	}
	return !asked;
}

/* A lineage as something to be drawn. */
struct drawing {
	struct kist_graph graph;
	struct kist_buf nodes;
	struct kist_buf edges;
	struct kist_buf texts; /* NUL-terminated, as long as the lineage's nodes ask for */
};

static void drawing_done(struct drawing *drawing)
{
	kist_buf_done(&drawing->nodes);
	kist_buf_done(&drawing->edges);
	kist_buf_done(&drawing->texts);
}

static void label_of(const struct kist_lineage *lineage, const struct kist_lineage_node *node,
		     char ret_label[static TEXT_SIZE], char ret_detail[static TEXT_SIZE])
{
	const char *name = kist_lineage_text(lineage, node->name);
	const char *task = kist_lineage_text(lineage, node->task);
	const char *job = kist_lineage_text(lineage, node->job);
	char hex[KIST_DIGEST_HEX_SIZE];

	if (node->is_step) {
		snprintf(ret_label, TEXT_SIZE, "%s%s%s%s%s", name[0] ? name : "job ", name[0] ? "" : job,
			 task[0] ? " [" : "", task, task[0] ? "]" : "");
		snprintf(ret_detail, TEXT_SIZE, "%s%s%s", name[0] ? job : "", name[0] ? ", " : "",
			 kist_lineage_text(lineage, node->state));
		return;
	}
	kist_digest_hex(&node->artifact, hex);
	hex[DIGEST_SHOWN] = '\0';
	snprintf(ret_label, TEXT_SIZE, "%s", name[0] ? name : hex);
	snprintf(ret_detail, TEXT_SIZE, "%s%s%s", name[0] ? hex : "", name[0] ? ", " : "",
		 node->is_gone ? "gone" : kist_lineage_text(lineage, node->summary));
}

/* The texts first, since they move while there come more. */
static kist_status make_texts(const struct kist_lineage *lineage, struct drawing *drawing,
			      struct kist_error *err)
{
	const struct kist_lineage_node *nodes = (const void *)lineage->nodes.data;

	for (size_t i = 0; i < lineage->nodes.size / sizeof(*nodes); i++) {
		char label[TEXT_SIZE];
		char detail[TEXT_SIZE];

		label_of(lineage, &nodes[i], label, detail);
		KIST_TRY(kist_buf_append(&drawing->texts, label, strlen(label) + 1, err));
		KIST_TRY(kist_buf_append(&drawing->texts, detail, strlen(detail) + 1, err));
	}
	return KIST_OK;
}

static kist_status make_drawing(const struct kist_lineage *lineage, struct drawing *drawing,
				struct kist_error *err)
{
	const struct kist_lineage_node *nodes = (const void *)lineage->nodes.data;
	const struct kist_lineage_edge *edges = (const void *)lineage->edges.data;
	const char *text;

	KIST_TRY(make_texts(lineage, drawing, err));
	text = (const char *)drawing->texts.data;
	drawing->graph.node_count = lineage->nodes.size / sizeof(*nodes);
	drawing->graph.edge_count = lineage->edges.size / sizeof(*edges);
	for (size_t i = 0; i < drawing->graph.node_count; i++) {
		struct kist_graph_node node = { .is_act = nodes[i].is_step, .is_marked = i == 0 };

		node.label = text;
		node.detail = text + strlen(text) + 1;
		text = node.detail + strlen(node.detail) + 1;
		KIST_TRY(kist_buf_append(&drawing->nodes, &node, sizeof(node), err));
	}
	for (size_t i = 0; i < drawing->graph.edge_count; i++) {
		const struct kist_graph_edge edge = { .from = edges[i].from,
						      .to = edges[i].to,
						      .label = kist_lineage_text(lineage, edges[i].name) };

		KIST_TRY(kist_buf_append(&drawing->edges, &edge, sizeof(edge), err));
	}
	drawing->graph.nodes = (const void *)drawing->nodes.data;
	drawing->graph.edges = (const void *)drawing->edges.data;
	return KIST_OK;
}

static kist_status draw(const struct kist_lineage *lineage, enum format format, bool forward,
			struct kist_buf *ret, struct kist_error *err)
{
	__attribute__((cleanup(drawing_done))) struct drawing drawing = {
		.nodes = KIST_BUF_INIT((size_t)1 << 28),
		.edges = KIST_BUF_INIT((size_t)1 << 28),
		.texts = KIST_BUF_INIT((size_t)1 << 28),
	};

	KIST_TRY(make_drawing(lineage, &drawing, err));
	if (format == FORMAT_DOT)
		return kist_graph_dot(&drawing.graph, ret, err);
	return format == FORMAT_SVG ? kist_graph_svg(&drawing.graph, ret, err)
				    : kist_graph_text(&drawing.graph, forward, ret, err);
}

/* NULL and "" leave the member out. */
static kist_status set_text(json_t *object, const char *key, const char *text, struct kist_error *err)
{
	return kist_record_set_text(object, key, text && text[0] ? text : NULL, err);
}

static kist_status node_json(const struct kist_lineage *lineage, const struct kist_lineage_node *node,
			     json_t *ret, struct kist_error *err)
{
	KIST_TRY(kist_record_set_text(ret, "kind", node->is_step ? "step" : "artifact", err));
	if (node->is_step) {
		KIST_TRY(set_text(ret, "job", kist_lineage_text(lineage, node->job), err));
		KIST_TRY(set_text(ret, "step", kist_lineage_text(lineage, node->name), err));
		KIST_TRY(set_text(ret, "task", kist_lineage_text(lineage, node->task), err));
		return set_text(ret, "state", kist_lineage_text(lineage, node->state), err);
	}
	KIST_TRY(kist_record_set_digest(ret, "artifact", &node->artifact, err));
	KIST_TRY(set_text(ret, "name", kist_lineage_text(lineage, node->name), err));
	KIST_TRY(set_text(ret, "summary", kist_lineage_text(lineage, node->summary), err));
	return node->is_gone ? kist_record_set_take(ret, "gone", json_true(), err) : KIST_OK;
}

static kist_status edge_json(const struct kist_lineage *lineage, const struct kist_lineage_edge *edge,
			     json_t *ret, struct kist_error *err)
{
	KIST_TRY(kist_record_set_take(ret, "from", json_integer((json_int_t)edge->from), err));
	KIST_TRY(kist_record_set_take(ret, "to", json_integer((json_int_t)edge->to), err));
	return set_text(ret, "as", kist_lineage_text(lineage, edge->name), err);
}

static kist_status make_json(const struct kist_lineage *lineage, json_t **ret, struct kist_error *err)
{
	const struct kist_lineage_node *nodes = (const void *)lineage->nodes.data;
	const struct kist_lineage_edge *edges = (const void *)lineage->edges.data;
	kist_auto_json json_t *facts =
		json_pack("{s:[],s:[],s:b}", "nodes", "edges", "truncated", (int)lineage->is_cut);

	if (!facts)
		return kist_fail_memory(err, sizeof(json_t));
	for (size_t i = 0; i < lineage->nodes.size / sizeof(*nodes); i++) {
		json_t *node = json_object();

		if (json_array_append_new(json_object_get(facts, "nodes"), node) != 0)
			return kist_fail_memory(err, sizeof(json_t));
		KIST_TRY(node_json(lineage, &nodes[i], node, err));
	}
	for (size_t i = 0; i < lineage->edges.size / sizeof(*edges); i++) {
		json_t *edge = json_object();

		if (json_array_append_new(json_object_get(facts, "edges"), edge) != 0)
			return kist_fail_memory(err, sizeof(json_t));
		KIST_TRY(edge_json(lineage, &edges[i], edge, err));
	}
	*ret = kist_steal(facts);
	return KIST_OK;
}

static kist_status print(const struct kist_cli *cli, const struct kist_lineage *lineage, enum format format,
			 struct kist_error *err)
{
	kist_auto_buf struct kist_buf page = KIST_BUF_INIT(KIST_PREVIEW_SIZE_MAX);
	const char *path = kist_cli_value(cli, "output");
	kist_auto_json json_t *facts = NULL;

	if (format == FORMAT_JSON) {
		KIST_TRY(make_json(lineage, &facts, err));
		if (!path)
			return kist_print_json_take(kist_steal(facts), err);
		KIST_TRY(kist_json_canonical_any(facts, &page, err));
	} else {
		KIST_TRY(draw(lineage, format, kist_cli_has(cli, "down"), &page, err));
	}
	if (path)
		return kist_output_file(path, kist_buf_view(&page), 0644, err);
	/* Whether all of it was written is looked at when the command ends. */
	(void)fwrite(page.data, 1, page.size, stdout);
	return KIST_OK;
}

static kist_status run_lineage(struct kist_cli *cli, uint64_t depth, enum format format,
			       struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_job_index struct kist_job_index *index = NULL;
	kist_auto_lineage struct kist_lineage lineage = KIST_LINEAGE_INIT;
	const char *name = cli->arguments[0];

	KIST_TRY(kist_cli_open(cli, false, err));
	KIST_TRY(kist_find(cli->flow, name, strlen(name), &artifact, err));
	KIST_TRY(kist_job_index_open(cli->flow, &index, err));
	KIST_TRY(kist_lineage_find(cli->flow, index, &artifact.id, name, kist_cli_has(cli, "down"),
				   (unsigned)depth, &lineage, err));
	KIST_TRY(print(cli, &lineage, format, err));
	if (lineage.is_cut && format != FORMAT_JSON && !cli->quiet) {
		(void)fflush(stdout);
		fprintf(stderr, "kist: lineage: there is more than is shown: see --depth\n");
	}
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	const char *asked = kist_cli_value(cli, "depth");
	struct kist_error err = KIST_ERROR_INIT;
	uint64_t depth = KIST_LINEAGE_DEPTH_MAX;
	enum format format;

	if (!read_format(cli, &format))
		return kist_cli_usage(cli, "--format is text, dot, svg or json; --json is json");
	if (asked &&
	    (!kist_u64_parse(asked, strlen(asked), &depth) || depth == 0 || depth > KIST_LINEAGE_DEPTH_MAX))
		return kist_cli_usage(cli, "--depth takes a number from 1 to %d", KIST_LINEAGE_DEPTH_MAX);
	return run_lineage(cli, depth, format, &err) == KIST_OK ? KIST_EXIT_DONE
								: kist_cli_fail(cli, &err, true);
}

const struct kist_command kist_command_lineage = {
	.name = "lineage",
	.arguments = "NAME|DIGEST",
	.summary = "what an artifact was made of, and by which jobs",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
