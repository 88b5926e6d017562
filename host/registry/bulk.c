/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/bulk.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "registry/postings.h"

/* Chunks are put in order by the first bits of their digests, and then within each of these heaps. */
#define HEAP_BITS  16
#define HEAP_COUNT ((size_t)1 << HEAP_BITS)
/* Fewer are not worth the heaps. */
#define HEAPS_MIN ((size_t)8192)
/* A heap of so many is put in order by hand: digests that were not chosen make no larger one. */
#define HEAP_SMALL ((size_t)64)

/* What room there is at first; it doubles. */
#define ROOM_MIN ((size_t)256)

struct chunk {
	struct kist_digest id;
	uint64_t pack_no;
	uint64_t offset;
	uint64_t artifact; /* 0: none */
	uint32_t stored_len;
	uint32_t raw_len;
	uint32_t kind;
	uint32_t base; /* 1 and more: that one of the bases */
};

struct ref {
	struct kist_digest artifact;
	uint64_t commit;
	uint32_t name_at;
	uint32_t name_len;
	uint32_t time_at;
	enum kist_ref_event event;
};

struct kist_bulk {
	struct kist_db *db;
	struct chunk *chunks;
	struct ref *refs;
	uint32_t *order; /* of the chunks or of the refs, while they are added */
	size_t chunk_count;
	size_t chunk_room;
	size_t ref_count;
	size_t ref_room;
	size_t in_order; /* length of @order */
	struct kist_buf bases;
	struct kist_buf names;
	struct kist_buf times; /* each ended by a NUL */
	uint64_t time_of;      /* the commit whose time is the last of them */
	uint32_t time_at;
	bool refs_rise; /* each name comes after the one before it */
	struct kist_artifact_rows artifacts;
	struct kist_postings contents;
	struct kist_postings names_of; /* the artifacts */
};

void kist_bulk_free(struct kist_bulk *bulk)
{
	if (!bulk)
		return;
	kist_db_expect_many(bulk->db, false);
	kist_buf_done(&bulk->bases);
	kist_buf_done(&bulk->names);
	kist_buf_done(&bulk->times);
	kist_artifact_rows_done(&bulk->artifacts);
	kist_postings_done(&bulk->contents);
	kist_postings_done(&bulk->names_of);
	kist_free(bulk->chunks);
	kist_free(bulk->refs);
	kist_free(bulk->order);
	kist_free(bulk);
}

static const struct kist_digest *base_of(const struct kist_bulk *bulk, const struct chunk *chunk)
{
	return (const struct kist_digest *)(const void *)(bulk->bases.data +
							  (chunk->base - 1) * sizeof(struct kist_digest));
}

static void chunk_column(const void *of, size_t row, int column, sqlite3_context *ret)
{
	const struct kist_bulk *bulk = of;
	const struct chunk *chunk = &bulk->chunks[bulk->order[row]];

	switch (column) {
	case 0:
		kist_rows_digest(ret, &chunk->id);
		break;
	case 1:
		kist_rows_u64(ret, chunk->pack_no);
		break;
	case 2:
		kist_rows_u64(ret, chunk->offset);
		break;
	case 3:
		kist_rows_u64(ret, chunk->stored_len);
		break;
	case 4:
		kist_rows_u64(ret, chunk->raw_len);
		break;
	case 5:
		kist_rows_u64(ret, chunk->kind);
		break;
	case 6:
		if (chunk->artifact > 0)
			kist_rows_u64(ret, chunk->artifact);
		break;
	default:
		if (chunk->base > 0)
			kist_rows_digest(ret, base_of(bulk, chunk));
	}
}

static void ref_column(const void *of, size_t row, int column, sqlite3_context *ret)
{
	const struct kist_bulk *bulk = of;
	const struct ref *ref = &bulk->refs[bulk->order[row]];

	switch (column) {
	case 0:
		sqlite3_result_blob64(ret, bulk->names.data + ref->name_at, ref->name_len, SQLITE_STATIC);
		break;
	case 1:
		kist_rows_digest(ret, &ref->artifact);
		break;
	case 2:
		kist_rows_u64(ret, ref->commit);
		break;
	case 3:
		sqlite3_result_text(ret, (const char *)bulk->times.data + ref->time_at, -1, SQLITE_STATIC);
		break;
	case 4:
		kist_rows_u64(ret, ref->event == KIST_REF_TAG);
		break;
	default:
		break;
	}
}

static kist_status insert(struct kist_bulk *bulk, enum kist_db_statement which, size_t count,
			  kist_rows_column *column, struct kist_error *err)
{
	const struct kist_rows rows = { .count = count, .column = column, .of = bulk };

	return kist_db_insert(bulk->db, which, &rows, err);
}

