/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/program.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "agent/environment.h"
#include "base/file.h"

/* What posix_spawn() is told. */
struct spawning {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
};

static void spawning_done(struct spawning *spawning)
{
	(void)posix_spawn_file_actions_destroy(&spawning->actions);
	(void)posix_spawnattr_destroy(&spawning->attributes);
}

/* The terminal that is the standard input, if it is that of the agent's session; else -1. */
static int own_terminal(void)
{
	return isatty(STDIN_FILENO) && tcgetsid(STDIN_FILENO) == getsid(0) ? STDIN_FILENO : -1;
}

/* Whether the terminal listens to the agent's group: a shell can take it away, and give it back. */
static bool is_ours(int terminal)
{
	return terminal >= 0 && tcgetpgrp(terminal) == getpgrp();
}

/* All signals but those that whoever started the agent has ignored, as nohup(1) does: they stay ignored. */
static void find_defaults(sigset_t *ret)
{
	/* These kist ignores itself. */
	static const int own[] = { SIGPIPE, SIGXFSZ, SIGTTOU };
	struct sigaction now;

	(void)sigfillset(ret);
	for (int number = 1; number < NSIG; number++) {
		if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
			(void)sigdelset(ret, number);
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		(void)sigaddset(ret, own[i]);
}

static kist_status spawning_init(struct spawning *spawning, int out, int error, int terminal,
				 struct kist_error *err)
{
	sigset_t set;
	int failed;

	if (posix_spawn_file_actions_init(&spawning->actions) != 0)
		return kist_fail_errno(err, ENOMEM, "cannot start a program");
	if (posix_spawnattr_init(&spawning->attributes) != 0) {
		(void)posix_spawn_file_actions_destroy(&spawning->actions);
		return kist_fail_errno(err, ENOMEM, "cannot start a program");
	}
	failed = posix_spawn_file_actions_adddup2(&spawning->actions, out, STDOUT_FILENO);
	failed = failed ? failed : posix_spawn_file_actions_adddup2(&spawning->actions, error, STDERR_FILENO);
	if (terminal >= 0)
		failed = failed ? failed
				: posix_spawn_file_actions_addtcsetpgrp_np(&spawning->actions, terminal);
	find_defaults(&set);
	failed = failed ? failed : posix_spawnattr_setsigdefault(&spawning->attributes, &set);
	(void)sigemptyset(&set);
	failed = failed ? failed : posix_spawnattr_setsigmask(&spawning->attributes, &set);
	failed = failed ? failed
			: posix_spawnattr_setflags(&spawning->attributes, POSIX_SPAWN_SETPGROUP |
										  POSIX_SPAWN_SETSIGDEF |
										  POSIX_SPAWN_SETSIGMASK);
	if (failed == 0)
		return KIST_OK;
	spawning_done(spawning);
	return kist_fail_errno(err, failed, "cannot start a program");
}

static kist_status open_pipe(int *ret_read, int *ret_write, struct kist_error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return kist_fail_errno(err, errno, "cannot make a pipe");
	*ret_read = ends[0];
	*ret_write = ends[1];
	return KIST_OK;
}

static kist_status fail_start(const char *name, int failed, struct kist_error *err)
{
	if (failed == ENOENT)
		return kist_fail(err, KIST_NOT_FOUND, "cannot start '%s': there is no such program", name);
	if (failed == EACCES || failed == EPERM || failed == ENOEXEC || failed == ENOTDIR || failed == ELOOP)
		return kist_fail(err, KIST_DENIED, "cannot start '%s': %s", name, strerror(failed));
	return kist_fail_errno(err, failed, "cannot start '%s'", name);
}

kist_status kist_program_start(char *const *arguments, char *const *environment, struct kist_program *ret,
			       struct kist_error *err)
{
	kist_auto_program struct kist_program program = KIST_PROGRAM_INIT;
	kist_auto_fd int out = -1;
	kist_auto_fd int error = -1;
	char path[PATH_MAX];
	struct spawning how;
	int failed = kist_environment_find_program(environment, arguments[0], path);

	if (failed != 0)
		return fail_start(arguments[0], failed, err);
	KIST_TRY(open_pipe(&program.out, &out, err));
	KIST_TRY(open_pipe(&program.err, &error, err));
	program.terminal = own_terminal();
	KIST_TRY(spawning_init(&how, out, error, is_ours(program.terminal) ? program.terminal : -1, err));
	failed = posix_spawn(&program.pid, path, &how.actions, &how.attributes, arguments, environment);
	spawning_done(&how);
	if (failed != 0) {
		program.pid = 0;
		return fail_start(arguments[0], failed, err);
	}
	/* Its number is its own until it is reaped, so that it cannot be another's here. */
	program.pid_fd = (int)syscall(SYS_pidfd_open, program.pid, 0);
	if (program.pid_fd < 0) {
		failed = errno;
		kist_program_signal(&program, SIGKILL);
		(void)waitpid(program.pid, NULL, 0);
		return kist_fail_errno(err, failed, "cannot watch a program");
	}
	*ret = program;
	program = (struct kist_program)KIST_PROGRAM_INIT;
	return KIST_OK;
}

void kist_program_signal(const struct kist_program *program, int signal)
{
	if (program->pid > 0)
		(void)kill(-program->pid, signal);
}

/*
 * Takes the terminal from the program, or from a group of its that is gone; but not from a shell.  The agent is in
 * the background then, where asking for the terminal stops a process; it ignores that.
 */
static void take_back(const struct kist_program *program)
{
	const pid_t now = program->terminal >= 0 ? tcgetpgrp(program->terminal) : -1;

	if (now > 0 && (now == program->pid || (kill(-now, 0) != 0 && errno == ESRCH)))
		(void)tcsetpgrp(program->terminal, getpgrp());
}

bool kist_program_reap(struct kist_program *program, struct kist_program_end *ret)
{
	struct kist_program_end end = { .status = 0 };
	int status;

	if (wait4(program->pid, &status, WNOHANG, &end.usage) != program->pid)
		return false;
	if (WIFSIGNALED(status)) {
		end.signal = WTERMSIG(status);
		end.dumped_core = WCOREDUMP(status);
	} else {
		end.status = WEXITSTATUS(status);
	}
	end.by_keys = program->terminal >= 0 && (end.signal == SIGINT || end.signal == SIGQUIT);
	take_back(program);
	program->terminal = -1;
	program->pid = 0;
	*ret = end;
	return true;
}

void kist_program_follow_stop(const struct kist_program *program)
{
	siginfo_t info = { .si_pid = 0 };

	if (program->terminal < 0 || waitid(P_PIDFD, (id_t)program->pid_fd, &info, WSTOPPED | WNOHANG) < 0 ||
	    info.si_pid == 0)
		return;
	take_back(program);
	/* All that the shell has started together; where no shell would ever go on with it, nobody stops. */
	(void)kill(0, SIGTSTP);
	if (info.si_status == SIGTSTP || is_ours(program->terminal))
		kist_program_go_on(program);
}

void kist_program_go_on(const struct kist_program *program)
{
	if (program->pid > 0 && is_ours(program->terminal))
		(void)tcsetpgrp(program->terminal, program->pid);
	kist_program_signal(program, SIGCONT);
}

void kist_program_done(struct kist_program *program)
{
	kist_fd_close(&program->pid_fd);
	kist_fd_close(&program->out);
	kist_fd_close(&program->err);
}
