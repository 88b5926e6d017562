/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_decimal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 5^27 is the last power of five below 2^64, 5^30 the last one that the exact ways go up to. */
#define FIVES_MAX 27
#define POWER_MAX 30
/* 10^22 is the last power of ten that is a double. */
#define POWER_EXACT_MAX 22
__extension__ typedef unsigned __int128 uint128;

static const uint64_t tens[CSV_DIGITS_MAX + 1] = {
	1u,
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
};

static const uint64_t fives[FIVES_MAX + 1] = {
	1u,
	5u,
	25u,
	125u,
	625u,
	3125u,
	15625u,
	78125u,
	390625u,
	1953125u,
	9765625u,
	48828125u,
	244140625u,
	1220703125u,
	6103515625u,
	30517578125u,
	152587890625u,
	762939453125u,
	3814697265625u,
	19073486328125u,
	95367431640625u,
	476837158203125u,
	2384185791015625u,
	11920928955078125u,
	59604644775390625u,
	298023223876953125u,
	1490116119384765625u,
	7450580596923828125u,
};

static const double powers_exact[POWER_EXACT_MAX + 1] = { 1e0,	1e1,  1e2,  1e3,  1e4,	1e5,  1e6,  1e7,
							  1e8,	1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
							  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static int bit_count(uint64_t value)
{
	return value == 0 ? 0 : 64 - __builtin_clzll(value);
}

static uint128 power_of_five(int power)
{
	return power <= FIVES_MAX ? fives[power] : (uint128)fives[FIVES_MAX] * fives[power - FIVES_MAX];
}

static int bit_count_of_five(int power)
{
	return power <= FIVES_MAX ? bit_count(fives[power])
				  : 64 + bit_count((uint64_t)(power_of_five(power) >> 64));
}

/* @mantissa * 2^@exponent, far from the ends of the range. */
static double scale(uint64_t mantissa, int exponent)
{
	const uint64_t bits = (uint64_t)(1023 + exponent) << 52;
	double factor;

	memcpy(&factor, &bits, sizeof(factor));
	return (double)mantissa * factor;
}

/*
 * Nearest double of @digits / 10^@power, ties to even; exact, because the division by 5^@power keeps its
 * remainder.  The quotient has 56 or 57 bits, the dividend at most 56 + 70.
 */
static double divide(uint64_t digits, int power)
{
	const uint128 divisor = power_of_five(power);
	const int shift = 56 + bit_count_of_five(power) - bit_count(digits);
	const uint128 dividend = (uint128)digits << shift;
	const uint64_t quotient = (uint64_t)(dividend / divisor);
	const bool rest = (uint128)quotient * divisor != dividend;
	const int drop = bit_count(quotient) - 53;
	const uint64_t half = (uint64_t)1 << (drop - 1);
	const uint64_t tail = quotient & (half * 2 - 1);
	uint64_t mantissa = quotient >> drop;

	if (tail > half || (tail == half && (rest || (mantissa & 1) != 0)))
		mantissa++;
	return scale(mantissa, drop - shift - power);
}

/* Nearest double of @digits * 10^@power.  Up to CSV_DIGITS_MAX digits, more than none. */
double csv_decimal_to_double(uint64_t digits, int power)
{
	char text[40];

	if (digits < (uint64_t)1 << 53 && power >= -POWER_EXACT_MAX && power <= POWER_EXACT_MAX)
		return power < 0 ? (double)digits / powers_exact[-power]
				 : (double)digits * powers_exact[power];
	if (digits > 0 && power < 0 && power >= -POWER_MAX)
		return divide(digits, -power);
	/* Without a point in the text, every locale reads it alike. */
	snprintf(text, sizeof(text), "%llue%d", (unsigned long long)digits, power);
	return strtod(text, NULL);
}

void csv_decimal_strip(struct csv_decimal *d)
{
	while (d->count > 1 && d->digits % 10 == 0) {
		d->digits /= 10;
		d->count--;
	}
}

/* Takes the digits and the exponent out of "%.*e": whatever the locale puts between the digits is skipped. */
static struct csv_decimal decimal_of_text(const char *text)
{
	struct csv_decimal d = { 0, 0, 0 };

	for (; *text != '\0' && *text != 'e'; text++) {
		if (!is_digit((uint8_t)*text))
			continue;
		d.digits = d.digits * 10 + (uint64_t)(*text - '0');
		d.count++;
	}
	d.point = 1 + (*text == 'e' ? (int)strtol(text + 1, NULL, 10) : 0);
	return d;
}

static bool reads_as(const struct csv_decimal *d, double value, bool is_float32)
{
	char text[40];

	snprintf(text, sizeof(text), "%llue%d", (unsigned long long)d->digits, d->point - d->count);
	return is_float32 ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
}

/* The shortest decimal of any positive number: tries each count of digits, from the fewest. */
static struct csv_decimal shortest_slow(double value, bool is_float32)
{
	const bool subnormal = value < (is_float32 ? 0x1p-126 : 0x1p-1022);
	const int most = is_float32 ? 9 : CSV_DIGITS_MAX;
	struct csv_decimal d = { 0, 0, 0 };

	for (int n = subnormal ? 1 : is_float32 ? 6 : CSV_DIGITS_SAFE; n <= most; n++) {
		char text[64];

		snprintf(text, sizeof(text), "%.*e", n - 1, value);
		d = decimal_of_text(text);
		if (reads_as(&d, value, is_float32))
			break;
		/* Below a power of two the neighbour is twice as near, so that only the decimal above may
		 * fit. */
		d.digits++;
		if (reads_as(&d, value, is_float32))
			break;
	}
	csv_decimal_strip(&d);
	return d;
}

/* A positive number that is not whole, times a power of ten: (@whole + @fraction / 2^@shift). */
struct scaled {
	uint128 fraction;
	uint128 half_step;
	uint64_t whole;
	int shift;
};

enum nearest { NEAREST_FITS, NEAREST_FAR, NEAREST_UNSURE };

/* Whether the multiple of @unit that is nearest to the number reads back as it: it is then *@ret_digits. */
static inline enum nearest try_unit(const struct scaled *s, uint64_t unit, uint64_t *ret_digits)
{
	const uint64_t over = s->whole % unit;
	const uint128 below = ((uint128)over << s->shift) + s->fraction;
	const uint128 above = ((uint128)unit << s->shift) - below;
	const uint128 distance = (below < above ? below : above) * 2;

	if (below == above || distance == s->half_step)
		return NEAREST_UNSURE;
	*ret_digits = s->whole / unit + (below < above ? 0 : 1);
	return distance < s->half_step ? NEAREST_FITS : NEAREST_FAR;
}

/* For x >= 1e-14: the power of ten that gives x 17 digits before the point. */
static int power_for(double value)
{
	int power = CSV_DIGITS_MAX - 1;

	if (value >= 1) {
		while (value >= powers_exact[CSV_DIGITS_MAX - power])
			power--;
		return power;
	}
	/* A power too small or too large by one shows in the number of digits. */
	while (power < POWER_MAX && value * powers_exact[power - CSV_DIGITS_MAX + 1] < 1)
		power++;
	return power;
}

/*
 * The shortest decimal of a number x = mantissa / 2^e that is not whole and lies in [1e-14, 2^53), in exact
 * integers.  With 10^power chosen so that x * 10^power has 17 digits before the point,
 *
 *     x * 10^power = mantissa * 5^power / 2^(e - power)        numerator below 2^53 * 2^70
 *
 * and in units of 1 / 2^(e - power), half the distance to the neighbours of x is 5^power / 2.  The nearest
 * decimal of 15 digits is taken if it lies within that distance, else the nearest of 16, else of 17.
 * Returns false where a tie or the uneven neighbours of a power of two need more care.
 */
static bool shortest_fast(double value, struct csv_decimal *ret)
{
	enum nearest nearest;
	struct scaled s;
	uint64_t bits;
	uint64_t mantissa;
	uint128 numerator;
	int power;

	memcpy(&bits, &value, sizeof(bits));
	mantissa = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
	if (value < 1e-14 || value >= 0x1p53 || mantissa == (uint64_t)1 << 52)
		return false;
	power = power_for(value);
	s.shift = 1075 - (int)(bits >> 52) - power;
	if (s.shift < 0)
		return false;
	s.half_step = power_of_five(power);
	numerator = mantissa * s.half_step;
	s.whole = (uint64_t)(numerator >> s.shift);
	s.fraction = numerator - ((uint128)s.whole << s.shift);
	if (s.whole < tens[CSV_DIGITS_MAX - 1] || s.whole >= tens[CSV_DIGITS_MAX])
		return false;
	ret->count = CSV_DIGITS_SAFE;
	nearest = try_unit(&s, 100, &ret->digits);
	if (nearest == NEAREST_FAR) {
		ret->count = CSV_DIGITS_SAFE + 1;
		nearest = try_unit(&s, 10, &ret->digits);
	}
	if (nearest == NEAREST_FAR) {
		ret->count = CSV_DIGITS_MAX;
		nearest = try_unit(&s, 1, &ret->digits);
	}
	if (nearest != NEAREST_FITS)
		return false;
	ret->point = CSV_DIGITS_MAX - power;
	/* Rounding up 99...9 gives one digit more. */
	if (ret->digits >= tens[ret->count]) {
		ret->digits /= 10;
		ret->point++;
	}
	csv_decimal_strip(ret);
	return true;
}

/* The shortest decimal of a positive double. */
struct csv_decimal csv_decimal_shortest(double value)
{
	struct csv_decimal d;

	if (!shortest_fast(value, &d))
		d = shortest_slow(value, false);
	return d;
}

struct csv_decimal csv_decimal_shortest32(float value)
{
	return shortest_slow((double)value, true);
}
