/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/suite.h"

#include "base/mem.h"
#include "config/file.h"
#include "unit/document/issues.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static void parse(struct kist_config_file *file, const char *text)
{
	ck_assert_int_eq(kist_config_file_parse(file, kist_view_of(text, strlen(text)), NULL), KIST_OK);
}

static const struct {
	enum kist_config_layer layer;
	bool is_shared;
	const char *text;
	const char *issues;
} rows[] = {
	{ KIST_LAYER_PROJECT, false, "", "" },
	{ KIST_LAYER_PROJECT, false, "# jobs: x\n", "" },
	{ KIST_LAYER_PROJECT, false, "jobs: 3\nlimits: {time: 3h}\n", "" },
	{ KIST_LAYER_PROJECT, false, "jobs: '3'\n", "" },
	{ KIST_LAYER_PROJECT, false, "jobs: ${JOBS}\n", "" },
	{ KIST_LAYER_PROJECT, false, "jobs: $JOBS\n", "1:7 E_CONFIG_VARIABLE" },
	{ KIST_LAYER_PROJECT, false, "[]\n", "1:1 E_SCHEMA" },
	{ KIST_LAYER_PROJECT, false, "text\n", "1:1 E_SCHEMA" },
	{ KIST_LAYER_PROJECT, false, "jobs: 0\n", "1:7 E_CONFIG_VALUE" },
	{ KIST_LAYER_PROJECT, false, "jobs:\n", "1:6 E_SCHEMA" },
	{ KIST_LAYER_PROJECT, false, "jobs: [1]\n", "1:7 E_SCHEMA" },
	{ KIST_LAYER_PROJECT, false, "jobs: 1\njobs: 2\n", "2:1 E_YAML_DUPLICATE" },
	{ KIST_LAYER_PROJECT, false, "job: 1\n", "1:1 E_KEY_UNKNOWN" },
	{ KIST_LAYER_PROJECT, false, "limits.time: 1h\n", "1:1 E_KEY_UNKNOWN" },
	{ KIST_LAYER_PROJECT, false, "limits: 1h\n", "1:9 E_SCHEMA" },
	{ KIST_LAYER_PROJECT, false, "limits: {tim: 1h}\n", "1:10 E_KEY_UNKNOWN" },
	{ KIST_LAYER_PROJECT, false, "limits: {time: {time: 1h}}\n", "1:16 E_SCHEMA" },
	{ KIST_LAYER_PROJECT, false, "capture: {ignore: '*.x'}\n", "1:19 E_SCHEMA" },
	{ KIST_LAYER_PROJECT, false, "capture: {ignore: [a, [b], '', null]}\n",
	  "1:23 E_SCHEMA, 1:28 E_CONFIG_VALUE, 1:32 E_CONFIG_VALUE" },
	{ KIST_LAYER_PROJECT, false, "tags: [a]\n", "1:7 E_SCHEMA" },
	{ KIST_LAYER_PROJECT, false, "tags: {a: {b: c}}\nparams: {x: [1]}\n",
	  "1:11 E_SCHEMA, 2:13 E_SCHEMA" },
	{ KIST_LAYER_PROJECT, false, "environment: {A B: x, KIST_SOCKET: y}\n",
	  "1:20 E_CONFIG_VALUE, 1:36 E_CONFIG_VALUE" },
	{ KIST_LAYER_PROJECT, false, "command: [true]\nworking_dir: .\n",
	  "1:1 E_CONFIG_PLACE, 2:1 E_CONFIG_PLACE" },
	{ KIST_LAYER_JOB, true, "command: [true]\nworking_dir: .\n", "" },
	{ KIST_LAYER_PROJECT, false, "overlays: {a: {jobs: 2}, b: {}}\n", "" },
	{ KIST_LAYER_PROJECT, false, "overlays: [a]\n", "1:11 E_SCHEMA" },
	{ KIST_LAYER_PROJECT, false, "overlays: {a: 1, b: {jobs: x, overlays: {}}}\n",
	  "1:15 E_SCHEMA, 1:28 E_CONFIG_VALUE, 1:31 E_KEY_UNKNOWN" },
	{ KIST_LAYER_USER, false, "overlays: {a: {}}\n", "1:1 E_KEY_UNKNOWN" },
	{ KIST_LAYER_JOB, false, "overlays: {a: {}}\n", "1:1 E_KEY_UNKNOWN" },
	{ KIST_LAYER_PROJECT, true, "jobs: 2\ndefault_storage: x\nenvironment: {A: b}\n",
	  "2:1 E_CONFIG_TRUST, 3:1 E_CONFIG_TRUST" },
	{ KIST_LAYER_PROJECT, true, "overlays: {a: {local_cache: x}}\n", "1:16 E_CONFIG_TRUST" },
	{ KIST_LAYER_USER, true, "plugin_dirs: [x]\nruns_dir: y\n",
	  "1:1 E_CONFIG_TRUST, 2:1 E_CONFIG_TRUST" },
	{ KIST_LAYER_USER, false, "jobs: &a 2\n", "1:7 E_YAML_ALIAS" },
};

