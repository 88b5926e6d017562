/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/supervise.h"

#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "worker/protocol.h"

#define CHILD_STACK_SIZE ((size_t)64 << 10)
/* Above every number that the child's own descriptors get. */
#define FIRST_FREE_FD 16

/* A child that shares memory until it executes starts fastest; sanitizers need a copy of it instead. */
#ifdef KIST_SANITIZED
#define CLONE_HOW  0
#define CHILD_CODE __attribute__((no_sanitize("address", "undefined", "thread")))
/* Crashes are to be seen as they are: as signals. */
#define SANITIZER_OPTIONS                                                                                    \
	"detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:"                      \
	"handle_abort=0:abort_on_error=1:allocator_may_return_null=1"
#else
#define CLONE_HOW (CLONE_VM | CLONE_VFORK)
#define CHILD_CODE
#endif

static char *const child_environment[] = {
	(char[]){ "LC_ALL=C" },
	(char[]){ "PATH=" },
#ifdef KIST_SANITIZED
	(char[]){ "ASAN_OPTIONS=" SANITIZER_OPTIONS },
	(char[]){ "UBSAN_OPTIONS=print_stacktrace=0:" SANITIZER_OPTIONS },
	(char[]){ "TSAN_OPTIONS=" SANITIZER_OPTIONS },
#endif
	NULL,
};

struct start {
	char *program;
	int null_fd;
	int log_fd;
	int socket_fd;
};

/* Runs in the child, perhaps in the host's memory: system calls only. */
CHILD_CODE static int child_main(void *ctx)
{
	const struct start *start = ctx;
	char *const arguments[] = { start->program, NULL };
	struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setsid();
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &usual, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(start->null_fd, 0) < 0 || dup2(start->log_fd, 1) < 0 || dup2(start->log_fd, 2) < 0 ||
	    dup2(start->socket_fd, KIST_WORKER_SOCKET) < 0)
		_exit(KIST_WORKER_EXIT_EXEC);
	if (syscall(SYS_close_range, KIST_WORKER_SOCKET + 1, ~0u, 0) < 0) {
		for (int fd = KIST_WORKER_SOCKET + 1; fd < 65536; fd++)
			(void)close(fd);
	}
	(void)execve(start->program, arguments, child_environment);
	_exit(KIST_WORKER_EXIT_EXEC);
}

/* Moves a descriptor out of the way of 0 to 3, which the child fills. */
static kist_status raise_fd(int *fd, struct kist_error *err)
{
	const int raised = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);

	if (raised < 0)
		return kist_fail_errno(err, errno, "cannot have one more descriptor");
	kist_fd_close(fd);
	*fd = raised;
	return KIST_OK;
}

