/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "support/suite.h"

#include "stats/stats_text.h"

static void text_is(enum stats_type type, const void *data, size_t count, const char *expected)
{
	char text[STATS_TEXT_SIZE];
	struct stats_out out = { .to = text, .size = sizeof(text) };
	struct stats stats;

	stats_init(&stats, type);
	stats_add(&stats, data, count);
	stats_finish(&stats);
	stats_put(&out, &stats);
	ck_assert_uint_eq(out.len, strlen(expected));
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
	struct stats_out out = { .to = text, .size = sizeof(text) };
	struct stats stats;

	stats_init(&stats, STATS_F64);
	stats_add(&stats, data, 2);
	stats_finish(&stats);
	stats.nan = stats.inf = stats.neg_inf = stats.zero = stats.negative = UINT64_MAX;
	stats_put(&out, &stats);
	ck_assert_uint_lt(out.len, STATS_TEXT_SIZE - 40);
	ck_assert_ptr_nonnull(strstr(text, "\"negative\":18446744073709551615"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("stats_text");

	tcase_add_test(tcase, each_type_says_what_applies_to_it);
	tcase_add_test(tcase, integers_beyond_63_bits_are_strings_of_digits);
	tcase_add_test(tcase, the_longest_text_fits);
	return suite_run(tcase, "stats_text");
}
