/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/mem.h"

struct pool_thread {
	struct kist_pool *pool;
	unsigned worker;
	pthread_t thread;
};

struct kist_pool {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a run began, or the pool ends */
	pthread_cond_t done; /* the last job of a run ended */
	unsigned workers;
	unsigned started; /* threads[0..started) run */
	bool ending;
	kist_status (*job)(void *ctx, size_t index, unsigned worker, struct kist_error *err);
	void *ctx;
	size_t count;
	size_t next;
	size_t active;
	size_t failed_index;
	kist_status status;
	struct kist_error failure;
	struct pool_thread threads[KIST_POOL_WORKERS_MAX - 1];
};

/* Takes and runs jobs until none is left.  Called and left with the lock held. */
static void work(struct kist_pool *pool, unsigned worker)
{
	while (pool->next < pool->count) {
		struct kist_error err = KIST_ERROR_INIT;
		const size_t index = pool->next++;
		kist_status status;

		pool->active++;
		(void)pthread_mutex_unlock(&pool->lock);
		status = pool->job(pool->ctx, index, worker, &err);
		(void)pthread_mutex_lock(&pool->lock);
		pool->active--;
		if (status != KIST_OK && (pool->status == KIST_OK || index < pool->failed_index)) {
			pool->status = status;
			pool->failure = err;
			pool->failed_index = index;
		}
		if (status != KIST_OK)
			pool->next = pool->count;
	}
	if (pool->active == 0)
		(void)pthread_cond_signal(&pool->done);
}

static void *thread_main(void *arg)
{
	const struct pool_thread *self = arg;
	struct kist_pool *pool = self->pool;

	(void)pthread_mutex_lock(&pool->lock);
	while (!pool->ending) {
		work(pool, self->worker);
		if (!pool->ending)
			(void)pthread_cond_wait(&pool->work, &pool->lock);
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return NULL;
}

kist_status kist_pool_new(struct kist_pool **ret, struct kist_error *err)
{
	const long online = sysconf(_SC_NPROCESSORS_ONLN);
	struct kist_pool *pool = kist_alloc(1, sizeof(*pool));

	if (!pool)
		return kist_fail_memory(err, sizeof(*pool));
	pool->workers = online < 1			 ? 1
			: online > KIST_POOL_WORKERS_MAX ? KIST_POOL_WORKERS_MAX
							 : (unsigned)online;
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_cond_init(&pool->work, NULL);
	(void)pthread_cond_init(&pool->done, NULL);
	*ret = pool;
	return KIST_OK;
}

void kist_pool_free(struct kist_pool *pool)
{
	if (!pool)
		return;
	(void)pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	(void)pthread_cond_broadcast(&pool->work);
	(void)pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->started; i++)
		(void)pthread_join(pool->threads[i].thread, NULL);
	(void)pthread_cond_destroy(&pool->done);
	(void)pthread_cond_destroy(&pool->work);
	(void)pthread_mutex_destroy(&pool->lock);
	kist_free(pool);
}

unsigned kist_pool_workers(const struct kist_pool *pool)
{
	return pool->workers;
}

static void start_threads(struct kist_pool *pool)
{
	while (pool->started < pool->workers - 1) {
		struct pool_thread *thread = &pool->threads[pool->started];

		thread->pool = pool;
		thread->worker = pool->started + 1;
		if (pthread_create(&thread->thread, NULL, thread_main, thread) != 0)
			return;
		pool->started++;
	}
}

kist_status kist_pool_run(struct kist_pool *pool, size_t count,
			  kist_status (*job)(void *ctx, size_t index, unsigned worker,
					     struct kist_error *err),
			  void *ctx, struct kist_error *err)
{
	kist_status status;

	if (count > 1)
		start_threads(pool);
	(void)pthread_mutex_lock(&pool->lock);
	pool->job = job;
	pool->ctx = ctx;
	pool->count = count;
	pool->next = 0;
	pool->status = KIST_OK;
	if (count > 1)
		(void)pthread_cond_broadcast(&pool->work);
	work(pool, 0);
	while (pool->active > 0)
		(void)pthread_cond_wait(&pool->done, &pool->lock);
	pool->count = 0;
	status = pool->status;
	if (status != KIST_OK)
		(void)kist_fail_at(err, status, pool->failure.code, pool->failure.offset, "%s",
				   pool->failure.text);
	if (status != KIST_OK && err && err->sys_errno == 0)
		err->sys_errno = pool->failure.sys_errno;
	(void)pthread_mutex_unlock(&pool->lock);
	return status;
}
