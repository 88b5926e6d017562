/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_FOLDER_H
#define KIST_WORKFLOW_FOLDER_H

#include <limits.h>

#include "base/err.h"

/*
 * The folder of a run, for the files of its commands.
 *
 * It is made when the first file is, and locked as long as the process is there.  One whose lock is free is what
 * a process left that was killed: it is taken away by the next that makes a folder beside it.
 *
 * Thread: one folder, one thread at a time.
 */

#define KIST_RUN_FOLDER_PREFIX "kist-run-"

/** struct kist_run_folder - @path: "" before there is one. */
struct kist_run_folder {
	char path[PATH_MAX];
	int lock_fd;
	unsigned count; /* of the paths that were given */
};

#define KIST_RUN_FOLDER_INIT                                                                                 \
	{                                                                                                    \
		.lock_fd = -1                                                                                \
	}

/**
 * kist_run_folder_path() - A path in the folder for a new file with this extension ("": none).
 *
 * @temp_dir: Where the folder is made.
 *
 * Errors: KIST_LIMIT (a path is too long); KIST_IO, KIST_DENIED, KIST_NOT_FOUND (of @temp_dir).
 */
KIST_CHECKED kist_status kist_run_folder_path(struct kist_run_folder *folder, const char *temp_dir,
					      const char *extension, char ret[static PATH_MAX],
					      struct kist_error *err);

/** kist_run_folder_remove() - Takes it away with all that is in it.  May run twice. */
void kist_run_folder_remove(struct kist_run_folder *folder);

#endif
