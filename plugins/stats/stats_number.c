/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MIN 6
#define DIGITS_MAX 17
/* A decimal of no more digits is the only one of so many that reads as its double (DBL_DIG). */
#define DIGITS_FEW 15

/* Between these a number has its decimal from exact products, with a power of ten that has 128 bits. */
#define MIDDLE_FROM 0x1p-69
#define MIDDLE_TO   0x1p53
/* Such a product has one digit more, or two, than are ever shown. */
#define PRODUCT_DIGITS 18

#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
/* Bits of the mantissa that a float does not have. */
#define BEYOND_SINGLE 29

/* printf writes an exponent below this one. */
#define EXPONENT_FEW (-4)

/* 10^@i, for @i to 19. */
static uint64_t ten_to(int i)
{
	static const uint64_t powers[] = { 1u,
					   10u,
					   100u,
					   1000u,
					   10000u,
					   100000u,
					   1000000u,
					   10000000u,
					   100000000u,
					   1000000000u,
					   10000000000u,
					   100000000000u,
					   1000000000000u,
					   10000000000000u,
					   100000000000000u,
					   1000000000000000u,
					   10000000000000000u,
					   100000000000000000u,
					   1000000000000000000u,
					   10000000000000000000u };

	return powers[i];
}

/* A number times a power of ten: the whole of it, and whether that is all. */
struct scaled {
	uint64_t whole;
	bool is_exact;
};

/* @number * @power / 2^@shift; @number is below 2^56, @shift is not 0, and the result is below 2^64. */
static struct scaled scale(uint64_t number, unsigned __int128 power, int shift)
{
	const unsigned __int128 low = (unsigned __int128)number * (uint64_t)power;
	const unsigned __int128 high =
		(unsigned __int128)number * (uint64_t)(power >> 64) + (uint64_t)(low >> 64);
	const uint64_t last = (uint64_t)low;

	if (shift < 64)
		return (struct scaled){ .whole = (uint64_t)high << (64 - shift) | last >> shift,
					.is_exact = last << (64 - shift) == 0 };
	shift -= 64;
	return (struct scaled){ .whole = (uint64_t)(high >> shift),
				.is_exact = last == 0 && (uint64_t)high == (uint64_t)(high >> shift)
										   << shift };
}

/*
 * A number that is to be written, all times 10^@places: itself, and the bounds between which a decimal reads back as it.
 *
 * @is_even:   What is just on a bound reads back, too.
 * @is_skewed: Below a power of two steps are shorter, so that its bounds are not equally far away.
 * @digits:    Before the point of @at.
 */
struct target {
	struct scaled low;
	struct scaled at;
	struct scaled high;
	int places;
	int digits;
	bool is_even;
	bool is_skewed;
};

/* @number lies between MIDDLE_FROM and MIDDLE_TO. */
static struct target target_of(double number, bool is_single)
{
	/* In quarters of the last bit of a double, so that half a step of either side is whole. */
	const uint64_t half_step = is_single ? (uint64_t)2 << BEYOND_SINGLE : 2;
	struct target target;
	uint64_t bits;
	uint64_t fraction;
	uint64_t quarters;
	unsigned __int128 power;
	int exponent;
	int shift;

	memcpy(&bits, &number, sizeof(bits));
	fraction = bits & (((uint64_t)1 << MANTISSA_BITS) - 1);
	quarters = (fraction | (uint64_t)1 << MANTISSA_BITS) * 4;
	exponent = (int)(bits >> MANTISSA_BITS) - EXPONENT_BIAS;
	shift = MANTISSA_BITS + 2 - exponent;
	/* The logarithm of two is 315653 / 2^20, close enough here. */
	target.places = PRODUCT_DIGITS - 1 - (exponent * 315653 >> 20);
	power = target.places > 19 ? (unsigned __int128)ten_to(19) * ten_to(target.places - 19)
				   : ten_to(target.places);
	target.is_even = (fraction & half_step / 2) == 0;
	target.is_skewed = fraction == 0;
	target.low = scale(quarters - (target.is_skewed ? half_step / 2 : half_step), power, shift);
	target.at = scale(quarters, power, shift);
	target.high = scale(quarters + half_step, power, shift);
	target.digits = target.at.whole >= ten_to(PRODUCT_DIGITS) ? PRODUCT_DIGITS + 1 : PRODUCT_DIGITS;
	return target;
}

