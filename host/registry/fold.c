/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/backend.h"
#include "base/mem.h"
#include "registry/internal.h"

/* What one transaction holds at least before it ends: small enough to wait for, large enough to be cheap. */
#define BATCH_COMMITS 4096
#define BATCH_ROWS    100000

#define TIME_SIZE_MAX 64

struct fold {
	struct kist_registry *registry;
	uint64_t commit;
	const struct kist_digest *pack;
	uint64_t pack_no;
	bool is_meta;
	bool record_damaged;
	size_t rows; /* added in this transaction, about */
	struct kist_buf record;
	struct kist_chunk_reader chunk_reader;
	struct kist_buf name;
};

#define FOLD_INIT(r)                                                                                         \
	{                                                                                                    \
		.registry = (r), .record = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX),                               \
		.name = KIST_BUF_INIT(KIST_NAME_SIZE_MAX)                                                    \
	}

static void fold_done(struct fold *fold)
{
	kist_buf_done(&fold->record);
	kist_chunk_reader_done(&fold->chunk_reader);
	kist_buf_done(&fold->name);
}
#define auto_fold __attribute__((cleanup(fold_done)))

void kist_log_key(uint64_t number, char ret_key[static KIST_LOG_KEY_SIZE])
{
	snprintf(ret_key, KIST_LOG_KEY_SIZE, "log/%020" PRIu64, number);
}

/* The store's bytes are bad, which is no reason to stop; a failure to read them is. */
static bool is_damage(const struct kist_registry *registry, kist_status status)
{
	return (status == KIST_CORRUPT || status == KIST_NOT_FOUND) && registry->db.trouble == KIST_DB_FINE;
}

static kist_status get_digest(const json_t *object, const char *key, struct kist_digest *ret,
			      struct kist_error *err)
{
	const json_t *member = json_object_get(object, key);

	if (!json_is_string(member) ||
	    !kist_digest_parse(json_string_value(member), json_string_length(member), ret))
		return kist_fail(err, KIST_CORRUPT, "\"%s\" is missing or no SHA-256", key);
	return KIST_OK;
}

/* A record's text is trusted as far as its digest goes; whoever wrote it may have written nonsense. */
static kist_status add_artifact(struct fold *fold, const struct kist_digest *id, struct kist_error *err)
{
	kist_auto_json json_t *record = NULL;
	struct kist_digest sha256;
	const char *encoding;
	const char *kind;
	uint64_t size;

	KIST_TRY(kist_json_parse(kist_buf_view(&fold->record), &record, err));
	kind = kist_json_get_text(record, "kind");
	encoding = kist_json_get_text(record, "encoding");
	if (!kind || !encoding || !kist_json_get_u64(record, "size", &size))
		return kist_fail(err, KIST_CORRUPT, "a record lacks \"kind\", \"encoding\" or \"size\"");
	KIST_TRY(get_digest(record, "sha256", &sha256, err));
	fold->rows++;
	return kist_db_run(&fold->registry->db, KIST_SQL_ADD_ARTIFACT, err, "dduttbu", id, &sha256, size,
			   kind, encoding, fold->record.data, fold->record.size, fold->commit);
}

static kist_status fold_record(struct fold *fold, const struct kist_digest *id,
			       const struct kist_location *where, struct kist_error *err)
{
	KIST_TRY(kist_store_read_chunk_with(fold->registry->store, &fold->chunk_reader, where, id,
					    &fold->record, err));
	return add_artifact(fold, id, err);
}

static kist_status fold_chunk(void *ctx, const struct kist_digest *id, const struct kist_location *where,
			      struct kist_error *err)
{
	struct fold *const fold = ctx;

	if (where->offset > INT64_MAX || !kist_digest_equal(&where->pack, fold->pack))
		return kist_fail(err, KIST_CORRUPT, "the index names a place outside of the pack");
	if (fold->is_meta && where->kind == KIST_CHUNK_RECORD) {
		struct kist_error why = KIST_ERROR_INIT;
		bool forgotten = false;
		kist_status status;

		KIST_TRY(kist_is_forgotten(&fold->registry->db, id, fold->commit, &forgotten, err));
		if (forgotten)
			return KIST_OK;
		status = fold_record(fold, id, where, &why);

		/* The chunk stays unknown, so that whoever puts it again heals it. */
		if (is_damage(fold->registry, status)) {
			fold->record_damaged = true;
			return KIST_OK;
		}
		if (status != KIST_OK)
			return kist_pass_error(err, status, &why);
	}
	fold->rows++;
	return kist_db_run(&fold->registry->db, KIST_SQL_ADD_CHUNK, err, "duuuuu", id, fold->pack_no,
			   where->offset, (uint64_t)where->stored_len, (uint64_t)where->raw_len,
			   (uint64_t)where->kind);
}

