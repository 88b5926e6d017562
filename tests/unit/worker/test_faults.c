/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

#include "support.h"

/*
 * A worker with a plugin that breaks every rule: the host gets an error that names plugin, call and cause,
 * and goes on.
 */

/* What becomes of a call with an input of one byte. */
struct fault {
	char how;
	kist_status status;
	const char *text; /* the error holds it */
	bool gone;	  /* the worker with it */
};

static const char title[] = "plugin test.fault 1.0.0 (sha256 ";

static kist_status call_describe(struct faulty *faulty, char how, struct kist_error *error)
{
	const struct kist_serializer_ref ref = faulty_ref(faulty, 0);
	struct bytes_input bytes;
	json_t *value = NULL;
	kist_status status;

	bytes_input_host(&bytes, &how, 1);
	status = kist_worker_describe(faulty->worker, &ref, &bytes.input, &value, error);
	json_decref(value);
	return status;
}

static kist_status call_layout(struct faulty *faulty, const char *data, struct kist_error *error)
{
	const struct kist_serializer_ref ref = faulty_ref(faulty, 0);
	struct bytes_input bytes;

	bytes_input_host(&bytes, data, strlen(data));
	return kist_worker_layout(faulty->worker, &ref, &bytes.input, NULL, NULL, error);
}

static void assert_fault(struct faulty *faulty, const struct fault *fault, kist_status status,
			 const struct kist_error *error)
{
	struct kist_error again = KIST_ERROR_INIT;

	ck_assert_msg(status == fault->status && strstr(error->text, fault->text), "'%c': %d %s", fault->how,
		      status, error->text);
	ck_assert_int_eq(error->status, status);
	if (!fault->gone) {
		ck_assert_int_eq(kist_worker_ping(faulty->worker, NULL), KIST_OK);
		return;
	}
	ck_assert_int_eq(kist_worker_ping(faulty->worker, &again), fault->status);
	ck_assert_str_eq(again.text, error->text);
}

START_TEST(a_fault_of_a_plugin_is_named_and_the_host_goes_on)
{
	static const struct fault faults[] = {
		{ 's', KIST_CRASHED, "crashed in describe of type 'test.fault': signal 11 (SIGSEGV)", true },
		{ 'a', KIST_CRASHED, "crashed in describe of type 'test.fault': signal 6 (SIGABRT)", true },
		{ 'f', KIST_CRASHED, "signal 8 (SIGFPE)", true },
		{ 'o', KIST_CRASHED, "signal 11 (SIGSEGV)", true },
		{ 'x', KIST_CRASHED, "ended the worker with exit status 3 in describe of type 'test.fault'",
		  true },
		{ 'X', KIST_CRASHED, "ended the worker with exit status 0 in describe", true },
		{ 'c', KIST_CRASHED, "lost its connection to the host in describe", true },
		{ 'C', KIST_CRASHED, "closed its connection to the host in describe", true },
		{ 'w', KIST_CRASHED, "its last words: the sky is falling", true },
		{ 'F', KIST_INTERNAL, "broke the worker's protocol", true },
		{ 'm', KIST_CORRUPT, "failed in describe (corrupt) without saying why", false },
		{ '+', KIST_INTERNAL, "broke the contract in describe: it returned the status 7", false },
		{ '-', KIST_INTERNAL, "broke the contract in describe: it returned the status -1000", false },
		{ 'e', KIST_CORRUPT, "the byte \\x01 is wrong\\nhere", false },
		{ 'j', KIST_INTERNAL, "broke the contract in describe: no JSON", false },
		{ 'J', KIST_INTERNAL, "broke the contract in describe: no JSON object", false },
		{ 'W', KIST_LIMIT, "262144", false },
	};
	const struct fault *fault = &faults[_i];
	struct kist_error error = KIST_ERROR_INIT;
	struct faulty faulty;
	kist_status status;

	faulty_load(&faulty, NULL);
	status = call_describe(&faulty, fault->how, &error);
	assert_fault(&faulty, fault, status, &error);
	if (fault->gone)
		ck_assert_int_eq(strncmp(error.text, title, sizeof(title) - 1), 0);
	if (fault->how == 'e') {
		ck_assert_str_eq(error.code, "E_TEST");
		ck_assert_uint_eq(error.offset, 5);
	}
	kist_worker_close(faulty.worker);
}
END_TEST
#define FAULT_COUNT 17

