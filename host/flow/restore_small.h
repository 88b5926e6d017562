/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_RESTORE_SMALL_H
#define KIST_FLOW_RESTORE_SMALL_H

#include "flow/load.h"
#include "flow/tree.h"

/*
 * Restoring the small files of a tree many at a time: while some are looked up, others are read, proved and
 * written, on all cores.
 *
 * Memory: one chunk of KIST_RESTORE_SMALL_SIZE_MAX and 256 KiB of records a core.
 * Thread: one struct kist_restore_small, one thread at a time.
 */

/** Files of a folder that are made by one core, one after another; and from so many bytes on no further one. */
#define KIST_RESTORE_SMALL_BATCH ((size_t)32)
#define KIST_RESTORE_SMALL_BYTES ((uint64_t)512 << 10)
/** So many times these are on their way, or being gathered. */
#define KIST_RESTORE_SMALL_BATCHES ((size_t)8)
/** Larger files are none; nor could this one have a hole. */
#define KIST_RESTORE_SMALL_SIZE_MAX ((uint64_t)(64 << 10) - 1)

struct kist_restore_small;

/** kist_restore_small_new() - Below @root_fd, which is borrowed.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_restore_small_new(struct kist_flow *flow, int root_fd,
						struct kist_restore_small **ret, struct kist_error *err);
/** kist_restore_small_free() - Accepts NULL. */
void kist_restore_small_free(struct kist_restore_small *small);

/**
 * kist_restore_small_make_room() - Waits for files that were taken first, when that of @entry could not be taken.
 *
 * Errors: those of kist_restore_small_flush().
 */
KIST_CHECKED kist_status kist_restore_small_make_room(struct kist_restore_small *small,
						      const struct kist_tree_entry *entry,
						      struct kist_error *err);

/**
 * kist_restore_small_add() - Takes the file of @entry, when it is a small one, to make it by and by.  There is
 * room for it.
 *
 * @entry:   Its path is borrowed until it is made; the folder that it lies in is there.
 * @content: As its record says, and @entry agrees.
 * @ret:     Whether it was taken.
 *
 * Errors: KIST_NOT_FOUND, KIST_IO.
 */
KIST_CHECKED kist_status kist_restore_small_add(struct kist_restore_small *small,
						const struct kist_tree_entry *entry,
						const struct kist_content *content, bool *ret,
						struct kist_error *err);

/**
 * kist_restore_small_flush() - Waits until all that was taken is made.
 *
 * Errors: KIST_CORRUPT, KIST_CANCELLED, KIST_IO, KIST_NO_MEMORY; the text names the file.
 */
KIST_CHECKED kist_status kist_restore_small_flush(struct kist_restore_small *small, struct kist_error *err);

#endif
