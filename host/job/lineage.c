/* SPDX-License-Identifier: Apache-2.0 */
#include "job/lineage.h"

#include <string.h>

#include "base/mem.h"
#include "flow/record.h"

/* A search under way: nodes are looked at in the order in which they were found. */
struct search {
	struct kist_flow *flow;
	struct kist_job_index *index;
	struct kist_lineage *lineage;
	bool forward;
	unsigned depth_max;
	size_t at;	 /* the node that is looked at */
	bool has_makers; /* of that artifact */
	bool has_uses;	 /* that step, in the direction of the search */
	bool has_name;	 /* that it was kept under first */
	/* Of the uses of an artifact, jobs of which a step is known: the job as a whole says nothing more then. */
	json_t *steps_known;
};

void kist_lineage_done(struct kist_lineage *lineage)
{
	kist_buf_done(&lineage->nodes);
	kist_buf_done(&lineage->edges);
	kist_buf_done(&lineage->texts);
}

const char *kist_lineage_text(const struct kist_lineage *lineage, size_t at)
{
	return (const char *)lineage->texts.data + at;
}

static struct kist_lineage_node *nodes_of(const struct kist_lineage *lineage)
{
	return (void *)lineage->nodes.data;
}

static size_t node_count(const struct kist_lineage *lineage)
{
	return lineage->nodes.size / sizeof(struct kist_lineage_node);
}

static kist_status keep(struct kist_lineage *lineage, const char *text, size_t *ret, struct kist_error *err)
{
	*ret = lineage->texts.size;
	return kist_buf_append(&lineage->texts, text, strlen(text) + 1, err);
}

/* SIZE_MAX: there are too many. */
static kist_status add_node(struct kist_lineage *lineage, const struct kist_lineage_node *node, size_t *ret,
			    struct kist_error *err)
{
	*ret = node_count(lineage);
	if (*ret < KIST_LINEAGE_NODES_MAX)
		return kist_buf_append(&lineage->nodes, node, sizeof(*node), err);
	lineage->is_cut = true;
	*ret = SIZE_MAX;
	return KIST_OK;
}

/* Of what is said of one thing twice, the first that says anything counts. */
static kist_status learn(struct kist_lineage *lineage, size_t *at, const char *text, struct kist_error *err)
{
	return kist_lineage_text(lineage, *at)[0] || !text[0] ? KIST_OK : keep(lineage, text, at, err);
}

static kist_status add_edge(struct search *search, size_t from, size_t to, const char *name,
			    struct kist_error *err)
{
	struct kist_lineage *lineage = search->lineage;
	struct kist_lineage_edge *edges = (void *)lineage->edges.data;
	const size_t count = lineage->edges.size / sizeof(*edges);
	struct kist_lineage_edge edge = { .from = from, .to = to };

	for (size_t i = 0; i < count; i++) {
		if (edges[i].from == from && edges[i].to == to)
			return learn(lineage, &edges[i].name, name, err);
	}
	if (count == KIST_LINEAGE_EDGES_MAX) {
		lineage->is_cut = true;
		return KIST_OK;
	}
	KIST_TRY(keep(lineage, name, &edge.name, err));
	return kist_buf_append(&lineage->edges, &edge, sizeof(edge), err);
}

/* What its record says in a line. */
static kist_status describe(struct search *search, struct kist_lineage_node *node, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	const char *text = NULL;
	const kist_status status =
		kist_registry_get_artifact(search->flow->registry, &node->artifact, &artifact, &why);

	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	node->is_gone = status == KIST_NOT_FOUND;
	if (!node->is_gone)
		text = kist_json_get_text(artifact.record, "summary");
	if (!node->is_gone && (!text || !text[0]))
		text = kist_json_get_text(artifact.record, "kind");
	return keep(search->lineage, text ? text : "", &node->summary, err);
}

