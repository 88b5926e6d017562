/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_text.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MIN 6
#define DIGITS_MAX 17
/* A decimal of no more digits is the only one of so many that reads as its double (DBL_DIG). */
#define DIGITS_FEW 15
/* Powers of ten up to this one are exact; with it all decimals of DIGITS_FEW digits within these are whole. */
#define PLACES_MAX   22
#define SCALED_LEAST 1e-7
#define SCALED_MOST  1e15
/* From here on fewer digits than stand before the point may do for a float. */
#define SINGLE_MOST 1e6
/* Closer to half a step than this part of it is not told apart. */
#define CLOSE 1e-6

static bool reads_back(const char *text, double value, bool is_single)
{
	return is_single ? (double)strtof(text, NULL) == value : strtod(text, NULL) == value;
}

/* The half of a step of float32 at @number, which lies amid two such steps. */
static double half_step(double number)
{
	return ldexp(1, ilogb(number) - FLT_MANT_DIG);
}

/* Below it the step is shorter than above it. */
static bool is_power_of_two(double number)
{
	int exponent;

	return frexp(number, &exponent) == 0.5;
}

/* But for zeros at the end; DIGITS_MIN at least. */
static int digits_in(uint64_t number)
{
	int digits = 1;

	for (; number % 10 == 0; number /= 10)
		;
	for (; number >= 10; number /= 10)
		digits++;
	return digits < DIGITS_MIN ? DIGITS_MIN : digits;
}

/*
 * With how many digits @number, which is positive, reads back, or DIGITS_MIN where that is not easily told.
 *
 * A decimal that is a whole number below 2^53 divided by an exact power of ten is rounded once when it is
 * divided, as when it is read.  So it reads as a double just when that gives the double, and as a float when it is
 * nearer than half a step.
 */
static int digits_needed(double number, bool is_single)
{
	double near = 0;
	double power = 1;

	if (number < SCALED_LEAST || number >= (is_single ? SINGLE_MOST : SCALED_MOST))
		return DIGITS_MIN;
	if (is_single && is_power_of_two(number))
		return DIGITS_MIN;
	if (is_single)
		near = half_step(number);
	for (int places = 0; places <= PLACES_MAX; places++, power *= 10) {
		const double scaled = number * power;
		const uint64_t whole = (uint64_t)(scaled + 0.5);
		const double away = fabs((double)whole / power - number);

		if (scaled >= SCALED_MOST)
			break;
		if (away == 0 || away < near * (1 - CLOSE))
			return digits_in(whole);
		if (away < near * (1 + CLOSE))
			return DIGITS_MIN;
	}
	return is_single ? DIGITS_MIN : DIGITS_FEW + 1;
}

void stats_number_text(double number, bool is_single, char ret[static STATS_NUMBER_SIZE])
{
	char text[STATS_NUMBER_SIZE];
	size_t len = 0;

	if (!isfinite(number)) {
		memcpy(ret, "null", sizeof("null"));
		return;
	}
	for (int digits = digits_needed(fabs(number), is_single); digits <= DIGITS_MAX; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (digits == DIGITS_MAX || reads_back(text, number, is_single))
			break;
	}
	/* What stands between digits is the point, whatever the locale thinks of it. */
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (memchr("0123456789+-e", text[i], 13))
			ret[len++] = text[i];
		else if (len > 0 && ret[len - 1] != '.')
			ret[len++] = '.';
	}
	ret[len] = '\0';
}

/* Beyond 63 bits a reader of JSON would round it. */
static void whole_text(uint64_t number, char ret[static STATS_NUMBER_SIZE])
{
	const char *const quote = number > INT64_MAX ? "\"" : "";

	snprintf(ret, STATS_NUMBER_SIZE, "%s%" PRIu64 "%s", quote, number, quote);
}

void stats_item_text(enum stats_type type, const void *at, char ret[static STATS_NUMBER_SIZE])
{
	uint64_t word;

	if (stats_size(type) < sizeof(word) || stats_is_floating(type)) {
		stats_number_text(stats_value(type, at), type != STATS_F64, ret);
		return;
	}
	memcpy(&word, at, sizeof(word));
	if (type == STATS_I64)
		snprintf(ret, STATS_NUMBER_SIZE, "%" PRId64, (int64_t)word);
	else
		whole_text(word, ret);
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

struct text {
	char *to;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text->to + text->len, STATS_TEXT_SIZE - text->len, format, args);
	va_end(args);
	if (len > 0 && (size_t)len < STATS_TEXT_SIZE - text->len)
		text->len += (size_t)len;
}

static void put_number(struct text *text, const char *key, double number, bool is_single)
{
	char digits[STATS_NUMBER_SIZE];

	stats_number_text(number, is_single, digits);
	put(text, ",\"%s\":%s", key, digits);
}

static void put_extremes(struct text *text, const struct stats *stats)
{
	const bool is_single = stats->type != STATS_F64;
	char min[STATS_NUMBER_SIZE];
	char max[STATS_NUMBER_SIZE];

	if (stats->finite == 0 || stats_is_floating(stats->type)) {
		put_number(text, "min", stats->min, is_single);
		put_number(text, "max", stats->max, is_single);
	} else if (stats_is_signed(stats->type)) {
		put(text, ",\"min\":%" PRId64 ",\"max\":%" PRId64, stats->min_i, stats->max_i);
	} else {
		whole_text(stats->min_u, min);
		whole_text(stats->max_u, max);
		put(text, ",\"min\":%s,\"max\":%s", min, max);
	}
}

size_t stats_text(const struct stats *stats, char ret[static STATS_TEXT_SIZE])
{
	struct text text = { .to = ret };

	put_extremes(&text, stats);
	put_number(&text, "mean", stats_mean(stats), false);
	put_number(&text, "std", stats_std(stats), false);
	if (stats_is_floating(stats->type))
		put(&text, ",\"nan\":%" PRIu64 ",\"inf\":%" PRIu64 ",\"neg_inf\":%" PRIu64, stats->nan,
		    stats->inf, stats->neg_inf);
	put(&text, ",\"zero\":%" PRIu64, stats->zero);
	if (stats_is_signed(stats->type))
		put(&text, ",\"negative\":%" PRIu64, stats->negative);
	/* Each put its comma before itself. */
	memmove(ret, ret + 1, text.len);
	return text.len - 1;
}