/* Folds the index of the pack whose row is there; whatever is wrong with the pack is written in that row. */
static kist_status fold_pack_index(struct fold *fold, struct kist_error *err)
{
	struct kist_db *const db = &fold->registry->db;
	struct kist_error why = KIST_ERROR_INIT;
	uint64_t damaged = KIST_PACK_SOUND;
	kist_status status;

	fold->record_damaged = false;
	KIST_TRY(kist_db_run(db, KIST_SQL_SAVEPOINT_PACK, err, ""));
	status = kist_store_read_index(fold->registry->store, fold->pack, fold_chunk, fold, &why);
	if (status != KIST_OK && !is_damage(fold->registry, status))
		return kist_pass_error(err, status, &why);
	if (status != KIST_OK) {
		KIST_TRY(kist_db_run(db, KIST_SQL_ROLLBACK_TO_PACK, err, ""));
		damaged = KIST_PACK_INDEX_DAMAGED;
	} else if (fold->record_damaged) {
		damaged = KIST_PACK_RECORD_DAMAGED;
	}
	KIST_TRY(kist_db_run(db, KIST_SQL_RELEASE_PACK, err, ""));
	return kist_db_run(db, KIST_SQL_MARK_PACK, err, "uu", fold->pack_no, damaged);
}

static kist_status find_pack(struct kist_db *db, const struct kist_digest *id, bool *ret_found,
			     struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *pack = NULL;

	KIST_TRY(kist_db_use(db, KIST_SQL_FIND_PACK, &pack, err, "d", id));
	return kist_db_step(db, pack, ret_found, err);
}

static kist_status fold_pack(struct fold *fold, const json_t *pack, struct kist_error *err)
{
	struct kist_db *const db = &fold->registry->db;
	const char *kind = kist_json_get_text(pack, "kind");
	struct kist_digest id;
	uint64_t size;
	bool found = false;

	KIST_TRY(get_digest(pack, "id", &id, err));
	if (!kind || (strcmp(kind, "data") != 0 && strcmp(kind, "meta") != 0))
		return kist_fail(err, KIST_CORRUPT,
				 "the \"kind\" of a pack is neither \"data\" nor \"meta\"");
	if (!kist_json_get_u64(pack, "size", &size) || size > KIST_OBJECT_SIZE_MAX)
		return kist_fail(err, KIST_CORRUPT, "the \"size\" of a pack is missing or too large");
	KIST_TRY(find_pack(db, &id, &found, err));
	if (found)
		return KIST_OK;
	KIST_TRY(kist_db_run(db, KIST_SQL_ADD_PACK, err, "dtuu", &id, kind, size, fold->commit));
	fold->pack = &id;
	fold->pack_no = (uint64_t)sqlite3_last_insert_rowid(db->sql);
	fold->is_meta = strcmp(kind, "meta") == 0;
	return fold_pack_index(fold, err);
}

static kist_status fold_ref(struct fold *fold, const json_t *ref, uint64_t seq, const char *time,
			    struct kist_error *err)
{
	struct kist_db *const db = &fold->registry->db;
	const char *event = kist_json_get_text(ref, "event");
	const bool is_rm = event && strcmp(event, "rm") == 0;
	const struct kist_view name = { .data = fold->name.data, .size = fold->name.size };
	struct kist_digest artifact;

	if (!event || (!is_rm && strcmp(event, "put") != 0 && strcmp(event, "tag") != 0))
		return kist_fail(err, KIST_CORRUPT, "the \"event\" of a ref is none");
	fold->rows++;
	if (is_rm) {
		if (!json_is_null(json_object_get(ref, "artifact")))
			return kist_fail(err, KIST_CORRUPT, "a ref that is removed names an artifact");
		KIST_TRY(kist_db_run(db, KIST_SQL_DROP_REF, err, "b", name.data, name.size));
		return kist_db_run(db, KIST_SQL_ADD_HISTORY, err, "buuntt", name.data, name.size,
				   fold->commit, seq, event, time);
	}
	KIST_TRY(get_digest(ref, "artifact", &artifact, err));
	KIST_TRY(kist_db_run(db, KIST_SQL_SET_REF, err, "bdut", name.data, name.size, &artifact, fold->commit,
			     time));
	return kist_db_run(db, KIST_SQL_ADD_HISTORY, err, "buudtt", name.data, name.size, fold->commit, seq,
			   &artifact, event, time);
}

static kist_status get_array(const json_t *commit, const char *key, const json_t **ret,
			     struct kist_error *err)
{
	*ret = json_object_get(commit, key);
	if (*ret && !json_is_array(*ret))
		return kist_fail(err, KIST_CORRUPT, "\"%s\" is no list", key);
	return KIST_OK;
}

