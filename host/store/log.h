/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_LOG_H
#define KIST_STORE_LOG_H

#include <inttypes.h>
#include <stdio.h>

#include "store/commit.h"
#include "store/store.h"

/*
 * The log: commits 1, 2, 3, ... each created once.  The only commit point.
 *
 * Thread: all functions may run at once.
 * Source: docs/format/store.md, section 4.
 */

#define KIST_LOG_PREFIX "log/"
/** Bytes of the key of a commit: "log/", 20 digits and NUL. */
#define KIST_LOG_KEY_SIZE ((size_t)32)

/** kist_log_key() - The key of commit @number. */
static inline void kist_log_key(uint64_t number, char ret_key[static KIST_LOG_KEY_SIZE])
{
	snprintf(ret_key, KIST_LOG_KEY_SIZE, KIST_LOG_PREFIX "%020" PRIu64, number);
}

/**
 * kist_log_parse_name() - The number that the last segment of a key means; false when it means none.
 *
 * 20 digits, not all of them 0; what does not fit in 64 bits is a number past all others.
 */
bool kist_log_parse_name(const char *digits, uint64_t *ret);

/**
 * kist_log_read() - Reads commit @number and checks its digest, number and form.
 *
 * @ret: A KIST_COMMIT_INIT, or an earlier commit, which is replaced; kist_commit_done() it.
 *
 * Errors: KIST_NOT_FOUND (no such commit yet), KIST_CORRUPT, KIST_INCOMPATIBLE, KIST_IO.
 */
KIST_CHECKED kist_status kist_log_read(struct kist_store *store, uint64_t number, struct kist_commit *ret,
				       struct kist_error *err);

/** kist_log_digest() - Reads commit @number for its digest alone; what it says is not looked at.  Errors:
 * as above. */
KIST_CHECKED kist_status kist_log_digest(struct kist_store *store, uint64_t number, struct kist_digest *ret,
					 struct kist_error *err);

/** Bytes of a commit up to which kist_log_is() reads all of it. */
#define KIST_LOG_SMALL_SIZE ((size_t)64 << 10)

/**
 * kist_log_is() - Whether commit @number is the one with this digest.
 *
 * A small one is read and proven.  Of a large one the first line and the length are looked at: which commit it
 * is they say, and whether it is still sound who reads it finds out.  False, too, when it cannot be told.
 */
bool kist_log_is(struct kist_store *store, uint64_t number, const struct kist_digest *digest);

/** kist_log_exists() - Whether there is a commit @number; whatever it may hold.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_log_exists(struct kist_store *store, uint64_t number, bool *ret,
					 struct kist_error *err);

/**
 * kist_log_append() - Creates commit @number.
 *
 * Adds "number", "previous", "write_id" (random) and "time" to @commit and writes it.  After a lost reply it
 * reads the commit back: only a provably own commit counts.
 *
 * @previous: Digest of commit @number - 1; all zero for the first.
 * @commit:   Object with the rest; changed.  Borrowed.
 *
 * Errors: KIST_EXISTS (somebody else's commit has this number: fold it and try the next), KIST_LIMIT (a
 * number, or more than kist_log_read() would take: nothing is written then), KIST_IO.
 */
KIST_CHECKED kist_status kist_log_append(struct kist_store *store, uint64_t number,
					 const struct kist_digest *previous, json_t *commit,
					 struct kist_digest *ret_digest, struct kist_error *err);

/** struct kist_log_names - Which commits are there, by their names alone. */
struct kist_log_names {
	uint64_t missing; /* the least number that no commit has; 1 in an empty log */
	uint64_t last;	  /* the greatest that one has; 0 in an empty log */
};

/** kist_log_names() - Lists the log.  Errors: KIST_NO_MEMORY, KIST_IO. */
KIST_CHECKED kist_status kist_log_names(struct kist_store *store, struct kist_log_names *ret,
					struct kist_error *err);

/**
 * kist_log_check_end() - Whether the log ends at commit @number, which is the newest that is known.
 *
 * A file of the log that got lost must not pass for the log's end: what follows it would be forgotten, and
 * the next commit would fork the history.  A commit @number + 1 that is there by now is no error: fold on.
 *
 * @all: List the whole log: commits up to @number are there, and none lies past a hole.  Else look only at
 * the commit after the next.
 *
 * The list is one pass over names, about half a second for a million commits; docs/adr/0012 says when it is
 * made.
 *
 * Errors: KIST_CORRUPT (a commit is missing), KIST_IO.
 */
KIST_CHECKED kist_status kist_log_check_end(struct kist_store *store, uint64_t number, bool all,
					    struct kist_error *err);

#endif
