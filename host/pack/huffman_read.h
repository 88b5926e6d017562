/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_HUFFMAN_READ_H
#define KIST_PACK_HUFFMAN_READ_H

#include "pack/huffman.h"

/*
 * Back from four streams of a Huffman code (pack/huffman.h), several bytes at a time: what has a short code comes in
 * threes and fours.
 *
 * All of it is taken as hostile.  What is refused may still be right: zstd knows more than this.
 *
 * Thread: pure.
 * Source: RFC 8878, sections 4.1 and 4.2.
 */

#define KIST_HUFFMAN_ENTRIES ((size_t)1 << KIST_HUFFMAN_BITS_MAX)

/** Of an entry: up to so many bytes, the first one lowest; the bits that they take; how many they are. */
#define KIST_HUFFMAN_ENTRY_BYTES 4u
#define KIST_HUFFMAN_BITS_SHIFT	 32
#define KIST_HUFFMAN_COUNT_SHIFT 40

/**
 * struct kist_huffman_reader - A code to read with.
 *
 * @single:  By the next @longest bits: a byte, and the length of its code above it.
 * @windows: By the next n bits, from 2^n on: an entry, of as many bytes as these bits have whole.  Read are those of
 *           KIST_HUFFMAN_BITS_MAX bits; those of fewer are what they were made of.
 */
struct kist_huffman_reader {
	unsigned longest;
	uint16_t single[KIST_HUFFMAN_ENTRIES];
	uint64_t windows[2 * KIST_HUFFMAN_ENTRIES];
};

/** kist_huffman_open() - Reads a description; gives its bytes, or 0 for one that is wrong or not known here. */
size_t kist_huffman_open(struct kist_huffman_reader *reader, const uint8_t *bytes, size_t size);

/**
 * kist_huffman_read() - Reads streams of @sizes bytes, one after the other at @bytes, to @len bytes.
 *
 * @ret: Undefined after a failure; nothing behind it is written.
 *
 * False when a stream does not end where it is to.
 */
bool kist_huffman_read(const struct kist_huffman_reader *reader, const uint8_t *bytes,
		       const size_t sizes[static KIST_HUFFMAN_STREAMS], uint8_t *ret, size_t len);

#endif
