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
/* 5^27 is the last power of five below 2^64, 5^30 the last one that the exact ways go up to. */
#define FIVES_MAX 27
#define POWER_MAX 30
/* 10^22 is the last power of ten that is a double. */
#define POWER_EXACT_MAX 22
/* Plain notation for 10^-4 <= x < 10^16: the position of the point, counted from the first digit. */
#define POINT_MIN (-3)
#define POINT_MAX 16

__extension__ typedef unsigned __int128 uint128;

static const uint64_t tens[DIGITS_MAX + 1] = {
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
	int power = DIGITS_MAX - 1;

	if (value >= 1) {
		while (value >= powers_exact[DIGITS_MAX - power])
			power--;
		return power;
	}
	/* A power too small or too large by one shows in the number of digits. */
	while (power < POWER_MAX && value * powers_exact[power - DIGITS_MAX + 1] < 1)
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
static bool shortest_fast(double value, struct decimal *ret)
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
	if (s.whole < tens[DIGITS_MAX - 1] || s.whole >= tens[DIGITS_MAX])
		return false;
	ret->count = DIGITS_SAFE;
	nearest = try_unit(&s, 100, &ret->digits);
	if (nearest == NEAREST_FAR) {
		ret->count = DIGITS_SAFE + 1;
		nearest = try_unit(&s, 10, &ret->digits);
	}
	if (nearest == NEAREST_FAR) {
		ret->count = DIGITS_MAX;
		nearest = try_unit(&s, 1, &ret->digits);
	}
	if (nearest != NEAREST_FITS)
		return false;
	ret->point = DIGITS_MAX - power;
	/* Rounding up 99...9 gives one digit more. */
	if (ret->digits >= tens[ret->count]) {
		ret->digits /= 10;
		ret->point++;
	}
	strip_zeros(ret);
	return true;
}

/* The shortest decimal of a positive double. */
static struct decimal shortest(double value)
{
	struct decimal d;

	if (!shortest_fast(value, &d))
		d = shortest_slow(value, false);
	return d;
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
	d = is_float32 ? shortest_slow(value, true) : shortest(value);
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
	size_t mantissa_len;
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
	/* Two digits, or three if two are too few. */
	return len == 3 || value >= 100;
}

/* Reads digits on from @i.  Returns the position behind them. */
static inline size_t read_digits(const uint8_t *text, size_t len, size_t i, uint64_t *digits)
{
	uint64_t value = *digits;

	for (; i < len && is_digit(text[i]); i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	*digits = value;
	return i;
}

/* Zeros before the first digit that counts. */
static int leading_zeros(const uint8_t *text, size_t len)
{
	size_t i = 2;

	if (text[0] != '0')
		return 0;
	while (i < len && text[i] == '0')
		i++;
	return (int)i - 1;
}

/* @text begins with a digit. */
static bool read_shape(const uint8_t *text, size_t len, struct shape *s)
{
	const size_t whole_len = read_digits(text, len, 0, &s->digits);
	size_t i = whole_len;

	if (i < len && text[i] == '.')
		i = read_digits(text, len, i + 1, &s->digits);
	s->after_point = i > whole_len ? (int)(i - whole_len) - 1 : 0;
	s->count = (int)whole_len + s->after_point - leading_zeros(text, i);
	s->mantissa_len = i;
	/* More digits overflow, too, but are refused unread. */
	if (s->count > DIGITS_MAX || text[i - 1] == '.')
		return false;
	if (i == len)
		return i > whole_len;
	s->has_exponent = true;
	return text[i] == 'e' && read_exponent(text + i + 1, len - i - 1, &s->exponent);
}

/* Whether a text of these digits has the one form that they may have. */
static bool has_form(const struct shape *s, const struct decimal *d, const uint8_t *text)
{
	const size_t mantissa_len = s->mantissa_len;
	const bool plain = s->digits == 0 || (d->point >= POINT_MIN && d->point <= POINT_MAX);

	if (plain == s->has_exponent)
		return false;
	if (text[0] == '0' && (s->has_exponent || text[1] != '.'))
		return false;
	if (s->has_exponent)
		return mantissa_len == 1 || (text[1] == '.' && text[mantissa_len - 1] != '0');
	return s->after_point == 1 || text[mantissa_len - 1] != '0';
}

static bool parse_positive(const uint8_t *text, size_t len, double *ret_value)
{
	struct shape s = { 0 };
	struct decimal d;
	struct decimal best;
	double value;

	if (!read_shape(text, len, &s))
		return false;
	d = (struct decimal){ s.digits, s.count, s.count - s.after_point + s.exponent };
	strip_zeros(&d);
	if (!has_form(&s, &d, text))
		return false;
	value = decimal_to_double(s.digits, s.exponent - s.after_point);
	*ret_value = value;
	if (s.digits == 0)
		return s.after_point == 1;
	if (!isfinite(value))
		return false;
	if (d.count <= DIGITS_SAFE && value >= 0x1p-1022)
		return true;
	best = shortest(value);
	return best.digits == d.digits && best.point == d.point;
}

static bool parse_special(const uint8_t *text, size_t len, double *ret_value)
{
	static const char *const words[] = { "nan", "inf", "-inf" };
	static const double values[] = { NAN, INFINITY, -INFINITY };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (len == strlen(words[i]) && memcmp(text, words[i], len) == 0) {
			*ret_value = values[i];
			return true;
		}
	}
	return false;
}

bool csv_float_parse(const uint8_t *text, size_t len, double *ret_value)
{
	const size_t first = len > 0 && text[0] == '-';
	double value = 0;

	if (len < first + 3 || len > CSV_NUMBER_SIZE_MAX)
		return false;
	if (!is_digit(text[first]))
		return parse_special(text, len, ret_value);
	if (!parse_positive(text + first, len - first, &value))
		return false;
	*ret_value = first ? -value : value;
	return true;
}
