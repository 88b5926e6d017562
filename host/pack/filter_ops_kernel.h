/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_OPS_KERNEL_H
#define KIST_PACK_FILTER_OPS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the filters do to words, once for each instruction set; all sets give the same bytes.
 *
 * A word has 1, 2, 4 or 8 bytes, little-endian; the tables are indexed by the logarithm of that, 0 to 3.
 * Pointers need no alignment; what is read and what is written must not overlap, unless said so.
 *
 * Plane j of n words of w bytes is the row of their bytes j, the lowest first.
 *
 *     zigzag(d) = 2 d ^ (d < 0 ? ~0 : 0)           small differences become small numbers
 *     key(x)    = x has the top bit ? ~x : x | top bit   floats in order become integers in order
 *
 * Thread: pure; the tables are constant.
 * Source: docs/format/store.md, section 3.
 */

/** Logarithms of the widths: 1, 2, 4, 8. */
#define KIST_FILTER_WIDTHS 4

enum kist_filter_target {
	KIST_FILTER_SCALAR = 0,
	KIST_FILTER_SSE2 = 1,
	KIST_FILTER_AVX2 = 2,
	KIST_FILTER_TARGET_COUNT = 3
};

/**
 * struct kist_filter_ops - The operations of one instruction set.
 *
 * @split:    @count words into planes; plane j begins at @planes + j * @stride.
 * @merge:    Back.
 * @rotate:   Each word to the left by one bit: the sign goes to bit 0, the exponent to the top.
 * @unrotate: Back.
 * @minus:    zigzag(word - other), modulo 2^bits.
 * @plus:     Back: other + unzigzag(word).
 * @minus_keys: zigzag(key(word) - key(other)).
 * @plus_keys:  Back.
 * @sum:      to[i] = to[i - @distance] + unzigzag(from[i]); reads @distance words before @to.
 * @transpose: 8 x 8 bits of each word of 8 bytes: bit k of byte t becomes bit t of byte k.  Its own inverse.
 */
struct kist_filter_ops {
	void (*split[KIST_FILTER_WIDTHS])(const uint8_t *words, size_t count, uint8_t *planes, size_t stride);
	void (*merge[KIST_FILTER_WIDTHS])(const uint8_t *planes, size_t stride, uint8_t *words, size_t count);
	void (*rotate[KIST_FILTER_WIDTHS])(const uint8_t *from, uint8_t *to, size_t count);
	void (*unrotate[KIST_FILTER_WIDTHS])(const uint8_t *from, uint8_t *to, size_t count);
	void (*minus[KIST_FILTER_WIDTHS])(const uint8_t *from, const uint8_t *other, uint8_t *to,
					  size_t count);
	void (*plus[KIST_FILTER_WIDTHS])(const uint8_t *from, const uint8_t *other, uint8_t *to,
					 size_t count);
	void (*minus_keys[KIST_FILTER_WIDTHS])(const uint8_t *from, const uint8_t *other, uint8_t *to,
					       size_t count);
	void (*plus_keys[KIST_FILTER_WIDTHS])(const uint8_t *from, const uint8_t *other, uint8_t *to,
					      size_t count);
	void (*sum[KIST_FILTER_WIDTHS])(const uint8_t *from, uint8_t *to, size_t count, size_t distance);
	void (*transpose)(const uint8_t *from, uint8_t *to, size_t count);
};

/** kist_filter_supports() - Whether this processor has the instructions, and this build the code. */
bool kist_filter_supports(enum kist_filter_target target);

/** kist_filter_ops_of() - Of @target, which must be supported. */
const struct kist_filter_ops *kist_filter_ops_of(enum kist_filter_target target);

/** kist_filter_ops_best() - Of the best target that this processor has.  The only place that chooses. */
const struct kist_filter_ops *kist_filter_ops_best(void);

/* The tables behind kist_filter_ops_of(). */
extern const struct kist_filter_ops kist_filter_ops_scalar;
#if defined(__x86_64__)
extern const struct kist_filter_ops kist_filter_ops_sse2;
extern const struct kist_filter_ops kist_filter_ops_avx2;
#endif

#endif
