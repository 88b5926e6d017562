/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_SEARCH_H
#define KIST_PLUGIN_SEARCH_H

#include "base/buf.h"
#include "plugin/catalog.h"

/*
 * Where plugins are looked for, and whether a folder or file may be trusted to be what its owner put there.
 *
 * A folder passes when it and every folder above it belongs to root or to this user and is not writable by
 * group or others.  A writable folder above it is accepted when it is sticky, as /tmp is: there nobody can
 * replace what is not his own.  A path's own symlinks are resolved first, and what they lead to is checked;
 * below a plugin folder no symlink is followed.
 *
 * Thread: all functions may run at once.
 * Source: docs/guide/trust.md.
 */

/** Names that are looked at in one folder. */
#define KIST_SEARCH_NAMES_MAX ((size_t)16384)

/** struct kist_surroundings - What the process was started with; tests make their own. */
struct kist_surroundings {
	bool elevated; /* setuid, setgid or file capabilities: the environment is somebody else's word */
	const char *plugin_path; /* KIST_PLUGIN_PATH, or NULL */
	const char *data_home;	 /* XDG_DATA_HOME, or NULL */
	const char *home;	 /* HOME, or NULL */
	const char *site_dir;	 /* the site's plugin folder */
	const char *site_config; /* the site's configuration: trusted.json, keys; or NULL */
};

/** struct kist_identity - What makes a process elevated. */
struct kist_identity {
	uint32_t uid, euid, gid, egid;
	bool secure;	       /* AT_SECURE */
	uint64_t capabilities; /* permitted */
};

/** kist_identity_elevated() - Whether such a process holds more rights than who started it. */
bool kist_identity_elevated(const struct kist_identity *identity);

/** kist_surroundings_get() - Those of this process.  Strings are borrowed from the environment. */
void kist_surroundings_get(struct kist_surroundings *ret);

/**
 * kist_search_open_dir() - Opens a plugin folder that passes.
 *
 * @ret_path: Its path without symlinks; kist_free() it.
 * @ret_fd:   Owned by the caller.
 *
 * Errors: KIST_NOT_FOUND; KIST_DENIED (owner or mode of it or of one above it); KIST_IO; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_search_open_dir(const char *path, char **ret_path, int *ret_fd,
					      struct kist_error *err);

/** kist_search_open_subdir() - Opens folder @name below a plugin folder; errors as kist_search_open_dir(). */
KIST_CHECKED kist_status kist_search_open_subdir(int dir_fd, const char *name, int *ret_fd,
						 struct kist_error *err);

/**
 * kist_search_open_refused() - Opens a folder that did not pass, to say what is in it: nothing there may run.
 *
 * @name: Below @dir_fd, no symlink; or a path that is opened as it is, when @dir_fd is AT_FDCWD.
 *
 * Errors: as kist_search_open_dir().
 */
KIST_CHECKED kist_status kist_search_open_refused(int dir_fd, const char *name, int *ret_fd,
						  struct kist_error *err);

/**
 * kist_search_open_file() - Opens the regular file @name in a plugin folder, to read.
 *
 * Errors: KIST_NOT_FOUND; KIST_DENIED (symlink, no regular file, owner, mode); KIST_IO.
 */
KIST_CHECKED kist_status kist_search_open_file(int dir_fd, const char *name, int *ret_fd,
					       struct kist_error *err);

/**
 * kist_search_names() - Calls @each for each name in a folder, in byte order; "." and ".." and hidden ones
 * are not given.
 *
 * Errors: KIST_LIMIT (KIST_SEARCH_NAMES_MAX), KIST_IO, KIST_NO_MEMORY, what @each gives.
 */
KIST_CHECKED kist_status kist_search_names(int dir_fd,
					   kist_status (*each)(void *ctx, const char *name,
							       struct kist_error *err),
					   void *ctx, struct kist_error *err);

/** kist_catalog_open_in() - kist_catalog_open() in other surroundings. */
KIST_CHECKED kist_status kist_catalog_open_in(const struct kist_catalog_options *options,
					      const struct kist_surroundings *surroundings,
					      struct kist_catalog **ret, struct kist_error *err);

#endif
