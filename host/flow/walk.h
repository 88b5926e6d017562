/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_WALK_H
#define KIST_FLOW_WALK_H

#include "base/buf.h"

/*
 * All that lies below a folder, as relative paths in byte order.  No link is followed.
 *
 * Thread: one struct kist_walk, one thread at a time.
 */

/** Paths below one folder, and the bytes of all of them. */
#define KIST_WALK_ENTRIES_MAX ((size_t)4 << 20)
#define KIST_WALK_BYTES_MAX   ((size_t)128 << 20)

/** struct kist_walk - The paths; each is NUL-terminated, paths[i] an offset in @text. */
struct kist_walk {
	struct kist_buf text;
	struct kist_buf offsets; /* of size_t */
};

#define KIST_WALK_INIT                                                                                       \
	{                                                                                                    \
		.text = KIST_BUF_INIT(KIST_WALK_BYTES_MAX),                                                  \
		.offsets = KIST_BUF_INIT(KIST_WALK_ENTRIES_MAX * sizeof(size_t))                             \
	}
#define kist_auto_walk __attribute__((cleanup(kist_walk_done)))
void kist_walk_done(struct kist_walk *walk);

/**
 * kist_walk_folder() - Lists everything below @dir_fd.
 *
 * Errors: KIST_LIMIT, KIST_DENIED, KIST_NO_MEMORY, KIST_IO; the text names the folder.
 */
KIST_CHECKED kist_status kist_walk_folder(int dir_fd, struct kist_walk *walk, struct kist_error *err);

size_t kist_walk_count(const struct kist_walk *walk);
/** kist_walk_path() - The @i-th path.  Borrowed from @walk. */
const char *kist_walk_path(const struct kist_walk *walk, size_t i);

#endif
