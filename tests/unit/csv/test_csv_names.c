/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_names.h"
#include "csvtest.h"

#define COUNT 5

static const struct {
	const char *given[COUNT];
	const char *made[COUNT];
} table[] = {
	{ { "a", "b", "c", "d", "e" }, { "a", "b", "c", "d", "e" } },
	{ { "a", "a", "b", "a", "b" }, { "a", "a_1", "b", "a_2", "b_1" } },
	{ { "a", "a_1", "a", "a_2", "a" }, { "a", "a_1", "a_3", "a_2", "a_4" } },
	{ { "a_1", "a", "a", "a_1", "a" }, { "a_1", "a", "a_2", "a_1_1", "a_3" } },
	{ { "", "x", "", "column_1", "" }, { "column_1", "x", "column_3", "column_1_1", "column_5" } },
	{ { "\xff", "\xc3\xa9", "a\x80z", "\xff", "" },
	  { "\xef\xbf\xbd", "\xc3\xa9", "a\xef\xbf\xbdz", "\xef\xbf\xbd_1", "column_5" } },
};

START_TEST(names_become_unique_and_clean)
{
	struct csv_text texts[COUNT];
	char **names;

	for (size_t i = 0; i < COUNT; i++)
		texts[i] =
			(struct csv_text){ (const uint8_t *)table[_i].given[i], strlen(table[_i].given[i]) };
	names = csv_names_make(texts, COUNT);
	ck_assert_ptr_nonnull(names);
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_str_eq(names[i], table[_i].made[i]);
	csv_names_free(names, COUNT);
}
END_TEST

START_TEST(a_nul_byte_cannot_stand_in_a_name)
{
	const struct csv_text text = { (const uint8_t *)"a\0b", 3 };
	char **names = csv_names_make(&text, 1);

	ck_assert_str_eq(names[0], "a\xef\xbf\xbd"
				   "b");
	csv_names_free(names, 1);
}
END_TEST

START_TEST(a_name_is_cut_at_a_character_where_the_host_takes_no_more)
{
	enum { LEN = 3 * 30000 };
	uint8_t *const text = malloc(LEN);
	struct csv_text texts[2];
	char **names;

	for (size_t i = 0; i < LEN; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	texts[0] = texts[1] = (struct csv_text){ text, LEN };
	names = csv_names_make(texts, 2);
	ck_assert_uint_eq(strlen(names[0]), CSV_NAME_LEN_MAX / 3 * 3);
	ck_assert_uint_gt(strlen(names[1]), strlen(names[0]));
	ck_assert_uint_lt(strlen(names[1]), (size_t)64 << 10);
	csv_names_free(names, 2);
	free(text);
}
END_TEST

START_TEST(many_equal_names_take_no_long_time)
{
	enum { MANY = 65536 };
	struct csv_text *texts = calloc(MANY, sizeof(*texts));
	char **names;

	for (size_t i = 0; i < MANY; i++)
		texts[i] = (struct csv_text){ (const uint8_t *)"a", 1 };
	names = csv_names_make(texts, MANY);
	ck_assert_str_eq(names[0], "a");
	ck_assert_str_eq(names[MANY - 1], "a_65535");
	ck_assert_int_eq(csv_names_unique(texts, MANY), 0);
	ck_assert_int_eq(csv_names_unique(texts, 1), 1);
	csv_names_free(names, MANY);
	free(texts);
}
END_TEST

START_TEST(values_are_no_plain_names)
{
	static const char *const plain[] = {
		"a", "x1", "1st", "id", "e", "-", "col 1", "\xc3\xa9", "Total:"
	};
	static const char *const values[] = {
		"",	"1",	 "-1.5", "1e5", "2024-01-31", "12:30:00Z", "50 %",
		"true", "False", "NaN",	 "inf", "1,5",	      "+49",	   "2024-01-31T10:00"
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		ck_assert_msg(csv_name_is_plain((const uint8_t *)plain[i], strlen(plain[i])), "%s", plain[i]);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		ck_assert_msg(!csv_name_is_plain((const uint8_t *)values[i], strlen(values[i])), "%s",
			      values[i]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("names");

	tcase_add_loop_test(tcase, names_become_unique_and_clean, 0, (int)(sizeof(table) / sizeof(table[0])));
	tcase_add_test(tcase, a_nul_byte_cannot_stand_in_a_name);
	tcase_add_test(tcase, a_name_is_cut_at_a_character_where_the_host_takes_no_more);
	tcase_add_test(tcase, many_equal_names_take_no_long_time);
	tcase_add_test(tcase, values_are_no_plain_names);
	return suite_run(tcase, "csv_names");
}
