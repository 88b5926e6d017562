/* SPDX-License-Identifier: Apache-2.0 */
#include "object/slice.h"

#include <string.h>

#include "support/suite.h"

/* Of an array of one dimension: what a slice means, as "start:count:step". */
static void means(const char *text, int64_t size, int64_t start, int64_t count, int64_t step)
{
	struct kist_slice slice;
	struct kist_axis axis;

	ck_assert_int_eq(kist_slice_read(text, &slice, NULL), KIST_OK);
	ck_assert_int_eq(kist_slice_resolve(&slice, 1, &size, &axis, NULL), KIST_OK);
	ck_assert_msg(axis.start == start && axis.count == count && axis.step == step,
		      "%s of %lld is %lld:%lld:%lld", text, (long long)size, (long long)axis.start,
		      (long long)axis.count, (long long)axis.step);
}

START_TEST(a_range_means_what_it_means_in_python)
{
	means(":", 10, 0, 10, 1);
	means("2:5", 10, 2, 3, 1);
	means("-3:", 10, 7, 3, 1);
	means(":-3", 10, 0, 7, 1);
	means("5:2", 10, 0, 0, 1);
	means("::3", 10, 0, 4, 3);
	means("1:9:4", 10, 1, 2, 4);
	means("::-1", 10, 9, 10, -1);
	means("8:2:-3", 10, 8, 2, -3);
	means(":-4:-2", 10, 9, 2, -2);
	means("[ 2 : 5 ]", 10, 2, 3, 1);
}
END_TEST

START_TEST(a_range_beyond_the_end_is_cut)
{
	means("5:100", 10, 5, 5, 1);
	means("-100:3", 10, 0, 3, 1);
	means("50:", 10, 0, 0, 1);
	means("100::-1", 10, 9, 10, -1);
	means(":-100:-1", 10, 9, 10, -1);
	means("-100::-1", 10, 0, 0, 1);
	means(":", 0, 0, 0, 1);
	means("::-1", 0, 0, 0, 1);
	means("-9223372036854775807:9223372036854775807", 10, 0, 10, 1);
}
END_TEST

START_TEST(the_longest_step_is_not_multiplied)
{
	means("::9223372036854775807", 10, 0, 1, 1);
	means("::-9223372036854775807", 10, 9, 1, 1);
	means("::9", 10, 0, 2, 9);
}
END_TEST

START_TEST(an_index_takes_its_dimension_away)
{
	const int64_t shape[] = { 4, 5, 6 };
	struct kist_slice slice;
	struct kist_axis axes[3];

	ck_assert_int_eq(kist_slice_read("-1,...,2:4", &slice, NULL), KIST_OK);
	ck_assert_int_eq(kist_slice_resolve(&slice, 3, shape, axes, NULL), KIST_OK);
	ck_assert(axes[0].is_index && axes[0].start == 3 && axes[0].count == 1);
	ck_assert(!axes[1].is_index && axes[1].count == 5);
	ck_assert(!axes[2].is_index && axes[2].start == 2 && axes[2].count == 2);
	/* Three items and an ellipsis that stands for none. */
	ck_assert_int_eq(kist_slice_read("0,0,...,0", &slice, NULL), KIST_OK);
	ck_assert_int_eq(kist_slice_resolve(&slice, 3, shape, axes, NULL), KIST_OK);
	ck_assert(axes[2].is_index);
	/* Nothing said is all of it. */
	slice = (struct kist_slice){ .count = 0 };
	ck_assert_int_eq(kist_slice_resolve(&slice, 3, shape, axes, NULL), KIST_OK);
	ck_assert_int_eq(axes[2].count, 6);
	ck_assert_int_eq(kist_slice_read("...", &slice, NULL), KIST_OK);
	ck_assert_int_eq(kist_slice_resolve(&slice, 0, shape, axes, NULL), KIST_OK);
}
END_TEST

START_TEST(what_is_out_of_bounds_is_told)
{
	const int64_t shape[] = { 4, 1 };
	const char *const texts[][2] = {
		{ "4", "index 4 is out of bounds for dimension 0, which has 4 elements" },
		{ "0,-2", "index -2 is out of bounds for dimension 1, which has 1 element" },
		{ "0,0,0", "too many indices: the array has 2 dimensions, the slice 3" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct kist_error err = KIST_ERROR_INIT;
		struct kist_slice slice;
		struct kist_axis axes[2];

		ck_assert_int_eq(kist_slice_read(texts[i][0], &slice, NULL), KIST_OK);
		ck_assert_int_eq(kist_slice_resolve(&slice, 2, shape, axes, &err), KIST_INVALID);
		ck_assert_str_eq(err.text, texts[i][1]);
	}
}
END_TEST

START_TEST(what_is_no_slice_is_refused)
{
	const char *const texts[] = { "",
				      "[",
				      "[1",
				      "1]",
				      "1,",
				      ",1",
				      "1 2",
				      "a",
				      "1:2:3:4",
				      "::0",
				      "...,...",
				      "--1",
				      "1.5",
				      "-",
				      "1:-",
				      "[1][2]",
				      "....",
				      "1:2:0",
				      "99999999999999999999" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct kist_error err = KIST_ERROR_INIT;
		struct kist_slice slice;

		ck_assert_msg(kist_slice_read(texts[i], &slice, &err) == KIST_INVALID, "'%s'", texts[i]);
		ck_assert(err.text[0] != '\0');
	}
}
END_TEST

START_TEST(a_slice_has_as_many_items_as_an_array_dimensions)
{
	char text[2 * (KIST_RANK_MAX + 2) + 1] = "";
	struct kist_slice slice;

	for (int i = 0; i < KIST_RANK_MAX + 1; i++)
		memcpy(text + 2 * i, "0,", 3);
	text[2 * (KIST_RANK_MAX + 1) - 1] = '\0';
	ck_assert_int_eq(kist_slice_read(text, &slice, NULL), KIST_OK);
	ck_assert_uint_eq(slice.count, KIST_RANK_MAX + 1);
	memcpy(text + 2 * (KIST_RANK_MAX + 1) - 1, ",0", 3);
	ck_assert_int_eq(kist_slice_read(text, &slice, NULL), KIST_INVALID);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("slice");

	tcase_add_test(tests, a_range_means_what_it_means_in_python);
	tcase_add_test(tests, a_range_beyond_the_end_is_cut);
	tcase_add_test(tests, the_longest_step_is_not_multiplied);
	tcase_add_test(tests, an_index_takes_its_dimension_away);
	tcase_add_test(tests, what_is_out_of_bounds_is_told);
	tcase_add_test(tests, what_is_no_slice_is_refused);
	tcase_add_test(tests, a_slice_has_as_many_items_as_an_array_dimensions);
	return suite_run(tests, "slice");
}