static kist_status clone_child(struct start *start, struct kist_child *ret, struct kist_error *err)
{
	kist_auto_mem char *stack = kist_alloc(CHILD_STACK_SIZE, 1);
	sigset_t all;
	sigset_t before;
	pid_t pid;
	int pid_fd = -1;
	int error;

	if (!stack)
		return kist_fail_memory(err, CHILD_STACK_SIZE);
	/* No handler of the host may run in the child while it shares the host's memory. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = clone(child_main, stack + CHILD_STACK_SIZE, CLONE_HOW | CLONE_PIDFD | SIGCHLD, start, &pid_fd);
	error = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return kist_fail_errno(err, error, "cannot start a process");
	ret->pid = pid;
	ret->pid_fd = pid_fd;
	return KIST_OK;
}

kist_status kist_child_start(const char *program, struct kist_child *ret, struct kist_error *err)
{
	struct kist_child child = KIST_CHILD_INIT;
	kist_auto_fd int null_fd = -1;
	kist_auto_mem char *path = kist_strndup(program, strlen(program));
	int sockets[2];
	int pipes[2];

	if (!path)
		return kist_fail_memory(err, strlen(program));
	if (access(program, X_OK) < 0)
		return kist_fail(err, errno == ENOENT ? KIST_UNSUPPORTED : KIST_DENIED,
				 "cannot execute the worker '%s': %s", program, strerror(errno));
	KIST_TRY(kist_open_at(AT_FDCWD, "/dev/null", O_RDONLY, 0, &null_fd, err));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return kist_fail_errno(err, errno, "cannot make a socket");
	kist_auto_fd int host_socket = sockets[0];
	kist_auto_fd int child_socket = sockets[1];

	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
		return kist_fail_errno(err, errno, "cannot make a pipe");
	kist_auto_fd int log_read = pipes[0];
	kist_auto_fd int log_write = pipes[1];

	KIST_TRY(raise_fd(&null_fd, err));
	KIST_TRY(raise_fd(&child_socket, err));
	KIST_TRY(raise_fd(&log_write, err));
	KIST_TRY(clone_child(&(struct start){ path, null_fd, log_write, child_socket }, &child, err));
	child.socket = kist_fd_move(&host_socket);
	child.log = kist_fd_move(&log_read);
	*ret = child;
	return KIST_OK;
}

/* Keeps the last KIST_CHILD_WORDS_MAX bytes. */
static void keep_words(struct kist_child *child, const char *text, size_t len)
{
	const size_t kept =
		child->words_len < sizeof(child->words) - len ? child->words_len : sizeof(child->words) - len;

	memmove(child->words, child->words + child->words_len - kept, kept);
	memcpy(child->words + kept, text, len);
	child->words_len = kept + len;
}

void kist_child_listen(struct kist_child *child)
{
	char text[KIST_CHILD_WORDS_MAX];

	/* A pipe's worth and no more: a child that writes faster than this reads keeps only itself busy. */
	for (int i = 0; i < 16 && child->log >= 0; i++) {
		const ssize_t len = read(child->log, text, sizeof(text));

		if (len > 0)
			keep_words(child, text, (size_t)len);
		else if (len == 0 || (errno != EAGAIN && errno != EINTR))
			kist_fd_close(&child->log);
		else
			return;
	}
}

static bool wait_end(const struct kist_child *child, int patience_ms)
{
	struct pollfd wait = { .fd = child->pid_fd, .events = POLLIN };
	int ready;

	do
		ready = poll(&wait, 1, patience_ms);
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

static void describe_end(const siginfo_t *info, char ret[static KIST_CHILD_END_SIZE])
{
	const char *name = sigabbrev_np(info->si_status);

	if (info->si_code == CLD_EXITED)
		snprintf(ret, KIST_CHILD_END_SIZE, "exit status %d", info->si_status);
	else
		snprintf(ret, KIST_CHILD_END_SIZE, "signal %d (SIG%s)", info->si_status, name ? name : "?");
}

void kist_child_end(struct kist_child *child, int patience_ms, char ret_text[static KIST_CHILD_END_SIZE],
		    bool *ret_exited)
{
	siginfo_t info = { .si_code = 0 };
	bool killed = false;
	int done;

	*ret_exited = false;
	ret_text[0] = '\0';
	if (child->pid == 0)
		return;
	if (!wait_end(child, patience_ms)) {
		killed = true;
		/* Not waited for yet, so its number is still its own. */
		(void)kill(child->pid, SIGKILL);
	}
	do
		done = waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED);
	while (done < 0 && errno == EINTR);
	if (killed)
		snprintf(ret_text, KIST_CHILD_END_SIZE, "ended by the host");
	else if (done < 0)
		snprintf(ret_text, KIST_CHILD_END_SIZE, "an end that another part of this process saw");
	else
		describe_end(&info, ret_text);
	*ret_exited = !killed && done == 0 && info.si_code == CLD_EXITED;
	kist_child_listen(child);
	kist_fd_close(&child->pid_fd);
	kist_fd_close(&child->socket);
	kist_fd_close(&child->log);
	child->pid = 0;
}
