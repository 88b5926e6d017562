/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>

#include "support/suite.h"

#include "base/mem.h"
#include "config/key.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static const struct {
	const char *key;
	const char *text;
	kist_status status;
	uint64_t number;
} numbers[] = {
	{ "jobs", "1", KIST_OK, 1 },
	{ "jobs", "256", KIST_OK, 256 },
	{ "jobs", "0", KIST_INVALID, 0 },
	{ "jobs", "257", KIST_INVALID, 0 },
	{ "jobs", "", KIST_INVALID, 0 },
	{ "jobs", "+1", KIST_INVALID, 0 },
	{ "jobs", "1.0", KIST_INVALID, 0 },
	{ "jobs", "18446744073709551617", KIST_INVALID, 0 },
	{ "capture.follow", "true", KIST_OK, 1 },
	{ "capture.follow", "false", KIST_OK, 0 },
	{ "capture.follow", "yes", KIST_INVALID, 0 },
	{ "capture.follow", "", KIST_INVALID, 0 },
	{ "limits.time", "1s", KIST_OK, 1 },
	{ "limits.time", "90m", KIST_OK, 5400 },
	{ "limits.time", "12h", KIST_OK, 43200 },
	{ "limits.time", "365d", KIST_OK, 31536000 },
	{ "limits.time", "366d", KIST_INVALID, 0 },
	{ "limits.time", "0s", KIST_INVALID, 0 },
	{ "limits.time", "90", KIST_INVALID, 0 },
	{ "limits.time", "h", KIST_INVALID, 0 },
	{ "limits.time", "1 h", KIST_INVALID, 0 },
	{ "limits.time", "1hh", KIST_INVALID, 0 },
	{ "limits.time", "-1h", KIST_INVALID, 0 },
	{ "limits.time", "18446744073709551615d", KIST_INVALID, 0 },
	{ "gc.grace", "90", KIST_OK, 90 },
	{ "gc.grace", "0", KIST_OK, 0 },
	{ "gc.grace", "2h", KIST_OK, 7200 },
	{ "limits.deadline", "0.001", KIST_OK, 1 },
	{ "limits.deadline", "604800", KIST_OK, 604800000 },
	{ "limits.deadline", "604801", KIST_INVALID, 0 },
	{ "limits.deadline", "0", KIST_INVALID, 0 },
	{ "limits.deadline", "nan", KIST_INVALID, 0 },
	{ "limits.deadline", "1e2", KIST_INVALID, 0 },
	{ "limits.deadline", ".", KIST_INVALID, 0 },
	{ "limits.deadline", "1.2.3", KIST_INVALID, 0 },
	{ "put.level", "fast", KIST_OK, 0 },
	{ "put.level", "archive", KIST_OK, 2 },
	{ "put.level", "arch", KIST_INVALID, 0 },
	{ "put.level", "fast|default", KIST_INVALID, 0 },
	{ "put.level", "", KIST_INVALID, 0 },
	{ "limits.stop_signal", "USR2", KIST_OK, 5 },
	{ "limits.stop_signal", "KILL", KIST_INVALID, 0 },
};

START_TEST(a_text_is_a_number_as_its_setting_takes_it)
{
	const struct kist_config_key *key = kist_config_key_find(numbers[_i].key);
	struct kist_arena arena = KIST_ARENA_INIT;
	struct kist_config_scalar made = { .text = NULL };
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_config_convert(key, numbers[_i].text, NULL, &arena, &made, &err),
			 numbers[_i].status);
	if (numbers[_i].status == KIST_OK) {
		ck_assert_uint_eq(made.number, numbers[_i].number);
		ck_assert_str_eq(made.text, numbers[_i].text);
	} else {
		ck_assert_int_eq(strncmp(err.text, "takes ", 6), 0);
	}
	kist_arena_done(&arena);
}
END_TEST

