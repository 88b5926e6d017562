/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_SHA256_KERNEL_H
#define KIST_BASE_SHA256_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The blocks of SHA-256, of two byte strings at once on one thread.
 *
 * The rounds of one string wait for each other; those of another fill the gaps.  Only with the instructions
 * for SHA and AVX of x86-64; elsewhere kist_sha256_supported() is false.
 *
 * Thread: pure.
 * Source: FIPS 180-4.
 */

#define KIST_SHA256_BLOCK_SIZE ((size_t)64)
#define KIST_SHA256_WORDS      8

/** struct kist_sha256_blocks - Whole blocks, and the words H0 to H7 before them, which become those behind. */
struct kist_sha256_blocks {
	uint32_t words[KIST_SHA256_WORDS];
	const uint8_t *data;
	size_t count;
};

/** kist_sha256_supported() - Whether this processor has the instructions. */
bool kist_sha256_supported(void);

/** kist_sha256_add_blocks() - Adds the blocks of both, of any count.  Only where it is supported. */
void kist_sha256_add_blocks(struct kist_sha256_blocks both[static 2]);

#endif
