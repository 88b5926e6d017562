/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_RECIPE_H
#define KIST_PACK_RECIPE_H

#include "base/digest.h"
#include "pack/chunk.h"

/*
 * A recipe node: the ordered chunks that make some bytes.  Kept as a chunk of kind KIST_CHUNK_RECIPE.
 *
 *      0  4    "KRCP"
 *      4  u8   version: 1
 *      5  u8   depth: 0 lists chunks of data, d lists recipe nodes of depth d - 1
 *      6  u16  number of midstates, 0..count; 0 but at depth 0
 *      8  u32  count, 0..KIST_RECIPE_ENTRIES_MAX; 0 at depth 0 alone
 *     12       count entries of 40 bytes: id (32), u64 length in bytes of the object, > 0
 *              midstates of 36 bytes: u32 number of the entry, rising; the midstate (32)
 *
 * Thread: pure.
 * Source: docs/format/store.md, section 6.
 */

#define KIST_RECIPE_ENTRIES_MAX ((size_t)1024)
/** 1,024^4 chunks are past any object; deeper is refused, so that reading needs no stack to speak of. */
#define KIST_RECIPE_DEPTH_MAX  3
#define KIST_RECIPE_HEAD_SIZE  ((size_t)12)
#define KIST_RECIPE_ENTRY_SIZE ((size_t)40)
#define KIST_RECIPE_STATE_SIZE ((size_t)36)
#define KIST_RECIPE_SIZE_MAX                                                                                 \
	(KIST_RECIPE_HEAD_SIZE + KIST_RECIPE_ENTRIES_MAX * (KIST_RECIPE_ENTRY_SIZE + KIST_RECIPE_STATE_SIZE))

/** struct kist_recipe_entry - A chunk, or a node one level below, and the bytes of the object that it covers.
 */
struct kist_recipe_entry {
	struct kist_digest id;
	uint64_t len;
};

/**
 * struct kist_recipe_state - Where the SHA-256 of the object stands at the first whole block from the begin of an
 * entry on.  A hint, which may lie.
 */
struct kist_recipe_state {
	uint32_t entry;
	struct kist_midstate midstate;
};

/** struct kist_recipe - A checked node; borrows the bytes it was opened from. */
struct kist_recipe {
	struct kist_view bytes;
	uint32_t count;
	uint16_t states;
	uint8_t depth;
	uint64_t size; /* bytes of the object that it covers */
};

/**
 * kist_recipe_encode() - Appends the node with these entries to @ret.
 *
 * @states: @state_count of them, by entry; none but at depth 0.
 *
 * Errors: KIST_LIMIT (depth, count, a length, the sum, the states), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_recipe_encode(uint8_t depth, const struct kist_recipe_entry *entries,
					    size_t count, const struct kist_recipe_state *states,
					    size_t state_count, struct kist_buf *ret, struct kist_error *err);

/** kist_recipe_open() - Checks a node.  @bytes is borrowed by @ret.  Errors: KIST_CORRUPT, KIST_INCOMPATIBLE.
 */
KIST_CHECKED kist_status kist_recipe_open(struct kist_view bytes, struct kist_recipe *ret,
					  struct kist_error *err);

/** kist_recipe_entry_at() - Entry @i, below @recipe->count. */
struct kist_recipe_entry kist_recipe_entry_at(const struct kist_recipe *recipe, size_t i);

/** kist_recipe_state_at() - Midstate @i, below @recipe->states. */
struct kist_recipe_state kist_recipe_state_at(const struct kist_recipe *recipe, size_t i);

#endif
