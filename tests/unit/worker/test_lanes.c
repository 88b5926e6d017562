/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "tasks.h"

static struct tasks tasks;

static void start_with(const struct kist_worker_options *options)
{
	tasks_start(&tasks, "tests/zoo/tasks.plugin.json.in", "tasks.so", options);
	ck_assert_int_eq(kist_worker_start_lanes(tasks.worker, 3, NULL), KIST_OK);
}

static void start(void)
{
	struct kist_worker_options options = tasks_options(&tasks);

	/* On a busy machine two seconds are not enough for whoever is asked to end. */
	options.grace_ms = 60000;
	start_with(&options);
}

static void stop(void)
{
	tasks_stop(&tasks);
}

static kist_status begin(size_t lane, const char *name, const char *json, uint64_t ms_max,
			 struct kist_error *err)
{
	const struct kist_task_ref ref = tasks_ref(&tasks, name);
	kist_auto_json json_t *list = tasks_value(json);
	struct kist_task_arg args[KIST_SIGNATURE_ARGS_MAX] = { { .object = 0 } };

	for (size_t i = 0; i < json_array_size(list); i++)
		args[i].value = json_array_get(list, i);
	return kist_worker_begin_task(tasks.worker, lane, &ref, args, json_array_size(list), ms_max, err);
}

static void must_begin(size_t lane, const char *name, const char *json)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(begin(lane, name, json, 0, &err) == KIST_OK, "%s", err.text);
}

static void must_give(size_t lane, json_int_t wanted)
{
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(kist_worker_end_task(tasks.worker, lane, &result, &err) == KIST_OK, "%s", err.text);
	ck_assert_int_eq(json_integer_value(result.value), wanted);
	kist_task_results_done(&result, 1);
}

static void must_fail(size_t lane, kist_status status, const char *text)
{
	struct kist_task_result result[KIST_MANIFEST_OUTPUTS_MAX];
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_worker_end_task(tasks.worker, lane, result, &err), status);
	ck_assert_msg(strstr(err.text, text), "%s", err.text);
}

static json_int_t sub(int a, int b)
{
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;
	char args[32];
	json_int_t ret;

	(void)snprintf(args, sizeof(args), "[%d,%d]", a, b);
	ck_assert_msg(tasks_json(&tasks, "sub", args, &result, &err) == KIST_OK, "%s", err.text);
	ret = json_integer_value(result.value);
	kist_task_results_done(&result, 1);
	return ret;
}

START_TEST(tasks_in_lanes_run_at_the_same_time)
{
	for (size_t i = 0; i < 3; i++)
		must_begin(i, "meet", "[3]");
	for (size_t i = 3; i-- > 0;)
		must_give(i, 3);
	/* A lane that is free is used again. */
	must_begin(1, "meet", "[2]");
	must_give(1, 2);
}
END_TEST

START_TEST(other_calls_go_on_beside_them)
{
	const struct kist_task_ref ramp = tasks_ref(&tasks, "ramp");
	kist_auto_json json_t *four = json_integer(4);
	const struct kist_task_arg args[2] = { { .value = four }, { .value = four } };
	struct kist_task_result made[2];
	struct kist_task_result result;
	struct kist_task_arg arg = { .object = 0 };

	must_begin(0, "meet", "[3]");
	must_begin(1, "meet", "[3]");
	ck_assert(!kist_worker_task_ended(tasks.worker, 0));
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(sub(i, 1), i - 1);
	ck_assert_int_eq(kist_worker_ping(tasks.worker, NULL), KIST_OK);
	ck_assert_int_eq(kist_worker_call_task(tasks.worker, &ramp, args, 2, &made[0], NULL), KIST_OK);
	/* Room for what the lane gives is not given to others meanwhile. */
	ck_assert_int_eq(kist_worker_begin_task(tasks.worker, 2, &ramp, args, 2, 0, NULL), KIST_OK);
	ck_assert_int_eq(kist_worker_call_task(tasks.worker, &ramp, args, 2, &result, NULL), KIST_OK);
	ck_assert_int_eq(kist_worker_end_task(tasks.worker, 2, &made[1], NULL), KIST_OK);
	ck_assert_uint_ne(made[1].object, result.object);
	ck_assert_uint_ne(made[1].object, made[0].object);
	/* Objects of either side are taken by the other. */
	arg.object = made[1].object;
	ck_assert_int_eq(tasks_call(&tasks, "sum", &arg, 1, &result, NULL), KIST_OK);
	ck_assert(json_real_value(result.value) == 120);
	kist_task_results_done(&result, 1);
	must_begin(2, "meet", "[3]");
	for (size_t i = 0; i < 3; i++)
		must_give(i, 3);
}
END_TEST

