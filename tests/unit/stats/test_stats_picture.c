/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/stats_picture.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "support/suite.h"

static void exponents_are(double *values, uint64_t count, const char *expected)
{
	const struct stats_sample sample = { .values = values, .count = count };
	struct stats_exponents exponents = { 0 };
	char text[STATS_EXPONENTS_SIZE] = "";
	struct stats_out out = { .to = text, .size = sizeof(text) };

	stats_exponents_add(&exponents, &sample);
	stats_put_exponents(&out, &exponents);
	ck_assert_uint_eq(out.len, strlen(expected));
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
	struct stats_exponents exponents = { 0 };
	char text[STATS_EXPONENTS_SIZE] = "";
	struct stats_out out = { .to = text, .size = sizeof(text) };

	stats_exponents_add(&exponents, &sample);
	stats_put_exponents(&out, &exponents);

	ck_assert_mem_eq(text, begin, strlen(begin));
	ck_assert_str_eq(text + out.len - 6, ",0,1]}");
}
END_TEST

START_TEST(the_longest_text_fits)
{
	double values[STATS_SAMPLE_MAX];
	const struct stats_sample sample = { .values = values, .count = STATS_SAMPLE_MAX };
	struct stats_exponents exponents = { 0 };
	char text[STATS_EXPONENTS_SIZE] = "";
	struct stats_out out = { .to = text, .size = sizeof(text) };

	for (int i = 0; i < STATS_SAMPLE_MAX; i++)
		values[i] = ldexp(1, -1000 - i % STATS_EXPONENTS);
	stats_exponents_add(&exponents, &sample);
	/* Of as many tensors as there may be. */
	for (int i = 0; i < STATS_EXPONENT_FIELDS; i++)
		exponents.counts[i] <<= 45;
	stats_put_exponents(&out, &exponents);
	ck_assert_uint_eq(out.len, strlen(text));
	ck_assert_str_eq(text + out.len - 2, "]}");
}
END_TEST

static double ratio_of(double *values, uint64_t count, enum stats_type type)
{
	const struct stats_sample sample = { .type = type, .values = values, .count = count };
	struct stats_exponents exponents = { 0 };

	stats_exponents_add(&exponents, &sample);
	return stats_exponents_ratio(&exponents, type);
}

START_TEST(the_ratio_is_that_of_exponents_coded_by_their_entropy)
{
	double values[] = { 1, 1.5, 1.25, 1.75, 2, 3, 4, 0 };

	ck_assert(ratio_of(values, 0, STATS_F32) == 0);
	ck_assert(ratio_of(values, 8, STATS_I32) == 0);
	/* One exponent takes nothing. */
	ck_assert(ratio_of(values, 4, STATS_F32) == 1.33);
	ck_assert(ratio_of(values, 4, STATS_BF16) == 2);
	ck_assert(ratio_of(values, 4, STATS_F16) == 1.45);
	ck_assert(ratio_of(values, 4, STATS_F64) == 1.21);
	/* A half, a quarter and two eighths: 1.75 bits. */
	ck_assert(ratio_of(values, 8, STATS_BF16) == 1.64);
	ck_assert(ratio_of(values, 8, STATS_F32) == 1.24);
}
END_TEST

START_TEST(exponents_of_several_are_joined)
{
	double values[] = { 1, 2, 0, 4 };
	const struct stats_sample left = { .values = values, .count = 2 };
	const struct stats_sample right = { .values = values + 2, .count = 2 };
	struct stats_exponents all = { 0 };
	struct stats_exponents more = { 0 };
	char text[STATS_EXPONENTS_SIZE] = "";
	struct stats_out out = { .to = text, .size = sizeof(text) };

	stats_exponents_add(&all, &left);
	stats_exponents_add(&more, &right);
	stats_exponents_join(&all, &more);
	ck_assert_uint_eq(all.zeros, 1);
	stats_put_exponents(&out, &all);
	ck_assert_str_eq(text, ",\"exponents\":{\"of\":3,\"from\":0,\"counts\":[1,1,1]}");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("stats_picture");

	tcase_add_test(tests, exponents_are_counted_from_the_least_to_the_largest);
	tcase_add_test(tests, of_more_than_there_is_room_for_the_small_ones_are_one);
	tcase_add_test(tests, the_longest_text_fits);
	tcase_add_test(tests, the_ratio_is_that_of_exponents_coded_by_their_entropy);
	tcase_add_test(tests, exponents_of_several_are_joined);
	return suite_run(tests, "stats_picture");
}
