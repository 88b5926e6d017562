/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "job/index_private.h"
#include "registry/checked_file.h"

#define LOCK_MS		1000
#define BUSY_MS		30000
#define LIKE_LENGTH_MAX 1000 /* of a pattern: matching takes long */
#define EXPR_DEPTH_MAX	1000
#define PREFIX_LEN	(sizeof(KIST_JOB_PREFIX) - 1)

static const char pragmas[] = "PRAGMA page_size=4096; PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF;"
			      "PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;";

static const char schema[] =
	"CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one = 1), version INTEGER NOT NULL,"
	"  store_id TEXT NOT NULL, boot TEXT NOT NULL, head INTEGER NOT NULL, head_digest BLOB NOT NULL);"
	"CREATE TABLE jobs(no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, artifact BLOB NOT NULL,"
	"  kind TEXT NOT NULL, state TEXT NOT NULL, project TEXT NOT NULL, user TEXT NOT NULL,"
	"  host TEXT NOT NULL, parent TEXT NOT NULL, entrypoint TEXT NOT NULL, error TEXT NOT NULL,"
	"  created INTEGER, started INTEGER, ended INTEGER, duration REAL, artifacts INTEGER NOT NULL,"
	"  owner TEXT, params TEXT NOT NULL, metrics TEXT NOT NULL, facts TEXT NOT NULL);"
	"CREATE INDEX jobs_by_created ON jobs(created, id);"
	"CREATE INDEX jobs_owned ON jobs(no) WHERE owner IS NOT NULL;"
	"CREATE TABLE params(job INTEGER NOT NULL, key TEXT NOT NULL, num REAL, text TEXT NOT NULL,"
	"  PRIMARY KEY(job, key)) WITHOUT ROWID;"
	"CREATE TABLE tags(job INTEGER NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL,"
	"  PRIMARY KEY(job, key)) WITHOUT ROWID;"
	"CREATE TABLE metrics(job INTEGER NOT NULL, key TEXT NOT NULL, last REAL, min REAL, max REAL,"
	"  min_step INTEGER, max_step INTEGER, count INTEGER NOT NULL, PRIMARY KEY(job, key)) WITHOUT ROWID;"
	"CREATE TABLE uses(artifact BLOB NOT NULL, job INTEGER NOT NULL, step TEXT NOT NULL, task TEXT NOT "
	"NULL,"
	"  name TEXT NOT NULL, kind INTEGER NOT NULL);"
	"CREATE INDEX uses_of ON uses(artifact);"
	"CREATE INDEX uses_by ON uses(job, step);"
	"CREATE TRIGGER job_goes AFTER DELETE ON jobs BEGIN DELETE FROM params WHERE job = OLD.no;"
	"  DELETE FROM tags WHERE job = OLD.no; DELETE FROM metrics WHERE job = OLD.no;"
	"  DELETE FROM uses WHERE job = OLD.no; END;";

static const char *const texts[KIST_JOB_SQL_COUNT] = {
	[KIST_JOB_SQL_ADD] =
		"INSERT INTO jobs(id, artifact, kind, state, project, user, host, parent, entrypoint,"
		" error, created, started, ended, duration, artifacts, owner, params, metrics, facts)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
		" (?13 - ?12) / 1e9, ?14, ?15, ?16, ?17, ?18)",
	[KIST_JOB_SQL_DROP] = "DELETE FROM jobs WHERE id = ?1",
	[KIST_JOB_SQL_ADD_PARAM] = "INSERT INTO params(job, key, num, text) VALUES(?1, ?2, ?3, ?4)",
	[KIST_JOB_SQL_ADD_TAG] = "INSERT INTO tags(job, key, text) VALUES(?1, ?2, ?3)",
	[KIST_JOB_SQL_ADD_METRIC] = "INSERT INTO metrics(job, key, last, min, max, min_step, max_step, count)"
				    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[KIST_JOB_SQL_ADD_USE] = "INSERT INTO uses(artifact, job, step, task, name, kind)"
				 " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[KIST_JOB_SQL_OWNED] = "SELECT no, owner FROM jobs WHERE owner IS NOT NULL",
	[KIST_JOB_SQL_CALL_LOST] = "UPDATE jobs SET state = 'lost', owner = NULL WHERE no = ?1",
	[KIST_JOB_SQL_GET_META] = "SELECT version, store_id, boot, head, head_digest FROM meta",
	[KIST_JOB_SQL_SET_META] =
		"INSERT OR REPLACE INTO meta(one, version, store_id, boot, head, head_digest)"
		" VALUES(1, ?1, ?2, ?3, ?4, ?5)",
	[KIST_JOB_SQL_EACH_ID] = "SELECT id, artifact FROM jobs ORDER BY id",
	[KIST_JOB_SQL_USES_OF] = "SELECT j.id, j.state, u.step, u.task, u.name, u.artifact, u.kind"
				 " FROM uses u JOIN jobs j ON j.no = u.job WHERE u.artifact = ?1"
				 " ORDER BY j.created, j.id, u.step, u.name",
	[KIST_JOB_SQL_USES_BY] = "SELECT j.id, j.state, u.step, u.task, u.name, u.artifact, u.kind"
				 " FROM uses u JOIN jobs j ON j.no = u.job WHERE j.id = ?1 AND u.step = ?2"
				 " ORDER BY u.kind, u.rowid",
	[KIST_JOB_SQL_USES_IN] = "SELECT j.id, j.state, u.step, u.task, u.name, u.artifact, u.kind"
				 " FROM uses u JOIN jobs j ON j.no = u.job WHERE j.id = ?1"
				 " ORDER BY u.kind, u.rowid",
};

