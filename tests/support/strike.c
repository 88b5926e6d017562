/* SPDX-License-Identifier: Apache-2.0 */

/*
 * strike [-o REPORT] [-w host|worker] [-n N] [-c CALL] [-x CALL] [-k | -e ERROR [-a] | -d COMMAND] [-r TRACE
 * -u FOLDER] COMMAND...
 *
 * Runs a command, counts the system calls with which it changes anything, and strikes at the Nth: -k kills
 * the process as by kill -9 before the call is made; -e makes the call fail with ENOSPC, EDQUOT, EIO, EINTR,
 * EMFILE or ENOMEM, or, named SHORT, makes a write write half of what it is given; -a does so to all calls
 * from the Nth on (a full disk: only to those that need room); -d runs a command of the shell before the
 * call.  -w host (the usual) counts those of the command itself, -w worker those of the processes that it
 * starts; -c counts calls of one name only (and then also of those that change nothing), -x all but those of
 * one name.  Without -k, -e or -d it only counts and measures.  The count is the same in every run as far as
 * the program itself is, so nothing depends on time.
 *
 * -r writes down what the command does to the files below a folder: strike_trace.h.
 *
 * REPORT gets lines of a name and a value:
 *   calls N        counted calls
 *   struck CALL    what was killed or failed; the last one, with -a
 *   at PATH        what the call's descriptor stands for
 *   status N       with which the command ended; or
 *   signal N       that ended it
 *   left N         processes that were still there, running or not reaped, when the command had ended
 *   stuck N        of these, how many did not end by themselves
 *   open_fds N     descriptors beyond the standard three when the command exits
 *   worker_fds N   most descriptors that a process of its own had when it sent or awaited a message
 *   workers N      how many such processes there were
 *   host_kib N     peak of the command's resident memory
 *   worker_kib N   peak of theirs, as of their last message
 *   peak_kib N     the largest peak of the command and of the processes that it reaped
 *
 * Ends with the command's status, 128 + its signal, 77 where the kernel does not let it watch, or 125.
 *
 * It works by seccomp's user notification: the kernel asks here before each watched call.  All processes that
 * the command leaves behind become children of this one, so none goes unseen.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/strike_trace.h"

#define EXIT_SKIP   77
#define EXIT_BROKEN 125
/* What outlives the command must end by itself in this time; it is not waited for when nothing is left. */
#define LEFT_MS	   20000
#define STACK_SIZE ((size_t)256 << 10)
/* No error that the kernel knows. */
#define SHORT 4096
/* A sync is done only when no other call comes in this time: as late as it can be, for those who do not wait
 * for it. */
#define SYNC_MS 10

struct watched {
	int number;
	bool changes; /* counted in the host too; the others in workers, or when they are asked for */
	const char *name;
};

#define CHANGES(call)                                                                                        \
	{                                                                                                    \
		SYS_##call, true, #call                                                                      \
	}
#define OTHER(call)                                                                                          \
	{                                                                                                    \
		SYS_##call, false, #call                                                                     \
	}
static const struct watched watched[] = {
	CHANGES(openat2),  CHANGES(openat),    CHANGES(write),	   CHANGES(writev),  CHANGES(pwrite64),
	CHANGES(pwritev),  CHANGES(linkat),    CHANGES(renameat2), CHANGES(fsync),   CHANGES(fdatasync),
	CHANGES(unlinkat), CHANGES(ftruncate), CHANGES(fallocate), CHANGES(mkdirat), CHANGES(fchmod),
	CHANGES(fchmodat), CHANGES(utimensat), CHANGES(symlinkat), CHANGES(sendmsg), CHANGES(memfd_create),
#ifdef SYS_rename
	CHANGES(rename),   CHANGES(unlink),    CHANGES(mkdir),	   CHANGES(rmdir),   CHANGES(link),
	CHANGES(symlink),  CHANGES(chmod),     CHANGES(renameat),
#endif
	OTHER(recvmsg),	   OTHER(mmap),	       OTHER(munmap),	   OTHER(pread64),   OTHER(exit_group),
	OTHER(clone3),	   OTHER(getdents64),  OTHER(fcntl),	   OTHER(flock),
};
#define WATCHED_COUNT (sizeof(watched) / sizeof(watched[0]))

