/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_WALK_H
#define KIST_FLOW_WALK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"

/*
 * All that lies below a folder, as relative paths in byte order.  No link is followed.
 *
 * Thread: one struct kist_walk, one thread at a time; inside, two list the folders of a level where these are many.
 */

/** Paths below one folder, and the bytes of all of them. */
#define KIST_WALK_ENTRIES_MAX ((size_t)4 << 20)
#define KIST_WALK_BYTES_MAX   ((size_t)128 << 20)

/** struct kist_walk_path - Where a path is in the text, and what readdir() said that it is. */
struct kist_walk_path {
	size_t offset;
	uint64_t begin;	    /* its first bytes, so that most are put in order without a look at the text */
	unsigned char type; /* DT_* */
};

/** struct kist_walk - The paths; each is NUL-terminated. */
struct kist_walk {
	struct kist_buf text;
	struct kist_buf paths; /* of struct kist_walk_path */
};

#define KIST_WALK_INIT                                                                                       \
	{                                                                                                    \
		.text = KIST_BUF_INIT(KIST_WALK_BYTES_MAX),                                                  \
		.paths = KIST_BUF_INIT(KIST_WALK_ENTRIES_MAX * sizeof(struct kist_walk_path))                \
	}
#define kist_auto_walk __attribute__((cleanup(kist_walk_done)))
void kist_walk_done(struct kist_walk *walk);

/** struct kist_walk_options - What a walk passes over. */
struct kist_walk_options {
	const struct stat *left_out; /* the folder with this device and inode; NULL for none */
	/* Told of a folder that cannot be listed; what it gives ends the walk unless it is KIST_OK. */
	kist_status (*each_bad)(void *ctx, const char *path, const struct kist_error *why,
				struct kist_error *err);
	/* Told of the folder that was left out. */
	void (*each_left_out)(void *ctx, const char *path);
	void *ctx;
};

/**
 * kist_walk_folder() - Lists everything below @dir_fd.
 *
 * @options: NULL: nothing is left out, and the first folder that cannot be listed ends the walk.  All members
 * are given otherwise.
 *
 * Errors: KIST_LIMIT, KIST_DENIED, KIST_NO_MEMORY, KIST_IO; the text names the folder.
 */
KIST_CHECKED kist_status kist_walk_folder(int dir_fd, const struct kist_walk_options *options,
					  struct kist_walk *walk, struct kist_error *err);

size_t kist_walk_count(const struct kist_walk *walk);
/** kist_walk_path() - The @i-th path.  Borrowed from @walk. */
const char *kist_walk_path(const struct kist_walk *walk, size_t i);
/** kist_walk_was_file() - Whether its folder said that it is a regular file; not all file systems say it. */
bool kist_walk_was_file(const struct kist_walk *walk, size_t i);

#endif
