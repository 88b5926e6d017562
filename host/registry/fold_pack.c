/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "registry/fold.h"
#include "registry/postings.h"

/* Packs of fewer bytes are not worth a thread. */
#define AHEAD_MIN ((uint64_t)32 << 10)
/* And those of more are not held beside another one. */
#define AHEAD_MAX ((uint64_t)4 << 20)

/* What an index keeps of a record, beside the record. */
struct look {
	unsigned found; /* of what is looked for */
	bool is_sound;
	uint64_t size;
	struct kist_digest sha256;
	struct kist_view kind;
	struct kist_view encoding;
};

_Static_assert(sizeof(struct look) <= KIST_LOOKED_MAX, "what is looked up fits");

/* So many members of a record; none comes twice. */
#define LOOKED_FOR 4

static void look_at_member(void *ctx, const struct kist_json_item *item)
{
	struct look *look = ctx;

	if (kist_json_is(item->key, "kind"))
		look->found += kist_json_plain(item->value, &look->kind);
	else if (kist_json_is(item->key, "encoding"))
		look->found += kist_json_plain(item->value, &look->encoding);
	else if (kist_json_is(item->key, "size"))
		look->found += kist_json_u64(item->value, &look->size);
	else if (kist_json_is(item->key, "sha256"))
		look->found += kist_commit_digest(item->value, &look->sha256);
}

/* A record's text is trusted as far as its digest goes; whoever wrote it may have written nonsense. */
void kist_fold_look(struct kist_view record, void *ret)
{
	struct look *look = ret;

	look->is_sound =
		kist_json_check_each(record, KIST_JSON_VALUES_MAX, look_at_member, look, NULL) == KIST_OK &&
		look->found == LOOKED_FOR;
}

static kist_status run_with_place(struct kist_fold *fold, enum kist_db_statement which,
				  const struct kist_scanned *chunk, struct kist_error *err)
{
	const struct kist_location *where = chunk->where;

	return kist_db_run(&fold->registry->db, which, err, where->has_base ? "duuuuud" : "duuuuun",
			   chunk->id, fold->pack_no, where->offset, (uint64_t)where->stored_len,
			   (uint64_t)where->raw_len, (uint64_t)where->kind, &where->base.id);
}

static kist_status add_chunk(struct kist_fold *fold, const struct kist_scanned *chunk, struct kist_error *err)
{
	struct kist_db *const db = &fold->registry->db;

	fold->rows++;
	if (fold->bulk)
		return kist_bulk_add_chunk(fold->bulk, chunk->id, fold->pack_no, chunk->where, 0, err);
	KIST_TRY(run_with_place(fold, KIST_SQL_ADD_CHUNK, chunk, err));
	if (sqlite3_changes(db->sql) > 0)
		return KIST_OK;
	/* Another pack has it, too, unless this one is looked at again: both are remembered. */
	KIST_TRY(kist_db_run(db, KIST_SQL_KEEP_TWIN, err, "du", chunk->id, fold->pack_no));
	if (sqlite3_changes(db->sql) == 0)
		return KIST_OK;
	KIST_TRY(run_with_place(fold, KIST_SQL_ADD_TWIN, chunk, err));
	return kist_db_run(db, KIST_SQL_CHOOSE_TWIN, err, "d", chunk->id);
}

/* The chunk and the artifact at once, in the way of most: when nothing of this id is there. */
static kist_status try_new(struct kist_fold *fold, const struct kist_scanned *chunk, bool *ret_new,
			   struct kist_error *err)
{
	const struct kist_location *where = chunk->where;
	struct kist_db *const db = &fold->registry->db;

	KIST_TRY(kist_db_run(db, KIST_SQL_ADD_NEW_RECORD, err, "duuuuuu", chunk->id, fold->pack_no,
			     where->offset, (uint64_t)where->stored_len, (uint64_t)where->raw_len,
			     (uint64_t)where->kind, fold->artifact_no));
	*ret_new = sqlite3_changes(db->sql) > 0;
	return KIST_OK;
}

static kist_status gather_record(struct kist_fold *fold, const struct kist_scanned *chunk,
				 struct kist_error *err)
{
	const struct look *about = chunk->looked;
	const struct kist_artifact_row artifact = { .id = chunk->id,
						    .sha256 = &about->sha256,
						    .size = about->size,
						    .commit = fold->commit,
						    .record = chunk->record,
						    .kind = about->kind,
						    .encoding = about->encoding };

	fold->rows++;
	KIST_TRY(kist_bulk_add_artifact(fold->bulk, fold->artifact_no, &artifact, err));
	return kist_bulk_add_chunk(fold->bulk, chunk->id, fold->pack_no, chunk->where, fold->artifact_no++,
				   err);
}

