/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_WATCH_H
#define KIST_WORKFLOW_WATCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "worker/worker.h"

/*
 * Ends a call of a worker when its time is over, or somebody asks to stop.
 *
 * Thread: one struct, one thread at a time; it has a thread of its own.
 */

/** struct kist_watch - Looks at one call at a time. */
struct kist_watch {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool is_running;
	bool must_end;
	struct kist_worker *worker; /* in a call; NULL: none */
	uint64_t deadline_ns;	    /* 0: none */
	bool by_time;		    /* the call was ended for its time */
	const atomic_bool *stop;
};

/** kist_watch_start() - Starts its thread.  @stop: may be NULL.  kist_watch_end() it, also on failure. */
KIST_CHECKED kist_status kist_watch_start(struct kist_watch *watch, const atomic_bool *stop,
					  struct kist_error *err);
/** kist_watch_end() - Of zeros, too. */
void kist_watch_end(struct kist_watch *watch);

/** kist_watch_begin() - @worker is about to be called.  @timeout_s: 0 for none. */
void kist_watch_begin(struct kist_watch *watch, struct kist_worker *worker, double timeout_s);
/** kist_watch_finish() - The call has ended.  Whether that was for its time. */
bool kist_watch_finish(struct kist_watch *watch);

#endif
