/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BACKEND_FILE_LIST_H
#define KIST_BACKEND_FILE_LIST_H

#include "backend/backend.h"

/*
 * Listing of the file backend: keys below a folder, in byte order.
 *
 * What is no key (a temporary file, a symbolic link, a name with other characters) is passed over.
 *
 * Thread: all functions may run at once.
 */

/** kist_file_list() - kist_backend_list() below the folder @root_fd; @plain as for kist_open_beneath(). */
KIST_CHECKED kist_status kist_file_list(int root_fd, bool plain, const char *prefix,
					kist_status (*each)(void *ctx, const char *key, uint64_t size,
							    struct kist_error *err),
					void *ctx, struct kist_error *err);

/** kist_file_names() - kist_backend_names() likewise. */
KIST_CHECKED kist_status kist_file_names(int root_fd, bool plain, const char *folder,
					 kist_status (*each)(void *ctx, const char *name,
							     struct kist_error *err),
					 void *ctx, struct kist_error *err);

/** kist_folder_is_empty() - Whether the folder holds nothing at all. */
KIST_CHECKED kist_status kist_folder_is_empty(int dir_fd, bool *ret_empty, struct kist_error *err);

#endif
