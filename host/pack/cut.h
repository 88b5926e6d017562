/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_CUT_H
#define KIST_PACK_CUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "pack/chunk.h"

/*
 * Cutting: where the chunks of an object begin.
 *
 * An object is a row of stretches: its typed parts and the gaps between them.  A stretch of
 * KIST_CUT_STRETCH_MIN bytes or more is cut at its start, so that a tensor gives the same chunks whatever
 * lies before it, and then every `typed` bytes (rounded down to whole elements) or every `fixed` bytes (a
 * gap). Shorter stretches that follow each other are gathered into chunks of at least that size. A rest of
 * less than KIST_CUT_STRETCH_MIN bytes is left on the last chunk of its stretch.
 *
 *     | head 128 | part of 2.5 MiB                    |
 *     | 128      | 1 MiB      | 1 MiB      | 0.5 MiB  |
 *
 * The same bytes with the same parts and parameters are always cut alike; this is part of the format.
 *
 * Thread: one struct kist_cut, one thread at a time.
 * Source: docs/format/store.md, section 5.
 */

/** A stretch shorter than this gets no chunk of its own. */
#define KIST_CUT_STRETCH_MIN  ((uint64_t)64 << 10)
#define KIST_CUT_SIZE_DEFAULT ((uint32_t)1 << 20)
#define KIST_CUT_SIZE_MIN     ((uint32_t)64 << 10)
/** So that the longest chunk (short ones, a cut, a rest) stays within KIST_CHUNK_SIZE_MAX. */
#define KIST_CUT_SIZE_MAX ((uint32_t)2 << 20)

/** struct kist_cut_sizes - The parameters, from kist.json; both in KIST_CUT_SIZE_MIN..KIST_CUT_SIZE_MAX. */
struct kist_cut_sizes {
	uint32_t typed;
	uint32_t fixed;
};

/** struct kist_cut_part - A typed part: @len bytes at @offset; @element_size 0 counts as 1. */
struct kist_cut_part {
	uint64_t offset;
	uint64_t len;
	uint32_t element_size;
};

#define KIST_CUT_NO_PART SIZE_MAX

/** struct kist_cut - Cutting under way.  Parts are borrowed. */
struct kist_cut {
	struct kist_cut_sizes sizes;
	uint64_t size;
	const struct kist_cut_part *parts;
	size_t count;
	size_t next_part;
	uint64_t at;
	uint64_t stretch_end;
	size_t stretch_part; /* or KIST_CUT_NO_PART */
};

/**
 * kist_cut_init() - Begins to cut @size bytes.
 *
 * @parts: In order of offset, not overlapping, within @size.  Borrowed while cutting.
 *
 * Errors: KIST_INVALID (parts, sizes).
 */
KIST_CHECKED kist_status kist_cut_init(struct kist_cut *cut, struct kist_cut_sizes sizes, uint64_t size,
				       const struct kist_cut_part *parts, size_t count,
				       struct kist_error *err);

/**
 * kist_cut_next() - The next chunk: 1..KIST_CHUNK_SIZE_MAX bytes behind the one before; false at the end.
 *
 * @ret_part: Index of the part that most of it belongs to, or KIST_CUT_NO_PART.  May be NULL.
 */
bool kist_cut_next(struct kist_cut *cut, uint64_t *ret_offset, size_t *ret_len, size_t *ret_part);

#endif
