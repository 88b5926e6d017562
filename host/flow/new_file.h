/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_NEW_FILE_H
#define KIST_FLOW_NEW_FILE_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * The bytes of a restored file, written in any order.  Long runs of zeros become holes.
 *
 * Thread: a prepared file may be put to from many threads at once.
 */

/** struct kist_new_file - An empty file that is being filled. */
struct kist_new_file {
	int fd;
	bool is_reserved; /* room is taken for a run of bytes before it is written */
};

/**
 * kist_new_file_open() - Gives @fd, a new and empty regular file, @size bytes of zeros.
 *
 * @fd: Borrowed.
 *
 * Errors: KIST_IO (a size that the file system has no numbers for, above all).
 */
KIST_CHECKED kist_status kist_new_file_open(int fd, uint64_t size, struct kist_new_file *ret,
					    struct kist_error *err);

/** kist_new_file_put() - Writes @bytes at @offset, each place once.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_new_file_put(const struct kist_new_file *file, uint64_t offset,
					   struct kist_view bytes, struct kist_error *err);

#endif
