/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_CHECKED_H
#define KIST_CARE_CHECKED_H

#include "base/digest.h"

/*
 * What was checked when, on this host: so that a check that is not to take long begins with what was not
 * looked at for longest.
 *
 *     checked, in the folder of the index (registry/registry.h):
 *     "kist-checked 1\n" | u32 count | count entries: 16 bytes of the id, 4 u32 seconds since 1970 | u32
 * CRC-32C
 *
 * One time for each depth of a check; 0 is never.  Deleting the file costs time alone: everything counts as
 * never checked then.  So does a file that cannot be read.
 *
 * Memory: 64 bytes an entry at most, once it has grown.
 * Thread: one struct, one thread at a time.
 */

#define KIST_CHECKED_DEPTHS	 4
#define KIST_CHECKED_ENTRIES_MAX ((size_t)16 << 20)

/** struct kist_checked_entry - Of one thing that can be checked.  Empty when @id is all zero. */
struct kist_checked_entry {
	uint8_t id[16];
	uint32_t times[KIST_CHECKED_DEPTHS];
};

/** struct kist_checked - By open addressing; @capacity is a power of two. */
struct kist_checked {
	struct kist_checked_entry *entries;
	size_t capacity;
	size_t count;
};

#define KIST_CHECKED_INIT                                                                                    \
	{                                                                                                    \
		.entries = NULL, .capacity = 0, .count = 0                                                   \
	}
#define kist_auto_checked __attribute__((cleanup(kist_checked_done)))
void kist_checked_done(struct kist_checked *checked);

/** kist_checked_time() - When @id was last checked at @depth or deeper; 0 for never. */
uint32_t kist_checked_time(const struct kist_checked *checked, const struct kist_digest *id, unsigned depth);

/** kist_checked_set() - It was checked at @depth.  Errors: KIST_LIMIT, KIST_NO_MEMORY; unchanged then. */
KIST_CHECKED kist_status kist_checked_set(struct kist_checked *checked, const struct kist_digest *id,
					  unsigned depth, uint32_t time, struct kist_error *err);

/**
 * kist_checked_load() - Adds what the file in @folder says.
 *
 * Errors: KIST_NO_MEMORY; what else may be wrong with the file leaves @checked as it was.
 */
KIST_CHECKED kist_status kist_checked_load(struct kist_checked *checked, const char *folder,
					   struct kist_error *err);

/** kist_checked_save() - Replaces the file, whole or not at all.  Errors: KIST_DENIED, KIST_IO,
 * KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_checked_save(const struct kist_checked *checked, const char *folder,
					   struct kist_error *err);

#endif
