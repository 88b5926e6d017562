/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

#include "stats/stats_number.h"

static void number_is(double number, bool is_single, const char *expected)
{
	char text[STATS_NUMBER_SIZE];

	ck_assert_uint_eq(stats_number_text(number, is_single, text), strlen(expected));
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

START_TEST(numbers_at_a_bound_have_no_digit_too_many)
{
	/* Below a power of two steps are shorter than above it. */
	for (int exponent = -80; exponent <= 70; exponent++) {
		const double number = ldexp(1, exponent);

		as_by_trying(number, false);
		as_by_trying(nextafter(number, 0), false);
		as_by_trying(nextafter(number, INFINITY), false);
		as_by_trying(number, true);
		as_by_trying((double)nextafterf((float)number, 0), true);
		as_by_trying((double)nextafterf((float)number, INFINITY), true);
	}
	/* And of digits that are nines, and of fives between two decimals. */
	for (int exponent = -24; exponent <= 18; exponent++) {
		const double number = pow(10, exponent);

		as_by_trying(number, false);
		as_by_trying(nextafter(number, 0), false);
		as_by_trying((double)nextafterf((float)number, 0), true);
		as_by_trying(0.9999995 * number, false);
		as_by_trying(2.5 * number, false);
		as_by_trying(9007199254740991 * number, false);
	}
	for (int bits = 1; bits < 53; bits++)
		as_by_trying(ldexp(0x1FFFFFFFFFFFFF, -bits), false);
}
END_TEST

/* Integers of 32 bits are told as if they were floats. */
START_TEST(what_is_no_float_has_all_digits)
{
	as_by_trying(16777217, true);
	as_by_trying(-2147483647, true);
	as_by_trying(4294967295, true);
	as_by_trying(DBL_EPSILON + 1, true);
}
END_TEST

START_TEST(digits_are_those_of_the_number)
{
	char text[STATS_DIGITS_MAX + 1] = "";

	ck_assert_uint_eq(stats_digits(text, 0), 1);
	ck_assert_str_eq(text, "0");
	ck_assert_uint_eq(stats_digits(text, UINT64_MAX), STATS_DIGITS_MAX);
	ck_assert_str_eq(text, "18446744073709551615");
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

int main(void)
{
	TCase *tcase = tcase_create("stats_number");

	tcase_add_test(tcase, numbers_are_short_and_read_back_the_same);
	tcase_add_test(tcase, numbers_have_no_digit_too_many);
	tcase_add_test(tcase, numbers_at_a_bound_have_no_digit_too_many);
	tcase_add_test(tcase, what_is_no_float_has_all_digits);
	tcase_add_test(tcase, digits_are_those_of_the_number);
	tcase_add_test(tcase, numbers_do_not_depend_on_the_locale);
	return suite_run(tcase, "stats_number");
}
