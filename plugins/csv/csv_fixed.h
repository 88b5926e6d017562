/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_FIXED_H
#define CSV_FIXED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decimals with a fixed number of digits behind the point, "-12.50", so that print(parse(text)) == text.
 *
 * Thread: pure.
 */

/* Digits that 128 bits hold. */
#define CSV_FIXED_DIGITS_MAX 38u
/* Bytes of the longest text. */
#define CSV_FIXED_SIZE_MAX 48

__extension__ typedef __int128 csv_int128;
__extension__ typedef unsigned __int128 csv_uint128;

/**
 * csv_fixed_parse() - Reads -?(0|[1-9][0-9]*)(.[0-9]+)?, not "-0" or "-0.00".
 *
 * @ret_value: Without the point.
 * @ret_whole, @ret_scale: Digits before and behind the point, together at most CSV_FIXED_DIGITS_MAX.
 *
 * Returns false, and sets nothing, for other text.
 */
bool csv_fixed_parse(const uint8_t *text, size_t len, csv_int128 *ret_value, uint8_t *ret_whole,
		     uint8_t *ret_scale);

/** csv_fixed_print() - At most CSV_FIXED_SIZE_MAX bytes, no NUL.  @scale is at most CSV_FIXED_DIGITS_MAX. */
size_t csv_fixed_print(char *to, csv_int128 value, unsigned int scale);

#endif
