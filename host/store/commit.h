/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_COMMIT_H
#define KIST_STORE_COMMIT_H

#include "base/digest.h"
#include "base/json_text.h"

/*
 * A commit as it lies in the log.  It is read where it lies: what it takes of memory is its bytes.
 *
 *     "kist-log 1 " | SHA-256 of the body, hex | " " | bytes of the body, decimal | "\n" | body
 *     body: canonical JSON: {"number":n, "previous":"<SHA-256 of the body of n-1>", "write_id":"...", ...}
 *
 * Thread: pure.
 * Source: docs/format/store.md, section 4.
 */

/** Bytes of the largest body. */
#define KIST_COMMIT_SIZE_MAX ((size_t)64 << 20)
/** Of the first line: "kist-log 1 ", 64 digits, a blank, at most 8 digits, a line feed. */
#define KIST_COMMIT_LINE_SIZE_MAX ((size_t)96)
#define KIST_COMMIT_TIME_SIZE_MAX ((size_t)64)
#define KIST_WRITE_ID_SIZE	  ((size_t)16)

/** What a commit lists; they count in this order. */
enum kist_commit_list {
	KIST_COMMIT_PACKS,
	KIST_COMMIT_FORGET,
	KIST_COMMIT_CONDEMN,
	KIST_COMMIT_DELETED,
	KIST_COMMIT_FENCE,
	KIST_COMMIT_REFS,
	KIST_COMMIT_LIST_COUNT
};

/**
 * struct kist_commit - One commit, checked.
 *
 * @lists: Text of each list, for kist_json_walk(); empty when it is missing.
 */
struct kist_commit {
	struct kist_buf entry; /* the whole file */
	uint64_t number;
	struct kist_digest digest;   /* SHA-256 of the body */
	struct kist_digest previous; /* that of commit number - 1 */
	char time[KIST_COMMIT_TIME_SIZE_MAX + 1];
	struct kist_view lists[KIST_COMMIT_LIST_COUNT];
};

#define KIST_COMMIT_INIT                                                                                     \
	{                                                                                                    \
		.entry = KIST_BUF_INIT(KIST_COMMIT_LINE_SIZE_MAX + KIST_COMMIT_SIZE_MAX + 1)                 \
	}
/** kist_commit_done() - Leaves a KIST_COMMIT_INIT. */
void kist_commit_done(struct kist_commit *commit);
#define kist_auto_commit __attribute__((cleanup(kist_commit_done)))

/**
 * kist_commit_check_entry() - Whether @entry is a first line and the body that it tells of.
 *
 * Errors: KIST_CORRUPT, KIST_INCOMPATIBLE (a newer version).
 */
KIST_CHECKED kist_status kist_commit_check_entry(struct kist_view entry, struct kist_view *ret_body,
						 struct kist_digest *ret_digest, struct kist_error *err);

/**
 * kist_commit_parse() - Sets the rest of @commit from its entry, which must be that of commit @number.
 *
 * Errors: KIST_CORRUPT, KIST_INCOMPATIBLE.
 */
KIST_CHECKED kist_status kist_commit_parse(struct kist_commit *commit, uint64_t number,
					   struct kist_error *err);

/** kist_commit_line() - The first line of @body.  Gives its length. */
size_t kist_commit_line(struct kist_view body, const struct kist_digest *digest,
			char ret_line[static KIST_COMMIT_LINE_SIZE_MAX]);

/** kist_commit_digest() - @value as a digest in hex; false when it is none. */
bool kist_commit_digest(struct kist_view value, struct kist_digest *ret);

#endif
