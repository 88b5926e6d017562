/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/stats_picture.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "support/suite.h"

static void exponents_are(double *values, uint64_t count, const char *expected)
{
	const struct stats_sample sample = { .values = values, .count = count };
	char text[STATS_EXPONENTS_SIZE];

	ck_assert_uint_eq(stats_exponents_text(&sample, text), strlen(expected));
	ck_assert_str_eq(text, expected);
}

START_TEST(exponents_are_counted_from_the_least_to_the_largest)
{
	double values[] = { 1, -1.5, 2, 0.25, 0.0, -0.0, NAN, INFINITY, -INFINITY };

	exponents_are(values, 9, ",\"exponents\":{\"of\":4,\"from\":-2,\"counts\":[1,0,2,1]}");
	exponents_are(values, 1, ",\"exponents\":{\"of\":1,\"from\":0,\"counts\":[1]}");
	exponents_are(values + 4, 5, "");
	exponents_are(values, 0, "");
}
END_TEST

START_TEST(of_more_than_there_is_room_for_the_small_ones_are_one)
{
	double values[] = { DBL_MAX, DBL_MIN, 5e-324, ldexp(1, 961), ldexp(1, 960) };
	const struct stats_sample sample = { .values = values, .count = 5 };
	const char *begin = ",\"exponents\":{\"of\":5,\"from\":960,\"counts\":[3,1,0,";
	char text[STATS_EXPONENTS_SIZE];
	const size_t len = stats_exponents_text(&sample, text);

	ck_assert_mem_eq(text, begin, strlen(begin));
	ck_assert_str_eq(text + len - 6, ",0,1]}");
}
END_TEST

START_TEST(the_longest_text_fits)
{
	double values[STATS_SAMPLE_MAX];
	const struct stats_sample sample = { .values = values, .count = STATS_SAMPLE_MAX };
	char text[STATS_EXPONENTS_SIZE];
	size_t len;

	for (int i = 0; i < STATS_SAMPLE_MAX; i++)
		values[i] = ldexp(1, -1000 - i % STATS_EXPONENTS);
	len = stats_exponents_text(&sample, text);
	ck_assert_uint_eq(len, strlen(text));
	ck_assert_str_eq(text + len - 2, "]}");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("stats_picture");

	tcase_add_test(tests, exponents_are_counted_from_the_least_to_the_largest);
	tcase_add_test(tests, of_more_than_there_is_room_for_the_small_ones_are_one);
	tcase_add_test(tests, the_longest_text_fits);
	return suite_run(tests, "stats_picture");
}
