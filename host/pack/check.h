/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_CHECK_H
#define KIST_PACK_CHECK_H

#include "pack/pack.h"

/*
 * Checking a whole pack in memory, and finding what is left of a damaged one.
 *
 * Thread: pure, but for its own room.
 * Source: docs/format/store.md, section 3.
 */

/**
 * kist_pack_check() - Checks everything: head, index, footer, and every record, decoded and hashed; that the
 * records fill the pack without a gap, and that records and index are the same set.  Of a chunk with a base,
 * which may lie elsewhere, the CRC alone is checked.
 *
 * @each_bad: Told of each damage: the chunk, or NULL when it is not one chunk's; the offset in the pack; why.
 *            May be NULL.
 * @ret_head: May be NULL.  Set on success only.
 *
 * Errors: KIST_CORRUPT, KIST_INCOMPATIBLE, KIST_NO_MEMORY; the first damage is in @err.
 */
KIST_CHECKED kist_status kist_pack_check(struct kist_view pack,
					 void (*each_bad)(void *ctx, const struct kist_digest *chunk,
							  uint64_t offset, const struct kist_error *why),
					 void *ctx, struct kist_pack_head *ret_head, struct kist_error *err);

/**
 * kist_pack_scan() - Finds records without any index: calls @each for every record whose head and body have
 * the right CRCs, wherever it lies.  Its digest is not checked.
 *
 * Errors: what @each gives.
 */
KIST_CHECKED kist_status kist_pack_scan(struct kist_view bytes,
					kist_status (*each)(void *ctx, const struct kist_record *record,
							    uint64_t offset, struct kist_error *err),
					void *ctx, struct kist_error *err);

#endif
