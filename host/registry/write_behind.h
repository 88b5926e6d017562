/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_WRITE_BEHIND_H
#define KIST_REGISTRY_WRITE_BEHIND_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pages on their way to a file: another core writes them while whoever made them makes more.
 *
 * They are written in the order in which they were added, pages that follow each other in the file with one call.
 * What goes wrong is told by the next call; from then on nothing is written any more.
 *
 * Limits: KIST_BEHIND_PAGES pages, and so much memory, are on their way at once; who adds more waits.
 * Thread: one struct, one thread at a time. Nobody else uses the file meanwhile.
 */

/** Pages that may be on their way. */
#define KIST_BEHIND_PAGES ((size_t)512)
/** Pages that are written with one call; it stays within what SQLite itself writes with one. */
#define KIST_BEHIND_RUN ((size_t)16)

struct kist_write_behind;

/**
 * kist_write_behind_new() - Begins to write to @file, which is Borrowed until kist_write_behind_end().
 *
 * @seal: Fills in the end of a page, KIST_CHECKED_RESERVE bytes, by its offset in the file and what stands before
 *        them.  [any-thread]
 *
 * NULL where there is no memory or no thread: then who has pages writes them.
 */
struct kist_write_behind *kist_write_behind_new(sqlite3_file *file,
						void (*seal)(uint8_t *page, sqlite3_int64 offset));

/** kist_write_behind_end() - Writes what is left and frees it.  Gives what went wrong first, or SQLITE_OK. */
int kist_write_behind_end(struct kist_write_behind *behind);

/** kist_write_behind_add() - Takes a copy of the page, of KIST_CHECKED_PAGE_SIZE bytes.  Gives a code of SQLite's. */
int kist_write_behind_add(struct kist_write_behind *behind, const void *page, sqlite3_int64 offset);

/**
 * kist_write_behind_read() - Reads the page at @offset as it will be, from the file or on its way there.
 *
 * @ret_sealed: Whether it comes from the file, with its seal.
 */
int kist_write_behind_read(struct kist_write_behind *behind, void *ret, sqlite3_int64 offset,
			   bool *ret_sealed);

#endif
