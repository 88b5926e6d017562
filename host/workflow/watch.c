/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/watch.h"

#include <string.h>
#include <time.h>

#include "base/time.h"

/* How soon somebody who asks to stop is heard. */
#define LOOK_NS ((uint64_t)50000000)

static void look(struct kist_watch *watch)
{
	const bool is_over = watch->deadline_ns != 0 && kist_now_ns() >= watch->deadline_ns;

	if (!watch->worker || (!is_over && !(watch->stop && atomic_load(watch->stop))))
		return;
	watch->by_time = is_over;
	kist_worker_cancel(watch->worker);
	watch->worker = NULL;
}

static void *run(void *ctx)
{
	struct kist_watch *watch = ctx;

	(void)pthread_mutex_lock(&watch->mutex);
	while (!watch->must_end) {
		const uint64_t until_ns = kist_now_ns() + LOOK_NS;
		const struct timespec until = { .tv_sec = (time_t)(until_ns / 1000000000),
						.tv_nsec = (long)(until_ns % 1000000000) };

		/* Nothing to look at: until there is. */
		if (watch->worker)
			(void)pthread_cond_timedwait(&watch->changed, &watch->mutex, &until);
		else
			(void)pthread_cond_wait(&watch->changed, &watch->mutex);
		look(watch);
	}
	(void)pthread_mutex_unlock(&watch->mutex);
	return NULL;
}

kist_status kist_watch_start(struct kist_watch *watch, const atomic_bool *stop, struct kist_error *err)
{
	pthread_condattr_t attributes;
	int failed;

	watch->stop = stop;
	(void)pthread_mutex_init(&watch->mutex, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&watch->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	failed = pthread_create(&watch->thread, NULL, run, watch);
	if (failed)
		return kist_fail_errno(err, failed, "cannot start a thread");
	watch->is_running = true;
	return KIST_OK;
}

void kist_watch_end(struct kist_watch *watch)
{
	if (!watch->is_running)
		return;
	(void)pthread_mutex_lock(&watch->mutex);
	watch->must_end = true;
	(void)pthread_cond_signal(&watch->changed);
	(void)pthread_mutex_unlock(&watch->mutex);
	(void)pthread_join(watch->thread, NULL);
	(void)pthread_cond_destroy(&watch->changed);
	(void)pthread_mutex_destroy(&watch->mutex);
	watch->is_running = false;
}

void kist_watch_begin(struct kist_watch *watch, struct kist_worker *worker, double timeout_s)
{
	(void)pthread_mutex_lock(&watch->mutex);
	watch->worker = worker;
	watch->by_time = false;
	watch->deadline_ns = timeout_s > 0 ? kist_now_ns() + (uint64_t)(timeout_s * 1e9) : 0;
	(void)pthread_cond_signal(&watch->changed);
	(void)pthread_mutex_unlock(&watch->mutex);
}

bool kist_watch_finish(struct kist_watch *watch)
{
	bool by_time;

	(void)pthread_mutex_lock(&watch->mutex);
	watch->worker = NULL;
	by_time = watch->by_time;
	(void)pthread_mutex_unlock(&watch->mutex);
	return by_time;
}
