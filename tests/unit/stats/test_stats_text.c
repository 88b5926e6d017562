/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

#include "stats/stats_text.h"

static void number_is(double number, bool is_single, const char *expected)
{
	char text[STATS_NUMBER_SIZE];

	stats_number_text(number, is_single, text);
	ck_assert_str_eq(text, expected);
}

START_TEST(numbers_are_short_and_read_back_the_same)
{
	number_is(1e300, false, "1e+300");
	number_is(-1e-300, false, "-1e-300");
	number_is(123456, false, "123456");
	number_is(0.1, false, "0.1");
	number_is((double)0.1f, true, "0.1");
	number_is((double)0.1f, false, "0.10000000149011612");
	number_is(1 / 3.0, false, "0.3333333333333333");
	number_is(-0.0, false, "-0");
	number_is(5e-324, false, "4.94066e-324");
	number_is(1.7976931348623157e308, false, "1.7976931348623157e+308");
	number_is(NAN, false, "null");
	number_is(-INFINITY, true, "null");
}
END_TEST

/* As many of 6 to 17 digits as it takes, by trying all. */
static void as_by_trying(double number, bool is_single)
{
	char text[STATS_NUMBER_SIZE];

	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if ((is_single ? (double)strtof(text, NULL) : strtod(text, NULL)) == number)
			break;
	}
	number_is(number, is_single, text);
}

START_TEST(numbers_have_no_digit_too_many)
{
	uint64_t state = 7;

	for (int i = 0; i < 10000; i++) {
		double number;

		state = state * 6364136223846793005u + 1442695040888963407u;
		number = (double)(int64_t)state / pow(10, 18 + (double)(i % 27) - 8);
		as_by_trying(number, false);
		as_by_trying((double)(float)number, true);
		/* Of a few digits, and beside them. */
		number = (double)((int64_t)state >> (i % 63)) / pow(10, (double)(i % 19));
		as_by_trying(number, false);
		as_by_trying(nextafter(number, 0), false);
		as_by_trying((double)(float)number, true);
		as_by_trying((double)nextafterf((float)number, 0), true);
		as_by_trying(ldexp(1, i % 80 - 40), i % 2);
	}
}
END_TEST

START_TEST(numbers_do_not_depend_on_the_locale)
{
	/* Without such a locale the test has nothing to say. */
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
		(void)setlocale(LC_NUMERIC, "fr_FR.UTF-8");
	number_is(0.25, false, "0.25");
	number_is(1.5e-300, false, "1.5e-300");
	(void)setlocale(LC_NUMERIC, "C");
}
END_TEST

static void text_is(enum stats_type type, const void *data, size_t count, const char *expected)
{
	char text[STATS_TEXT_SIZE];
	struct stats stats;

	stats_init(&stats, type);
	stats_add(&stats, data, count);
	stats_finish(&stats);
	ck_assert_uint_eq(stats_text(&stats, text), strlen(expected));
	ck_assert_str_eq(text, expected);
}

START_TEST(each_type_says_what_applies_to_it)
{
	text_is(STATS_F32, (const float[]){ 1, -1, NAN }, 3,
		"\"min\":-1,\"max\":1,\"mean\":0,\"std\":1,\"nan\":1,\"inf\":0,\"neg_inf\":0,\"zero\":0,"
		"\"negative\":1");
	text_is(STATS_I16, (const int16_t[]){ 1, -1 }, 2,
		"\"min\":-1,\"max\":1,\"mean\":0,\"std\":1,\"zero\":0,\"negative\":1");
	text_is(STATS_U8, (const uint8_t[]){ 3, 5 }, 2,
		"\"min\":3,\"max\":5,\"mean\":4,\"std\":1,\"zero\":0");
	text_is(STATS_F64, NULL, 0,
		"\"min\":null,\"max\":null,\"mean\":null,\"std\":null,\"nan\":0,\"inf\":0,\"neg_inf\":0,"
		"\"zero\":0,\"negative\":0");
	text_is(STATS_U16, NULL, 0, "\"min\":null,\"max\":null,\"mean\":null,\"std\":null,\"zero\":0");
}
END_TEST

START_TEST(integers_beyond_63_bits_are_strings_of_digits)
{
	text_is(STATS_U64, (const uint64_t[]){ UINT64_MAX }, 1,
		"\"min\":\"18446744073709551615\",\"max\":\"18446744073709551615\","
		"\"mean\":1.8446744073709552e+19,\"std\":0,\"zero\":0");
	text_is(STATS_U64, (const uint64_t[]){ INT64_MAX }, 1,
		"\"min\":9223372036854775807,\"max\":9223372036854775807,"
		"\"mean\":9.223372036854776e+18,\"std\":0,\"zero\":0");
}
END_TEST

START_TEST(the_longest_text_fits)
{
	const double data[] = { -1.7976931348623157e308, -2.2250738585072014e-308 };
	char text[STATS_TEXT_SIZE];
	struct stats stats;

	stats_init(&stats, STATS_F64);
	stats_add(&stats, data, 2);
	stats_finish(&stats);
	stats.nan = stats.inf = stats.neg_inf = stats.zero = stats.negative = UINT64_MAX;
	ck_assert_uint_lt(stats_text(&stats, text), STATS_TEXT_SIZE - 40);
	ck_assert_ptr_nonnull(strstr(text, "\"negative\":18446744073709551615"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("stats_text");

	tcase_add_test(tcase, numbers_are_short_and_read_back_the_same);
	tcase_add_test(tcase, numbers_have_no_digit_too_many);
	tcase_add_test(tcase, numbers_do_not_depend_on_the_locale);
	tcase_add_test(tcase, each_type_says_what_applies_to_it);
	tcase_add_test(tcase, integers_beyond_63_bits_are_strings_of_digits);
	tcase_add_test(tcase, the_longest_text_fits);
	return suite_run(tcase, "stats_text");
}
