/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_DB_H
#define KIST_REGISTRY_DB_H

#include <sqlite3.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/digest.h"
#include "registry/rows.h"

/*
 * The index file: opening, the schema, prepared statements, transactions.
 *
 *     meta       one row: version, store_id, boot, head, head_digest, collected (the newest commit that took
 *                anything away), checkpoint and checkpoint_digest (of the one that stands for the log up to there
 *                and is not proved; 0 for none)
 *     packs      no, id, kind, size, commit_no, damaged (enum kist_pack_state)
 *     chunks     id, pack (packs.no), offset, stored_len, raw_len, kind, artifact (artifacts.no, or NULL), base
 *                (id, or NULL)
 *     twins      the same of chunks that lie, or lay, in several packs: for when one of these is condemned
 *     artifacts  no, id, sha256, size, kind, encoding, commit_no
 *     records    no (artifacts.no), record (the chunk's bytes): apart, so that who looks at all artifacts
 *                need not read them
 *     refs       name, artifact, commit_no, time, tagged (set by "tag")
 *     postings   no, shard, entries: which artifacts have a content, and which names an artifact (postings.h)
 *     condemned  id, commit_no: packs that are no part of the store any more, and may still be there
 *     fences     session: whose commits are void
 *     forgotten  id, commit_no: records that do not count where they lie in a pack of an older commit
 *
 * An artifact is found through its chunk, so that of its two keys one is kept in order.
 *
 * Many processes share the file.  It has a rollback journal, not a WAL: a WAL keeps its state in files that
 * are found by name, so that an index which somebody deletes while it is in use could mix with the next one;
 * with a rollback journal SQLite sees that its file has moved before it writes.  For the same reason a bad
 * file is unlinked only under an exclusive flock() of the folder, which every write transaction shares.
 *
 * Every page carries a checksum (checked_file.h), so that what is read is what was written.
 *
 * Nothing is synced.  After kill -9 the journal is enough; after a power loss the file may be torn, so it
 * carries the id of the boot that wrote it and is not used in another.
 *
 * Thread: one struct, one thread at a time.
 */

#define KIST_DB_VERSION 10
#define KIST_DB_FILE	"index.sqlite"

/** Milliseconds to wait for another process's transaction. */
#define KIST_DB_BUSY_MS 30000

/** What is wrong with the file, beside what the caller is told. */
enum kist_db_trouble {
	KIST_DB_FINE,
	KIST_DB_MOVED,	  /* deleted or replaced under us: open it again */
	KIST_DB_DAMAGED,  /* torn, stale, of another version: discard it */
	KIST_DB_UNUSABLE, /* cannot be written or locked: do without a file */
};

