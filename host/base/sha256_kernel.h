/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_SHA256_KERNEL_H
#define KIST_BASE_SHA256_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * SHA-256 of two byte strings at once, on one thread.
 *
 * The rounds of one string wait for each other; those of another fill the gaps.  Only with the instructions
 * for SHA of x86-64; elsewhere kist_sha256_pair_supported() is false.
 *
 * Thread: pure.
 * Source: FIPS 180-4.
 */

#define KIST_SHA256_SIZE 32

/** kist_sha256_pair_supported() - Whether this processor has the instructions. */
bool kist_sha256_pair_supported(void);

/** struct kist_sha256_input - One of the two strings; @size may be 0. */
struct kist_sha256_input {
	const uint8_t *data;
	size_t size;
};

/** kist_sha256_pair() - Both digests.  Only where it is supported. */
void kist_sha256_pair(const struct kist_sha256_input inputs[static 2], uint8_t *ret_first,
		      uint8_t *ret_second);

#endif