static kist_status fold_commit(struct fold *fold, const json_t *commit, struct kist_error *err)
{
	const char *time = kist_json_get_text(commit, "time");
	const json_t *packs;
	const json_t *refs;

	if (!time || strlen(time) > TIME_SIZE_MAX)
		return kist_fail(err, KIST_CORRUPT, "\"time\" is missing or too long");
	KIST_TRY(get_array(commit, "packs", &packs, err));
	KIST_TRY(get_array(commit, "refs", &refs, err));
	for (size_t i = 0; i < json_array_size(packs); i++)
		KIST_TRY(fold_pack(fold, json_array_get(packs, i), err));
	/* After the packs: a collector's copies take the place of what it condemns. */
	KIST_TRY(kist_fold_collected(&fold->registry->db, commit, fold->commit, err));
	for (size_t i = 0; i < json_array_size(refs); i++) {
		kist_buf_done(&fold->name);
		KIST_TRY(kist_name_from_json(json_array_get(refs, i), &fold->name, err));
		KIST_TRY(fold_ref(fold, json_array_get(refs, i), i, time, err));
	}
	return KIST_OK;
}

/* The store may have been replaced since its newest commit was folded: then that is what is wrong. */
static kist_status fail_chain(struct kist_registry *registry, struct kist_error *err)
{
	KIST_TRY(kist_check_head(registry, err));
	return kist_fail(err, KIST_CORRUPT, "it does not follow the commit before it: \"previous\" differs");
}

/* What is wrong with a commit is told with its key. */
static kist_status name_commit(uint64_t number, kist_status status, const struct kist_error *why,
			       struct kist_error *err)
{
	char key[KIST_LOG_KEY_SIZE];

	kist_log_key(number, key);
	if (strstr(why->text, key) || status == KIST_NO_MEMORY)
		return kist_pass_error(err, status, why);
	return kist_fail(err, status, "commit '%s': %s", key, why->text);
}

/* Takes back what was folded of a bad commit.  Returns @status. */
static kist_status undo_commit(struct fold *fold, kist_status status)
{
	struct kist_db *const db = &fold->registry->db;

	if (db->trouble == KIST_DB_FINE && kist_db_run(db, KIST_SQL_ROLLBACK_TO_COMMIT, NULL, "") != KIST_OK)
		db->trouble = KIST_DB_UNUSABLE;
	return status;
}

/* Folds the commit after @head; *ret_more is false when there is none yet. */
static kist_status fold_next(struct fold *fold, uint64_t *head, struct kist_digest *head_digest,
			     bool *ret_more, struct kist_error *err)
{
	struct kist_registry *const registry = fold->registry;
	kist_auto_json json_t *commit = NULL;
	struct kist_digest previous;
	struct kist_digest digest;
	kist_status status;

	status = kist_log_read(registry->store, *head + 1, &commit, &digest, err);
	*ret_more = status == KIST_OK;
	if (status != KIST_OK)
		return status == KIST_NOT_FOUND ? KIST_OK : status;
	KIST_TRY(get_digest(commit, "previous", &previous, err));
	if (!kist_digest_equal(&previous, head_digest))
		return fail_chain(registry, err);
	fold->commit = *head + 1;
	KIST_TRY(kist_db_run(&registry->db, KIST_SQL_SAVEPOINT_COMMIT, err, ""));
	status = fold_commit(fold, commit, err);
	if (status != KIST_OK)
		return undo_commit(fold, status);
	KIST_TRY(kist_db_run(&registry->db, KIST_SQL_RELEASE_COMMIT, err, ""));
	*head += 1;
	*head_digest = digest;
	return KIST_OK;
}

/* One transaction.  A bad commit ends it: what stands before the commit is kept. */
static kist_status fold_batch(struct kist_registry *registry, bool *ret_more, struct kist_error *err)
{
	auto_fold struct fold fold = FOLD_INIT(registry);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest digest;
	kist_status status;
	uint64_t head = 0;
	uint64_t first;

	KIST_TRY(kist_db_get_head(&registry->db, &head, &digest, err));
	first = head;
	do {
		kist_error_clear(&why);
		status = fold_next(&fold, &head, &digest, ret_more, &why);
	} while (status == KIST_OK && *ret_more && head - first < BATCH_COMMITS && fold.rows < BATCH_ROWS);
	if (registry->db.trouble == KIST_DB_FINE && head > first)
		KIST_TRY(kist_db_run(&registry->db, KIST_SQL_SET_HEAD, err, "ud", head, &digest));
	return status == KIST_OK ? KIST_OK : name_commit(head + 1, status, &why, err);
}

