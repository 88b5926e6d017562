/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "registry/internal.h"

/*
 * Walks go page by page: no statement is open while a caller's function runs, so that it may ask the registry
 * itself, no other process waits for it, and an index that turns out bad can be renewed in the middle.
 */

#define PAGE_ROWS 256
/* Bytes of records after which a page ends. */
#define PAGE_RECORD_BYTES ((size_t)1 << 20)
#define TIME_SIZE	  72

struct row {
	struct kist_artifact artifact;
	char *name;
	size_t name_len;
	uint64_t commit;
	char time[TIME_SIZE];
	bool is_tag;
};

struct page {
	enum kist_db_statement which;
	struct kist_buf key; /* the next row's at least */
	struct kist_buf end; /* of names: where they no longer begin so */
	bool is_last;
	size_t count;
	struct row rows[PAGE_ROWS];
};

static void page_clear(struct page *page)
{
	for (size_t i = 0; i < page->count; i++) {
		kist_artifact_done(&page->rows[i].artifact);
		kist_free(page->rows[i].name);
		page->rows[i].name = NULL;
	}
	page->count = 0;
}

static void page_free(struct page **slot)
{
	if (!*slot)
		return;
	page_clear(*slot);
	kist_buf_done(&(*slot)->key);
	kist_buf_done(&(*slot)->end);
	kist_free(*slot);
}
#define auto_page __attribute__((cleanup(page_free)))

static bool has_names(const struct page *page)
{
	return page->which == KIST_SQL_EACH_REF || page->which == KIST_SQL_EACH_NAME;
}

/*
 * The least key after all that begin with @prefix; where there is none, one that is longer than any name.
 * Without it a page would go on with names that nobody asked for, and look up each.
 */
static kist_status set_end(struct page *page, const char *prefix, size_t len, struct kist_error *err)
{
	uint8_t *past;

	while (len > 0 && (uint8_t)prefix[len - 1] == UINT8_MAX)
		len--;
	if (len > 0) {
		KIST_TRY(kist_buf_append(&page->end, prefix, len, err));
		page->end.data[len - 1]++;
		return KIST_OK;
	}
	KIST_TRY(kist_buf_extend(&page->end, KIST_NAME_SIZE_MAX + 1, &past, err));
	memset(past, UINT8_MAX, KIST_NAME_SIZE_MAX + 1);
	return KIST_OK;
}

static kist_status page_new(enum kist_db_statement which, const char *key, size_t len, struct page **ret,
			    struct kist_error *err)
{
	auto_page struct page *page = kist_alloc(1, sizeof(*page));

	if (!page)
		return kist_fail_memory(err, sizeof(*page));
	page->which = which;
	page->key = (struct kist_buf)KIST_BUF_INIT(KIST_NAME_SIZE_MAX + 1);
	page->end = (struct kist_buf)KIST_BUF_INIT(KIST_NAME_SIZE_MAX + 1);
	KIST_TRY(kist_buf_append(&page->key, key, len, err));
	if (has_names(page))
		KIST_TRY(set_end(page, key, len, err));
	*ret = kist_steal(page);
	return KIST_OK;
}

static kist_status read_row(struct kist_db *db, const struct page *page, sqlite3_stmt *from, struct row *row,
			    struct kist_error *err)
{
	const char *time;

	row->name = NULL;
	row->artifact = (struct kist_artifact)KIST_ARTIFACT_INIT;
	if (has_names(page)) {
		row->name_len = (size_t)sqlite3_column_bytes(from, 4);
		row->name = kist_strndup(sqlite3_column_blob(from, 4), row->name_len);
		if (!row->name)
			return kist_fail_memory(err, row->name_len + 1);
		row->commit = (uint64_t)sqlite3_column_int64(from, 5);
		time = (const char *)sqlite3_column_text(from, 6);
		memcpy(row->time, time ? time : "", time ? strnlen(time, TIME_SIZE - 1) : 0);
		row->is_tag = sqlite3_column_int64(from, 7) != 0;
	}
	return kist_row_artifact(db, from, &row->artifact, err);
}