static const struct {
	const char *name;
	int number;
} errors[] = { { "ENOSPC", ENOSPC }, { "EIO", EIO },	 { "EMFILE", EMFILE }, { "ENOMEM", ENOMEM },
	       { "EDQUOT", EDQUOT }, { "EINTR", EINTR }, { "SHORT", SHORT } };

struct strike {
	char **command;
	FILE *report;
	bool worker;
	const char *only;
	const char *except;
	unsigned long at;
	bool kill;
	int error;
	bool always;
	const char *disturb;
	struct trace *trace;

	int listener;
	int start_errno;
	pid_t host;
	bool host_ended;
	int host_status;
	unsigned long calls;
	unsigned left;
	unsigned stuck;
	int open_fds;
	int worker_fds;
	pid_t last_worker;
	unsigned workers;
	long host_kib;
	long worker_kib;
	long peak_kib;
};

static _Noreturn void broken(const char *what)
{
	perror(what);
	exit(EXIT_BROKEN);
}

/* Gives the system calls of @watched to the listener; an openat that creates nothing is let through. */
static int install(void)
{
	struct sock_filter code[2 * WATCHED_COUNT + 16];
	struct sock_fprog program = { .filter = code };
	unsigned short n = 0;
	const uint32_t creates =
		0100 | 020000000; /* O_CREAT and the bit of O_TMPFILE that no other flag has */

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < WATCHED_COUNT; i++) {
		const bool open = watched[i].number == SYS_openat;

		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (uint32_t)watched[i].number, 0, open ? 4 : 1);
		if (open) {
			code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
								 offsetof(struct seccomp_data, args[2]));
			code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, creates, 1, 0);
			code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
		}
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* Runs in this process's memory and with its descriptors until it executes: so the listener is here, too. */
__attribute__((no_sanitize("address", "undefined", "thread"))) static int child_main(void *ctx)
{
	struct strike *strike = ctx;
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	strike->listener = install();
	if (strike->listener < 0) {
		strike->start_errno = errno;
		_exit(EXIT_BROKEN);
	}
	(void)execvp(strike->command[0], strike->command);
	strike->start_errno = errno;
	/* exit_group would wait for an answer from the one that waits for this. */
	(void)syscall(SYS_exit, EXIT_BROKEN);
	return EXIT_BROKEN;
}

static void start(struct strike *strike)
{
	char *stack = malloc(STACK_SIZE);

	if (!stack)
		broken("malloc");
	strike->host =
		clone(child_main, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, strike);
	if (strike->host < 0)
		broken("clone");
	free(stack);
	if (strike->start_errno == 0)
		return;
	errno = strike->start_errno;
	if (strike->listener >= 0)
		broken(strike->command[0]);
	printf("SKIP: the kernel gives no user notification of system calls: %s\n", strerror(errno));
	exit(EXIT_SKIP);
}

/* The number after @field in /proc/PID/status; -1 when the process is gone. */
static long status_field(pid_t pid, const char *field)
{
	char path[64];
	char line[256];
	long value = -1;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), file)) {
		if (strncmp(line, field, strlen(field)) == 0)
			value = strtol(line + strlen(field), NULL, 10);
	}
	(void)fclose(file);
	return value;
}