/* Commits what was folded, also before a bad commit, which is then what the caller hears of. */
static kist_status end_transaction(struct kist_registry *registry, kist_status status, struct kist_error *err)
{
	const kist_status committed = kist_db_commit(&registry->db, status == KIST_OK ? err : NULL);

	return status == KIST_OK ? committed : status;
}

static kist_status fold_transaction(struct kist_registry *registry, bool *ret_more, struct kist_error *err)
{
	kist_status status;

	KIST_TRY(kist_db_begin(&registry->db, err));
	status = fold_batch(registry, ret_more, err);
	if (registry->db.trouble != KIST_DB_FINE || sqlite3_get_autocommit(registry->db.sql)) {
		kist_db_rollback(&registry->db);
		return status;
	}
	return end_transaction(registry, status, err);
}

/*
 * The log ends here, and the next commit will lean on it.  What another process has folded into the shared
 * file is looked at again: it may have had a copy of this store, of the same id, that has gone another way.
 */
static kist_status set_head(struct kist_registry *registry, uint64_t head, const struct kist_digest *digest,
			    struct kist_error *err)
{
	/*
	 * When it is opened, and before a commit: a fold that finds nothing new stands before one.  In
	 * between, new commits have each been read, and the list is not made again.
	 */
	const bool all = !registry->connected || head == registry->head;

	if (head != registry->head || (head > 0 && !kist_digest_equal(digest, &registry->head_digest)))
		KIST_TRY(kist_check_head(registry, err));
	KIST_TRY(kist_log_check_end(registry->store, head, all, err));
	registry->head = head;
	registry->head_digest = *digest;
	return KIST_OK;
}

/* Whether the log goes on, without a lock: most folds find nothing. */
static kist_status has_more(struct kist_registry *registry, bool *ret_more, struct kist_error *err)
{
	kist_auto_json json_t *commit = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest digest;
	kist_status status;
	uint64_t head;

	KIST_TRY(kist_db_get_head(&registry->db, &head, &digest, err));
	status = kist_log_read(registry->store, head + 1, &commit, NULL, &why);
	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return name_commit(head + 1, status, &why, err);
	*ret_more = status == KIST_OK;
	return status == KIST_OK ? KIST_OK : set_head(registry, head, &digest, err);
}

kist_status kist_fold_new(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	bool more = false;

	(void)ctx;
	KIST_TRY(has_more(registry, &more, err));
	while (more) {
		KIST_TRY(fold_transaction(registry, &more, err));
		KIST_TRY(has_more(registry, &more, err));
	}
	return KIST_OK;
}

static kist_status next_damaged(struct fold *fold, struct kist_digest *pack, bool *ret_found,
				struct kist_error *err)
{
	struct kist_db *const db = &fold->registry->db;
	kist_auto_statement sqlite3_stmt *row = NULL;
	const unsigned char *kind;

	KIST_TRY(kist_db_use(db, KIST_SQL_NEXT_DAMAGED, &row, err, "u", fold->pack_no));
	KIST_TRY(kist_db_step(db, row, ret_found, err));
	if (!*ret_found)
		return KIST_OK;
	kind = sqlite3_column_text(row, 2);
	if (!kist_db_digest(db, row, 1, pack) || !kind)
		return kist_fail(err, KIST_CORRUPT, "the index cannot be used: a pack has no id");
	fold->pack_no = (uint64_t)sqlite3_column_int64(row, 0);
	fold->is_meta = strcmp((const char *)kind, "meta") == 0;
	fold->commit = (uint64_t)sqlite3_column_int64(row, 3);
	return KIST_OK;
}

static kist_status fold_each_damaged(struct kist_registry *registry, struct kist_error *err)
{
	auto_fold struct fold fold = FOLD_INIT(registry);
	struct kist_digest pack;
	bool found = false;

	fold.pack = &pack;
	KIST_TRY(next_damaged(&fold, &pack, &found, err));
	while (found) {
		KIST_TRY(fold_pack_index(&fold, err));
		KIST_TRY(next_damaged(&fold, &pack, &found, err));
	}
	return KIST_OK;
}

kist_status kist_fold_damaged(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	auto_fold struct fold probe = FOLD_INIT(registry);
	struct kist_digest pack;
	kist_status status;
	bool found = false;

	(void)ctx;
	KIST_TRY(next_damaged(&probe, &pack, &found, err));
	if (!found)
		return KIST_OK;
	KIST_TRY(kist_db_begin(&registry->db, err));
	status = fold_each_damaged(registry, err);
	if (status == KIST_OK)
		return kist_db_commit(&registry->db, err);
	kist_db_rollback(&registry->db);
	return status;
}
