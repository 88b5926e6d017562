/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_SEEN_H
#define KIST_FLOW_SEEN_H

#include "base/digest.h"

/*
 * Which files were stored as what, so that a file that has not changed need not be read again.
 *
 *     seen, in the folder of the index (registry/registry.h):
 *     "kist-seen 1\n" | u64 head | 32 bytes digest of commit head | u64 count | count entries | SHA-256 of all before
 *     entry := u64 device | u64 inode | u64 size | i64 mtime ns | i64 ctime ns | u64 name | u64 context |
 *              u64 since | id of the artifact | SHA-256 of the content
 *
 * Entries rise by device, inode and name, and no two have these three alike.  Deleting the file costs time alone,
 * and so does whatever is wrong with it: then no file was seen.
 *
 * Memory: 128 bytes an entry, twice while it is saved.
 * Thread: one struct, one thread at a time; kist_seen_find() from many while nothing is changed.
 * Source: docs/adr/0017-files-that-were-seen.md.
 */

/** Entries at most; those that were found or made long ago go first. */
#define KIST_SEEN_ENTRIES_MAX ((size_t)256 << 10)

/** struct kist_seen_key - A file as lstat() shows it. */
struct kist_seen_key {
	uint64_t device;
	uint64_t inode;
	uint64_t name; /* kist_seen_name(): one inode may have several, and they decide on the type */
	uint64_t size;
	int64_t mtime_ns;
	int64_t ctime_ns;
};

/** struct kist_seen_entry - What it was stored as. */
struct kist_seen_entry {
	struct kist_seen_key key;
	uint64_t context; /* of all else that the artifact depends on */
	uint64_t since;	  /* a commit at which the artifact was known to be kept */
	struct kist_digest artifact;
	struct kist_digest sha256;
};

/** struct kist_seen - @entries in order; @fresh in the order in which they were added. */
struct kist_seen {
	struct kist_buf entries;
	struct kist_buf fresh;
	bool changed; /* @fresh says something that @entries does not */
};

#define KIST_SEEN_INIT                                                                                       \
	{                                                                                                    \
		.entries = KIST_BUF_INIT(KIST_SEEN_ENTRIES_MAX * sizeof(struct kist_seen_entry)),            \
		.fresh = KIST_BUF_INIT(KIST_SEEN_ENTRIES_MAX * sizeof(struct kist_seen_entry))               \
	}
#define kist_auto_seen __attribute__((cleanup(kist_seen_done)))
void kist_seen_done(struct kist_seen *seen);

/** kist_seen_name() - Of a file's name in its folder, for the key. */
uint64_t kist_seen_name(const char *name);

/**
 * kist_seen_load() - Reads the file in @folder; what is no such file leaves @seen empty.
 *
 * @ret_head, @ret_digest: The commit that was the newest when it was written: in another log all of it is void.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_seen_load(struct kist_seen *seen, const char *folder, uint64_t *ret_head,
					struct kist_digest *ret_digest, struct kist_error *err);

/** kist_seen_find() - What was loaded of this very file, or NULL.  Borrowed until the next load or save. */
const struct kist_seen_entry *kist_seen_find(const struct kist_seen *seen, const struct kist_seen_key *key);

/** kist_seen_add() - Past the limit nothing is added.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_seen_add(struct kist_seen *seen, const struct kist_seen_entry *entry,
				       struct kist_error *err);

/**
 * kist_seen_save() - Replaces the file by what was added and, as far as there is room, what was loaded; does
 * nothing when all that was added is there already.  @seen is empty afterwards.
 *
 * Errors: KIST_DENIED, KIST_IO, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_seen_save(struct kist_seen *seen, const char *folder, uint64_t head,
					const struct kist_digest *digest, struct kist_error *err);

#endif
