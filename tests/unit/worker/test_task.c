/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "tasks.h"

static struct tasks tasks;

static void start(void)
{
	tasks_start(&tasks, "tests/zoo/tasks.plugin.json.in", "tasks.so", NULL);
}

static void stop(void)
{
	tasks_stop(&tasks);
}

static void assert_gives(const char *name, const char *args, const char *wanted)
{
	struct kist_task_result results[KIST_MANIFEST_OUTPUTS_MAX];
	kist_auto_json json_t *value = wanted ? tasks_value(wanted) : NULL;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(tasks_json(&tasks, name, args, results, &err) == KIST_OK, "%s(%s): %s", name, args,
		      err.text);
	if (!wanted)
		return;
	ck_assert_uint_eq(results[0].object, 0);
	ck_assert_msg(json_equal(results[0].value, value), "%s(%s)", name, args);
	kist_task_results_done(results, 1);
}

static void assert_fails(const char *name, const char *args, kist_status status, const char *text)
{
	struct kist_task_result results[KIST_MANIFEST_OUTPUTS_MAX];
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(tasks_json(&tasks, name, args, results, &err) == status, "%s(%s): %d %s", name, args,
		      err.status, err.text);
	ck_assert_msg(strstr(err.text, text), "%s(%s): %s", name, args, err.text);
}

/* An object that a task makes of JSON. */
static uint64_t make(const char *name, const char *args)
{
	struct kist_task_result results[KIST_MANIFEST_OUTPUTS_MAX];
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(tasks_json(&tasks, name, args, results, &err) == KIST_OK, "%s", err.text);
	ck_assert_ptr_null(results[0].value);
	ck_assert_uint_ne(results[0].object, 0);
	return results[0].object;
}

static void assert_value(uint64_t object, const char *wanted)
{
	kist_auto_json json_t *value = tasks_value(wanted);
	kist_auto_json json_t *read = NULL;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(kist_worker_read_value(tasks.worker, object, &read, &err) == KIST_OK, "%s", err.text);
	ck_assert(json_equal(read, value));
	ck_assert_int_eq(kist_worker_drop(tasks.worker, object, &err), KIST_OK);
}

static double sum_of(uint64_t object)
{
	const struct kist_task_arg arg = { .object = object };
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;
	double sum;

	ck_assert_msg(tasks_call(&tasks, "sum", &arg, 1, &result, &err) == KIST_OK, "%s", err.text);
	sum = json_real_value(result.value);
	kist_task_results_done(&result, 1);
	return sum;
}

static const struct {
	const char *name;
	const char *args;
	const char *wanted;
} scalars[] = {
	{ "same_i8", "[-128]", "-128" },
	{ "same_i8", "[127]", "127" },
	{ "same_i16", "[-32768]", "-32768" },
	{ "same_i32", "[-2147483648]", "-2147483648" },
	{ "same_i64", "[-9223372036854775807]", "-9223372036854775807" },
	{ "same_u8", "[255]", "255" },
	{ "same_u16", "[65535]", "65535" },
	{ "same_u32", "[4294967295]", "4294967295" },
	{ "same_u64", "[9223372036854775807]", "9223372036854775807" },
	{ "same_f32", "[0.5]", "0.5" },
	{ "same_f32", "[3]", "3.0" },
	{ "same_f64", "[-1.25e300]", "-1.25e300" },
	{ "same_f64", "['NaN']", "'NaN'" },
	{ "same_f64", "['-Infinity']", "'-Infinity'" },
	{ "same_f32", "['Infinity']", "'Infinity'" },
	{ "same_b8", "[true]", "true" },
	{ "same_b8", "[false]", "false" },
	{ "sub", "[10, 3]", "7" },
	{ "sub", "[3, 10]", "-7" },
	{ "sub", "[3]", "2" },
	{ "sub", "[3.0, 1]", "2" },
	{ "text_len", "[]", "4" },
	{ "text_len", "['']", "0" },
	{ "text_len", "['\u00e9a']", "3" },
	{ "kind_of", "[{'a': [1, null]}]", "2" },
	{ "nothing", "[]", NULL },
	{ "talk", "['hello']", NULL },
};

START_TEST(every_number_and_text_passes_and_comes_back)
{
	assert_gives(scalars[_i].name, scalars[_i].args, scalars[_i].wanted);
}
END_TEST

