/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_DECIMAL_H
#define CSV_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Between doubles and decimals, both ways without error: exact integers where 128 bits suffice, else the C
 * library, asked in a way that no locale can change.
 *
 * Thread: pure.
 */

/* Any decimal of so many digits is the shortest text of the double that it reads as (DBL_DIG). */
#define CSV_DIGITS_SAFE 15
/* So many digits tell every double from its neighbours. */
#define CSV_DIGITS_MAX 17

/** struct csv_decimal - A positive number: 0.DIGITS * 10^point; @count digits. */
struct csv_decimal {
	uint64_t digits;
	int count;
	int point;
};

/** csv_decimal_strip() - Take the zeros off the end of the digits. */
void csv_decimal_strip(struct csv_decimal *d);

/** csv_decimal_to_double() - The double nearest to @digits * 10^@power.  At most CSV_DIGITS_MAX digits. */
double csv_decimal_to_double(uint64_t digits, int power);

/** csv_decimal_shortest() - The fewest digits that read back as @value, of these the closest to it.  @value
 * is finite and positive. */
struct csv_decimal csv_decimal_shortest(double value);

/** csv_decimal_shortest32() - As csv_decimal_shortest(), for a float32.  @value is finite and positive. */
struct csv_decimal csv_decimal_shortest32(float value);

#endif
