/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_PUBLISH_H
#define KIST_STORE_PUBLISH_H

#include "pack/pool.h"
#include "store/state.h"

/*
 * The packs that a writer has under way: begun when first needed, checked by decoding, put on the backend.
 *
 * Thread: one thread at a time.
 */

/** What a pack is filled to, index not counted. */
#define KIST_DATA_PACK_SIZE ((size_t)64 << 20)
/** Metadata is read more often and in small pieces; it also keeps a writer's memory in bounds. */
#define KIST_META_PACK_SIZE ((size_t)16 << 20)

/** struct kist_open_pack - A pack under way; empty and not begun when @builder.count is 0. */
struct kist_open_pack {
	struct kist_pack_builder builder;
	enum kist_pack_kind kind;
};

/** struct kist_publisher - What checking and publishing need.  All but @packs is borrowed. */
struct kist_publisher {
	struct kist_store *store;
	struct kist_pool *pool;
	struct kist_codec *codecs; /* one for each worker */
	struct kist_buf *raws;	   /* the same: room to decode in */
	json_t *packs;		   /* what was published */
};

/** kist_open_pack_fits() - Whether a record of @len bytes may still be added. */
bool kist_open_pack_fits(const struct kist_open_pack *pack, size_t len);

/** kist_open_pack_add() - Makes room for the record; begins the pack when it is empty.  As kist_pack_add().
 */
KIST_CHECKED kist_status kist_open_pack_add(struct kist_open_pack *pack, const struct kist_store *store,
					    const struct kist_record *record, size_t *ret_offset,
					    struct kist_error *err);

/**
 * kist_publish() - Seals @pack, checks every record of it by decoding, and puts it on the backend.
 *
 * Nothing is done when it is empty; it is empty afterwards.
 *
 * Errors: KIST_INTERNAL (the pack does not check: nothing was written), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_publish(struct kist_publisher *publisher, struct kist_open_pack *pack,
				      struct kist_error *err);

#endif
