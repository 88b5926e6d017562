/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include "support/suite.h"

static const struct {
	int64_t ns;
	const char *text;
} rows[] = {
	{ 0, "1970-01-01T00:00:00Z" },
	{ 999999999, "1970-01-01T00:00:00Z" },
	{ -1, "1969-12-31T23:59:59Z" },
	{ -1000000000, "1969-12-31T23:59:59Z" },
	{ -1000000001, "1969-12-31T23:59:58Z" },
	{ 951782400000000000, "2000-02-29T00:00:00Z" },
	{ INT64_MAX, "2262-04-11T23:47:16Z" },
	{ INT64_MIN, "1677-09-21T00:12:43Z" },
};

START_TEST(times_are_text_in_utc_rounded_down)
{
	char text[KIST_TIME_TEXT_SIZE];

	kist_time_text(rows[_i].ns, text);
	ck_assert_str_eq(text, rows[_i].text);
}
END_TEST

START_TEST(the_clocks_go_on)
{
	const uint64_t before = kist_now_ns();

	ck_assert_uint_ge(kist_now_ns(), before);
	ck_assert_int_gt(kist_wall_ns(), 1500000000000000000);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("time");

	tcase_add_loop_test(tcase, times_are_text_in_utc_rounded_down, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tcase, the_clocks_go_on);
	return suite_run(tcase, "time");
}
