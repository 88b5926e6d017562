/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_STRIKE_TRACE_H
#define TESTS_SUPPORT_STRIKE_TRACE_H

#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Writes down what a watched process does to the files below a folder, in order, with the bytes: all that is
 * needed to say what a disk may hold when the power goes.  A call is written down before it is made; one that
 * then fails because its name is there or is not there changes nothing when it is played, either.
 *
 * TRACE is lines of fields with a blank between them; PATH is the last, below FOLDER.  A file is its inode's
 * number. create TRUNCATES PATH         a file is made where none is; 1: and cut to nothing write INO OFFSET
 * LEN PATH     then LEN bytes and a line feed truncate INO LEN PATH allocate INO OFFSET LEN PATH link INO
 * PATH unlink PATH, mkdir PATH, rmdir PATH rename FROM<TAB>TO sync INO PATH                 of a file;
 * "syncdir PATH" of a folder lock PATH, map PATH           a lock; a mapping that is shared and written to
 *   said LEN                      bytes to the standard output
 *   end STATUS                    of the command
 */

/** trace_open() - Begins or continues the file @path, of what happens below @folder. */
struct trace *trace_open(const char *path, const char *folder);
void trace_call(struct trace *trace, const struct seccomp_notif *asked);
/** trace_is_sync() - Whether the call makes something last. */
bool trace_is_sync(const struct seccomp_notif *asked);
/** trace_close() - @status: as wait gives it. */
void trace_close(struct trace *trace, int status);

/** trace_memory() - @size bytes at @address in the process; free() them.  NULL when they cannot be read. */
char *trace_memory(pid_t pid, uint64_t address, size_t size);
/** trace_open_fd() - The process's descriptor @fd as one of ours, or -1. */
int trace_open_fd(pid_t pid, int fd);
/** trace_fd_path() - What the process's descriptor stands for; AT_FDCWD is its working folder. */
bool trace_fd_path(pid_t pid, int fd, char ret[static PATH_MAX]);

#endif
