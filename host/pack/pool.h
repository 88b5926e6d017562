/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_POOL_H
#define KIST_PACK_POOL_H

#include "base/err.h"

/*
 * A few threads that run a row of independent jobs.
 *
 * Thread: one pool, one thread at a time.
 */

/** Workers at most, the caller of kist_pool_run() being one of them. */
#define KIST_POOL_WORKERS_MAX 8u

struct kist_pool;

/**
 * kist_pool_new() - A pool with a worker for each processor that is online.
 *
 * Its threads start with the first run.  A thread that cannot be had is done without.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_pool_new(struct kist_pool **ret, struct kist_error *err);
/** kist_pool_free() - Ends the threads.  Accepts NULL. */
void kist_pool_free(struct kist_pool *pool);

/** kist_pool_workers() - 1..KIST_POOL_WORKERS_MAX. */
unsigned kist_pool_workers(const struct kist_pool *pool);

/**
 * kist_pool_run() - Runs @job for each index below @count, begun in order, and waits for all.  The first runs
 * on the thread of the caller.
 *
 * After a failure no further job begins; the failure of the lowest index that failed is returned.
 *
 * @job: @worker, below kist_pool_workers(), is never two at once: it may name things that are not shared.
 */
KIST_CHECKED kist_status kist_pool_run(struct kist_pool *pool, size_t count,
				       kist_status (*job)(void *ctx, size_t index, unsigned worker,
							  struct kist_error *err),
				       void *ctx, struct kist_error *err);

#endif
