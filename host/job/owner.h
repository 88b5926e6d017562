/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_OWNER_H
#define KIST_JOB_OWNER_H

#include <limits.h>
#include <sys/types.h>

#include "base/json.h"

/*
 * The process that runs a job, told so that others can see whether it still is.
 *
 *     {"host":"name", "machine":"<32 hex>"?, "boot":"<id>", "pid_namespace":n, "pid":n, "start":ticks,
 *      "lease":"/path/heartbeat"?}
 *
 * A pid comes again, so it counts only with the time at which the process began, the boot that this time is
 * counted from, and the namespace that the pid is one of.  "machine" is drawn from the machine's own id, which
 * itself is told nobody.
 *
 * "lease" is a file that the process touches every KIST_OWNER_BEAT_S.  Where the machines share the folder that it is in,
 * they know by its time of another's process what they cannot see: without a touch for KIST_OWNER_LEASE_S it is gone.
 * Their clocks need to agree to a minute or so.
 *
 * Thread: pure.
 * Source: proc(5), pid_namespaces(7), machine-id(5).
 */

#define KIST_OWNER_TEXT_SIZE  ((size_t)65)
#define KIST_OWNER_LEASE_SIZE ((size_t)PATH_MAX)
#define KIST_OWNER_BEAT_S     15u
#define KIST_OWNER_LEASE_S    300u
/** The lease's file is called so. */
#define KIST_OWNER_LEASE_NAME "heartbeat"

struct kist_owner {
	char host[KIST_OWNER_TEXT_SIZE + 192];
	char machine[KIST_OWNER_TEXT_SIZE]; /* or empty: it has no id */
	char boot[KIST_OWNER_TEXT_SIZE];    /* or empty */
	uint64_t pid_namespace;		    /* 0: not known */
	uint64_t pid;
	uint64_t start;			   /* clock ticks since the boot; 0: not known */
	char lease[KIST_OWNER_LEASE_SIZE]; /* absolute; or empty */
};

enum kist_owner_life {
	KIST_OWNER_ALIVE,
	KIST_OWNER_GONE,
	KIST_OWNER_UNKNOWN, /* it is another machine's, or another container's */
};

/** kist_owner_of() - What identifies process @pid of this machine.  Errors: KIST_NOT_FOUND. */
KIST_CHECKED kist_status kist_owner_of(pid_t pid, struct kist_owner *ret, struct kist_error *err);

/** kist_owner_life() - Whether that process is there, as far as it can be seen from here. */
enum kist_owner_life kist_owner_life(const struct kist_owner *owner);

/** kist_owner_is_here() - Whether its pid is one of those that are seen here. */
bool kist_owner_is_here(const struct kist_owner *owner);

/**
 * kist_owner_signal() - Sends @signal to that process, if it is there and a kist of this user.
 *
 * @ret_pid_fd: Becomes readable when it has ended; owned by the caller.
 *
 * Errors: KIST_NOT_FOUND (it is gone), KIST_UNSUPPORTED (it is another machine's; the text names it), KIST_DENIED.
 */
KIST_CHECKED kist_status kist_owner_signal(const struct kist_owner *owner, int signal, int *ret_pid_fd,
					   struct kist_error *err);

/** kist_owner_json() - New reference.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_owner_json(const struct kist_owner *owner, json_t **ret,
					 struct kist_error *err);

/** kist_owner_from_json() - What kist_owner_json() wrote; false when @object is none. */
bool kist_owner_from_json(const json_t *object, struct kist_owner *ret);

#endif
