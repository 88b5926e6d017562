/* SPDX-License-Identifier: Apache-2.0 */
#include "base/real_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Most digits that a double needs. */
#define DIGITS_MAX 17
/* Between these, a double times a power of ten that makes it 18 digits fits 128 bits, and is exact. */
#define MIDDLE_FROM   1e-4
#define MIDDLE_TO     0x1p53
#define MIDDLE_LEAST  1e17
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1075 /* of the last bit of the mantissa */

struct decimal {
	uint64_t digits;
	int exponent; /* of the last digit */
};

/* A number that is scaled to 18 digits: the whole ones, and whether that is all of it. */
struct scaled {
	uint64_t whole;
	bool is_exact;
};

static struct scaled scale(uint64_t number, unsigned __int128 power, int shift)
{
	const unsigned __int128 product = number * power;

	return (struct scaled){ .whole = (uint64_t)(product >> shift),
				.is_exact = (product & (((unsigned __int128)1 << shift) - 1)) == 0 };
}

/*
 * The shortest decimal of @value, which lies between MIDDLE_FROM and MIDDLE_TO: of those that read back, which lie
 * less than half a step away, and just half a step where the mantissa is even.  Digits are taken off as long as one
 * such remains; then the nearest is taken.
 *
 * Source: U. Adams, Ryu: fast float-to-string conversion, PLDI 2018; with exact products in place of its tables.
 */
static struct decimal middle(double value)
{
	struct decimal ret = { .exponent = 0 };
	unsigned __int128 power = 1;
	uint64_t fraction;
	uint64_t bits;
	uint64_t mantissa;
	struct scaled low, at, high;
	bool is_even;
	unsigned last = 0;
	int shift;

	memcpy(&bits, &value, sizeof(bits));
	fraction = bits & (((uint64_t)1 << MANTISSA_BITS) - 1);
	mantissa = fraction | (uint64_t)1 << MANTISSA_BITS;
	is_even = mantissa % 2 == 0;
	/* In quarters of a step, so that half a step of either side is whole; below a power of two steps are shorter. */
	shift = EXPONENT_BIAS + 2 - (int)(bits >> MANTISSA_BITS);
	for (double scaled = value; scaled < MIDDLE_LEAST; scaled *= 10, power *= 10)
		ret.exponent--;
	low = scale(4 * mantissa - (fraction ? 2 : 1), power, shift);
	at = scale(4 * mantissa, power, shift);
	high = scale(4 * mantissa + 2, power, shift);
	/* What is just half a step away is nearer to the even neighbour. */
	low.is_exact = low.is_exact && is_even;
	if (high.is_exact && !is_even)
		high.whole--;
	while (high.whole / 10 > low.whole / 10 || (low.is_exact && low.whole % 10 == 0)) {
		low.is_exact = low.is_exact && low.whole % 10 == 0;
		at.is_exact = at.is_exact && last == 0;
		last = (unsigned)(at.whole % 10);
		low.whole /= 10;
		at.whole /= 10;
		high.whole /= 10;
		ret.exponent++;
	}
	if (at.is_exact && last == 5 && at.whole % 2 == 0)
		last = 4;
	ret.digits = at.whole + (last >= 5 || (at.whole == low.whole && !low.is_exact));
	return ret;
}

/* The digits before 'e' as a number. */
static uint64_t digits_of(const char *text)
{
	uint64_t digits = 0;

	for (; *text != 'e'; text++) {
		if (*text >= '0' && *text <= '9')
			digits = digits * 10 + (uint64_t)(*text - '0');
	}
	return digits;
}

/*
 * Whether @count digits read back as @value.
 *
 * printf gives the nearest number of so many digits.  Below a power of two the doubles lie twice as dense, so
 * there the nearest may lie below and read back as a neighbour when the next one up reads back as @value.
 */
static bool reads_back(double value, int count, struct decimal *ret)
{
	struct decimal decimal;
	char text[40];
	bool same;

	snprintf(text, sizeof(text), "%.*e", count - 1, value);
	decimal.digits = digits_of(text);
	decimal.exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10) - (count - 1);
	same = strtod(text, NULL) == value;
	if (!same) {
		snprintf(text, sizeof(text), "%" PRIu64 "e%d", ++decimal.digits, decimal.exponent);
		same = strtod(text, NULL) == value;
	}
	if (same)
		*ret = decimal;
	return same;
}

/* What reads back with some digits does with more: the number of digits is halved in on. */
static struct decimal shortest(double value)
{
	struct decimal best = { .digits = 0 };
	int high = DIGITS_MAX;
	int low = 1;

	if (value >= MIDDLE_FROM && value < MIDDLE_TO)
		return middle(value);
	(void)reads_back(value, high, &best);
	while (low < high) {
		const int center = (low + high) / 2;

		if (reads_back(value, center, &best))
			high = center;
		else
			low = center + 1;
	}
	return best;
}

/* Without zeros at the end. */
static size_t write_digits(struct decimal *decimal, char ret[static DIGITS_MAX + 1])
{
	char reversed[DIGITS_MAX + 4];
	size_t count = 0;

	for (; decimal->digits % 10 == 0; decimal->digits /= 10)
		decimal->exponent++;
	for (uint64_t rest = decimal->digits; rest > 0; rest /= 10)
		reversed[count++] = (char)('0' + rest % 10);
	for (size_t i = 0; i < count; i++)
		ret[i] = reversed[count - 1 - i];
	return count;
}

static size_t append(char *ret, size_t at, const char *text, size_t len)
{
	memcpy(ret + at, text, len);
	return at + len;
}

static size_t append_zeros(char *ret, size_t at, size_t count)
{
	memset(ret + at, '0', count);
	return at + count;
}

size_t kist_real_text(double value, char ret[static KIST_REAL_TEXT_SIZE])
{
	struct decimal decimal;
	char digits[DIGITS_MAX + 1];
	size_t count;
	size_t at = 0;
	int point; /* digits before it */

	if (value == 0) {
		memcpy(ret, "0", 2);
		return 1;
	}
	decimal = shortest(fabs(value));
	count = write_digits(&decimal, digits);
	point = (int)count + decimal.exponent;
	if (value < 0)
		at = append(ret, at, "-", 1);
	if (point > 21 || point < -5) {
		at = append(ret, at, digits, 1);
		if (count > 1)
			at = append(ret, at, ".", 1);
		at = append(ret, at, digits + 1, count - 1);
		at += (size_t)snprintf(ret + at, KIST_REAL_TEXT_SIZE - at, "e%+d", point - 1);
	} else if (point <= 0) {
		at = append(ret, at, "0.", 2);
		at = append_zeros(ret, at, (size_t)-point);
		at = append(ret, at, digits, count);
	} else if (count <= (size_t)point) {
		at = append(ret, at, digits, count);
		at = append_zeros(ret, at, (size_t)point - count);
	} else {
		at = append(ret, at, digits, (size_t)point);
		at = append(ret, at, ".", 1);
		at = append(ret, at, digits + point, count - (size_t)point);
	}
	ret[at] = '\0';
	return at;
}