static int count_fds(pid_t pid)
{
	char path[64];
	int count = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	for (const struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.' && strtol(entry->d_name, NULL, 10) > 2;
	(void)closedir(dir);
	return count;
}

/* Whether this call is the one to strike at. */
static bool is_due(struct strike *strike, const struct watched *call, bool in_host)
{
	if (in_host == strike->worker || (in_host && !call->changes && !strike->only))
		return false;
	if (strike->only && strcmp(strike->only, call->name) != 0)
		return false;
	if (strike->except && strcmp(strike->except, call->name) == 0)
		return false;
	strike->calls++;
	return strike->always ? strike->at > 0 && strike->calls >= strike->at : strike->calls == strike->at;
}

/* Makes the first half of a write; -1 when it is none, or of less than two bytes. */
static int64_t write_half(const struct seccomp_notif *asked)
{
	const __u64 *args = asked->data.args;
	const bool at = asked->data.nr == SYS_pwrite64;
	const size_t size = args[2] / 2;
	char *bytes = NULL;
	ssize_t done = -1;
	int fd = -1;

	if ((asked->data.nr != SYS_write && !at) || size == 0)
		return -1;
	bytes = trace_memory((pid_t)asked->pid, args[1], size);
	fd = trace_open_fd((pid_t)asked->pid, (int)args[0]);
	if (bytes && fd >= 0)
		done = at ? pwrite(fd, bytes, size, (off_t)args[3]) : write(fd, bytes, size);
	if (fd >= 0)
		(void)close(fd);
	free(bytes);
	return done;
}

/* A full disk still lets go of files; and what is said is not what is tried here. */
static bool is_spared(const struct strike *strike, const struct seccomp_notif *asked, const char *name)
{
	static const char *const need_room[] = { "openat",  "write",	 "writev", "pwrite64",	"pwritev",
						 "linkat",  "renameat2", "fsync",  "fdatasync", "fallocate",
						 "mkdirat", "ftruncate", "mkdir" };

	if (!strike->always)
		return false;
	if (asked->data.nr == SYS_write && asked->data.args[0] == STDERR_FILENO)
		return true;
	if (strike->error != ENOSPC && strike->error != EDQUOT)
		return false;
	for (size_t i = 0; i < sizeof(need_room) / sizeof(need_room[0]); i++) {
		if (strcmp(need_room[i], name) == 0)
			return false;
	}
	return true;
}

static void report_struck(const struct strike *strike, const struct seccomp_notif *asked, const char *name)
{
	char path[PATH_MAX];

	(void)fprintf(strike->report, "struck %s\n", name);
	if (trace_fd_path((pid_t)asked->pid, (int)asked->data.args[0], path))
		(void)fprintf(strike->report, "at %s\n", path);
}

/* Does to the call what is to be done; false when nobody is left to be answered. */
static bool strike_at(struct strike *strike, pid_t process, const struct seccomp_notif *asked,
		      const char *name, struct seccomp_notif_resp *response)
{
	int64_t done;

	if (is_spared(strike, asked, name))
		return true;
	if (strike->disturb) {
		report_struck(strike, asked, name);
		if (system(strike->disturb) != 0)
			broken("the command of -d");
		return true;
	}
	done = strike->error == SHORT ? write_half(asked) : -1;
	if (strike->error == SHORT && done < 0)
		return true;
	report_struck(strike, asked, name);
	if (strike->kill) {
		(void)kill(process, SIGKILL);
		return false;
	}
	response->flags = 0;
	response->error = strike->error == SHORT ? 0 : -strike->error;
	response->val = strike->error == SHORT ? done : 0;
	return true;
}

/* Nothing of the process moves while it waits for the answer. */
static void measure(struct strike *strike, pid_t process, bool in_host, int number)
{
	if (in_host && number == SYS_exit_group) {
		strike->open_fds = count_fds(process);
		strike->host_kib = status_field(process, "VmHWM:");
	} else if (!in_host && (number == SYS_recvmsg || number == SYS_sendmsg)) {
		const int fds = count_fds(process);
		const long kib = status_field(process, "VmHWM:");

		strike->workers += process != strike->last_worker;
		strike->last_worker = process;
		strike->worker_fds = fds > strike->worker_fds ? fds : strike->worker_fds;
		strike->worker_kib = kib > strike->worker_kib ? kib : strike->worker_kib;
	}
}

static void answer(struct strike *strike, const struct seccomp_notif *asked)
{
	struct seccomp_notif_resp response = { .id = asked->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	const pid_t process = (pid_t)status_field((pid_t)asked->pid, "Tgid:");
	const bool in_host = process == strike->host;
	const struct watched *call = watched;

	while (call->number != asked->data.nr)
		call++;
	if (process > 0)
		measure(strike, process, in_host, call->number);
	if (process > 0 && is_due(strike, call, in_host) &&
	    (strike->kill || strike->error || strike->disturb) &&
	    !strike_at(strike, process, asked, call->name, &response))
		return;
	if (strike->trace && in_host && response.flags)
		trace_call(strike->trace, asked);
	/* It may have been killed by another meanwhile. */
	if (ioctl(strike->listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT)
		broken("answering");
}

static void take_notification(struct strike *strike)
{
	struct seccomp_notif asked;

	memset(&asked, 0, sizeof(asked));
	if (ioctl(strike->listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) == 0) {
		struct pollfd others = { .fd = strike->listener, .events = POLLIN };

		if (strike->trace && trace_is_sync(&asked) && poll(&others, 1, SYNC_MS) > 0 &&
		    others.revents & POLLIN)
			take_notification(strike);
		answer(strike, &asked);
	} else if (errno != ENOENT && errno != EINTR)
		broken("listening");
}

/* Collects what has ended; false when no process is left. */
static bool reap(struct strike *strike)
{
	struct rusage used;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &used)) > 0) {
		if (pid != strike->host) {
			strike->left++;
			continue;
		}
		strike->host_ended = true;
		strike->host_status = status;
		strike->peak_kib = used.ru_maxrss;
	}
	return pid == 0;
}

