/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/environment.h"

#include <string.h>

#include "base/mem.h"
#include "unit/agent/folder.h"

static bool is_kept(const char *name)
{
	static const char *const keep[] = { "SLURM_*", "MY_TOKEN", "*" };

	/* The last pattern would take all: it is none of these. */
	return kist_environment_is_kept(name, keep, 2);
}

START_TEST(variables_that_change_results_are_kept_and_those_that_are_asked_for)
{
	static const char *const kept[] = {
		"PATH",	      "LC_ALL",	      "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES",
		"PYTHONPATH", "SLURM_JOB_ID", "MY_TOKEN"
	};
	static const char *const left[] = { "HOME", "DISPLAY", "SSH_CLIENT", "", "DATABASE_URL" };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		ck_assert_msg(is_kept(kept[i]), "%s is not kept", kept[i]);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		ck_assert_msg(!is_kept(left[i]), "%s is kept", left[i]);
}
END_TEST

START_TEST(no_secret_is_kept_by_a_pattern)
{
	static const char *const all[] = { "*" };
	static const char *const secrets[] = {
		"GH_TOKEN",	"AWS_SECRET_ACCESS_KEY", "PYTHON_PASSWORD", "api_key",
		"SLURM_PASSWD", "OMP_CREDENTIALS",	 "PGPASSWORD",	    "TF_VAR_secret",
		"MYSQL_PWD",	"HTTP_AUTHORIZATION",	 "SESSION_COOKIE"
	};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		ck_assert_msg(!kist_environment_is_kept(secrets[i], all, 1), "%s is kept", secrets[i]);
	ck_assert(kist_environment_is_kept("HOME", all, 1));
}
END_TEST

static json_t *describe(char *const *variables)
{
	const struct kist_environment_options options = { .variables = variables, .program = "sh" };
	json_t *root = NULL;

	ck_assert_int_eq(kist_environment_describe(&options, &root, NULL), KIST_OK);
	return root;
}

START_TEST(what_is_told_is_the_same_from_run_to_run)
{
	char path[] = "PATH=/usr/bin:/bin";
	char secret[] = "OMP_TOKEN=xyzzy";
	char other[] = "HOME=/xyzzy";
	char *const one[] = { path, secret, NULL };
	char *const two[] = { other, path, NULL };
	kist_auto_json json_t *first = describe(one);
	kist_auto_json json_t *second = describe(two);
	char *text = json_dumps(first, 0);

	ck_assert(json_equal(first, second));
	ck_assert_ptr_null(strstr(text, "xyzzy"));
	ck_assert_str_eq(kist_json_get_text(json_object_get(first, "variables"), "PATH"), "/usr/bin:/bin");
	ck_assert_ptr_nonnull(strstr(kist_json_get_text(first, "program"), "/"));
	ck_assert(json_integer_value(json_object_get(first, "cpus")) > 0);
	ck_assert(json_integer_value(json_object_get(first, "memory_bytes")) > 0);
	ck_assert_str_eq(kist_json_get_text(first, "folder"), folder_path);
	free(text);
}
END_TEST

START_TEST(packages_of_virtual_environments_are_told_in_order)
{
	char venv[] = "VIRTUAL_ENV=v";
	char conda[] = "CONDA_PREFIX=c";
	char *const variables[] = { venv, conda, NULL };
	kist_auto_json json_t *root = NULL;
	const json_t *packages;

	sh("mkdir -p v/lib/python3.11/site-packages/zlib_ng-1.0.dist-info "
	   "v/lib/python3.11/site-packages/numpy c/conda-meta");
	sh("touch c/conda-meta/numpy-1.26.4-py311_0.json c/conda-meta/history");
	root = describe(variables);
	packages = json_object_get(root, "packages");
	ck_assert_uint_eq(json_array_size(packages), 2);
	ck_assert_str_eq(json_string_value(json_array_get(packages, 0)), "numpy-1.26.4-py311_0");
	ck_assert_str_eq(json_string_value(json_array_get(packages, 1)), "zlib_ng-1.0");
}
END_TEST

START_TEST(variables_that_are_none_are_passed_over)
{
	char no_equals[] = "PATH";
	char twice[] = "LANG=a";
	char again[] = "LANG=b";
	char odd[] = "LC_\xff=x";
	char bytes[] = "TZ=\xff";
	char empty[] = "=x";
	char *const variables[] = { no_equals, twice, again, odd, bytes, empty, NULL };
	kist_auto_json json_t *root = describe(variables);
	const json_t *kept = json_object_get(root, "variables");

	ck_assert_uint_eq(json_object_size(kept), 2);
	ck_assert_str_eq(kist_json_get_text(kept, "LANG"), "a");
}
END_TEST

START_TEST(without_memory_it_says_so)
{
	char path[] = "PATH=/usr/bin:/bin";
	char *const variables[] = { path, NULL };
	const struct kist_environment_options options = { .variables = variables, .program = "sh" };
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		json_t *root = NULL;

		kist_mem_fail_at(k);
		status = kist_environment_describe(&options, &root, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		json_decref(root);
		ck_assert(k < 1000);
	}
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("environment");

	tcase_add_checked_fixture(cases, folder_setup, folder_teardown);
	tcase_add_test(cases, variables_that_change_results_are_kept_and_those_that_are_asked_for);
	tcase_add_test(cases, no_secret_is_kept_by_a_pattern);
	tcase_add_test(cases, what_is_told_is_the_same_from_run_to_run);
	tcase_add_test(cases, packages_of_virtual_environments_are_told_in_order);
	tcase_add_test(cases, variables_that_are_none_are_passed_over);
	tcase_add_test(cases, without_memory_it_says_so);
	return suite_run(cases, "agent/environment");
}
