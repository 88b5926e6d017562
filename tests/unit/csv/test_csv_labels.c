/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_labels.h"

#include <stdio.h>
#include <string.h>

#include "support/suite.h"

#define TOGETHER 16

/* Adds @count cells that @text_of makes, some at once; "" is null. */
static void add_cells(struct csv_labels *labels, uint64_t count, uint32_t together,
		      void (*text_of)(uint64_t row, char text[static 100]))
{
	for (uint64_t row = 0; row < count; row += together) {
		char base[TOGETHER * 200];
		struct csv_cell cells[TOGETHER];
		struct csv_rows rows = { .base = (const uint8_t *)base, .cells = cells, .width = 1 };
		uint32_t at = 0;

		for (; rows.count < together && row + rows.count < count; rows.count++) {
			text_of(row + rows.count, base + at);
			cells[rows.count] =
				(struct csv_cell){ .begin = at, .len = (uint32_t)strlen(base + at) };
			at += cells[rows.count].len;
		}
		csv_labels_add(labels, &rows, 0, row, CSV_NULLS_EMPTY);
	}
}

static void three_words(uint64_t row, char text[static 100])
{
	strcpy(text, row % 6 == 0   ? ""
		     : row % 6 < 3  ? "twice"
		     : row % 6 == 3 ? "a longer one"
		     : row % 6 == 4 ? "b"
				    : "a");
}

static void top_is(const struct csv_labels *labels, const char *expected)
{
	const struct csv_label *top[CSV_TOP_MAX];
	const uint32_t count = csv_labels_top(labels, top);
	char text[1000] = "";

	for (uint32_t i = 0; i < count; i++)
		snprintf(text + strlen(text), 200, "%.*s=%llu ", (int)top[i]->len,
			 (const char *)labels->text + top[i]->at, (unsigned long long)top[i]->count);
	ck_assert_str_eq(text, expected);
}

START_TEST(the_most_frequent_texts_come_first)
{
	struct csv_labels labels = { 0 };

	add_cells(&labels, 600, TOGETHER, three_words);
	ck_assert_uint_eq(labels.seen, 500);
	ck_assert_uint_eq(labels.count, 4);
	top_is(&labels, "twice=200 a=100 a longer one=100 b=100 ");
	csv_labels_done(&labels);
}
END_TEST

static void hundred(uint64_t row, char text[static 100])
{
	snprintf(text, 100, "%llu", (unsigned long long)(row % 100));
}

START_TEST(only_ten_are_told_of_many)
{
	const struct csv_label *top[CSV_TOP_MAX];
	struct csv_labels labels = { 0 };

	add_cells(&labels, 499, TOGETHER, hundred);
	/* More than a fifth are different. */
	ck_assert_uint_eq(csv_labels_top(&labels, top), 0);
	csv_labels_done(&labels);
	add_cells(&labels, 501, TOGETHER, hundred);
	ck_assert_uint_eq(csv_labels_top(&labels, top), CSV_TOP_MAX);
	ck_assert_uint_eq(top[0]->count, 6);
	ck_assert_uint_eq(top[1]->count, 5);
	csv_labels_done(&labels);
}
END_TEST

START_TEST(of_a_long_table_not_all_rows_are_looked_at)
{
	struct csv_labels labels = { 0 };

	add_cells(&labels, CSV_LABELS_ROWS + 8 * 8192, TOGETHER, hundred);
	ck_assert_uint_eq(labels.seen, CSV_LABELS_ROWS + 8 * 1024);
	ck_assert_uint_eq(labels.count, 100);
	csv_labels_done(&labels);
}
END_TEST

START_TEST(how_many_are_found_at_once_is_of_no_account)
{
	struct csv_labels one = { 0 };
	struct csv_labels other = { 0 };

	add_cells(&one, 90000, 1, three_words);
	add_cells(&other, 90000, 13, three_words);
	ck_assert_uint_eq(one.seen, other.seen);
	ck_assert_uint_eq(one.length_count, other.length_count);
	ck_assert_mem_eq(one.lengths, other.lengths, sizeof(one.lengths));
	for (uint32_t i = 0; i < one.count; i++)
		ck_assert_uint_eq(one.labels[i].count, other.labels[i].count);
	csv_labels_done(&one);
	csv_labels_done(&other);
}
END_TEST

