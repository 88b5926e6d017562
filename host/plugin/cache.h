/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_CACHE_H
#define KIST_PLUGIN_CACHE_H

#include "plugin/catalog.h"

/*
 * The cache of checked libraries, so that "plugin list" need not hash every library each time.
 *
 *     <cache_dir>/plugins/<SHA-256 of the manifest>-<16 digits of the host's>
 *         kist-library 2
 *         kist 0.1.0, abi 1.0, x86_64, glibc 2.36, on somewhere
 *         <SHA-256 of the manifest> <that of the library>
 *         <device> <inode> <size> <mtime in ns> <ctime in ns>
 *
 * A file says that this very library, under this very manifest, passed on this very host.  It holds nothing
 * but its own key: a file with any other content is no file.  Only what passed is remembered, so that what is
 * broken is looked at, and told with its reason, every time.
 *
 * Nothing that runs depends on it: a library is hashed again each time it is loaded.
 *
 * Limits: KIST_CACHE_SIZE_MAX bytes a file.
 * Thread: all functions may run at once, in many processes.
 * Source: docs/guide/trust.md.
 */

#define KIST_CACHE_SIZE_MAX ((size_t)1024)

/**
 * kist_catalog_check_library() - Whether the library of @entry passes kist_catalog_open_library().
 *
 * @cache_dir: NULL: nothing is remembered.  A folder that cannot be read or written costs time alone.
 *
 * Errors: as kist_catalog_open_library().
 */
KIST_CHECKED kist_status kist_catalog_check_library(const struct kist_catalog_entry *entry,
						    const char *cache_dir, struct kist_error *err);

/**
 * kist_search_open_library() - The file of the library, by the rules of plugin/search.h.  Owned by the
 * caller.
 */
KIST_CHECKED kist_status kist_search_open_library(const struct kist_catalog_entry *entry, int *ret_fd,
						  struct kist_error *err);

/**
 * kist_search_open_system() - The file of a library of the system.  Owned by the caller.
 *
 * Errors: KIST_NOT_FOUND; KIST_DENIED (others than root may write it, or it is no regular file); KIST_IO.
 */
KIST_CHECKED kist_status kist_search_open_system(const char *soname, int *ret_fd, struct kist_error *err);

#endif
