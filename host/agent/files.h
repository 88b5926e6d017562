/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_FILES_H
#define KIST_AGENT_FILES_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"

/*
 * What the agent knows of each file below the artifact folder: a hash table by path.
 *
 * Limits: KIST_FILES_MAX.
 * Thread: one table, one thread at a time.
 */

#define KIST_FILES_MAX ((size_t)4 << 20)

/** struct kist_file - One file. */
struct kist_file {
	char *path; /* below the folder */
	uint64_t hash;
	bool waiting;	   /* it is to be kept */
	bool kept;	   /* as it was at @stamp */
	bool refused;	   /* it could not be kept, and that was told */
	struct stat stamp; /* when @kept */
};

struct kist_files {
	size_t count;
	size_t room; /* slots; a power of two */
	struct kist_file **slots;
};

#define KIST_FILES_INIT                                                                                      \
	{                                                                                                    \
		.count = 0                                                                                   \
	}
void kist_files_done(struct kist_files *files);

/**
 * kist_files_get() - What is known of @path: a new entry when nothing was.
 *
 * @ret: Borrowed as long as the table is there; it does not move.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_files_get(struct kist_files *files, const char *path, struct kist_file **ret,
					struct kist_error *err);

#endif
