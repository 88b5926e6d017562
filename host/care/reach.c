/* SPDX-License-Identifier: Apache-2.0 */
#include "care/reach.h"

#include <string.h>

#include "flow/tree.h"
#include "pack/recipe.h"

/* What is damaged is counted and passed over; what else goes wrong ends the walk. */
static kist_status pass_over(struct kist_reach *reach, kist_status status, const struct kist_error *why,
			     struct kist_error *err)
{
	if (status == KIST_OK)
		return KIST_OK;
	if (!kist_is_damage(status, why) && status != KIST_INCOMPATIBLE)
		return kist_fail(err, status, "%s", why->text);
	reach->missing++;
	return KIST_OK;
}

/* Tells of a chunk, and of its base. */
static kist_status tell(struct kist_reach *reach, const struct kist_digest *chunk, struct kist_error *err)
{
	struct kist_digest base;
	bool any = false;

	KIST_TRY(reach->each(reach->ctx, chunk, err));
	KIST_TRY(kist_registry_base_of(reach->flow->registry, chunk, &base, &any, err));
	return any ? reach->each(reach->ctx, &base, err) : KIST_OK;
}

static kist_status read_node(struct kist_reach *reach, const struct kist_digest *id, struct kist_buf *bytes,
			     struct kist_recipe *ret, struct kist_error *err)
{
	struct kist_location where;

	KIST_TRY(kist_registry_find_chunk(reach->flow->registry, id, &where, err));
	KIST_TRY(kist_store_read_chunk_with(reach->flow->store, &reach->flow->chunk_reader, &where, id, bytes,
					    err));
	return kist_recipe_open(kist_buf_view(bytes), ret, err);
}

static kist_status reach_node(struct kist_reach *reach, const struct kist_digest *id, int depth_left,
			      struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_recipe node = { .count = 0 };
	kist_status status = read_node(reach, id, &bytes, &node, &why);

	KIST_TRY(tell(reach, id, err));
	if (status == KIST_OK && node.depth >= depth_left)
		status = kist_fail(&why, KIST_CORRUPT, "a recipe's levels do not go down");
	if (status != KIST_OK)
		return pass_over(reach, status, &why, err);
	for (size_t i = 0; i < node.count; i++) {
		const struct kist_recipe_entry entry = kist_recipe_entry_at(&node, i);

		KIST_TRY(node.depth > 0 ? reach_node(reach, &entry.id, node.depth, err)
					: tell(reach, &entry.id, err));
	}
	return KIST_OK;
}

static kist_status reach_record(struct kist_reach *reach, const struct kist_artifact *artifact,
				struct kist_error *err)
{
	struct kist_content content = { .size = 0 };
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest info;

	KIST_TRY(tell(reach, &artifact->id, err));
	if (kist_record_get_digest(artifact->record, "info_chunk", &info))
		KIST_TRY(tell(reach, &info, err));
	if (kist_record_get_content(artifact->record, &content, &why) != KIST_OK)
		return pass_over(reach, why.status, &why, err);
	if (content.form == KIST_CONTENT_CHUNK)
		return tell(reach, &content.chunk, err);
	if (content.form == KIST_CONTENT_RECIPE)
		return reach_node(reach, &content.chunk, KIST_RECIPE_DEPTH_MAX + 1, err);
	return KIST_OK;
}

static kist_status get_artifact(struct kist_reach *reach, const struct kist_digest *id,
				struct kist_artifact *ret, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_registry_get_artifact(reach->flow->registry, id, ret, &why);

	return pass_over(reach, status, &why, err);
}

static kist_status reach_file(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_reach *reach = ctx;

	if (entry->kind != KIST_TREE_FILE)
		return KIST_OK;
	reach->path = entry->path;
	KIST_TRY(get_artifact(reach, &entry->artifact, &artifact, err));
	return artifact.record ? reach_record(reach, &artifact, err) : KIST_OK;
}

kist_status kist_reach_artifact(struct kist_reach *reach, const struct kist_digest *id,
				struct kist_error *err)
{
	kist_auto_buf struct kist_buf listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX);
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	const char *kind;
	kist_status status;

	reach->path = kist_view_of("", 0);
	KIST_TRY(get_artifact(reach, id, &artifact, err));
	if (!artifact.record)
		return KIST_OK;
	KIST_TRY(reach_record(reach, &artifact, err));
	kind = kist_json_get_text(artifact.record, "kind");
	if (!kind || strcmp(kind, "tree") != 0)
		return KIST_OK;
	status = kist_load_listing(reach->flow, artifact.record, &listing, &why);
	if (status != KIST_OK)
		return pass_over(reach, status, &why, err);
	status = kist_tree_read(kist_buf_view(&listing), reach_file, reach, NULL, err);
	reach->path = kist_view_of("", 0);
	return status;
}
