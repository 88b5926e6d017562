/* SPDX-License-Identifier: Apache-2.0 */
#include "care/hurt.h"

#include <string.h>

#include "base/utf8.h"
#include "flow/ahead.h"
#include "flow/tree.h"

#define SHOWN_NAME_SIZE ((size_t)4 * KIST_NAME_SIZE_MAX + 1)
#define SHOWN_PATH_SIZE 256

void kist_hurt_done(struct kist_hurt *hurt)
{
	kist_idset_done(&hurt->artifacts);
	kist_buf_done(&hurt->ranges);
}

/* Memory that ran out, or a cancelled run, says nothing about the store. */
static bool is_damage(kist_status status)
{
	return status != KIST_OK && status != KIST_NO_MEMORY && status != KIST_CANCELLED;
}

static kist_status pass(kist_status status, const struct kist_error *why, struct kist_error *err)
{
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, why);
}

static void tell_artifact(struct kist_hurt *hurt, const struct kist_digest *id, uint64_t size,
			  bool is_unknown, const struct kist_error *why)
{
	char hex[KIST_DIGEST_HEX_SIZE];
	const struct kist_hurt_thing thing = {
		.what = "artifact",
		.id = hex,
		.why = why,
		.is_unknown = is_unknown,
		.size = size,
		.ranges = (const void *)hurt->ranges.data,
		.range_count = hurt->ranges.size / sizeof(struct kist_hurt_range),
	};

	kist_digest_hex(id, hex);
	hurt->each(hurt->ctx, &thing);
}

/* Whether the artifact is still kept, now that the log is folded. */
static kist_status is_kept(struct kist_hurt *hurt, const struct kist_digest *id, bool *ret,
			   struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	KIST_TRY(kist_registry_fold(hurt->flow->registry, err));
	status = kist_registry_get_artifact(hurt->flow->registry, id, &artifact, &why);
	*ret = status == KIST_OK;
	return status == KIST_NOT_FOUND ? KIST_OK : pass(status, &why, err);
}

kist_status kist_hurt_add(struct kist_hurt *hurt, const struct kist_digest *id, const struct kist_error *why,
			  struct kist_error *err)
{
	bool kept;

	if (kist_idset_has(&hurt->artifacts, id))
		return KIST_OK;
	KIST_TRY(is_kept(hurt, id, &kept, err));
	if (!kept)
		return KIST_OK;
	hurt->ranges.size = 0;
	tell_artifact(hurt, id, 0, false, why);
	return kist_idset_add(&hurt->artifacts, id, err);
}

/* An artifact that is being looked at. */
struct looking {
	struct kist_hurt *hurt;
	struct kist_error why; /* the first damage; or KIST_OK */
	bool is_unknown;
};

static kist_status look(struct looking *looking, const struct kist_digest *id, bool *ret_lost,
			struct kist_error *err)
{
	struct kist_hurt *const hurt = looking->hurt;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = hurt->look(hurt->ctx, id, &why);

	*ret_lost = is_damage(status);
	if (!*ret_lost)
		return pass(status, &why, err);
	if (looking->why.status == KIST_OK)
		looking->why = why;
	return KIST_OK;
}

static kist_status add_range(struct kist_hurt *hurt, uint64_t offset, uint64_t len, struct kist_error *err)
{
	const struct kist_hurt_range range = { .offset = offset, .len = len };
	const size_t count = hurt->ranges.size / sizeof(range);
	struct kist_hurt_range *ranges = (void *)hurt->ranges.data;

	if (count > 0 && ranges[count - 1].offset + ranges[count - 1].len == offset) {
		ranges[count - 1].len += len;
		return KIST_OK;
	}
	return kist_buf_append(&hurt->ranges, &range, sizeof(range), err);
}

static kist_status look_at_content(struct looking *looking, const struct kist_artifact *artifact,
				   struct kist_error *err)
{
	kist_auto_object_reader struct kist_object_reader reader = KIST_OBJECT_READER_INIT;
	const struct kist_object_chunk *chunks;
	struct kist_error why = KIST_ERROR_INIT;
	/* This reads the recipe's nodes, and so proves them. */
	const kist_status status =
		kist_object_reader_open(looking->hurt->flow, artifact->record, &reader, &why);
	bool lost;

	if (is_damage(status)) {
		looking->is_unknown = true;
		if (looking->why.status == KIST_OK)
			looking->why = why;
		return add_range(looking->hurt, 0, artifact->size, err);
	}
	KIST_TRY(pass(status, &why, err));
	chunks = (const void *)reader.entries.data;
	for (size_t i = 0; i < reader.entries.size / sizeof(*chunks); i++) {
		KIST_TRY(look(looking, &chunks[i].id, &lost, err));
		if (lost)
			KIST_TRY(add_range(looking->hurt, chunks[i].offset, chunks[i].len, err));
	}
	return KIST_OK;
}

static kist_status look_once(struct looking *looking, const struct kist_artifact *artifact,
			     struct kist_error *err)
{
	struct kist_hurt *const hurt = looking->hurt;
	struct kist_digest info;
	bool lost;

	if (hurt->start)
		hurt->start(hurt->ctx);
	hurt->ranges.size = 0;
	kist_error_clear(&looking->why);
	looking->is_unknown = false;
	KIST_TRY(look(looking, &artifact->id, &lost, err));
	if (kist_record_get_digest(artifact->record, "info_chunk", &info))
		KIST_TRY(look(looking, &info, &lost, err));
	return look_at_content(looking, artifact, err);
}

