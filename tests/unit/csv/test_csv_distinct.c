/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_distinct.h"

#include <string.h>

#include "support/suite.h"

static uint64_t count_of(uint64_t first, uint64_t last)
{
	uint8_t registers[CSV_DISTINCT_REGISTERS] = { 0 };

	for (uint64_t i = first; i < last; i++)
		csv_distinct_add(registers, i);
	return csv_distinct_count(registers);
}

START_TEST(few_are_counted_nearly_exactly)
{
	ck_assert_uint_eq(count_of(0, 0), 0);
	ck_assert_uint_eq(count_of(0, 1), 1);
	ck_assert_uint_eq(count_of(1000, 1010), 10);
}
END_TEST

/* Four standard errors: one of 15,000 counts is farther off, and these are always the same ones. */
START_TEST(many_are_counted_within_the_error)
{
	static const uint64_t counts[] = { 100, 1000, 5000, 10000, 20000, 100000, 1000000 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const double off = (double)count_of(7, 7 + counts[i]) / (double)counts[i] - 1;

		ck_assert_double_le(off, 4 * CSV_DISTINCT_ERROR);
		ck_assert_double_ge(off, -4 * CSV_DISTINCT_ERROR);
	}
}
END_TEST

START_TEST(neither_order_nor_repetition_counts)
{
	uint8_t up[CSV_DISTINCT_REGISTERS] = { 0 };
	uint8_t down[CSV_DISTINCT_REGISTERS] = { 0 };

	for (uint64_t i = 0; i < 30000; i++)
		csv_distinct_add(up, i % 10000);
	for (uint64_t i = 10000; i-- > 0;)
		csv_distinct_add(down, i);
	ck_assert_mem_eq(up, down, sizeof(up));
}
END_TEST

START_TEST(the_larger_registers_of_two_are_those_of_both)
{
	uint8_t left[CSV_DISTINCT_REGISTERS] = { 0 };
	uint8_t right[CSV_DISTINCT_REGISTERS] = { 0 };
	uint8_t both[CSV_DISTINCT_REGISTERS] = { 0 };

	for (uint64_t i = 0; i < 20000; i++) {
		csv_distinct_add(i < 12000 ? left : right, i);
		csv_distinct_add(both, i);
	}
	for (size_t i = 0; i < sizeof(left); i++)
		left[i] = left[i] > right[i] ? left[i] : right[i];
	ck_assert_mem_eq(left, both, sizeof(both));
}
END_TEST

START_TEST(full_registers_are_a_number)
{
	uint8_t registers[CSV_DISTINCT_REGISTERS];

	memset(registers, 53, sizeof(registers));
	ck_assert_uint_gt(csv_distinct_count(registers), (uint64_t)1 << 60);
	registers[0] = 0;
	ck_assert_uint_gt(csv_distinct_count(registers), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("csv_distinct");

	tcase_add_test(tests, few_are_counted_nearly_exactly);
	tcase_add_test(tests, many_are_counted_within_the_error);
	tcase_add_test(tests, neither_order_nor_repetition_counts);
	tcase_add_test(tests, the_larger_registers_of_two_are_those_of_both);
	tcase_add_test(tests, full_registers_are_a_number);
	return suite_run(tests, "csv_distinct");
}