static const struct {
	const char *name;
	const char *args;
	const char *text;
} refusals[] = {
	{ "same_u8", "[256]", "task 'same_u8': argument 'value': 256 does not fit u8: 0 to 255" },
	{ "same_u8", "[-1]", "-1 does not fit u8" },
	{ "same_i8", "[128]", "does not fit i8: -128 to 127" },
	{ "same_i32", "[2147483648]", "does not fit i32" },
	{ "same_i64", "[9.3e18]", "does not fit i64" },
	{ "same_u64", "[1.9e19]", "does not fit u64" },
	{ "same_i64", "[1.5]", "a number that is not whole was given, an integer is expected" },
	{ "same_i64", "['1']", "a string was given, an integer is expected" },
	{ "same_i64", "[true]", "a boolean was given" },
	{ "same_f32", "[1e39]", "does not fit f32" },
	{ "same_f64", "['nan']", "a string was given, a number is expected" },
	{ "same_f64", "[9007199254740993]", "cannot be held exactly" },
	{ "same_b8", "[1]", "true or false is expected" },
	{ "text_len", "[5]", "an integer was given, a string is expected" },
	{ "sub", "[]", "plugin test.tasks 1.0.0: task 'sub': argument 'a': it is missing" },
	{ "sub", "[1, 2, 3]", "3 arguments, it takes 2" },
	{ "sub", "[null]", "null was given" },
	{ "sum", "[[1, 2]]", "task 'sum': argument 'array': a list was given, tensor is expected" },
	{ "byte_sum", "['abc']", "argument 'data': a string was given, bytes is expected" },
};

START_TEST(an_argument_that_does_not_fit_is_refused_with_its_name)
{
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	assert_fails(refusals[_i].name, refusals[_i].args, KIST_INVALID, refusals[_i].text);
	ck_assert_int_eq(tasks_json(&tasks, refusals[_i].name, refusals[_i].args, &result, &err), KIST_INVALID);
	ck_assert_str_eq(err.code, "E_ARGUMENT");
	/* Nothing was sent. */
	ck_assert_int_eq(tasks_json(&tasks, refusals[_i].name, refusals[_i].args, &result, NULL), KIST_INVALID);
	assert_gives("sub", "[10, 3]", "7");
}
END_TEST

START_TEST(texts_bytes_and_json_come_back_as_objects)
{
	static const char raw[] = "a\0b\xff";
	struct kist_task_arg arg = { .bytes = kist_view_of(raw, 4) };
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(100);
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	assert_value(make("echo_text", "['say \u00e9 and / \\\\ too']"), "'say \u00e9 and / \\\\ too'");
	assert_value(make("echo_text", "['']"), "''");
	assert_value(make("echo_json", "[[1.5, {'b': false}]]"), "[1.5, {'b': false}]");
	assert_value(make("echo_json", "[]"), "[1, {'a': null}]");
	ck_assert_int_eq(tasks_call(&tasks, "byte_sum", &arg, 1, &result, &err), KIST_OK);
	ck_assert_int_eq(json_integer_value(result.value), 'a' + 'b' + 255);
	kist_task_results_done(&result, 1);
	ck_assert_int_eq(tasks_call(&tasks, "echo_bytes", &arg, 1, &result, &err), KIST_OK);
	ck_assert_uint_eq(result.kind, KIST_KIND_BYTES);
	ck_assert_int_eq(kist_worker_read(tasks.worker, result.object, &bytes, &err), KIST_OK);
	ck_assert_uint_eq(bytes.size, 4);
	ck_assert_mem_eq(bytes.data, raw, 4);
	/* An object of bytes is as good as bytes. */
	arg = (struct kist_task_arg){ .object = result.object };
	ck_assert_int_eq(tasks_call(&tasks, "byte_sum", &arg, 1, &result, &err), KIST_OK);
	ck_assert_int_eq(json_integer_value(result.value), 'a' + 'b' + 255);
	kist_task_results_done(&result, 1);
	arg.bytes = kist_view_of(raw, 0);
	arg.object = 0;
	ck_assert_int_eq(tasks_call(&tasks, "byte_sum", &arg, 1, &result, &err), KIST_OK);
	ck_assert_int_eq(json_integer_value(result.value), 0);
	kist_task_results_done(&result, 1);
}
END_TEST

