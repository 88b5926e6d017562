/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_DIGITS_H
#define CSV_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Decimal digits, eight at a time.  Nothing past the given bytes is read.
 *
 * Thread: pure.
 */

/** Digits that a number of 64 bits always holds. */
#define CSV_DIGITS_64 19u

#define CSV_DIGITS_ZEROS UINT64_C(0x3030303030303030)

/** csv_digits_tens() - 10^@n; @n is at most CSV_DIGITS_64. */
static inline uint64_t csv_digits_tens(size_t n)
{
	static const uint64_t tens[CSV_DIGITS_64 + 1] = { 1,
							  10,
							  100,
							  1000,
							  10000,
							  100000,
							  1000000,
							  10000000,
							  100000000,
							  1000000000,
							  10000000000,
							  100000000000,
							  1000000000000,
							  10000000000000,
							  100000000000000,
							  1000000000000000,
							  10000000000000000,
							  100000000000000000,
							  1000000000000000000,
							  10000000000000000000u };

	return tens[n];
}

static inline uint64_t csv_load_(const uint8_t *text, size_t len)
{
	uint64_t word = 0;

	__builtin_memcpy(&word, text, len);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/** csv_digits_load() - Up to 8 bytes, the first one lowest, zero above them.  @len is 1 to 8. */
static inline __attribute__((always_inline)) uint64_t csv_digits_load(const uint8_t *text, size_t len)
{
	if (len == 8)
		return csv_load_(text, 8);
	if (len >= 4)
		return csv_load_(text, 4) | csv_load_(text + len - 4, 4) << 8 * (len - 4);
	return text[0] | (uint64_t)text[len / 2] << 8 * (len / 2) | (uint64_t)text[len - 1] << 8 * (len - 1);
}

/** csv_digits_8() - The number of 8 digits, the first one lowest in @word.  Returns false for other bytes. */
static inline __attribute__((always_inline)) bool csv_digits_8(uint64_t word, uint64_t *ret)
{
	const uint64_t over = word + 0x0606060606060606u;

	if (((word & 0xf0f0f0f0f0f0f0f0u) | (over & 0xf0f0f0f0f0f0f0f0u) >> 4) != 0x3333333333333333u)
		return false;
	word -= CSV_DIGITS_ZEROS;
	/* Two digits in 16 bits, then four in 32, then eight. */
	word = word * 10 + (word >> 8);
	word = ((word & 0x000000ff000000ffu) * 0x000f424000000064u +
		(word >> 16 & 0x000000ff000000ffu) * 0x0000271000000001u) >>
	       32;
	*ret = word;
	return true;
}

/** csv_digits_up_to_8() - The number of the @len lowest bytes of @word, 0 to 8 digits.  As csv_digits_8(). */
static inline __attribute__((always_inline)) bool csv_digits_up_to_8(uint64_t word, size_t len, uint64_t *ret)
{
	*ret = 0;
	if (len == 0)
		return true;
	word <<= 8 * (8 - len);
	return csv_digits_8(len == 8 ? word : word | CSV_DIGITS_ZEROS >> 8 * len, ret);
}

/** csv_digits_last() - As csv_digits_load(), of the last @len bytes before @end, 1 to 8; 8 bytes are there. */
static inline __attribute__((always_inline)) uint64_t csv_digits_last(const uint8_t *end, size_t len)
{
	return csv_load_(end - 8, 8) >> 8 * (8 - len);
}

/**
 * csv_digits_parse() - The number of @len digits, 1 to CSV_DIGITS_64; more if the first ones are zero.  Returns false for
 * other bytes.
 */
static inline __attribute__((always_inline)) bool csv_digits_parse(const uint8_t *text, size_t len,
								   uint64_t *ret)
{
	const uint8_t *const end = text + len;
	uint64_t value = 0;
	uint64_t part;

	if (len < 8)
		return csv_digits_up_to_8(csv_digits_load(text, len), len, ret);
	for (; len >= 8; text += 8, len -= 8) {
		if (!csv_digits_8(csv_load_(text, 8), &part))
			return false;
		value = value * 100000000u + part;
	}
	if (len > 0) {
		if (!csv_digits_up_to_8(csv_digits_last(end, len), len, &part))
			return false;
		value = value * csv_digits_tens(len) + part;
	}
	*ret = value;
	return true;
}

#endif
