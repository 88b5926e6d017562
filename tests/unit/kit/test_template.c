/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/template.h"

#include <string.h>

#include "support/suite.h"

static const struct {
	const char *given;
	struct kist_kit_names names;
} sound[] = {
	{ "mask", { "org.example.mask", "mask", "mask", "MASK", "Mask" } },
	{ "com.lab.my-mask_2", { "com.lab.my-mask_2", "my-mask_2", "my_mask_2", "MY_MASK_2", "MyMask2" } },
	{ "x", { "org.example.x", "x", "x", "X", "X" } },
	{ "a--b-", { "org.example.a--b-", "a--b-", "a__b_", "A__B_", "AB" } },
	{ "a2345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012.ab",
	  { "a2345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012.ab",
	    "ab", "ab", "AB", "Ab" } },
};

START_TEST(a_name_gives_all_others)
{
	struct kist_kit_names names = { .id = "" };

	ck_assert_int_eq(kist_kit_name(sound[_i].given, &names, NULL), KIST_OK);
	ck_assert_str_eq(names.id, sound[_i].names.id);
	ck_assert_str_eq(names.name, sound[_i].names.name);
	ck_assert_str_eq(names.ident, sound[_i].names.ident);
	ck_assert_str_eq(names.upper, sound[_i].names.upper);
	ck_assert_str_eq(names.camel, sound[_i].names.camel);
}
END_TEST

static const struct {
	const char *given;
	const char *why;
} wrong[] = {
	{ "", "no name for a plugin" },
	{ "Mask", "no name for a plugin" },
	{ "1mask", "no name for a plugin" },
	{ "../mask", "no name for a plugin" },
	{ "lab.a/b", "no name for a plugin" },
	{ "lab.", "no name for a plugin" },
	{ "a23456789012345678901234567890123", "no name for a plugin" },
	{ ".mask", "no id" },
	{ "Lab.mask", "no id" },
	{ "lab..mask", "no id" },
	{ "a/../b.mask", "no id" },
	{ "kist.mask", "kist's own" },
	/* One byte more than an id has: what is left of it when it is cut would be another. */
	{ "a2345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012.abc",
	  "no id" },
};

START_TEST(what_is_no_name_is_refused_and_told)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_kit_names names;

	ck_assert_int_eq(kist_kit_name(wrong[_i].given, &names, &err), KIST_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, wrong[_i].why));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("template");

	tcase_add_loop_test(tcase, a_name_gives_all_others, 0, (int)(sizeof(sound) / sizeof(sound[0])));
	tcase_add_loop_test(tcase, what_is_no_name_is_refused_and_told, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	return suite_run(tcase, "template");
}