enum kist_db_statement {
	KIST_SQL_BEGIN,
	KIST_SQL_COMMIT,
	KIST_SQL_ADD_META,
	KIST_SQL_GET_META,
	KIST_SQL_SET_HEAD,
	KIST_SQL_ADD_PACK,
	KIST_SQL_FIND_PACK,
	KIST_SQL_MARK_PACK,
	KIST_SQL_SUSPECT_PACK,
	KIST_SQL_ADD_CHUNK,
	KIST_SQL_KEEP_TWIN,
	KIST_SQL_ADD_TWIN,
	KIST_SQL_CHOOSE_TWIN,
	KIST_SQL_ADD_NEW_RECORD,
	KIST_SQL_LINK_ARTIFACT,
	KIST_SQL_LAST_ARTIFACT,
	KIST_SQL_ADD_ARTIFACT,
	KIST_SQL_ADD_RECORD,
	KIST_SQL_SET_REF,
	KIST_SQL_DROP_REF,
	KIST_SQL_LAST_POSTINGS,
	KIST_SQL_ADD_POSTINGS,
	KIST_SQL_GROW_POSTINGS,
	KIST_SQL_ANY_CHUNK,
	KIST_SQL_FIND_CHUNK,
	KIST_SQL_IS_UNKNOWN,
	KIST_SQL_BASE_OF,
	KIST_SQL_EACH_BASE,
	KIST_SQL_FIND_ARTIFACT,
	KIST_SQL_FIND_RECORD,
	KIST_SQL_FIND_REF,
	KIST_SQL_MATCH_HEX,
	KIST_SQL_NAME_OF,
	KIST_SQL_IS_NAMED,
	KIST_SQL_NAMES_UP,
	KIST_SQL_NAMES_DOWN,
	KIST_SQL_EACH_REF,
	KIST_SQL_EACH_NAME,
	KIST_SQL_EACH_ARTIFACT,
	KIST_SQL_EACH_PACK,
	KIST_SQL_NEXT_DAMAGED,
	KIST_SQL_ANY_UNSOUND,
	KIST_SQL_PACK_USE,
	KIST_SQL_COUNT_REFS,
	KIST_SQL_COUNT_ARTIFACTS,
	KIST_SQL_COUNT_CHUNKS,
	KIST_SQL_COUNT_PACKS,
	KIST_SQL_NAMED,
	KIST_SQL_SIZES_OF,
	KIST_SQL_ARTIFACT_KINDS,
	KIST_SQL_CHUNK_KINDS,
	KIST_SQL_SET_COLLECTED,
	KIST_SQL_GET_COLLECTED,
	KIST_SQL_DROP_PACK,
	KIST_SQL_SWEEP_ARTIFACTS,
	KIST_SQL_SWEEP_TWINS,
	KIST_SQL_CHOOSE_TWINS,
	KIST_SQL_SWEEP_CHUNKS,
	KIST_SQL_ADD_CONDEMNED,
	KIST_SQL_DROP_CONDEMNED,
	KIST_SQL_FIND_CONDEMNED,
	KIST_SQL_EACH_CONDEMNED,
	KIST_SQL_ADD_FENCE,
	KIST_SQL_FIND_FENCE,
	KIST_SQL_ADD_FORGOTTEN,
	KIST_SQL_FIND_FORGOTTEN,
	KIST_SQL_DROP_ARTIFACT,
	KIST_SQL_UNLINK_ARTIFACT,
	KIST_SQL_DROP_TWINS,
	KIST_SQL_DROP_RECORD,
	KIST_SQL_HAS_CHUNKS,
	KIST_SQL_ADD_ARTIFACTS,
	KIST_SQL_ADD_RECORDS,
	KIST_SQL_ADD_CHUNKS,
	KIST_SQL_DROP_UNLINKED,
	KIST_SQL_SET_REFS,
	KIST_SQL_ADD_ALL_POSTINGS,
	KIST_SQL_PACK_ROWS,
	KIST_SQL_CHUNK_ROWS,
	KIST_SQL_SET_CHECKPOINT,
	KIST_SQL_GET_CHECKPOINT,
	KIST_SQL_COUNT_STATE,
	KIST_SQL_ADD_UNREAD_PACK,
	KIST_SQL_STATE_PACKS,
	KIST_SQL_STATE_FORGOTTEN,
	KIST_SQL_STATE_CONDEMNED,
	KIST_SQL_STATE_FENCES,
	KIST_SQL_STATE_NAMES,
	KIST_SQL_COUNT
};

struct kist_db {
	sqlite3 *sql;
	sqlite3_stmt *statements[KIST_SQL_COUNT];
	struct kist_rows rows; /* for the statements that add many */
	enum kist_db_trouble trouble;
	bool is_of_other_boot; /* and otherwise as it should be; set by kist_db_open() that failed */
	bool is_held;	       /* a read transaction is open */
	bool has_no_chunk;     /* as long as it is held */
	int dir_fd;	       /* of the folder; -1 in memory */
	dev_t device;
	ino_t inode;
};

#define KIST_DB_INIT                                                                                         \
	{                                                                                                    \
		.sql = NULL, .dir_fd = -1                                                                    \
	}

