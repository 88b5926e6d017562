/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_NUMBER_H
#define CSV_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csv_digits.h"

/*
 * Numbers as text, one way only: what is printed here is the canonical text of a number, and only canonical
 * text reads as a number.  So print(parse(text)) == text for every text that parses.
 *
 *     int64    -?(0|[1-9][0-9]*), no "-0", in range
 *     float64  the fewest digits that read back as the same number, of these the closest to it:
 *              D.D  for 0.0001 <= |x| < 1e16, and zero: "0.1", "-0.0", "120.0"
 *              D[.D]e[+-]DD  else: "1e-05", "1.5e+300"
 *              nan, inf, -inf
 *
 * The same text as Python's repr() gives, which is also what pandas writes.  No locale is asked.
 *
 * Thread: pure.
 */

/* Bytes in the longest number, "-1.7976931348623157e+308". */
#define CSV_NUMBER_SIZE_MAX 24

/** csv_int_parse() - Reads canonical text of an int64.  Returns false, and sets nothing, for other text. */
static inline bool csv_int_parse(const uint8_t *text, size_t len, int64_t *ret_value)
{
	const bool negative = len > 0 && text[0] == '-';
	const size_t first = negative;
	uint64_t value;

	if (len == first || len - first > CSV_DIGITS_64)
		return false;
	if (text[first] == '0' && (negative || len > 1))
		return false;
	if (!csv_digits_parse(text + first, len - first, &value))
		return false;
	if (value > (uint64_t)INT64_MAX + negative)
		return false;
	*ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

/** csv_uint_parse() - As csv_int_parse(), for uint64. */
bool csv_uint_parse(const uint8_t *text, size_t len, uint64_t *ret_value);

/** struct csv_places - Digits of a number before and behind its point; none of one without, or with an exponent. */
struct csv_places {
	uint8_t whole;
	uint8_t scale;
};

/** csv_float_parse() - Reads canonical text of a float64.  Returns false, and leaves *@ret_value, for other text.
 */
bool csv_float_parse(const uint8_t *text, size_t len, double *ret_value, struct csv_places *ret_places);

/** csv_int_print() - Writes at most CSV_NUMBER_SIZE_MAX bytes, no NUL.  Returns how many. */
size_t csv_int_print(char *to, int64_t value);

/** csv_uint_print() - As csv_int_print(), for uint64. */
size_t csv_uint_print(char *to, uint64_t value);

/** csv_float_print() - As csv_int_print(), for float64. */
size_t csv_float_print(char *to, double value);

/** csv_float32_print() - As csv_float_print(), with the fewest digits that read back as the same float32. */
size_t csv_float32_print(char *to, float value);

#endif