START_TEST(one_that_fails_leaves_the_others_alone)
{
	struct kist_error err = KIST_ERROR_INIT;

	must_begin(0, "meet", "[2]");
	must_begin(1, "fail", "[-1]");
	must_fail(1, KIST_INVALID, "task 'fail'");
	ck_assert_int_eq(begin(1, "sub", "['x']", 0, &err), KIST_INVALID);
	ck_assert_msg(strstr(err.text, "argument 'a'"), "%s", err.text);
	must_begin(1, "meet", "[2]");
	must_give(0, 2);
	must_give(1, 2);
}
END_TEST

START_TEST(one_is_cancelled_and_the_others_go_on)
{
	must_begin(0, "wait", "[]");
	must_begin(1, "wait", "[]");
	must_begin(2, "meet", "[2]");
	kist_worker_cancel_task(tasks.worker, 0);
	must_fail(0, KIST_CANCELLED, "task 'wait'");
	ck_assert(!kist_worker_task_ended(tasks.worker, 1));
	ck_assert(!kist_worker_task_ended(tasks.worker, 2));
	must_begin(0, "meet", "[2]");
	must_give(2, 2);
	must_give(0, 2);
	/* What is not there, or has ended, is not cancelled. */
	kist_worker_cancel_task(tasks.worker, 2);
	must_begin(2, "sub", "[5,2]");
	must_give(2, 3);
	kist_worker_cancel_task(tasks.worker, 1);
	must_fail(1, KIST_CANCELLED, "task 'wait'");
	ck_assert_int_eq(sub(3, 1), 2);
}
END_TEST

START_TEST(one_whose_time_is_over_ends_and_the_others_go_on)
{
	struct kist_error err = KIST_ERROR_INIT;

	must_begin(0, "meet", "[2]");
	ck_assert_int_eq(begin(1, "wait", "[]", 20, &err), KIST_OK);
	must_fail(1, KIST_DEADLINE, "took longer than 20 ms in task 'wait'");
	must_begin(1, "meet", "[2]");
	must_give(0, 2);
	must_give(1, 2);
}
END_TEST

START_TEST(what_a_late_one_gives_is_dropped)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_task_result result;

	must_begin(0, "meet", "[2]");
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(begin(1, "late", "[]", 20, &err), KIST_OK);
		must_fail(1, KIST_DEADLINE, "took longer than 20 ms in task 'late'");
		/* Its room in the worker is free for others. */
		ck_assert_msg(tasks_json(&tasks, "ramp", "[2,2]", &result, &err) == KIST_OK, "%s", err.text);
	}
	must_begin(1, "meet", "[2]");
	must_give(0, 2);
	must_give(1, 2);
}
END_TEST

START_TEST(one_that_never_ends_is_ended_with_its_worker)
{
	struct kist_worker_options options = tasks_options(&tasks);
	struct kist_error err = KIST_ERROR_INIT;

	stop();
	options.grace_ms = 20;
	start_with(&options);
	must_begin(0, "meet", "[2]");
	ck_assert_int_eq(begin(1, "spin", "[]", 20, &err), KIST_OK);
	must_fail(1, KIST_DEADLINE, "task 'spin' and was ended");
	must_fail(0, KIST_DEADLINE, "task 'spin' and was ended");
	ck_assert_int_eq(begin(0, "sub", "[1,1]", 0, &err), KIST_DEADLINE);
}
END_TEST

START_TEST(time_is_over_for_those_beside_a_call_too)
{
	struct kist_worker_options options = tasks_options(&tasks);
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	stop();
	options.grace_ms = 20;
	start_with(&options);
	must_begin(0, "meet", "[2]");
	ck_assert_int_eq(begin(1, "spin", "[]", 20, &err), KIST_OK);
	/* It would wait until its own time is over. */
	ck_assert_int_eq(tasks_json(&tasks, "wait", "[]", &result, &err), KIST_DEADLINE);
	ck_assert_msg(strstr(err.text, "task 'spin' and was ended"), "%s", err.text);
	must_fail(0, KIST_DEADLINE, "task 'spin' and was ended");
	must_fail(1, KIST_DEADLINE, "task 'spin' and was ended");
}
END_TEST

