/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BACKEND_BENEATH_H
#define KIST_BACKEND_BENEATH_H

#include <stdbool.h>

#include "base/file.h"

/*
 * Opening below a folder without ever following a symbolic link, in no component.
 *
 * Thread: all functions may run at once.
 */

/**
 * kist_open_beneath() - Opens @path, which is made of key segments, below @root_fd.
 *
 * @path:  "" is the folder itself.
 * @plain: Do it component by component, as where openat2() is missing.
 *
 * Errors: KIST_NOT_FOUND, KIST_DENIED (permission, or a symbolic link), KIST_IO.
 */
KIST_CHECKED kist_status kist_open_beneath(int root_fd, const char *path, int flags, bool plain, int *ret_fd,
					   struct kist_error *err);

/**
 * kist_make_beneath() - Opens the folder @path below @root_fd for reading; makes what is missing of it.
 *
 * @sync: Sync every folder on the way, so that the names of all of them are on disk.
 *
 * Errors: as kist_open_beneath().
 */
KIST_CHECKED kist_status kist_make_beneath(int root_fd, const char *path, bool sync, int *ret_fd,
					   struct kist_error *err);

#endif