static kist_status fill_page(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *from = NULL;
	struct kist_db *const db = &registry->db;
	struct page *const page = ctx;
	size_t bytes = 0;
	bool more = true;

	page_clear(page);
	KIST_TRY(kist_db_use(db, page->which, &from, err, has_names(page) ? "bb" : "b", page->key.data,
			     page->key.size, page->end.data, page->end.size));
	while (page->count < PAGE_ROWS && bytes < PAGE_RECORD_BYTES) {
		KIST_TRY(kist_db_step(db, from, &more, err));
		if (!more)
			break;
		bytes += (size_t)sqlite3_column_bytes(from, 3);
		memset(&page->rows[page->count], 0, sizeof(page->rows[0]));
		page->count++;
		KIST_TRY(read_row(db, page, from, &page->rows[page->count - 1], err));
	}
	page->is_last = !more;
	return KIST_OK;
}

/* The next page begins with the least key after the last row's: that with a zero byte more. */
static kist_status next_key(struct page *page, struct kist_error *err)
{
	const struct row *last = &page->rows[page->count - 1];

	page->key.size = 0;
	if (last->name)
		KIST_TRY(kist_buf_append(&page->key, last->name, last->name_len, err));
	else
		KIST_TRY(kist_buf_append(&page->key, last->artifact.id.bytes, KIST_DIGEST_SIZE, err));
	return kist_buf_append(&page->key, "", 1, err);
}

/* @each gives false in *@ret_go_on to end the walk. */
static kist_status walk(struct kist_registry *registry, struct page *page,
			kist_status (*each)(void *ctx, const struct row *row, bool *ret_go_on,
					    struct kist_error *err),
			void *ctx, struct kist_error *err)
{
	bool go_on = true;

	do {
		KIST_TRY(kist_registry_run(registry, fill_page, page, err));
		for (size_t i = 0; i < page->count && go_on; i++)
			KIST_TRY(each(ctx, &page->rows[i], &go_on, err));
		if (page->count > 0)
			KIST_TRY(next_key(page, err));
	} while (go_on && !page->is_last);
	return KIST_OK;
}

struct ref_walk {
	const char *prefix;
	size_t len;
	kist_status (*each)(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			    struct kist_error *err);
	void *ctx;
};

/* Whether kist's own names, and others, begin with @prefix. */
static bool holds_own(const char *prefix, size_t len)
{
	return len < strlen(KIST_NAME_OWN_PREFIX) && memcmp(prefix, KIST_NAME_OWN_PREFIX, len) == 0;
}

static kist_status visit_ref(void *ctx, const struct row *row, bool *ret_go_on, struct kist_error *err)
{
	const struct ref_walk *walk_of = ctx;
	const struct kist_ref ref = {
		.name = row->name,
		.name_len = row->name_len,
		.artifact = row->artifact.id,
		.commit = row->commit,
		.time = row->time,
		.is_tag = row->is_tag,
	};

	*ret_go_on = row->name_len >= walk_of->len &&
		     (walk_of->len == 0 || memcmp(row->name, walk_of->prefix, walk_of->len) == 0);
	return *ret_go_on ? walk_of->each(walk_of->ctx, &ref, &row->artifact, err) : KIST_OK;
}

static kist_status walk_refs(struct kist_registry *registry, enum kist_db_statement which,
			     struct ref_walk *walk_of, struct kist_error *err)
{
	auto_page struct page *page = NULL;

	/* No name is that long. */
	if (walk_of->len > KIST_NAME_SIZE_MAX)
		return KIST_OK;
	KIST_TRY(page_new(which, walk_of->prefix, walk_of->len, &page, err));
	return walk(registry, page, visit_ref, walk_of, err);
}

kist_status kist_registry_each_ref(struct kist_registry *registry, const char *prefix, size_t len,
				   kist_status (*each)(void *ctx, const struct kist_ref *ref,
						       const struct kist_artifact *artifact,
						       struct kist_error *err),
				   void *ctx, struct kist_error *err)
{
	struct ref_walk walk_of = { .prefix = prefix, .len = len, .each = each, .ctx = ctx };

	return walk_refs(registry, KIST_SQL_EACH_REF, &walk_of, err);
}

