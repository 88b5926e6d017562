/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/utf8.h"
#include "flow/ahead.h"
#include "flow/tree.h"
#include "care/verify_private.h"

static kist_status verify_tree_entry(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_flow *flow = ctx;

	if (entry->kind != KIST_TREE_FILE)
		return KIST_OK;
	KIST_TRY(kist_lost_is_damage(
		kist_registry_get_artifact(flow->registry, &entry->artifact, &artifact, err), err));
	if (artifact.size != entry->size || !kist_digest_equal(&artifact.sha256, &entry->sha256))
		return kist_fail_at(err, KIST_CORRUPT, "E_TREE", KIST_NO_OFFSET,
				    "the tree and the record of one of its files do not agree");
	return KIST_OK;
}

static kist_status take_nothing(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	(void)ctx;
	(void)bytes;
	(void)err;
	return KIST_OK;
}

kist_status kist_verify_artifact(struct kist_flow *flow, const struct kist_artifact *artifact,
				 struct kist_error *err)
{
	kist_auto_buf struct kist_buf listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX);
	kist_auto_json json_t *info = NULL;

	KIST_TRY(kist_load_info(flow, artifact->record, &info, err));
	if (!kist_record_is_tree(artifact->record))
		return kist_load_each(flow, artifact->record, take_nothing, NULL, err);
	KIST_TRY(kist_load_listing(flow, artifact->record, &listing, err));
	return kist_tree_read(kist_buf_view(&listing), verify_tree_entry, flow, NULL, err);
}

/* Whether @id is kept, with @len bytes unless that is 0. */
static kist_status is_there(struct kist_flow *flow, const struct kist_digest *id, uint64_t len,
			    struct kist_error *err)
{
	struct kist_location where;

	KIST_TRY(kist_registry_find_chunk(flow->registry, id, &where, err));
	if (len != 0 && where.raw_len != len)
		return kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", KIST_NO_OFFSET,
				    "a chunk has another length");
	if (where.has_base && where.base.stored_len == 0)
		return kist_fail(err, KIST_CORRUPT, "the base of a chunk is not kept as a whole");
	return KIST_OK;
}

/* What the record says by itself, and that what it leans on is kept: no byte of the object is read. */
static kist_status look_at_record(struct kist_flow *flow, const struct kist_artifact *artifact,
				  struct kist_content *ret_content, struct kist_error *err)
{
	struct kist_content *const content = ret_content;
	struct kist_digest actual = content->sha256;
	struct kist_digest info;

	KIST_TRY(kist_record_get_content(artifact->record, content, err));
	if (kist_record_get_digest(artifact->record, "info_chunk", &info))
		KIST_TRY(is_there(flow, &info, 0, err));
	if (content->form != KIST_CONTENT_INLINE)
		KIST_TRY(is_there(flow, &content->chunk,
				  content->form == KIST_CONTENT_CHUNK ? content->size : 0, err));
	if (content->form == KIST_CONTENT_RECIPE || kist_record_is_tree(artifact->record))
		return KIST_OK;
	actual = content->form == KIST_CONTENT_CHUNK
			 ? content->chunk
			 : kist_digest_of(kist_view_of(content->bytes, (size_t)content->size));
	if (!kist_digest_equal(&actual, &content->sha256))
		return kist_fail_at(err, KIST_CORRUPT, "E_DIGEST", KIST_NO_OFFSET,
				    "the bytes do not have the SHA-256 that the record says");
	return KIST_OK;
}

static kist_status verify_bytes(struct kist_verifying *verifying, const struct kist_artifact *artifact,
				struct kist_error *err)
{
	struct kist_content content = { .size = 0 };

	KIST_TRY(look_at_record(verifying->flow, artifact, &content, err));
	if (verifying->options->level < KIST_VERIFY_FULL)
		return KIST_OK;
	/* An object of one chunk is proved with the chunk, where the pack is checked. */
	if (content.form != KIST_CONTENT_RECIPE && !kist_record_is_tree(artifact->record) &&
	    !json_object_get(artifact->record, "info_chunk"))
		return KIST_OK;
	verifying->done.bytes += content.size;
	return kist_verify_artifact(verifying->flow, artifact, err);
}

static kist_status verify_by_plugin(struct kist_verifying *verifying, const struct kist_artifact *artifact,
				    struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	if (verifying->options->level < KIST_VERIFY_DEEP || !verifying->options->validate)
		return KIST_OK;
	status = verifying->options->validate(verifying->flow, artifact, &why);
	if (status == KIST_OK)
		verifying->done.validated++;
	if (status == KIST_NOT_FOUND || status == KIST_UNSUPPORTED) {
		verifying->done.untyped++;
		return KIST_OK;
	}
	if (status != KIST_OK && err)
		*err = why;
	return status;
}

kist_status kist_verify_one(struct kist_verifying *verifying, const struct kist_digest *id,
			    struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status = kist_registry_get_artifact(verifying->flow->registry, id, &artifact, &why);

	if (status == KIST_OK)
		status = verify_bytes(verifying, &artifact, &why);
	if (status == KIST_OK)
		status = verify_by_plugin(verifying, &artifact, &why);
	verifying->done.artifacts++;
	if (kist_verify_is_damage(status))
		return kist_hurt_add(&verifying->hurt, id, &why, err);
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}

static bool is_bad(const struct kist_verifying *verifying, const struct kist_digest *id,
		   const struct kist_digest *pack)
{
	return kist_idset_has(&verifying->bad_chunks, id) || kist_idset_has(&verifying->bad_packs, pack);
}

/* Whether a chunk was found bad, or lies in a pack of which nothing can be read; or its base was, or does. */
static kist_status is_sound(void *ctx, const struct kist_digest *id, struct kist_error *err)
{
	struct kist_verifying *verifying = ctx;
	struct kist_location where;
	char base[KIST_DIGEST_HEX_SIZE];
	char hex[KIST_DIGEST_HEX_SIZE];

	KIST_TRY(kist_registry_find_chunk(verifying->flow->registry, id, &where, err));
	kist_digest_hex(id, hex);
	kist_digest_hex(&where.base.id, base);
	if (where.has_base && where.base.stored_len == 0)
		return kist_fail(err, KIST_CORRUPT, "the base %s of its chunk %s is lost", base, hex);
	if (where.has_base && is_bad(verifying, &where.base.id, &where.base.pack))
		return kist_fail(err, KIST_CORRUPT, "the base %s of its chunk %s is damaged", base, hex);
	if (is_bad(verifying, id, &where.pack))
		return kist_fail(err, KIST_CORRUPT, "its chunk %s is damaged", hex);
	return KIST_OK;
}

static void report_hurt(void *ctx, const struct kist_hurt_thing *thing)
{
	kist_verify_report(ctx, &(struct kist_damage){ .what = thing->what,
						       .id = thing->id,
						       .offset = KIST_NO_OFFSET,
						       .why = thing->why });
}

void kist_verify_start_hurt(struct kist_verifying *verifying)
{
	verifying->hurt.look = is_sound;
	verifying->hurt.each = report_hurt;
	verifying->hurt.ctx = verifying;
}

kist_status kist_verify_hurt(struct kist_verifying *verifying, struct kist_error *err)
{
	if (verifying->bad_chunks.count > 0 || verifying->bad_packs.count > 0)
		KIST_TRY(kist_hurt_artifacts(&verifying->hurt, err));
	if (verifying->hurt.artifacts.count > 0)
		KIST_TRY(kist_hurt_trees(&verifying->hurt, err));
	return kist_hurt_names(&verifying->hurt, err);
}