START_TEST(every_fault_is_told_with_its_place)
{
	struct kist_config_file file = { .layer = rows[_i].layer, .is_shared = rows[_i].is_shared };
	char found[500];

	parse(&file, rows[_i].text);
	list_issues(&file.issues, found, sizeof(found));
	ck_assert_str_eq(found, rows[_i].issues);
	kist_config_file_done(&file);
	kist_config_file_done(&file);
}
END_TEST

static const struct {
	const char *text;
	const char *hint;
} meant[] = {
	{ "projct: x\n", "did you mean 'project'?" },
	{ "ignore: [x]\n", "did you mean 'capture.ignore'?" },
	{ "time_limit: 3h\n", "did you mean 'limits.time'?" },
	{ "artifact_path: x\n", "did you mean 'results_config.artifact_path'?" },
	{ "limits: {grce: 5s}\n", "did you mean 'limits.grace'?" },
	{ "put: {jobs: 2}\n", "did you mean 'jobs'?" },
	{ "zzzzzzzz: 1\n", "'kist config explain' lists them" },
};

START_TEST(a_name_that_is_unknown_comes_with_what_was_meant)
{
	struct kist_config_file file = { .layer = KIST_LAYER_PROJECT };

	parse(&file, meant[_i].text);
	ck_assert_uint_eq(file.issues.count, 1);
	ck_assert_str_eq(file.issues.items[0].hint, meant[_i].hint);
	kist_config_file_done(&file);
}
END_TEST

START_TEST(a_list_is_bounded)
{
	for (size_t count = KIST_CONFIG_ITEMS_MAX; count <= KIST_CONFIG_ITEMS_MAX + 1; count++) {
		kist_auto_buf struct kist_buf text = KIST_BUF_INIT(10000);
		struct kist_config_file file = { .layer = KIST_LAYER_PROJECT };

		ck_assert_int_eq(kist_buf_appendf(&text, NULL, "capture: {ignore: ["), KIST_OK);
		for (size_t i = 0; i < count; i++)
			ck_assert_int_eq(kist_buf_appendf(&text, NULL, "x,"), KIST_OK);
		ck_assert_int_eq(kist_buf_appendf(&text, NULL, "]}\n"), KIST_OK);
		ck_assert_int_eq(kist_config_file_parse(&file, kist_buf_view(&text), NULL), KIST_OK);
		ck_assert_uint_eq(file.issues.error_count, count > KIST_CONFIG_ITEMS_MAX);
		kist_config_file_done(&file);
	}
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	static const char text[] = "jobs: 1\nbad: x\ntags: {a: '${X}'}\nplugin_dirs: [a, b]\n";

	for (unsigned long k = 1;; k++) {
		struct kist_config_file file = { .layer = KIST_LAYER_PROJECT };
		kist_status status;

		kist_mem_fail_at(k);
		status = kist_config_file_parse(&file, kist_view_of(text, sizeof(text) - 1), NULL);
		kist_mem_fail_at(0);
		kist_config_file_done(&file);
		if (status == KIST_OK) {
			ck_assert_uint_gt(k, 3);
			break;
		}
		ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("file");

	tcase_add_loop_test(tcase, every_fault_is_told_with_its_place, 0, ROWS(rows));
	tcase_add_loop_test(tcase, a_name_that_is_unknown_comes_with_what_was_meant, 0, ROWS(meant));
	tcase_add_test(tcase, a_list_is_bounded);
	tcase_add_test(tcase, each_allocation_may_fail);
	return suite_run(tcase, "file");
}