static kist_status find_artifact(struct search *search, const struct kist_digest *id, const char *name,
				 unsigned depth, size_t *ret, struct kist_error *err)
{
	struct kist_lineage_node node = { .artifact = *id, .depth = depth };
	const struct kist_lineage_node *nodes = nodes_of(search->lineage);

	for (size_t i = 0; i < node_count(search->lineage); i++) {
		if (!nodes[i].is_step && kist_digest_equal(&nodes[i].artifact, id)) {
			*ret = i;
			return KIST_OK;
		}
	}
	KIST_TRY(keep(search->lineage, name, &node.name, err));
	node.job = node.task = node.state = node.name;
	KIST_TRY(describe(search, &node, err));
	return add_node(search->lineage, &node, ret, err);
}

static kist_status find_step(struct search *search, const struct kist_job_use *use, unsigned depth,
			     size_t *ret, struct kist_error *err)
{
	struct kist_lineage *lineage = search->lineage;
	struct kist_lineage_node node = { .is_step = true, .depth = depth };
	struct kist_lineage_node *nodes = nodes_of(lineage);

	for (size_t i = 0; i < node_count(lineage); i++) {
		if (nodes[i].is_step && strcmp(kist_lineage_text(lineage, nodes[i].job), use->job) == 0 &&
		    strcmp(kist_lineage_text(lineage, nodes[i].name), use->step) == 0) {
			*ret = i;
			return learn(lineage, &nodes[i].task, use->task, err);
		}
	}
	KIST_TRY(keep(lineage, use->step, &node.name, err));
	KIST_TRY(keep(lineage, use->job, &node.job, err));
	KIST_TRY(keep(lineage, use->task, &node.task, err));
	KIST_TRY(keep(lineage, use->state, &node.state, err));
	KIST_TRY(keep(lineage, "", &node.summary, err));
	return add_node(lineage, &node, ret, err);
}

static bool is_wanted(const struct search *search, const struct kist_job_use *use)
{
	return search->forward ? use->kind == KIST_JOB_USE_INPUT : use->kind != KIST_JOB_USE_INPUT;
}

