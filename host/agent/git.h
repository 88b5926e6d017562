/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_GIT_H
#define KIST_AGENT_GIT_H

#include <limits.h>
#include <stdbool.h>

#include "base/buf.h"

/*
 * What a working tree of git says of itself, read from its files: git itself is not run, since its configuration, which
 * comes with the tree, names programs that it runs (core.fsmonitor, filters, hooks, external diffs).
 *
 * Limits: KIST_GIT_..._MAX.
 * Thread: pure, but for the files.
 * Source: gitrepository-layout(5), gitformat-index(5).
 */

#define KIST_GIT_COMMIT_SIZE ((size_t)65) /* digits of SHA-256, and NUL */
#define KIST_GIT_BRANCH_SIZE ((size_t)256)
#define KIST_GIT_INDEX_MAX   ((size_t)64 << 20)
#define KIST_GIT_FILES_MAX   ((size_t)50000)
#define KIST_GIT_DEPTH_MAX   64 /* folders that are looked at, upwards */

/** struct kist_git - A working tree. */
struct kist_git {
	char top[PATH_MAX];		   /* of the working tree */
	char folder[PATH_MAX];		   /* of git, for this working tree */
	char common[PATH_MAX];		   /* of git, for all of them */
	char commit[KIST_GIT_COMMIT_SIZE]; /* hex digits; or empty: there is none yet, or it cannot be told */
	char branch[KIST_GIT_BRANCH_SIZE]; /* "main"; or empty: no branch is checked out */
};

/** kist_git_find() - The working tree that folder @path is in; false for none. */
bool kist_git_find(const char *path, struct kist_git *ret);

/** struct kist_git_file - What git's index has of a file.  @path: below the top; Borrowed, NUL-terminated. */
struct kist_git_file {
	const char *path;
	uint32_t mode;
	uint32_t size; /* the low 32 bits of it */
	uint32_t mtime_s;
	uint32_t mtime_ns; /* 0: not known */
	bool is_known;	   /* what was checked in is told: no conflict, no file that is only meant to come */
	bool is_left;	   /* git does not look whether it has changed (assume-unchanged, skip-worktree) */
};

/**
 * kist_git_index_each() - Calls @each with every file of an index.
 *
 * @hash_len: 20, or 32 where the repository is one of SHA-256.
 *
 * Errors: KIST_CORRUPT, KIST_UNSUPPORTED (a version, or a required extension, that is not known), KIST_LIMIT
 * (KIST_GIT_FILES_MAX); as @each.
 */
KIST_CHECKED kist_status kist_git_index_each(struct kist_view index, size_t hash_len,
					     kist_status (*each)(void *ctx, const struct kist_git_file *file,
								 struct kist_error *err),
					     void *ctx, struct kist_error *err);

#endif
