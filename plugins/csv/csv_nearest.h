/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_NEAREST_H
#define CSV_NEAREST_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Long decimals: the double nearest to 16 or 17 digits, and whether they are its shortest text, from one product of 64
 * by 128 bits.  What that leaves open, a tie or a bound that is too near, is told so, and is for exact integers.
 *
 * Thread: pure.
 */

/* The last power of ten that a decimal may be divided by. */
#define CSV_NEAREST_SCALE_MAX 21u

enum csv_nearest { CSV_NEAREST_IS, CSV_NEAREST_IS_NOT, CSV_NEAREST_UNSURE };

/**
 * csv_nearest_read() - The double nearest to @digits / 10^@scale, and whether @digits are its shortest text.
 *
 * @digits:    Of 16 or 17 digits.
 * @scale:     1 to CSV_NEAREST_SCALE_MAX.
 * @ret_value: Set if the answer is CSV_NEAREST_IS.
 */
enum csv_nearest csv_nearest_read(uint64_t digits, uint32_t scale, double *ret_value);

#endif
