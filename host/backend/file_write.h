/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BACKEND_FILE_WRITE_H
#define KIST_BACKEND_FILE_WRITE_H

#include "base/buf.h"

/*
 * Writing a new object's file.
 *
 * Thread: pure, but for the file.
 * Source: docs/adr/0014-packs-past-the-cache.md.
 */

/**
 * kist_file_append() - Writes @bytes behind the @written ones of the file @fd.
 *
 * Long ones that begin at a page, here and there, go past the cache of the system, where the file system can do that.
 *
 * Errors: KIST_IO.
 */
KIST_CHECKED kist_status kist_file_append(int fd, size_t written, struct kist_view bytes,
					  struct kist_error *err);

/**
 * kist_file_write_synced() - Writes @parts, one after another, to the empty file @fd and syncs it.
 *
 * Errors: KIST_IO.
 */
KIST_CHECKED kist_status kist_file_write_synced(int fd, const struct kist_view *parts, size_t count,
						struct kist_error *err);

#endif