START_TEST(a_layout_that_lies_is_refused)
{
	static const struct fault faults[] = {
		{ 'O', KIST_INTERNAL, "its part at 2 begins before 4, where the one before ends", false },
		{ 'P', KIST_INTERNAL, "ends after the input's 8", false },
		{ 'r', KIST_INTERNAL, "a part of rank 65", false },
	};
	char data[] = "?1234567";
	struct faulty faulty;

	faulty_load(&faulty, NULL);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct kist_error error = KIST_ERROR_INIT;
		kist_status status;

		data[0] = faults[i].how;
		status = call_layout(&faulty, data, &error);
		assert_fault(&faulty, &faults[i], status, &error);
	}
	kist_worker_close(faulty.worker);
}
END_TEST

static kist_status take_all(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	struct kist_buf *buf = ctx;

	return kist_buf_append(buf, bytes.data, bytes.size, err);
}

static kist_status call_serialize(struct faulty *faulty, const char *how, struct kist_buf *to,
				  struct kist_error *error)
{
	struct kist_serializer_ref ref = faulty_ref(faulty, 0);
	const struct kist_output output = { .write = take_all, .ctx = to };
	kist_auto_json json_t *params = json_pack("{s:s}", "how", how);
	struct bytes_input bytes;
	uint64_t object;
	uint32_t kind;

	bytes_input_host(&bytes, "hello", 5);
	bytes.data = (const uint8_t *)"?ello";
	ck_assert_int_eq(kist_worker_deserialize(faulty->worker, &ref, &bytes.input, &object, &kind, error),
			 KIST_OK);
	ref.params = params;
	return kist_worker_serialize(faulty->worker, &ref, object, &output, error);
}

