/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/guard.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

struct groups {
	pid_t known[KIST_GUARD_GROUPS_MAX];
	size_t count;
};

/* A group that begins, or -1 times one that has ended. */
static void take(struct groups *groups, pid_t told)
{
	if (told > 0 && groups->count < KIST_GUARD_GROUPS_MAX)
		groups->known[groups->count++] = told;
	for (size_t i = 0; told < 0 && i < groups->count; i++) {
		if (groups->known[i] == -told)
			groups->known[i--] = groups->known[--groups->count];
	}
}

/* The guard itself.  It was forked from a process with threads: system calls only. */
static _Noreturn void stand_guard(int fd)
{
	struct groups groups = { .count = 0 };
	pid_t told;

	/* Neither Ctrl-C nor a terminal that closes is for it. */
	(void)setsid();
	(void)prctl(PR_SET_NAME, "kist-guard");
	/* Above all the other end of the pair, which would never end; and the lock of the folder of the run. */
	if (dup2(fd, STDIN_FILENO) >= 0)
		(void)syscall(SYS_close_range, 1, ~0u, 0);
	for (;;) {
		const ssize_t got = read(STDIN_FILENO, &told, sizeof(told));

		if (got < 0 && errno == EINTR)
			continue;
		if (got != (ssize_t)sizeof(told))
			break;
		take(&groups, told);
	}
	for (size_t i = 0; i < groups.count; i++)
		(void)kill(-groups.known[i], SIGKILL);
	_exit(0);
}

kist_status kist_guard_start(struct kist_guard *guard, struct kist_error *err)
{
	sigset_t all;
	sigset_t before;
	int ends[2];
	int failed;

	if (guard->fd >= 0)
		return KIST_OK;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return kist_fail_errno(err, errno, "cannot make a pair of sockets");
	/* No handler of ours may run in it. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	guard->pid = fork();
	failed = errno;
	if (guard->pid == 0)
		stand_guard(ends[0]);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	kist_fd_close(&ends[0]);
	if (guard->pid < 0) {
		kist_fd_close(&ends[1]);
		return kist_fail_errno(err, failed, "cannot start a process");
	}
	guard->fd = ends[1];
	return KIST_OK;
}

void kist_guard_end(struct kist_guard *guard)
{
	if (guard->fd < 0)
		return;
	kist_fd_close(&guard->fd);
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		;
	guard->pid = 0;
}

/* A guard that is gone is no reason to fail. */
static void tell(const struct kist_guard *guard, pid_t told)
{
	if (guard->fd >= 0)
		(void)send(guard->fd, &told, sizeof(told), MSG_NOSIGNAL);
}

void kist_guard_add(const struct kist_guard *guard, pid_t group)
{
	tell(guard, group);
}

void kist_guard_drop(const struct kist_guard *guard, pid_t group)
{
	tell(guard, -group);
}
