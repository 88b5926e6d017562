/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_CHECKED_FILE_H
#define KIST_REGISTRY_CHECKED_FILE_H

#include <sqlite3.h>

/*
 * Pages of the index file that carry a checksum.
 *
 *     page := 4088 bytes as SQLite has them | u32 CRC-32C of the page's offset and these bytes | u32 0
 *
 * A page that does not match, or lies in another's place, is not read: SQLite gives SQLITE_IOERR_DATA, and
 * the index is made again.  Without it a flipped bit in a name would hide that name, and be believed.
 *
 * A VFS of SQLite's that hands everything on to the one below and looks at whole pages of database files. The
 * rollback journal has checksums of its own.
 *
 * Thread: pure, but for one file on one thread at a time.
 * Source: https://www.sqlite.org/vfs.html
 */

#define KIST_CHECKED_PAGE_SIZE 4096
/** Bytes at the end of each page that SQLite leaves alone: SQLITE_FCNTL_RESERVE_BYTES. */
#define KIST_CHECKED_RESERVE 8

/** kist_checked_vfs() - The VFS's name for sqlite3_open_v2(), or NULL when it cannot be had. */
const char *kist_checked_vfs(void);

#endif