/* The nearest decimal of @count digits, and of two the even one.  Returns whether it reads back. */
static bool nearest(const struct target *target, int count, uint64_t *ret_digits)
{
	const uint64_t unit = ten_to(target->digits - count);
	const uint64_t rest = target->at.whole % unit;
	uint64_t digits = target->at.whole / unit;
	uint64_t decimal;

	if (rest > unit / 2 || (rest == unit / 2 && (!target->at.is_exact || digits % 2 == 1)))
		digits++;
	*ret_digits = digits;
	decimal = digits * unit;
	if (decimal == target->low.whole)
		return target->low.is_exact && target->is_even;
	if (decimal == target->high.whole)
		return !target->high.is_exact || target->is_even;
	return decimal > target->low.whole && decimal < target->high.whole;
}

/*
 * With how few digits it reads back.  What does so with some does with more, if its bounds are equally far away: so that
 * one look tells whether it is one of few.
 */
static int shortest(const struct target *target, bool is_single, uint64_t *ret_digits)
{
	int count = DIGITS_MIN;

	if (!is_single && !target->is_skewed && !nearest(target, DIGITS_FEW, ret_digits))
		count = DIGITS_FEW + 1;
	while (!nearest(target, count, ret_digits) && count < DIGITS_MAX)
		count++;
	return count;
}

/* As printf("%.*g") does with a precision of @count, of which zeros at the end are left out. */
static size_t put_decimal(char *to, const char *digits, int count, int exponent)
{
	int shown = count;
	size_t len = 0;

	while (shown > 1 && digits[shown - 1] == '0')
		shown--;
	if (exponent < 0 && exponent >= EXPONENT_FEW) {
		memcpy(to, "0.000", 5);
		len = (size_t)(1 - exponent);
		memcpy(to + len, digits, (size_t)shown);
		return len + (size_t)shown;
	}
	for (int i = 0; i < shown || (exponent < count && i <= exponent); i++) {
		to[len++] = i < shown ? digits[i] : '0';
		if (i + 1 < shown && i == (exponent >= 0 && exponent < count ? exponent : 0))
			to[len++] = '.';
	}
	if (exponent >= 0 && exponent < count)
		return len;
	to[len++] = 'e';
	to[len++] = exponent < 0 ? '-' : '+';
	exponent = abs(exponent);
	to[len++] = (char)('0' + exponent / 10);
	to[len++] = (char)('0' + exponent % 10);
	return len;
}

/* @number lies between MIDDLE_FROM and MIDDLE_TO. */
static size_t middle_text(double number, bool is_single, char *to)
{
	const struct target target = target_of(number, is_single);
	char text[STATS_DIGITS_MAX];
	uint64_t digits;
	int count;

	/* What is no float at all has all digits. */
	if (is_single && (double)(float)number != number) {
		(void)nearest(&target, DIGITS_MAX, &digits);
		count = DIGITS_MAX;
	} else {
		count = shortest(&target, is_single, &digits);
	}
	/* Where nines were rounded up there is one digit more, a zero. */
	return put_decimal(to, text, count,
			   (int)stats_digits(text, digits) - count + target.digits - target.places - 1);
}

static bool reads_back(const char *text, double value, bool is_single)
{
	return is_single ? (double)strtof(text, NULL) == value : strtod(text, NULL) == value;
}

static size_t text_by_trying(double number, bool is_single, char *to)
{
	char text[STATS_NUMBER_SIZE];
	size_t len = 0;

	for (int digits = DIGITS_MIN; digits <= DIGITS_MAX; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (reads_back(text, number, is_single))
			break;
	}
	/* What stands between digits is the point, whatever the locale thinks of it. */
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (memchr("0123456789+-e", text[i], 13))
			to[len++] = text[i];
		else if (len > 0 && to[len - 1] != '.')
			to[len++] = '.';
	}
	return len;
}

size_t stats_number_text(double number, bool is_single, char ret[static STATS_NUMBER_SIZE])
{
	const double size = fabs(number);
	size_t len = 0;

	if (!isfinite(number)) {
		memcpy(ret, "null", sizeof("null"));
		return 4;
	}
	if (signbit(number))
		ret[len++] = '-';
	if (size == 0)
		ret[len++] = '0';
	else if (size >= MIDDLE_FROM && size < MIDDLE_TO)
		len += middle_text(size, is_single, ret + len);
	else
		len += text_by_trying(size, is_single, ret + len);
	ret[len] = '\0';
	return len;
}

size_t stats_digits(char ret[static STATS_DIGITS_MAX], uint64_t number)
{
	char digits[STATS_DIGITS_MAX];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	memcpy(ret, digits + at, sizeof(digits) - at);
	return sizeof(digits) - at;
}
