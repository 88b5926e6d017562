/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/collect.h"

#include <string.h>

#include "registry/internal.h"

/* Chunks that are read at once, between which others may write. */
#define PAGE_ROWS 8192

static kist_status fail_row(struct kist_error *err)
{
	return kist_fail(err, KIST_CORRUPT, "the index cannot be used: a pack or a chunk has no id");
}

static kist_status query_packs(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	struct kist_db *const db = &registry->db;
	struct kist_buf *ret = ctx;
	bool more = true;

	ret->size = 0;
	KIST_TRY(kist_db_use(db, KIST_SQL_PACK_ROWS, &row, err, ""));
	for (;;) {
		struct kist_pack_row pack = { .kind = KIST_PACK_DATA };
		const char *kind;

		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			return KIST_OK;
		kind = (const char *)sqlite3_column_text(row, 1);
		if (!kist_db_digest(db, row, 0, &pack.id) || !kind)
			return fail_row(err);
		pack.kind = strcmp(kind, "meta") == 0 ? KIST_PACK_META : KIST_PACK_DATA;
		pack.size = (uint64_t)sqlite3_column_int64(row, 2);
		pack.commit = (uint64_t)sqlite3_column_int64(row, 3);
		pack.state = (enum kist_pack_state)sqlite3_column_int(row, 4);
		KIST_TRY(kist_buf_append(ret, &pack, sizeof(pack), err));
	}
}

kist_status kist_registry_packs(struct kist_registry *registry, struct kist_buf *ret, struct kist_error *err)
{
	return kist_registry_run(registry, query_packs, ret, err);
}

static kist_status query_condemned(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	struct kist_db *const db = &registry->db;
	struct kist_buf *ret = ctx;
	bool more = true;

	ret->size = 0;
	KIST_TRY(kist_db_use(db, KIST_SQL_EACH_CONDEMNED, &row, err, ""));
	for (;;) {
		struct kist_digest id;

		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			return KIST_OK;
		if (!kist_db_digest(db, row, 0, &id))
			return fail_row(err);
		KIST_TRY(kist_buf_append(ret, &id, sizeof(id), err));
	}
}

kist_status kist_registry_condemned(struct kist_registry *registry, struct kist_buf *ret,
				    struct kist_error *err)
{
	return kist_registry_run(registry, query_condemned, ret, err);
}

/* A page of chunks, from the one after @after on. */
struct chunk_page {
	uint8_t after[KIST_DIGEST_SIZE];
	size_t after_len; /* 0: from the first on */
	struct kist_buf rows;
};

static void page_done(struct chunk_page *page)
{
	kist_buf_done(&page->rows);
}

static kist_status read_chunk_row(struct kist_db *db, sqlite3_stmt *row, struct kist_chunk_row *ret,
				  struct kist_error *err)
{
	if (!kist_db_digest(db, row, 0, &ret->id) || !kist_db_digest(db, row, 1, &ret->where.pack))
		return fail_row(err);
	ret->where.offset = (uint64_t)sqlite3_column_int64(row, 2);
	ret->where.stored_len = (uint32_t)sqlite3_column_int64(row, 3);
	ret->where.raw_len = (uint32_t)sqlite3_column_int64(row, 4);
	ret->where.kind = (uint32_t)sqlite3_column_int64(row, 5);
	ret->where.has_base = sqlite3_column_type(row, 6) != SQLITE_NULL;
	if (ret->where.has_base && !kist_db_digest(db, row, 6, &ret->where.base.id))
		return fail_row(err);
	return KIST_OK;
}

static kist_status query_chunks(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	struct kist_db *const db = &registry->db;
	struct chunk_page *page = ctx;
	bool more = true;

	page->rows.size = 0;
	KIST_TRY(kist_db_use(db, KIST_SQL_CHUNK_ROWS, &row, err, "bu", page->after, page->after_len,
			     (uint64_t)PAGE_ROWS));
	for (;;) {
		struct kist_chunk_row chunk = { .where = { .has_base = false } };

		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			return KIST_OK;
		KIST_TRY(read_chunk_row(db, row, &chunk, err));
		KIST_TRY(kist_buf_append(&page->rows, &chunk, sizeof(chunk), err));
	}
}

kist_status kist_registry_each_chunk(struct kist_registry *registry,
				     kist_status (*each)(void *ctx, const struct kist_chunk_row *row,
							 struct kist_error *err),
				     void *ctx, struct kist_error *err)
{
	__attribute__((cleanup(page_done))) struct chunk_page page = {
		.rows = KIST_BUF_INIT(PAGE_ROWS * sizeof(struct kist_chunk_row))
	};
	size_t count;

	do {
		const struct kist_chunk_row *rows;

		KIST_TRY(kist_registry_run(registry, query_chunks, &page, err));
		rows = (const void *)page.rows.data;
		count = page.rows.size / sizeof(*rows);
		for (size_t i = 0; i < count; i++)
			KIST_TRY(each(ctx, &rows[i], err));
		if (count > 0)
			memcpy(page.after, rows[count - 1].id.bytes, KIST_DIGEST_SIZE);
		page.after_len = KIST_DIGEST_SIZE;
	} while (count == PAGE_ROWS);
	return KIST_OK;
}

/* A chunk and its base. */
struct base_row {
	struct kist_digest chunk;
	struct kist_digest base;
};

