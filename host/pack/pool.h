/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_POOL_H
#define KIST_PACK_POOL_H

#include "base/err.h"

#include <stdbool.h>

/*
 * A few threads that run jobs: a row of independent ones, which the caller waits for, or single ones, which
 * it goes on beside.
 *
 * Thread: one pool, one thread at a time: here, the caller.  It is worker 0.
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
/** kist_pool_free() - Ends the threads, after kist_pool_drop().  Accepts NULL. */
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

/**
 * struct kist_pool_job - A single job.  The caller's memory, zeroed before it is first used.
 *
 * @run:   @job is part of what it works on; @worker as for kist_pool_run().
 * @state: And all below: the pool's.
 */
struct kist_pool_job {
	kist_status (*run)(struct kist_pool_job *job, unsigned worker, struct kist_error *err);
	enum kist_pool_job_state {
		KIST_POOL_JOB_IDLE,
		KIST_POOL_JOB_QUEUED,
		KIST_POOL_JOB_RUNNING,
		KIST_POOL_JOB_DONE
	} state;
	struct kist_pool_job *next;
	kist_status status;
	struct kist_error error;
};

/** kist_pool_add() - Has @job run when a worker is free.  Jobs begin in the order in which they were added.
 */
void kist_pool_add(struct kist_pool *pool, struct kist_pool_job *job);

/** kist_pool_add_first() - kist_pool_add() of a job that begins before all that have not begun. */
void kist_pool_add_first(struct kist_pool *pool, struct kist_pool_job *job);

/**
 * kist_pool_add_small() - kist_pool_add() of a job that takes little longer than to wake a thread.
 *
 * One is woken for several of them, or when one of them is waited for; until then they may not begin.
 */
void kist_pool_add_small(struct kist_pool *pool, struct kist_pool_job *job);

/** kist_pool_do() - Runs @job here and now, as worker 0: what is faster done than handed over. */
void kist_pool_do(struct kist_pool_job *job);

/** kist_pool_is_done() - Whether @job has ended, so that kist_pool_wait() would not wait. */
bool kist_pool_is_done(struct kist_pool *pool, const struct kist_pool_job *job);

/**
 * kist_pool_wait() - Waits until @job has ended, and runs others meanwhile.  It may be added again then.
 *
 * Nothing is waited for when @job is idle.  Errors: what @job->run gave.
 */
KIST_CHECKED kist_status kist_pool_wait(struct kist_pool *pool, struct kist_pool_job *job,
					struct kist_error *err);

/** kist_pool_drop() - Makes all jobs idle: those that have not begun never will, the others are waited for.
 */
void kist_pool_drop(struct kist_pool *pool);

#endif
