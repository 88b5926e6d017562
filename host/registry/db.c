/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/db.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "registry/checked_file.h"
#include "registry/postings.h"
#include "registry/sql.h"

#define BOOT_ID_SIZE 64

static enum kist_db_trouble trouble_of(int code)
{
	/*
	 * The journal is found by name, too: who makes a new file in the place of one that was deleted takes the
	 * journal of who still writes to the old one for a left-over.
	 */
	if (code == SQLITE_READONLY_DBMOVED || code == SQLITE_IOERR_DELETE_NOENT)
		return KIST_DB_MOVED;
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return KIST_DB_FINE;
	case SQLITE_IOERR:
		/* A page that does not match its checksum. */
		return code == SQLITE_IOERR_DATA ? KIST_DB_DAMAGED : KIST_DB_UNUSABLE;
	case SQLITE_ERROR:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_SCHEMA:
	case SQLITE_FORMAT:
	case SQLITE_MISMATCH:
	case SQLITE_CONSTRAINT:
	case SQLITE_RANGE:
		return KIST_DB_DAMAGED;
	default:
		return KIST_DB_UNUSABLE;
	}
}

kist_status kist_db_fail(struct kist_db *db, int code, struct kist_error *err)
{
	if ((code & 0xff) == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory in the index");
	db->trouble = trouble_of(code);
	return kist_fail(err, db->trouble == KIST_DB_DAMAGED ? KIST_CORRUPT : KIST_IO,
			 "the index cannot be used: %s (SQLite error %d)",
			 db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code), code);
}

/* The file is well-formed and not what it should be. */
static kist_status fail_stale(struct kist_db *db, const char *why, struct kist_error *err)
{
	db->trouble = KIST_DB_DAMAGED;
	return kist_fail(err, KIST_CORRUPT, "the index cannot be used: %s", why);
}

static kist_status bind_one(struct kist_db *db, sqlite3_stmt *statement, int at, char type, va_list *args,
			    struct kist_error *err)
{
	struct kist_view text;
	const void *data;
	int code;

	switch (type) {
	case 'i':
		code = sqlite3_bind_int64(statement, at, va_arg(*args, int64_t));
		break;
	case 'u':
		code = sqlite3_bind_int64(statement, at, (int64_t)va_arg(*args, uint64_t));
		break;
	case 'b':
		data = va_arg(*args, const void *);
		code = sqlite3_bind_blob64(statement, at, data ? data : "", va_arg(*args, size_t),
					   SQLITE_STATIC);
		break;
	case 'd':
		data = va_arg(*args, const struct kist_digest *)->bytes;
		code = sqlite3_bind_blob(statement, at, data, (int)KIST_DIGEST_SIZE, SQLITE_STATIC);
		break;
	case 'v':
		text = va_arg(*args, struct kist_view);
		code = sqlite3_bind_text64(statement, at, (const char *)text.data, text.size, SQLITE_STATIC,
					   SQLITE_UTF8);
		break;
	case 't':
		code = sqlite3_bind_text(statement, at, va_arg(*args, const char *), -1, SQLITE_STATIC);
		break;
	default:
		assert(type == 'n');
		code = sqlite3_bind_null(statement, at);
	}
	return code == SQLITE_OK ? KIST_OK : kist_db_fail(db, code, err);
}

static kist_status use(struct kist_db *db, enum kist_db_statement which, sqlite3_stmt **ret,
		       struct kist_error *err, const char *types, va_list *args)
{
	sqlite3_stmt **const slot = &db->statements[which];
	int code;

	if (!*slot) {
		code = sqlite3_prepare_v3(db->sql, kist_sql_texts[which], -1, SQLITE_PREPARE_PERSISTENT, slot,
					  NULL);
		if (code != SQLITE_OK)
			return kist_db_fail(db, code, err);
	}
	(void)sqlite3_reset(*slot);
	for (int i = 0; types[i]; i++)
		KIST_TRY(bind_one(db, *slot, i + 1, types[i], args, err));
	*ret = *slot;
	return KIST_OK;
}

kist_status kist_db_use(struct kist_db *db, enum kist_db_statement which, sqlite3_stmt **ret,
			struct kist_error *err, const char *types, ...)
{
	kist_status status;
	va_list args;

