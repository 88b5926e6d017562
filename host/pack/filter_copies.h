/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_COPIES_H
#define KIST_PACK_FILTER_COPIES_H

#include <stdbool.h>

#include "base/buf.h"
#include "pack/filter_shape_kernel.h"

/*
 * Bytes that mostly stand in a base too, though elsewhere: rows put into a text, or taken out of it.
 *
 *     u32 fresh, u32 skip, u32 len, of each copy | the fresh bytes
 *
 * A copy is @fresh bytes that the base does not have, then @len bytes of the base: those that begin @skip
 * bytes (modulo 2^32) behind the end of the copy before; of the first, behind the start of the base.  The
 * fresh bytes that are left over follow the last copy.
 *
 * Thread: pure.
 * Source: docs/format/store.md, section 3.
 */

/** What is shorter is not searched for. */
#define KIST_FILTER_COPY_MIN ((size_t)32)
/** Items of the table that finding needs. */
#define KIST_FILTER_COPIES_TABLE ((size_t)1 << 15)

/**
 * kist_filter_copies_forward() - Finds what of @raw stands in @base.
 *
 * @table:      Room for KIST_FILTER_COPIES_TABLE items.
 * @limit:      Filtered bytes at most, not more than @raw has.
 * @ret:        Room for @limit bytes: ret_copies * KIST_FILTER_COPY_SIZE + ret_fresh are written.
 * @ret_copies: 1 at least.
 *
 * False when there is no copy, or @limit is not enough.
 */
bool kist_filter_copies_forward(struct kist_view raw, struct kist_view base, uint32_t *table, size_t limit,
				uint8_t *ret, uint32_t *ret_copies, uint32_t *ret_fresh);

/**
 * kist_filter_copies_back() - Back.
 *
 * @filtered: copies * KIST_FILTER_COPY_SIZE + fresh bytes.
 * @ret:      Room for @len bytes; undefined after a failure.
 *
 * False when they do not give exactly @len bytes, or reach beyond the base.
 */
bool kist_filter_copies_back(const uint8_t *filtered, uint32_t copies, uint32_t fresh, struct kist_view base,
			     uint8_t *ret, size_t len);

#endif