static kist_status add_record(struct kist_fold *fold, const struct kist_scanned *chunk,
			      struct kist_error *err)
{
	struct kist_db *const db = &fold->registry->db;
	const struct look *about = chunk->looked;
	bool is_new = false;

	KIST_TRY(try_new(fold, chunk, &is_new, err));
	if (!is_new) {
		KIST_TRY(add_chunk(fold, chunk, err));
		KIST_TRY(kist_db_run(db, KIST_SQL_LINK_ARTIFACT, err, "du", chunk->id, fold->artifact_no));
		is_new = sqlite3_changes(db->sql) > 0;
	}
	if (!is_new)
		return KIST_OK;
	fold->rows += 2;
	KIST_TRY(kist_db_run(db, KIST_SQL_ADD_ARTIFACT, err, "udduvvu", fold->artifact_no, chunk->id,
			     &about->sha256, about->size, about->kind, about->encoding, fold->commit));
	KIST_TRY(kist_posting_add_content(db, &about->sha256, fold->artifact_no, err));
	return kist_db_run(db, KIST_SQL_ADD_RECORD, err, "ub", fold->artifact_no++, chunk->record.data,
			   chunk->record.size);
}

static kist_status fold_chunk(void *ctx, const struct kist_scanned *chunk, struct kist_error *err)
{
	struct kist_fold *const fold = ctx;
	const struct look *about = chunk->looked;
	bool forgotten = false;

	if (!fold->is_meta || chunk->where->kind != KIST_CHUNK_RECORD)
		return add_chunk(fold, chunk, err);
	/* In the order of the log nothing is forgotten before it is there. */
	if (fold->is_late)
		KIST_TRY(kist_is_forgotten(&fold->registry->db, chunk->id, fold->commit, &forgotten, err));
	if (forgotten)
		return KIST_OK;
	if (chunk->status == KIST_OK && about && about->is_sound)
		return fold->bulk ? gather_record(fold, chunk, err) : add_record(fold, chunk, err);
	/* The chunk stays unknown, so that whoever puts it again heals it. */
	fold->record_damaged = true;
	return KIST_OK;
}

/* The store's bytes are bad, which is no reason to stop; a failure to read them is. */
static bool is_damage(const struct kist_registry *registry, kist_status status)
{
	return (status == KIST_CORRUPT || status == KIST_NOT_FOUND) && registry->db.trouble == KIST_DB_FINE;
}

static struct kist_scan scan_of(struct kist_fold *fold, bool is_meta)
{
	return (struct kist_scan){ .with_records = is_meta,
				   .look = kist_fold_look,
				   .written = fold->registry->written,
				   .each = fold_chunk,
				   .ctx = fold };
}

/* As it was begun ahead, if it was. */
static kist_status scan_pack(struct kist_fold *fold, struct kist_error *err)
{
	const struct kist_scan scan = scan_of(fold, fold->is_meta);
	struct kist_scan_ahead *ahead;
	kist_status status;

	if (!fold->is_meta || !kist_scan_ahead_is_of(fold->begun, &fold->pack))
		return kist_store_scan_pack(fold->registry->store, &fold->pack, &scan, err);
	ahead = kist_steal(fold->begun);
	status = kist_scan_ahead_give(ahead, err);
	kist_scan_ahead_free(fold->spare);
	fold->spare = ahead;
	return status;
}

kist_status kist_fold_pack_index(struct kist_fold *fold, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	uint64_t damaged = KIST_PACK_SOUND;
	kist_status status;

	fold->record_damaged = false;
	status = scan_pack(fold, &why);
	if (status != KIST_OK && !is_damage(fold->registry, status))
		return kist_pass_error(err, status, &why);
	if (status != KIST_OK)
		damaged = KIST_PACK_INDEX_DAMAGED;
	else if (fold->record_damaged)
		damaged = KIST_PACK_RECORD_DAMAGED;
	if (damaged == fold->pack_state)
		return KIST_OK;
	return kist_db_run(&fold->registry->db, KIST_SQL_MARK_PACK, err, "uu", fold->pack_no, damaged);
}

static kist_status find_pack(struct kist_db *db, const struct kist_digest *id, bool *ret_found,
			     struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *pack = NULL;

	KIST_TRY(kist_db_use(db, KIST_SQL_FIND_PACK, &pack, err, "d", id));
	return kist_db_step(db, pack, ret_found, err);
}