kist_status kist_job_index_fail(struct kist_job_index *index, int code, struct kist_error *err)
{
	if ((code & 0xff) == SQLITE_NOMEM)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory in the index of jobs");
	index->is_bad = true;
	return kist_fail(err, KIST_IO, "the index of jobs cannot be used: %s (SQLite error %d)",
			 index->sql ? sqlite3_errmsg(index->sql) : sqlite3_errstr(code), code);
}

kist_status kist_job_index_use(struct kist_job_index *index, enum kist_job_sql which, sqlite3_stmt **ret,
			       struct kist_error *err)
{
	sqlite3_stmt **const slot = &index->statements[which];

	if (!*slot) {
		const int code = sqlite3_prepare_v3(index->sql, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
						    slot, NULL);

		if (code != SQLITE_OK)
			return kist_job_index_fail(index, code, err);
	}
	(void)sqlite3_reset(*slot);
	*ret = *slot;
	return KIST_OK;
}

void kist_job_index_bind(sqlite3_stmt *statement, int at, const char *text)
{
	/* What fails is seen by the step: the parameter stays what it was, NULL at first. */
	(void)sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

kist_status kist_job_index_step(struct kist_job_index *index, sqlite3_stmt *statement, bool *ret_row,
				struct kist_error *err)
{
	const int code = sqlite3_step(statement);

	*ret_row = code == SQLITE_ROW;
	if (code == SQLITE_ROW)
		return KIST_OK;
	(void)sqlite3_reset(statement);
	return code == SQLITE_DONE ? KIST_OK : kist_job_index_fail(index, code, err);
}

static kist_status execute(struct kist_job_index *index, const char *text, struct kist_error *err)
{
	const int code = sqlite3_exec(index->sql, text, NULL, NULL, NULL);

	return code == SQLITE_OK ? KIST_OK : kist_job_index_fail(index, code, err);
}

static void disconnect(struct kist_job_index *index)
{
	for (size_t i = 0; i < KIST_JOB_SQL_COUNT; i++) {
		(void)sqlite3_finalize(index->statements[i]);
		index->statements[i] = NULL;
	}
	(void)sqlite3_close(index->sql);
	index->sql = NULL;
	/* The lock last: nobody removes what is still open. */
	kist_fd_close(&index->lock_fd);
}

/* Where the index lies; false when it is to be kept in memory. */
static bool find_path(const struct kist_job_index *index, char ret[static PATH_MAX])
{
	const char *folder = kist_registry_folder(index->flow->registry);

	return folder && !index->in_memory &&
	       snprintf(ret, PATH_MAX, "%s/%s", folder, KIST_JOB_INDEX_FILE) < PATH_MAX;
}

static bool lock(struct kist_job_index *index, int operation)
{
	const char *folder = kist_registry_folder(index->flow->registry);
	char path[PATH_MAX];

	if (index->lock_fd < 0 &&
	    (!folder || snprintf(path, sizeof(path), "%s/%s", folder, KIST_JOB_INDEX_LOCK) >= PATH_MAX ||
	     kist_open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, &index->lock_fd, NULL) !=
		     KIST_OK))
		return false;
	return kist_lock_fd(index->lock_fd, operation, LOCK_MS, KIST_JOB_INDEX_LOCK, NULL) == KIST_OK;
}

