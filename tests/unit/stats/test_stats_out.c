/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/suite.h"

#include "stats/stats_out.h"

START_TEST(what_is_put_stands_one_behind_the_other)
{
	char text[128];
	struct stats_out out = { .to = text, .size = sizeof(text) };

	stats_out_text(&out, "{");
	stats_out_field(&out, "\"a\":", UINT64_MAX);
	stats_out_text(&out, ",");
	stats_out_signed(&out, INT64_MIN);
	stats_out_bytes(&out, ",;", 1);
	stats_out_signed(&out, 0);
	stats_out_text(&out, ",");
	stats_out_number(&out, -0.5, false);
	stats_out_text(&out, "}");
	ck_assert_str_eq(text, "{\"a\":18446744073709551615,-9223372036854775808,0,-0.5}");
	ck_assert_uint_eq(out.len, strlen(text));
}
END_TEST

START_TEST(what_has_no_room_is_dropped)
{
	char text[8] = "";
	struct stats_out out = { .to = text, .size = 5 };

	memset(text + 5, '#', 3);
	stats_out_text(&out, "abcde");
	ck_assert_uint_eq(out.len, 0);
	stats_out_text(&out, "abc");
	stats_out_whole(&out, 12);
	stats_out_whole(&out, 3);
	stats_out_text(&out, "d");
	ck_assert_str_eq(text, "abc3");
	ck_assert_mem_eq(text + 5, "###", 3);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("stats_out");

	tcase_add_test(tcase, what_is_put_stands_one_behind_the_other);
	tcase_add_test(tcase, what_has_no_room_is_dropped);
	return suite_run(tcase, "stats_out");
}