static kist_status look_at_artifact(void *ctx, const struct kist_artifact *artifact, struct kist_error *err)
{
	struct kist_hurt *hurt = ctx;
	struct looking looking = { .hurt = hurt, .why = KIST_ERROR_INIT };
	bool kept;

	KIST_TRY(look_once(&looking, artifact, err));
	if (looking.why.status == KIST_OK || kist_idset_has(&hurt->artifacts, &artifact->id))
		return KIST_OK;
	KIST_TRY(is_kept(hurt, &artifact->id, &kept, err));
	if (!kept)
		return KIST_OK;
	KIST_TRY(look_once(&looking, artifact, err));
	if (looking.why.status == KIST_OK)
		return KIST_OK;
	tell_artifact(hurt, &artifact->id, artifact->size, looking.is_unknown, &looking.why);
	return kist_idset_add(&hurt->artifacts, &artifact->id, err);
}

kist_status kist_hurt_artifacts(struct kist_hurt *hurt, struct kist_error *err)
{
	return kist_registry_each_artifact(hurt->flow->registry, look_at_artifact, hurt, err);
}

/* A tree that is being looked at. */
struct tree {
	struct kist_hurt *hurt;
	bool is_unknown;
};

/* A tree is hurt with its files. */
static kist_status look_at_file(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct tree *tree = ctx;
	char path[SHOWN_PATH_SIZE];

	if (entry->kind != KIST_TREE_FILE)
		return KIST_OK;
	kist_text_escape((const char *)entry->path.data, entry->path.size, path, sizeof(path));
	if (kist_idset_has(&tree->hurt->artifacts, &entry->artifact))
		return kist_fail(err, KIST_CORRUPT, "its file '%s' is damaged", path);
	if (kist_registry_get_artifact(tree->hurt->flow->registry, &entry->artifact, &artifact, NULL) !=
	    KIST_NOT_FOUND)
		return KIST_OK;
	tree->is_unknown = true;
	return kist_fail(err, KIST_CORRUPT, "the record of its file '%s' is lost", path);
}

static kist_status read_tree(struct tree *tree, const struct kist_artifact *artifact, struct kist_error *err)
{
	kist_auto_buf struct kist_buf listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX);

	tree->is_unknown = true;
	KIST_TRY(kist_load_listing(tree->hurt->flow, artifact->record, &listing, err));
	tree->is_unknown = false;
	return kist_tree_read(kist_buf_view(&listing), look_at_file, tree, NULL, err);
}

static kist_status look_at_tree(void *ctx, const struct kist_artifact *artifact, struct kist_error *err)
{
	struct kist_hurt *hurt = ctx;
	struct tree tree = { .hurt = hurt };
	struct kist_error why = KIST_ERROR_INIT;
	const char *kind = kist_json_get_text(artifact->record, "kind");
	kist_status status;
	bool kept;

	if (!kind || strcmp(kind, "tree") != 0 || kist_idset_has(&hurt->artifacts, &artifact->id))
		return KIST_OK;
	if (hurt->start)
		hurt->start(hurt->ctx);
	status = read_tree(&tree, artifact, &why);
	if (is_damage(status)) {
		KIST_TRY(is_kept(hurt, &artifact->id, &kept, err));
		if (!kept)
			return KIST_OK;
		kist_error_clear(&why);
		status = read_tree(&tree, artifact, &why);
	}
	if (!is_damage(status))
		return pass(status, &why, err);
	hurt->ranges.size = 0;
	tell_artifact(hurt, &artifact->id, artifact->size, tree.is_unknown, &why);
	return kist_idset_add(&hurt->artifacts, &artifact->id, err);
}

kist_status kist_hurt_trees(struct kist_hurt *hurt, struct kist_error *err)
{
	return kist_registry_each_artifact(hurt->flow->registry, look_at_tree, hurt, err);
}

/* Whether the name still means this artifact, and that is not there. */
static kist_status is_lost(struct kist_hurt *hurt, const struct kist_ref *ref, bool *ret,
			   struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest now;
	kist_status status;
	bool kept = false;

	KIST_TRY(is_kept(hurt, &ref->artifact, &kept, err));
	status = kist_registry_find_ref(hurt->flow->registry, ref->name, ref->name_len, &now, &why);
	*ret = !kept && status == KIST_OK && kist_digest_equal(&now, &ref->artifact);
	return status == KIST_NOT_FOUND ? KIST_OK : pass(status, &why, err);
}

static kist_status look_at_ref(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			       struct kist_error *err)
{
	struct kist_hurt *hurt = ctx;
	const bool is_hurt = kist_idset_has(&hurt->artifacts, &ref->artifact);
	struct kist_error why = KIST_ERROR_INIT;
	char hex[KIST_DIGEST_HEX_SIZE];
	char name[SHOWN_NAME_SIZE];
	bool lost = false;

	if (!is_hurt && !artifact->record)
		KIST_TRY(is_lost(hurt, ref, &lost, err));
	if (!is_hurt && !lost)
		return KIST_OK;
	kist_digest_hex(&ref->artifact, hex);
	kist_text_escape(ref->name, ref->name_len, name, sizeof(name));
	(void)kist_fail(&why, KIST_CORRUPT, "it means the artifact %s, %s", hex,
			lost ? "whose record is in no pack that can be read" : "which is damaged");
	hurt->each(hurt->ctx,
		   &(struct kist_hurt_thing){ .what = "name", .id = name, .why = &why, .is_unknown = lost });
	return KIST_OK;
}

kist_status kist_hurt_names(struct kist_hurt *hurt, struct kist_error *err)
{
	return kist_registry_each_ref(hurt->flow->registry, "", 0, look_at_ref, hurt, err);
}
