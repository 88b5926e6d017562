/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "registry/checkpoint.h"
#include "registry/fold.h"
#include "registry/internal.h"
#include "store/checkpoints.h"

/* Checkpoints that are kept: the newest, and one before it. */
#define KEPT 2

/* The log alone, folded from its first commit on, beside the index that is in use. */
static void log_done(struct kist_registry *log)
{
	kist_db_close(&log->db);
}

static kist_status log_open(const struct kist_registry *registry, struct kist_registry *ret,
			    struct kist_error *err)
{
	ret->store = registry->store;
	ret->is_log_only = true;
	return kist_db_open(NULL, kist_store_id(registry->store), &ret->db, err);
}

#define LOG_INIT                                                                                             \
	{                                                                                                    \
		.db = KIST_DB_INIT                                                                           \
	}
#define auto_log __attribute__((cleanup(log_done)))

/* The checkpoint of commit @number, from the log. */
static kist_status write_right(struct kist_registry *log, uint64_t number,
			       struct kist_checkpoint_builder *ret, struct kist_error *err)
{
	uint64_t head;

	KIST_TRY(kist_fold_to(log, number, err));
	return kist_write_checkpoint(&log->db, ret, &head, err);
}

/* Which checkpoint stands for the log's beginning; 0 for none. */
static kist_status get_taken(struct kist_db *db, uint64_t *ret_number, struct kist_digest *ret_digest,
			     struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool found = false;

	KIST_TRY(kist_db_use(db, KIST_SQL_GET_CHECKPOINT, &row, err, ""));
	KIST_TRY(kist_db_step(db, row, &found, err));
	*ret_number = found ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
	if (found && kist_db_digest(db, row, 1, ret_digest))
		return KIST_OK;
	db->trouble = KIST_DB_DAMAGED;
	return kist_fail(err, KIST_CORRUPT, "the index cannot be used: what it was made of is missing");
}

static kist_status note_proved(struct kist_db *db, struct kist_error *err)
{
	const struct kist_digest none = { { 0 } };
	kist_status status;

	KIST_TRY(kist_db_begin(db, err));
	status = kist_db_run(db, KIST_SQL_SET_CHECKPOINT, err, "ud", (uint64_t)0, &none);
	if (status == KIST_OK)
		return kist_db_commit(db, err);
	kist_db_rollback(db);
	return status;
}

kist_status kist_prove_checkpoint(struct kist_registry *registry, struct kist_error *err)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder right = KIST_CHECKPOINT_BUILDER_INIT;
	auto_log struct kist_registry log = LOG_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest taken;
	struct kist_digest actual;
	kist_status status;
	uint64_t number;

	KIST_TRY(get_taken(&registry->db, &number, &taken, err));
	if (number == 0)
		return KIST_OK;
	KIST_TRY(log_open(registry, &log, err));
	status = write_right(&log, number, &right, &why);
	if (status != KIST_OK && status != KIST_LIMIT)
		return kist_pass_error(err, status, &why);
	actual = kist_digest_of(kist_buf_view(&right.bytes));
	if (status == KIST_OK && kist_digest_equal(&actual, &taken))
		return note_proved(&registry->db, err);
	registry->db.trouble = KIST_DB_DAMAGED;
	return kist_fail(err, KIST_CORRUPT,
			 "the index cannot be used: a checkpoint lies that it was made of");
}

static kist_status prove(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	(void)ctx;
	return kist_prove_checkpoint(registry, err);
}

kist_status kist_registry_prove(struct kist_registry *registry, struct kist_error *err)
{
	kist_status status;

	registry->is_whole = true;
	status = kist_registry_run(registry, prove, NULL, err);
	registry->is_whole = status == KIST_OK;
	return status;
}

static kist_status count_state(struct kist_db *db, uint64_t *ret, struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool found = false;

	KIST_TRY(kist_db_use(db, KIST_SQL_COUNT_STATE, &row, err, ""));
	KIST_TRY(kist_db_step(db, row, &found, err));
	*ret = found ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
	return KIST_OK;
}

/* The checkpoints up to commit @head: the log has no others. */
static kist_status list_up_to(struct kist_registry *registry, uint64_t head, struct kist_buf *ret,
			      struct kist_error *err)
{
	const uint64_t *list;

	KIST_TRY(kist_checkpoints_list(registry->store, ret, err));
	list = (const void *)ret->data;
	while (ret->size > 0 && list[ret->size / sizeof(*list) - 1] > head)
		ret->size -= sizeof(*list);
	return KIST_OK;
}

static kist_status is_worth_it(struct kist_registry *registry, uint64_t head, bool *ret,
			       struct kist_error *err)
{
	kist_auto_buf struct kist_buf numbers = KIST_BUF_INIT(SIZE_MAX / 2);
	struct kist_digest digest;
	uint64_t commits = head;
	uint64_t taken;
	uint64_t size;

	*ret = false;
	if (head < registry->checkpoint_commits)
		return KIST_OK;
	KIST_TRY(get_taken(&registry->db, &taken, &digest, err));
	if (taken > 0)
		return KIST_OK;
	KIST_TRY(list_up_to(registry, head, &numbers, err));
	if (numbers.size > 0)
		commits -= ((const uint64_t *)(const void *)numbers.data)[numbers.size / sizeof(head) - 1];
	KIST_TRY(count_state(&registry->db, &size, err));
	*ret = commits >= registry->checkpoint_commits && size / KIST_CHECKPOINT_ENTRIES <= commits;
	return KIST_OK;
}

