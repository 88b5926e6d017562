/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_PROGRAM_H
#define KIST_AGENT_PROGRAM_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Somebody's program, in a process group of its own.
 *
 * It gets what the agent has: folder, standard input, limits, open descriptors that are not close-on-exec.  Its
 * signals are as a program finds them when a shell starts it: what nohup(1) had ignored is ignored.  Where the
 * standard input is a terminal that the agent has in its hands, the program gets it, and so its keys: Ctrl-C goes to
 * the program, and Ctrl-Z stops it and the agent until the shell goes on with both, in the foreground or not.
 *
 * Thread: one program, one thread at a time; kist_program_signal() any.
 */

/** Exit statuses that shells give to what cannot be started. */
#define KIST_PROGRAM_EXIT_DENIED    126
#define KIST_PROGRAM_EXIT_NOT_FOUND 127

/** struct kist_program - A running program; @pid is 0 when there is none. */
struct kist_program {
	pid_t pid; /* and its group's */
	int pid_fd;
	int out; /* read ends of its standard output and standard error */
	int err;
	int terminal; /* that is its when it is the agent's; -1: none */
};

#define KIST_PROGRAM_INIT                                                                                    \
	{                                                                                                    \
		.pid = 0, .pid_fd = -1, .out = -1, .err = -1, .terminal = -1                                 \
	}

/** struct kist_program_end - How it ended. */
struct kist_program_end {
	int status; /* of exit(); 0 when a signal ended it */
	int signal; /* 0: none */
	bool dumped_core;
	bool by_keys;	     /* SIGINT or SIGQUIT, where there is a terminal to send them */
	struct rusage usage; /* of it and its children that it waited for */
};

/**
 * kist_program_start() - Starts @arguments[0], looked up in the PATH that it is given.
 *
 * @arguments, @environment: Ended by NULL.
 *
 * Errors: KIST_NOT_FOUND (no such program), KIST_DENIED (it may not be executed), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_program_start(char *const *arguments, char *const *environment,
					    struct kist_program *ret, struct kist_error *err);

/** kist_program_signal() - Sends @signal to its group, unless the program is reaped. */
void kist_program_signal(const struct kist_program *program, int signal);

/**
 * kist_program_reap() - Takes the end of a program that has ended, and the terminal back.
 *
 * Returns false while it still runs.  Its output may still be read.
 */
bool kist_program_reap(struct kist_program *program, struct kist_program_end *ret);

/**
 * kist_program_follow_stop() - When the keys of the terminal have stopped the program (Ctrl-Z), stops with it,
 * and goes on with it when the agent is continued.
 */
void kist_program_follow_stop(const struct kist_program *program);

/** kist_program_go_on() - Lets it go on, with the terminal where that is the agent's now. */
void kist_program_go_on(const struct kist_program *program);

/** kist_program_done() - Closes what is open.  May run twice.  A program that still runs is left alone. */
void kist_program_done(struct kist_program *program);
#define kist_auto_program __attribute__((cleanup(kist_program_done)))

#endif
