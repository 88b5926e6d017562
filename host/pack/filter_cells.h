/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_CELLS_H
#define KIST_PACK_FILTER_CELLS_H

#include "pack/filter.h"
#include "pack/filter_cells_kernel.h"

/*
 * When bytes are taken apart as lines of cells, and how their streams are coded.
 *
 * Thread: as for struct kist_filter.
 */

/** Shorter bytes are not looked at: planes of so few rows gain little. */
#define KIST_FILTER_CELLS_SIZE_MIN ((size_t)64 << 10)

/**
 * kist_filter_cells_find() - Whether a part of @raw has lines with mostly as many cells each.
 *
 * @ret: The delimiter and the columns, 2 at least.
 */
bool kist_filter_cells_find(struct kist_view raw, struct kist_filter_cells *ret);

/**
 * kist_filter_cells_encode() - Filters and codes.
 *
 * @cells:    The delimiter and the columns; the rest is set.
 * @raw:      Not more than kist_filter_reserve() had room made for.
 * @ret:      Room for @limit bytes.
 * @ret_size: Bytes written, fewer than @limit; 0 when it does not get below that, or @raw is no such text.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_filter_cells_encode(struct kist_filter *filter,
						  const struct kist_filter_task *task, struct kist_view raw,
						  struct kist_filter_cells *cells, size_t limit, uint8_t *ret,
						  size_t *ret_size, struct kist_error *err);

#endif
