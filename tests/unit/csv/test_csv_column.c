/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_column.h"

#include <math.h>

#include "csvtest.h"

/* A column of the cells in @text, a bar between them. */
static struct csv_column column_of(const char *text)
{
	struct csv_column c = { 0 };
	const char *end;

	for (; *text != '\0'; text = *end == '|' ? end + 1 : end) {
		end = text + strcspn(text, "|");
		csv_column_add(&c, (const uint8_t *)text, (uint32_t)(end - text), true);
	}
	csv_column_finish(&c);
	return c;
}

START_TEST(a_column_is_of_the_first_type_that_takes_all_its_cells)
{
	static const struct {
		const char *cells;
		const char *kind;
		const char *format;
		const char *tag;
	} rows[] = {
		{ "", "null", "u", "" },
		{ "1|-2|3", "int64", "l", "" },
		{ "1.5|2.25|1e-05", "float64", "g", "" },
		{ "true|false", "bool", "b", "" },
		{ "true|1", "text", "u", "" },
		{ "1|18446744073709551615", "uint64", "L", "" },
		{ "-1|18446744073709551615", "decimal", "d:38,0", "" },
		{ "1|18446744073709551616", "decimal", "d:38,0", "" },
		{ "18446744073709551615|-1", "decimal", "d:38,0", "" },
		{ "1.50|-2.25", "decimal", "d:38,2", "" },
		{ "1.25|2.50", "decimal", "d:38,2", "" },
		{ "1.5|2.50", "text", "u", "" },
		{ "1|2.5", "text", "u", "" },
		{ "2024-01-01|0001-01-01", "date", "tdD", "" },
		{ "12:00:00|00:00:00.5", "time", "ttu", "" },
		{ "12:00:00.50|00:00:00.25", "time", "ttu", "2" },
		{ "2024-01-01 00:00:00", "timestamp", "tsu:", "" },
		{ "2024-01-01T00:00:00.000Z", "timestamp", "tsu:UTC", "T3Z" },
		{ "2024-01-01 00:00:00-03:30", "timestamp", "tsu:-03:30", "" },
		{ "2024-01-01 00:00:00Z|2024-01-01 00:00:00", "text", "u", "" },
		{ "a|b", "text", "u", "" },
		{ "a|\xff", "binary", "z", "" },
		{ "\xff|1", "binary", "z", "" },
		{ "1|\xff", "binary", "z", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct csv_column c = column_of(rows[i].cells);
		char format[CSV_FORMAT_SIZE];
		char tag[CSV_FORMAT_SIZE];

		ck_assert_msg(strcmp(csv_kind_name(c.kind), rows[i].kind) == 0, "%s is %s", rows[i].cells,
			      csv_kind_name(c.kind));
		ck_assert_str_eq(csv_column_format(&c, format), rows[i].format);
		ck_assert_str_eq(csv_column_tag(&c, tag), rows[i].tag);
	}
}
END_TEST

START_TEST(statistics_are_of_all_finite_numbers)
{
	const struct csv_column c = column_of("1.0|inf|-3.0|nan|8.0|-inf");

	ck_assert_uint_eq(c.values, 6);
	ck_assert_uint_eq(c.finite, 3);
	ck_assert(c.min == -3 && c.max == 8 && c.mean == 2);
	ck_assert(fabs(sqrt(c.m2 / 3) - 4.546060565661952) < 1e-12);
	ck_assert_uint_eq(c.len_min, 3);
	ck_assert_uint_eq(c.len_max, 4);
	ck_assert_uint_eq(c.bytes, 20);
}
END_TEST

/* The mean of numbers far from zero and near each other, over many blocks. */
START_TEST(many_numbers_lose_no_precision_that_matters)
{
	struct csv_column c = { 0 };

	for (int i = 0; i < 100000; i++) {
		char text[32];
		const int n = snprintf(text, sizeof(text), "%d", 1000000000 + i % 3);

		csv_column_add(&c, (const uint8_t *)text, (uint32_t)n, false);
	}
	csv_column_finish(&c);
	ck_assert(fabs(c.mean - 1000000000.99999) < 1e-5);
	ck_assert(fabs(c.m2 / 100000 - 2.0 / 3) < 1e-4);
	ck_assert_int_eq(c.int_min, 1000000000);
	ck_assert_int_eq(c.int_max, 1000000002);
}
END_TEST

START_TEST(a_sample_is_spread_evenly_over_all_numbers)
{
	struct csv_sample sample = { .step = 1 };
	struct csv_column c = { .sample = &sample };

	for (int i = 0; i < 10000; i++) {
		char text[32];
		const int n = snprintf(text, sizeof(text), "%d", i);

		csv_column_add(&c, (const uint8_t *)text, (uint32_t)n, false);
	}
	ck_assert_uint_gt(sample.count, CSV_SAMPLE_MAX / 2);
	for (uint32_t i = 0; i < sample.count; i++)
		ck_assert(sample.values[i] == (double)(i * sample.step));
}
END_TEST

START_TEST(a_tag_reads_back_and_a_wrong_one_says_nothing)
{
	const struct csv_form t3z = csv_tag_parse("T3Z", 3);
	const struct csv_form none = csv_tag_parse("?!", 2);

	ck_assert(t3z.t);
	ck_assert_uint_eq(t3z.digits, 3);
	ck_assert_uint_eq(t3z.zone, CSV_ZONE_Z);
	ck_assert(!none.t);
	ck_assert_uint_eq(none.digits, CSV_DIGITS_TRIMMED);
	ck_assert_uint_eq(none.zone, CSV_ZONE_NONE);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("column");

	tcase_add_test(tcase, a_column_is_of_the_first_type_that_takes_all_its_cells);
	tcase_add_test(tcase, statistics_are_of_all_finite_numbers);
	tcase_add_test(tcase, many_numbers_lose_no_precision_that_matters);
	tcase_add_test(tcase, a_sample_is_spread_evenly_over_all_numbers);
	tcase_add_test(tcase, a_tag_reads_back_and_a_wrong_one_says_nothing);
	return suite_run(tcase, "csv_column");
}
