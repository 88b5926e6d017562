/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "support.h"
#include "support/suite.h"

/* What a plugin cannot do, seen from inside. */

static bool in_force(const json_t *report, const char *name)
{
	size_t i;
	const json_t *item;

	json_array_foreach (report, i, item) {
		if (strcmp(kist_json_get_text(item, "name"), name) == 0)
			return strcmp(kist_json_get_text(item, "state"), "in force") == 0;
	}
	return false;
}

START_TEST(a_plugin_is_denied_files_network_processes_and_new_code)
{
	struct faulty faulty;
	struct bytes_input bytes;
	kist_auto_json json_t *denied = NULL;
	kist_auto_json json_t *report = NULL;

	faulty_load(&faulty, NULL);
	ck_assert_int_eq(kist_worker_sandbox(faulty.worker, &report, NULL), KIST_OK);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	bytes_input_host(&bytes, "z", 1);
	ck_assert_int_eq(kist_worker_describe(faulty.worker, &ref, &bytes.input, &denied, NULL), KIST_OK);
	if (in_force(report, "landlock") || in_force(report, "seccomp")) {
		ck_assert_int_eq(json_integer_value(json_object_get(denied, "passwd")), 1);
		ck_assert_int_eq(json_integer_value(json_object_get(denied, "library")), 1);
		ck_assert_int_eq(json_integer_value(json_object_get(denied, "write")), 1);
	}
	if (in_force(report, "seccomp")) {
		ck_assert_int_eq(json_integer_value(json_object_get(denied, "socket")), 1);
		ck_assert_int_eq(json_integer_value(json_object_get(denied, "fork")), 1);
		ck_assert_int_eq(json_integer_value(json_object_get(denied, "exec_memory")), 1);
		ck_assert_int_eq(json_integer_value(json_object_get(denied, "kill")), 1);
	}
	ck_assert_int_eq(json_integer_value(json_object_get(denied, "env")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(denied, "fds")), 1);
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(the_report_names_each_measure)
{
	static const char *const names[] = { "no_new_privs", "dumpable", "close_range", "capabilities",
					     "limits",	     "landlock", "seccomp" };
	struct faulty faulty;
	kist_auto_json json_t *report = NULL;

	faulty_start(&faulty, NULL);
	ck_assert_int_eq(kist_worker_sandbox(faulty.worker, &report, NULL), KIST_OK);
	ck_assert_uint_eq(json_array_size(report), sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < json_array_size(report); i++) {
		const json_t *item = json_array_get(report, i);

		ck_assert_str_eq(kist_json_get_text(item, "name"), names[i]);
		ck_assert_ptr_nonnull(kist_json_get_text(item, "state"));
		ck_assert_uint_gt(strlen(kist_json_get_text(item, "detail")), 0);
	}
	ck_assert(in_force(report, "no_new_privs"));
	kist_worker_close(faulty.worker);
}
END_TEST

START_TEST(a_descriptor_of_the_host_does_not_reach_the_worker)
{
	struct faulty faulty;
	struct bytes_input bytes;
	kist_auto_json json_t *denied = NULL;

	/* Without close-on-exec, as a careless library may leave it. */
	ck_assert_int_eq(dup2(2, 63), 63);
	faulty_load(&faulty, NULL);
	const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

	bytes_input_host(&bytes, "z", 1);
	ck_assert_int_eq(kist_worker_describe(faulty.worker, &ref, &bytes.input, &denied, NULL), KIST_OK);
	ck_assert_int_eq(json_integer_value(json_object_get(denied, "fds")), 1);
	kist_worker_close(faulty.worker);
	(void)close(63);
}
END_TEST

/* The one child of a process, by its pidfd. */
static int worker_of(pid_t host)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(4096);
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", host, host);
	if (kist_read_file_at(AT_FDCWD, path, &text, NULL) != KIST_OK || !kist_buf_text(&text))
		return -1;
	return (int)syscall(SYS_pidfd_open, (pid_t)strtol(kist_buf_text(&text), NULL, 10), 0);
}

START_TEST(a_worker_dies_with_its_host_also_in_a_plugin_that_hangs)
{
	int pipes[2];
	char byte;
	pid_t host;

	ck_assert_int_eq(pipe(pipes), 0);
	host = fork();
	if (host == 0) {
		struct faulty faulty;
		struct bytes_input bytes;
		json_t *value;

		faulty_load(&faulty, NULL);
		const struct kist_serializer_ref ref = faulty_ref(&faulty, 0);

		bytes_input_host(&bytes, "h", 1);
		(void)!write(pipes[1], "r", 1);
		(void)!kist_worker_describe(faulty.worker, &ref, &bytes.input, &value, NULL);
		_exit(0);
	}
	ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
	struct pollfd wait = { .fd = worker_of(host), .events = POLLIN };

	ck_assert_int_ge(wait.fd, 0);
	ck_assert_int_eq(kill(host, SIGKILL), 0);
	ck_assert_int_eq(waitpid(host, NULL, 0), host);
	ck_assert_int_eq(poll(&wait, 1, 30000), 1);
	(void)close(wait.fd);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}
END_TEST

START_TEST(the_worker_is_not_started_by_hand)
{
	struct faulty faulty;
	const struct kist_worker_options options = faulty_options(&faulty);
	char command[8192];

	(void)snprintf(command, sizeof(command), "'%s' 3</dev/null 2>/dev/null", options.program);
	ck_assert_int_eq(WEXITSTATUS(system(command)), 2);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("sandbox");

	tcase_add_test(tests, a_plugin_is_denied_files_network_processes_and_new_code);
	tcase_add_test(tests, the_report_names_each_measure);
	tcase_add_test(tests, a_descriptor_of_the_host_does_not_reach_the_worker);
	tcase_add_test(tests, a_worker_dies_with_its_host_also_in_a_plugin_that_hangs);
	tcase_add_test(tests, the_worker_is_not_started_by_hand);
	return suite_run(tests, "sandbox");
}
