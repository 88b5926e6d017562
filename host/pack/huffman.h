/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_HUFFMAN_H
#define KIST_PACK_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The Huffman code of zstd: bytes to four streams of bits, and the description of the code before them.
 *
 * Stream q has quarter q of the bytes, the last byte first; the quarters are (len + 3) / 4 bytes long, the last one
 * what is left.  A stream ends with a bit 1 and zeros to the whole byte.
 *
 * A code is complete, and has no more than KIST_HUFFMAN_BITS_MAX bits for a byte.  The same bytes give the same streams
 * on every processor.
 *
 * Thread: pure.
 * Source: RFC 8878, sections 4.1 and 4.2.
 */

#define KIST_HUFFMAN_SYMBOLS  256
#define KIST_HUFFMAN_BITS_MAX 11u
#define KIST_HUFFMAN_STREAMS  4
/** The most bytes that are coded at once: a block of zstd; and the fewest, so that all quarters have some. */
#define KIST_HUFFMAN_LEN_MAX ((size_t)128 << 10)
#define KIST_HUFFMAN_LEN_MIN ((size_t)16)
/** The longest description. */
#define KIST_HUFFMAN_TABLE_MAX ((size_t)128)

/** struct kist_huffman_counts - How often each byte stands in each quarter. */
struct kist_huffman_counts {
	uint32_t of[KIST_HUFFMAN_STREAMS][KIST_HUFFMAN_SYMBOLS];
};

/**
 * struct kist_huffman_code - A code.
 *
 * @lengths:   Bits of each byte; 0 of those that do not occur.
 * @of_length: How many bytes have so many.
 * @longest:   The most that one has.
 * @shortest:  The fewest.
 * @last:      The highest byte that occurs.
 * @entries:   The bits, at the top; their number in the lowest byte.
 */
struct kist_huffman_code {
	uint8_t lengths[KIST_HUFFMAN_SYMBOLS];
	uint32_t of_length[KIST_HUFFMAN_BITS_MAX + 1];
	unsigned longest;
	unsigned shortest;
	unsigned last;
	uint64_t entries[KIST_HUFFMAN_SYMBOLS];
};

/** kist_huffman_quarter() - Bytes of quarter @stream of @len bytes. */
size_t kist_huffman_quarter(size_t len, size_t stream);

/** kist_huffman_count() - @len: KIST_HUFFMAN_LEN_MIN..KIST_HUFFMAN_LEN_MAX. */
void kist_huffman_count(const uint8_t *bytes, size_t len, struct kist_huffman_counts *ret);

/** kist_huffman_make() - The code for these counts; false when less than two bytes differ. */
bool kist_huffman_make(const struct kist_huffman_counts *counts, struct kist_huffman_code *ret);

/** kist_huffman_describe() - Writes the description; its bytes, or 0 when the code has none. */
size_t kist_huffman_describe(const struct kist_huffman_code *code,
			     uint8_t ret[static KIST_HUFFMAN_TABLE_MAX]);

/** kist_huffman_sizes() - Bytes of each stream. */
void kist_huffman_sizes(const struct kist_huffman_counts *counts, const struct kist_huffman_code *code,
			size_t ret[static KIST_HUFFMAN_STREAMS]);

/** enum kist_huffman_with - What may be used at most; what the processor does not have is not. */
enum kist_huffman_with {
	KIST_HUFFMAN_PLAIN, /* what every processor has */
	KIST_HUFFMAN_BMI2,
	KIST_HUFFMAN_VBMI, /* of AVX-512 */
	KIST_HUFFMAN_ANY = KIST_HUFFMAN_VBMI
};

/**
 * kist_huffman_write() - Writes the streams, one after the other: as many bytes as kist_huffman_sizes() says.
 *
 * The same ones with whatever instructions.
 */
void kist_huffman_write(const uint8_t *bytes, size_t len, const struct kist_huffman_code *code,
			const size_t sizes[static KIST_HUFFMAN_STREAMS], uint8_t *ret,
			enum kist_huffman_with with);

#endif