/* The order in which they came. */
static kist_status begin_order(struct kist_bulk *bulk, size_t count, struct kist_error *err)
{
	kist_free(bulk->order);
	bulk->order = kist_alloc(count + 1, sizeof(*bulk->order));
	if (!bulk->order)
		return kist_fail_memory(err, (count + 1) * sizeof(*bulk->order));
	for (size_t i = 0; i < count; i++)
		bulk->order[i] = (uint32_t)i;
	return KIST_OK;
}

static size_t heap_of(const struct chunk *chunk)
{
	return (size_t)chunk->id.bytes[0] << 8 | chunk->id.bytes[1];
}

static int compare_chunks(const void *left, const void *right, void *ctx)
{
	const struct kist_bulk *bulk = ctx;
	const uint32_t a = *(const uint32_t *)left;
	const uint32_t b = *(const uint32_t *)right;
	const int order = memcmp(&bulk->chunks[a].id, &bulk->chunks[b].id, KIST_DIGEST_SIZE);

	return order != 0 ? order : (a > b) - (a < b);
}

static void insert_in_order(struct kist_bulk *bulk, size_t begin, size_t end)
{
	for (size_t i = begin + 1; i < end; i++) {
		const uint32_t at = bulk->order[i];
		size_t to = i;

		for (; to > begin && compare_chunks(&bulk->order[to - 1], &at, bulk) > 0; to--)
			bulk->order[to] = bulk->order[to - 1];
		bulk->order[to] = at;
	}
}

static void order_heap(struct kist_bulk *bulk, size_t begin, size_t end)
{
	if (end - begin <= HEAP_SMALL)
		insert_in_order(bulk, begin, end);
	else
		qsort_r(bulk->order + begin, end - begin, sizeof(*bulk->order), compare_chunks, bulk);
}

static kist_status order_in_heaps(struct kist_bulk *bulk, struct kist_error *err)
{
	kist_auto_mem uint32_t *ends = kist_alloc(HEAP_COUNT, sizeof(*ends));
	uint32_t begin = 0;

	if (!ends)
		return kist_fail_memory(err, HEAP_COUNT * sizeof(*ends));
	for (size_t i = 0; i < bulk->chunk_count; i++)
		ends[heap_of(&bulk->chunks[i])]++;
	for (size_t i = 0; i < HEAP_COUNT; i++) {
		const uint32_t count = ends[i];

		ends[i] = begin;
		begin += count;
	}
	for (size_t i = 0; i < bulk->chunk_count; i++)
		bulk->order[ends[heap_of(&bulk->chunks[i])]++] = (uint32_t)i;
	begin = 0;
	for (size_t i = 0; i < HEAP_COUNT; i++) {
		order_heap(bulk, begin, ends[i]);
		begin = ends[i];
	}
	return KIST_OK;
}

static kist_status order_chunks(struct kist_bulk *bulk, struct kist_error *err)
{
	bulk->in_order = bulk->chunk_count;
	if (bulk->chunk_count >= HEAPS_MIN)
		return order_in_heaps(bulk, err);
	order_heap(bulk, 0, bulk->chunk_count);
	return KIST_OK;
}

/* A chunk whose id was, or may have been, there before it: what comes after it decides as for any pack. */
static kist_status settle(struct kist_bulk *bulk, const struct chunk *chunk, struct kist_error *err)
{
	struct kist_db *const db = bulk->db;

	KIST_TRY(kist_db_run(db, KIST_SQL_KEEP_TWIN, err, "du", &chunk->id, chunk->pack_no));
	if (sqlite3_changes(db->sql) > 0) {
		KIST_TRY(kist_db_run(db, KIST_SQL_ADD_TWIN, err, chunk->base ? "duuuuud" : "duuuuun",
				     &chunk->id, chunk->pack_no, chunk->offset, (uint64_t)chunk->stored_len,
				     (uint64_t)chunk->raw_len, (uint64_t)chunk->kind,
				     chunk->base ? base_of(bulk, chunk) : NULL));
		KIST_TRY(kist_db_run(db, KIST_SQL_CHOOSE_TWIN, err, "d", &chunk->id));
	}
	if (chunk->artifact == 0)
		return KIST_OK;
	KIST_TRY(kist_db_run(db, KIST_SQL_LINK_ARTIFACT, err, "du", &chunk->id, chunk->artifact));
	return kist_db_run(db, KIST_SQL_DROP_UNLINKED, err, "du", &chunk->id, chunk->artifact);
}

/* Leaves the first of each id in the order; the others go behind the end.  Gives where these begin. */
static size_t set_repeated_apart(struct kist_bulk *bulk, uint32_t *ret_repeated)
{
	size_t repeated = 0;
	size_t kept = 0;

	for (size_t i = 0; i < bulk->in_order; i++) {
		const uint32_t at = bulk->order[i];

		if (kept > 0 &&
		    kist_digest_equal(&bulk->chunks[at].id, &bulk->chunks[bulk->order[kept - 1]].id))
			ret_repeated[repeated++] = at;
		else
			bulk->order[kept++] = at;
	}
	bulk->in_order = kept;
	return repeated;
}

