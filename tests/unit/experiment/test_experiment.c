/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/suite.h"

#include "base/mem.h"
#include "experiment/experiment.h"
#include "unit/document/issues.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static struct kist_experiment *read_text(const char *text, struct kist_issues *issues)
{
	struct kist_experiment *experiment = NULL;

	ck_assert_int_eq(kist_experiment_read(kist_view_of(text, strlen(text)), issues, &experiment, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_issues_finish(issues, NULL), KIST_OK);
	ck_assert(experiment || issues->error_count > 0);
	return experiment;
}

static const struct {
	const char *text;
	const char *issues;
} faults[] = {
	{ "name: a\nentrypoint: b.yaml\n", "" },
	{ "[]\n", "1:1 E_SCHEMA" },
	{ "name: a\n", "1:1 E_SCHEMA" },
	{ "name: a/b\nentrypoint: b\n", "1:7 E_NAME" },
	{ "name: ../a\nentrypoint: b\n", "1:7 E_NAME" },
	{ "name: -a\nentrypoint: b\n", "1:7 E_NAME" },
	{ "name: 5\nentrypoint: b\n", "1:7 E_SCHEMA" },
	{ "name: a\nentrypoint: b\nreplicate: 5\n", "3:1 E_KEY_UNKNOWN" },
	{ "name: a\nentrypoint: b\nreplicates: 0\n", "3:13 E_SCHEMA" },
	{ "name: a\nentrypoint: b\nreplicates: 1.5\n", "3:13 E_SCHEMA" },
	{ "name: a\nentrypoint: b\nseed: -1\n", "3:7 E_SCHEMA" },
	{ "name: a\nentrypoint: b\nretention: 0\n", "3:12 E_SCHEMA" },
	{ "name: a\nentrypoint: b\nretention: {version: 3, large: 0}\n",
	  "3:13 E_KEY_UNKNOWN, 3:32 E_SCHEMA" },
	{ "name: a\nentrypoint: b\nretention: {versions: 3, large_size: 5}\n", "3:12 E_SCHEMA" },
	{ "name: a\nentrypoint: b\nretention: [3]\n", "3:12 E_SCHEMA" },
	{ "name: a\nentrypoint: b\nconditions: [x]\n", "3:13 E_SCHEMA" },
	{ "name: a\nentrypoint: b\nconditions: {x: 5, a.b: {}}\n", "3:17 E_SCHEMA, 3:20 E_NAME" },
	{ "name: a\nentrypoint: b\nconditions: {x: {}, x: {}}\n", "3:21 E_YAML_DUPLICATE" },
	{ "name: a\nentrypoint: b\nreplicates: 100000\nconditions: {x: {}, y: {}}\n", "1:1 E_LIMIT" },
	{ "name: a\nentrypoint: b\ninputs: {x: 5}\n", "3:13 E_SCHEMA" },
	{ "name: a\nentrypoint: b\ninputs: {x: 'b#', y: 'b/x#m', z: 'b/v0#m', w: '../b#m', v: 'b#/m'}\n",
	  "3:13 E_SCHEMA, 3:22 E_SCHEMA, 3:34 E_SCHEMA, 3:47 E_SCHEMA, 3:60 E_SCHEMA" },
	{ "name: a\nentrypoint: b\nmetrics: loss\n", "3:10 E_SCHEMA" },
	{ "name: a\nentrypoint: b\nmetrics: [loss, $a.x, $b.x]\n", "3:11 E_REFERENCE, 3:23 E_NAME_TAKEN" },
	{ "name: a\nentrypoint: b\nmetrics: {loss: 5}\n", "3:17 E_REFERENCE" },
};

START_TEST(every_fault_is_told_with_its_place)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_experiment struct kist_experiment *experiment = read_text(faults[_i].text, &issues);
	char found[500];

	list_issues(&issues, found, sizeof(found));
	ck_assert_str_eq(found, faults[_i].issues);
}
END_TEST

START_TEST(retention_is_a_number_of_versions_or_tells_large_ones_apart)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_experiment struct kist_experiment *plain =
		read_text("name: a\nentrypoint: b\nretention: 3\n", &issues);
	kist_auto_experiment struct kist_experiment *large =
		read_text("name: a\nentrypoint: b\nretention: {large: 2, large_size: 5}\n", &issues);
	kist_auto_experiment struct kist_experiment *preset =
		read_text("name: a\nentrypoint: b\nretention: {versions: 4, large: 1}\n", &issues);

	ck_assert_uint_eq(issues.count, 0);
	ck_assert_uint_eq(plain->keep_versions, 3);
	ck_assert_uint_eq(plain->keep_large, 0);
	ck_assert_uint_eq(large->keep_versions, 0);
	ck_assert_uint_eq(large->keep_large, 2);
	ck_assert_uint_eq(large->large_size, 5);
	ck_assert_uint_eq(preset->keep_versions, 4);
	ck_assert_uint_eq(preset->large_size, KIST_EXPERIMENT_LARGE_SIZE);
}
END_TEST

