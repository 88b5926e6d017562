/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_time.h"

#include "csvtest.h"

static const uint8_t *bytes(const char *text)
{
	return (const uint8_t *)text;
}

START_TEST(every_day_of_400_years_prints_as_it_reads)
{
	unsigned int wrong = 0;
	int32_t last = 0;

	/* Every year of the pattern, and both ends. */
	for (int64_t days = -719162; days <= 2932896; days += days > -573000 && days < 2786000 ? 97 : 1) {
		char text[CSV_TIME_SIZE_MAX];
		int32_t back = 0;

		wrong += csv_date_print(text, days) != 10 || !csv_date_parse(bytes(text), 10, &back) ||
			 back != days;
		last = back;
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_int_gt(last, 2932800);
	ck_assert_uint_eq(csv_date_print((char[CSV_TIME_SIZE_MAX]){ 0 }, -719163), 0);
	ck_assert_uint_eq(csv_date_print((char[CSV_TIME_SIZE_MAX]){ 0 }, 2932897), 0);
}
END_TEST

START_TEST(days_are_counted_from_1970)
{
	static const struct {
		const char *text;
		int32_t days;
	} rows[] = { { "1970-01-01", 0 },     { "1969-12-31", -1 },	 { "2000-02-29", 11016 },
		     { "2024-12-31", 20088 }, { "0001-01-01", -719162 }, { "9999-12-31", 2932896 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int32_t days;

		ck_assert(csv_date_parse(bytes(rows[i].text), 10, &days));
		ck_assert_int_eq(days, rows[i].days);
	}
}
END_TEST

START_TEST(other_texts_are_no_dates)
{
	static const char *const rows[] = { "0000-01-01", "2023-02-29", "1900-02-29", "2024-13-01",
					    "2024-00-01", "2024-04-31", "2024-01-00", "2024-1-01",
					    "24-01-01",	  "2024/01/01", "2024-01-0a", "+024-01-01",
					    "2024-01-1 ", " 024-01-01", "2024-01-011" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int32_t days = 7;

		ck_assert_msg(!csv_date_parse(bytes(rows[i]), strlen(rows[i]), &days), "%s", rows[i]);
		ck_assert_int_eq(days, 7);
	}
}
END_TEST

/* Prints a moment as it was read. */
static void check_moment(const char *text, bool is_time, int64_t us)
{
	char printed[CSV_TIME_SIZE_MAX + 1];
	struct csv_form form;
	int64_t found;
	size_t len;

	if (is_time)
		ck_assert_msg(csv_time_parse(bytes(text), strlen(text), &found, &form), "%s", text);
	else
		ck_assert_msg(csv_stamp_parse(bytes(text), strlen(text), &found, &form), "%s", text);
	ck_assert_int_eq(found, us);
	len = is_time ? csv_time_print(printed, found, 6, &form) : csv_stamp_print(printed, found, 6, &form);
	printed[len] = '\0';
	ck_assert_str_eq(printed, text);
}

START_TEST(times_print_as_they_read)
{
	check_moment("00:00:00", true, 0);
	check_moment("23:59:59", true, 86399000000);
	check_moment("12:34:56.7", true, 45296700000);
	check_moment("12:34:56.000", true, 45296000000);
	check_moment("12:34:56.000001", true, 45296000001);
	check_moment("1970-01-01 00:00:00", false, 0);
	check_moment("1969-12-31T23:59:59.999999", false, -1);
	check_moment("1970-01-01T00:00:00Z", false, 0);
	check_moment("1970-01-01 00:00:00+01:00", false, -3600000000);
	check_moment("1970-01-01 00:00:00-12:30", false, 45000000000);
	check_moment("2024-02-29 12:00:00.500+00:00", false, 1709208000500000);
}
END_TEST

START_TEST(other_texts_are_no_times)
{
	static const char *const rows[] = { "24:00:00", "00:60:00",  "00:00:60",	 "0:00:00",
					    "00:00",	"00:00:00.", "00:00:00.1234567", "00:00:00.12a",
					    "00-00-00", "00:00:00Z" };
	static const char *const stamps[] = { "2024-01-01",
					      "2024-01-01x00:00:00",
					      "2024-01-01 00:00:00z",
					      "2024-01-01 00:00:00+1:00",
					      "2024-01-01 00:00:00+24:00",
					      "2024-01-01 00:00:00-00:00",
					      "2024-01-01 00:00:00+0100",
					      "2024-02-30 00:00:00",
					      "2024-01-01 00:00:00ZZ",
					      "2024-01-01 00:00:00+01:00Z" };
	struct csv_form form;
	int64_t us;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(!csv_time_parse(bytes(rows[i]), strlen(rows[i]), &us, &form), "%s", rows[i]);
	for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++)
		ck_assert_msg(!csv_stamp_parse(bytes(stamps[i]), strlen(stamps[i]), &us, &form), "%s",
			      stamps[i]);
}
END_TEST

START_TEST(what_is_no_time_of_a_day_is_not_printed)
{
	const struct csv_form form = { .digits = CSV_DIGITS_TRIMMED };
	char text[CSV_TIME_SIZE_MAX];

	ck_assert_uint_eq(csv_time_print(text, -1, 6, &form), 0);
	ck_assert_uint_eq(csv_time_print(text, 86400, 0, &form), 0);
	ck_assert_uint_eq(csv_time_print(text, 86399, 0, &form), 8);
	ck_assert_uint_eq(csv_stamp_print(text, INT64_MAX, 0, &form), 0);
	ck_assert_uint_eq(csv_stamp_print(text, INT64_MIN, 9, &form),
			  strlen("1677-09-21 00:12:43.145224192"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("time");

	tcase_add_test(tcase, every_day_of_400_years_prints_as_it_reads);
	tcase_add_test(tcase, days_are_counted_from_1970);
	tcase_add_test(tcase, other_texts_are_no_dates);
	tcase_add_test(tcase, times_print_as_they_read);
	tcase_add_test(tcase, other_texts_are_no_times);
	tcase_add_test(tcase, what_is_no_time_of_a_day_is_not_printed);
	return suite_run(tcase, "csv_time");
}