static kist_status query_bases(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	struct kist_db *const db = &registry->db;
	struct chunk_page *page = ctx;
	bool more = true;

	page->rows.size = 0;
	KIST_TRY(kist_db_use(db, KIST_SQL_EACH_BASE, &row, err, "bu", page->after, page->after_len,
			     (uint64_t)PAGE_ROWS));
	for (;;) {
		struct base_row base;

		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			return KIST_OK;
		if (!kist_db_digest(db, row, 0, &base.chunk) || !kist_db_digest(db, row, 1, &base.base))
			return fail_row(err);
		KIST_TRY(kist_buf_append(&page->rows, &base, sizeof(base), err));
	}
}

kist_status kist_registry_each_base(struct kist_registry *registry,
				    kist_status (*each)(void *ctx, const struct kist_digest *chunk,
							const struct kist_digest *base,
							struct kist_error *err),
				    void *ctx, struct kist_error *err)
{
	__attribute__((cleanup(page_done))) struct chunk_page page = {
		.rows = KIST_BUF_INIT(PAGE_ROWS * sizeof(struct base_row))
	};
	size_t count;

	do {
		const struct base_row *rows;

		KIST_TRY(kist_registry_run(registry, query_bases, &page, err));
		rows = (const void *)page.rows.data;
		count = page.rows.size / sizeof(*rows);
		for (size_t i = 0; i < count; i++)
			KIST_TRY(each(ctx, &rows[i].chunk, &rows[i].base, err));
		if (count > 0)
			memcpy(page.after, rows[count - 1].chunk.bytes, KIST_DIGEST_SIZE);
		page.after_len = KIST_DIGEST_SIZE;
	} while (count == PAGE_ROWS);
	return KIST_OK;
}

/* Whether a statement gives a row for some bytes. */
struct look {
	enum kist_db_statement which;
	const void *key;
	size_t len;
	bool found;
};

static kist_status query_look(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	struct look *look = ctx;

	KIST_TRY(kist_db_use(&registry->db, look->which, &row, err, "b", look->key, look->len));
	return kist_db_step(&registry->db, row, &look->found, err);
}

static kist_status is_there(struct kist_registry *registry, enum kist_db_statement which, const void *key,
			    size_t len, bool *ret, struct kist_error *err)
{
	struct look look = { .which = which, .key = key, .len = len };

	KIST_TRY(kist_registry_run(registry, query_look, &look, err));
	*ret = look.found;
	return KIST_OK;
}

kist_status kist_registry_find_pack(struct kist_registry *registry, const struct kist_digest *id,
				    bool *ret_live, bool *ret_condemned, struct kist_error *err)
{
	KIST_TRY(
		is_there(registry, KIST_SQL_FIND_CONDEMNED, id->bytes, KIST_DIGEST_SIZE, ret_condemned, err));
	return is_there(registry, KIST_SQL_FIND_PACK, id->bytes, KIST_DIGEST_SIZE, ret_live, err);
}

kist_status kist_registry_is_fenced(struct kist_registry *registry, const uint8_t *session, bool *ret,
				    struct kist_error *err)
{
	return is_there(registry, KIST_SQL_FIND_FENCE, session, KIST_SESSION_SIZE, ret, err);
}

kist_status kist_registry_is_named(struct kist_registry *registry, const struct kist_digest *id, bool *ret,
				   struct kist_error *err)
{
	return is_there(registry, KIST_SQL_IS_NAMED, id->bytes, KIST_DIGEST_SIZE, ret, err);
}

kist_status kist_index_is_fenced(void *registry, const uint8_t *session, bool *ret, struct kist_error *err)
{
	return kist_registry_is_fenced(registry, session, ret, err);
}

static kist_status query_collected(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	uint64_t *ret = ctx;
	bool found = false;

	KIST_TRY(kist_db_use(&registry->db, KIST_SQL_GET_COLLECTED, &row, err, ""));
	KIST_TRY(kist_db_step(&registry->db, row, &found, err));
	*ret = found ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
	return KIST_OK;
}

kist_status kist_registry_last_collected(struct kist_registry *registry, uint64_t *ret_commit,
					 struct kist_error *err)
{
	uint64_t commit = 0;

	KIST_TRY(kist_registry_run(registry, query_collected, &commit, err));
	*ret_commit = commit;
	return KIST_OK;
}

kist_status kist_index_last_collected(void *registry, uint64_t *ret_commit, struct kist_error *err)
{
	return kist_registry_last_collected(registry, ret_commit, err);
}

struct forgotten_query {
	const struct kist_digest *id;
	uint64_t number;
	bool found;
};

static kist_status query_forgotten(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	struct forgotten_query *query = ctx;

	return kist_is_forgotten(&registry->db, query->id, query->number, &query->found, err);
}

kist_status kist_registry_is_forgotten(struct kist_registry *registry, const struct kist_digest *id,
				       uint64_t number, bool *ret, struct kist_error *err)
{
	struct forgotten_query query = { .id = id, .number = number };

	KIST_TRY(kist_registry_run(registry, query_forgotten, &query, err));
	*ret = query.found;
	return KIST_OK;
}

kist_status kist_registry_reread(struct kist_registry *registry, struct kist_error *err)
{
	return kist_registry_run(registry, kist_fold_damaged, NULL, err);
}
