/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/suite.h"

#include "base/mem.h"
#include "config/interpolate.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static const char *variable(const char *name)
{
	static const char *const set[][2] = {
		{ "HOME", "/home/u" }, { "EMPTY", "" }, { "_a1", "${HOME}$" }, { "BYTES", "\xff" }
	};

	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
		if (strcmp(set[i][0], name) == 0)
			return set[i][1];
	}
	return NULL;
}

static const struct {
	const char *text;
	const char *made; /* NULL: it fails with @status at @where */
	kist_status status;
	size_t where;
} rows[] = {
	{ "", "", KIST_OK, 0 },
	{ "plain {} text", "plain {} text", KIST_OK, 0 },
	{ "${HOME}", "/home/u", KIST_OK, 0 },
	{ "a${HOME}b${HOME}", "a/home/ub/home/u", KIST_OK, 0 },
	{ "${HOME:-x}", "/home/u", KIST_OK, 0 },
	{ "${EMPTY}", "", KIST_OK, 0 },
	{ "${EMPTY:-x y}", "x y", KIST_OK, 0 },
	{ "${NONE:-}", "", KIST_OK, 0 },
	{ "${NONE:-a:-b}", "a:-b", KIST_OK, 0 },
	{ "${_a1}", "${HOME}$", KIST_OK, 0 },
	{ "$$", "$", KIST_OK, 0 },
	{ "$${HOME}", "${HOME}", KIST_OK, 0 },
	{ "$$$${HOME}", "$${HOME}", KIST_OK, 0 },
	{ "${NONE}", NULL, KIST_NOT_FOUND, 0 },
	{ "ab ${NONE}", NULL, KIST_NOT_FOUND, 3 },
	{ "$", NULL, KIST_INVALID, 0 },
	{ "a$", NULL, KIST_INVALID, 1 },
	{ "$HOME", NULL, KIST_INVALID, 0 },
	{ "$(id)", NULL, KIST_INVALID, 0 },
	{ "$$$", NULL, KIST_INVALID, 2 },
	{ "${", NULL, KIST_INVALID, 0 },
	{ "${HOME", NULL, KIST_INVALID, 0 },
	{ "${}", NULL, KIST_INVALID, 0 },
	{ "${1A}", NULL, KIST_INVALID, 0 },
	{ "${A-B}", NULL, KIST_INVALID, 0 },
	{ "${HOME:?x}", NULL, KIST_INVALID, 0 },
	{ "${HOME:}", NULL, KIST_INVALID, 0 },
	{ "${HOME:-${EMPTY}}", NULL, KIST_INVALID, 0 },
	{ "${HOME:-$$}", NULL, KIST_INVALID, 0 },
	{ "${ HOME }", NULL, KIST_INVALID, 0 },
	{ "${BYTES}", NULL, KIST_INVALID, 0 },
};

START_TEST(a_text_has_its_variables_put_in_or_says_where_it_is_wrong)
{
	kist_auto_buf struct kist_buf made = KIST_BUF_INIT(100);
	struct kist_error err = KIST_ERROR_INIT;
	size_t where = 0;
	const kist_status status = kist_interpolate(kist_view_of(rows[_i].text, strlen(rows[_i].text)),
						    variable, &made, &where, &err);

	ck_assert_int_eq(status, rows[_i].status);
	if (rows[_i].made) {
		ck_assert_uint_eq(made.size, strlen(rows[_i].made));
		ck_assert(made.size == 0 || memcmp(made.data, rows[_i].made, made.size) == 0);
	} else {
		ck_assert_uint_eq(where, rows[_i].where);
		ck_assert_str_ne(err.text, "");
	}
}
END_TEST

START_TEST(without_variables_a_text_is_only_checked)
{
	kist_auto_buf struct kist_buf made = KIST_BUF_INIT(100);
	size_t where;

	ck_assert_int_eq(kist_interpolate(kist_view_of("${NONE} ${A:-b}", 15), NULL, &made, &where, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_interpolate(kist_view_of("${NONE} $A", 10), NULL, &made, &where, NULL),
			 KIST_INVALID);
	ck_assert_uint_eq(where, 8);
}
END_TEST

START_TEST(the_result_is_bounded)
{
	kist_auto_buf struct kist_buf made = KIST_BUF_INIT(13);
	kist_auto_buf struct kist_buf short_of = KIST_BUF_INIT(13);
	size_t where;

	ck_assert_int_eq(
		kist_interpolate(kist_view_of("${HOME}${HOME}", 14), variable, &short_of, &where, NULL),
		KIST_LIMIT);
	ck_assert_int_eq(kist_interpolate(kist_view_of("${HOME}123456", 13), variable, &made, &where, NULL),
			 KIST_OK);
	ck_assert_uint_eq(made.size, 13);
}
END_TEST

START_TEST(a_name_is_bounded)
{
	kist_auto_buf struct kist_buf made = KIST_BUF_INIT(1000);
	char text[KIST_VARIABLE_NAME_MAX + 8];
	size_t where;

	for (size_t len = KIST_VARIABLE_NAME_MAX; len <= KIST_VARIABLE_NAME_MAX + 1; len++) {
		memset(text, 'A', sizeof(text));
		memcpy(text, "${", 2);
		text[len + 2] = '}';
		ck_assert_int_eq(kist_interpolate(kist_view_of(text, len + 3), variable, &made, &where, NULL),
				 len > KIST_VARIABLE_NAME_MAX ? KIST_INVALID : KIST_NOT_FOUND);
	}
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	for (unsigned long k = 1;; k++) {
		kist_auto_buf struct kist_buf made = KIST_BUF_INIT(100);
		size_t where;
		kist_status status;

		kist_mem_fail_at(k);
		status = kist_interpolate(kist_view_of("a${HOME}$$${X:-d}", 17), variable, &made, &where,
					  NULL);
		kist_mem_fail_at(0);
		if (status == KIST_OK) {
			ck_assert_uint_gt(k, 1);
			break;
		}
		ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("interpolate");

	tcase_add_loop_test(tcase, a_text_has_its_variables_put_in_or_says_where_it_is_wrong, 0, ROWS(rows));
	tcase_add_test(tcase, without_variables_a_text_is_only_checked);
	tcase_add_test(tcase, the_result_is_bounded);
	tcase_add_test(tcase, a_name_is_bounded);
	tcase_add_test(tcase, each_allocation_may_fail);
	return suite_run(tcase, "interpolate");
}
