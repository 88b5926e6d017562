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
/* A decimal of no more digits is the only one of so many that reads as its double (DBL_DIG). */
#define DIGITS_FEW 15
/* Powers of ten up to this one are exact. */
#define POWER_MAX 22
/* From here on every double of DIGITS_FEW digits times such a power is a whole number. */
#define FEW_FROM 1e-7
#define FEW_TO	 1e15

struct decimal {
	uint64_t digits;
	int exponent; /* of the last digit */
};

/*
 * The shortest decimal of @value when it has few digits.
 *
 * Where a whole number below 2^53 divided by an exact power of ten gives @value, the decimal reads back as
 * @value: both are rounded once, from the same.  Multiplying finds that number: what rounding adds to it is less
 * than a half.
 */
static bool few_digits(double value, struct decimal *ret)
{
	double power = 1;

	if (value >= FEW_TO)
		return false;
	for (int places = 0; places <= POWER_MAX; places++, power *= 10) {
		const double scaled = value * power;
		uint64_t whole;

		if (scaled >= FEW_TO)
			return false;
		whole = (uint64_t)(scaled + 0.5);
		if ((double)whole / power == value) {
			*ret = (struct decimal){ .digits = whole, .exponent = -places };
			return true;
		}
	}
	return false;
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
	int low = value >= FEW_FROM && value < FEW_TO ? DIGITS_FEW + 1 : 1;
	int high = DIGITS_MAX;

	if (few_digits(value, &best))
		return best;
	(void)reads_back(value, high, &best);
	while (low < high) {
		const int middle = (low + high) / 2;

		if (reads_back(value, middle, &best))
			high = middle;
		else
			low = middle + 1;
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
