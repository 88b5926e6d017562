/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/registry.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "registry/checkpoint.h"
#include "registry/fold.h"
#include "registry/internal.h"

/* With the file as it is, with a new file, in memory. */
#define TRIES_MAX 3

#define FILE_SCHEME "file://"

kist_status kist_pass_error(struct kist_error *err, kist_status status, const struct kist_error *why)
{
	if (err && err->status == KIST_OK && why->status != KIST_OK)
		*err = *why;
	return status;
}

/* What is wrong, and what to do.  The index is left as it is: it alone knows what there was. */
static kist_status fail_lost(const struct kist_registry *registry, const char *what, struct kist_error *err)
{
	if (!kist_registry_folder(registry))
		return kist_fail(err, KIST_CORRUPT, "%s; put the files of the log back", what);
	return kist_fail(
		err, KIST_CORRUPT,
		"%s; put the files of the log back; or, when the store was restored from another copy on "
		"purpose, delete '%s/%s', and it is taken as it is",
		what, registry->folder, KIST_DB_FILE);
}

/* Commit @head, that this host has folded, is not there. */
static kist_status fail_missing(struct kist_registry *registry, uint64_t head, struct kist_error *err)
{
	struct kist_log_names names;
	char key[KIST_LOG_KEY_SIZE];
	char numbers[64];
	char what[256];

	KIST_TRY(kist_log_names(registry->store, &names, err));
	if (names.missing > head)
		names.missing = head;
	kist_log_key(names.missing, key);
	if (names.missing == head)
		snprintf(numbers, sizeof(numbers), "commit %" PRIu64, head);
	else
		snprintf(numbers, sizeof(numbers), "commits %" PRIu64 " to %" PRIu64, names.missing, head);
	snprintf(what, sizeof(what), "the log has lost %s, which this host has read: '%s' is missing",
		 numbers, key);
	return fail_lost(registry, what, err);
}

static kist_status fail_other(struct kist_registry *registry, uint64_t head, struct kist_error *err)
{
	char key[KIST_LOG_KEY_SIZE];
	char what[256];

	kist_log_key(head, key);
	snprintf(what, sizeof(what), "commit '%s' is not the one that this host has read", key);
	return fail_lost(registry, what, err);
}

/*
 * The newest folded commit must still be what it was.  When it is not, acknowledged commits are gone, or the
 * store was restored from a copy: only a person knows which.
 */
kist_status kist_check_head(struct kist_registry *registry, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest expected;
	struct kist_digest digest;
	kist_status status;
	uint64_t head;

	KIST_TRY(kist_db_get_head(&registry->db, &head, &expected, err));
	/* What is wrong with it is found out by reading it. */
	if (head > 0 && !kist_log_is(registry->store, head, &expected)) {
		status = kist_log_digest(registry->store, head, &digest, &why);
		if (status == KIST_NOT_FOUND)
			return fail_missing(registry, head, err);
		if (status != KIST_OK)
			return kist_pass_error(err, status, &why);
		if (!kist_digest_equal(&digest, &expected))
			return fail_other(registry, head, err);
	}
	registry->head = head;
	registry->head_digest = expected;
	return KIST_OK;
}

/* Opens the index.  One of before the last start of the host is not used, but its head is still looked at. */
static kist_status open_index(struct kist_registry *registry, struct kist_error *err)
{
	struct kist_db *const db = &registry->db;
	struct kist_error lost = KIST_ERROR_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status =
		kist_db_open(kist_registry_folder(registry), kist_store_id(registry->store), db, &why);

	if (status != KIST_OK && db->is_of_other_boot) {
		db->trouble = KIST_DB_FINE;
		if (kist_check_head(registry, &lost) == KIST_CORRUPT && db->trouble == KIST_DB_FINE)
			return kist_pass_error(err, KIST_CORRUPT, &lost);
		db->trouble = KIST_DB_DAMAGED;
	}
	return kist_pass_error(err, status, &why);
}

static kist_status connect_index(struct kist_registry *registry, struct kist_error *err)
{
	KIST_TRY(open_index(registry, err));
	KIST_TRY(kist_check_head(registry, err));
	if (registry->head == 0 && !registry->is_whole)
		KIST_TRY(kist_take_checkpoint(registry, err));
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
	if (!kist_registry_folder(registry))
		return tries < TRIES_MAX - 1;
	registry->in_memory = !again || tries > 0;
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

/* Copies of a store have one id, and each a history of its own: an index belongs to one place. */
static struct kist_digest place_of(const struct kist_store *store)
{
	const char *uri = kist_store_uri(store);
	char path[PATH_MAX];

	if (strncmp(uri, FILE_SCHEME, strlen(FILE_SCHEME)) == 0)
		uri += strlen(FILE_SCHEME);
	if (realpath(uri, path))
		uri = path;
	return kist_digest_of(kist_view_of(uri, strlen(uri)));
}

static kist_status set_folder(struct kist_registry *registry, const char *cache_dir, struct kist_error *err)
{
	const char *id = kist_store_id(registry->store);
	const struct kist_digest place = place_of(registry->store);
	kist_auto_buf struct kist_buf path = KIST_BUF_INIT(SIZE_MAX / 2);
	const size_t len = strlen(id);
	char hex[KIST_DIGEST_HEX_SIZE];

	/* The id becomes a part of a path. */
	for (size_t i = 0; i < len; i++) {
		if (kist_hex_digit(id[i]) < 0)
			return kist_fail(err, KIST_CORRUPT, "the store's id is not hexadecimal");
	}
	kist_digest_hex(&place, hex);
	KIST_TRY(kist_buf_appendf(&path, err, "%s/%s/%.16s", cache_dir, id, hex));
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
	registry->checkpoint_commits = KIST_CHECKPOINT_COMMITS;
	registry->index = (struct kist_chunk_index){ .ctx = registry,
						     .find = kist_find_sound_chunk,
						     .last_collected = kist_index_last_collected,
						     .is_fenced = kist_index_is_fenced,
						     .may_differ = kist_index_may_differ,
						     .look = kist_fold_look };
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

kist_status kist_registry_fold_written(struct kist_registry *registry, struct kist_written *written,
				       struct kist_error *err)
{
	kist_status status;

	registry->written = written;
	status = kist_registry_fold(registry, err);
	registry->written = NULL;
	return status;
}

void kist_registry_head(const struct kist_registry *registry, uint64_t *ret_number,
			struct kist_digest *ret_digest)
{
	*ret_number = registry->head;
	*ret_digest = registry->head_digest;
}

const char *kist_registry_folder(const struct kist_registry *registry)
{
	return registry->in_memory ? NULL : registry->folder;
}

const struct kist_chunk_index *kist_registry_index(struct kist_registry *registry)
{
	return &registry->index;
}
