/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/fold.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "registry/postings.h"

/* With KIST_FOLD_BATCH_ROWS, what one transaction holds before it ends. */
#define BATCH_COMMITS 16384

static kist_status look_whether_new(struct kist_registry *registry, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool found = false;

	if (registry->is_new)
		return KIST_OK;
	KIST_TRY(kist_db_use(&registry->db, KIST_SQL_HAS_CHUNKS, &row, err, ""));
	KIST_TRY(kist_db_step(&registry->db, row, &found, err));
	registry->is_new = !found;
	return KIST_OK;
}

kist_status kist_fold_begin(struct kist_fold *fold, struct kist_error *err)
{
	struct kist_db *const db = &fold->registry->db;
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool found = false;

	KIST_TRY(kist_db_use(db, KIST_SQL_LAST_ARTIFACT, &row, err, ""));
	KIST_TRY(kist_db_step(db, row, &found, err));
	fold->artifact_no = (uint64_t)sqlite3_column_int64(row, 0) + 1;
	KIST_TRY(look_whether_new(fold->registry, err));
	return fold->registry->is_new ? kist_bulk_new(db, &fold->bulk, err) : KIST_OK;
}

kist_status kist_fold_end(struct kist_fold *fold, struct kist_error *err)
{
	return fold->bulk ? kist_bulk_flush(fold->bulk, err) : KIST_OK;
}

/* Whether @name means @artifact, so that a posting leads from that to the name. */
static kist_status is_so_named(struct kist_db *db, const struct kist_ref_change *change, bool *ret,
			       struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	struct kist_digest artifact;

	KIST_TRY(kist_db_use(db, KIST_SQL_FIND_REF, &row, err, "b", change->name, change->name_len));
	KIST_TRY(kist_db_step(db, row, ret, err));
	*ret = *ret && kist_db_digest(db, row, 0, &artifact) &&
	       kist_digest_equal(&artifact, &change->artifact);
	return KIST_OK;
}

static kist_status set_ref(struct kist_fold *fold, const struct kist_ref_change *change, const char *time,
			   struct kist_error *err)
{
	struct kist_db *const db = &fold->registry->db;
	bool so_named = false;

	KIST_TRY(is_so_named(db, change, &so_named, err));
	if (!so_named)
		KIST_TRY(kist_posting_add_name(db, &change->artifact,
					       kist_view_of(change->name, change->name_len), err));
	return kist_db_run(db, KIST_SQL_SET_REF, err, "bdutu", change->name, change->name_len,
			   &change->artifact, fold->commit, time, (uint64_t)(change->event == KIST_REF_TAG));
}

static kist_status fold_ref(struct kist_fold *fold, struct kist_view ref, const char *time,
			    struct kist_error *err)
{
	struct kist_db *const db = &fold->registry->db;
	struct kist_ref_change change;

	KIST_TRY(kist_ref_change_read(ref, &change, err));
	fold->rows++;
	if (fold->bulk)
		return kist_bulk_add_ref(fold->bulk, &change, fold->commit, time, err);
	if (change.event == KIST_REF_RM)
		return kist_db_run(db, KIST_SQL_DROP_REF, err, "b", change.name, change.name_len);
	return set_ref(fold, &change, time, err);
}

static bool takes_away(const struct kist_commit *commit)
{
	return commit->lists[KIST_COMMIT_FORGET].size > 0 || commit->lists[KIST_COMMIT_CONDEMN].size > 0;
}

static kist_status fold_commit(struct kist_fold *fold, const struct kist_commit *commit,
			       struct kist_error *err)
{
	struct kist_json_walk packs = kist_json_walk(commit->lists[KIST_COMMIT_PACKS]);
	struct kist_json_walk refs = kist_json_walk(commit->lists[KIST_COMMIT_REFS]);
	struct kist_json_item item;

