/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_fixed.h"

bool csv_fixed_parse(const uint8_t *text, size_t len, csv_int128 *ret_value, uint8_t *ret_whole,
		     uint8_t *ret_scale)
{
	const size_t first = len > 0 && text[0] == '-';
	csv_uint128 value = 0;
	size_t digits = 0;
	size_t whole = 0;

	if (len > first + CSV_FIXED_DIGITS_MAX + 1)
		return false;
	for (size_t i = first; i < len; i++) {
		if (text[i] == '.' && digits > 0 && whole == 0) {
			whole = digits;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (csv_uint128)(uint8_t)(text[i] - '0');
		digits++;
	}
	if (digits == 0 || digits > CSV_FIXED_DIGITS_MAX || text[len - 1] == '.')
		return false;
	whole = whole ? whole : digits;
	if ((text[first] == '0' && whole > 1) || (first && value == 0))
		return false;
	*ret_value = first ? -(csv_int128)value : (csv_int128)value;
	*ret_whole = (uint8_t)whole;
	*ret_scale = (uint8_t)(digits - whole);
	return true;
}

size_t csv_fixed_print(char *to, csv_int128 value, unsigned int scale)
{
	csv_uint128 left = value < 0 ? -(csv_uint128)value : (csv_uint128)value;
	char reversed[CSV_FIXED_SIZE_MAX];
	unsigned int n = 0;
	size_t len = 0;

	do {
		reversed[n++] = (char)('0' + (unsigned int)(left % 10));
		left /= 10;
		if (n == scale)
			reversed[n++] = '.';
	} while (left > 0 || n < scale || reversed[n - 1] == '.');
	if (value < 0)
		to[len++] = '-';
	while (n > 0)
		to[len++] = reversed[--n];
	return len;
}