	va_start(args, types);
	status = use(db, which, ret, err, types, &args);
	va_end(args);
	return status;
}

kist_status kist_db_step(struct kist_db *db, sqlite3_stmt *statement, bool *ret_row, struct kist_error *err)
{
	const int code = sqlite3_step(statement);

	if (code == SQLITE_ROW || code == SQLITE_DONE) {
		*ret_row = code == SQLITE_ROW;
		if (code == SQLITE_DONE)
			(void)sqlite3_reset(statement);
		return KIST_OK;
	}
	(void)kist_db_fail(db, code, err);
	(void)sqlite3_reset(statement);
	return kist_db_fail(db, code, NULL);
}

kist_status kist_db_run(struct kist_db *db, enum kist_db_statement which, struct kist_error *err,
			const char *types, ...)
{
	sqlite3_stmt *statement = NULL;
	kist_status status;
	bool row = false;
	va_list args;

	va_start(args, types);
	status = use(db, which, &statement, err, types, &args);
	va_end(args);
	if (status != KIST_OK)
		return status;
	KIST_TRY(kist_db_step(db, statement, &row, err));
	(void)sqlite3_reset(statement);
	return KIST_OK;
}

kist_status kist_db_insert(struct kist_db *db, enum kist_db_statement which, const struct kist_rows *rows,
			   struct kist_error *err)
{
	kist_status status;

	if (rows->count == 0)
		return KIST_OK;
	db->rows = *rows;
	status = kist_db_run(db, which, err, "");
	db->rows = (struct kist_rows){ .count = 0 };
	return status;
}

bool kist_db_digest(struct kist_db *db, sqlite3_stmt *statement, int column, struct kist_digest *ret)
{
	const void *data = sqlite3_column_blob(statement, column);

	if (!data || sqlite3_column_bytes(statement, column) != (int)KIST_DIGEST_SIZE) {
		db->trouble = KIST_DB_DAMAGED;
		return false;
	}
	memcpy(ret->bytes, data, KIST_DIGEST_SIZE);
	return true;
}

static bool lock_folder(int dir_fd, int operation)
{
	return kist_lock_fd(dir_fd, operation, KIST_DB_BUSY_MS, "the index's folder", NULL) == KIST_OK;
}

static void unlock_folder(int dir_fd)
{
	if (dir_fd >= 0)
		(void)flock(dir_fd, LOCK_UN);
}