START_TEST(what_is_not_said_has_a_default)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_experiment struct kist_experiment *experiment =
		read_text("name: a\nentrypoint: b.yaml\n", &issues);

	ck_assert_uint_eq(experiment->replicates, 1);
	ck_assert_uint_eq(experiment->keep_versions, 0);
	ck_assert_uint_eq(experiment->condition_count, 1);
	ck_assert_str_eq(experiment->conditions[0].name, "baseline");
	ck_assert_uint_eq(json_object_size(experiment->conditions[0].parameters), 0);
	ck_assert_uint_eq(kist_experiment_cells(experiment), 1);
}
END_TEST

START_TEST(a_condition_goes_before_what_is_said_for_all)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_experiment struct kist_experiment *experiment =
		read_text("name: a\nentrypoint: b\nreplicates: 3\nparameters: {x: 1, y: 2}\n"
			  "conditions: {low: {}, high: {x: 5}}\n",
			  &issues);

	ck_assert_uint_eq(kist_experiment_cells(experiment), 6);
	ck_assert_int_eq(json_integer_value(json_object_get(experiment->conditions[0].parameters, "x")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(experiment->conditions[1].parameters, "x")), 5);
	ck_assert_int_eq(json_integer_value(json_object_get(experiment->conditions[1].parameters, "y")), 2);
}
END_TEST

START_TEST(an_input_names_an_artifact_or_that_of_another_experiment)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_experiment struct kist_experiment *experiment =
		read_text("name: a\nentrypoint: b\ninputs: {p: plain/name, q: base#model, r: base/v12#model, "
			  "s: base#loud/model}\n",
			  &issues);
	const struct kist_experiment_input *inputs = experiment->inputs;

	ck_assert_uint_eq(issues.count, 0);
	ck_assert_ptr_null(inputs[0].artifact);
	ck_assert_str_eq(inputs[0].text, "plain/name");
	ck_assert_str_eq(inputs[1].experiment, "base");
	ck_assert_str_eq(inputs[1].artifact, "model");
	ck_assert_uint_eq(inputs[1].version, 0);
	ck_assert_str_eq(inputs[1].condition, "");
	ck_assert_uint_eq(inputs[2].version, 12);
	ck_assert_str_eq(inputs[2].artifact, "model");
	ck_assert_str_eq(inputs[3].condition, "loud");
	ck_assert_str_eq(inputs[3].artifact, "model");
}
END_TEST

START_TEST(seeds_differ_by_replicate_by_root_and_by_name_and_by_nothing_else)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_experiment struct kist_experiment *a = read_text("name: a\nentrypoint: b\n", &issues);
	kist_auto_experiment struct kist_experiment *same =
		read_text("name: a\nentrypoint: c\nreplicates: 7\nconditions: {x: {}}\n", &issues);
	kist_auto_experiment struct kist_experiment *root =
		read_text("name: a\nentrypoint: b\nseed: 1\n", &issues);
	kist_auto_experiment struct kist_experiment *name = read_text("name: b\nentrypoint: b\n", &issues);

	for (uint64_t i = 0; i < 100; i++) {
		ck_assert_uint_eq(kist_experiment_seed(a, i), kist_experiment_seed(same, i));
		ck_assert_uint_ne(kist_experiment_seed(a, i), kist_experiment_seed(a, i + 1));
		ck_assert_uint_ne(kist_experiment_seed(a, i), kist_experiment_seed(root, i));
		ck_assert_uint_ne(kist_experiment_seed(a, i), kist_experiment_seed(name, i));
		ck_assert_uint_le(kist_experiment_seed(a, i), UINT32_MAX);
	}
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	static const char text[] = "name: a\nentrypoint: b\nparameters: {x: [1]}\nconditions: {c: {y: 2}}\n"
				   "inputs: {i: e#m}\nmetrics: [$a.b]\nnope: 1\n";
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
		kist_auto_experiment struct kist_experiment *experiment = NULL;

		kist_mem_fail_at(k);
		status = kist_experiment_read(kist_view_of(text, strlen(text)), &issues, &experiment, NULL);
		if (status == KIST_OK)
			status = kist_issues_finish(&issues, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 1000);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("experiment");

	tcase_add_loop_test(tcase, every_fault_is_told_with_its_place, 0, ROWS(faults));
	tcase_add_test(tcase, retention_is_a_number_of_versions_or_tells_large_ones_apart);
	tcase_add_test(tcase, what_is_not_said_has_a_default);
	tcase_add_test(tcase, a_condition_goes_before_what_is_said_for_all);
	tcase_add_test(tcase, an_input_names_an_artifact_or_that_of_another_experiment);
	tcase_add_test(tcase, seeds_differ_by_replicate_by_root_and_by_name_and_by_nothing_else);
	tcase_add_test(tcase, each_allocation_may_fail);
	return suite_run(tcase, "experiment");
}
