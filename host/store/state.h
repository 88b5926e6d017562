/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_STATE_H
#define KIST_STORE_STATE_H

#include "backend/backend.h"
#include "pack/pack.h"
#include "store/store.h"

/*
 * What an open store is; for this room alone.  Nothing of it changes while the store is in use.
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
	bool may_use_spare;
};

/** Where all packs lie. */
#define KIST_PACKS_FOLDER "packs"

/** kist_pack_key() - The key of pack @id. */
void kist_pack_key(const struct kist_digest *id, char ret_key[static KIST_PACK_KEY_SIZE]);

/** kist_random() - Fills @ret with @size random bytes.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_random(uint8_t *ret, size_t size, struct kist_error *err);

/** kist_store_check_json() - Whether @text is a kist.json.  Errors: KIST_CORRUPT, KIST_INCOMPATIBLE. */
KIST_CHECKED kist_status kist_store_check_json(struct kist_view text, struct kist_error *err);

/** What is read of a pack's end at first, and the most that its footer and index take with it. */
#define KIST_PACK_TAIL_SIZE ((size_t)64 << 10)
#define KIST_PACK_TAIL_MAX                                                                                   \
	(KIST_PACK_INDEX_SIZE(KIST_PACK_CHUNKS_MAX) + KIST_PACK_CHUNKS_MAX * KIST_PACK_BASE_SIZE +           \
	 KIST_PACK_TAIL_SIZE)

/**
 * kist_read_pack_index() - Reads the index of the pack @id to @ret, with what lies around it, and checks it.
 *
 * Also that it is the index of this pack, by the name; but where the head of the pack is damaged, or cannot be
 * read, which hurts no chunk, the digests of index and chunks are enough.
 *
 * @ret:       Empty, with room for KIST_PACK_TAIL_MAX bytes.
 * @ret_index: Borrowed from @ret.
 *
 * Errors: KIST_NOT_FOUND, KIST_CORRUPT, KIST_INCOMPATIBLE, KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_read_pack_index(struct kist_store *store, const struct kist_digest *id,
					      struct kist_buf *ret, struct kist_pack_footer *ret_footer,
					      struct kist_view *ret_index, struct kist_error *err);

/** kist_read_pack_end() - The same, and the name is not looked at: for who reads the head anyway. */
KIST_CHECKED kist_status kist_read_pack_end(struct kist_store *store, const struct kist_digest *id,
					    struct kist_buf *ret, struct kist_pack_footer *ret_footer,
					    struct kist_view *ret_index, struct kist_error *err);

/**
 * kist_check_pack_name() - Whether pack @id has this head and this footer; where @head is no sound head, that
 * is not said.
 *
 * Errors: KIST_CORRUPT.
 */
KIST_CHECKED kist_status kist_check_pack_name(const struct kist_digest *id, struct kist_view head,
					      const uint8_t *foot, struct kist_error *err);

/** kist_decode_chunk() - kist_store_read_chunk_into() of a record whose @bytes have been read. */
KIST_CHECKED kist_status kist_decode_chunk(struct kist_chunk_reader *reader,
					   const struct kist_location *where, const struct kist_digest *id,
					   struct kist_view bytes, uint8_t *ret, struct kist_error *err);

/** kist_fail_in_pack() - Records @why with the pack's name and the offset.  Returns its status. */
kist_status kist_fail_in_pack(const struct kist_digest *pack, uint64_t offset, const struct kist_error *why,
			      struct kist_error *err);

#endif
