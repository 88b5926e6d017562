/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "tasks.h"

/* Arrays come from a plugin, and are given to a library that knows nothing of kist. */
static struct tasks tasks;
static struct tasks ordinary;

static void start(void)
{
	tasks_start(&tasks, "tests/zoo/tasks.plugin.json.in", "tasks.so", NULL);
	tasks_join(&ordinary, &tasks, "tests/zoo/ordinary.plugin.json.in", "ordinary.so");
}

static void stop(void)
{
	tasks_stop(&ordinary);
	tasks_stop(&tasks);
}

static uint64_t count_up(const char *args)
{
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(tasks_json(&tasks, "count_up", args, &result, &err) == KIST_OK, "%s", err.text);
	return result.object;
}

static double number(const char *name, const struct kist_task_arg *args, size_t count)
{
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;
	double value;

	ck_assert_msg(tasks_call(&ordinary, name, args, count, &result, &err) == KIST_OK, "%s", err.text);
	value = json_number_value(result.value);
	kist_task_results_done(&result, 1);
	return value;
}

static void assert_fails(const char *name, const struct kist_task_arg *args, size_t count, kist_status status,
			 const char *text)
{
	struct kist_task_result result;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(tasks_call(&ordinary, name, args, count, &result, &err) == status, "%d %s", err.status, err.text);
	ck_assert_msg(strstr(err.text, text), "%s", err.text);
}

START_TEST(arrays_are_passed_with_their_lengths)
{
	struct kist_task_arg args[4] = { { .object = count_up("['f64', 4]") } };
	kist_auto_json json_t *two = json_integer(2);

	args[2].object = args[0].object;
	ck_assert_double_eq(number("dot", args, 3), 0 + 1 + 4 + 9);
	/* One with gaps is passed without them. */
	args[2].object = count_up("['f64', 4, true]");
	ck_assert_double_eq(number("dot", args, 3), 0 + 1 + 4 + 9);
	args[2].object = count_up("['f64', 7]");
	args[3].value = two;
	ck_assert_double_eq(number("dot", args, 4), 0 + 2 + 8 + 18);
	args[0].object = count_up("['f32', 5]");
	ck_assert_double_eq(number("mean", args, 1), 2);
	args[0].object = count_up("['i16', 100]");
	ck_assert_double_eq(number("total", args, 1), 4950);
	args[0].object = count_up("['i16', 0]");
	ck_assert_double_eq(number("total", args, 1), 0);
}
END_TEST

START_TEST(an_array_of_another_type_or_length_is_refused)
{
	struct kist_task_arg args[4] = { { .object = count_up("['f32', 4]") } };

	args[2].object = count_up("['f64', 4]");
	assert_fails("dot", args, 3, KIST_INVALID,
		     "plugin test.ordinary 1.0.0: task 'dot': argument 'x': a tensor of float32 was given, f64[] is expected");
	args[0].object = count_up("['f32', 256]");
	assert_fails("mean", args, 1, KIST_INVALID, "argument 'x': it has more elements than the function can be told");
	args[0].object = count_up("['f32', 255]");
	ck_assert_double_eq(number("mean", args, 1), 127);
}
END_TEST

START_TEST(texts_and_bytes_are_passed)
{
	kist_auto_json json_t *text = json_string("five!");
	const struct kist_task_arg text_arg = { .value = text };
	const struct kist_task_arg bytes_arg = { .bytes = kist_view_of("ab", 2) };
	const struct kist_task_arg empty_arg = { .bytes = kist_view_of("", 0) };

	ck_assert_double_eq(number("length", &text_arg, 1), 5);
	ck_assert_double_eq(number("checksum", &bytes_arg, 1), (31 + 'a') * 31 + 'b');
	ck_assert_double_eq(number("checksum", &empty_arg, 1), 1);
}
END_TEST

static const struct {
	const char *name;
	const char *array; /* of the array; NULL: none */
	int at;
} crimes[] = {
	{ "peek", "['f64', 4]", 4 },   { "peek", "['f64', 1000]", 1000 }, { "peek", "['f64', 512]", -1 },
	{ "poke", "['f64', 4]", 0 },   { "poke", "['f64', 4]", 3 },	  { "poke", "['f64', 4]", 4 },
	{ "byte_at", NULL, 3 },
};

START_TEST(what_reads_or_writes_where_it_may_not_dies_at_once_and_is_named)
{
	kist_auto_json json_t *at = json_integer(crimes[_i].at);
	struct kist_task_arg args[2] = { { .bytes = kist_view_of("abc", 3) }, { .value = at } };
	char wanted[64];

	if (crimes[_i].array)
		args[0] = (struct kist_task_arg){ .object = count_up(crimes[_i].array) };
	(void)snprintf(wanted, sizeof(wanted), "in task '%s'", crimes[_i].name);
	assert_fails(crimes[_i].name, args, 2, KIST_CRASHED, wanted);
	assert_fails(crimes[_i].name, args, 2, KIST_CRASHED, "plugin test.ordinary 1.0.0");
}
END_TEST

