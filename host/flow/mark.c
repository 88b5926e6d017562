/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/mark.h"

#include <string.h>

#include "flow/tree.h"
#include "pack/recipe.h"
#include "registry/collect.h"

/* An artifact that is still to be looked at. */
struct waiting {
	struct kist_digest id;
	bool may_be_gone; /* it is where another one came from, and no part of it */
};

void kist_mark_done(struct kist_mark *mark)
{
	kist_idset_done(&mark->artifacts);
	kist_idset_done(&mark->chunks);
	kist_idset_done(&mark->nodes);
	kist_buf_done(&mark->queue);
}

static kist_status reach(struct kist_mark *mark, const struct kist_digest *chunk, struct kist_error *err)
{
	struct kist_digest id = *chunk;
	bool any = true;

	/* A base has none itself; what a stranger has written may go round, and ends where it was before. */
	while (any && !kist_idset_has(&mark->chunks, &id)) {
		KIST_TRY(kist_idset_add(&mark->chunks, &id, err));
		if (mark->each)
			KIST_TRY(mark->each(mark->ctx, &id, err));
		KIST_TRY(kist_registry_base_of(mark->flow->registry, &id, &id, &any, err));
	}
	return KIST_OK;
}

static kist_status reach_base(void *ctx, const struct kist_digest *chunk, const struct kist_digest *base,
			      struct kist_error *err)
{
	struct kist_mark *mark = ctx;

	return kist_idset_has(&mark->chunks, chunk) ? reach(mark, base, err) : KIST_OK;
}

kist_status kist_mark_bases(struct kist_mark *mark, struct kist_error *err)
{
	return kist_registry_each_base(mark->flow->registry, reach_base, mark, err);
}

static kist_status push(struct kist_mark *mark, const struct kist_digest *id, bool may_be_gone,
			struct kist_error *err)
{
	const struct waiting waiting = { .id = *id, .may_be_gone = may_be_gone };

	if (kist_idset_has(&mark->artifacts, id))
		return KIST_OK;
	return kist_buf_append(&mark->queue, &waiting, sizeof(waiting), err);
}

/* Reaches the node @id, and what it lists, @depth_left levels down at most. */
static kist_status reach_node(struct kist_mark *mark, const struct kist_digest *id, int depth_left,
			      struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_recipe node;

	KIST_TRY(reach(mark, id, err));
	if (kist_idset_has(&mark->nodes, id))
		return KIST_OK;
	KIST_TRY(kist_load_chunk(mark->flow, id, &bytes, err));
	KIST_TRY(kist_recipe_open(kist_buf_view(&bytes), &node, err));
	if (node.depth >= depth_left)
		return kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", KIST_NO_OFFSET,
				    "a recipe's levels do not go down");
	for (size_t i = 0; i < node.count; i++) {
		const struct kist_recipe_entry entry = kist_recipe_entry_at(&node, i);

		if (node.depth > 0)
			KIST_TRY(reach_node(mark, &entry.id, node.depth, err));
		else
			KIST_TRY(reach(mark, &entry.id, err));
	}
	/* At the end: what is only half looked at does not count. */
	return kist_idset_add(&mark->nodes, id, err);
}

static kist_status push_file(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	return entry->kind == KIST_TREE_FILE ? push(ctx, &entry->artifact, false, err) : KIST_OK;
}

static kist_status reach_files(struct kist_mark *mark, const json_t *record, struct kist_error *err)
{
	kist_auto_buf struct kist_buf listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX);
	const char *kind = kist_json_get_text(record, "kind");

	if (!kind || strcmp(kind, "tree") != 0)
		return KIST_OK;
	KIST_TRY(kist_load_listing(mark->flow, record, &listing, err));
	return kist_tree_read(kist_buf_view(&listing), push_file, mark, NULL, err);
}

static kist_status reach_parents(struct kist_mark *mark, const json_t *record, struct kist_error *err)
{
	const json_t *parents = json_object_get(record, "parents");

	for (size_t i = 0; i < json_array_size(parents); i++) {
		const json_t *parent = json_array_get(parents, i);
		struct kist_digest id;

		if (json_is_string(parent) &&
		    kist_digest_parse(json_string_value(parent), json_string_length(parent), &id))
			KIST_TRY(push(mark, &id, true, err));
	}
	return KIST_OK;
}

static kist_status reach_record(struct kist_mark *mark, const json_t *record, struct kist_error *err)
{
	struct kist_content content;
	struct kist_digest info;

	KIST_TRY(kist_record_get_content(record, &content, err));
	if (content.form == KIST_CONTENT_CHUNK)
		KIST_TRY(reach(mark, &content.chunk, err));
	if (content.form == KIST_CONTENT_RECIPE)
		KIST_TRY(reach_node(mark, &content.chunk, KIST_RECIPE_DEPTH_MAX + 1, err));
	if (kist_record_get_digest(record, "info_chunk", &info))
		KIST_TRY(reach(mark, &info, err));
	KIST_TRY(reach_files(mark, record, err));
	return reach_parents(mark, record, err);
}

static kist_status look_at(struct kist_mark *mark, const struct waiting *waiting, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	if (kist_idset_has(&mark->artifacts, &waiting->id))
		return KIST_OK;
	status = kist_registry_get_artifact(mark->flow->registry, &waiting->id, &artifact, &why);
	if (status == KIST_NOT_FOUND && waiting->may_be_gone)
		return KIST_OK;
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	KIST_TRY(reach(mark, &waiting->id, err));
	KIST_TRY(reach_record(mark, artifact.record, err));
	return kist_idset_add(&mark->artifacts, &waiting->id, err);
}

kist_status kist_mark_add(struct kist_mark *mark, const struct kist_digest *id, struct kist_error *err)
{
	mark->queue.size = 0;
	KIST_TRY(push(mark, id, false, err));
	while (mark->queue.size > 0) {
		struct waiting next;

		mark->queue.size -= sizeof(next);
		memcpy(&next, mark->queue.data + mark->queue.size, sizeof(next));
		KIST_TRY(look_at(mark, &next, err));
	}
	return KIST_OK;
}

static kist_status must_be_kept(void *ctx, const struct kist_digest *chunk, struct kist_error *err)
{
	const struct kist_flow *flow = ctx;
	struct kist_location where;

	KIST_TRY(kist_registry_find_chunk(flow->registry, chunk, &where, err));
	if (where.has_base && where.base.stored_len == 0)
		return kist_fail(err, KIST_NOT_FOUND, "the base of a chunk is not kept as a whole");
	return KIST_OK;
}

kist_status kist_mark_check(struct kist_flow *flow, const struct kist_digest *id, struct kist_error *err)
{
	kist_auto_mark struct kist_mark mark = KIST_MARK_INIT(flow);

	mark.each = must_be_kept;
	mark.ctx = flow;
	return kist_mark_add(&mark, id, err);
}
