/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATS_NUMBER_H
#define STATS_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as JSON, in the one form that all plugins use.
 *
 * The decimal of a number is that of printf("%.*g") with the fewest digits, 6 at least, that reads back.  Between
 * 2^-69 and 2^53 it is found with exact products: a double is a whole number of steps, and a step is a whole number
 * when it is multiplied by a power of ten and divided by one of two.  Beyond, all counts of digits are tried.
 *
 * The host's own numbers (ADR 54) are another form, of the fewest digits without a bound, and without float32.
 *
 * Thread: pure.
 * Source: U. Adams, Ryu: fast float-to-string conversion, PLDI 2018, for the bounds between which a decimal reads back.
 */

/** Bytes that one number takes at most, NUL included. */
#define STATS_NUMBER_SIZE 40

/**
 * stats_number_text() - The shortest of 6 to 17 digits that reads back the same, whatever the locale; "null"
 * when not finite.  Returns the length.
 *
 * @is_single: Reads back the same as a float.
 */
size_t stats_number_text(double number, bool is_single, char ret[static STATS_NUMBER_SIZE]);

/** Digits of the largest number of 64 bits. */
#define STATS_DIGITS_MAX ((size_t)20)

/** stats_digits() - The digits of @number, without a NUL.  Returns how many. */
size_t stats_digits(char ret[static STATS_DIGITS_MAX], uint64_t number);

#endif