START_TEST(a_value_in_the_worker_is_as_good_as_json)
{
	kist_auto_json json_t *three = json_integer(3);
	kist_auto_json json_t *list = tasks_value("[1, [2]]");
	struct kist_task_arg arg = { .object = 0 };
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;
	uint32_t kind;

	ck_assert_int_eq(kist_worker_make_value(tasks.worker, three, &arg.object, &err), KIST_OK);
	ck_assert_int_eq(kist_worker_kind(tasks.worker, arg.object, &kind, &err), KIST_OK);
	ck_assert_uint_eq(kind, KIST_KIND_VALUE);
	ck_assert_int_eq(tasks_call(&tasks, "sub", &arg, 1, &result, &err), KIST_OK);
	ck_assert_int_eq(json_integer_value(result.value), 2);
	kist_task_results_done(&result, 1);
	ck_assert_int_eq(kist_worker_drop(tasks.worker, arg.object, &err), KIST_OK);
	ck_assert_int_eq(tasks_call(&tasks, "sub", &arg, 1, &result, &err), KIST_INVALID);
	ck_assert_msg(strstr(err.text, "no object"), "%s", err.text);
	kist_error_clear(&err);
	ck_assert_int_eq(kist_worker_make_value(tasks.worker, list, &arg.object, &err), KIST_OK);
	ck_assert_int_eq(tasks_call(&tasks, "echo_json", &arg, 1, &result, &err), KIST_OK);
	assert_value(result.object, "[1, [2]]");
	/* And one that does not fit is refused like JSON. */
	ck_assert_int_eq(tasks_call(&tasks, "sub", &arg, 1, &result, &err), KIST_INVALID);
	ck_assert_msg(strstr(err.text, "argument 'a': a list was given"), "%s", err.text);
}
END_TEST

START_TEST(tensors_pass_from_task_to_task)
{
	kist_auto_json json_t *factor = json_real(2.5);
	struct kist_task_arg args[2] = { { .object = make("ramp", "[4, 3]") }, { .value = factor } };
	struct kist_task_result results[3];
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_double_eq(sum_of(args[0].object), 66);
	ck_assert_msg(tasks_call(&tasks, "scale", args, 2, results, &err) == KIST_OK, "%s", err.text);
	ck_assert_str_eq(results[0].name, "scaled");
	ck_assert_uint_eq(results[0].kind, KIST_KIND_TENSOR);
	ck_assert_double_eq(sum_of(results[0].object), 165);
	/* Inputs stay. */
	ck_assert_double_eq(sum_of(args[0].object), 66);
	ck_assert_int_eq(kist_worker_drop(tasks.worker, args[0].object, &err), KIST_OK);
	ck_assert_double_eq(sum_of(results[0].object), 165);
	args[0].object = results[0].object;
	ck_assert_int_eq(tasks_call(&tasks, "halves", args, 1, results, &err), KIST_OK);
	ck_assert_double_eq(sum_of(results[0].object), 82.5);
	ck_assert_double_eq(sum_of(results[1].object), 82.5);
	ck_assert_str_eq(results[2].name, "count");
	ck_assert_int_eq(json_integer_value(results[2].value), 12);
	kist_task_results_done(results, 3);
	args[0].object = make("wrap", "[5]");
	ck_assert_int_eq(tasks_call(&tasks, "kind_of", args, 1, results, &err), KIST_OK);
	ck_assert_int_eq(json_integer_value(results[0].value), KIST_KIND_TENSOR);
	kist_task_results_done(results, 1);
}
END_TEST

START_TEST(an_object_of_another_kind_is_refused)
{
	struct kist_task_arg arg = { .object = make("ramp", "[]") };
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(tasks_call(&tasks, "row_count", &arg, 1, &result, &err), KIST_INVALID);
	ck_assert_msg(strstr(err.text, "argument 'table': an object of kind tensor was given, table is expected"),
		      "%s", err.text);
	kist_error_clear(&err);
	ck_assert_int_eq(tasks_call(&tasks, "sub", &arg, 1, &result, &err), KIST_INVALID);
	ck_assert_msg(strstr(err.text, "an object of kind tensor was given, i64 is expected"), "%s", err.text);
}
END_TEST

/* Rows of a table with @rows rows. */
static int64_t rows_of(uint64_t table)
{
	const struct kist_task_arg arg = { .object = table };
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;
	int64_t rows;

	ck_assert_msg(tasks_call(&tasks, "row_count", &arg, 1, &result, &err) == KIST_OK, "%s", err.text);
	rows = json_integer_value(result.value);
	kist_task_results_done(&result, 1);
	return rows;
}

START_TEST(a_table_is_read_from_its_first_row_by_everyone)
{
	uint64_t object = make("ramp", "[100000, 2]");
	struct kist_error err = KIST_ERROR_INIT;
	uint32_t kind;

	ck_assert_int_eq(kist_worker_convert(tasks.worker, object, KIST_KIND_BIT(KIST_KIND_TABLE), "", &object, &kind,
					     &err),
			 KIST_OK);
	ck_assert_int_eq(rows_of(object), 100000);
	ck_assert_int_eq(rows_of(object), 100000);
	/* And can still be made into something else. */
	ck_assert_msg(kist_worker_convert(tasks.worker, object, KIST_KIND_BIT(KIST_KIND_TENSOR), "", &object, &kind,
					  &err) == KIST_OK,
		      "%s", err.text);
	ck_assert_double_eq(sum_of(object), 199999.0 * 100000);
}
END_TEST

