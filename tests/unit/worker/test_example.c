/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "tasks.h"

/* The plugin of the tutorial, which has its source and its manifest in examples/arrays. */
static struct tasks tasks;

static void start(void)
{
	tasks_start(&tasks, "examples/arrays/org.example.arrays.plugin.json.in", "arrays.so", NULL);
}

static void stop(void)
{
	tasks_stop(&tasks);
}

static uint64_t sample(const char *args)
{
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(tasks_json(&tasks, "sample_normal", args, &result, &err) == KIST_OK, "%s", err.text);
	return result.object;
}

static double mean_of(uint64_t array)
{
	const struct kist_task_arg arg = { .object = array };
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;
	double mean;

	ck_assert_msg(tasks_call(&tasks, "mean", &arg, 1, &result, &err) == KIST_OK, "%s", err.text);
	mean = json_real_value(result.value);
	kist_task_results_done(&result, 1);
	return mean;
}

static json_t *summary_of(uint64_t array)
{
	const struct kist_task_arg arg = { .object = array };
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;
	json_t *text;

	ck_assert_msg(tasks_call(&tasks, "summarize", &arg, 1, &result, &err) == KIST_OK, "%s", err.text);
	ck_assert_int_eq(kist_worker_read_value(tasks.worker, result.object, &text, &err), KIST_OK);
	return text;
}

START_TEST(three_steps_make_transform_and_sum_up)
{
	kist_auto_json json_t *two = json_real(2.0);
	struct kist_task_arg args[2] = { { .object = sample("[100000, 7, 3.0, 0.5]") }, { .value = two } };
	kist_auto_json json_t *text = NULL;
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;
	double row[5];

	ck_assert_double_eq_tol(mean_of(args[0].object), 3.0, 0.01);
	ck_assert_msg(tasks_call(&tasks, "scale", args, 2, &result, &err) == KIST_OK, "%s", err.text);
	ck_assert_double_eq(mean_of(result.object), 2.0 * mean_of(args[0].object));
	text = summary_of(result.object);
	ck_assert_int_eq(sscanf(json_string_value(text), "count,mean,variance,min,max\n%lf,%lf,%lf,%lf,%lf", &row[0],
				&row[1], &row[2], &row[3], &row[4]),
			 5);
	ck_assert_double_eq(row[0], 100000);
	ck_assert_double_eq_tol(row[1], 6.0, 0.02);
	ck_assert_double_eq_tol(row[2], 1.0, 0.02);
	ck_assert_double_ge(row[3], 0.0);
	ck_assert_double_le(row[4], 12.0);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_numbers_and_another_does_not)
{
	kist_auto_json json_t *first = summary_of(sample("[1000, 1]"));
	kist_auto_json json_t *again = summary_of(sample("[1000, 1]"));
	kist_auto_json json_t *other = summary_of(sample("[1000, 2]"));

	ck_assert(json_equal(first, again));
	ck_assert(!json_equal(first, other));
	/* On every machine. */
	ck_assert_msg(strncmp(json_string_value(first), "count,mean,variance,min,max\n1000,", 33) == 0, "%s",
		      json_string_value(first));
}
END_TEST

START_TEST(what_cannot_be_done_is_said)
{
	struct kist_task_arg arg = { .object = sample("[0]") };
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(tasks_json(&tasks, "sample_normal", "[-1]", &result, &err), KIST_INVALID);
	ck_assert_str_eq(err.code, "E_SHAPE");
	ck_assert_str_eq(err.text,
			 "plugin org.example.arrays 1.0.0: task 'sample_normal': an array with a dimension of -1");
	kist_error_clear(&err);
	ck_assert_int_eq(tasks_call(&tasks, "mean", &arg, 1, &result, &err), KIST_INVALID);
	ck_assert_str_eq(err.code, "E_EMPTY");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("example");

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, three_steps_make_transform_and_sum_up);
	tcase_add_test(tcase, the_same_seed_gives_the_same_numbers_and_another_does_not);
	tcase_add_test(tcase, what_cannot_be_done_is_said);
	return suite_run(tcase, "example");
}
