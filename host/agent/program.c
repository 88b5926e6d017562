/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/program.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* The terminal that is the standard input, if the agent's group is the one that it listens to; else -1. */
static int own_terminal(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp() ? STDIN_FILENO : -1;
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
	(void)sigfillset(&set);
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
	struct spawning how;
	int failed;

	KIST_TRY(open_pipe(&program.out, &out, err));
	KIST_TRY(open_pipe(&program.err, &error, err));
	program.terminal = own_terminal();
	KIST_TRY(spawning_init(&how, out, error, program.terminal, err));
	failed = posix_spawnp(&program.pid, arguments[0], &how.actions, &how.attributes, arguments,
			      environment);
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
	/* The agent is in the background now, where asking for the terminal stops a process; it ignores that. */
	if (program->terminal >= 0)
		(void)tcsetpgrp(program->terminal, getpgrp());
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
	(void)tcsetpgrp(program->terminal, getpgrp());
	(void)raise(SIGSTOP);
	(void)tcsetpgrp(program->terminal, program->pid);
	kist_program_signal(program, SIGCONT);
}

void kist_program_done(struct kist_program *program)
{
	kist_fd_close(&program->pid_fd);
	kist_fd_close(&program->out);
	kist_fd_close(&program->err);
}
