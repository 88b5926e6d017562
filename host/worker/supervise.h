/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKER_SUPERVISE_H
#define KIST_WORKER_SUPERVISE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * The child process: start, kill, reap, and how it ended.
 *
 * It is known by its pidfd, so that no other process is ever waited for or killed.  It starts with its socket
 * at 3, /dev/null as input and a pipe as output and error output; with no other descriptor, no signal handler
 * and no blocked signal; with an environment of its own (LC_ALL=C and an empty PATH); in a session of its
 * own, so that the terminal's Ctrl-C goes to the host; and it dies with the thread that started it.
 *
 * Thread: one child, one thread.
 */

/** Bytes of the child's output that are kept, the last ones. */
#define KIST_CHILD_WORDS_MAX ((size_t)4096)

/** struct kist_child - A running child; @pid is 0 when there is none. */
struct kist_child {
	pid_t pid;
	int pid_fd;
	int socket;
	int log; /* read end of its output; -1 after its end */
	size_t words_len;
	char words[KIST_CHILD_WORDS_MAX];
};

#define KIST_CHILD_INIT                                                                                      \
	{                                                                                                    \
		.pid = 0, .pid_fd = -1, .socket = -1, .log = -1                                              \
	}

/** kist_child_start() - Starts @program.  Errors: KIST_UNSUPPORTED (it is not there), KIST_DENIED, KIST_IO, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_child_start(const char *program, struct kist_child *ret,
					  struct kist_error *err);

/** kist_child_listen() - Takes what the child has written to its output, without waiting. */
void kist_child_listen(struct kist_child *child);

/** Bytes of the text of an end, NUL included. */
#define KIST_CHILD_END_SIZE ((size_t)64)

/**
 * kist_child_end() - Waits up to @patience_ms for the child to end, kills it then, reaps it and closes all.
 *
 * @ret_text:   "signal 11 (SIGSEGV)", "exit status 3"; "ended by the host" when it had to be killed.
 * @ret_exited: It ended by itself through exit().
 */
void kist_child_end(struct kist_child *child, int patience_ms, char ret_text[static KIST_CHILD_END_SIZE],
		    bool *ret_exited);

#endif
