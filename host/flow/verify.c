/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "flow/tree.h"
#include "store/idset.h"

#define SHOWN_NAME_SIZE ((size_t)4 * KIST_NAME_SIZE_MAX + 1)

struct verifying {
	struct kist_flow *flow;
	void (*each)(void *ctx, const struct kist_damage *damage);
	void *ctx;
	struct kist_verified done;
	struct kist_idset hurt; /* artifacts */
};

static void verifying_done(struct verifying *verifying)
{
	kist_idset_done(&verifying->hurt);
}

static void report(struct verifying *verifying, const char *what, const char *id,
		   const struct kist_error *why)
{
	const struct kist_damage damage = { .what = what, .id = id, .why = why };

	verifying->done.damages++;
	if (verifying->each)
		verifying->each(verifying->ctx, &damage);
}

/* Memory that ran out, or a cancelled run, says nothing about the store. */
static bool is_damage(kist_status status)
{
	return status != KIST_OK && status != KIST_NO_MEMORY && status != KIST_CANCELLED;
}

static kist_status verify_log(struct verifying *verifying, struct kist_error *err)
{
	struct kist_digest previous;
	struct kist_digest digest;
	uint64_t head;

	memset(&previous, 0, sizeof(previous));
	kist_registry_head(verifying->flow->registry, &head, &digest);
	for (uint64_t n = 1; n <= head; n++) {
		struct kist_error why = KIST_ERROR_INIT;
		kist_auto_json json_t *commit = NULL;
		struct kist_digest said;
		char number[24];
		kist_status status = kist_log_read(verifying->flow->store, n, &commit, &digest, &why);

		if (status == KIST_OK && (!kist_record_get_digest(commit, "previous", &said) ||
					  !kist_digest_equal(&said, &previous)))
			status = kist_fail(&why, KIST_CORRUPT,
					   "commit %" PRIu64 " does not follow the one before it", n);
		if (status == KIST_NO_MEMORY)
			return kist_fail(err, status, "%s", why.text);
		snprintf(number, sizeof(number), "%" PRIu64, n);
		if (status != KIST_OK)
			report(verifying, "commit", number, &why);
		previous = digest;
		verifying->done.commits++;
	}
	return KIST_OK;
}

struct pack_damages {
	struct verifying *verifying;
	const char *pack;
};

static void bad_piece(void *ctx, const struct kist_digest *chunk, uint64_t offset,
		      const struct kist_error *why)
{
	const struct pack_damages *damages = ctx;
	char hex[KIST_DIGEST_HEX_SIZE];

	(void)offset;
	if (chunk)
		kist_digest_hex(chunk, hex);
	report(damages->verifying, chunk ? "chunk" : "pack", chunk ? hex : damages->pack, why);
}

static kist_status verify_pack(void *ctx, const struct kist_digest *id, uint64_t size, struct kist_error *err)
{
	struct verifying *verifying = ctx;
	struct kist_error why = KIST_ERROR_INIT;
	char hex[KIST_DIGEST_HEX_SIZE];
	struct pack_damages damages = { .verifying = verifying, .pack = hex };
	const uint64_t before = verifying->done.damages;
	kist_status status;

	kist_digest_hex(id, hex);
	status = kist_store_check_pack(verifying->flow->store, id, bad_piece, &damages, &why);
	if (status != KIST_OK && !is_damage(status))
		return kist_fail(err, status, "%s", why.text);
	/* Missing, or not to be read: then no piece of it was told of. */
	if (status != KIST_OK && verifying->done.damages == before)
		report(verifying, "pack", hex, &why);
	KIST_TRY(kist_registry_suspect_pack(verifying->flow->registry, id, status != KIST_OK, err));
	verifying->done.packs++;
	verifying->done.bytes += size;
	kist_flow_progress(verifying->flow, verifying->done.bytes, 0);
	return KIST_OK;
}

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
	const char *kind = kist_json_get_text(artifact->record, "kind");
	kist_auto_json json_t *info = NULL;

	KIST_TRY(kist_load_info(flow, artifact->record, &info, err));
	if (!kind || strcmp(kind, "tree") != 0)
		return kist_load_each(flow, artifact->record, take_nothing, NULL, err);
	KIST_TRY(kist_load_listing(flow, artifact->record, &listing, err));
	return kist_tree_read(kist_buf_view(&listing), verify_tree_entry, flow, NULL, err);
}

static kist_status verify_one(void *ctx, const struct kist_artifact *artifact, struct kist_error *err)
{
	struct verifying *verifying = ctx;
	struct kist_error why = KIST_ERROR_INIT;
	char hex[KIST_DIGEST_HEX_SIZE];
	const kist_status status = kist_verify_artifact(verifying->flow, artifact, &why);

	kist_digest_hex(&artifact->id, hex);
	if (is_damage(status)) {
		report(verifying, "artifact", hex, &why);
		KIST_TRY(kist_idset_add(&verifying->hurt, &artifact->id, err));
	} else if (status != KIST_OK) {
		return kist_fail(err, status, "%s", why.text);
	}
	verifying->done.artifacts++;
	return KIST_OK;
}

/* Which names are hurt: what a person has to put again. */
static kist_status verify_ref(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			      struct kist_error *err)
{
	struct verifying *verifying = ctx;
	struct kist_error why = KIST_ERROR_INIT;
	char hex[KIST_DIGEST_HEX_SIZE];
	char name[SHOWN_NAME_SIZE];

	(void)err;
	if (artifact->record && !kist_idset_has(&verifying->hurt, &ref->artifact))
		return KIST_OK;
	kist_digest_hex(&ref->artifact, hex);
	kist_text_escape(ref->name, ref->name_len, name, sizeof(name));
	(void)kist_fail(&why, KIST_CORRUPT, "it means the artifact %s, %s", hex,
			artifact->record ? "which is damaged"
					 : "whose record is in no pack that can be read");
	report(verifying, "name", name, &why);
	return KIST_OK;
}

kist_status kist_verify_store(struct kist_flow *flow,
			      void (*each)(void *ctx, const struct kist_damage *damage), void *ctx,
			      struct kist_verified *ret, struct kist_error *err)
{
	__attribute__((cleanup(verifying_done))) struct verifying verifying = {
		.flow = flow, .each = each, .ctx = ctx, .hurt = KIST_IDSET_INIT
	};

	KIST_TRY(verify_log(&verifying, err));
	KIST_TRY(kist_registry_each_pack(flow->registry, verify_pack, &verifying, err));
	KIST_TRY(kist_registry_each_artifact(flow->registry, verify_one, &verifying, err));
	KIST_TRY(kist_registry_each_ref(flow->registry, "", 0, verify_ref, &verifying, err));
	*ret = verifying.done;
	if (verifying.done.damages > 0)
		return kist_fail(err, KIST_CORRUPT, "%" PRIu64 " damage%s found", verifying.done.damages,
				 verifying.done.damages == 1 ? "" : "s");
	return KIST_OK;
}
