/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_FILE_H
#define KIST_BASE_FILE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"

/*
 * Files by descriptor and path below a folder's descriptor.  Every descriptor is close-on-exec.
 *
 * Thread: all functions may run at once.
 */

/** kist_fd_close() - Closes *@fd when it is not -1, and sets it to -1. */
void kist_fd_close(int *fd);
#define kist_auto_fd __attribute__((cleanup(kist_fd_close)))

/** kist_fd_move() - Moves a descriptor out of its variable. */
static inline int kist_fd_move(int *fd)
{
	const int moved = *fd;

	*fd = -1;
	return moved;
}

/**
 * kist_open_at() - openat() with O_CLOEXEC.
 *
 * Errors: KIST_NOT_FOUND (ENOENT, ENOTDIR), KIST_EXISTS (EEXIST), KIST_DENIED (EACCES, EPERM, ELOOP),
 * KIST_IO.
 */
KIST_CHECKED kist_status kist_open_at(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd,
				      struct kist_error *err);

/** kist_fail_open() - Records why opening @path failed with @sys_errno, as kist_open_at() does. */
kist_status kist_fail_open(struct kist_error *err, int sys_errno, const char *path);

/** kist_dir_close() - Closes *@dir when it is not NULL, and sets it to NULL. */
void kist_dir_close(DIR **dir);
#define kist_auto_dir __attribute__((cleanup(kist_dir_close)))

/** kist_dir_of_fd() - Lists the folder behind *@fd, which belongs to *@ret then and is -1.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_dir_of_fd(int *fd, DIR **ret, struct kist_error *err);

/** kist_dir_open_at() - Lists the folder at @path.  Errors: as kist_open_at(). */
KIST_CHECKED kist_status kist_dir_open_at(int dir_fd, const char *path, DIR **ret, struct kist_error *err);

/** kist_mkdirs_at() - Makes @path and what leads to it; folders that are there are fine. */
KIST_CHECKED kist_status kist_mkdirs_at(int dir_fd, const char *path, mode_t mode, struct kist_error *err);

/** kist_write_all() - Writes all of @bytes at the descriptor's position.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_write_all(int fd, struct kist_view bytes, struct kist_error *err);

/** kist_pwrite_all() - Writes all of @bytes at @offset.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_pwrite_all(int fd, struct kist_view bytes, uint64_t offset,
					 struct kist_error *err);

/** kist_pread_full() - Reads up to @size bytes at @offset; *@ret_size is less only at the end of the file. */
KIST_CHECKED kist_status kist_pread_full(int fd, void *buf, size_t size, uint64_t offset, size_t *ret_size,
					 struct kist_error *err);

/** kist_read_all() - Appends all that @fd still gives to @ret.  Errors: KIST_LIMIT (the buf's), KIST_IO. */
KIST_CHECKED kist_status kist_read_all(int fd, struct kist_buf *ret, struct kist_error *err);

/**
 * kist_read_file_at() - The whole file at @path, appended to @ret.  Errors: as kist_open_at and
 * kist_read_all.
 */
KIST_CHECKED kist_status kist_read_file_at(int dir_fd, const char *path, struct kist_buf *ret,
					   struct kist_error *err);

/**
 * kist_replace_file_at() - Puts @bytes in place of @path, whole or not at all.
 *
 * @durable: The file and its folder are synced before it returns.
 */
KIST_CHECKED kist_status kist_replace_file_at(int dir_fd, const char *path, struct kist_view bytes,
					      mode_t mode, bool durable, struct kist_error *err);

/**
 * kist_lock_fd() - flock() with an end to its patience: whoever holds it may have been stopped, or mean no good.
 *
 * @how:    LOCK_SH or LOCK_EX.
 * @ms_max: How long it waits for its turn.
 * @shown:  What is locked, for messages.
 *
 * Errors: KIST_DEADLINE (somebody else holds it), KIST_IO.
 */
KIST_CHECKED kist_status kist_lock_fd(int fd, int how, unsigned ms_max, const char *shown,
				      struct kist_error *err);

/** kist_sync_fd() - fsync().  An error is final for that file. */
KIST_CHECKED kist_status kist_sync_fd(int fd, struct kist_error *err);

#endif
