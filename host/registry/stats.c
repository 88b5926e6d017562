/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "registry/internal.h"

/* Names that are looked up together. */
#define NAMED_MAX ((size_t)1 << 17)

static kist_status query_count(struct kist_db *db, enum kist_db_statement which, uint64_t *ret_count,
			       uint64_t *ret_sum, uint64_t *ret_second, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool found = false;

	KIST_TRY(kist_db_use(db, which, &row, err, ""));
	KIST_TRY(kist_db_step(db, row, &found, err));
	*ret_count = (uint64_t)sqlite3_column_int64(row, 0);
	if (ret_sum)
		*ret_sum = (uint64_t)sqlite3_column_int64(row, 1);
	if (ret_second)
		*ret_second = (uint64_t)sqlite3_column_int64(row, 2);
	return KIST_OK;
}

/*
 * Artifacts that names mean, looked up in the order of their ids: in that of the names each would be on another
 * page of the chunks.
 */
struct named {
	size_t count;
	struct kist_digest ids[NAMED_MAX];
};

static void give_named(const void *of, size_t row, int column, sqlite3_context *ret)
{
	const struct named *named = of;

	if (column == 0)
		kist_rows_digest(ret, &named->ids[row]);
}

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, KIST_DIGEST_SIZE);
}

/* Added up here: what strangers wrote as sizes may pass 64 bits together. */
static kist_status add_up(struct kist_db *db, uint64_t *sum, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool more = true;

	KIST_TRY(kist_db_use(db, KIST_SQL_SIZES_OF, &row, err, ""));
	for (;;) {
		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			return KIST_OK;
		if (!kist_add_u64(*sum, (uint64_t)sqlite3_column_int64(row, 0), sum))
			*sum = UINT64_MAX;
	}
}

static kist_status add_sizes(struct kist_db *db, struct named *named, uint64_t *sum, struct kist_error *err)
{
	kist_status status;

	qsort(named->ids, named->count, sizeof(named->ids[0]), compare_ids);
	db->rows = (struct kist_rows){ .count = named->count, .column = give_named, .of = named };
	status = add_up(db, sum, err);
	db->rows = (struct kist_rows){ .count = 0 };
	named->count = 0;
	return status;
}

static kist_status query_object_bytes(struct kist_db *db, uint64_t *ret_sum, struct kist_error *err)
{
	kist_auto_mem struct named *named = kist_alloc(1, sizeof(*named));
	kist_auto_statement sqlite3_stmt *row = NULL;
	uint64_t sum = 0;
	bool more = true;

	if (!named)
		return kist_fail_memory(err, sizeof(*named));
	KIST_TRY(kist_db_use(db, KIST_SQL_NAMED, &row, err, ""));
	while (more) {
		KIST_TRY(kist_db_step(db, row, &more, err));
		if (more && !kist_db_digest(db, row, 0, &named->ids[named->count++]))
			return kist_fail(err, KIST_CORRUPT,
					 "the index cannot be used: a name has no artifact");
		if (!more || named->count == NAMED_MAX)
			KIST_TRY(add_sizes(db, named, &sum, err));
	}
	*ret_sum = sum;
	return KIST_OK;
}

static kist_status query_stats(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	struct kist_registry_stats *const stats = ctx;
	struct kist_db *const db = &registry->db;

	stats->commits = registry->head;
	KIST_TRY(query_count(db, KIST_SQL_COUNT_REFS, &stats->refs, NULL, NULL, err));
	KIST_TRY(query_count(db, KIST_SQL_COUNT_ARTIFACTS, &stats->artifacts, NULL, NULL, err));
	KIST_TRY(query_count(db, KIST_SQL_COUNT_CHUNKS, &stats->chunks, &stats->chunk_bytes,
			     &stats->stored_bytes, err));
	KIST_TRY(query_count(db, KIST_SQL_COUNT_PACKS, &stats->packs, &stats->pack_bytes, NULL, err));
	return query_object_bytes(db, &stats->object_bytes, err);
}

kist_status kist_registry_get_stats(struct kist_registry *registry, struct kist_registry_stats *ret,
				    struct kist_error *err)
{
	struct kist_registry_stats stats = { 0 };

	KIST_TRY(kist_registry_run(registry, query_stats, &stats, err));
	*ret = stats;
	return KIST_OK;
}

/* Gathered before anything is told, since the operation may run again. */
struct kinds {
	size_t count;
	struct kist_kind_stats kinds[KIST_KINDS_MAX + KIST_CHUNK_KIND_COUNT];
};

static void name_chunk_kind(uint64_t kind, char ret[static KIST_KIND_NAME_SIZE])
{
	static const char *const names[] = { "data", "recipe", "record", "tree", "info" };

	snprintf(ret, KIST_KIND_NAME_SIZE, "%s",
		 kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "other");
}

static kist_status query_kinds_of(struct kist_db *db, bool is_chunk, uint64_t max, struct kinds *kinds,
				  struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool more = true;

	KIST_TRY(kist_db_use(db, is_chunk ? KIST_SQL_CHUNK_KINDS : KIST_SQL_ARTIFACT_KINDS, &row, err, "u",
			     max));
	for (;;) {
		struct kist_kind_stats *kind = &kinds->kinds[kinds->count];
		const char *name;

		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			return KIST_OK;
		name = (const char *)sqlite3_column_text(row, 0);
		*kind = (struct kist_kind_stats){ .is_chunk = is_chunk,
						  .count = (uint64_t)sqlite3_column_int64(row, 1),
						  .bytes = (uint64_t)sqlite3_column_int64(row, 2),
						  .stored_bytes = (uint64_t)sqlite3_column_int64(row, 3) };
		if (is_chunk)
			name_chunk_kind((uint64_t)sqlite3_column_int64(row, 0), kind->name);
		else
			snprintf(kind->name, sizeof(kind->name), "%s", name ? name : "");
		kinds->count++;
	}
}

static kist_status query_kinds(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	struct kinds *kinds = ctx;

	kinds->count = 0;
	KIST_TRY(query_kinds_of(&registry->db, false, KIST_KINDS_MAX, kinds, err));
	return query_kinds_of(&registry->db, true, KIST_CHUNK_KIND_COUNT, kinds, err);
}

kist_status kist_registry_each_kind(struct kist_registry *registry,
				    kist_status (*each)(void *ctx, const struct kist_kind_stats *kind,
							struct kist_error *err),
				    void *ctx, struct kist_error *err)
{
	kist_auto_mem struct kinds *kinds = kist_alloc(1, sizeof(*kinds));

	if (!kinds)
		return kist_fail_memory(err, sizeof(*kinds));
	KIST_TRY(kist_registry_run(registry, query_kinds, kinds, err));
	for (size_t i = 0; i < kinds->count; i++)
		KIST_TRY(each(ctx, &kinds->kinds[i], err));
	return KIST_OK;
}