static void unique(uint64_t row, char text[static 100])
{
	snprintf(text, 100, "unique %llu", (unsigned long long)row);
}

static void long_text(uint64_t row, char text[static 100])
{
	memset(text, 'x', row == 50 ? CSV_LABEL_SIZE_MAX + 1 : CSV_LABEL_SIZE_MAX);
	text[row == 50 ? CSV_LABEL_SIZE_MAX + 1 : CSV_LABEL_SIZE_MAX] = '\0';
}

START_TEST(what_are_no_labels_is_given_up)
{
	struct csv_labels labels = { 0 };

	add_cells(&labels, CSV_LABELS_MAX, TOGETHER, unique);
	ck_assert(!labels.over);
	/* No labels either: each is there once. */
	top_is(&labels, "");
	csv_labels_done(&labels);
	add_cells(&labels, CSV_LABELS_MAX + 1, TOGETHER, unique);
	ck_assert(labels.over);
	top_is(&labels, "");
	csv_labels_done(&labels);
	add_cells(&labels, 50, TOGETHER, long_text);
	ck_assert(!labels.over);
	csv_labels_done(&labels);
	add_cells(&labels, 51, TOGETHER, long_text);
	ck_assert(labels.over);
	csv_labels_done(&labels);
}
END_TEST

START_TEST(of_what_is_given_up_the_number_is_known_about)
{
	struct csv_labels labels = { 0 };
	bool is_exact;

	ck_assert_uint_eq(csv_labels_distinct(&labels, &is_exact), 0);
	add_cells(&labels, CSV_LABELS_MAX, TOGETHER, unique);
	ck_assert_uint_eq(csv_labels_distinct(&labels, &is_exact), CSV_LABELS_MAX);
	ck_assert(is_exact);
	csv_labels_done(&labels);
	add_cells(&labels, 40000, TOGETHER, unique);
	ck_assert_uint_eq(labels.seen, CSV_COUNTED_ROWS + 3 * 128);
	ck_assert_double_ge((double)csv_labels_distinct(&labels, &is_exact),
			    (double)labels.seen * (1 - 4 * CSV_DISTINCT_ERROR));
	/* No more than there are cells. */
	ck_assert_uint_le(csv_labels_distinct(&labels, &is_exact), labels.seen);
	ck_assert(!is_exact);
	csv_labels_done(&labels);
	/* The long one, too, and those before it. */
	add_cells(&labels, 1000, TOGETHER, long_text);
	ck_assert_uint_eq(csv_labels_distinct(&labels, &is_exact), 2);
	ck_assert(!is_exact);
	csv_labels_done(&labels);
}
END_TEST

START_TEST(what_is_counted_after_all_was_given_up_does_not_depend_on_the_groups)
{
	struct csv_labels one = { 0 };
	struct csv_labels other = { 0 };

	add_cells(&one, 90000, 1, unique);
	add_cells(&other, 90000, 13, unique);
	ck_assert_uint_eq(one.seen, other.seen);
	ck_assert_mem_eq(one.registers, other.registers, CSV_DISTINCT_REGISTERS);
	csv_labels_done(&one);
	csv_labels_done(&other);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("csv_labels");

	tcase_add_test(tests, the_most_frequent_texts_come_first);
	tcase_add_test(tests, only_ten_are_told_of_many);
	tcase_add_test(tests, of_a_long_table_not_all_rows_are_looked_at);
	tcase_add_test(tests, how_many_are_found_at_once_is_of_no_account);
	tcase_add_test(tests, what_are_no_labels_is_given_up);
	tcase_add_test(tests, of_what_is_given_up_the_number_is_known_about);
	tcase_add_test(tests, what_is_counted_after_all_was_given_up_does_not_depend_on_the_groups);
	return suite_run(tests, "csv_labels");
}
