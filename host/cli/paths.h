/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_PATHS_H
#define KIST_CLI_PATHS_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"

/*
 * Where things are: the store that is meant and why, the user's folders, this installation.
 *
 * The store: --store, else KIST_STORE, else .kist in this folder or one above, else the user's own.
 * In a setuid, setgid or file-capability process the environment is not asked.
 */

/** struct kist_paths - All as NUL-terminated paths. */
struct kist_paths {
	char store[PATH_MAX];
	char store_why[128];
	bool store_is_named; /* by --store or KIST_STORE */
	bool store_is_own;   /* the user's own: it is made when it is needed */
	char config_dir[PATH_MAX];
	char cache_dir[PATH_MAX];
	char data_dir[PATH_MAX];
	char runs_dir[PATH_MAX]; /* of jobs that this machine runs or has run */
	char temp_dir[PATH_MAX];
	char worker[PATH_MAX];	   /* the program */
	char plugin_dir[PATH_MAX]; /* of this installation */
	char template_dir[PATH_MAX];
	char notes[512]; /* what was passed over, and why; or empty */
};

/**
 * kist_paths_find() - Works all of it out.
 *
 * @store: What --store says, or NULL.
 *
 * Errors: KIST_INVALID (a path that is too long, no home folder).
 */
KIST_CHECKED kist_status kist_paths_find(const char *store, struct kist_paths *ret, struct kist_error *err);

#endif
