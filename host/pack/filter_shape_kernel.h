/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_SHAPE_KERNEL_H
#define KIST_PACK_FILTER_SHAPE_KERNEL_H

#include "pack/filter_cells_kernel.h"
#include "pack/filter_ops_kernel.h"

/*
 * Filters: the bytes of a chunk put into an order that compresses, and back.
 *
 * The filtered bytes are streams, one after the other, and at the end the bytes that make no whole word (or
 * record), as they are.
 *
 *     id          params                         streams
 *     0 none                                     the bytes
 *     1 planes    [0] width 2, 4, 8              plane 0, plane 1...
 *     2 float     [0] width 2, 4, 8              planes of the words, each rotated left by one bit
 *     3 delta     [0] width 1, 2, 4, 8           planes of zigzag(word - the word [2..3] words before it, or
 *                 [2..3] u16 distance 1..1024    0 at the beginning)
 *     4 base      [0] width 1, 2, 4, 8           planes of zigzag(key(word) - key(word of the base)), where
 *                 [1] 1 keys of floats, 0 none   key is the word itself when [1] is 0
 *     5 decimal   [0] width 8                    planes of zigzag(i - the i before), where word = i / 10^e as
 *                 [1] e 0..18                    a double; then for each exception the u32 number of words
 *                 [4..7] u32 exceptions          that lie between it and the one before it; then for each
 *                                                exception its u64 word.  The i of an exception is the one
 *                                                before it.  At most one word in 20 is an exception
 *     6 record    [0] fields 1..15               field by field, what its filter gives of the column;
 *                 [1..] a byte for each field    width - 1 (1..32) and its filter << 5: 0 the column as it
 *                                                is, 1, 2 or 3 (distance 1) with a width that this one has
 *                 or [0] 0, [2..3] u16 2..1024   all bytes 0 of the records, all bytes 1...
 *     7 bits      [0] width 1, 2, 4, 8           of each plane: bits 0 of eight bytes a byte, the first byte
 *                                                in bit 0; then bits 1...  Words are taken by eights
 *     8 copies    [4..7] u32 copies, 1 or more   what pack/filter_copies.h finds in a base of any length:
 *                 [8..11] u32 fresh bytes        the copies, the fresh bytes; no more than the chunk has
 *     9 cells     [0] delimiter, [1] columns     what pack/filter_cells_kernel.h makes of lines of text; no more
 *                 [4..7] u32 rows                than kist_filter_size_max()
 *                 [8..11] u32 filtered bytes
 *                 [12..15] u32 stretches
 *
 * Params that are not named are 0.  Every id and params from outside go through kist_filter_spec_read().
 *
 * Thread: pure.
 * Source: docs/format/store.md, section 3.
 */

enum kist_filter_id {
	KIST_FILTER_NONE = 0,
	KIST_FILTER_PLANES = 1,
	KIST_FILTER_FLOAT = 2,
	KIST_FILTER_DELTA = 3,
	KIST_FILTER_BASE = 4,
	KIST_FILTER_DECIMAL = 5,
	KIST_FILTER_RECORD = 6,
	KIST_FILTER_BITS = 7,
	KIST_FILTER_COPIES = 8,
	KIST_FILTER_CELLS = 9,
	KIST_FILTER_COUNT = 10
};

#define KIST_FILTER_PARAMS_SIZE	 16
#define KIST_FILTER_DISTANCE_MAX 1024
#define KIST_FILTER_EXPONENT_MAX 18
#define KIST_FILTER_FIELDS_MAX	 15
#define KIST_FILTER_FIELD_MAX	 32
#define KIST_FILTER_RECORD_MAX	 1024
/** One word in so many may be an exception of KIST_FILTER_DECIMAL. */
#define KIST_FILTER_EXCEPTION_IN 20
/** Bytes of a copy of KIST_FILTER_COPIES. */
#define KIST_FILTER_COPY_SIZE ((size_t)12)
/** Bytes of the longest chunk that is filtered: KIST_CHUNK_SIZE_MAX. */
#define KIST_FILTER_RAW_SIZE_MAX ((size_t)4 << 20)

/** struct kist_filter_column - A field of a record: @filter is NONE, PLANES, FLOAT or DELTA. */
struct kist_filter_column {
	uint8_t width;
	uint8_t filter;
};

/** struct kist_filter_spec - A filter and its parameters, taken apart. */
struct kist_filter_spec {
	uint8_t filter;
	uint8_t width;
	bool float_keys;
	uint8_t exponent;
	uint16_t distance;
	uint16_t record_size;
	uint32_t exceptions;
	uint32_t copies;
	uint32_t fresh;
	struct kist_filter_cells cells;
	uint8_t column_count; /* 0: every byte of the record is a column */
	struct kist_filter_column columns[KIST_FILTER_FIELDS_MAX];
};

/** kist_filter_spec_read() - Takes params apart; false for what this page does not allow. */
bool kist_filter_spec_read(uint8_t filter, const uint8_t params[static KIST_FILTER_PARAMS_SIZE],
			   struct kist_filter_spec *ret);

/** kist_filter_spec_write() - The params of @spec, which kist_filter_spec_read() would allow. */
void kist_filter_spec_write(const struct kist_filter_spec *spec, uint8_t ret[static KIST_FILTER_PARAMS_SIZE]);

/** kist_filter_size() - Filtered bytes of @len raw ones; 0 when @spec does not fit @len. */
size_t kist_filter_size(const struct kist_filter_spec *spec, size_t len);

/** kist_filter_size_max() - The most that kist_filter_size() gives for @len, and that forward needs. */
size_t kist_filter_size_max(size_t len);

/**
 * kist_filter_stream() - Bytes of stream @index of the filtered bytes, the rest at the end included.
 *
 * 0 behind the last.  A stream of 0 bytes in between is left out.
 */
size_t kist_filter_stream(const struct kist_filter_spec *spec, size_t len, size_t index);

/**
 * kist_filter_forward() - Filters; KIST_FILTER_COPIES and KIST_FILTER_CELLS have functions of their own.
 *
 * @spec: From kist_filter_spec_read().  KIST_FILTER_DECIMAL sets its exceptions.
 * @base: @len bytes for KIST_FILTER_BASE; else not looked at.
 * @ret:  Room for kist_filter_size_max() bytes; kist_filter_size() are written.
 *
 * False when more words are exceptions than KIST_FILTER_DECIMAL allows.
 */
bool kist_filter_forward(const struct kist_filter_ops *ops, struct kist_filter_spec *spec, const uint8_t *raw,
			 size_t len, const uint8_t *base, uint8_t *ret);

/**
 * kist_filter_back() - Takes a filter off; neither KIST_FILTER_COPIES nor KIST_FILTER_CELLS.
 *
 * @filtered: kist_filter_size() bytes, which must not be 0.
 * @ret:      Room for @len bytes; undefined after a failure.
 *
 * False when the filtered bytes are not what a filter makes; many of these are not noticed here, so the
 * caller compares digests.
 */
bool kist_filter_back(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
		      const uint8_t *filtered, size_t len, const uint8_t *base, uint8_t *ret);

/** kist_filter_has_words() - Whether @spec maps words: PLANES, FLOAT, DELTA, BASE or BITS. */
bool kist_filter_has_words(const struct kist_filter_spec *spec);

/**
 * kist_filter_equal() - Whether kist_filter_back() would give @raw, which is compared piece by piece.
 *
 * @spec: One that maps words.
 */
bool kist_filter_equal(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
		       const uint8_t *filtered, size_t len, const uint8_t *base, const uint8_t *raw);

#endif
