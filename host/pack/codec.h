/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_CODEC_H
#define KIST_PACK_CODEC_H

#include "base/buf.h"
#include "pack/chunk.h"

/*
 * The body of a record whose bytes do not shrink: a zstd frame of raw blocks that we write ourselves, so that
 * any zstd decoder reads a pack.  What shrinks goes through pack/filter.h.
 *
 *     28 B5 2F FD | A0 | u32 raw length | per 128 KiB: 3-byte block header, bytes
 *
 * Thread: pure.
 * Source: RFC 8878; docs/format/store.md, section 3.
 */

enum kist_codec_id {
	KIST_CODEC_STORED = 0,	   /* a zstd frame of raw blocks */
	KIST_CODEC_ZSTD = 1,	   /* zstd frames of other blocks */
	KIST_CODEC_DICTIONARY = 2, /* one, with the dictionary of records (pack/dictionary.h) */
	KIST_CODEC_COUNT = 3
};

/** kist_codec_stored_size() - Bytes of the STORED body of @raw_len bytes: the most that a body can take. */
size_t kist_codec_stored_size(size_t raw_len);

/** kist_codec_store() - Writes the STORED body of @raw: kist_codec_stored_size() bytes at @ret. */
void kist_codec_store(struct kist_view raw, uint8_t *ret);

#endif
