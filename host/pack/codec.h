/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_CODEC_H
#define KIST_PACK_CODEC_H

#include "base/buf.h"
#include "pack/chunk.h"

/*
 * Codecs: raw bytes of a chunk to the body of its record, and back.
 *
 * Every body is one zstd frame, so that any zstd decoder reads a pack.  STORED is a frame of raw blocks
 * that we write ourselves, for bytes that do not shrink:
 *
 *     28 B5 2F FD | A0 | u32 raw length | per 128 KiB: 3-byte block header, bytes
 *
 * Thread: one struct kist_codec, one thread at a time.
 * Source: RFC 8878; docs/format/store.md, section 3.
 */

enum kist_codec_id {
	KIST_CODEC_STORED = 0, /* a zstd frame of raw blocks */
	KIST_CODEC_ZSTD = 1,   /* a zstd frame */
	KIST_CODEC_COUNT = 2
};

/** Of zstd.  Level 3 gains a few percent on text and costs half the speed. */
#define KIST_CODEC_LEVEL 1

/** struct kist_codec - Contexts of zstd, kept from chunk to chunk; made when first needed. */
struct kist_codec {
	void *compressor;
	void *decompressor;
};

#define KIST_CODEC_INIT                                                                                      \
	{                                                                                                    \
		.compressor = NULL, .decompressor = NULL                                                     \
	}
#define kist_auto_codec __attribute__((cleanup(kist_codec_done)))

void kist_codec_done(struct kist_codec *codec);

/** kist_codec_stored_size() - Bytes of the STORED body of @raw_len bytes: the most that a body can take. */
size_t kist_codec_stored_size(size_t raw_len);

/** kist_codec_store() - Writes the STORED body of @raw: kist_codec_stored_size() bytes at @ret. */
void kist_codec_store(struct kist_view raw, uint8_t *ret);

/**
 * kist_codec_compress() - Writes the ZSTD body of @raw, when it is smaller than the STORED one.
 *
 * @raw:      1..KIST_CHUNK_SIZE_MAX bytes.
 * @ret:      Room for kist_codec_stored_size() bytes.
 * @ret_size: Bytes written; 0 when the chunk is better stored.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_codec_compress(struct kist_codec *codec, struct kist_view raw, uint8_t *ret,
					     size_t *ret_size, struct kist_error *err);

/**
 * kist_codec_decode() - Decodes a body of either kind.
 *
 * @ret: Room for @raw_len bytes, 1..KIST_CHUNK_SIZE_MAX; what it holds after a failure is undefined.
 *
 * Errors: KIST_CORRUPT (not exactly one frame of @raw_len bytes), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_codec_decode(struct kist_codec *codec, struct kist_view body, uint8_t *ret,
					   size_t raw_len, struct kist_error *err);

#endif