#define SYSTEM(library, needs, task)                                                                        \
	"{'manifest_version':1,'id':'test.system','version':'1.0.0','abi':{'major':1,'minor_required':0},"   \
	"'libraries':{'" KIST_PLATFORM "':{'soname':'" library "','needs':[" needs "]}},'tasks':[" task "]}"

/* Loads the manifest @text into the worker; false when the system has no such library. */
static bool load_system(const char *text, struct kist_catalog_entry *entry, struct kist_task_ref *ret)
{
	kist_auto_json json_t *json = tasks_value(text);
	kist_auto_buf struct kist_buf canonical = KIST_BUF_INIT(4096);
	struct kist_manifest *manifest;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_json_canonical(json, &canonical, &err), KIST_OK);
	ck_assert_msg(kist_manifest_parse(kist_buf_view(&canonical), &manifest, &err) == KIST_OK, "%s", err.text);
	*entry = (struct kist_catalog_entry){ .manifest = manifest, .path = "/test.system", .refusal = KIST_ERROR_INIT };
	ck_assert(manifest->is_system && manifest->is_ordinary && manifest->library_size == 0);
	if (kist_catalog_measure(manifest, &err) == KIST_NOT_FOUND)
		return false;
	ck_assert_msg(kist_worker_load(tasks.worker, entry, &ret->plugin, &err) == KIST_OK, "%s", err.text);
	ret->task_index = 0;
	return true;
}

START_TEST(pow_of_the_systems_own_library_is_a_task)
{
	kist_auto_json json_t *two = json_integer(2);
	kist_auto_json json_t *ten = json_real(10);
	const struct kist_task_arg args[2] = { { .value = two }, { .value = ten } };
	struct kist_catalog_entry entry;
	struct kist_task_result result;
	struct kist_task_ref ref;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert(load_system(SYSTEM("libm.so.6", "",
				     "{'name':'power','symbol':'pow','signature':'f64,f64->f64','inputs':[{'name':'x','type':"
				     "'number'},{'name':'y','type':'number'}],'outputs':[{'name':'z','type':'number'}]}"),
			      &entry, &ref));
	ck_assert_msg(kist_worker_call_task(tasks.worker, &ref, args, 2, &result, &err) == KIST_OK, "%s", err.text);
	ck_assert_double_eq(json_real_value(result.value), 1024);
	kist_task_results_done(&result, 1);
	kist_manifest_free((struct kist_manifest *)(uintptr_t)entry.manifest);
}
END_TEST

START_TEST(ddot_of_a_blas_is_a_task)
{
	struct kist_task_arg args[3] = { { .object = 0 } };
	struct kist_catalog_entry entry;
	struct kist_task_result result;
	struct kist_task_ref ref;
	struct kist_error err = KIST_ERROR_INIT;

	if (load_system(SYSTEM("libblas.so.3", "'libopenblas.so.0','libgfortran.so.5'",
			       "{'name':'dot','symbol':'cblas_ddot','signature':'i32,f64[],i32,f64[],i32->f64','inputs':["
			       "{'name':'n','type':'integer','count_of':'x'},{'name':'x','type':'tensor'},"
			       "{'name':'xs','type':'integer','default':1},{'name':'y','type':'tensor'},"
			       "{'name':'ys','type':'integer','default':1}],'outputs':[{'name':'z','type':'number'}]}"),
			&entry, &ref)) {
		args[0].object = args[2].object = count_up("['f64', 1000]");
		ck_assert_msg(kist_worker_call_task(tasks.worker, &ref, args, 3, &result, &err) == KIST_OK, "%s",
			      err.text);
		ck_assert_double_eq(json_real_value(result.value), 332833500);
		kist_task_results_done(&result, 1);
	}
	kist_manifest_free((struct kist_manifest *)(uintptr_t)entry.manifest);
}
END_TEST

START_TEST(a_text_cannot_be_written)
{
	kist_auto_json json_t *text = json_string("five!");
	const struct kist_task_arg arg = { .value = text };

	assert_fails("fill", &arg, 1, KIST_CRASHED, "in task 'fill'");
}
END_TEST

START_TEST(the_last_element_may_be_read)
{
	kist_auto_json json_t *at = json_integer(2);
	struct kist_task_arg args[2] = { { .object = count_up("['f64', 3]") }, { .value = at } };

	ck_assert_double_eq(number("peek", args, 2), 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ordinary");

	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, arrays_are_passed_with_their_lengths);
	tcase_add_test(tcase, an_array_of_another_type_or_length_is_refused);
	tcase_add_test(tcase, texts_and_bytes_are_passed);
	tcase_add_loop_test(tcase, what_reads_or_writes_where_it_may_not_dies_at_once_and_is_named, 0,
			    (int)(sizeof(crimes) / sizeof(crimes[0])));
	tcase_add_test(tcase, pow_of_the_systems_own_library_is_a_task);
	tcase_add_test(tcase, ddot_of_a_blas_is_a_task);
	tcase_add_test(tcase, a_text_cannot_be_written);
	tcase_add_test(tcase, the_last_element_may_be_read);
	return suite_run(tcase, "ordinary");
}
