/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_CUT_H
#define KIST_PACK_CUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "pack/cdc.h"
#include "pack/chunk.h"

/*
 * Cutting: where the chunks of an object begin.
 *
 * An object is a row of stretches: its typed parts and the gaps between them.  A gap of KIST_CUT_STRETCH_MIN
 * bytes or more is cut at its start, and a part of KIST_CUT_PART_MIN or more at both its ends, so that a tensor
 * gives the same chunks whatever lies around it.  A part is then cut every `typed` bytes, rounded down to whole elements: tensors change in
 * place.  A rest of less than KIST_CUT_STRETCH_MIN bytes is left on its last chunk.  A gap of four times
 * `cdc` bytes or more is cut by its content (pack/cdc.h): text grows and shrinks; a shorter one is one chunk.
 * The listing of a tree is cut with KIST_CUT_LISTING_SIZE in place of `cdc`.
 * Short stretches that follow each other are gathered into chunks of at least KIST_CUT_STRETCH_MIN bytes.  An
 * object of less than that is one chunk.
 *
 *     | head 128 | part of 2.5 MiB                    |
 *     | 128      | 1 MiB      | 1 MiB      | 0.5 MiB  |
 *
 * The same bytes with the same parts and parameters are always cut alike; this is part of the format.
 *
 * Thread: one struct kist_cut, one thread at a time.
 * Source: docs/format/store.md, section 5; docs/adr/0011-cutting-by-content.md.
 */

/** A gap shorter than this gets no chunk of its own; a chunk of short stretches has as many bytes. */
#define KIST_CUT_STRETCH_MIN ((uint64_t)64 << 10)
/** A part shorter than this gets no chunk of its own. */
#define KIST_CUT_PART_MIN     ((uint64_t)16 << 10)
#define KIST_CUT_SIZE_DEFAULT ((uint32_t)1 << 20)
#define KIST_CUT_SIZE_MIN     ((uint32_t)64 << 10)
/** The listing of a tree is cut by its content, so many bytes on average, in every store. */
#define KIST_CUT_LISTING_SIZE KIST_CUT_SIZE_MIN
/** So that the longest chunk (short ones, a cut, a rest) stays within KIST_CHUNK_SIZE_MAX. */
#define KIST_CUT_SIZE_MAX ((uint32_t)2 << 20)

/**
 * struct kist_cut_sizes - The parameters, from kist.json.
 *
 * @typed: Of the chunks of a part: KIST_CUT_SIZE_MIN..KIST_CUT_SIZE_MAX.
 * @cdc:   On average, of a gap: a power of two in KIST_CUT_SIZE_MIN..KIST_CDC_AVERAGE_MAX.
 */
struct kist_cut_sizes {
	uint32_t typed;
	uint32_t cdc;
};

/** kist_cut_sizes_check() - Whether both are in range. */
bool kist_cut_sizes_check(const struct kist_cut_sizes *sizes);

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
	size_t open; /* bytes of the open chunk at most */
	uint64_t stretch_end;
	size_t stretch_part; /* or KIST_CUT_NO_PART */
	bool by_content;     /* the stretch is */
	struct kist_cdc cdc;
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
 * kist_cut_next() - Opens the chunk behind the one that ended last; false at the end of the object.
 *
 * @ret_len:  Bytes of it at most, 1..KIST_CHUNK_SIZE_MAX.
 * @ret_part: Index of the part that most of it belongs to, or KIST_CUT_NO_PART.  May be NULL.
 */
bool kist_cut_next(struct kist_cut *cut, uint64_t *ret_offset, size_t *ret_len, size_t *ret_part);

/**
 * kist_cut_end() - Ends the open chunk: how many bytes of @bytes it has, at least one.
 *
 * @bytes: As many from its start on as kist_cut_next() said; fewer, but one at least, only where the object
 *         turns out to be shorter.
 */
size_t kist_cut_end(struct kist_cut *cut, struct kist_view bytes);

#endif
