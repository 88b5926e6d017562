/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKER_SANDBOX_H
#define KIST_WORKER_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * The worker's sandbox, put on by the worker itself, in two steps.
 *
 *     enter   before the first byte of a plugin is mapped: no_new_privs, no core dump, no capabilities,
 *             limits, Landlock (reading the system's libraries is all that is left of the file system; no
 *             network), seccomp (an allow-list: no exec, no fork, no sockets; the rest fails with ENOSYS)
 *     seal    after the last plugin is loaded, before the first byte of data: Landlock with nothing allowed,
 *             seccomp without open and without new executable memory
 *
 * Each measure is probed; what this kernel does not have is reported, not assumed.  A measure that the kernel
 * has but refuses is an error.
 *
 * Thread: the first step before any other thread, and the second before those that run code of plugins.
 * Source: docs/guide/isolation.md; landlock(7), seccomp(2).
 */

#define KIST_SANDBOX_ITEMS_MAX 8u

/** struct kist_sandbox_item - One measure. */
struct kist_sandbox_item {
	const char *name;
	const char *state; /* "in force", "not available", "relaxed" */
	char detail[112];
};

/** struct kist_sandbox - What was put on. */
struct kist_sandbox {
	size_t count;
	struct kist_sandbox_item items[KIST_SANDBOX_ITEMS_MAX];
	int landlock; /* ABI; 0: not available */
	bool seccomp;
};

/** kist_sandbox_enter() - The first step.  @memory_max: bytes of address space.  Errors: KIST_IO,
 * KIST_INTERNAL. */
KIST_CHECKED kist_status kist_sandbox_enter(uint64_t memory_max, struct kist_sandbox *ret,
					    struct kist_error *err);

/** kist_sandbox_seal_files() - The second step: no more files, of this thread and those that it starts. */
KIST_CHECKED kist_status kist_sandbox_seal_files(const struct kist_sandbox *sandbox, struct kist_error *err);

/** kist_sandbox_seal() - The third step, of all threads.  @threads: a plugin's manifest needs threads. */
KIST_CHECKED kist_status kist_sandbox_seal(const struct kist_sandbox *sandbox, bool threads,
					   struct kist_error *err);

#endif