	while (kist_json_next(&packs, &item))
		KIST_TRY(kist_fold_pack(fold, item.value, err));
	/* After the packs: a collector's copies take the place of what it condemns. */
	if (takes_away(commit))
		KIST_TRY(kist_fold_end(fold, err));
	KIST_TRY(kist_fold_collected(&fold->registry->db, commit, err));
	while (kist_json_next(&refs, &item))
		KIST_TRY(fold_ref(fold, item.value, commit->time, err));
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

/* One transaction's worth of commits. */
struct batch {
	uint64_t last; /* to be folded */
	uint64_t head; /* folded */
	struct kist_digest digest;
	bool more;
	struct kist_commit commits[2]; /* the one behind the head, and the one that is folded */
	int turn;		       /* which is behind the head */
	kist_status read;	       /* what became of reading it */
	struct kist_error why;
};

static void batch_done(struct batch *batch)
{
	kist_commit_done(&batch->commits[0]);
	kist_commit_done(&batch->commits[1]);
}

static void read_commit(const struct kist_fold *fold, struct batch *batch, uint64_t number)
{
	kist_error_clear(&batch->why);
	batch->read = kist_log_read(fold->registry->store, number, &batch->commits[batch->turn], &batch->why);
}

/* Reads the commit behind the one that is about to be folded, so that its records are unpacked meanwhile. */
static void look_ahead(struct kist_fold *fold, struct batch *batch)
{
	struct kist_json_walk packs;
	struct kist_json_item item;

	kist_scan_ahead_free(fold->begun);
	fold->begun = kist_steal(fold->ahead);
	if (fold->commit == batch->last)
		return;
	read_commit(fold, batch, batch->head + 2);
	if (batch->read != KIST_OK)
		return;
	packs = kist_json_walk(batch->commits[batch->turn].lists[KIST_COMMIT_PACKS]);
	while (kist_json_next(&packs, &item))
		kist_fold_ahead(fold, item.value);
}

/* Folds the commit after the batch's head, when there is one. */
static kist_status fold_next(struct kist_fold *fold, struct batch *batch, struct kist_error *err)
{
	const struct kist_commit *const commit = &batch->commits[batch->turn];

	batch->more = batch->read == KIST_OK;
	if (batch->read != KIST_OK)
		return batch->read == KIST_NOT_FOUND ? KIST_OK
						     : kist_pass_error(err, batch->read, &batch->why);
	if (!kist_digest_equal(&commit->previous, &batch->digest))
		return fail_chain(fold->registry, err);
	fold->commit = batch->head + 1;
	batch->turn = 1 - batch->turn;
	look_ahead(fold, batch);
	KIST_TRY(fold_commit(fold, commit, err));
	batch->head++;
	batch->digest = commit->digest;
	return KIST_OK;
}

static kist_status fold_batch(struct kist_registry *registry, struct batch *batch, struct kist_error *err)
{
	kist_auto_fold struct kist_fold fold = { .registry = registry };
	uint64_t first;

	KIST_TRY(kist_db_get_head(&registry->db, &batch->head, &batch->digest, err));
	KIST_TRY(kist_fold_begin(&fold, err));
	first = batch->head;
	read_commit(&fold, batch, first + 1);
	do {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = fold_next(&fold, batch, &why);

		if (status != KIST_OK)
			return name_commit(batch->head + 1, status, &why, err);
	} while (batch->more && batch->head < batch->last && batch->head - first < BATCH_COMMITS &&
		 fold.rows < KIST_FOLD_BATCH_ROWS);
	if (batch->head == first)
		return KIST_OK;
	KIST_TRY(kist_fold_end(&fold, err));
	return kist_db_run(&registry->db, KIST_SQL_SET_HEAD, err, "ud", batch->head, &batch->digest);
}

static kist_status fold_in_transaction(struct kist_registry *registry, struct batch *batch,
				       struct kist_error *err)
{
	kist_status status;

	KIST_TRY(kist_db_begin(&registry->db, err));
	status = fold_batch(registry, batch, err);
	if (status == KIST_OK && registry->db.trouble == KIST_DB_FINE &&
	    !sqlite3_get_autocommit(registry->db.sql))
		return kist_db_commit(&registry->db, err);
	kist_db_rollback(&registry->db);
	return status;
}

/* Of a bad commit nothing is kept, and what stands before it is: that is folded once more. */
static kist_status fold_transaction(struct kist_registry *registry, uint64_t last, bool *ret_more,
				    struct kist_error *err)
{
	__attribute__((cleanup(batch_done))) struct batch batch = {
		.last = last, .commits = { KIST_COMMIT_INIT, KIST_COMMIT_INIT }
	};
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = fold_in_transaction(registry, &batch, &why);
	struct kist_digest digest;
	uint64_t head;

	*ret_more = batch.more;
	if (status == KIST_OK || registry->db.trouble != KIST_DB_FINE || status == KIST_NO_MEMORY)
		return kist_pass_error(err, status, &why);
	batch.last = batch.head;
	KIST_TRY(kist_db_get_head(&registry->db, &head, &digest, err));
	if (head < batch.last)
		KIST_TRY(fold_in_transaction(registry, &batch, err));
	return kist_pass_error(err, status, &why);
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
	struct kist_digest digest;
	uint64_t head;

	KIST_TRY(kist_db_get_head(&registry->db, &head, &digest, err));
	KIST_TRY(kist_log_exists(registry->store, head + 1, ret_more, err));
	return *ret_more ? KIST_OK : set_head(registry, head, &digest, err);
}

kist_status kist_fold_new(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	bool more = false;

	(void)ctx;
	KIST_TRY(has_more(registry, &more, err));
	while (more) {
		KIST_TRY(fold_transaction(registry, UINT64_MAX, &more, err));
		KIST_TRY(has_more(registry, &more, err));
	}
	registry->is_new = false;
	if (registry->is_whole)
		KIST_TRY(kist_prove_checkpoint(registry, err));
	return KIST_OK;
}

kist_status kist_fold_to(struct kist_registry *registry, uint64_t last, struct kist_error *err)
{
	struct kist_digest digest;
	bool more = true;
	uint64_t head;

	KIST_TRY(kist_db_get_head(&registry->db, &head, &digest, err));
	while (more && head < last) {
		KIST_TRY(fold_transaction(registry, last, &more, err));
		KIST_TRY(kist_db_get_head(&registry->db, &head, &digest, err));
	}
	return head == last
		       ? KIST_OK
		       : kist_fail(err, KIST_NOT_FOUND, "there is no commit %" PRIu64 " in the log", last);
}
