/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_PACKS_H
#define KIST_STORE_PACKS_H

#include "pack/pack.h"
#include "store/store.h"

/*
 * The packs that lie on the backend, whether a commit names them or not; for collectors.
 *
 * Thread: all functions may run at once.
 */

/** kist_packs_parse_key() - The pack that lies at "packs/ab/<64 digits>.pack"; false when @key is no such. */
bool kist_packs_parse_key(const char *key, struct kist_digest *ret);

/** kist_packs_each() - Calls @each for every pack that is listed.  A list may be old: packs may be missing or
 * gone. */
KIST_CHECKED kist_status kist_packs_each(struct kist_store *store,
					 kist_status (*each)(void *ctx, const struct kist_digest *id,
							     uint64_t size, struct kist_error *err),
					 void *ctx, struct kist_error *err);

/** kist_packs_head() - Reads the head of pack @id.  Errors: KIST_NOT_FOUND, KIST_CORRUPT, KIST_INCOMPATIBLE,
 * KIST_IO. */
KIST_CHECKED kist_status kist_packs_head(struct kist_store *store, const struct kist_digest *id,
					 struct kist_pack_head *ret, struct kist_error *err);

/** kist_packs_size() - Bytes of pack @id; 0 when it is not there.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_packs_size(struct kist_store *store, const struct kist_digest *id,
					 uint64_t *ret, struct kist_error *err);

/**
 * kist_packs_delete() - Deletes pack @id; KIST_OK when it was not there.
 *
 * Only what is condemned, or belongs to a fenced session and is named by no commit: docs/format/store.md,
 * section 4.
 */
KIST_CHECKED kist_status kist_packs_delete(struct kist_store *store, const struct kist_digest *id,
					   struct kist_error *err);

#endif
