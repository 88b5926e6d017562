/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/suite.h"

#include "config/key.h"

START_TEST(names_variables_and_options_of_a_command_are_unique)
{
	for (const struct kist_config_key *a = kist_config_keys; a->name; a++) {
		for (const struct kist_config_key *b = kist_config_keys; b < a; b++) {
			ck_assert_str_ne(a->name, b->name);
			ck_assert(!a->variable || !b->variable || strcmp(a->variable, b->variable) != 0);
			ck_assert(a->offset != b->offset);
			/* "--grace" is exec's and gc's. */
			if (a->option && b->option && strcmp(a->option, b->option) == 0)
				ck_assert(a->commands && b->commands &&
					  !kist_config_key_counts(a, b->commands) &&
					  !kist_config_key_counts(b, a->commands));
		}
	}
}
END_TEST

START_TEST(no_setting_is_also_a_group)
{
	for (const struct kist_config_key *a = kist_config_keys; a->name; a++) {
		const char *dot = strchr(a->name, '.');
		char group[64];

		if (!dot)
			continue;
		ck_assert_ptr_null(strchr(dot + 1, '.'));
		snprintf(group, sizeof(group), "%.*s", (int)(dot - a->name), a->name);
		ck_assert_ptr_null(kist_config_key_find(group));
	}
	ck_assert_ptr_null(kist_config_key_find("overlays"));
}
END_TEST

START_TEST(what_is_built_in_fits_its_own_row)
{
	struct kist_arena arena = KIST_ARENA_INIT;

	for (const struct kist_config_key *key = kist_config_keys; key->name; key++) {
		struct kist_config_scalar made;

		ck_assert_ptr_nonnull(key->help);
		ck_assert((key->type == KIST_CONFIG_WORD) == (key->words != NULL));
		ck_assert(!key->option_text || key->option);
		ck_assert(key->type < KIST_CONFIG_TEXTS || !key->built_in);
		if (key->built_in)
			ck_assert_int_eq(kist_config_convert(key, key->built_in, NULL, &arena, &made, NULL),
					 KIST_OK);
		if (key->option_text)
			ck_assert_int_eq(
				kist_config_convert(key, key->option_text, NULL, &arena, &made, NULL),
				KIST_OK);
	}
	kist_arena_done(&arena);
}
END_TEST

START_TEST(a_setting_counts_in_the_commands_of_its_row)
{
	const struct kist_config_key *jobs = kist_config_key_find("jobs");

	ck_assert(kist_config_key_counts(jobs, "run"));
	ck_assert(kist_config_key_counts(jobs, "experiment resume"));
	ck_assert(kist_config_key_counts(jobs, NULL));
	ck_assert(!kist_config_key_counts(jobs, "exec"));
	ck_assert(!kist_config_key_counts(jobs, "ru"));
	ck_assert(!kist_config_key_counts(jobs, "runs"));
	ck_assert(kist_config_key_counts(kist_config_key_find("default_storage"), "ls"));
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("key");

	tcase_add_test(tcase, names_variables_and_options_of_a_command_are_unique);
	tcase_add_test(tcase, no_setting_is_also_a_group);
	tcase_add_test(tcase, what_is_built_in_fits_its_own_row);
	tcase_add_test(tcase, a_setting_counts_in_the_commands_of_its_row);
	return suite_run(tcase, "key");
}
