/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_NUM_H
#define KIST_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Arithmetic on numbers from outside, and numbers as text.  Thread: pure.
 */

/** kist_add_u64() - *@ret_sum = @a + @b; false when it does not fit. */
static inline bool kist_add_u64(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
	return !__builtin_add_overflow(a, b, ret_sum);
}

/** kist_mul_u64() - *@ret_product = @a * @b; false when it does not fit. */
static inline bool kist_mul_u64(uint64_t a, uint64_t b, uint64_t *ret_product)
{
	return !__builtin_mul_overflow(a, b, ret_product);
}

static inline uint64_t kist_min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/** kist_plural() - What a text about @count things ends their name with: "s", or "" for one. */
static inline const char *kist_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/** kist_u64_parse() - Decimal digits only, all @len of them; false for anything else. */
static inline bool kist_u64_parse(const char *text, size_t len, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || !kist_mul_u64(value, 10, &value) ||
		    !kist_add_u64(value, (uint64_t)(text[i] - '0'), &value))
			return false;
	}
	*ret_value = value;
	return true;
}

/** kist_hex_write() - 2 * @size lower-case digits and a NUL. */
static inline void kist_hex_write(const uint8_t *data, size_t size, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		ret[2 * i] = digits[data[i] >> 4];
		ret[2 * i + 1] = digits[data[i] & 15];
	}
	ret[2 * size] = '\0';
}

static inline int kist_hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As kist_hex_digit(), without a branch: which digit comes next cannot be foreseen.  Sets *@bad for none. */
static inline unsigned kist_hex_value(char c, unsigned *bad)
{
	const unsigned digit = (unsigned)(unsigned char)c - '0';
	const unsigned letter = (unsigned)(unsigned char)c - 'a';

	*bad |= (unsigned)(digit > 9) & (unsigned)(letter > 5);
	/* Of both the low four bits count, and those of 'a' are 1. */
	return ((unsigned char)c & 15U) + 9U * ((unsigned char)c >> 6);
}

/** kist_hex_read() - Reads @size bytes from 2 * @size lower-case digits; false for anything else. */
static inline bool kist_hex_read(const char *text, size_t len, uint8_t *ret, size_t size)
{
	unsigned bad = 0;

	if (len != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		const unsigned high = kist_hex_value(text[2 * i], &bad);

		ret[i] = (uint8_t)(high << 4 | kist_hex_value(text[2 * i + 1], &bad));
	}
	return !bad;
}

#endif
