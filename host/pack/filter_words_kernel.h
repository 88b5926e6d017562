/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_WORDS_KERNEL_H
#define KIST_PACK_FILTER_WORDS_KERNEL_H

#include "pack/filter_shape_kernel.h"

/*
 * The filters that map word by word and put the words into planes: PLANES, FLOAT, DELTA, BASE and BITS.
 *
 * A block of words is worked on at a time, so that what lies between two steps stays in the first cache.
 *
 * Thread: pure.
 * Source: docs/format/store.md, section 3.
 */

/** kist_filter_words_forward() - @count words of @raw to planes at @ret.  @base: As for kist_filter_forward(). */
void kist_filter_words_forward(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
			       const uint8_t *raw, size_t count, const uint8_t *base, uint8_t *ret);

/** kist_filter_words_back() - Back. */
void kist_filter_words_back(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
			    const uint8_t *filtered, size_t count, const uint8_t *base, uint8_t *ret);

/** kist_filter_words_equal() - Whether kist_filter_words_back() would write @raw. */
bool kist_filter_words_equal(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
			     const uint8_t *filtered, size_t count, const uint8_t *base, const uint8_t *raw);

#endif
