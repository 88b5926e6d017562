/* SPDX-License-Identifier: Apache-2.0 */
#include "preview/plot.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

static const struct kist_plot_row rows[] = {
	{ "loss", "a<b>", "n 3", 1, 0.5, 0, 2 },
	{ "loss", "c", "n 1", 4, NAN, 4, 4 },
	{ "time", "c", "n 2", -INFINITY, NAN, NAN, NAN },
	{ "size", "c", "n 2", 0, DBL_MAX, -DBL_MAX, DBL_MAX },
};

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		count++;
	return count;
}

START_TEST(what_is_finite_is_drawn_between_the_least_and_the_largest_of_its_group)
{
	kist_auto_buf struct kist_buf page = KIST_BUF_INIT((size_t)1 << 20);
	const char *text;

	ck_assert_int_eq(kist_plot_svg("e & v1", rows, 4, &page, NULL), KIST_OK);
	text = kist_buf_text(&page);
	ck_assert_ptr_nonnull(strstr(text, "e &amp; v1"));
	ck_assert_ptr_nonnull(strstr(text, "a&lt;b"));
	ck_assert_uint_eq(count_of(text, "<circle"), 3);
	ck_assert_ptr_nonnull(strstr(text, "cx=\"345.0\""));
	ck_assert_ptr_nonnull(strstr(text, "cx=\"660.0\""));
	ck_assert_uint_eq(count_of(text, "<line"), 5);
	ck_assert_uint_eq(count_of(text, "nan") + count_of(text, "inf"), 0);
	ck_assert_ptr_nonnull(strstr(text, "</svg>\n"));
}
END_TEST

START_TEST(names_are_drawn_on_one_line_without_controls)
{
	static const struct kist_plot_row odd = { "a\033[31m\nb", "\033]0;c\a", "n 1", 1, NAN, 1, 1 };
	kist_auto_buf struct kist_buf page = KIST_BUF_INIT((size_t)1 << 20);

	ck_assert_int_eq(kist_plot_svg("e", &odd, 1, &page, NULL), KIST_OK);
	ck_assert_ptr_nonnull(strstr(kist_buf_text(&page), ">a\\x1b[31m\\nb</text>"));
	ck_assert_ptr_null(strchr(kist_buf_text(&page), '\033'));
	page.size = 0;
	ck_assert_int_eq(kist_plot_text(&odd, 1, &page, NULL), KIST_OK);
	ck_assert_uint_eq(count_of(kist_buf_text(&page), "\n"), 2);
	ck_assert_ptr_null(strchr(kist_buf_text(&page), '\033'));
	ck_assert_ptr_null(strchr(kist_buf_text(&page), '\a'));
}
END_TEST

START_TEST(nothing_is_a_page_with_a_title)
{
	kist_auto_buf struct kist_buf page = KIST_BUF_INIT((size_t)1 << 20);

	ck_assert_int_eq(kist_plot_svg("empty", NULL, 0, &page, NULL), KIST_OK);
	ck_assert_ptr_nonnull(strstr(kist_buf_text(&page), ">empty</text>"));
}
END_TEST

START_TEST(on_a_terminal_a_mean_stands_where_its_group_has_it)
{
	kist_auto_buf struct kist_buf page = KIST_BUF_INIT((size_t)1 << 20);

	/* loss from 0 to 4: 1 of it with 0.5 to each side; time has nothing to draw; size is as wide as numbers are. */
	ck_assert_int_eq(kist_plot_text(rows, 4, &page, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&page),
			 "loss                  0                                  4\n"
			 "  a<b>                ────━━━━━●━━━━─────                   n 3\n"
			 "  c                                                      ●  n 1\n"
			 "time                                                      \n"
			 "  c                                                         n 2\n"
			 "size                  -1.79769e+308           1.79769e+308\n"
			 "  c                   ━━━━━━━━━━━━━━━━━━●━━━━━━━━━━━━━━━━━  n 2\n");
	page.size = 0;
	ck_assert_int_eq(kist_plot_text(NULL, 0, &page, NULL), KIST_OK);
	ck_assert_uint_eq(page.size, 0);
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_buf struct kist_buf page = KIST_BUF_INIT((size_t)1 << 20);

		kist_mem_fail_at(k);
		status = kist_plot_svg("e", rows, 4, &page, NULL);
		if (status == KIST_OK)
			status = kist_plot_text(rows, 4, &page, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 1000);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("plot");

	tcase_add_test(tcase, what_is_finite_is_drawn_between_the_least_and_the_largest_of_its_group);
	tcase_add_test(tcase, on_a_terminal_a_mean_stands_where_its_group_has_it);
	tcase_add_test(tcase, names_are_drawn_on_one_line_without_controls);
	tcase_add_test(tcase, nothing_is_a_page_with_a_title);
	tcase_add_test(tcase, each_allocation_may_fail);
	return suite_run(tcase, "plot");
}