static kist_status connect_to(struct kist_job_index *index, struct kist_error *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
			  SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW;
	int reserve = KIST_CHECKED_RESERVE;
	char path[PATH_MAX] = ":memory:";
	const char *vfs = kist_checked_vfs();
	int code;

	if (!vfs)
		return kist_job_index_fail(index, SQLITE_CANTOPEN, err);
	/* Nobody who cannot lock the file may touch it. */
	index->in_memory = index->in_memory || !lock(index, LOCK_SH);
	if (!find_path(index, path))
		snprintf(path, sizeof(path), ":memory:");
	code = sqlite3_open_v2(path, &index->sql, flags, vfs);
	if (code == SQLITE_OK)
		code = sqlite3_file_control(index->sql, NULL, SQLITE_FCNTL_RESERVE_BYTES, &reserve);
	if (code != SQLITE_OK)
		return kist_job_index_fail(index, code, err);
	(void)sqlite3_busy_timeout(index->sql, BUSY_MS);
	(void)sqlite3_db_config(index->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(index->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_limit(index->sql, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LIKE_LENGTH_MAX);
	(void)sqlite3_limit(index->sql, SQLITE_LIMIT_EXPR_DEPTH, EXPR_DEPTH_MAX);
	return execute(index, pragmas, err);
}

/* What changed between the index and the registry. */
struct changes {
	struct kist_job_index *index;
	sqlite3_stmt *known; /* a walk over what the index has, in order of id */
	bool has_known;
	struct kist_buf put; /* of struct change */
	struct kist_buf drop;
};

struct change {
	char id[KIST_JOB_ID_MAX + 1];
	struct kist_digest artifact;
};

static kist_status note(struct kist_buf *list, const char *id, const struct kist_digest *artifact,
			struct kist_error *err)
{
	struct change change = { .artifact = { { 0 } } };

	snprintf(change.id, sizeof(change.id), "%s", id);
	if (artifact)
		change.artifact = *artifact;
	return kist_buf_append(list, &change, sizeof(change), err);
}

/* The next one that the index has; those before @id are there no more.  @id NULL: all. */
static kist_status pass_known(struct changes *changes, const char *id, struct kist_error *err)
{
	while (changes->has_known) {
		const char *known = (const char *)sqlite3_column_text(changes->known, 0);

		if (!known)
			return kist_job_index_fail(changes->index, SQLITE_CORRUPT, err);
		if (id && strcmp(known, id) >= 0)
			return KIST_OK;
		KIST_TRY(note(&changes->drop, known, NULL, err));
		KIST_TRY(kist_job_index_step(changes->index, changes->known, &changes->has_known, err));
	}
	return KIST_OK;
}

/* Names and ids rise in the same order. */
static kist_status see_name(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			    struct kist_error *err)
{
	const char *id = ref->name + PREFIX_LEN;
	struct changes *changes = ctx;
	const void *known;
	bool same;

	(void)artifact;
	if (kist_job_id_check(id, ref->name_len - PREFIX_LEN, NULL) != KIST_OK)
		return KIST_OK;
	KIST_TRY(pass_known(changes, id, err));
	if (!changes->has_known || strcmp((const char *)sqlite3_column_text(changes->known, 0), id) != 0)
		return note(&changes->put, id, &ref->artifact, err);
	known = sqlite3_column_blob(changes->known, 1);
	same = known && sqlite3_column_bytes(changes->known, 1) == (int)KIST_DIGEST_SIZE &&
	       memcmp(known, ref->artifact.bytes, KIST_DIGEST_SIZE) == 0;
	if (!same) {
		KIST_TRY(note(&changes->drop, id, NULL, err));
		KIST_TRY(note(&changes->put, id, &ref->artifact, err));
	}
	return kist_job_index_step(changes->index, changes->known, &changes->has_known, err);
}

static kist_status find_changes(struct changes *changes, struct kist_error *err)
{
	struct kist_job_index *index = changes->index;

	KIST_TRY(kist_job_index_use(index, KIST_JOB_SQL_EACH_ID, &changes->known, err));
	KIST_TRY(kist_job_index_step(index, changes->known, &changes->has_known, err));
	KIST_TRY(kist_registry_each_name(index->flow->registry, KIST_JOB_PREFIX, PREFIX_LEN, see_name,
					 changes, err));
	return pass_known(changes, NULL, err);
}

static kist_status put_one(struct kist_job_index *index, const struct change *change, struct kist_error *err)
{
	kist_auto_job struct kist_job *job = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status = kist_job_read(index->flow, &change->artifact, &job, &why);

	if (status == KIST_OK && strcmp(kist_job_id(job), change->id) != 0)
		status = kist_fail(&why, KIST_CORRUPT, "it is the record of job '%s'", kist_job_id(job));
	if (status == KIST_NO_MEMORY || status == KIST_CANCELLED)
		return kist_fail_as(err, status, &why);
	/* One that cannot be read hides no other. */
	return kist_job_index_put(index, change->id, &change->artifact, status == KIST_OK ? job : NULL,
				  why.text, err);
}

static kist_status apply(struct changes *changes, struct kist_error *err)
{
	const struct change *drop = (const void *)changes->drop.data;
	const struct change *put = (const void *)changes->put.data;
	struct kist_job_index *index = changes->index;
	sqlite3_stmt *statement;
	bool row;

	for (size_t i = 0; i < changes->drop.size / sizeof(*drop); i++) {
		KIST_TRY(kist_job_index_use(index, KIST_JOB_SQL_DROP, &statement, err));
		kist_job_index_bind(statement, 1, drop[i].id);
		KIST_TRY(kist_job_index_step(index, statement, &row, err));
	}
	for (size_t i = 0; i < changes->put.size / sizeof(*put); i++)
		KIST_TRY(put_one(index, &put[i], err));
	return KIST_OK;
}

/* Whether the index is of @boot and has seen all commits. */
static kist_status read_meta(struct kist_job_index *index, const char *boot, bool *ret_fits,
			     bool *ret_current, struct kist_error *err)
{
	const char *store_id = kist_store_id(index->flow->store);
	struct kist_digest digest;
	sqlite3_stmt *meta;
	uint64_t head;
	bool row;

	*ret_fits = false;
	*ret_current = false;
	KIST_TRY(kist_job_index_use(index, KIST_JOB_SQL_GET_META, &meta, err));
	KIST_TRY(kist_job_index_step(index, meta, &row, err));
	if (!row)
		return KIST_OK;
	kist_registry_head(index->flow->registry, &head, &digest);
	*ret_fits = sqlite3_column_int64(meta, 0) == KIST_JOB_INDEX_VERSION &&
		    strcmp((const char *)sqlite3_column_text(meta, 1), store_id) == 0 &&
		    strcmp((const char *)sqlite3_column_text(meta, 2), boot) == 0;
	*ret_current = sqlite3_column_int64(meta, 3) == (int64_t)head &&
		       sqlite3_column_bytes(meta, 4) == (int)KIST_DIGEST_SIZE &&
		       memcmp(sqlite3_column_blob(meta, 4), digest.bytes, KIST_DIGEST_SIZE) == 0;
	(void)sqlite3_reset(meta);
	return KIST_OK;
}

static kist_status write_meta(struct kist_job_index *index, const char *boot, struct kist_error *err)
{
	struct kist_digest digest;
	sqlite3_stmt *meta;
	uint64_t head;
	bool row;

	kist_registry_head(index->flow->registry, &head, &digest);
	KIST_TRY(kist_job_index_use(index, KIST_JOB_SQL_SET_META, &meta, err));
	(void)sqlite3_bind_int64(meta, 1, KIST_JOB_INDEX_VERSION);
	kist_job_index_bind(meta, 2, kist_store_id(index->flow->store));
	kist_job_index_bind(meta, 3, boot);
	(void)sqlite3_bind_int64(meta, 4, (int64_t)head);
	(void)sqlite3_bind_blob(meta, 5, digest.bytes, (int)KIST_DIGEST_SIZE, SQLITE_STATIC);
	return kist_job_index_step(index, meta, &row, err);
}

static kist_status update(struct kist_job_index *index, const char *boot, struct kist_error *err)
{
	struct changes changes = { .index = index,
				   .put = KIST_BUF_INIT((size_t)1 << 30),
				   .drop = KIST_BUF_INIT((size_t)1 << 30) };
	kist_status status = find_changes(&changes, err);

	if (status == KIST_OK)
		status = apply(&changes, err);
	if (status == KIST_OK)
		status = write_meta(index, boot, err);
	kist_buf_done(&changes.put);
	kist_buf_done(&changes.drop);
	return status;
}

/* Of jobs that are under way, those whose owner is gone. */
static kist_status look_at_owners(struct kist_job_index *index, struct kist_buf *ret, struct kist_error *err)
{
	sqlite3_stmt *owned;
	bool row;

	KIST_TRY(kist_job_index_use(index, KIST_JOB_SQL_OWNED, &owned, err));
	for (;;) {
		kist_auto_json json_t *object = NULL;
		struct kist_owner owner;
		int64_t no;

		KIST_TRY(kist_job_index_step(index, owned, &row, err));
		if (!row)
			return KIST_OK;
		no = sqlite3_column_int64(owned, 0);
		if (kist_json_parse(kist_view_of(sqlite3_column_text(owned, 1),
						 (size_t)sqlite3_column_bytes(owned, 1)),
				    &object, NULL) == KIST_OK &&
		    kist_owner_from_json(object, &owner) && kist_owner_life(&owner) == KIST_OWNER_GONE)
			KIST_TRY(kist_buf_append(ret, &no, sizeof(no), err));
	}
}

static kist_status call_lost(struct kist_job_index *index, struct kist_error *err)
{
	kist_auto_buf struct kist_buf gone = KIST_BUF_INIT((size_t)1 << 30);
	sqlite3_stmt *statement;
	const int64_t *no;
	bool row;

	KIST_TRY(look_at_owners(index, &gone, err));
	no = (const void *)gone.data;
	for (size_t i = 0; i < gone.size / sizeof(*no); i++) {
		KIST_TRY(kist_job_index_use(index, KIST_JOB_SQL_CALL_LOST, &statement, err));
		(void)sqlite3_bind_int64(statement, 1, no[i]);
		KIST_TRY(kist_job_index_step(index, statement, &row, err));
	}
	return KIST_OK;
}

static kist_status bring_up_to_date(struct kist_job_index *index, const char *boot, struct kist_error *err)
{
	bool current = false;
	bool fits = false;
	kist_status status = KIST_OK;

	if (sqlite3_table_column_metadata(index->sql, NULL, "meta", "one", NULL, NULL, NULL, NULL, NULL) ==
	    SQLITE_OK) {
		KIST_TRY(read_meta(index, boot, &fits, &current, err));
		if (!fits)
			return kist_job_index_fail(index, SQLITE_SCHEMA, err);
	}
	if (current)
		return call_lost(index, err);
	KIST_TRY(execute(index, "BEGIN IMMEDIATE", err));
	/* Another process may have made it meanwhile. */
	if (!fits && sqlite3_table_column_metadata(index->sql, NULL, "meta", "one", NULL, NULL, NULL, NULL,
						   NULL) != SQLITE_OK)
		status = execute(index, schema, err);
	if (status == KIST_OK)
		status = update(index, boot, err);
	if (status == KIST_OK)
		status = call_lost(index, err);
	if (status == KIST_OK)
		return execute(index, "COMMIT", err);
	if (!sqlite3_get_autocommit(index->sql))
		(void)sqlite3_exec(index->sql, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

static kist_status try_open(struct kist_job_index *index, struct kist_error *err)
{
	struct kist_owner here;

	/* What was written in another boot may be torn: where it has no id, nothing of before is used. */
	if (kist_owner_of(getpid(), &here, NULL) != KIST_OK || !here.boot[0]) {
		here.boot[0] = '\0';
		index->in_memory = true;
	}
	index->is_bad = false;
	KIST_TRY(connect_to(index, err));
	return bring_up_to_date(index, here.boot, err);
}

static void remove_file(struct kist_job_index *index)
{
	char path[PATH_MAX];

	disconnect(index);
	if (!find_path(index, path) || !lock(index, LOCK_EX) ||
	    (unlink(path) != 0 && access(path, F_OK) == 0))
		index->in_memory = true;
}

kist_status kist_job_index_renew(struct kist_job_index *index, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	remove_file(index);
	status = try_open(index, &why);
	if (status != KIST_OK && index->is_bad && !index->in_memory) {
		disconnect(index);
		index->in_memory = true;
		kist_error_clear(&why);
		status = try_open(index, &why);
	}
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}

kist_status kist_job_index_open(struct kist_flow *flow, struct kist_job_index **ret, struct kist_error *err)
{
	kist_auto_job_index struct kist_job_index *index = kist_alloc(1, sizeof(*index));
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	if (!index)
		return kist_fail_memory(err, sizeof(*index));
	index->flow = flow;
	index->lock_fd = -1;
	index->in_memory = !kist_registry_folder(flow->registry);
	status = try_open(index, &why);
	if (status != KIST_OK && index->is_bad)
		KIST_TRY(kist_job_index_renew(index, err));
	else if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	*ret = kist_steal(index);
	return KIST_OK;
}

void kist_job_index_close(struct kist_job_index *index)
{
	if (!index)
		return;
	disconnect(index);
	kist_free(index);
}
