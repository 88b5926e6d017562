/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "kit/trial.h"

/* Descriptors of ours are moved above those of the child before they are put there. */
#define FIRST_FREE_FD 16
#define READ_STEP     ((size_t)4096)

static kist_status make_pipe(int ends[2], struct kist_error *err)
{
	int both[2];

	if (pipe2(both, O_CLOEXEC | O_NONBLOCK) < 0)
		return kist_fail_errno(err, errno, "cannot make a pipe");
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(both[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
		(void)close(both[i]);
	}
	if (ends[0] < 0 || ends[1] < 0)
		return kist_fail_errno(err, errno, "cannot have one more descriptor");
	/* The child's end blocks: who writes there need not know of pipes. */
	(void)fcntl(ends[1], F_SETFL, 0);
	return KIST_OK;
}

/* Small blocks are given back at once, so that what is in use can be counted; and what a sanitizer is to do. */
static char *const environment_usual[] = {
	(char[]){ "LC_ALL=C" },
	(char[]){ "PATH=/usr/bin:/bin" },
	(char[]){ "GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0" },
	(char[]){ "ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:handle_segv=1:allocator_may_return_null=1:"
		  "verify_asan_link_order=0:quarantine_size_mb=1" },
	(char[]){ "UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:print_stacktrace=1" },
};
#define USUAL_COUNT (sizeof(environment_usual) / sizeof(environment_usual[0]))
static char with_runtime[] = KIST_TRIAL_ASAN "=1";

static void make_environment(const struct kist_trial_options *options, char preload[static PATH_MAX + 16],
			     char **ret)
{
	size_t count = USUAL_COUNT;

	memcpy(ret, environment_usual, sizeof(environment_usual));
	if (options->runtime) {
		snprintf(preload, PATH_MAX + 16, "LD_PRELOAD=%s", options->runtime);
		ret[count++] = preload;
		ret[count++] = with_runtime;
	}
	ret[count] = NULL;
}

static kist_status spawn(const struct kist_trial_options *options, const char *const *arguments,
			 const int child_fds[5], pid_t *ret, struct kist_error *err)
{
	char preload[PATH_MAX + 16];
	char *environment[USUAL_COUNT + 3];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int failed = 0;

	make_environment(options, preload, environment);
	(void)sigemptyset(&none);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return kist_fail_memory(err, sizeof(actions));
	if (posix_spawnattr_init(&attributes) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return kist_fail_memory(err, sizeof(attributes));
	}
	for (int fd = 0; fd < 5 && failed == 0; fd++)
		failed = posix_spawn_file_actions_adddup2(&actions, child_fds[fd], fd);
	/* A session of its own: Ctrl-C comes to us, and we end it. */
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
	if (failed == 0)
		failed = posix_spawn(ret, options->program, &actions, &attributes,
				     (char *const *)(uintptr_t)arguments, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	if (failed != 0)
		return kist_fail(err, failed == ENOENT ? KIST_UNSUPPORTED : KIST_IO, "cannot start '%s': %s",
				 options->program, strerror(failed));
	return KIST_OK;
}

/* Takes what there is; false at the end.  Of more than the buffer takes the front stays. */
static bool take(int fd, struct kist_buf *to)
{
	uint8_t step[READ_STEP];
	ssize_t got;

	while ((got = read(fd, step, sizeof(step))) > 0)
		(void)(kist_buf_append(to, step, (size_t)got, NULL) == KIST_OK);
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Until it has ended, or its time has. */
static void attend(int pid_fd, int result, int output, uint64_t ms_max, struct kist_trial_end *ret)
{
	const uint64_t start = kist_now_ns();
	bool is_open[2] = { true, true };

	for (;;) {
		const uint64_t spent = (kist_now_ns() - start) / 1000000;
		struct pollfd fds[] = { { .fd = pid_fd, .events = POLLIN },
					{ .fd = is_open[0] ? result : -1, .events = POLLIN },
					{ .fd = is_open[1] ? output : -1, .events = POLLIN } };

		if (spent >= ms_max && !ret->is_late) {
			ret->is_late = true;
			(void)pidfd_send_signal(pid_fd, SIGKILL, NULL, 0);
		}
		if (poll(fds, 3, ret->is_late ? -1 : (int)(ms_max - spent)) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			is_open[0] = take(result, &ret->result);
		if (fds[2].revents)
			is_open[1] = take(output, &ret->output);
		if (fds[0].revents)
			break;
	}
	(void)take(result, &ret->result);
	(void)take(output, &ret->output);
	ret->seconds = (double)(kist_now_ns() - start) / 1e9;
}

kist_status kist_trial_process(const struct kist_trial_options *options, const char *const *arguments,
			       int notebook_fd, struct kist_trial_end *ret, struct kist_error *err)
{
	int result[2] = { -1, -1 };
	int output[2] = { -1, -1 };
	kist_auto_fd int null_fd = -1;
	kist_auto_fd int notebook = fcntl(notebook_fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	kist_auto_fd int pid_fd = -1;
	siginfo_t info = { .si_pid = 0 };
	kist_status status;
	pid_t pid = 0;

	KIST_TRY(kist_open_at(AT_FDCWD, "/dev/null", O_RDWR, 0, &null_fd, err));
	status = make_pipe(result, err);
	if (status == KIST_OK)
		status = make_pipe(output, err);
	if (status == KIST_OK)
		status =
			spawn(options, arguments,
			      (const int[]){ null_fd, output[1], output[1], result[1], notebook }, &pid, err);
	kist_fd_close(&result[1]);
	kist_fd_close(&output[1]);
	if (status == KIST_OK) {
		/* Nobody else waits for it, so that the number is still its own. */
		pid_fd = pidfd_open(pid, 0);
		if (pid_fd >= 0) {
			attend(pid_fd, result[0], output[0], options->check_ms_max, ret);
		} else {
			status = kist_fail_errno(err, errno, "cannot watch '%s'", options->program);
			(void)kill(pid, SIGKILL);
		}
		while (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 && errno == EINTR) {
		}
		ret->status = info.si_status;
		ret->is_signal = info.si_code != CLD_EXITED;
	}
	kist_fd_close(&result[0]);
	kist_fd_close(&output[0]);
	return status;
}
