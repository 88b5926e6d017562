/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/registry.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "registry/internal.h"

/* With the file as it is, with a new file, in memory. */
#define TRIES_MAX 3

kist_status kist_pass_error(struct kist_error *err, kist_status status, const struct kist_error *why)
{
	if (err && err->status == KIST_OK && why->status != KIST_OK)
		*err = *why;
	return status;
}

/* The newest folded commit must still be what it was: a store can be restored or replaced under its id. */
kist_status kist_check_head(struct kist_registry *registry, struct kist_error *err)
{
	kist_auto_json json_t *commit = NULL;
	struct kist_digest expected;
	struct kist_digest digest;
	kist_status status;
	uint64_t head;

	KIST_TRY(kist_db_get_head(&registry->db, &head, &expected, err));
	status = head > 0 ? kist_log_read(registry->store, head, &commit, &digest, err) : KIST_OK;
	if (status == KIST_OK && (head == 0 || kist_digest_equal(&digest, &expected))) {
		registry->head = head;
		registry->head_digest = expected;
		return KIST_OK;
	}
	if (status != KIST_OK && status != KIST_NOT_FOUND && status != KIST_CORRUPT)
		return status;
	registry->db.trouble = KIST_DB_DAMAGED;
	return kist_fail(err, KIST_CORRUPT,
			 "the index cannot be used: it holds another history than the store");
}

static kist_status connect_index(struct kist_registry *registry, struct kist_error *err)
{
	KIST_TRY(kist_db_open(registry->folder, kist_store_id(registry->store), &registry->db, err));
	KIST_TRY(kist_check_head(registry, err));
	KIST_TRY(kist_fold_damaged(registry, NULL, err));
	KIST_TRY(kist_fold_new(registry, NULL, err));
	registry->connected = true;
	return KIST_OK;
}

/* Leaves what is bad behind; false when there is nothing left to try. */
static bool disconnect_bad(struct kist_registry *registry, int tries)
{
	const bool again = registry->db.trouble == KIST_DB_MOVED ||
			   (registry->db.trouble == KIST_DB_DAMAGED && kist_db_discard(&registry->db));

	kist_db_close(&registry->db);
	registry->connected = false;
	if (!registry->folder)
		return tries < TRIES_MAX - 1;
	if (!again || tries > 0) {
		kist_free(registry->folder);
		registry->folder = NULL;
	}
	return true;
}

kist_status kist_registry_run(struct kist_registry *registry, kist_registry_op *op, void *ctx,
			      struct kist_error *err)
{
	for (int tries = 0;; tries++) {
		struct kist_error why = KIST_ERROR_INIT;
		kist_status status = registry->connected ? KIST_OK : connect_index(registry, &why);

		if (status == KIST_OK && op)
			status = op(registry, ctx, &why);
		if (status == KIST_OK)
			return KIST_OK;
		if (registry->db.trouble != KIST_DB_FINE && tries < TRIES_MAX &&
		    disconnect_bad(registry, tries))
			continue;
		if (!registry->connected)
			kist_db_close(&registry->db);
		return kist_pass_error(err, status, &why);
	}
}

static kist_status set_folder(struct kist_registry *registry, const char *cache_dir, struct kist_error *err)
{
	const char *id = kist_store_id(registry->store);
	kist_auto_buf struct kist_buf path = KIST_BUF_INIT(SIZE_MAX / 2);
	const size_t len = strlen(id);

	/* The id becomes a part of a path. */
	for (size_t i = 0; i < len; i++) {
		if (kist_hex_digit(id[i]) < 0)
			return kist_fail(err, KIST_CORRUPT, "the store's id is not hexadecimal");
	}
	KIST_TRY(kist_buf_appendf(&path, err, "%s/%s", cache_dir, id));
	registry->folder = kist_strndup((const char *)path.data, path.size);
	return registry->folder ? KIST_OK : kist_fail_memory(err, path.size + 1);
}

kist_status kist_registry_open(struct kist_store *store, const char *cache_dir, struct kist_registry **ret,
			       struct kist_error *err)
{
	kist_auto_registry struct kist_registry *registry = kist_alloc(1, sizeof(*registry));

	if (!registry)
		return kist_fail_memory(err, sizeof(*registry));
	registry->db = (struct kist_db)KIST_DB_INIT;
	registry->store = store;
	registry->index = (struct kist_chunk_index){ .ctx = registry, .find = kist_find_sound_chunk };
	if (cache_dir)
		KIST_TRY(set_folder(registry, cache_dir, err));
	KIST_TRY(kist_registry_run(registry, NULL, NULL, err));
	*ret = kist_steal(registry);
	return KIST_OK;
}

void kist_registry_close(struct kist_registry *registry)
{
	if (!registry)
		return;
	kist_db_close(&registry->db);
	kist_free(registry->folder);
	kist_free(registry);
}

kist_status kist_registry_fold(struct kist_registry *registry, struct kist_error *err)
{
	return kist_registry_run(registry, kist_fold_new, NULL, err);
}

void kist_registry_head(const struct kist_registry *registry, uint64_t *ret_number,
			struct kist_digest *ret_digest)
{
	*ret_number = registry->head;
	*ret_digest = registry->head_digest;
}

const struct kist_chunk_index *kist_registry_index(struct kist_registry *registry)
{
	return &registry->index;
}
