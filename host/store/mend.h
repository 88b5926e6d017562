/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_MEND_H
#define KIST_STORE_MEND_H

#include "pack/pack.h"
#include "store/check.h"
#include "store/idset.h"
#include "store/store.h"

/*
 * Mending the files of a store, so that each is again, byte for byte, what it was when it was created: only
 * what a digest proves is ever put in place.
 *
 *     kist.json    one wrong byte, by its "check"
 *     a commit     its first line, by the digest of the body; one wrong byte of the body, by the digest in
 * the first line or in the commit after it a pack       index and footer, by its name, and in each record up
 * to three wrong bytes in a row (pack/mend.h), by the id of the chunk
 *
 * A mended file takes the place of the damaged one at one moment (kist_backend_replace()): nobody finds it
 * missing, and no commit is ever away.
 *
 * Thread: all functions may run at once, also of several processes; readers, writers and collectors may go
 * on. Source: docs/format/store.md, section 9.
 */

/** Bytes that are hashed at most in the search for the wrong byte of a commit. */
#define KIST_MEND_HASHED_MAX ((uint64_t)16 << 30)

/**
 * kist_store_mend_json() - Mends the kist.json at @uri.
 *
 * @dry_run:    Here and below: nothing is written; what is told is what would be done.
 * @ret_mended: It was damaged, and is sound now.
 *
 * Errors: KIST_CORRUPT, KIST_INCOMPATIBLE (it cannot be mended); KIST_NOT_FOUND, KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_store_mend_json(const char *uri, bool dry_run, bool *ret_mended,
					      struct kist_error *err);

/** struct kist_log_mended - What became of the log. */
struct kist_log_mended {
	uint64_t commits; /* that are there */
	uint64_t mended;
	uint64_t bad; /* damaged, and still so */
	uint64_t missing;
};

/**
 * struct kist_log_step - A commit that was found damaged, or commits that are missing.
 *
 * @first, @last: The same for one that is there.
 * @why:          NULL when it is sound again.
 */
struct kist_log_step {
	uint64_t first;
	uint64_t last;
	const struct kist_error *why;
};

/**
 * kist_store_mend_log() - Reads all commits, from the last to the first, and mends those that are damaged.
 *
 * Errors: KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_store_mend_log(struct kist_store *store, bool dry_run,
					     void (*each)(void *ctx, const struct kist_log_step *step),
					     void *ctx, struct kist_log_mended *ret, struct kist_error *err);

/** struct kist_sound_record - A record that is sound, in struct kist_pack_remedy.bytes. */
struct kist_sound_record {
	struct kist_digest id;
	uint32_t offset;
	uint32_t len;
	uint32_t kind;
	bool was_sound; /* a reader can read it as it lies; else it was mended */
	bool is_proved; /* else its CRC is right, and nobody knows more: its base cannot be read */
};

/** struct kist_pack_remedy - What became of a pack.  Starts as KIST_PACK_REMEDY_INIT. */
struct kist_pack_remedy {
	bool was_whole;		 /* nothing of it is wrong */
	bool is_whole;		 /* it is so again */
	bool has_index;		 /* readers find what is sound in it, without any mending */
	bool is_complete;	 /* all that was in it is known, and sound */
	bool wants_base;	 /* some of it may be proved, or mended, once a base can be read */
	struct kist_buf bytes;	 /* mended as far as can be */
	struct kist_buf records; /* of struct kist_sound_record */
};

#define KIST_PACK_REMEDY_INIT                                                                                \
	{                                                                                                    \
		.bytes = KIST_BUF_INIT(KIST_PACK_SIZE_MAX + KIST_PACK_INDEX_SIZE(KIST_PACK_CHUNKS_MAX) +     \
				       KIST_PACK_CHUNKS_MAX * KIST_PACK_BASE_SIZE + KIST_PACK_FOOT_SIZE),    \
		.records = KIST_BUF_INIT(KIST_PACK_CHUNKS_MAX * sizeof(struct kist_sound_record))            \
	}
#define kist_auto_pack_remedy __attribute__((cleanup(kist_pack_remedy_done)))
void kist_pack_remedy_done(struct kist_pack_remedy *remedy);

/**
 * struct kist_pack_mending - How a pack is to be mended.  All Borrowed.
 *
 * @known: When not NULL, the chunks of it that an earlier call found sound: no others are looked for.
 * @find:  Where the base of a chunk lies (check.h).
 */
struct kist_pack_mending {
	bool dry_run;
	const struct kist_idset *known;
	kist_find_base *find;
	void *ctx;
};

/**
 * kist_store_mend_pack() - Mends pack @id in memory; and in its place, when that makes it what it was.
 *
 * @size: Bytes that it had.
 *
 * Errors: KIST_NOT_FOUND (its file is gone), KIST_INCOMPATIBLE (a newer kist made it), KIST_UNSUPPORTED
 * (nothing can be put in its place here), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_store_mend_pack(struct kist_store *store, const struct kist_digest *id,
					      uint64_t size, const struct kist_pack_mending *how,
					      struct kist_pack_remedy *ret, struct kist_error *err);

#endif