static const struct {
	const char *key;
	const char *text;
	const char *folder;
	const char *made; /* NULL: it is refused */
} paths[] = {
	{ "runs_dir", "a/b", "/p", "/p/a/b" },
	{ "runs_dir", "a/b", NULL, "a/b" },
	{ "runs_dir", "/a", "/p", "/a" },
	{ "runs_dir", "", "/p", NULL },
	{ "runs_dir", "~/a", "/p", NULL },
	{ "runs_dir", "~/a", NULL, "~/a" },
	{ "default_storage", "s", "/p", "/p/s" },
	{ "default_storage", "../s", "/p", "/p/../s" },
	{ "default_storage", "file:///s", "/p", "file:///s" },
	{ "default_storage", "a/b:c", "/p", "/p/a/b:c" },
	{ "default_storage", "", "/p", NULL },
	{ "results_config.artifact_path", "a", "/p", "a" },
	{ "results_config.artifact_path", "", "/p", NULL },
};

START_TEST(a_path_is_from_the_folder_of_its_file)
{
	const struct kist_config_key *key = kist_config_key_find(paths[_i].key);
	struct kist_arena arena = KIST_ARENA_INIT;
	struct kist_config_scalar made = { .text = NULL };

	ck_assert_int_eq(kist_config_convert(key, paths[_i].text, paths[_i].folder, &arena, &made, NULL),
			 paths[_i].made ? KIST_OK : KIST_INVALID);
	if (paths[_i].made)
		ck_assert_str_eq(made.text, paths[_i].made);
	kist_arena_done(&arena);
}
END_TEST

START_TEST(a_path_is_bounded)
{
	const struct kist_config_key *key = kist_config_key_find("runs_dir");
	struct kist_arena arena = KIST_ARENA_INIT;
	struct kist_config_scalar made;
	char text[PATH_MAX];

	memset(text, 'a', sizeof(text));
	text[PATH_MAX - 4] = '\0';
	ck_assert_int_eq(kist_config_convert(key, text, "/p", &arena, &made, NULL), KIST_OK);
	ck_assert_uint_eq(strlen(made.text), PATH_MAX - 1);
	ck_assert_int_eq(kist_config_convert(key, text, "/pp", &arena, &made, NULL), KIST_INVALID);
	kist_arena_done(&arena);
}
END_TEST

static const struct {
	const char *name;
	bool fits;
} variables[] = {
	{ "PATH", true },	  { "_x9", true },    { "", false },	     { "9a", false },
	{ "A B", false },	  { "A=B", false },   { "\xc3\xa4", false }, { "KIST_JOB_ID", false },
	{ "KIST_SOCKET", false }, { "KIST_X", true },
};

START_TEST(a_variable_of_the_program_has_a_sound_name_that_is_free)
{
	const struct kist_config_key *key = kist_config_key_find("environment");
	struct kist_arena arena = KIST_ARENA_INIT;
	struct kist_config_item item = { .key = variables[_i].name, .text = "x", .kind = KIST_NODE_TEXT };

	ck_assert_int_eq(kist_config_convert_item(key, NULL, &arena, &item, NULL),
			 variables[_i].fits ? KIST_OK : KIST_INVALID);
	kist_arena_done(&arena);
}
END_TEST

START_TEST(what_a_setting_takes_is_told_in_words)
{
	static const char *const rows[][2] = {
		{ "jobs", "a number from 1 to 256" }, { "put.level", "fast, default or archive" },
		{ "job_deployment_env", "local" },    { "limits.deadline", "seconds, 0.001 to 604800" },
		{ "tags", "a mapping of texts" },
	};
	char takes[160];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kist_config_takes(kist_config_key_find(rows[i][0]), takes);
		ck_assert_str_eq(takes, rows[i][1]);
	}
	for (const struct kist_config_key *key = kist_config_keys; key->name; key++) {
		kist_config_takes(key, takes);
		ck_assert_uint_gt(strlen(takes), 0);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("convert");

	tcase_add_loop_test(tcase, a_text_is_a_number_as_its_setting_takes_it, 0, ROWS(numbers));
	tcase_add_loop_test(tcase, a_path_is_from_the_folder_of_its_file, 0, ROWS(paths));
	tcase_add_test(tcase, a_path_is_bounded);
	tcase_add_loop_test(tcase, a_variable_of_the_program_has_a_sound_name_that_is_free, 0,
			    ROWS(variables));
	tcase_add_test(tcase, what_a_setting_takes_is_told_in_words);
	return suite_run(tcase, "convert");
}
