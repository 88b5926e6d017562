/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_SAVE_SEEN_H
#define KIST_FLOW_SAVE_SEEN_H

#include "flow/save_private.h"

/*
 * What a save knows of files that were stored before (flow/seen.h), and what it remembers of those it stores.
 *
 * A file is taken as known when device, inode, name, size and both times are what they were when it was read,
 * it had not been written to for KIST_SEEN_MARGIN_S then, its file system keeps such times, and all else that its
 * artifact depends on is the same: this kist, the plugins and what is thought of them, the routes, the
 * options.  It is not read then; that all of the artifact is still kept is looked at now and, as for all that
 * a commit leans on, when the commit is made.
 *
 * Whatever is wrong with what is remembered costs time alone: the files are read.
 *
 * Thread: one save, one thread at a time; kist_save_seen_find() from any thread, kist_save_seen_start() aside.
 * Source: docs/adr/0017-files-that-were-seen.md.
 */

/**
 * A file that was written to in so many seconds before the save began is not remembered: the clock that gives
 * its times may be coarse, or another machine's.
 */
#define KIST_SEEN_MARGIN_S 2

/**
 * kist_save_seen_start() - For one path that is saved.
 *
 * @fd:        The open file or folder.
 * @with_file: As for kist_save_file().
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_save_seen_start(struct kist_save *save, int fd,
					      const struct kist_save_options *options, bool with_file,
					      struct kist_error *err);

/** kist_save_seen_any() - Whether kist_save_seen_find() may find anything. */
bool kist_save_seen_any(const struct kist_save *save);

/** kist_save_seen_find() - What is known of the file at @path, of which @st is what lstat() says; or NULL. */
const void *kist_save_seen_find(const void *save, const char *path, const struct stat *st);

/**
 * kist_save_seen_use() - Leans on what kist_save_seen_find() gave.
 *
 * @ret: Not done when a collector has taken any of it away: read the file.
 *
 * Errors: KIST_NO_MEMORY; those of the index.
 */
KIST_CHECKED kist_status kist_save_seen_use(struct kist_save *save, const void *known,
					    struct kist_kept_file *ret, struct kist_error *err);

/**
 * kist_save_seen_add() - Remembers what a file was stored as, once that is committed.
 *
 * @st: Of before it was read, and not changed since.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_save_seen_add(struct kist_save *save, const char *path, const struct stat *st,
					    const struct kist_kept_file *kept, struct kist_error *err);

/** kist_save_seen_committed() - What is remembered is in this commit, the newest that the save knows of. */
void kist_save_seen_committed(struct kist_save *save, uint64_t number, const struct kist_digest *digest);

/**
 * kist_save_seen_write() - Writes down what is remembered, if it is in a commit.  Failing costs time alone.
 *
 * The flow may be used for something else meanwhile.
 */
void kist_save_seen_write(struct kist_save *save);

/** kist_save_seen_free() - Accepts NULL. */
void kist_save_seen_free(struct kist_save_seen *seen);

#endif
