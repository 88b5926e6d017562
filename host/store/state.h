/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_STATE_H
#define KIST_STORE_STATE_H

#include "backend/backend.h"
#include "pack/pack.h"
#include "store/store.h"

/*
 * What an open store is; for this room alone.  Nothing of it changes while the store is open.
 */

/** Bytes of the key of a pack: "packs/ab/<64 digits>.pack" and NUL. */
#define KIST_PACK_KEY_SIZE     ((size_t)80)
#define KIST_STORE_ID_HEX_SIZE (2 * KIST_PACK_ID_SIZE + 1)

struct kist_store {
	struct kist_backend *backend;
	char *uri;
	char id_hex[KIST_STORE_ID_HEX_SIZE];
	uint8_t id[KIST_PACK_ID_SIZE];
	struct kist_cut_sizes cut;
};

/** kist_pack_key() - The key of pack @id. */
void kist_pack_key(const struct kist_digest *id, char ret_key[static KIST_PACK_KEY_SIZE]);

/** kist_random() - Fills @ret with @size random bytes.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_random(uint8_t *ret, size_t size, struct kist_error *err);

#endif
