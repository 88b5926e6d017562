/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_GUARD_H
#define KIST_WORKFLOW_GUARD_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Ends the commands of a run whose kist is gone, however it went: a small process of its own that waits for that.
 *
 * It is told of each process group through a socket.  When nobody holds the other end any more it kills the groups that
 * it knows, and ends.  A command that was started but not told of when kist was killed is missed.
 *
 * Thread: one guard, one thread at a time.
 */

/** struct kist_guard - @fd: where it is told; -1: there is none. */
struct kist_guard {
	int fd;
	pid_t pid;
};

#define KIST_GUARD_INIT                                                                                      \
	{                                                                                                    \
		.fd = -1                                                                                     \
	}

/** Groups that it knows at once. */
#define KIST_GUARD_GROUPS_MAX 256

/** kist_guard_start() - Starts it, if it is not there.  kist_guard_end() it.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_guard_start(struct kist_guard *guard, struct kist_error *err);
/** kist_guard_end() - Ends it; the groups that it knows, too.  May run twice. */
void kist_guard_end(struct kist_guard *guard);

/** kist_guard_add() - Process group @group is to end with kist.  kist_guard_drop() - It has ended. */
void kist_guard_add(const struct kist_guard *guard, pid_t group);
void kist_guard_drop(const struct kist_guard *guard, pid_t group);

#endif
