/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_marks.h"

#include "support/suite.h"

START_TEST(a_short_text_has_its_first_mark_only)
{
	struct csv_marks marks = { 0 };

	for (uint64_t row = 0; row < 100; row++)
		csv_marks_note(&marks, row, 10 + row * 20);
	ck_assert_uint_eq(marks.count, 0);
	ck_assert_uint_eq(marks.first.offset, 10);
	csv_marks_done(&marks);
}
END_TEST

START_TEST(marks_are_a_step_apart)
{
	struct csv_marks marks = { 0 };

	for (uint64_t row = 0; row < 100; row++)
		csv_marks_note(&marks, row, 10 + row * 100000);
	ck_assert_uint_eq(marks.count, 34);
	ck_assert_uint_eq(marks.marks[0].offset, 10);
	for (uint32_t i = 0; i < marks.count; i++) {
		ck_assert_uint_eq(marks.marks[i].offset, 10 + marks.marks[i].row * 100000);
		if (i > 0)
			ck_assert_uint_ge(marks.marks[i].offset - marks.marks[i - 1].offset, CSV_MARKS_STEP);
	}
	csv_marks_done(&marks);
}
END_TEST

START_TEST(a_long_text_has_marks_further_apart)
{
	struct csv_marks marks = { 0 };

	for (uint64_t row = 0; row < 10 * CSV_MARKS_MAX; row++)
		csv_marks_note(&marks, row, row * CSV_MARKS_STEP);
	ck_assert_uint_le(marks.count, CSV_MARKS_MAX);
	ck_assert_uint_gt(marks.count, CSV_MARKS_MAX / 2);
	ck_assert_uint_eq(marks.step, 16 * CSV_MARKS_STEP);
	ck_assert_uint_eq(marks.marks[0].row, 0);
	for (uint32_t i = 1; i < marks.count; i++)
		ck_assert_uint_eq(marks.marks[i].row - marks.marks[i - 1].row, 16);
	csv_marks_done(&marks);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("csv_marks");

	tcase_add_test(tests, a_short_text_has_its_first_mark_only);
	tcase_add_test(tests, marks_are_a_step_apart);
	tcase_add_test(tests, a_long_text_has_marks_further_apart);
	return suite_run(tests, "csv_marks");
}
