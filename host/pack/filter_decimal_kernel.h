/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_DECIMAL_KERNEL_H
#define KIST_PACK_FILTER_DECIMAL_KERNEL_H

#include "pack/filter_ops_kernel.h"

/*
 * Doubles that are decimal numbers with few digits: word = i / 10^e, rounded once, as the nearest double of
 * the decimal number is.
 *
 *     planes of zigzag(i - i before) | u32 gap, of each exception | u64 word, of each exception
 *
 * Thread: pure.
 * Source: docs/format/store.md, section 3.
 */

/** kist_filter_decimal_exponent() - The smallest e that fits at least 95 % of @count doubles; -1 for none. */
int kist_filter_decimal_exponent(const uint8_t *words, size_t count);

/**
 * kist_filter_decimal_forward() - Filters @count doubles.
 *
 * @ret: Room for 8 * @count + 12 * @exceptions_max bytes.
 *
 * False when there are more than @exceptions_max.
 */
bool kist_filter_decimal_forward(const struct kist_filter_ops *ops, const uint8_t *words, size_t count,
				 int exponent, size_t exceptions_max, uint8_t *ret, size_t *ret_exceptions);

/** kist_filter_decimal_back() - Back; false when an exception lies behind the last word. */
bool kist_filter_decimal_back(const struct kist_filter_ops *ops, const uint8_t *filtered, size_t count,
			      int exponent, size_t exceptions, uint8_t *ret);

#endif
