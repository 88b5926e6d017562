/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_SHA256_KERNEL_H
#define KIST_BASE_SHA256_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * SHA-256 of two byte strings at once, on one thread; each may be whole, or under way.
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

/** struct kist_sha256_stream - A string under way. */
struct kist_sha256_stream {
	uint32_t state[8]; /* in the order of the instructions */
	uint64_t size;	   /* bytes so far */
	uint8_t rest[64];  /* those that do not fill a block */
};

/** kist_sha256_stream_start() - Begins, or begins again.  This and the others only where it is supported. */
void kist_sha256_stream_start(struct kist_sha256_stream *stream);

/**
 * kist_sha256_stream_add() - Adds @bytes, and meanwhile makes the digest of @beside.
 *
 * @beside: May be NULL, and @ret_beside with it.
 */
void kist_sha256_stream_add(struct kist_sha256_stream *stream, const struct kist_sha256_input *bytes,
			    const struct kist_sha256_input *beside, uint8_t *ret_beside);

/** kist_sha256_stream_end() - The digest of all that was added. */
void kist_sha256_stream_end(struct kist_sha256_stream *stream, uint8_t *ret);

#endif
