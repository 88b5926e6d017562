/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

#include "support/suite.h"

static const struct {
	const char *text;
	size_t len;
	size_t step; /* 0: not UTF-8 */
} rows[] = {
	{ "", 0, 0 },
	{ "\0", 1, 1 },
	{ "\x7f", 1, 1 },
	{ "\x80", 1, 0 },
	{ "\xc2\x80", 2, 2 },
	{ "\xc2", 1, 0 },
	{ "\xc2\x41", 2, 0 },
	{ "\xc0\x80", 2, 0 },
	{ "\xc1\xbf", 2, 0 },
	{ "\xdf\xbf", 2, 2 },
	{ "\xe0\xa0\x80", 3, 3 },
	{ "\xe0\x9f\xbf", 3, 0 },
	{ "\xed\x9f\xbf", 3, 3 },
	{ "\xed\xa0\x80", 3, 0 },
	{ "\xed\xbf\xbf", 3, 0 },
	{ "\xee\x80\x80", 3, 3 },
	{ "\xef\xbf\xbf", 3, 3 },
	{ "\xef\xbf", 2, 0 },
	{ "\xf0\x90\x80\x80", 4, 4 },
	{ "\xf0\x8f\xbf\xbf", 4, 0 },
	{ "\xf4\x8f\xbf\xbf", 4, 4 },
	{ "\xf4\x90\x80\x80", 4, 0 },
	{ "\xf5\x80\x80\x80", 4, 0 },
	{ "\xf0\x90\x80", 3, 0 },
	{ "\xff", 1, 0 },
};

START_TEST(characters_are_those_of_rfc_3629)
{
	ck_assert_uint_eq(kist_utf8_step(rows[_i].text, rows[_i].len), rows[_i].step);
	ck_assert_int_eq(kist_utf8_valid(rows[_i].text, rows[_i].len), rows[_i].step > 0 || rows[_i].len == 0);
}
END_TEST

static void assert_escaped(const char *text, size_t len, size_t size, const char *want)
{
	char shown[64];

	memset(shown, '#', sizeof(shown));
	kist_text_escape(text, len, shown, size);
	ck_assert_str_eq(shown, want);
	ck_assert_uint_lt(strlen(shown), size);
	ck_assert_int_eq(shown[size], '#');
}

START_TEST(controls_and_broken_bytes_are_shown)
{
	assert_escaped("a\x1b\x7f\xc2\x9b", 5, 63, "a\\x1b\\x7f\\xc2\\x9b");
	assert_escaped("\n\t\r", 3, 63, "\\n\\t\\x0d");
	assert_escaped("\xff\xc3", 2, 63, "\\xff\\xc3");
	assert_escaped("\xe2\x80\xa8", 3, 63, "\\xe2\\x80\\xa8");
	assert_escaped("\xe2\x80\xae", 3, 63, "\\xe2\\x80\\xae");
	assert_escaped("\xe2\x80\x8f", 3, 63, "\\xe2\\x80\\x8f");
	assert_escaped("\xe2\x81\xa6", 3, 63, "\\xe2\\x81\\xa6");
	assert_escaped("\xd8\x9c", 2, 63, "\\xd8\\x9c");
	assert_escaped("\xc3\xa4\xf0\x9f\x98\x80", 6, 63, "\xc3\xa4\xf0\x9f\x98\x80");
}
END_TEST

START_TEST(what_just_fits_is_whole_and_the_rest_is_cut_at_a_character)
{
	assert_escaped("abcdef", 6, 7, "abcdef");
	assert_escaped("abcdefg", 7, 7, "abc...");
	assert_escaped("abc\n", 4, 6, "abc\\n");
	assert_escaped("abc\nx", 5, 6, "ab...");
	assert_escaped("ab\xf0\x9f\x98\x80""cd", 8, 7, "ab...");
	assert_escaped("abc", 3, 4, "abc");
	assert_escaped("abcd", 4, 4, "...");
	assert_escaped("", 0, 4, "");
}
END_TEST

static const struct {
	const char *text;
	size_t width;
} widths[] = {
	{ "", 0 },
	{ "plain", 5 },
	{ "na\xc3\xafve", 5 },
	{ "e\xcc\x81", 1 },                              /* e and a combining acute accent */
	{ "\xe6\x97\xa5\xe6\x9c\xac", 4 },             /* two ideographs */
	{ "\xf0\x9f\x98\x80", 2 },                      /* an emoji */
	{ "\xef\xbd\xb1", 1 },                          /* half-width katakana */
	{ "\xff\xfe", 2 },                              /* no UTF-8: one column a byte */
};

START_TEST(wide_characters_take_two_columns_and_combining_ones_none)
{
	ck_assert_uint_eq(kist_utf8_width(widths[_i].text), widths[_i].width);
}
END_TEST

START_TEST(the_cut_is_right_at_every_size)
{
	const char *const text = "a\n\xc3\xa4\xff""b\xf0\x9f\x98\x80\x1b""c";
	char whole[64];

	kist_text_escape(text, strlen(text), whole, sizeof(whole));
	for (size_t size = 4; size < sizeof(whole); size++) {
		char shown[65];
		size_t len;

		memset(shown, '#', sizeof(shown));
		kist_text_escape(text, strlen(text), shown, size);
		len = strlen(shown);
		ck_assert_int_eq(shown[size], '#');
		ck_assert(kist_utf8_valid(shown, len));
		if (strlen(whole) < size) {
			ck_assert_str_eq(shown, whole);
			continue;
		}
		ck_assert_uint_lt(len, size);
		ck_assert_str_eq(shown + len - 3, "...");
		ck_assert_mem_eq(shown, whole, len - 3);
	}
}
END_TEST

START_TEST(no_two_names_look_alike)
{
	char shown[64];

	kist_name_escape("a\xff\\xff\n", 7, shown, sizeof(shown));
	ck_assert_str_eq(shown, "a\\xff\\\\xff\\n");
	kist_text_escape("a\xff\\xff\n", 7, shown, sizeof(shown));
	ck_assert_str_eq(shown, "a\\xff\\xff\\n");
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("utf8");

	tcase_add_loop_test(tcase, characters_are_those_of_rfc_3629, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tcase, controls_and_broken_bytes_are_shown);
	tcase_add_test(tcase, what_just_fits_is_whole_and_the_rest_is_cut_at_a_character);
	tcase_add_loop_test(tcase, wide_characters_take_two_columns_and_combining_ones_none, 0,
			    (int)(sizeof(widths) / sizeof(widths[0])));
	tcase_add_test(tcase, the_cut_is_right_at_every_size);
	tcase_add_test(tcase, no_two_names_look_alike);
	return suite_run(tcase, "utf8");
}