/* Up to kist's own names, and behind them: a store may have more of these than of others. */
kist_status kist_registry_each_given_ref(struct kist_registry *registry, const char *prefix, size_t len,
					 kist_status (*each)(void *ctx, const struct kist_ref *ref,
							     const struct kist_artifact *artifact,
							     struct kist_error *err),
					 void *ctx, struct kist_error *err)
{
	struct ref_walk walk_of = { .prefix = prefix, .len = len, .each = each, .ctx = ctx };
	auto_page struct page *before = NULL;
	auto_page struct page *behind = NULL;

	if (!holds_own(prefix, len))
		return kist_registry_each_ref(registry, prefix, len, each, ctx, err);
	KIST_TRY(page_new(KIST_SQL_EACH_REF, prefix, len, &before, err));
	KIST_TRY(page_new(KIST_SQL_EACH_REF, KIST_NAME_OWN_PREFIX, strlen(KIST_NAME_OWN_PREFIX), &behind,
			  err));
	/* The one ends where own names begin, the other begins where they end. */
	kist_buf_move(&behind->key, &behind->end);
	kist_buf_move(&behind->end, &before->end);
	KIST_TRY(kist_buf_append(&before->end, KIST_NAME_OWN_PREFIX, strlen(KIST_NAME_OWN_PREFIX), err));
	KIST_TRY(walk(registry, before, visit_ref, &walk_of, err));
	return walk(registry, behind, visit_ref, &walk_of, err);
}

kist_status kist_registry_each_name(struct kist_registry *registry, const char *prefix, size_t len,
				    kist_status (*each)(void *ctx, const struct kist_ref *ref,
							const struct kist_artifact *artifact,
							struct kist_error *err),
				    void *ctx, struct kist_error *err)
{
	struct ref_walk walk_of = { .prefix = prefix, .len = len, .each = each, .ctx = ctx };

	return walk_refs(registry, KIST_SQL_EACH_NAME, &walk_of, err);
}

struct artifact_walk {
	kist_status (*each)(void *ctx, const struct kist_artifact *artifact, struct kist_error *err);
	void *ctx;
};

static kist_status visit_artifact(void *ctx, const struct row *row, bool *ret_go_on, struct kist_error *err)
{
	const struct artifact_walk *walk_of = ctx;

	*ret_go_on = true;
	return walk_of->each(walk_of->ctx, &row->artifact, err);
}

kist_status kist_registry_each_artifact(struct kist_registry *registry,
					kist_status (*each)(void *ctx, const struct kist_artifact *artifact,
							    struct kist_error *err),
					void *ctx, struct kist_error *err)
{
	struct artifact_walk walk_of = { .each = each, .ctx = ctx };
	auto_page struct page *page = NULL;

	KIST_TRY(page_new(KIST_SQL_EACH_ARTIFACT, "", 0, &page, err));
	return walk(registry, page, visit_artifact, &walk_of, err);
}

struct pack_walk {
	kist_status (*each)(void *ctx, const struct kist_digest *id, uint64_t size, struct kist_error *err);
	void *ctx;
};

static kist_status visit_pack(void *ctx, const struct row *row, bool *ret_go_on, struct kist_error *err)
{
	const struct pack_walk *walk_of = ctx;

	*ret_go_on = true;
	return walk_of->each(walk_of->ctx, &row->artifact.id, row->artifact.size, err);
}

kist_status kist_registry_each_pack(struct kist_registry *registry,
				    kist_status (*each)(void *ctx, const struct kist_digest *id,
							uint64_t size, struct kist_error *err),
				    void *ctx, struct kist_error *err)
{
	struct pack_walk walk_of = { .each = each, .ctx = ctx };
	auto_page struct page *page = NULL;

	KIST_TRY(page_new(KIST_SQL_EACH_PACK, "", 0, &page, err));
	return walk(registry, page, visit_pack, &walk_of, err);
}
