/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/checkpoint.h"

#include <string.h>

#include "backend/backend.h"
#include "registry/internal.h"
#include "registry/postings.h"
#include "store/checkpoints.h"

static kist_status fail_row(struct kist_db *db, struct kist_error *err)
{
	db->trouble = KIST_DB_DAMAGED;
	return kist_fail(err, KIST_CORRUPT, "the index cannot be used: a row is not as it should be");
}

static kist_status write_packs(struct kist_db *db, struct kist_checkpoint_builder *builder,
			       struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool more = true;

	KIST_TRY(kist_db_use(db, KIST_SQL_STATE_PACKS, &row, err, ""));
	for (;;) {
		struct kist_checkpoint_pack pack;
		const char *kind;

		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			return KIST_OK;
		kind = (const char *)sqlite3_column_text(row, 1);
		if (!kist_db_digest(db, row, 0, &pack.id) || !kind)
			return fail_row(db, err);
		pack.kind = strcmp(kind, "meta") == 0 ? KIST_PACK_META : KIST_PACK_DATA;
		pack.size = (uint32_t)sqlite3_column_int64(row, 2);
		pack.commit = (uint64_t)sqlite3_column_int64(row, 3);
		KIST_TRY(kist_checkpoint_add_pack(builder, &pack, err));
	}
}

static kist_status write_ids(struct kist_db *db, enum kist_db_statement which, enum kist_checkpoint_list list,
			     struct kist_checkpoint_builder *builder, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool more = true;

	KIST_TRY(kist_db_use(db, which, &row, err, ""));
	for (;;) {
		struct kist_checkpoint_id id;

		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			return KIST_OK;
		if (!kist_db_digest(db, row, 0, &id.id))
			return fail_row(db, err);
		id.commit = (uint64_t)sqlite3_column_int64(row, 1);
		KIST_TRY(kist_checkpoint_add_id(builder, list, &id, err));
	}
}

static kist_status write_fences(struct kist_db *db, struct kist_checkpoint_builder *builder,
				struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool more = true;

	KIST_TRY(kist_db_use(db, KIST_SQL_STATE_FENCES, &row, err, ""));
	for (;;) {
		const uint8_t *session;

		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			return KIST_OK;
		session = sqlite3_column_blob(row, 0);
		if (!session || sqlite3_column_bytes(row, 0) != (int)KIST_SESSION_SIZE)
			return fail_row(db, err);
		KIST_TRY(kist_checkpoint_add_fence(builder, session, err));
	}
}

static struct kist_view column_view(sqlite3_stmt *row, int column)
{
	const void *const data = sqlite3_column_blob(row, column);

	return kist_view_of(data, data ? (size_t)sqlite3_column_bytes(row, column) : 0);
}

static kist_status write_names(struct kist_db *db, struct kist_checkpoint_builder *builder,
			       struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool more = true;

	KIST_TRY(kist_db_use(db, KIST_SQL_STATE_NAMES, &row, err, ""));
	for (;;) {
		struct kist_checkpoint_name name;

		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			return KIST_OK;
		name.name = column_view(row, 0);
		name.time = column_view(row, 3);
		if (!kist_db_digest(db, row, 1, &name.artifact) || name.name.size == 0 || name.time.size == 0)
			return fail_row(db, err);
		name.commit = (uint64_t)sqlite3_column_int64(row, 2);
		name.is_tag = sqlite3_column_int64(row, 4) != 0;
		KIST_TRY(kist_checkpoint_add_name(builder, &name, err));
	}
}

static kist_status get_collected(struct kist_db *db, uint64_t *ret, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool found = false;

	KIST_TRY(kist_db_use(db, KIST_SQL_GET_COLLECTED, &row, err, ""));
	KIST_TRY(kist_db_step(db, row, &found, err));
	*ret = found ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
	return KIST_OK;
}

static kist_status write_state(struct kist_db *db, struct kist_checkpoint_builder *builder,
			       uint64_t *ret_number, struct kist_error *err)
{
	struct kist_checkpoint_of of;

	KIST_TRY(kist_db_get_head(db, &of.number, &of.digest, err));
	KIST_TRY(get_collected(db, &of.collected, err));
	KIST_TRY(kist_checkpoint_begin(builder, &of, err));
	KIST_TRY(write_packs(db, builder, err));
	KIST_TRY(write_ids(db, KIST_SQL_STATE_FORGOTTEN, KIST_CHECKPOINT_FORGOTTEN, builder, err));
	KIST_TRY(write_ids(db, KIST_SQL_STATE_CONDEMNED, KIST_CHECKPOINT_CONDEMNED, builder, err));
	KIST_TRY(write_fences(db, builder, err));
	KIST_TRY(write_names(db, builder, err));
	*ret_number = of.number;
	return kist_checkpoint_finish(builder, err);
}

kist_status kist_write_checkpoint(struct kist_db *db, struct kist_checkpoint_builder *ret,
				  uint64_t *ret_number, struct kist_error *err)
{
	kist_status status;

	kist_checkpoint_builder_done(ret);
	/* Other processes fold into the same file. */
	kist_db_hold(db);
	if (!db->is_held)
		return kist_fail(err, KIST_IO, "the index cannot be locked");
	status = write_state(db, ret, ret_number, err);
	kist_db_let_go(db);
	return status;
}

