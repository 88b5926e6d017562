/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "registry/internal.h"

/* The id proves the record, so that no flipped bit of a cache is ever believed. */
static kist_status prove_record(struct kist_db *db, struct kist_view record, const struct kist_digest *id,
				struct kist_error *err)
{
	const struct kist_digest actual = kist_digest_of(record);

	if (kist_digest_equal(&actual, id))
		return KIST_OK;
	db->trouble = KIST_DB_DAMAGED;
	return kist_fail(err, KIST_CORRUPT, "the index cannot be used: a record is not itself");
}

/* Empty where none is known. */
static struct kist_view bytes_of(sqlite3_stmt *row, int column)
{
	const void *const data = sqlite3_column_blob(row, column);

	return kist_view_of(data, data ? (size_t)sqlite3_column_bytes(row, column) : 0);
}

kist_status kist_row_artifact(struct kist_db *db, sqlite3_stmt *row, struct kist_artifact *ret,
			      struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_view record;
	kist_status status;

	if (!kist_db_digest(db, row, 0, &artifact.id))
		return kist_fail(err, KIST_CORRUPT, "the index cannot be used: an id is none");
	artifact.size = (uint64_t)sqlite3_column_int64(row, 2);
	record = bytes_of(row, 3);
	if (record.size > 0) {
		if (!kist_db_digest(db, row, 1, &artifact.sha256))
			return kist_fail(err, KIST_CORRUPT, "the index cannot be used: a digest is none");
		KIST_TRY(prove_record(db, record, &artifact.id, err));
		status = kist_json_parse(record, &artifact.record, err);
		if (status != KIST_OK) {
			db->trouble = status == KIST_CORRUPT ? KIST_DB_DAMAGED : db->trouble;
			return status;
		}
	}
	*ret = artifact;
	artifact.record = NULL;
	return KIST_OK;
}

void kist_artifact_done(struct kist_artifact *artifact)
{
	json_decref(artifact->record);
	artifact->record = NULL;
}

/* In a new store each chunk would be looked for in vain.  What cannot be asked is asked for each. */
static bool has_no_chunk(struct kist_db *db)
{
	kist_auto_statement sqlite3_stmt *row = NULL;

	return kist_db_use(db, KIST_SQL_ANY_CHUNK, &row, NULL, "") == KIST_OK &&
	       sqlite3_step(row) == SQLITE_DONE;
}

void kist_registry_hold(struct kist_registry *registry)
{
	if (!registry->connected)
		return;
	kist_db_hold(&registry->db);
	registry->db.has_no_chunk = registry->db.is_held && has_no_chunk(&registry->db);
}

void kist_registry_let_go(struct kist_registry *registry)
{
	if (registry && registry->connected)
		kist_db_let_go(&registry->db);
}

struct chunk_query {
	const struct kist_digest *id;
	struct kist_location where;
	bool pack_damaged; /* or the base's, or there is none */
};

/* The columns from 6 on; those of a base that is not kept whole are NULL. */
static kist_status read_base(struct kist_db *db, sqlite3_stmt *row, struct chunk_query *query,
			     struct kist_error *err)
{
	struct kist_base_location *const base = &query->where.base;
	const bool found = sqlite3_column_type(row, 7) != SQLITE_NULL;

	query->where.has_base = true;
	if (!kist_db_digest(db, row, 6, &base->id) || (found && !kist_db_digest(db, row, 7, &base->pack)))
		return kist_fail(err, KIST_CORRUPT, "the index cannot be used: a base's id is none");
	base->offset = (uint64_t)sqlite3_column_int64(row, 8);
	base->stored_len = (uint32_t)sqlite3_column_int64(row, 9);
	base->raw_len = (uint32_t)sqlite3_column_int64(row, 10);
	base->kind = (uint32_t)sqlite3_column_int64(row, 11);
	query->pack_damaged = query->pack_damaged || !found || sqlite3_column_int64(row, 12) != 0;
	return KIST_OK;
}

static kist_status query_chunk(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	struct kist_db *const db = &registry->db;
	struct chunk_query *const query = ctx;
	bool found = false;

	KIST_TRY(kist_db_use(db, KIST_SQL_FIND_CHUNK, &row, err, "d", query->id));
	KIST_TRY(kist_db_step(db, row, &found, err));
	if (!found)
		return KIST_NOT_FOUND;
	if (!kist_db_digest(db, row, 0, &query->where.pack))
		return kist_fail(err, KIST_CORRUPT, "the index cannot be used: a pack's id is none");
	query->where.has_base = false;
	query->where.offset = (uint64_t)sqlite3_column_int64(row, 1);
	query->where.stored_len = (uint32_t)sqlite3_column_int64(row, 2);
	query->where.raw_len = (uint32_t)sqlite3_column_int64(row, 3);
	query->where.kind = (uint32_t)sqlite3_column_int64(row, 4);
	query->pack_damaged = sqlite3_column_int64(row, 5) != 0;
	return sqlite3_column_type(row, 6) == SQLITE_NULL ? KIST_OK : read_base(db, row, query, err);
}

