/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_marks.h"

#include "support/suite.h"

#define HEAD 10

/* @count records of @size bytes each behind a head, found @together at once. */
static void add_records(struct csv_marks *marks, uint64_t count, uint32_t size, uint32_t together)
{
	struct csv_reader reader = { .place = HEAD };
	uint32_t stops[64];

	ck_assert_uint_le(together, 64);
	for (uint64_t row = 0; row < count; row += together) {
		struct csv_rows rows = { .stops = stops, .count = together };

		for (uint32_t i = 0; i < together; i++)
			stops[i] = (i + 1) * size - 1;
		reader.place = HEAD + row * size;
		reader.last_place = (uint64_t)together * size;
		csv_marks_add(marks, &reader, &rows, row);
	}
}

START_TEST(a_short_text_has_its_first_mark_only)
{
	struct csv_marks marks = { 0 };

	add_records(&marks, 100, 20, 10);
	ck_assert_uint_eq(marks.count, 0);
	ck_assert_uint_eq(marks.first.offset, HEAD);
	csv_marks_done(&marks);
}
END_TEST

START_TEST(marks_are_a_step_apart_however_many_records_are_found_at_once)
{
	static const uint32_t together[] = { 1, 2, 7, 64 };

	for (size_t t = 0; t < sizeof(together) / sizeof(together[0]); t++) {
		struct csv_marks marks = { 0 };

		/* Three records of 100000 bytes are the first that fill a step. */
		add_records(&marks, 64 * 7, 100000, together[t]);
		ck_assert_uint_eq(marks.count, (64 * 7 + 2) / 3);
		for (uint32_t i = 0; i < marks.count; i++) {
			ck_assert_uint_eq(marks.marks[i].row, i * 3);
			ck_assert_uint_eq(marks.marks[i].offset, HEAD + (uint64_t)i * 300000);
		}
		csv_marks_done(&marks);
	}
}
END_TEST

START_TEST(a_long_text_has_marks_further_apart)
{
	struct csv_marks marks = { 0 };

	add_records(&marks, 10 * CSV_MARKS_MAX, (uint32_t)CSV_MARKS_STEP, 16);
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
	tcase_add_test(tests, marks_are_a_step_apart_however_many_records_are_found_at_once);
	tcase_add_test(tests, a_long_text_has_marks_further_apart);
	return suite_run(tests, "csv_marks");
}
