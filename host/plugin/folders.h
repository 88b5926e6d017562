/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_FOLDERS_H
#define KIST_PLUGIN_FOLDERS_H

#include "plugin/search.h"

/*
 * The list of plugin folders, each opened or with the note why not.
 *
 * Thread: one list, one thread.
 */

/** struct kist_folders - @dirs and their descriptors, -1 for one that is not used. */
struct kist_folders {
	size_t count;
	struct kist_catalog_dir dirs[KIST_CATALOG_DIRS_MAX]; /* path and note are owned */
	int fds[KIST_CATALOG_DIRS_MAX];
};

/**
 * kist_folders_open() - Lists and opens the folders, in the order of plugin/catalog.h.
 *
 * A folder that is named twice is used once, where it is trusted most.
 *
 * @ret: All zero before.  kist_folders_done() it, also on failure.
 *
 * Errors: KIST_LIMIT (too many), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_folders_open(const struct kist_catalog_options *options,
					   const struct kist_surroundings *surroundings,
					   struct kist_folders *ret, struct kist_error *err);

/** kist_folders_add() - Adds a line that is not used, with its note. */
KIST_CHECKED kist_status kist_folders_add(struct kist_folders *folders, const char *path, size_t path_len,
					  enum kist_tier tier, const char *note, struct kist_error *err);

/** kist_folders_note() - Adds to the note of folder @i: "a; b". */
KIST_CHECKED kist_status kist_folders_note(struct kist_folders *folders, size_t i, const char *note,
					   struct kist_error *err);

/** kist_folders_close() - Closes the descriptors; the list stays. */
void kist_folders_close(struct kist_folders *folders);
void kist_folders_done(struct kist_folders *folders);

#endif