static kist_status take_packs(struct kist_db *db, struct kist_view list, struct kist_error *err)
{
	struct kist_checkpoint_pack pack;

	while (kist_checkpoint_next_pack(&list, &pack))
		KIST_TRY(kist_db_run(db, KIST_SQL_ADD_UNREAD_PACK, err, "dtuu", &pack.id,
				     pack.kind == KIST_PACK_META ? "meta" : "data", (uint64_t)pack.size,
				     pack.commit));
	return KIST_OK;
}

static kist_status take_ids(struct kist_db *db, enum kist_db_statement which, struct kist_view list,
			    struct kist_error *err)
{
	struct kist_checkpoint_id id;

	while (kist_checkpoint_next_id(&list, &id))
		KIST_TRY(kist_db_run(db, which, err, "du", &id.id, id.commit));
	return KIST_OK;
}

static kist_status take_names(struct kist_db *db, struct kist_view list, struct kist_error *err)
{
	kist_auto_postings struct kist_postings postings = KIST_POSTINGS_INIT(db, KIST_POSTING_NAME);
	struct kist_checkpoint_name name;

	while (kist_checkpoint_next_name(&list, &name)) {
		KIST_TRY(kist_name_check((const char *)name.name.data, name.name.size, err));
		KIST_TRY(kist_db_run(db, KIST_SQL_SET_REF, err, "bduvu", name.name.data, name.name.size,
				     &name.artifact, name.commit, name.time, (uint64_t)name.is_tag));
		KIST_TRY(kist_postings_add_name(&postings, &name.artifact, name.name, err));
	}
	return kist_postings_flush(&postings, err);
}

static kist_status take_state(struct kist_db *db, const struct kist_checkpoint *checkpoint,
			      const struct kist_digest *digest, struct kist_error *err)
{
	const struct kist_view *const lists = checkpoint->lists;
	struct kist_view fences = lists[KIST_CHECKPOINT_FENCES];
	uint8_t session[KIST_SESSION_SIZE];

	KIST_TRY(take_packs(db, lists[KIST_CHECKPOINT_PACKS], err));
	KIST_TRY(take_ids(db, KIST_SQL_ADD_FORGOTTEN, lists[KIST_CHECKPOINT_FORGOTTEN], err));
	KIST_TRY(take_ids(db, KIST_SQL_ADD_CONDEMNED, lists[KIST_CHECKPOINT_CONDEMNED], err));
	while (kist_checkpoint_next_fence(&fences, session))
		KIST_TRY(kist_db_run(db, KIST_SQL_ADD_FENCE, err, "b", session, sizeof(session)));
	KIST_TRY(take_names(db, lists[KIST_CHECKPOINT_NAMES], err));
	KIST_TRY(kist_db_run(db, KIST_SQL_SET_COLLECTED, err, "u", checkpoint->of.collected));
	KIST_TRY(kist_db_run(db, KIST_SQL_SET_CHECKPOINT, err, "ud", checkpoint->of.number, digest));
	return kist_db_run(db, KIST_SQL_SET_HEAD, err, "ud", checkpoint->of.number, &checkpoint->of.digest);
}

static kist_status take_when_empty(struct kist_db *db, const struct kist_checkpoint *checkpoint,
				   const struct kist_digest *digest, struct kist_error *err)
{
	struct kist_digest head_digest;
	uint64_t head;

	KIST_TRY(kist_db_get_head(db, &head, &head_digest, err));
	/* Another process has begun meanwhile. */
	return head > 0 ? KIST_OK : take_state(db, checkpoint, digest, err);
}

/* What is not as it should be is noticed before anything of it is kept. */
static kist_status take(struct kist_registry *registry, uint64_t number, struct kist_buf *bytes,
			struct kist_error *err)
{
	struct kist_db *const db = &registry->db;
	struct kist_checkpoint checkpoint;
	struct kist_digest digest;
	kist_status status;

	KIST_TRY(kist_checkpoints_get(registry->store, number, bytes, err));
	KIST_TRY(kist_checkpoint_parse(kist_buf_view(bytes), number, &checkpoint, err));
	KIST_TRY(kist_log_digest(registry->store, number, &digest, err));
	if (!kist_digest_equal(&digest, &checkpoint.of.digest))
		return kist_fail(err, KIST_CORRUPT, "it is of another commit %llu",
				 (unsigned long long)number);
	digest = kist_digest_of(kist_buf_view(bytes));
	KIST_TRY(kist_db_begin(db, err));
	status = take_when_empty(db, &checkpoint, &digest, err);
	if (status == KIST_OK)
		return kist_db_commit(db, err);
	kist_db_rollback(db);
	/* One id twice: it is the checkpoint that is bad, and the index is as it was. */
	if (db->trouble == KIST_DB_DAMAGED)
		db->trouble = KIST_DB_FINE;
	return status;
}

kist_status kist_take_checkpoint(struct kist_registry *registry, struct kist_error *err)
{
	kist_auto_buf struct kist_buf numbers = KIST_BUF_INIT(SIZE_MAX / 2);
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHECKPOINT_SIZE_MAX + 1);
	const uint64_t *list;
	size_t count;

	if (kist_checkpoints_list(registry->store, &numbers, NULL) != KIST_OK)
		return KIST_OK;
	list = (const void *)numbers.data;
	count = numbers.size / sizeof(*list);
	for (size_t i = 0; i < count && i < KIST_CHECKPOINT_TRIES_MAX; i++) {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = take(registry, list[count - 1 - i], &bytes, &why);

		if (registry->db.trouble != KIST_DB_FINE)
			return kist_pass_error(err, status, &why);
		if (status == KIST_OK)
			break;
	}
	return kist_check_head(registry, err);
}