START_TEST(a_crash_names_all_that_ran)
{
	must_begin(0, "meet", "[2]");
	must_begin(1, "crash", "[]");
	must_fail(0, KIST_CRASHED, "the worker crashed in task 'meet' or task 'crash'");
	must_fail(1, KIST_CRASHED, "or task 'crash'");
	ck_assert_int_eq(kist_worker_ping(tasks.worker, NULL), KIST_CRASHED);
}
END_TEST

START_TEST(a_crash_during_another_call_names_both)
{
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	must_begin(0, "meet", "[2]");
	ck_assert_int_eq(tasks_json(&tasks, "crash", "[]", &result, &err), KIST_CRASHED);
	ck_assert_msg(strstr(err.text, "the worker crashed in task 'crash' or task 'meet'"), "%s", err.text);
	must_fail(0, KIST_CRASHED, "task 'meet'");
}
END_TEST

START_TEST(large_arguments_are_each_its_own)
{
	kist_auto_mem char *big = kist_alloc(200000, 1);
	kist_auto_json json_t *text = NULL;
	struct kist_task_arg arg;
	const struct kist_task_ref ref = tasks_ref(&tasks, "text_len");
	kist_auto_json json_t *other = NULL;

	memset(big, 'a', 199999);
	text = json_string(big);
	big[150000] = '\0';
	other = json_string(big);
	arg = (struct kist_task_arg){ .value = text };
	ck_assert_int_eq(kist_worker_begin_task(tasks.worker, 0, &ref, &arg, 1, 0, NULL), KIST_OK);
	arg.value = other;
	ck_assert_int_eq(kist_worker_begin_task(tasks.worker, 1, &ref, &arg, 1, 0, NULL), KIST_OK);
	must_give(0, 199999);
	must_give(1, 150000);
}
END_TEST

START_TEST(logs_of_a_task_have_a_limit_in_a_lane_too)
{
	struct kist_task_result result;

	must_begin(0, "chatter", "[10050]");
	ck_assert_int_eq(kist_worker_end_task(tasks.worker, 0, &result, NULL), KIST_OK);
	ck_assert_uint_eq(tasks.logs, 10000);
	/* The next one has as many again. */
	tasks.logs = 0;
	must_begin(0, "chatter", "[3]");
	ck_assert_int_eq(kist_worker_end_task(tasks.worker, 0, &result, NULL), KIST_OK);
	ck_assert_uint_eq(tasks.logs, 3);
	tasks.logs = 0;
	ck_assert_int_eq(tasks_json(&tasks, "chatter", "[10050]", &result, NULL), KIST_OK);
	ck_assert_uint_eq(tasks.logs, 10000);
}
END_TEST

START_TEST(lanes_are_started_once_and_first)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_worker_start_lanes(tasks.worker, 2, &err), KIST_INVALID);
	tasks_stop(&tasks);
	tasks_start(&tasks, "tests/zoo/tasks.plugin.json.in", "tasks.so", NULL);
	ck_assert_uint_eq(kist_worker_lane_count(tasks.worker), 0);
	err = (struct kist_error)KIST_ERROR_INIT;
	ck_assert_int_eq(kist_worker_start_lanes(tasks.worker, KIST_WORKER_LANES_MAX + 1, &err), KIST_LIMIT);
	err = (struct kist_error)KIST_ERROR_INIT;
	ck_assert_int_eq(kist_worker_start_lanes(tasks.worker, 0, &err), KIST_LIMIT);
	ck_assert_int_eq(sub(1, 1), 0);
	err = (struct kist_error)KIST_ERROR_INIT;
	ck_assert_int_eq(kist_worker_start_lanes(tasks.worker, 2, &err), KIST_INVALID);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("lanes");

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, tasks_in_lanes_run_at_the_same_time);
	tcase_add_test(tcase, other_calls_go_on_beside_them);
	tcase_add_test(tcase, one_that_fails_leaves_the_others_alone);
	tcase_add_test(tcase, one_is_cancelled_and_the_others_go_on);
	tcase_add_test(tcase, one_whose_time_is_over_ends_and_the_others_go_on);
	tcase_add_test(tcase, what_a_late_one_gives_is_dropped);
	tcase_add_test(tcase, one_that_never_ends_is_ended_with_its_worker);
	tcase_add_test(tcase, time_is_over_for_those_beside_a_call_too);
	tcase_add_test(tcase, a_crash_names_all_that_ran);
	tcase_add_test(tcase, a_crash_during_another_call_names_both);
	tcase_add_test(tcase, large_arguments_are_each_its_own);
	tcase_add_test(tcase, logs_of_a_task_have_a_limit_in_a_lane_too);
	tcase_add_test(tcase, lanes_are_started_once_and_first);
	return suite_run(tcase, "lanes");
}
