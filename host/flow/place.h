/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_PLACE_H
#define KIST_FLOW_PLACE_H

#include <limits.h>

#include "base/file.h"

/*
 * The place where something is restored: it appears there whole or not at all.
 *
 * A file has no name until it is whole, where the file system can do that: then nothing is left of it
 * whatever happens.  A folder, and a file elsewhere, grows under a working name beside the one it is to have.
 *
 * Thread: one struct kist_place, one thread at a time.
 */

/** struct kist_place - The folder above, and names below it. */
struct kist_place {
	int parent_fd;
	bool is_named;	 /* something stands under the working name */
	bool needs_name; /* nameless files cannot be given a name here */
	char name[NAME_MAX + 1];
	char work_name[NAME_MAX + 1];
};

/** kist_place_done() - Also removes what stands under the working name. */
void kist_place_done(struct kist_place *place);

#define KIST_PLACE_INIT                                                                                      \
	{                                                                                                    \
		.parent_fd = -1                                                                              \
	}
#define kist_auto_place __attribute__((cleanup(kist_place_done)))

/**
 * kist_place_open() - Finds the place @path, and asks whether it may be taken.
 *
 * @tree:  It is for a folder, which replaces nothing.
 * @force: A file or a link that is there is replaced.
 *
 * Errors: KIST_EXISTS (also with @force: a folder, a device, a FIFO, a socket); KIST_INVALID (no path);
 * KIST_NOT_FOUND, KIST_DENIED, KIST_IO (the folder above).
 */
KIST_CHECKED kist_status kist_place_open(const char *path, bool tree, bool force, struct kist_place *place,
					 struct kist_error *err);

/** kist_place_file() - Makes the file, for writing.  @mode: As open() takes it.  Errors: KIST_DENIED,
 * KIST_IO. */
KIST_CHECKED kist_status kist_place_file(struct kist_place *place, mode_t mode, int *ret_fd,
					 struct kist_error *err);

/** kist_place_folder() - Makes the folder, for its owner alone.  Errors: KIST_DENIED, KIST_IO. */
KIST_CHECKED kist_status kist_place_folder(struct kist_place *place, int *ret_fd, struct kist_error *err);

/** For its owner alone, while it grows. */
#define KIST_PLACE_FILE_MODE 0600

/**
 * kist_place_set_mode() - The permission bits of @mode for @fd.
 *
 * Set-user-id and such bits are kept only for their owner's own files; a restored file belongs to who restores
 * it.
 *
 * @path: For messages.
 */
KIST_CHECKED kist_status kist_place_set_mode(int fd, uint64_t mode, const char *path, struct kist_error *err);

/** kist_place_set_times() - A file system that keeps no such time is no reason to withhold the bytes. */
void kist_place_set_times(int fd, int64_t mtime_ns);

/** kist_place_time() - @ns nanoseconds since 1970. */
struct timespec kist_place_time(int64_t ns);

/**
 * kist_place_finish() - Gives what was made its name.
 *
 * @fd:    Of the file that kist_place_file() made; -1 for a folder.
 * @path:  For messages.
 * @force: As for kist_place_open().
 *
 * Errors: KIST_EXISTS (it came meanwhile; as for kist_place_open()), KIST_IO; KIST_UNSUPPORTED, not recorded,
 * with @place->needs_name set: the file has to be made once more.
 */
KIST_CHECKED kist_status kist_place_finish(struct kist_place *place, int fd, const char *path, bool force,
					   struct kist_error *err);

#endif