START_TEST(what_a_task_says_of_its_failure_is_told)
{
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(tasks_json(&tasks, "fail", "[-3]", &result, &err), KIST_CORRUPT);
	ck_assert_str_eq(err.text, "plugin test.tasks 1.0.0: task 'fail': it was told to fail");
	ck_assert_str_eq(err.code, "E_TEST");
	ck_assert_uint_eq(err.offset, 7);
	assert_fails("fail_silently", "[-6]", KIST_LIMIT, "failed in task 'fail_silently' (limit) without saying why");
	assert_fails("fail_silently", "[1]", KIST_INTERNAL, "broke the contract in task 'fail_silently': the function");
	assert_fails("fail_silently", "[-99]", KIST_INTERNAL, "which is no status");
	assert_fails("fail_and_return", "[]", KIST_INVALID, "task 'fail_and_return': it was told to fail");
	assert_fails("fail_in_vain", "[]", KIST_INTERNAL, "it reported a failure and returned as if there was none");
	assert_gives("sub", "[10, 3]", "7");
}
END_TEST

static const struct {
	const char *name;
	const char *args;
	const char *text;
} lies[] = {
	{ "no_tensor", "[]", "it succeeded and gave no tensor" },
	{ "no_object", "[]", "the object is empty" },
	{ "twice", "[]", "gave one thing twice" },
	{ "nowhere", "[]", "a region of 5 bytes at no address" },
	{ "bad_text", "[]", "not UTF-8" },
	{ "wrap_wrong", "[1]", "it gave an object of kind tensor" },
	{ "fail_with_object", "[]", "it failed and left an object" },
	{ "bad_tensor", "['shape']", "broke the contract in task 'bad_tensor'" },
	{ "bad_tensor", "['rank']", "broke the contract in task 'bad_tensor'" },
	{ "bad_tensor", "['overflow']", "broke the contract in task 'bad_tensor'" },
	{ "bad_tensor", "['device']", "broke the contract in task 'bad_tensor'" },
	{ "bad_tensor", "['version']", "broke the contract in task 'bad_tensor'" },
	{ "bad_tensor", "['deleter']", "a tensor without a deleter" },
	{ "bad_tensor", "['data']", "broke the contract in task 'bad_tensor'" },
};

START_TEST(a_task_that_lies_is_found_out_and_the_worker_goes_on)
{
	assert_fails(lies[_i].name, lies[_i].args, KIST_INTERNAL, lies[_i].text);
	assert_fails(lies[_i].name, lies[_i].args, KIST_INTERNAL, lies[_i].text);
	assert_gives("sub", "[10, 3]", "7");
}
END_TEST

START_TEST(what_was_lent_is_not_given_back_as_new)
{
	struct kist_task_arg arg = { .object = make("ramp", "[]") };
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(tasks_call(&tasks, "same_tensor", &arg, 1, &result, &err), KIST_INTERNAL);
	ck_assert_msg(strstr(err.text, "it gave back what was lent to it"), "%s", err.text);
	ck_assert_double_eq(sum_of(arg.object), 15);
}
END_TEST

START_TEST(a_value_that_is_no_json_is_found_out_when_it_is_read)
{
	const uint64_t object = make("bad_json", "[]");
	struct kist_error err = KIST_ERROR_INIT;
	json_t *value;

	ck_assert_int_eq(kist_worker_read_value(tasks.worker, object, &value, &err), KIST_INTERNAL);
	ck_assert_msg(strstr(err.text, "plugin test.tasks 1.0.0") && strstr(err.text, "no JSON"), "%s", err.text);
}
END_TEST

START_TEST(a_task_that_dies_is_named)
{
	assert_fails("crash", "[]", KIST_CRASHED, "crashed in task 'crash': signal 11 (SIGSEGV)");
	assert_fails("sub", "[1]", KIST_CRASHED, "crashed in task 'crash'");
	stop();
	start();
	assert_fails("leave", "[3]", KIST_CRASHED, "ended the worker with exit status 3 in task 'leave'");
	stop();
	start();
	ck_assert_uint_ne(make("trap", "[]"), 0);
}
END_TEST

