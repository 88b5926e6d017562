/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_reservoir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

#define TOGETHER_MAX 64u

/* Rows "N,x" from 0 to @count - 1, found @together at once. */
static struct csv_reservoir *fill(uint64_t count, uint32_t together)
{
	struct csv_reservoir *const r = calloc(1, sizeof(*r));
	char text[TOGETHER_MAX * 24];
	struct csv_cell cells[2 * TOGETHER_MAX];

	ck_assert_ptr_nonnull(r);
	for (uint64_t row = 0; row < count; row += together) {
		struct csv_rows rows = {
			.base = (const uint8_t *)text, .cells = cells, .width = 2, .count = together
		};
		uint32_t at = 0;

		for (uint32_t i = 0; i < together; i++) {
			const uint32_t n =
				(uint32_t)snprintf(text + at, 24, "%llu,x\n", (unsigned long long)row + i);

			cells[2 * i] = (struct csv_cell){ .begin = at, .len = n - 3 };
			cells[2 * i + 1] = (struct csv_cell){ .begin = at + n - 2, .len = 1 };
			at += n;
		}
		csv_reservoir_add(r, &rows, row, 0);
	}
	csv_reservoir_sort(r);
	return r;
}

START_TEST(few_rows_are_all_there_in_their_order)
{
	struct csv_reservoir *const r = fill(CSV_RESERVOIR_ROWS, 1);

	ck_assert_uint_eq(r->count, CSV_RESERVOIR_ROWS);
	for (uint32_t i = 0; i < r->count; i++)
		ck_assert_uint_eq(r->picked[i].row, i);
	ck_assert_uint_eq(r->picked[7].size, strlen("[\"7\",\"x\"]"));
	ck_assert_mem_eq(r->picked[7].text, "[\"7\",\"x\"]", r->picked[7].size);
	free(r);
}
END_TEST

START_TEST(of_many_the_same_ones_are_kept_however_many_are_found_at_once)
{
	struct csv_reservoir *const one = fill(64 * 7 * 100, 1);
	static const uint32_t together[] = { 2, 7, 64 };

	for (size_t t = 0; t < sizeof(together) / sizeof(together[0]); t++) {
		struct csv_reservoir *const r = fill(64 * 7 * 100, together[t]);

		ck_assert_uint_eq(r->count, CSV_RESERVOIR_ROWS);
		for (uint32_t i = 0; i < r->count; i++) {
			ck_assert_uint_eq(r->picked[i].row, one->picked[i].row);
			ck_assert_uint_eq(r->picked[i].size, one->picked[i].size);
			ck_assert_mem_eq(r->picked[i].text, one->picked[i].text, r->picked[i].size);
		}
		free(r);
	}
	free(one);
}
END_TEST

START_TEST(they_are_from_all_over_the_table)
{
	const uint64_t count = 100000;
	struct csv_reservoir *const r = fill(count, 64);
	uint32_t tenths[10] = { 0 };

	for (uint32_t i = 0; i < r->count; i++) {
		char text[40];
		const int n = snprintf(text, sizeof(text), "[\"%llu\",\"x\"]",
				       (unsigned long long)r->picked[i].row);

		ck_assert_uint_lt(r->picked[i].row, count + 64);
		ck_assert(i == 0 || r->picked[i - 1].row < r->picked[i].row);
		ck_assert_int_eq((int)r->picked[i].size, n);
		ck_assert_mem_eq(r->picked[i].text, text, (size_t)n);
		tenths[r->picked[i].row * 10 / (count + 64)]++;
	}
	for (int i = 0; i < 10; i++)
		ck_assert_uint_ge(tenths[i], 3);
	free(r);
}
END_TEST

/* One row of these cells. */
static const struct csv_picked *row_of(struct csv_reservoir *r, const char *text, struct csv_cell *cells,
				       uint32_t width)
{
	const struct csv_rows rows = {
		.base = (const uint8_t *)text, .cells = cells, .width = width, .count = 1
	};

	*r = (struct csv_reservoir){ 0 };
	csv_reservoir_add(r, &rows, 0, 0);
	if (r->picked[0].size < CSV_RESERVOIR_ROW_SIZE)
		r->picked[0].text[r->picked[0].size] = '\0';
	return &r->picked[0];
}

START_TEST(cells_are_json)
{
	static struct csv_reservoir r;
	struct csv_cell cells[] = { { 0, 1, 0 },
				    { 1, 1, 0 },
				    { 2, 1, 0 },
				    { 3, 1, 0 },
				    { 4, 2, 0 },
				    { 6, 0, 0 },
				    { 6, 0, CSV_CELL_QUOTED } };
	const char *const right = "[\"\\\"\",\"\\\\\",\"\\u0001\",\"\xef\xbf\xbd\",\"\xc3\xa9\",null,\"\"]";

	ck_assert_str_eq(row_of(&r, "\"\\\x01\xff\xc3\xa9", cells, 7)->text, right);
	cells[0] = (struct csv_cell){ 0, 2, 0 };
	ck_assert_str_eq(row_of(&r, "\0a", cells, 1)->text, "[\"\xef\xbf\xbd"
							    "a\"]");
}
END_TEST

START_TEST(a_long_cell_is_cut_between_two_characters)
{
	static struct csv_reservoir r;
	struct csv_cell cell = { 0, 80, 0 };
	char text[81];

	memset(text, 'a', sizeof(text));
	ck_assert_uint_eq(row_of(&r, text, &cell, 1)->size, CSV_RESERVOIR_CELL_SIZE + 4);
	memcpy(text + CSV_RESERVOIR_CELL_SIZE - 1, "\xc3\xa9", 2);
	ck_assert_uint_eq(row_of(&r, text, &cell, 1)->size, CSV_RESERVOIR_CELL_SIZE + 3);
	/* The longest there are. */
	memset(text, 1, sizeof(text));
	ck_assert_uint_eq(row_of(&r, text, &cell, 1)->size, 6 * CSV_RESERVOIR_CELL_SIZE + 4);
}
END_TEST

START_TEST(cells_that_find_no_room_are_left_out)
{
	static struct csv_reservoir r;
	static struct csv_cell cells[1000];
	const struct csv_picked *picked;

	for (size_t i = 0; i < 1000; i++)
		cells[i] = (struct csv_cell){ 0, 1, 0 };
	picked = row_of(&r, "a", cells, 1000);
	ck_assert_uint_le(picked->size, CSV_RESERVOIR_ROW_SIZE);
	ck_assert_uint_gt(picked->size, CSV_RESERVOIR_ROW_SIZE - 5);
	ck_assert_mem_eq(picked->text + picked->size - 5, ",\"a\"]", 5);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("csv_reservoir");

	tcase_add_test(tests, few_rows_are_all_there_in_their_order);
	tcase_add_test(tests, of_many_the_same_ones_are_kept_however_many_are_found_at_once);
	tcase_add_test(tests, they_are_from_all_over_the_table);
	tcase_add_test(tests, cells_are_json);
	tcase_add_test(tests, a_long_cell_is_cut_between_two_characters);
	tcase_add_test(tests, cells_that_find_no_room_are_left_out);
	return suite_run(tests, "csv_reservoir");
}
