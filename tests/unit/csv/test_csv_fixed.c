/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_fixed.h"

#include "csvtest.h"

static bool parse(const char *text, csv_int128 *value, uint8_t *whole, uint8_t *scale)
{
	const size_t len = strlen(text);
	uint8_t *const copy = malloc(len > 0 ? len : 1);
	bool good;

	memcpy(copy, text, len);
	good = csv_fixed_parse(copy, len, value, whole, scale);
	free(copy);
	return good;
}

START_TEST(decimals_print_as_they_read)
{
	static const struct {
		const char *text;
		uint8_t whole;
		uint8_t scale;
	} rows[] = { { "0", 1, 0 },
		     { "0.0", 1, 1 },
		     { "-1", 1, 0 },
		     { "-0.5", 1, 1 },
		     { "12.50", 2, 2 },
		     { "0.00000000000000000000000000000000000001", 0, 0 },
		     { "0.0000000000000000000000000000000000001", 1, 37 },
		     { "99999999999999999999999999999999999999", 38, 0 },
		     { "-9999999999999999999.9999999999999999999", 19, 19 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char printed[CSV_FIXED_SIZE_MAX + 1];
		csv_int128 value;
		uint8_t whole;
		uint8_t scale;

		/* One digit more than 128 bits hold. */
		if (rows[i].whole == 0) {
			ck_assert(!parse(rows[i].text, &value, &whole, &scale));
			continue;
		}
		ck_assert_msg(parse(rows[i].text, &value, &whole, &scale), "%s", rows[i].text);
		ck_assert_uint_eq(whole, rows[i].whole);
		ck_assert_uint_eq(scale, rows[i].scale);
		printed[csv_fixed_print(printed, value, scale)] = '\0';
		ck_assert_str_eq(printed, rows[i].text);
	}
}
END_TEST

START_TEST(other_texts_are_no_decimals)
{
	static const char *const rows[] = { "",	    "-",  ".",	   "1.",  ".5",	 "-.5", "01",
					    "00.5", "-0", "-0.00", "+1",  "1,5", "1e5", "1.2.3",
					    "1..2", " 1", "1 ",	   "0x1", "--1", "inf" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		csv_int128 value = 7;
		uint8_t whole;
		uint8_t scale;

		ck_assert_msg(!parse(rows[i], &value, &whole, &scale), "%s", rows[i]);
		ck_assert(value == 7);
	}
}
END_TEST

START_TEST(the_least_and_the_greatest_value_are_printed)
{
	const csv_int128 most = (csv_int128)(~(csv_uint128)0 >> 1);
	char text[CSV_FIXED_SIZE_MAX + 1];

	text[csv_fixed_print(text, most, 0)] = '\0';
	ck_assert_str_eq(text, "170141183460469231731687303715884105727");
	text[csv_fixed_print(text, -most - 1, 38)] = '\0';
	ck_assert_str_eq(text, "-1.70141183460469231731687303715884105728");
	text[csv_fixed_print(text, 5, 3)] = '\0';
	ck_assert_str_eq(text, "0.005");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("fixed");

	tcase_add_test(tcase, decimals_print_as_they_read);
	tcase_add_test(tcase, other_texts_are_no_decimals);
	tcase_add_test(tcase, the_least_and_the_greatest_value_are_printed);
	return suite_run(tcase, "csv_fixed");
}
