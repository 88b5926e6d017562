/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_nearest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_decimal.h"
#include "support/suite.h"

#define DIGITS_16 UINT64_C(1000000000000000)

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (*state >> 33) * UINT64_C(0x9e3779b97f4a7c15);
}

/* What exact integers and the C library say of the same digits.  Returns whether csv_nearest_read() left it open. */
static bool check(uint64_t digits, uint32_t scale)
{
	const int count = digits >= 10 * DIGITS_16 ? 17 : 16;
	struct csv_decimal shortest;
	enum csv_nearest nearest;
	char text[40];
	double value = -1;
	double right;

	snprintf(text, sizeof(text), "%llue-%u", (unsigned long long)digits, scale);
	right = strtod(text, NULL);
	shortest = csv_decimal_shortest(right);
	nearest = csv_nearest_read(digits, scale, &value);
	if (nearest == CSV_NEAREST_UNSURE)
		return true;
	ck_assert_msg((nearest == CSV_NEAREST_IS) ==
			      (shortest.digits == digits && shortest.point == count - (int)scale),
		      "%s", text);
	ck_assert_msg(nearest == CSV_NEAREST_IS_NOT || memcmp(&value, &right, sizeof(value)) == 0, "%s",
		      text);
	return false;
}

START_TEST(digits_of_chance_are_read_as_exact_integers_read_them)
{
	uint64_t state = (uint64_t)_i;
	uint32_t unsure = 0;

	for (int i = 0; i < 20000; i++) {
		const uint64_t bits = next_random(&state);
		const uint64_t least = bits & 1 ? DIGITS_16 : 10 * DIGITS_16;

		unsure += check(least + next_random(&state) % (9 * least), 1 + (uint32_t)_i);
	}
	/* With few digits behind the point, many decimals lie in the middle between two doubles. */
	ck_assert_uint_lt(unsure, _i < 5 ? 4000 : 10);
}
END_TEST

/* The digits of @value that a printer of doubles would give, and their neighbours. */
static uint32_t check_around(double value, int count)
{
	char text[64];
	char digits[24];
	uint32_t unsure = 0;
	int exponent;

	snprintf(text, sizeof(text), "%.*e", count - 1, value);
	exponent = atoi(strchr(text, 'e') + 1);
	snprintf(digits, sizeof(digits), "%c%.*s", text[0], count - 1, text + 2);
	if (exponent >= count - 1 || count - 1 - exponent > (int)CSV_NEAREST_SCALE_MAX)
		return 0;
	for (int step = -3; step <= 3; step++) {
		const uint64_t number = (uint64_t)(strtoll(digits, NULL, 10) + step);

		if (number >= DIGITS_16 && number < 100 * DIGITS_16)
			unsure += check(number, (uint32_t)(count - 1 - exponent));
	}
	return unsure;
}

START_TEST(digits_of_doubles_are_their_shortest_text_or_not)
{
	uint64_t state = 1000 + (uint64_t)_i;
	uint32_t unsure = 0;

	for (int i = 0; i < 4000; i++) {
		const double value = ldexp((double)(next_random(&state) >> 11 | 1), -_i - 33);

		unsure += check_around(value, 16) + check_around(value, 17);
	}
	ck_assert_uint_lt(unsure, 10);
}
END_TEST

START_TEST(at_a_power_of_two_it_is_left_open_or_right)
{
	for (int power = -13; power < 53; power++) {
		const double value = ldexp(1, power);
		const double around[] = { nextafter(value, 0), value, nextafter(value, 1e300) };

		for (size_t i = 0; i < 3; i++) {
			(void)check_around(around[i], 16);
			(void)check_around(around[i], 17);
		}
	}
}
END_TEST

START_TEST(in_the_middle_between_two_doubles_it_is_left_open)
{
	uint64_t state = 7;

	for (int i = 0; i < 1000; i++) {
		const uint64_t mantissa = UINT64_C(1) << 52 | next_random(&state) >> 12;
		double value;

		ck_assert_int_eq(csv_nearest_read(mantissa * 10 + 5, 1, &value), CSV_NEAREST_UNSURE);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("nearest");

	tcase_add_loop_test(tcase, digits_of_chance_are_read_as_exact_integers_read_them, 0,
			    (int)CSV_NEAREST_SCALE_MAX);
	tcase_add_loop_test(tcase, digits_of_doubles_are_their_shortest_text_or_not, 0, 30);
	tcase_add_test(tcase, at_a_power_of_two_it_is_left_open_or_right);
	tcase_add_test(tcase, in_the_middle_between_two_doubles_it_is_left_open);
	return suite_run(tcase, "csv_nearest");
}
