/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "support/suite.h"

START_TEST(the_first_failure_wins)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_fail(&err, KIST_LIMIT, "first %d", 1), KIST_LIMIT);
	ck_assert_int_eq(kist_fail_at(&err, KIST_CORRUPT, "E_X", 3, "second"), KIST_CORRUPT);
	ck_assert_int_eq(err.status, KIST_LIMIT);
	ck_assert_str_eq(err.text, "first 1");
	ck_assert_str_eq(err.code, "");
	ck_assert_uint_eq(err.offset, KIST_NO_OFFSET);
	kist_error_clear(&err);
	ck_assert_int_eq(kist_fail_at(&err, KIST_CORRUPT, "E_X", 3, "second"), KIST_CORRUPT);
	ck_assert_str_eq(err.code, "E_X");
	ck_assert_uint_eq(err.offset, 3);
	ck_assert_int_eq(kist_fail(NULL, KIST_IO, "nobody listens"), KIST_IO);
}
END_TEST

START_TEST(a_failure_is_handed_on_with_all_that_it_says)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	(void)kist_fail_at(&why, KIST_NOT_FOUND, "E_X", 3, "a\n%s", "b");
	ck_assert_int_eq(kist_fail_as(&err, KIST_CORRUPT, &why), KIST_CORRUPT);
	ck_assert_int_eq(err.status, KIST_CORRUPT);
	ck_assert_str_eq(err.code, "E_X");
	ck_assert_uint_eq(err.offset, 3);
	ck_assert_str_eq(err.text, why.text);
	ck_assert_int_eq(kist_fail_as(&err, KIST_IO, &why), KIST_IO);
	ck_assert_int_eq(err.status, KIST_CORRUPT);
}
END_TEST

START_TEST(errno_gives_the_status_and_the_systems_words)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_fail_errno(&err, ENOSPC, "cannot write '%s'", "x"), KIST_IO);
	ck_assert_str_eq(err.text, "cannot write 'x': No space left on device");
	ck_assert_int_eq(err.sys_errno, ENOSPC);
	kist_error_clear(&err);
	ck_assert_int_eq(kist_fail_errno(&err, ENOMEM, "x"), KIST_NO_MEMORY);
}
END_TEST

START_TEST(text_from_outside_is_made_safe)
{
	struct kist_error err = KIST_ERROR_INIT;

	(void)kist_fail_text(&err, KIST_CORRUPT, "E\n", 7, "a\x1b[2J\n\xff\0b", 9);
	ck_assert_str_eq(err.text, "a\\x1b[2J\\n\\xff\\x00b");
	ck_assert_str_eq(err.code, "E\\n");
}
END_TEST

START_TEST(overlong_text_is_cut_at_a_character_and_says_so)
{
	struct kist_error err = KIST_ERROR_INIT;
	char text[2 * KIST_ERROR_TEXT_SIZE];

	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[sizeof(text) - 2] = '\0';
	(void)kist_fail(&err, KIST_INVALID, "x%s", text);
	ck_assert(kist_utf8_valid(err.text, strlen(err.text)));
	ck_assert_uint_gt(strlen(err.text), KIST_ERROR_TEXT_SIZE - 5);
	ck_assert_str_eq(err.text + strlen(err.text) - 3, "...");
	ck_assert_ptr_null(strstr(err.text, "\\x"));
}
END_TEST

START_TEST(context_goes_before_the_text)
{
	struct kist_error err = KIST_ERROR_INIT;

	(void)kist_fail_at(&err, KIST_CORRUPT, "E_X", 9, "bad \xff byte");
	ck_assert_int_eq(kist_fail_context(&err, "file '%s'", "a"), KIST_CORRUPT);
	ck_assert_str_eq(err.text, "file 'a': bad \\xff byte");
	ck_assert_uint_eq(err.offset, 9);
}
END_TEST

START_TEST(every_status_has_a_name)
{
	for (kist_status status = KIST_STATUS_MIN; status <= 0; status++)
		ck_assert_str_ne(kist_status_name(status), "unknown");
	ck_assert_str_eq(kist_status_name(KIST_OK), "ok");
	ck_assert_str_eq(kist_status_name(KIST_CORRUPT), "corrupt");
	ck_assert_str_eq(kist_status_name(KIST_EXISTS), "exists");
	ck_assert_str_eq(kist_status_name(1), "unknown");
	ck_assert_str_eq(kist_status_name(KIST_STATUS_MIN - 1), "unknown");
	ck_assert_str_eq(kist_status_name(INT32_MIN), "unknown");
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("err");

	tcase_add_test(tcase, the_first_failure_wins);
	tcase_add_test(tcase, a_failure_is_handed_on_with_all_that_it_says);
	tcase_add_test(tcase, errno_gives_the_status_and_the_systems_words);
	tcase_add_test(tcase, text_from_outside_is_made_safe);
	tcase_add_test(tcase, overlong_text_is_cut_at_a_character_and_says_so);
	tcase_add_test(tcase, context_goes_before_the_text);
	tcase_add_test(tcase, every_status_has_a_name);
	return suite_run(tcase, "err");
}