START_TEST(a_release_that_crashes_names_its_plugin)
{
	const uint64_t object = make("trap", "[]");
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_worker_drop(tasks.worker, object, &err), KIST_CRASHED);
	ck_assert_msg(strstr(err.text, "plugin test.tasks 1.0.0") && strstr(err.text, "crashed in releasing an object"),
		      "%s", err.text);
}
END_TEST

START_TEST(a_task_that_hangs_is_ended)
{
	struct kist_worker_options options = tasks_options(&tasks);
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	stop();
	options.call_ms_max = 100;
	tasks_start(&tasks, "tests/zoo/tasks.plugin.json.in", "tasks.so", &options);
	ck_assert_int_eq(tasks_json(&tasks, "spin", "[]", &result, &err), KIST_DEADLINE);
	ck_assert_msg(strstr(err.text, "took longer than 100 ms in task 'spin' and was ended"), "%s", err.text);
	stop();
	tasks_start(&tasks, "tests/zoo/tasks.plugin.json.in", "tasks.so", &options);
	assert_fails("wait", "[]", KIST_DEADLINE, "took longer than 100 ms in task 'wait'");
}
END_TEST

START_TEST(a_cancelled_task_says_so)
{
	kist_worker_cancel(tasks.worker);
	assert_fails("wait", "[]", KIST_CANCELLED, "cancelled");
	assert_gives("sub", "[10, 3]", "7");
}
END_TEST

START_TEST(logs_and_progress_of_a_task_arrive)
{
	assert_gives("talk", "['good \\t day']", NULL);
	ck_assert_str_eq(tasks.log, "test.tasks 1 good \\t day");
	ck_assert_uint_eq(tasks.progress, 1);
}
END_TEST

START_TEST(objects_of_many_calls_are_kept_and_released)
{
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;
	size_t made = 0;

	while (tasks_json(&tasks, "ramp", "[1, 1]", &result, &err) == KIST_OK)
		made++;
	ck_assert_int_eq(err.status, KIST_LIMIT);
	ck_assert_uint_eq(made, 1024);
	ck_assert_int_eq(kist_worker_drop(tasks.worker, result.object, NULL), KIST_OK);
	ck_assert_uint_ne(make("ramp", "[1, 1]"), 0);
}
END_TEST

START_TEST(a_failed_allocation_of_the_host_fails_the_call_and_no_more)
{
	struct kist_task_result result;

	for (unsigned long k = 1;; k++) {
		kist_auto_json json_t *list = tasks_value("[[1, 'two']]");
		const struct kist_task_arg arg = { .value = json_array_get(list, 0) };
		kist_status status;

		kist_mem_fail_at(k);
		status = tasks_call(&tasks, "echo_json", &arg, 1, &result, NULL);
		kist_mem_fail_at(0);
		if (status == KIST_OK)
			break;
		ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
	assert_value(result.object, "[1, 'two']");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("task");

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_loop_test(tcase, every_number_and_text_passes_and_comes_back, 0,
			    (int)(sizeof(scalars) / sizeof(scalars[0])));
	tcase_add_loop_test(tcase, an_argument_that_does_not_fit_is_refused_with_its_name, 0,
			    (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(tcase, texts_bytes_and_json_come_back_as_objects);
	tcase_add_test(tcase, a_value_in_the_worker_is_as_good_as_json);
	tcase_add_test(tcase, tensors_pass_from_task_to_task);
	tcase_add_test(tcase, an_object_of_another_kind_is_refused);
	tcase_add_test(tcase, a_table_is_read_from_its_first_row_by_everyone);
	tcase_add_test(tcase, what_a_task_says_of_its_failure_is_told);
	tcase_add_loop_test(tcase, a_task_that_lies_is_found_out_and_the_worker_goes_on, 0,
			    (int)(sizeof(lies) / sizeof(lies[0])));
	tcase_add_test(tcase, what_was_lent_is_not_given_back_as_new);
	tcase_add_test(tcase, a_value_that_is_no_json_is_found_out_when_it_is_read);
	tcase_add_test(tcase, a_task_that_dies_is_named);
	tcase_add_test(tcase, a_release_that_crashes_names_its_plugin);
	tcase_add_test(tcase, a_task_that_hangs_is_ended);
	tcase_add_test(tcase, a_cancelled_task_says_so);
	tcase_add_test(tcase, logs_and_progress_of_a_task_arrive);
	tcase_add_test(tcase, objects_of_many_calls_are_kept_and_released);
	tcase_add_test(tcase, a_failed_allocation_of_the_host_fails_the_call_and_no_more);
	return suite_run(tcase, "task");
}
