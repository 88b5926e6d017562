/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Any decimal of so many digits is the shortest text of the double that it reads as (DBL_DIG). */
#define DIGITS_SAFE 15
/* So many digits tell every double from its neighbours. */
#define DIGITS_MAX 17
/* 10^19 is the last power of ten below 2^64. */
#define POWER_MAX 19
/* 10^22 is the last power of ten that is a double. */
#define POWER_EXACT_MAX 22
/* Plain notation for 10^-4 <= x < 10^16: the position of the point, counted from the first digit. */
#define POINT_MIN (-3)
#define POINT_MAX 16

__extension__ typedef unsigned __int128 uint128;

static const uint64_t powers[POWER_MAX + 1] = {
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
	1000000000000000000u,
	10000000000000000000u,
};

static const double powers_exact[POWER_EXACT_MAX + 1] = { 1e0,	1e1,  1e2,  1e3,  1e4,	1e5,  1e6,  1e7,
							  1e8,	1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
							  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* A positive number: 0.DIGITS * 10^point, the last digit not 0. */
struct decimal {
	uint64_t digits;
	int count;
	int point;
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool csv_int_parse(const uint8_t *text, size_t len, int64_t *ret_value)
{
	const bool negative = len > 0 && text[0] == '-';
	const size_t first = negative;
	uint64_t value = 0;

	/* 19 digits cannot overflow uint64. */
	if (len == first || len - first > 19)
		return false;
	if (text[first] == '0' && (negative || len > 1))
		return false;
	for (size_t i = first; i < len; i++) {
		if (!is_digit(text[i]))
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	if (value > (uint64_t)INT64_MAX + negative)
		return false;
	*ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

size_t csv_uint_print(char *to, uint64_t value)
{
	char reversed[20];
	size_t n = 0;

	do {
		reversed[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	for (size_t i = 0; i < n; i++)
		to[i] = reversed[n - 1 - i];
	return n;
}

size_t csv_int_print(char *to, int64_t value)
{
	if (value >= 0)
		return csv_uint_print(to, (uint64_t)value);
	to[0] = '-';
	return 1 + csv_uint_print(to + 1, 0 - (uint64_t)value);
}

static int bit_count(uint64_t value)
{
	return value == 0 ? 0 : 64 - __builtin_clzll(value);
}

/* Nearest double of @digits / 10^@power, ties to even; exact, because the division keeps its remainder. */
static double divide(uint64_t digits, int power)
{
	const uint64_t divisor = powers[power];
	const int shift = 56 + bit_count(divisor) - bit_count(digits);
	const uint128 dividend = (uint128)digits << shift;
	const uint64_t quotient = (uint64_t)(dividend / divisor);
	const bool rest = (uint128)quotient * divisor != dividend;
	const int drop = bit_count(quotient) - 53;
	const uint64_t half = (uint64_t)1 << (drop - 1);
	const uint64_t tail = quotient & (half * 2 - 1);
	uint64_t mantissa = quotient >> drop;

	if (tail > half || (tail == half && (rest || (mantissa & 1) != 0)))
		mantissa++;
	return ldexp((double)mantissa, drop - shift);
}

/* Nearest double of @digits * 10^@power.  Up to DIGITS_MAX digits, more than none. */
static double decimal_to_double(uint64_t digits, int power)
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

static void strip_zeros(struct decimal *d)
{
	while (d->count > 1 && d->digits % 10 == 0) {
		d->digits /= 10;
		d->count--;
	}
}

/* Takes the digits and the exponent out of "%.*e": whatever the locale puts between the digits is skipped. */
static struct decimal decimal_of_text(const char *text)
{
	struct decimal d = { 0, 0, 0 };

	for (; *text != '\0' && *text != 'e'; text++) {
		if (!is_digit((uint8_t)*text))
			continue;
		d.digits = d.digits * 10 + (uint64_t)(*text - '0');
		d.count++;
	}
	d.point = 1 + (*text == 'e' ? atoi(text + 1) : 0);
	return d;
}

static bool reads_as(const struct decimal *d, double value, bool is_float32)
{
	char text[40];

	snprintf(text, sizeof(text), "%llue%d", (unsigned long long)d->digits, d->point - d->count);
	return is_float32 ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
}

/* The shortest decimal of any positive number: tries each count of digits, from the fewest. */
static struct decimal shortest_slow(double value, bool is_float32)
{
	const bool subnormal = value < (is_float32 ? 0x1p-126 : 0x1p-1022);
	const int most = is_float32 ? 9 : DIGITS_MAX;
	struct decimal d = { 0, 0, 0 };

	for (int n = subnormal ? 1 : is_float32 ? 6 : DIGITS_SAFE; n <= most; n++) {
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
	strip_zeros(&d);
	return d;
}

/*
 * The shortest decimal of a number x = mantissa / 2^shift that is not whole and lies in [0.001, 2^53), in
 * exact integers.  With 10^power chosen so that x * 10^power has 17 digits before the point,
 *
 *     scaled = mantissa * 10^power = x * 10^power * 2^shift        below 2^53 * 2^64
 *
 * and in this unit half the distance to the neighbours of x is 10^power / 2.  The nearest decimal of 15
 * digits is taken if it lies within that distance, else the nearest of 16, else of 17.  Returns false where
 * a tie or the uneven neighbours of a power of two need more care.
 */
static bool shortest_fast(double value, struct decimal *ret)
{
	uint64_t bits;
	uint64_t mantissa;
	uint64_t whole;
	uint128 scaled;
	uint128 fraction;
	int shift;
	int power;

	memcpy(&bits, &value, sizeof(bits));
	mantissa = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
	shift = 1075 - (int)(bits >> 52);
	if (value < 0.001 || shift < 1 || mantissa == (uint64_t)1 << 52)
		return false;
	power = DIGITS_MAX - 1;
	if (value >= 10) {
		while (power > 0 && value >= powers_exact[DIGITS_MAX - power])
			power--;
	} else if (value < 1) {
		power += value < 0.01 ? 3 : value < 0.1 ? 2 : 1;
	}
	scaled = (uint128)mantissa * powers[power];
	whole = (uint64_t)(scaled >> shift);
	fraction = scaled - ((uint128)whole << shift);
	if (whole < powers[DIGITS_MAX - 1] || whole >= powers[DIGITS_MAX])
		return false;
	for (uint64_t unit = 100; unit > 0; unit /= 10) {
		const uint128 below = ((uint128)(whole % unit) << shift) + fraction;
		const uint128 above = ((uint128)unit << shift) - below;
		const uint128 nearest = below < above ? below : above;

		if (below == above || nearest * 2 == powers[power])
			return false;
		if (nearest * 2 > powers[power] && unit > 1)
			continue;
		ret->digits = (whole - whole % unit + (below < above ? 0 : unit)) / unit;
		ret->count = unit == 100 ? 15 : unit == 10 ? 16 : 17;
		ret->point = DIGITS_MAX - power;
		/* Rounding up 99...9 gives one digit more. */
		if (ret->digits >= powers[ret->count]) {
			ret->digits /= 10;
			ret->point++;
		}
		strip_zeros(ret);
		return true;
	}
	return false;
}

static size_t print_plain(char *to, const char *digits, int count, int point)
{
	size_t n = 0;

	if (point <= 0) {
		to[n++] = '0';
		to[n++] = '.';
		for (int i = point; i < 0; i++)
			to[n++] = '0';
		memcpy(to + n, digits, (size_t)count);
		return n + (size_t)count;
	}
	for (int i = 0; i < point; i++)
		to[n++] = i < count ? digits[i] : '0';
	to[n++] = '.';
	if (count <= point)
		to[n++] = '0';
	for (int i = point; i < count; i++)
		to[n++] = digits[i];
	return n;
}

static size_t print_exponent(char *to, const char *digits, int count, int point)
{
	const int exponent = point - 1;
	const uint64_t magnitude = (uint64_t)(exponent < 0 ? -exponent : exponent);
	size_t n = 0;

	to[n++] = digits[0];
	if (count > 1) {
		to[n++] = '.';
		memcpy(to + n, digits + 1, (size_t)count - 1);
		n += (size_t)count - 1;
	}
	to[n++] = 'e';
	to[n++] = exponent < 0 ? '-' : '+';
	if (magnitude < 10)
		to[n++] = '0';
	return n + csv_uint_print(to + n, magnitude);
}

static size_t print_decimal(char *to, const struct decimal *d)
{
	char digits[20];

	(void)csv_uint_print(digits, d->digits);
	if (d->point < POINT_MIN || d->point > POINT_MAX)
		return print_exponent(to, digits, d->count, d->point);
	return print_plain(to, digits, d->count, d->point);
}

static size_t print_special(char *to, double value)
{
	const char *text = isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
	const size_t n = strlen(text);

	memcpy(to, text, n);
	return n;
}

static size_t print_real(char *to, double value, bool is_float32)
{
	struct decimal d;
	size_t n = 0;

	if (!isfinite(value))
		return print_special(to, value);
	if (signbit(value)) {
		to[n++] = '-';
		value = -value;
	}
	if (value < 1e15 && value == (double)(uint64_t)value) {
		n += csv_uint_print(to + n, (uint64_t)value);
		memcpy(to + n, ".0", 2);
		return n + 2;
	}
	if (is_float32 || !shortest_fast(value, &d))
		d = shortest_slow(value, is_float32);
	return n + print_decimal(to + n, &d);
}

size_t csv_float_print(char *to, double value)
{
	return print_real(to, value, false);
}

size_t csv_float32_print(char *to, float value)
{
	return print_real(to, (double)value, true);
}

/* What a text looks like: up to DIGITS_MAX digits that count, and where the point and the exponent are. */
struct shape {
	uint64_t digits;
	int count;
	int after_point;
	int exponent;
	bool has_point;
	bool has_exponent;
};

static bool read_exponent(const uint8_t *text, size_t len, int *ret)
{
	int value = 0;

	if (len < 3 || len > 4 || (text[0] != '+' && text[0] != '-'))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!is_digit(text[i]))
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*ret = text[0] == '-' ? -value : value;
	return true;
}

static bool read_shape(const uint8_t *text, size_t len, struct shape *s)
{
	size_t i;

	*s = (struct shape){ 0 };
	for (i = 0; i < len; i++) {
		if (is_digit(text[i])) {
			s->digits = s->digits * 10 + (uint64_t)(text[i] - '0');
			s->count += s->digits > 0;
			s->after_point += s->has_point;
			if (s->count > DIGITS_MAX)
				return false;
		} else if (text[i] == '.' && !s->has_point && i > 0) {
			s->has_point = true;
		} else {
			break;
		}
	}
	if (i == 0 || text[i - 1] == '.')
		return false;
	if (i == len)
		return s->has_point;
	s->has_exponent = true;
	return text[i] == 'e' && read_exponent(text + i + 1, len - i - 1, &s->exponent);
}

/* Whether the text is canonical by its looks alone: see DIGITS_SAFE. */
static bool is_safe(const struct shape *s, const uint8_t *text, size_t len)
{
	const bool one_zero = s->after_point == 1 && text[len - 1] == '0';
	const bool leading_zero = text[0] == '0' && text[1] != '.';

	if (s->has_exponent || s->count > DIGITS_SAFE || leading_zero)
		return false;
	if (one_zero)
		return true;
	/* 0.0001 has one digit and four places, three of them zeros. */
	return text[len - 1] != '0' && s->after_point - s->count <= -POINT_MIN;
}

bool csv_float_parse(const uint8_t *text, size_t len, double *ret_value)
{
	const size_t first = len > 0 && text[0] == '-';
	char printed[CSV_NUMBER_SIZE_MAX + 8];
	struct shape shape;
	double value;

	if (len < 3 || len > CSV_NUMBER_SIZE_MAX)
		return false;
	if (text[first] == 'i' || text[first] == 'n') {
		value = text[first] == 'n' ? (double)NAN : first ? -(double)INFINITY : (double)INFINITY;
	} else {
		if (!read_shape(text + first, len - first, &shape))
			return false;
		value = decimal_to_double(shape.digits, shape.exponent - shape.after_point);
		value = first ? -value : value;
		if (is_safe(&shape, text + first, len - first)) {
			*ret_value = value;
			return true;
		}
	}
	if (csv_float_print(printed, value) != len || memcmp(printed, text, len) != 0)
		return false;
	*ret_value = value;
	return true;
}