/* Records that @what with this id is not there. */
static kist_status fail_missing(struct kist_error *err, const char *what, const struct kist_digest *id)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(id, hex);
	return kist_fail(err, KIST_NOT_FOUND, "the store has no %s %s", what, hex);
}

kist_status kist_registry_find_chunk(struct kist_registry *registry, const struct kist_digest *id,
				     struct kist_location *ret_where, struct kist_error *err)
{
	struct chunk_query query = { .id = id };
	const kist_status status = kist_registry_run(registry, query_chunk, &query, err);

	if (status == KIST_OK)
		*ret_where = query.where;
	return status == KIST_NOT_FOUND ? fail_missing(err, "chunk", id) : status;
}

kist_status kist_find_sound_chunk(void *ctx, const struct kist_digest *id, struct kist_location *ret_where,
				  struct kist_error *err)
{
	const struct kist_registry *const registry = ctx;
	struct chunk_query query = { .id = id };
	kist_status status;

	if (registry->db.is_held && registry->db.has_no_chunk)
		return KIST_NOT_FOUND;
	status = kist_registry_run(ctx, query_chunk, &query, err);

	if (status != KIST_OK)
		return status;
	if (query.pack_damaged)
		return KIST_NOT_FOUND;
	*ret_where = query.where;
	return KIST_OK;
}

/* A statement that gives a digest, or nothing, for the chunk @id. */
struct base_query {
	enum kist_db_statement which;
	const struct kist_digest *id;
	struct kist_digest *base; /* NULL: a row alone is asked for */
	bool found;
};

static kist_status query_base(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	struct base_query *const query = ctx;

	KIST_TRY(kist_db_use(&registry->db, query->which, &row, err, "d", query->id));
	KIST_TRY(kist_db_step(&registry->db, row, &query->found, err));
	if (query->found && query->base && !kist_db_digest(&registry->db, row, 0, query->base))
		return kist_fail(err, KIST_CORRUPT, "the index cannot be used: a base's id is none");
	return KIST_OK;
}

kist_status kist_registry_base_of(struct kist_registry *registry, const struct kist_digest *id,
				  struct kist_digest *ret_base, bool *ret_any, struct kist_error *err)
{
	struct base_query query = { .which = KIST_SQL_BASE_OF, .id = id, .base = ret_base };
	const kist_status status = kist_registry_run(registry, query_base, &query, err);

	if (status == KIST_OK)
		*ret_any = query.found;
	return status;
}

kist_status kist_index_may_differ(void *ctx, const struct kist_digest *id, bool *ret, struct kist_error *err)
{
	struct base_query query = { .which = KIST_SQL_IS_UNKNOWN, .id = id };
	const kist_status status = kist_registry_run(ctx, query_base, &query, err);

	if (status == KIST_OK)
		*ret = query.found;
	return status;
}

struct suspicion {
	const struct kist_digest *pack;
	uint64_t damaged;
};

static kist_status suspect(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	const struct suspicion *suspicion = ctx;
	kist_status status;

	KIST_TRY(kist_db_begin(&registry->db, err));
	status = kist_db_run(&registry->db, KIST_SQL_SUSPECT_PACK, err, "du", suspicion->pack,
			     suspicion->damaged);
	if (status == KIST_OK)
		return kist_db_commit(&registry->db, err);
	kist_db_rollback(&registry->db);
	return status;
}

kist_status kist_registry_suspect_pack(struct kist_registry *registry, const struct kist_digest *id,
				       bool damaged, struct kist_error *err)
{
	struct suspicion suspicion = { .pack = id, .damaged = damaged ? KIST_PACK_SUSPECT : KIST_PACK_SOUND };

	return kist_registry_run(registry, suspect, &suspicion, err);
}

static kist_status query_sound(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool *const ret = ctx;
	bool found = false;

	KIST_TRY(kist_db_use(&registry->db, KIST_SQL_ANY_UNSOUND, &row, err, ""));
	KIST_TRY(kist_db_step(&registry->db, row, &found, err));
	*ret = !found;
	return KIST_OK;
}

kist_status kist_registry_is_sound(struct kist_registry *registry, bool *ret, struct kist_error *err)
{
	return kist_registry_run(registry, query_sound, ret, err);
}

struct use_query {
	const struct kist_digest *pack;
	struct kist_pack_use use;
};

static kist_status query_use(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	struct use_query *const query = ctx;
	bool found = false;
	int64_t state;

	KIST_TRY(kist_db_use(&registry->db, KIST_SQL_PACK_USE, &row, err, "d", query->pack));
	KIST_TRY(kist_db_step(&registry->db, row, &found, err));
	if (!found)
		return KIST_NOT_FOUND;
	state = sqlite3_column_int64(row, 0);
	query->use.is_folded = state == KIST_PACK_SOUND || state == KIST_PACK_SUSPECT;
	query->use.chunks = (uint64_t)sqlite3_column_int64(row, 1);
	return KIST_OK;
}

