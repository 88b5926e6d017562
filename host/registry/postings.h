/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_POSTINGS_H
#define KIST_REGISTRY_POSTINGS_H

#include "registry/db.h"

/*
 * Which artifacts have a content, and which names an artifact: postings, by the first bits of a digest.
 *
 * A row of the table "postings" holds, in no order, up to some thousand bytes of postings of one shard, which is
 * the kind and the first 12 bits of the digest.  A posting is the first six bytes of the digest, the length of
 * what it leads to (uint16_t), and that: the number of an artifact (uint64_t), or a name; all little-endian.
 * SQLite's own indexes of a million digests take twenty times as long to make, and are needed only where
 * somebody asks by a digest or by the beginning of one.
 *
 * A posting says where to look, and no more: it stays when what it leads to goes or changes, and it may be there
 * twice.  Whoever follows one sees whether there is what was looked for; what is looked for always has one.
 *
 * Queries read them as two tables, of one column "found":
 *
 *     kist_content_postings(LOW, HIGH)     numbers of artifacts whose content's digest is from LOW to HIGH, about
 *     kist_name_postings(LOW, HIGH)        names of artifacts whose id is from LOW to HIGH, about
 *
 * Thread: as registry.h.
 * Source: https://www.sqlite.org/vtab.html, "table-valued functions".
 */

enum kist_posting_kind { KIST_POSTING_CONTENT, KIST_POSTING_NAME };

/** Bytes of postings in a row, about, so that two rows fit in a page. */
#define KIST_POSTINGS_ROW_MAX ((size_t)1900)
/** Bytes of postings that are gathered. */
#define KIST_POSTINGS_GATHERED_MAX ((size_t)8 << 20)

/** kist_posting_add_content(), kist_posting_add_name() - One posting, into the index. */
KIST_CHECKED kist_status kist_posting_add_content(struct kist_db *db, const struct kist_digest *sha256,
						  uint64_t artifact_no, struct kist_error *err);
KIST_CHECKED kist_status kist_posting_add_name(struct kist_db *db, const struct kist_digest *artifact,
					       struct kist_view name, struct kist_error *err);

/** struct kist_postings - Postings of one kind that wait, to be added together. */
struct kist_postings {
	struct kist_db *db;
	enum kist_posting_kind kind;
	struct kist_buf gathered;
};

#define KIST_POSTINGS_INIT(db_, kind_)                                                                       \
	{                                                                                                    \
		.db = (db_), .kind = (kind_), .gathered = KIST_BUF_INIT(2 * KIST_POSTINGS_GATHERED_MAX)      \
	}

/** kist_postings_done() - What was not flushed is lost. */
static inline void kist_postings_done(struct kist_postings *postings)
{
	kist_buf_done(&postings->gathered);
}
#define kist_auto_postings __attribute__((cleanup(kist_postings_done)))

/** kist_postings_add_content(), kist_postings_add_name() - One more; now and then all are flushed. */
KIST_CHECKED kist_status kist_postings_add_content(struct kist_postings *postings,
						   const struct kist_digest *sha256, uint64_t artifact_no,
						   struct kist_error *err);
KIST_CHECKED kist_status kist_postings_add_name(struct kist_postings *postings,
						const struct kist_digest *artifact, struct kist_view name,
						struct kist_error *err);

/** kist_postings_flush() - Adds to the index those that wait. */
KIST_CHECKED kist_status kist_postings_flush(struct kist_postings *postings, struct kist_error *err);

/** struct kist_posting - One, read.  Borrowed from the bytes. */
struct kist_posting {
	uint64_t prefix; /* the first bytes of the digest, as a number */
	struct kist_view found;
};

/** kist_posting_prefix() - What stands as prefix in the postings of @digest. */
uint64_t kist_posting_prefix(const struct kist_digest *digest);

/** kist_posting_shard() - The shard of a prefix. */
int64_t kist_posting_shard(enum kist_posting_kind kind, uint64_t prefix);

/** kist_posting_next() - Takes the first posting off @bytes; false when none is left, or none that is whole. */
bool kist_posting_next(struct kist_view *bytes, struct kist_posting *ret);

/** kist_postings_register() - Adds both tables to @sql.  Gives SQLite's code. */
int kist_postings_register(sqlite3 *sql);

#endif