/* Kills all that is left below this process. */
static void kill_left(struct strike *strike)
{
	DIR *dir = opendir("/proc");

	if (!dir)
		broken("/proc");
	for (const struct dirent *entry; (entry = readdir(dir));) {
		const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && status_field(pid, "PPid:") == getpid()) {
			strike->stuck++;
			(void)kill(pid, SIGKILL);
		}
	}
	(void)closedir(dir);
}

static void watch(struct strike *strike, const sigset_t *child_signal)
{
	struct pollfd polled[2] = { { .fd = signalfd(-1, child_signal, SFD_CLOEXEC), .events = POLLIN },
				    { .fd = strike->listener, .events = POLLIN } };
	struct signalfd_siginfo ignored;

	while (reap(strike)) {
		const int ready = poll(polled, 2, strike->host_ended ? LEFT_MS : -1);

		if (ready < 0 && errno != EINTR)
			broken("poll");
		if (ready == 0)
			kill_left(strike);
		if (polled[0].revents & POLLIN && read(polled[0].fd, &ignored, sizeof(ignored)) < 0)
			broken("signalfd");
		if (polled[1].revents & POLLIN)
			take_notification(strike);
		/* None is left that could ask. */
		if (polled[1].revents & (POLLHUP | POLLERR))
			polled[1].fd = -1;
	}
}

static int report(const struct strike *strike)
{
	const int status = strike->host_status;

	(void)fprintf(strike->report, "calls %lu\n%s %d\nleft %u\nstuck %u\n", strike->calls,
		      WIFSIGNALED(status) ? "signal" : "status",
		      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), strike->left,
		      strike->stuck);
	(void)fprintf(strike->report, "open_fds %d\nworker_fds %d\nworkers %u\n", strike->open_fds,
		      strike->worker_fds, strike->workers);
	(void)fprintf(strike->report, "host_kib %ld\nworker_kib %ld\npeak_kib %ld\n", strike->host_kib,
		      strike->worker_kib, strike->peak_kib);
	if (fclose(strike->report) != 0)
		broken("report");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void read_options(struct strike *strike, int argc, char **argv)
{
	const char *path = "/dev/null";
	const char *trace = NULL;
	const char *folder = NULL;

	for (int option; (option = getopt(argc, argv, "+o:w:n:c:x:kae:d:r:u:")) != -1;) {
		if (option == 'o')
			path = optarg;
		else if (option == 'w')
			strike->worker = strcmp(optarg, "worker") == 0;
		else if (option == 'n')
			strike->at = strtoul(optarg, NULL, 10);
		else if (option == 'c')
			strike->only = optarg;
		else if (option == 'x')
			strike->except = optarg;
		else if (option == 'k')
			strike->kill = true;
		else if (option == 'a')
			strike->always = true;
		else if (option == 'd')
			strike->disturb = optarg;
		else if (option == 'r')
			trace = optarg;
		else if (option == 'u')
			folder = optarg;
		for (size_t i = 0; option == 'e' && i < sizeof(errors) / sizeof(errors[0]); i++) {
			if (strcmp(optarg, errors[i].name) == 0)
				strike->error = errors[i].number;
		}
		if (option == '?' || (option == 'e' && strike->error == 0))
			exit(EXIT_BROKEN);
	}
	strike->command = argv + optind;
	if (!strike->command[0])
		exit(EXIT_BROKEN);
	strike->report = fopen(path, "we");
	if (!strike->report)
		broken(path);
	if (trace)
		strike->trace = trace_open(trace, folder);
}

int main(int argc, char **argv)
{
	struct strike strike = { .listener = -1, .open_fds = -1 };
	sigset_t child_signal;

	read_options(&strike, argc, argv);
	/* What this process was given is not the command's. */
	if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		broken("close_range");
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		broken("prctl");
	(void)sigemptyset(&child_signal);
	(void)sigaddset(&child_signal, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child_signal, NULL);
	start(&strike);
	watch(&strike, &child_signal);
	if (strike.trace)
		trace_close(strike.trace, strike.host_status);
	return report(&strike);
}
