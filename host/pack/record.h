/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_RECORD_H
#define KIST_PACK_RECORD_H

#include "base/digest.h"
#include "pack/codec.h"
#include "pack/filter.h"

/*
 * A record: one chunk as it lies in a pack.  The head is a zstd skippable frame, the body one zstd frame, which of an
 * artifact's record may need a dictionary (pack/dictionary.h), or with a filter one for each of its streams.
 *
 *      0  u32  0x184D2A51: skippable frame
 *      4  u32  bytes of the head after this field: 56, or 104 with the extension
 *      8  4    "KREC"
 *     12  u8   version: 1
 *     13  u8   filter: enum kist_filter_id
 *     14  u8   codec: enum kist_codec_id
 *     15  u8   flags: bits 0..3 enum kist_chunk_kind, bit 7 extension, the others 0
 *     16  u32  raw length, 1..KIST_CHUNK_SIZE_MAX
 *     20  u32  body length
 *     24  u32  CRC-32C of the body
 *     28  u32  CRC-32C of the head without this field
 *     32  32   chunk id: SHA-256 of the raw bytes
 *     64  32   extension: id of the base chunk, zero for none
 *     96  16   extension: parameters of the filter
 *    then the body
 *
 * The extension is there exactly when there is a filter, and a base exactly when that is KIST_FILTER_BASE
 * or KIST_FILTER_COPIES.  Only chunks of data have a base; a base is a chunk whose own record has none, of the
 * same length for KIST_FILTER_BASE.
 *
 * Thread: pure, but for the room of a struct kist_filter.
 * Source: docs/format/store.md, section 3.
 */

#define KIST_RECORD_HEAD_SIZE ((size_t)64)
#define KIST_RECORD_HEAD_MAX  (KIST_RECORD_HEAD_SIZE + KIST_FILTER_HEAD_EXTRA)

/** struct kist_record - The head of a record, taken apart. */
struct kist_record {
	struct kist_digest id;
	uint32_t raw_len;
	uint32_t body_len;
	uint32_t body_crc;
	uint8_t filter;
	uint8_t codec;
	uint8_t kind;
	struct kist_digest base; /* with KIST_FILTER_BASE and KIST_FILTER_COPIES; else zeros */
	uint8_t params[KIST_FILTER_PARAMS_SIZE];
};

/** kist_record_head_size() - Bytes of the head of @record. */
size_t kist_record_head_size(const struct kist_record *record);

/** kist_record_write_head() - Writes kist_record_head_size() bytes at @ret. */
void kist_record_write_head(const struct kist_record *record, uint8_t *ret);

/**
 * kist_record_parse() - Takes the head at the front of @bytes apart; the body is not looked at.
 *
 * Errors: KIST_CORRUPT, KIST_INCOMPATIBLE (a sound head that this version cannot decode).
 */
KIST_CHECKED kist_status kist_record_parse(struct kist_view bytes, struct kist_record *ret,
					   struct kist_error *err);

/**
 * kist_record_unpack() - Decodes a whole record; the caller compares the digest.
 *
 * @bytes: Exactly the record: head and body.
 * @base:  The bytes of the chunk @record->base, when there is one; else empty.
 * @ret:   Room for @record->raw_len bytes; what it holds after a failure is undefined.
 *
 * Errors: KIST_CORRUPT (a length, also the base's; the CRC, the parameters, the frames), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_record_unpack(struct kist_filter *filter, const struct kist_record *record,
					    struct kist_view bytes, struct kist_view base, uint8_t *ret,
					    struct kist_error *err);

/**
 * kist_record_unpack_unsummed() - The same for a caller who will not take the bytes but by a digest: damage that still
 * decodes is left to that.
 *
 * The CRC is looked at only where nothing decodes, to tell damage from a record that was never right.
 */
KIST_CHECKED kist_status kist_record_unpack_unsummed(struct kist_filter *filter,
						     const struct kist_record *record, struct kist_view bytes,
						     struct kist_view base, uint8_t *ret,
						     struct kist_error *err);

/**
 * kist_record_compare() - Whether a record, whose length and CRC are known to be right, decodes to @raw, of
 * @record->raw_len bytes.
 *
 * @room: As for kist_filter_compare().
 *
 * Errors: KIST_CORRUPT, KIST_INCOMPATIBLE, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_record_compare(struct kist_filter *filter, const struct kist_record *record,
					     struct kist_view bytes, struct kist_view base,
					     struct kist_view raw, struct kist_buf *room,
					     struct kist_error *err);

/**
 * kist_record_prove() - Whether @actual, the digest of what was decoded, is the one that @record names.
 *
 * Errors: KIST_CORRUPT.
 */
KIST_CHECKED kist_status kist_record_prove(const struct kist_record *record, const struct kist_digest *actual,
					   struct kist_error *err);

/** kist_record_decode() - Both: decodes a whole record and proves that its bytes are the chunk it names. */
KIST_CHECKED kist_status kist_record_decode(struct kist_filter *filter, const struct kist_record *record,
					    struct kist_view bytes, struct kist_view base, uint8_t *ret,
					    struct kist_error *err);

/** kist_record_check_body() - Whether the body has its length and its CRC: what can be said without the base.
 *
 * Errors: KIST_CORRUPT.
 */
KIST_CHECKED kist_status kist_record_check_body(const struct kist_record *record, struct kist_view bytes,
						struct kist_error *err);

/** kist_record_has_base() - Whether @record is a difference to another chunk. */
static inline bool kist_record_has_base(const struct kist_record *record)
{
	return record->filter == KIST_FILTER_BASE || record->filter == KIST_FILTER_COPIES;
}

#endif
