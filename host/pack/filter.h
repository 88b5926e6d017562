/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_H
#define KIST_PACK_FILTER_H

#include "kist/stream.h"
#include "pack/dictionary.h"
#include "pack/filter_coder.h"
#include "pack/filter_shape_kernel.h"

/*
 * Typed compression of a chunk: a filter, and a zstd frame for each stream that it gives.
 *
 * What the elements are only says which filters may be tried; a sample of the bytes decides.  The result
 * decodes with any zstd decoder, that of a record with the dictionary: to the filtered bytes.
 *
 * Thread: one struct kist_filter, one thread at a time.
 * Source: docs/format/store.md, section 3.
 */

/** What the elements are.  A wrong one costs size, never correctness. */
enum kist_filter_kind {
	KIST_FILTER_BYTES = 0,	/* no elements: text, a header */
	KIST_FILTER_INT = 1,	/* whole numbers, with a sign or not; truth values */
	KIST_FILTER_REAL = 2,	/* floating point of any kind; complex numbers as two of them */
	KIST_FILTER_STRUCT = 3, /* records */
};

/**
 * struct kist_filter_hint - What is known about the bytes of a chunk.
 *
 * @width:       Bytes of an element: 1, 2, 4, 8; else the kind counts as KIST_FILTER_BYTES.
 * @row:         Elements of a row, whose columns may be alike; 0 or 1 for none.
 * @record_size: Bytes of a record of KIST_FILTER_STRUCT.
 * @columns:     Its fields, if they are known: @filter is FLOAT for floating point, PLANES for whole numbers,
 *               NONE for others.  Their widths add up to @record_size.
 */
struct kist_filter_hint {
	enum kist_filter_kind kind;
	uint32_t width;
	uint32_t row;
	uint32_t record_size;
	size_t column_count;
	struct kist_filter_column columns[KIST_FILTER_FIELDS_MAX];
};

/** kist_filter_hint_of() - From the type and the shape of a part; KIST_FILTER_BYTES for types without one. */
struct kist_filter_hint kist_filter_hint_of(const struct kist_part *part);

/** struct kist_filter_choice - What stands in the record: the base's id too, when @filter is
 * KIST_FILTER_BASE. */
struct kist_filter_choice {
	uint8_t filter; /* enum kist_filter_id */
	uint8_t params[KIST_FILTER_PARAMS_SIZE];
	bool with_dictionary; /* KIST_CODEC_DICTIONARY */
	bool is_guess;	      /* it is what was guessed, and nothing else was tried */
	/* Of plain zstd: which matches are better, where that was tried.  Not in the record. */
	enum kist_filter_matches matches;
};

/**
 * struct kist_filter_guess - What was chosen for a chunk that this one is probably like.
 *
 * It is followed when the body is as much smaller than the chunk as that one's was; else a sample decides.
 *
 * @ratio: Bytes of the body for each byte of the chunk, that time.
 */
struct kist_filter_guess {
	struct kist_filter_choice choice;
	double ratio;
};

/**
 * struct kist_filter_input - A chunk to encode.
 *
 * @raw:  1..KIST_CHUNK_SIZE_MAX bytes, beginning with a whole element.
 * @base: Of a chunk that may be leaned on: as many bytes; of KIST_FILTER_BYTES any number up to
 *        KIST_CHUNK_SIZE_MAX.  Empty for none.
 */
struct kist_filter_input {
	struct kist_view raw;
	struct kist_view base;
	struct kist_filter_hint hint;
	enum kist_filter_level level;
	const struct kist_filter_guess *guess; /* of a chunk with the same hint; NULL for none */
	bool is_record;			       /* of an artifact: the dictionary is for those */
	bool is_example; /* others like it follow: which matches suit it is worth a trial */
};

/** Bytes that a record takes more, when it has a filter: its extension.  A filter must gain more. */
#define KIST_FILTER_HEAD_EXTRA ((size_t)48)

/** struct kist_filter - Room to work in, kept from chunk to chunk. */
struct kist_filter {
	struct kist_filter_coder coder;
	struct kist_dictionary dictionary;
	const struct kist_filter_ops *ops; /* NULL: the best of this processor */
	uint8_t *room[4];
	size_t room_size;
	uint32_t *table; /* of what a base has; NULL until there is one */
};

#define KIST_FILTER_INIT                                                                                     \
	{                                                                                                    \
		.ops = NULL                                                                                  \
	}
#define kist_auto_filter __attribute__((cleanup(kist_filter_done)))

void kist_filter_done(struct kist_filter *filter);

/**
 * kist_filter_encode() - Writes the body of a chunk, when it is smaller than the stored one.
 *
 * @ret:        Room for kist_codec_stored_size() bytes.
 * @ret_size:   Bytes written; 0 when the chunk is better stored (KIST_CODEC_STORED, no filter).  With a
 *              filter at least KIST_FILTER_HEAD_EXTRA bytes less than the stored body.
 * @ret_choice: For the record.
 *
 * Errors: KIST_NO_MEMORY, KIST_INVALID (a base of another length).
 */
KIST_CHECKED kist_status kist_filter_encode(struct kist_filter *filter, const struct kist_filter_input *input,
					    uint8_t *ret, size_t *ret_size,
					    struct kist_filter_choice *ret_choice, struct kist_error *err);

/**
 * struct kist_filter_body - A body to decode, with what its record says.
 *
 * @base: The base's bytes for KIST_FILTER_BASE and KIST_FILTER_COPIES; else empty.
 */
struct kist_filter_body {
	struct kist_view body;
	struct kist_view base;
	struct kist_filter_choice choice;
};

/**
 * kist_filter_decode() - Decodes a body; all of it is taken as hostile.
 *
 * @ret: Room for @raw_len bytes, 1..KIST_CHUNK_SIZE_MAX; what it holds after a failure is undefined.  The
 *       caller compares the digest: not every damage is noticed here.
 *
 * Errors: KIST_CORRUPT (params, frames, lengths, a base of another length), KIST_INCOMPATIBLE (a filter that
 * this version does not know), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_filter_decode(struct kist_filter *filter, const struct kist_filter_body *body,
					    uint8_t *ret, size_t raw_len, struct kist_error *err);

/**
 * kist_filter_compare() - Whether a body decodes to @raw, without writing all of that where it can be compared piece by
 * piece.
 *
 * @room: For the bytes, where it cannot: of up to KIST_CHUNK_SIZE_MAX.
 *
 * Errors: KIST_CORRUPT (also when it decodes to other bytes), KIST_INCOMPATIBLE, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_filter_compare(struct kist_filter *filter, const struct kist_filter_body *body,
					     struct kist_view raw, struct kist_buf *room,
					     struct kist_error *err);

#endif