void kist_db_hold(struct kist_db *db)
{
	if (!db->is_held && sqlite3_get_autocommit(db->sql))
		db->is_held = sqlite3_exec(db->sql, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
}

void kist_db_let_go(struct kist_db *db)
{
	const bool open = db->is_held && !sqlite3_get_autocommit(db->sql);

	db->is_held = false;
	/* Nothing was written: all that could be lost is a lock that stays, which no one may be made to wait
	 * for. */
	if (open && sqlite3_exec(db->sql, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		db->trouble = KIST_DB_UNUSABLE;
}

void kist_db_expect_many(struct kist_db *db, bool many)
{
	/* A smaller cache is used again sooner: nothing depends on it. */
	(void)sqlite3_exec(db->sql, many ? kist_sql_small_cache : kist_sql_usual_cache, NULL, NULL, NULL);
	/* Pages that cannot be written yet wait in memory; the commit waits for who reads. */
	(void)sqlite3_busy_timeout(db->sql, many ? 0 : KIST_DB_BUSY_MS);
}

kist_status kist_db_begin(struct kist_db *db, struct kist_error *err)
{
	kist_status status;

	kist_db_let_go(db);
	if (db->dir_fd >= 0 && !lock_folder(db->dir_fd, LOCK_SH)) {
		db->trouble = KIST_DB_UNUSABLE;
		return kist_fail(err, KIST_IO, "the index cannot be locked");
	}
	status = kist_db_run(db, KIST_SQL_BEGIN, err, "");
	if (status != KIST_OK)
		unlock_folder(db->dir_fd);
	return status;
}

void kist_db_rollback(struct kist_db *db)
{
	/* SQLite has rolled back by itself after some errors. */
	if (!sqlite3_get_autocommit(db->sql) &&
	    sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		db->trouble = KIST_DB_UNUSABLE;
	unlock_folder(db->dir_fd);
}

kist_status kist_db_commit(struct kist_db *db, struct kist_error *err)
{
	const kist_status status = kist_db_run(db, KIST_SQL_COMMIT, err, "");

	if (status != KIST_OK)
		kist_db_rollback(db);
	else
		unlock_folder(db->dir_fd);
	return status;
}

static kist_status execute(struct kist_db *db, const char *text, struct kist_error *err)
{
	const int code = sqlite3_exec(db->sql, text, NULL, NULL, NULL);

	return code == SQLITE_OK ? KIST_OK : kist_db_fail(db, code, err);
}

kist_status kist_db_get_head(struct kist_db *db, uint64_t *ret_number, struct kist_digest *ret_digest,
			     struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *meta = NULL;
	struct kist_digest digest;
	bool row = false;

	KIST_TRY(kist_db_use(db, KIST_SQL_GET_META, &meta, err, ""));
	KIST_TRY(kist_db_step(db, meta, &row, err));
	if (!row || sqlite3_column_int64(meta, 3) < 0 || !kist_db_digest(db, meta, 4, &digest))
		return fail_stale(db, "its head is missing", err);
	*ret_number = (uint64_t)sqlite3_column_int64(meta, 3);
	*ret_digest = digest;
	return KIST_OK;
}

/* What was written in another boot may be torn.  Where a boot has no id, no two answers are equal. */
static void read_boot_id(char ret_boot[static BOOT_ID_SIZE])
{
	struct timespec now = { 0 };
	kist_auto_fd int fd = -1;
	size_t size = 0;

	if (kist_open_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY, 0, &fd, NULL) == KIST_OK &&
	    kist_pread_full(fd, ret_boot, BOOT_ID_SIZE - 1, 0, &size, NULL) == KIST_OK && size > 1) {
		ret_boot[size - 1] = '\0';
		return;
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	snprintf(ret_boot, BOOT_ID_SIZE, "unknown-%d-%lld-%ld", (int)getpid(), (long long)now.tv_sec,
		 now.tv_nsec);
}

static kist_status is_empty(struct kist_db *db, bool *ret_empty, struct kist_error *err)
{
	sqlite3_stmt *count = NULL;
	int code = sqlite3_prepare_v2(db->sql, "SELECT count(*) FROM sqlite_schema", -1, &count, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(count);
	if (code == SQLITE_ROW)
		*ret_empty = sqlite3_column_int64(count, 0) == 0;
	(void)sqlite3_finalize(count);
	return code == SQLITE_ROW ? KIST_OK : kist_db_fail(db, code, err);
}

static kist_status fill_empty(struct kist_db *db, const char *store_id, const char *boot,
			      struct kist_error *err)
{
	const struct kist_digest none = { { 0 } };
	bool empty = false;

	KIST_TRY(is_empty(db, &empty, err));
	if (!empty)
		return KIST_OK;
	KIST_TRY(execute(db, kist_sql_schema, err));
	return kist_db_run(db, KIST_SQL_ADD_META, err, "ittd", (int64_t)KIST_DB_VERSION, store_id, boot,
			   &none);
}

/* Makes the schema in an empty file; another process may be doing so, too. */
static kist_status make_schema(struct kist_db *db, const char *store_id, const char *boot,
			       struct kist_error *err)
{
	kist_status status;
	bool empty = false;

	KIST_TRY(is_empty(db, &empty, err));
	if (!empty)
		return KIST_OK;
	KIST_TRY(kist_db_begin(db, err));
	status = fill_empty(db, store_id, boot, err);
	if (status == KIST_OK)
		return kist_db_commit(db, err);
	kist_db_rollback(db);
	return status;
}

static bool column_is(sqlite3_stmt *statement, int column, const char *text)
{
	const char *value = (const char *)sqlite3_column_text(statement, column);

	return value && strcmp(value, text) == 0;
}

static kist_status check_meta(struct kist_db *db, const char *store_id, const char *boot,
			      struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *meta = NULL;
	bool row = false;

	KIST_TRY(kist_db_use(db, KIST_SQL_GET_META, &meta, err, ""));
	KIST_TRY(kist_db_step(db, meta, &row, err));
	if (!row || sqlite3_column_int64(meta, 0) != KIST_DB_VERSION)
		return fail_stale(db, "another version made it", err);
	if (!column_is(meta, 1, store_id))
		return fail_stale(db, "it is another store's", err);
	db->is_of_other_boot = !column_is(meta, 2, boot);
	if (db->is_of_other_boot)
		return fail_stale(db, "it was written before the last start of the host", err);
	return KIST_OK;
}

/* A folder that others can write to could hold an index that was made to mislead. */
static kist_status open_folder(const char *folder, struct kist_db *db, struct kist_error *err)
{
	struct stat about;

	db->trouble = KIST_DB_UNUSABLE;
	KIST_TRY(kist_mkdirs_at(AT_FDCWD, folder, 0700, err));
	KIST_TRY(kist_open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, &db->dir_fd, err));
	if (fstat(db->dir_fd, &about) != 0)
		return kist_fail_errno(err, errno, "cannot read the folder '%s'", folder);
	if (about.st_uid != geteuid() || (about.st_mode & 022) != 0)
		return kist_fail(err, KIST_DENIED, "others can write to '%s'", folder);
	db->trouble = KIST_DB_FINE;
	return KIST_OK;
}

static kist_status open_file(const char *folder, struct kist_db *db, struct kist_error *err)
{
	kist_auto_buf struct kist_buf path = KIST_BUF_INIT(PATH_MAX);
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
			  SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
	struct stat about;
	const char *text = ":memory:";
	int reserve = KIST_CHECKED_RESERVE;
	const char *vfs;
	int code;

	if (folder) {
		KIST_TRY(open_folder(folder, db, err));
		KIST_TRY(kist_buf_appendf(&path, err, "%s/%s", folder, KIST_DB_FILE));
		text = kist_buf_text(&path);
		if (!text)
			return kist_fail_memory(err, path.size);
	}
	vfs = kist_checked_vfs();
	if (!vfs)
		return kist_db_fail(db, SQLITE_CANTOPEN, err);
	code = sqlite3_open_v2(text, &db->sql, flags, vfs);
	if (code == SQLITE_OK)
		code = sqlite3_file_control(db->sql, NULL, SQLITE_FCNTL_RESERVE_BYTES, &reserve);
	if (code != SQLITE_OK)
		return kist_db_fail(db, code, err);
	if (folder && fstatat(db->dir_fd, KIST_DB_FILE, &about, AT_SYMLINK_NOFOLLOW) == 0) {
		db->device = about.st_dev;
		db->inode = about.st_ino;
	}
	code = kist_rows_register(db->sql, &db->rows);
	if (code == SQLITE_OK)
		code = kist_postings_register(db->sql);
	if (code != SQLITE_OK)
		return kist_db_fail(db, code, err);
	(void)sqlite3_busy_timeout(db->sql, KIST_DB_BUSY_MS);
	(void)sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return execute(db, kist_sql_pragmas, err);
}

kist_status kist_db_open(const char *folder, const char *store_id, struct kist_db *db, struct kist_error *err)
{
	char boot[BOOT_ID_SIZE];

	read_boot_id(boot);
	KIST_TRY(open_file(folder, db, err));
	KIST_TRY(make_schema(db, store_id, boot, err));
	return check_meta(db, store_id, boot, err);
}

void kist_db_close(struct kist_db *db)
{
	for (size_t i = 0; i < KIST_SQL_COUNT; i++)
		(void)sqlite3_finalize(db->statements[i]);
	(void)sqlite3_close(db->sql);
	kist_fd_close(&db->dir_fd);
	*db = (struct kist_db)KIST_DB_INIT;
}

bool kist_db_discard(const struct kist_db *db)
{
	struct stat about;
	bool gone;

	if (db->dir_fd < 0 || !lock_folder(db->dir_fd, LOCK_EX))
		return false;
	/* Somebody else may have put a good one in its place; @db is open, so no other file has its number.
	 */
	if (fstatat(db->dir_fd, KIST_DB_FILE, &about, AT_SYMLINK_NOFOLLOW) != 0)
		gone = errno == ENOENT;
	else
		gone = about.st_dev != db->device || about.st_ino != db->inode ||
		       unlinkat(db->dir_fd, KIST_DB_FILE, 0) == 0;
	unlock_folder(db->dir_fd);
	return gone;
}
