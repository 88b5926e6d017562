/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_DICTIONARY_H
#define KIST_PACK_DICTIONARY_H

#include "base/buf.h"

/*
 * The dictionary that records of artifacts are compressed with: what they have in common, and how frequent their
 * characters are.  A short record has little that comes again in itself.
 *
 * It is a part of the format and never changes; another one would be another codec.
 *
 * Thread: one struct kist_dictionary, one thread at a time.
 * Source: RFC 8878, section 5; docs/format/store.md, section 3; docs/adr/0055-a-dictionary-for-records.md.
 */

/** Longer records have enough in themselves, and are coded like other chunks. */
#define KIST_DICTIONARY_RAW_MAX ((size_t)8 << 10)

/** struct kist_dictionary - What zstd makes of the dictionary, each when it is first needed. */
struct kist_dictionary {
	void *compressor;
	const void *coding;
	void *coding_room; /* in which it lies */
	void *decoding;
};

void kist_dictionary_done(struct kist_dictionary *dictionary);

/** kist_dictionary_bytes() - The dictionary as zstd takes it. */
struct kist_view kist_dictionary_bytes(void);

/**
 * kist_dictionary_encode() - Writes one frame, which names no dictionary.
 *
 * @raw:      1 byte or more; it is meant for KIST_DICTIONARY_RAW_MAX at most.
 * @room:     Bytes at @ret.
 * @ret_size: Bytes written; 0 when the frame does not fit into @room.
 *
 * Errors: KIST_NO_MEMORY, KIST_INTERNAL.
 */
KIST_CHECKED kist_status kist_dictionary_encode(struct kist_dictionary *dictionary, struct kist_view raw,
						uint8_t *ret, size_t room, size_t *ret_size,
						struct kist_error *err);

/**
 * kist_dictionary_decoding() - The dictionary for kist_filter_frame_decode().  Borrowed.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_dictionary_decoding(struct kist_dictionary *dictionary, const void **ret,
						  struct kist_error *err);

#endif