kist_status kist_fold_pack(struct kist_fold *fold, struct kist_view pack, struct kist_error *err)
{
	struct kist_db *const db = &fold->registry->db;
	const struct kist_view kind = kist_json_find(pack, "kind");
	const bool is_meta = kist_json_is(kind, "\"meta\"");
	uint64_t size;
	bool found = false;

	if (!kist_commit_digest(kist_json_find(pack, "id"), &fold->pack))
		return kist_fail(err, KIST_CORRUPT, "\"id\" is missing or no SHA-256");
	if (!is_meta && !kist_json_is(kind, "\"data\""))
		return kist_fail(err, KIST_CORRUPT,
				 "the \"kind\" of a pack is neither \"data\" nor \"meta\"");
	if (!kist_json_u64(kist_json_find(pack, "size"), &size) || size > KIST_OBJECT_SIZE_MAX)
		return kist_fail(err, KIST_CORRUPT, "the \"size\" of a pack is missing or too large");
	KIST_TRY(find_pack(db, &fold->pack, &found, err));
	if (found)
		return KIST_OK;
	KIST_TRY(kist_db_run(db, KIST_SQL_ADD_PACK, err, "dtuu", &fold->pack, is_meta ? "meta" : "data", size,
			     fold->commit));
	fold->pack_no = (uint64_t)sqlite3_last_insert_rowid(db->sql);
	fold->pack_state = KIST_PACK_SOUND;
	fold->is_meta = is_meta;
	fold->is_late = false;
	return fold->registry->is_log_only ? KIST_OK : kist_fold_pack_index(fold, err);
}

void kist_fold_ahead(struct kist_fold *fold, struct kist_view pack)
{
	const struct kist_scan scan = scan_of(fold, true);
	struct kist_digest id;
	uint64_t size;

	if (fold->ahead || !fold->bulk || fold->registry->is_log_only)
		return;
	if (kist_json_is(kist_json_find(pack, "kind"), "\"meta\"") &&
	    kist_json_u64(kist_json_find(pack, "size"), &size) && size >= AHEAD_MIN && size <= AHEAD_MAX &&
	    kist_commit_digest(kist_json_find(pack, "id"), &id))
		fold->ahead = kist_scan_ahead_new(fold->registry->store, &id, &scan, kist_steal(fold->spare));
}

static kist_status next_damaged(struct kist_fold *fold, bool *ret_found, struct kist_error *err)
{
	struct kist_db *const db = &fold->registry->db;
	kist_auto_statement sqlite3_stmt *row = NULL;
	const unsigned char *kind;

	KIST_TRY(kist_db_use(db, KIST_SQL_NEXT_DAMAGED, &row, err, "u", fold->pack_no));
	KIST_TRY(kist_db_step(db, row, ret_found, err));
	if (!*ret_found)
		return KIST_OK;
	kind = sqlite3_column_text(row, 2);
	if (!kist_db_digest(db, row, 1, &fold->pack) || !kind)
		return kist_fail(err, KIST_CORRUPT, "the index cannot be used: a pack has no id");
	fold->pack_no = (uint64_t)sqlite3_column_int64(row, 0);
	fold->is_meta = strcmp((const char *)kind, "meta") == 0;
	fold->commit = (uint64_t)sqlite3_column_int64(row, 3);
	fold->pack_state = (uint64_t)sqlite3_column_int64(row, 4);
	return KIST_OK;
}

/* One transaction's worth, from the pack after @pack_no on. */
static kist_status fold_some_damaged(struct kist_registry *registry, uint64_t *pack_no, bool *ret_more,
				     struct kist_error *err)
{
	kist_auto_fold struct kist_fold fold = { .registry = registry, .is_late = true, .pack_no = *pack_no };

	KIST_TRY(kist_fold_begin(&fold, err));
	KIST_TRY(next_damaged(&fold, ret_more, err));
	while (*ret_more && fold.rows < KIST_FOLD_BATCH_ROWS) {
		KIST_TRY(kist_fold_pack_index(&fold, err));
		*pack_no = fold.pack_no;
		KIST_TRY(next_damaged(&fold, ret_more, err));
	}
	return kist_fold_end(&fold, err);
}

static kist_status fold_damaged_batch(struct kist_registry *registry, uint64_t *pack_no, bool *ret_more,
				      struct kist_error *err)
{
	kist_status status;

	KIST_TRY(kist_db_begin(&registry->db, err));
	status = fold_some_damaged(registry, pack_no, ret_more, err);
	if (status == KIST_OK)
		return kist_db_commit(&registry->db, err);
	kist_db_rollback(&registry->db);
	return status;
}

kist_status kist_fold_damaged(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	struct kist_fold probe = { .registry = registry };
	uint64_t pack_no = 0;
	bool more = false;

	(void)ctx;
	KIST_TRY(next_damaged(&probe, &more, err));
	while (more)
		KIST_TRY(fold_damaged_batch(registry, &pack_no, &more, err));
	return KIST_OK;
}
