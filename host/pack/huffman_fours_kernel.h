/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_HUFFMAN_FOURS_KERNEL_H
#define KIST_PACK_HUFFMAN_FOURS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The codes of many bytes at once, put together by fours: AVX-512 with VBMI, which looks up 64 bytes in a table of 256.
 *
 * Thread: pure.
 */

/** Bytes whose codes are found at once, and how many fours they are. */
#define KIST_HUFFMAN_FOURS_BYTES ((size_t)64)
#define KIST_HUFFMAN_FOURS	 ((size_t)16)

/**
 * struct kist_huffman_lookup - The code of each byte, and how many bits it has, up to 11.
 *
 * A code is never above 255: of each length the first is half of what is behind the longer ones, so it is less than the
 * number of codes that are as long or longer.
 */
struct kist_huffman_lookup {
	uint8_t codes[256];
	uint8_t bits[256];
};

/**
 * struct kist_huffman_fours - Codes of four bytes each, in the order in which a stream has them.
 *
 * @codes: The last byte has the lowest bits.
 * @bits:  How many: at most 44.
 */
struct kist_huffman_fours {
	uint64_t codes[KIST_HUFFMAN_FOURS];
	uint32_t bits[KIST_HUFFMAN_FOURS];
};

/** kist_huffman_has_fours() - Whether this processor has what kist_huffman_join() needs. */
bool kist_huffman_has_fours(void);

/**
 * kist_huffman_join() - The codes of @count times KIST_HUFFMAN_FOURS_BYTES bytes that end at @end.
 *
 * @ret: @count of them, that of the last bytes first.
 */
void kist_huffman_join(const struct kist_huffman_lookup *lookup, const uint8_t *end, size_t count,
		       struct kist_huffman_fours *ret);

#endif