static kist_status flush_chunks(struct kist_bulk *bulk, struct kist_error *err)
{
	kist_auto_mem uint32_t *repeated = kist_alloc(bulk->chunk_count + 1, sizeof(*repeated));
	size_t repeated_count;

	if (!repeated)
		return kist_fail_memory(err, bulk->chunk_count * sizeof(*repeated));
	/* First: which of them had been there already is known by their chunks. */
	KIST_TRY(kist_artifact_rows_flush(&bulk->artifacts, err));
	KIST_TRY(begin_order(bulk, bulk->chunk_count, err));
	KIST_TRY(order_chunks(bulk, err));
	repeated_count = set_repeated_apart(bulk, repeated);
	KIST_TRY(insert(bulk, KIST_SQL_ADD_CHUNKS, bulk->in_order, chunk_column, err));
	/* Some were there: which ones is not said. */
	if ((size_t)sqlite3_changes(bulk->db->sql) < bulk->in_order) {
		for (size_t i = 0; i < bulk->in_order; i++)
			KIST_TRY(settle(bulk, &bulk->chunks[bulk->order[i]], err));
	}
	for (size_t i = 0; i < repeated_count; i++)
		KIST_TRY(settle(bulk, &bulk->chunks[repeated[i]], err));
	bulk->chunk_count = 0;
	bulk->bases.size = 0;
	return KIST_OK;
}

