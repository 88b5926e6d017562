/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_SPARE_H
#define KIST_STORE_SPARE_H

#include "store/store.h"

struct kist_backend;

/*
 * Room for the commits that make room.  To drop a name and to collect takes a commit, and on a disk that is full to the
 * last block there is none for it: so a store in a folder holds bytes without a meaning, which are given up then.
 *
 * Thread: as the store.
 * Source: docs/format/store.md, section 1; docs/adr/0019-spare-bytes-for-a-full-disk.md.
 */

#define KIST_SPARE_KEY "spare"
/** Enough for a commit that forgets some thousand artifacts. */
#define KIST_SPARE_SIZE ((size_t)256 << 10)

/** kist_spare_keep() - Puts the bytes where they are missing, if @uri is a folder and there is room; nothing fails. */
void kist_spare_keep(struct kist_backend *backend, const char *uri);

/** kist_spare_allow() - Commits to @store give the bytes up from now on, when the disk is full. */
void kist_spare_allow(struct kist_store *store);

/** kist_spare_give_up() - Whether there were any, @store may do so, and they are gone. */
bool kist_spare_give_up(struct kist_store *store);

#endif
