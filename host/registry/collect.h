/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_COLLECT_H
#define KIST_REGISTRY_COLLECT_H

#include "pack/pack.h"
#include "registry/registry.h"

/*
 * What a collector, and whoever repairs, asks the registry: which packs there are and what lies in them,
 * which are condemned, who is fenced.
 *
 * Thread: as registry.h.
 */

/** How a pack was found. */
enum kist_pack_state {
	KIST_PACK_SOUND = 0,
	KIST_PACK_INDEX_DAMAGED = 1,
	KIST_PACK_RECORD_DAMAGED = 2,
	KIST_PACK_SUSPECT = 3, /* a reader found damage in it */
};

/** struct kist_pack_row - A live pack. */
struct kist_pack_row {
	struct kist_digest id;
	uint64_t size;
	uint64_t commit; /* that named it */
	enum kist_pack_kind kind;
	enum kist_pack_state state;
};

/** struct kist_chunk_row - A chunk, and the pack it is read from; of a base, the id alone. */
struct kist_chunk_row {
	struct kist_digest id;
	struct kist_location where;
};

/** kist_registry_packs() - Appends a struct kist_pack_row to @ret for every live pack, in order of id. */
KIST_CHECKED kist_status kist_registry_packs(struct kist_registry *registry, struct kist_buf *ret,
					     struct kist_error *err);

/** kist_registry_each_chunk() - Calls @each for every chunk that lies in a live pack, in order of id. */
KIST_CHECKED kist_status kist_registry_each_chunk(struct kist_registry *registry,
						  kist_status (*each)(void *ctx,
								      const struct kist_chunk_row *row,
								      struct kist_error *err),
						  void *ctx, struct kist_error *err);

/** kist_registry_each_base() - Calls @each for every chunk that has a base, in order of id. */
KIST_CHECKED kist_status kist_registry_each_base(struct kist_registry *registry,
						 kist_status (*each)(void *ctx,
								     const struct kist_digest *chunk,
								     const struct kist_digest *base,
								     struct kist_error *err),
						 void *ctx, struct kist_error *err);

/** kist_registry_condemned() - Appends the id of every pack that was condemned and is not known to be
 * deleted. */
KIST_CHECKED kist_status kist_registry_condemned(struct kist_registry *registry, struct kist_buf *ret,
						 struct kist_error *err);

/** kist_registry_find_pack() - Whether pack @id is live, and whether it is condemned and not known to be
 * deleted. */
KIST_CHECKED kist_status kist_registry_find_pack(struct kist_registry *registry, const struct kist_digest *id,
						 bool *ret_live, bool *ret_condemned, struct kist_error *err);

/** kist_registry_is_fenced() - Whether @session, of KIST_SESSION_SIZE bytes, is fenced. */
KIST_CHECKED kist_status kist_registry_is_fenced(struct kist_registry *registry, const uint8_t *session,
						 bool *ret, struct kist_error *err);

/** kist_registry_last_collected() - The newest commit that took anything away; 0 for none. */
KIST_CHECKED kist_status kist_registry_last_collected(struct kist_registry *registry, uint64_t *ret_commit,
						      struct kist_error *err);

/** kist_registry_is_named() - Whether a name points to artifact @id itself. */
KIST_CHECKED kist_status kist_registry_is_named(struct kist_registry *registry, const struct kist_digest *id,
						bool *ret, struct kist_error *err);

/**
 * kist_registry_is_forgotten() - Whether record @id does not count where a pack of commit @number holds it.
 */
KIST_CHECKED kist_status kist_registry_is_forgotten(struct kist_registry *registry,
						    const struct kist_digest *id, uint64_t number, bool *ret,
						    struct kist_error *err);

/** kist_registry_reread() - Looks again at the packs of which something could not be read. */
KIST_CHECKED kist_status kist_registry_reread(struct kist_registry *registry, struct kist_error *err);

#endif
