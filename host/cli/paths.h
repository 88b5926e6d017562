/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_PATHS_H
#define KIST_CLI_PATHS_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"

/*
 * Where things are: the store that is meant and why, the user's folders, this installation.
 *
 * The store: what --store, KIST_STORE or the project's file say; else .kist in this folder or one above; else what
 * the user's file says; else the user's own.
 * In a setuid, setgid or file-capability process the environment is not asked.
 */

/** struct kist_paths - All as NUL-terminated paths. */
struct kist_paths {
	char store[PATH_MAX];
	char store_why[512];
	bool store_is_named; /* by --store or KIST_STORE */
	bool store_is_set;   /* the same, or by the file of a project or a job */
	bool store_is_users; /* named by the user's file */
	bool store_is_own;   /* the user's own: it is made when it is needed */
	char config_dir[PATH_MAX];
	char cache_dir[PATH_MAX];
	char data_dir[PATH_MAX];
	char runs_dir[PATH_MAX]; /* of jobs that this machine runs or has run */
	char temp_dir[PATH_MAX];
	char worker[PATH_MAX];	   /* the program */
	char plugin_dir[PATH_MAX]; /* of this installation */
	char template_dir[PATH_MAX];
	char kit[PATH_MAX]; /* the program that runs one check of a plugin */
	char notes[1024];   /* what was passed over, and why; or empty */
};

/** struct kist_paths_wanted - What settings say; NULL: nothing.  Relative paths are from here. */
struct kist_paths_wanted {
	const char *store;
	const char *store_why;
	bool is_named; /* store, by --store or KIST_STORE */
	bool is_users; /* store, by the user's file: a .kist folder counts more */
	const char *cache_dir;
	const char *runs_dir;
};

/**
 * kist_paths_find() - Works out all but the store, as far as no setting says otherwise.
 *
 * Errors: KIST_INVALID (a path that is too long, no home folder).
 */
KIST_CHECKED kist_status kist_paths_find(struct kist_paths *ret, struct kist_error *err);

/** kist_paths_choose() - The rest of it, after kist_paths_find().  Errors: the same. */
KIST_CHECKED kist_status kist_paths_choose(const struct kist_paths_wanted *wanted, struct kist_paths *ret,
					   struct kist_error *err);

/** kist_paths_pass_over() - Adds to the notes that what lies at @path is another user's. */
void kist_paths_pass_over(struct kist_paths *paths, const char *path);

#endif
