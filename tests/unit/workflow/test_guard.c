/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

#include "support/must.h"
#include "workflow/guard.h"

/* A process of a group of its own, and one that it has started; both hold what the caller holds. */
static pid_t start_group(const struct kist_guard *guard)
{
	const pid_t pid = fork();

	must(pid >= 0);
	if (pid == 0) {
		/* As a program that is started does. */
		(void)close(guard->fd);
		(void)setpgid(0, 0);
		if (fork() >= 0) {
			for (;;)
				(void)pause();
		}
		_exit(1);
	}
	(void)setpgid(pid, pid);
	return pid;
}

/* Whether all that holds the other end of @fd is gone; waits for it. */
static bool comes_to_its_end(int fd)
{
	char byte;

	return read(fd, &byte, 1) == 0;
}

START_TEST(groups_end_when_who_started_them_is_killed)
{
	int ends[2];
	pid_t owner;
	int status;

	ck_assert_int_eq(pipe(ends), 0);
	owner = fork();
	ck_assert_int_ge(owner, 0);
	if (owner == 0) {
		struct kist_guard guard = KIST_GUARD_INIT;

		(void)close(ends[0]);
		must(kist_guard_start(&guard, NULL) == KIST_OK);
		kist_guard_add(&guard, start_group(&guard));
		kist_guard_add(&guard, start_group(&guard));
		(void)raise(SIGKILL);
	}
	(void)close(ends[1]);
	ck_assert_int_eq(waitpid(owner, &status, 0), owner);
	ck_assert(WIFSIGNALED(status));
	ck_assert(comes_to_its_end(ends[0]));
	(void)close(ends[0]);
}
END_TEST

START_TEST(a_group_that_was_dropped_is_left_alone)
{
	struct kist_guard guard = KIST_GUARD_INIT;
	int ends[2];
	pid_t kept;
	pid_t ended;
	int status;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(kist_guard_start(&guard, NULL), KIST_OK);
	ck_assert_int_eq(kist_guard_start(&guard, NULL), KIST_OK);
	kept = start_group(&guard);
	ended = start_group(&guard);
	kist_guard_add(&guard, kept);
	kist_guard_add(&guard, ended);
	kist_guard_drop(&guard, kept);
	kist_guard_drop(&guard, 1 << 20);
	kist_guard_end(&guard);
	kist_guard_end(&guard);
	ck_assert_int_eq(waitpid(ended, &status, 0), ended);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_int_eq(waitpid(kept, &status, WNOHANG), 0);
	ck_assert_int_eq(kill(-kept, SIGKILL), 0);
	ck_assert_int_eq(waitpid(kept, &status, 0), kept);
	(void)close(ends[1]);
	ck_assert(comes_to_its_end(ends[0]));
	(void)close(ends[0]);
}
END_TEST

START_TEST(a_guard_that_is_gone_is_no_harm)
{
	struct kist_guard guard = KIST_GUARD_INIT;

	kist_guard_add(&guard, 1 << 20);
	kist_guard_end(&guard);
	ck_assert_int_eq(kist_guard_start(&guard, NULL), KIST_OK);
	ck_assert_int_eq(kill(guard.pid, SIGKILL), 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)guard.pid, &(siginfo_t){ .si_pid = 0 }, WEXITED | WNOWAIT), 0);
	kist_guard_add(&guard, 1 << 20);
	kist_guard_drop(&guard, 1 << 20);
	kist_guard_end(&guard);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("guard");

	tcase_add_test(tcase, groups_end_when_who_started_them_is_killed);
	tcase_add_test(tcase, a_group_that_was_dropped_is_left_alone);
	tcase_add_test(tcase, a_guard_that_is_gone_is_no_harm);
	return suite_run(tcase, "guard");
}
