/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_BENEATH_H
#define KIST_BASE_BENEATH_H

#include <stdbool.h>

#include "base/file.h"

/*
 * Opening below a folder without ever following a symbolic link, in no component.
 *
 * Thread: all functions may run at once.
 */

/**
 * kist_open_beneath() - Opens @path below @root_fd, close-on-exec.
 *
 * @path:  Relative, without "." and ".." segments; "" is the folder itself.
 * @mode:  Of a file that O_CREAT makes.
 * @plain: Do it component by component, as where openat2() is missing.
 *
 * Errors: KIST_NOT_FOUND, KIST_EXISTS, KIST_DENIED (permission, or a symbolic link), KIST_IO.
 */
KIST_CHECKED kist_status kist_open_beneath(int root_fd, const char *path, int flags, mode_t mode, bool plain,
					   int *ret_fd, struct kist_error *err);

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