kist_status kist_registry_pack_use(struct kist_registry *registry, const struct kist_digest *id,
				   struct kist_pack_use *ret, struct kist_error *err)
{
	struct use_query query = { .pack = id };
	const kist_status status = kist_registry_run(registry, query_use, &query, err);

	if (status == KIST_OK)
		*ret = query.use;
	return status == KIST_NOT_FOUND ? fail_missing(err, "pack", id) : status;
}

kist_status kist_query_artifact(struct kist_db *db, const struct kist_digest *id, struct kist_artifact *ret,
				struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool found = false;

	KIST_TRY(kist_db_use(db, KIST_SQL_FIND_ARTIFACT, &row, err, "d", id));
	KIST_TRY(kist_db_step(db, row, &found, err));
	return found ? kist_row_artifact(db, row, ret, err) : KIST_NOT_FOUND;
}

struct artifact_query {
	const struct kist_digest *id;
	struct kist_artifact *ret;
};

static kist_status query_artifact(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	struct artifact_query *const query = ctx;

	return kist_query_artifact(&registry->db, query->id, query->ret, err);
}

kist_status kist_registry_get_artifact(struct kist_registry *registry, const struct kist_digest *id,
				       struct kist_artifact *ret, struct kist_error *err)
{
	struct artifact_query query = { .id = id, .ret = ret };
	const kist_status status = kist_registry_run(registry, query_artifact, &query, err);

	return status == KIST_NOT_FOUND ? fail_missing(err, "artifact", id) : status;
}

struct record_query {
	const struct kist_digest *id;
	struct kist_buf *ret;
};

static kist_status query_record(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	struct record_query *const query = ctx;
	struct kist_db *const db = &registry->db;
	struct kist_view record;
	bool found = false;

	KIST_TRY(kist_db_use(db, KIST_SQL_FIND_RECORD, &row, err, "d", query->id));
	KIST_TRY(kist_db_step(db, row, &found, err));
	if (!found)
		return KIST_NOT_FOUND;
	record = bytes_of(row, 0);
	KIST_TRY(prove_record(db, record, query->id, err));
	return kist_buf_append(query->ret, record.data, record.size, err);
}

kist_status kist_registry_get_record(struct kist_registry *registry, const struct kist_digest *id,
				     struct kist_buf *ret, struct kist_error *err)
{
	struct record_query query = { .id = id, .ret = ret };
	const kist_status status = kist_registry_run(registry, query_record, &query, err);

	return status == KIST_NOT_FOUND ? fail_missing(err, "artifact", id) : status;
}

kist_status kist_query_ref(struct kist_db *db, const char *name, size_t len, struct kist_digest *ret_artifact,
			   struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool found = false;

	KIST_TRY(kist_db_use(db, KIST_SQL_FIND_REF, &row, err, "b", name, len));
	KIST_TRY(kist_db_step(db, row, &found, err));
	if (!found)
		return KIST_NOT_FOUND;
	if (!kist_db_digest(db, row, 0, ret_artifact))
		return kist_fail(err, KIST_CORRUPT, "the index cannot be used: a ref names no artifact");
	return KIST_OK;
}

struct ref_query {
	const char *name;
	size_t len;
	struct kist_digest artifact;
};

static kist_status query_ref(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	struct ref_query *const query = ctx;

	return kist_query_ref(&registry->db, query->name, query->len, &query->artifact, err);
}

kist_status kist_registry_find_ref(struct kist_registry *registry, const char *name, size_t len,
				   struct kist_digest *ret_artifact, struct kist_error *err)
{
	struct ref_query query = { .name = name, .len = len };
	const kist_status status = kist_registry_run(registry, query_ref, &query, err);

	if (status == KIST_OK)
		*ret_artifact = query.artifact;
	if (status == KIST_NOT_FOUND)
		return kist_fail(err, status, "nothing is named '%.*s'", (int)kist_min_u64(len, 200), name);
	return status;
}

struct commit_query {
	const char *name;
	size_t len;
	uint64_t commit;
};

static kist_status query_commit(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	struct commit_query *const query = ctx;
	bool found = false;

	KIST_TRY(kist_db_use(&registry->db, KIST_SQL_FIND_REF, &row, err, "b", query->name, query->len));
	KIST_TRY(kist_db_step(&registry->db, row, &found, err));
	query->commit = found ? (uint64_t)sqlite3_column_int64(row, 1) : 0;
	return KIST_OK;
}

kist_status kist_registry_name_commit(struct kist_registry *registry, const char *name, size_t len,
				      uint64_t *ret_commit, struct kist_error *err)
{
	struct commit_query query = { .name = name, .len = len };

	KIST_TRY(kist_registry_run(registry, query_commit, &query, err));
	*ret_commit = query.commit;
	return KIST_OK;
}