/* Of an artifact: under which name it is kept, and which jobs know their step. */
static kist_status look_at_use(void *ctx, const struct kist_job_use *use, struct kist_error *err)
{
	struct search *search = ctx;
	struct kist_lineage_node *node = &nodes_of(search->lineage)[search->at];
	const char *name = kist_lineage_text(search->lineage, node->name);
	const bool is_better = !search->has_name && (use->kind == KIST_JOB_USE_KEPT ||
						     (use->kind == KIST_JOB_USE_OUTPUT && !name[0]));

	if (is_wanted(search, use) && use->step[0] &&
	    json_object_set_new(search->steps_known, use->job, json_true()) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	search->has_name = search->has_name || use->kind == KIST_JOB_USE_KEPT;
	/* What was asked for keeps the name by which that was done. */
	return is_better && search->at > 0 ? keep(search->lineage, use->name, &node->name, err) : KIST_OK;
}

/* Of an artifact: who made it, or takes it. */
static kist_status follow_use(void *ctx, const struct kist_job_use *use, struct kist_error *err)
{
	struct search *search = ctx;
	const unsigned depth = nodes_of(search->lineage)[search->at].depth;
	size_t step;

	if (!is_wanted(search, use) || (!use->step[0] && json_object_get(search->steps_known, use->job)))
		return KIST_OK;
	search->has_makers = true;
	if (depth >= search->depth_max) {
		search->lineage->is_cut = true;
		return KIST_OK;
	}
	KIST_TRY(find_step(search, use, depth, &step, err));
	if (step == SIZE_MAX)
		return KIST_OK;
	return search->forward ? add_edge(search, search->at, step, use->name, err)
			       : add_edge(search, step, search->at,
					  use->kind == KIST_JOB_USE_KEPT ? "" : use->name, err);
}

/* Of a step: what it takes, or makes. */
static kist_status follow_step(void *ctx, const struct kist_job_use *use, struct kist_error *err)
{
	struct search *search = ctx;
	const unsigned depth = nodes_of(search->lineage)[search->at].depth;
	size_t artifact;

	if (search->forward ? use->kind == KIST_JOB_USE_INPUT : use->kind != KIST_JOB_USE_INPUT)
		return KIST_OK;
	search->has_uses = true;
	KIST_TRY(find_artifact(search, &use->artifact, use->name, depth + 1, &artifact, err));
	if (artifact == SIZE_MAX)
		return KIST_OK;
	return search->forward ? add_edge(search, search->at, artifact,
					  use->kind == KIST_JOB_USE_KEPT ? "" : use->name, err)
			       : add_edge(search, artifact, search->at, use->name, err);
}

/* What the artifact's own record says, when no job does. */
static kist_status follow_parents(struct search *search, struct kist_error *err)
{
	const struct kist_lineage_node node = nodes_of(search->lineage)[search->at];
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	const json_t *parents;

	if (search->forward || search->has_makers || node.is_gone)
		return KIST_OK;
	KIST_TRY(kist_registry_get_artifact(search->flow->registry, &node.artifact, &artifact, err));
	parents = json_object_get(artifact.record, "parents");
	for (size_t i = 0; i < json_array_size(parents); i++) {
		const char *hex = json_string_value(json_array_get(parents, i));
		struct kist_digest id;
		size_t parent;

		if (!hex || !kist_digest_parse(hex, strlen(hex), &id))
			continue;
		if (node.depth >= search->depth_max) {
			search->lineage->is_cut = true;
			return KIST_OK;
		}
		KIST_TRY(find_artifact(search, &id, "", node.depth + 1, &parent, err));
		if (parent != SIZE_MAX)
			KIST_TRY(add_edge(search, parent, search->at, "", err));
	}
	return KIST_OK;
}

/*
 * What a step takes is not always known, as of what was never kept: then the job as a whole has taken it.  What the
 * job as a whole takes may be in all that its steps make.
 */
static kist_status expand_step(struct search *search, const struct kist_lineage_node *node,
			       struct kist_error *err)
{
	const char *id = kist_lineage_text(search->lineage, node->job);
	const char *name = kist_lineage_text(search->lineage, node->name);
	/* Texts move while nodes are added. */
	kist_auto_mem char *job = kist_strndup(id, strlen(id));
	kist_auto_mem char *step = kist_strndup(name, strlen(name));

	if (!job || !step)
		return kist_fail_memory(err, KIST_JOB_ID_MAX);
	search->has_uses = false;
	KIST_TRY(kist_job_index_uses_by(search->index, job, search->forward && !step[0] ? NULL : step,
					follow_step, search, err));
	if (search->has_uses || search->forward || !step[0])
		return KIST_OK;
	return kist_job_index_uses_by(search->index, job, "", follow_step, search, err);
}

static kist_status expand(struct search *search, struct kist_error *err)
{
	const struct kist_lineage_node node = nodes_of(search->lineage)[search->at];

	if (node.is_step)
		return expand_step(search, &node, err);
	search->has_makers = false;
	search->has_name = false;
	if (json_object_clear(search->steps_known) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_job_index_uses_of(search->index, &node.artifact, look_at_use, search, err));
	KIST_TRY(kist_job_index_uses_of(search->index, &node.artifact, follow_use, search, err));
	return follow_parents(search, err);
}

kist_status kist_lineage_find(struct kist_flow *flow, struct kist_job_index *index,
			      const struct kist_digest *artifact, const char *name, bool forward,
			      unsigned depth, struct kist_lineage *ret, struct kist_error *err)
{
	kist_auto_json json_t *steps_known = json_object();
	struct search search = { .flow = flow,
				 .index = index,
				 .lineage = ret,
				 .forward = forward,
				 .depth_max = depth < KIST_LINEAGE_DEPTH_MAX ? depth : KIST_LINEAGE_DEPTH_MAX,
				 .steps_known = steps_known };
	size_t root;

	if (!steps_known)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(find_artifact(&search, artifact, name, 0, &root, err));
	for (search.at = 0; search.at < node_count(ret); search.at++)
		KIST_TRY(expand(&search, err));
	return KIST_OK;
}
