/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/base64.h"
#include "support/suite.h"

/* RFC 4648, section 10. */
static const struct {
	const char *bytes;
	const char *text;
} pairs[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xff\xfe\xfd\xfb\xf0", "//79+/A=" },
};

START_TEST(bytes_become_their_text_and_come_back)
{
	const size_t size = strlen(pairs[_i].bytes);
	char text[16];
	uint8_t bytes[8];

	kist_base64_write((const uint8_t *)pairs[_i].bytes, size, text);
	ck_assert_str_eq(text, pairs[_i].text);
	ck_assert_uint_eq(KIST_BASE64_LEN(size), strlen(text));
	ck_assert(kist_base64_read(text, strlen(text), bytes, size));
	ck_assert_mem_eq(bytes, pairs[_i].bytes, size);
}
END_TEST

/* Each stands for two bytes, or for one where the second member says so. */
static const struct {
	const char *text;
	size_t size;
} wrong[] = {
	{ "Zm8", 2 },  { "Zm8==", 2 },	 { "Zm8=\n", 2 }, { "Zm9=", 2 }, { "Z=8=", 2 },
	{ "Zm-=", 2 }, { "Zm\xc3=", 2 }, { "Zm8 ", 2 },	  { "Zm8A", 2 }, { "=m8=", 2 },
	{ "Zh==", 1 }, { "Zg=A", 1 },	 { "Zg=", 1 },	  { "Zg==", 2 },
};

START_TEST(any_other_text_is_refused)
{
	uint8_t bytes[8];

	ck_assert(!kist_base64_read(wrong[_i].text, strlen(wrong[_i].text), bytes, wrong[_i].size));
}
END_TEST

START_TEST(a_nul_is_no_character_of_it)
{
	uint8_t bytes[8];

	ck_assert(!kist_base64_read("Zm\0=", 4, bytes, 2));
	ck_assert(!kist_base64_read("Zm9\0", 4, bytes, 3));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("base64");

	tcase_add_loop_test(tcase, bytes_become_their_text_and_come_back, 0,
			    sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_loop_test(tcase, any_other_text_is_refused, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tcase, a_nul_is_no_character_of_it);
	return suite_run(tcase, "base64");
}