static kist_status delete_old(struct kist_registry *registry, uint64_t head, struct kist_error *err)
{
	kist_auto_buf struct kist_buf numbers = KIST_BUF_INIT(SIZE_MAX / 2);
	const uint64_t *list;

	KIST_TRY(list_up_to(registry, head, &numbers, err));
	list = (const void *)numbers.data;
	for (size_t i = 0; i + KEPT < numbers.size / sizeof(*list); i++)
		KIST_TRY(kist_checkpoints_delete(registry->store, list[i], err));
	return KIST_OK;
}

static kist_status make_checkpoint(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder builder = KIST_CHECKPOINT_BUILDER_INIT;
	bool worth_it;
	uint64_t head;

	(void)ctx;
	KIST_TRY(is_worth_it(registry, registry->head, &worth_it, err));
	if (!worth_it)
		return KIST_OK;
	KIST_TRY(kist_write_checkpoint(&registry->db, &builder, &head, err));
	KIST_TRY(kist_checkpoints_put(registry->store, head, kist_buf_view(&builder.bytes), err));
	return delete_old(registry, head, err);
}

kist_status kist_registry_make_checkpoint(struct kist_registry *registry, struct kist_error *err)
{
	return kist_registry_run(registry, make_checkpoint, NULL, err);
}

/* A look at all checkpoints. */
struct checking {
	struct kist_registry *registry;
	struct kist_registry log;
	bool log_ends; /* it cannot be read any further */
	kist_status (*each)(void *ctx, const struct kist_bad_checkpoint *bad, struct kist_error *err);
	void *ctx;
};

static kist_status tell(struct checking *checking, uint64_t number, struct kist_view right,
			const struct kist_error *why, struct kist_error *err)
{
	char key[KIST_CHECKPOINT_KEY_SIZE];
	const struct kist_bad_checkpoint bad = { .number = number, .key = key, .right = right, .why = why };

	kist_checkpoint_key(number, key);
	return checking->each(checking->ctx, &bad, err);
}

/* What it should be, as far as the log can be read; what keeps it from that is told elsewhere.  It is empty for
 * a state that is too large for one. */
static kist_status write_if_readable(struct checking *checking, uint64_t number,
				     struct kist_checkpoint_builder *right, bool *ret_known,
				     struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	*ret_known = false;
	if (checking->log_ends)
		return KIST_OK;
	status = write_right(&checking->log, number, right, &why);
	*ret_known = status == KIST_OK || status == KIST_LIMIT;
	if (status == KIST_OK)
		return KIST_OK;
	kist_checkpoint_builder_done(right);
	checking->log_ends =
		status == KIST_CORRUPT || status == KIST_INCOMPATIBLE || status == KIST_NOT_FOUND;
	return checking->log_ends || status == KIST_LIMIT ? KIST_OK : kist_pass_error(err, status, &why);
}

static kist_status check_one(struct checking *checking, uint64_t number, struct kist_error *err)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder right = KIST_CHECKPOINT_BUILDER_INIT;
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHECKPOINT_SIZE_MAX + 1);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_checkpoint checkpoint;
	struct kist_digest digest;
	bool known;
	kist_status status = kist_checkpoints_get(checking->registry->store, number, &bytes, &why);

	/* Who makes a new one deletes an old one. */
	if (status == KIST_NOT_FOUND)
		return KIST_OK;
	if (status == KIST_NO_MEMORY)
		return kist_pass_error(err, status, &why);
	if (status == KIST_OK)
		status = kist_checkpoint_parse(kist_buf_view(&bytes), number, &checkpoint, &why);
	if (status == KIST_INCOMPATIBLE)
		return KIST_OK;
	digest = kist_digest_of(kist_buf_view(&bytes));
	kist_buf_done(&bytes);
	if (number > checking->registry->head) {
		if (status == KIST_OK)
			(void)kist_fail(&why, KIST_CORRUPT, "the log has no such commit");
		return tell(checking, number, kist_view_of(NULL, 0), &why, err);
	}
	KIST_TRY(write_if_readable(checking, number, &right, &known, err));
	if (status == KIST_OK && known) {
		const struct kist_digest expected = kist_digest_of(kist_buf_view(&right.bytes));

		if (!kist_digest_equal(&digest, &expected))
			status = kist_fail(&why, KIST_CORRUPT, "it does not say what the log says");
	}
	return status == KIST_OK ? KIST_OK : tell(checking, number, kist_buf_view(&right.bytes), &why, err);
}

static void checking_done(struct checking *checking)
{
	log_done(&checking->log);
}

kist_status kist_registry_check_checkpoints(struct kist_registry *registry,
					    kist_status (*each)(void *ctx,
								const struct kist_bad_checkpoint *bad,
								struct kist_error *err),
					    void *ctx, uint64_t *ret_count, struct kist_error *err)
{
	__attribute__((cleanup(checking_done))) struct checking checking = {
		.registry = registry, .log = LOG_INIT, .each = each, .ctx = ctx
	};
	kist_auto_buf struct kist_buf numbers = KIST_BUF_INIT(SIZE_MAX / 2);
	const uint64_t *list;
	size_t count;

	KIST_TRY(kist_checkpoints_list(registry->store, &numbers, err));
	*ret_count = count = numbers.size / sizeof(*list);
	if (count == 0)
		return KIST_OK;
	/* Of commits that were made since the log was folded there may be some, too. */
	KIST_TRY(kist_registry_fold(registry, err));
	KIST_TRY(log_open(registry, &checking.log, err));
	list = (const void *)numbers.data;
	for (size_t i = 0; i < count; i++)
		KIST_TRY(check_one(&checking, list[i], err));
	return KIST_OK;
}