START_TEST(a_sink_that_is_lied_to_says_so)
{
	static const struct fault faults[] = {
		{ 'l', KIST_INTERNAL, "it wrote 3 bytes into a part of 4", false },
		{ 'b', KIST_INTERNAL, "it left a part open", false },
		{ 'V', KIST_LIMIT, "at most", false },
		{ 'W', KIST_LIMIT, "at most", true },
		{ 'a', KIST_CRASHED, "crashed in serialize of type 'test.fault': signal 6 (SIGABRT)", true },
	};
	const struct fault *fault = &faults[_i];
	kist_auto_buf struct kist_buf to = KIST_BUF_INIT((size_t)3 << 20);
	struct kist_error error = KIST_ERROR_INIT;
	const char how[2] = { fault->how, '\0' };
	struct faulty faulty;

	faulty_load(&faulty, NULL);
	ck_assert_int_eq(call_serialize(&faulty, how, &to, &error), fault->status);
	if (fault->status != KIST_LIMIT)
		ck_assert_msg(strstr(error.text, fault->text), "%s", error.text);
	if (fault->gone)
		ck_assert_int_ne(kist_worker_ping(faulty.worker, NULL), KIST_OK);
	else
		ck_assert_int_eq(kist_worker_ping(faulty.worker, NULL), KIST_OK);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(an_object_that_is_none_is_refused)
{
	static const struct fault faults[] = {
		{ 'N', KIST_INTERNAL, "broke the contract in deserialize", false },
		{ 'K', KIST_INTERNAL, "broke the contract in deserialize", false },
		{ 'L', KIST_INTERNAL, "it failed and left an object", false },
		{ 'e', KIST_CORRUPT, "is wrong", false },
	};
	struct faulty faulty;

	faulty_load(&faulty, NULL);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct kist_error error = KIST_ERROR_INIT;
		struct bytes_input bytes;
		uint64_t object = 77;
		uint32_t kind = 77;
		kist_status status;

		bytes_input_host(&bytes, &faults[i].how, 1);
		status = kist_worker_deserialize(faulty.worker, &ref, &bytes.input, &object, &kind, &error);
		assert_fault(&faulty, &faults[i], status, &error);
		ck_assert_uint_eq(object, 77);
		ck_assert_uint_eq(kind, 77);
	}
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(a_crash_in_release_and_in_probe_is_named)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct faulty faulty;
	struct bytes_input bytes;
	uint64_t object;
	uint32_t kind;
	int32_t score;

	faulty_load(&faulty, NULL);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	bytes_input_host(&bytes, "R", 1);
	ck_assert_int_eq(kist_worker_deserialize(faulty.worker, &ref, &bytes.input, &object, &kind, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_worker_drop(faulty.worker, object, &error), KIST_CRASHED);
	ck_assert_msg(strstr(error.text, "crashed in releasing an object of type 'test.fault': signal 6"),
		      "%s", error.text);
	kist_worker_close(faulty.worker);
	kist_error_clear(&error);
	faulty_load(&faulty, NULL);
	const struct kist_serializer_ref other = faulty_ref(&faulty, 0);

	ck_assert_int_eq(kist_worker_probe(faulty.worker, &other, kist_view_of("B", 1), 1, &score, &error),
			 KIST_INTERNAL);
	ck_assert_msg(strstr(error.text, "its probe gave the score 101"), "%s", error.text);
	kist_error_clear(&error);
	ck_assert_int_eq(kist_worker_probe(faulty.worker, &other, kist_view_of("a", 1), 1, &score, &error),
			 KIST_CRASHED);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(a_call_past_its_deadline_is_ended)
{
	static const char hows[] = { 'h', 'p' };
	struct kist_error error = KIST_ERROR_INIT;
	struct kist_error again = KIST_ERROR_INIT;
	struct faulty faulty;
	struct kist_worker_options options = faulty_options(&faulty);

	options.call_ms_max = 50;
	options.grace_ms = hows[_i] == 'h' ? 10 : 60000;
	faulty_start(&faulty, NULL);
	kist_worker_close(faulty.worker);
	faulty_start(&faulty, &(struct kist_worker_options){ .program = options.program,
							     .call_ms_max = 2000,
							     .grace_ms = options.grace_ms });
	ck_assert_int_eq(kist_worker_load(faulty.worker, faulty_entry(), &faulty.plugin, &error), KIST_OK);
	ck_assert_int_eq(call_describe(&faulty, hows[_i], &error), KIST_DEADLINE);
	ck_assert_int_eq(strncmp(error.text, "plugin test.fault 1.0.0", 23), 0);
	ck_assert_msg(strstr(error.text, "longer than 2000 ms in describe"), "%s", error.text);
	ck_assert_int_eq(kist_worker_ping(faulty.worker, &again), KIST_DEADLINE);
	ck_assert_msg(strstr(again.text, "longer than 2000 ms in describe"), "%s", again.text);
	kist_worker_close(faulty.worker);
}
END_TEST

static void *cancel_soon(void *ctx)
{
	kist_worker_cancel(ctx);
	return NULL;
}

START_TEST(a_call_is_cancelled_from_another_thread)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct faulty faulty;
	pthread_t thread;

	/* One that polls stops, and its worker stays. */
	faulty_load(&faulty, NULL);
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, faulty.worker), 0);
	ck_assert_int_eq(call_describe(&faulty, 'p', &error), KIST_CANCELLED);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(kist_worker_ping(faulty.worker, NULL), KIST_OK);
	/* One that does not is killed after the grace. */
	kist_error_clear(&error);
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, faulty.worker), 0);
	ck_assert_int_eq(call_describe(&faulty, 'h', &error), KIST_CANCELLED);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(a_cancel_between_calls_ends_the_next_one)
{
	struct faulty faulty;

	faulty_start(&faulty, NULL);
	kist_worker_cancel(faulty.worker);
	ck_assert_int_eq(kist_worker_ping(faulty.worker, NULL), KIST_CANCELLED);
	ck_assert_int_eq(kist_worker_ping(faulty.worker, NULL), KIST_OK);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(an_input_that_fails_ends_the_call_with_its_own_error)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct faulty faulty;
	struct bytes_input bytes;
	json_t *value = NULL;

	faulty_load(&faulty, NULL);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	bytes_input_host(&bytes, "n123", 4);
	bytes.fail_at = 1;
	ck_assert_int_eq(kist_worker_describe(faulty.worker, &ref, &bytes.input, &value, &error),
			 KIST_DENIED);
	ck_assert_str_eq(error.text, "the test says no");
	kist_error_clear(&error);
	/* It says that it is longer than it is. */
	bytes_input_host(&bytes, "n123", 4);
	bytes.input.size = 5;
	ck_assert_int_eq(kist_worker_describe(faulty.worker, &ref, &bytes.input, &value, &error), KIST_IO);
	ck_assert_str_eq(error.text, "the input ends at 4 of 5 bytes");
	ck_assert_int_eq(kist_worker_ping(faulty.worker, NULL), KIST_OK);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(no_descriptor_and_no_zombie_stays)
{
	const int before = count_fds();
	struct faulty faulty;

	for (int i = 0; i < 100; i++) {
		faulty_start(&faulty, NULL);
		kist_worker_close(faulty.worker);
	}
	for (int i = 0; i < 4; i++) {
		struct kist_error error = KIST_ERROR_INIT;

		faulty_load(&faulty, NULL);
		(void)call_describe(&faulty, "axCF"[i], &error);
		kist_worker_close(faulty.worker);
	}
	ck_assert_int_eq(count_fds(), before);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

START_TEST(a_worker_that_does_not_start_is_explained)
{
	const int before = count_fds();
	struct kist_error error = KIST_ERROR_INIT;
	struct kist_worker_options options = { .program = "/nonexistent/kist-worker" };
	struct kist_worker *worker = NULL;

	ck_assert_int_eq(kist_worker_start(&options, &worker, &error), KIST_UNSUPPORTED);
	kist_error_clear(&error);
	options.program = "/bin/false";
	ck_assert_int_eq(kist_worker_start(&options, &worker, &error), KIST_CRASHED);
	ck_assert_str_eq(error.text, "the worker ended with exit status 1 in starting");
	kist_error_clear(&error);
	options.program = "/etc/passwd";
	ck_assert_int_eq(kist_worker_start(&options, &worker, &error), KIST_DENIED);
	ck_assert_ptr_null(worker);
	ck_assert_int_eq(count_fds(), before);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("faults");

	tcase_add_loop_test(tests, a_fault_of_a_plugin_is_named_and_the_host_goes_on, 0, FAULT_COUNT);
	tcase_add_test(tests, a_layout_that_lies_is_refused);
	tcase_add_loop_test(tests, a_sink_that_is_lied_to_says_so, 0, 5);
	tcase_add_test(tests, an_object_that_is_none_is_refused);
	tcase_add_test(tests, a_crash_in_release_and_in_probe_is_named);
	tcase_add_loop_test(tests, a_call_past_its_deadline_is_ended, 0, 2);
	tcase_add_test(tests, a_call_is_cancelled_from_another_thread);
	tcase_add_test(tests, a_cancel_between_calls_ends_the_next_one);
	tcase_add_test(tests, an_input_that_fails_ends_the_call_with_its_own_error);
	tcase_add_test(tests, no_descriptor_and_no_zombie_stays);
	tcase_add_test(tests, a_worker_that_does_not_start_is_explained);
	return suite_run(tests, "faults");
}