static int compare_names(const struct kist_bulk *bulk, const struct ref *a, const struct ref *b)
{
	const size_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
	const int order = memcmp(bulk->names.data + a->name_at, bulk->names.data + b->name_at, len);

	return order != 0 ? order : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

static int compare_refs(const void *left, const void *right, void *ctx)
{
	const struct kist_bulk *bulk = ctx;
	const uint32_t a = *(const uint32_t *)left;
	const uint32_t b = *(const uint32_t *)right;
	const int order = compare_names(bulk, &bulk->refs[a], &bulk->refs[b]);

	return order != 0 ? order : (a > b) - (a < b);
}

/* Of each name the last change, in the order of names. */
static void order_refs(struct kist_bulk *bulk)
{
	size_t kept = 0;

	bulk->in_order = bulk->ref_count;
	if (bulk->refs_rise)
		return;
	qsort_r(bulk->order, bulk->ref_count, sizeof(*bulk->order), compare_refs, bulk);
	for (size_t i = 0; i < bulk->ref_count; i++) {
		if (kept > 0 &&
		    compare_names(bulk, &bulk->refs[bulk->order[kept - 1]], &bulk->refs[bulk->order[i]]) == 0)
			kept--;
		bulk->order[kept++] = bulk->order[i];
	}
	bulk->in_order = kept;
}

static kist_status flush_refs(struct kist_bulk *bulk, struct kist_error *err)
{
	size_t set = 0;

	KIST_TRY(begin_order(bulk, bulk->ref_count, err));
	order_refs(bulk);
	for (size_t i = 0; i < bulk->in_order; i++) {
		const struct ref *ref = &bulk->refs[bulk->order[i]];
		const struct kist_view name = kist_view_of(bulk->names.data + ref->name_at, ref->name_len);

		if (ref->event == KIST_REF_RM) {
			KIST_TRY(kist_db_run(bulk->db, KIST_SQL_DROP_REF, err, "b", name.data, name.size));
			continue;
		}
		bulk->order[set++] = bulk->order[i];
		KIST_TRY(kist_postings_add_name(&bulk->names_of, &ref->artifact, name, err));
	}
	KIST_TRY(insert(bulk, KIST_SQL_SET_REFS, set, ref_column, err));
	bulk->ref_count = 0;
	bulk->names.size = 0;
	bulk->times.size = 0;
	bulk->time_of = 0;
	bulk->refs_rise = true;
	return KIST_OK;
}

kist_status kist_bulk_new(struct kist_db *db, struct kist_bulk **ret, struct kist_error *err)
{
	kist_auto_bulk struct kist_bulk *bulk = kist_alloc(1, sizeof(*bulk));

	if (!bulk)
		return kist_fail_memory(err, sizeof(*bulk));
	bulk->db = db;
	kist_db_expect_many(db, true);
	bulk->refs_rise = true;
	bulk->bases.size_max = KIST_BULK_CHUNKS_MAX * sizeof(struct kist_digest);
	bulk->names.size_max = KIST_BULK_NAME_BYTES_MAX;
	bulk->times.size_max = KIST_BULK_REFS_MAX * (KIST_COMMIT_TIME_SIZE_MAX + 1);
	bulk->artifacts = (struct kist_artifact_rows)KIST_ARTIFACT_ROWS_INIT(db);
	bulk->contents = (struct kist_postings)KIST_POSTINGS_INIT(db, KIST_POSTING_CONTENT);
	bulk->names_of = (struct kist_postings)KIST_POSTINGS_INIT(db, KIST_POSTING_NAME);
	*ret = kist_steal(bulk);
	return KIST_OK;
}

/* Room for one more than @count items in @old, or NULL. */
static void *make_room(void *old, size_t count, size_t *room, size_t item_size, struct kist_error *err)
{
	const size_t wanted = count < ROOM_MIN ? ROOM_MIN : 2 * count;
	void *grown;

	if (count < *room)
		return old;
	grown = kist_realloc(old, wanted, item_size);
	if (!grown)
		(void)kist_fail_memory(err, wanted * item_size);
	else
		*room = wanted;
	return grown;
}

kist_status kist_bulk_add_chunk(struct kist_bulk *bulk, const struct kist_digest *id, uint64_t pack_no,
				const struct kist_location *where, uint64_t artifact, struct kist_error *err)
{
	struct chunk *chunk;
	struct chunk *room;

	if (bulk->chunk_count == KIST_BULK_CHUNKS_MAX)
		KIST_TRY(flush_chunks(bulk, err));
	room = make_room(bulk->chunks, bulk->chunk_count, &bulk->chunk_room, sizeof(*room), err);
	if (!room)
		return KIST_NO_MEMORY;
	bulk->chunks = room;
	chunk = &bulk->chunks[bulk->chunk_count];
	*chunk = (struct chunk){ .id = *id,
				 .pack_no = pack_no,
				 .offset = where->offset,
				 .artifact = artifact,
				 .stored_len = where->stored_len,
				 .raw_len = where->raw_len,
				 .kind = where->kind };
	if (where->has_base) {
		KIST_TRY(kist_buf_append(&bulk->bases, &where->base.id, sizeof(where->base.id), err));
		chunk->base = (uint32_t)(bulk->bases.size / sizeof(where->base.id));
	}
	bulk->chunk_count++;
	return KIST_OK;
}

kist_status kist_bulk_add_artifact(struct kist_bulk *bulk, uint64_t no,
				   const struct kist_artifact_row *artifact, struct kist_error *err)
{
	KIST_TRY(kist_postings_add_content(&bulk->contents, artifact->sha256, no, err));
	return kist_artifact_rows_add(&bulk->artifacts, no, artifact, err);
}

static kist_status keep_time(struct kist_bulk *bulk, uint64_t commit, const char *time,
			     struct kist_error *err)
{
	if (bulk->time_of == commit && bulk->times.size > 0)
		return KIST_OK;
	bulk->time_at = (uint32_t)bulk->times.size;
	KIST_TRY(kist_buf_append(&bulk->times, time, strlen(time) + 1, err));
	bulk->time_of = commit;
	return KIST_OK;
}

kist_status kist_bulk_add_ref(struct kist_bulk *bulk, const struct kist_ref_change *change, uint64_t commit,
			      const char *time, struct kist_error *err)
{
	struct ref *room;
	struct ref *ref;

	if (bulk->ref_count == KIST_BULK_REFS_MAX ||
	    change->name_len > KIST_BULK_NAME_BYTES_MAX - bulk->names.size)
		KIST_TRY(flush_refs(bulk, err));
	room = make_room(bulk->refs, bulk->ref_count, &bulk->ref_room, sizeof(*room), err);
	if (!room)
		return KIST_NO_MEMORY;
	bulk->refs = room;
	KIST_TRY(keep_time(bulk, commit, time, err));
	ref = &bulk->refs[bulk->ref_count];
	*ref = (struct ref){ .artifact = change->artifact,
			     .commit = commit,
			     .name_at = (uint32_t)bulk->names.size,
			     .name_len = (uint32_t)change->name_len,
			     .time_at = bulk->time_at,
			     .event = change->event };
	KIST_TRY(kist_buf_append(&bulk->names, change->name, change->name_len, err));
	if (bulk->ref_count > 0 && compare_names(bulk, &bulk->refs[bulk->ref_count - 1], ref) >= 0)
		bulk->refs_rise = false;
	bulk->ref_count++;
	return KIST_OK;
}

kist_status kist_bulk_flush(struct kist_bulk *bulk, struct kist_error *err)
{
	KIST_TRY(flush_chunks(bulk, err));
	KIST_TRY(flush_refs(bulk, err));
	KIST_TRY(kist_postings_flush(&bulk->contents, err));
	return kist_postings_flush(&bulk->names_of, err);
}