/**
 * kist_db_open() - Opens the index in @folder, makes the schema in an empty one, and checks what it says of
 * itself.
 *
 * @folder: Made when missing.  NULL: in memory.
 *
 * Errors: KIST_IO and KIST_CORRUPT with @db->trouble set; KIST_NO_MEMORY.  kist_db_close() it then, too.
 */
KIST_CHECKED kist_status kist_db_open(const char *folder, const char *store_id, struct kist_db *db,
				      struct kist_error *err);

/** kist_db_close() - Leaves a KIST_DB_INIT; may run twice. */
void kist_db_close(struct kist_db *db);

/** kist_db_discard() - Unlinks the file that is open as @db; false when it cannot.  Other users keep theirs.
 */
bool kist_db_discard(const struct kist_db *db);

/** kist_db_fail() - Records SQLite's error @code and sets @db->trouble as it asks for. */
kist_status kist_db_fail(struct kist_db *db, int code, struct kist_error *err);

/**
 * kist_db_use() - A prepared statement, reset, with its parameters bound as @types says, from 1 on.
 *
 * @types: One letter each: i (int64_t), u (uint64_t, at most INT64_MAX), b (const void *, size_t),
 *         d (const struct kist_digest *), t (const char *), v (struct kist_view, a text), n (NULL, no
 *         argument).  Borrowed until the
 *         statement is next used or done.
 */
KIST_CHECKED kist_status kist_db_use(struct kist_db *db, enum kist_db_statement which, sqlite3_stmt **ret,
				     struct kist_error *err, const char *types, ...);

/** kist_db_step() - Whether there is a (further) row.  The statement is reset at its end and after a failure.
 */
KIST_CHECKED kist_status kist_db_step(struct kist_db *db, sqlite3_stmt *statement, bool *ret_row,
				      struct kist_error *err);

/** kist_db_run() - kist_db_use() and one step of a statement that gives no row. */
KIST_CHECKED kist_status kist_db_run(struct kist_db *db, enum kist_db_statement which, struct kist_error *err,
				     const char *types, ...);

/** kist_db_insert() - kist_db_run() of a statement that takes all of @rows; nothing when there are none. */
KIST_CHECKED kist_status kist_db_insert(struct kist_db *db, enum kist_db_statement which,
					const struct kist_rows *rows, struct kist_error *err);

/** kist_db_digest() - Column @column as a digest; false, with @db->trouble set, when it is none. */
bool kist_db_digest(struct kist_db *db, sqlite3_stmt *statement, int column, struct kist_digest *ret);

/** kist_db_get_head() - Number and digest of the newest commit that the file holds. */
KIST_CHECKED kist_status kist_db_get_head(struct kist_db *db, uint64_t *ret_number,
					  struct kist_digest *ret_digest, struct kist_error *err);

/**
 * kist_db_hold() - Starts a read transaction, which kist_db_let_go() ends, and kist_db_begin() too.  Where
 * that fails, each statement has one of its own.
 */
void kist_db_hold(struct kist_db *db);
void kist_db_let_go(struct kist_db *db);

/** kist_db_begin() - Starts a write transaction; kist_db_commit() or kist_db_rollback() ends it. */
KIST_CHECKED kist_status kist_db_begin(struct kist_db *db, struct kist_error *err);
KIST_CHECKED kist_status kist_db_commit(struct kist_db *db, struct kist_error *err);
void kist_db_rollback(struct kist_db *db);

/**
 * kist_db_expect_many() - In a write transaction: whether many rows follow in the order of their keys.
 *
 * Then a page that was filled is not looked at again: it is written early, beside what is added after it, and its memory
 * goes to the next one.  To be taken back before the end of the transaction.
 */
void kist_db_expect_many(struct kist_db *db, bool many);

static inline void kist_db_reset_(sqlite3_stmt **slot)
{
	(void)sqlite3_reset(*slot);
}
/** A statement that stops holding its read lock at the end of its scope. */
#define kist_auto_statement __attribute__((cleanup(kist_db_reset_)))

#endif
