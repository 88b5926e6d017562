/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/mem.h"

/* So many small jobs are worth a thread. */
#define SMALL_JOBS 8

struct pool_thread {
	struct kist_pool *pool;
	unsigned worker;
	pthread_t thread;
};

struct kist_pool {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a run began, a job was added, or the pool ends */
	pthread_cond_t done; /* the last job of a run ended, or a single one */
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
	/* Single jobs that have not begun, and how many have begun and not ended. */
	struct kist_pool_job *first;
	struct kist_pool_job *last;
	size_t running;
	unsigned unsaid; /* small jobs since a thread was woken */
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

/* Runs the single job that is next.  Called and left with the lock held. */
static void run_first(struct kist_pool *pool, unsigned worker)
{
	struct kist_pool_job *const job = pool->first;

	pool->first = job->next;
	job->state = KIST_POOL_JOB_RUNNING;
	job->error = (struct kist_error)KIST_ERROR_INIT;
	pool->running++;
	(void)pthread_mutex_unlock(&pool->lock);
	job->status = job->run(job, worker, &job->error);
	(void)pthread_mutex_lock(&pool->lock);
	job->state = KIST_POOL_JOB_DONE;
	pool->running--;
	(void)pthread_cond_broadcast(&pool->done);
}

static void *thread_main(void *arg)
{
	const struct pool_thread *self = arg;
	struct kist_pool *pool = self->pool;

	(void)pthread_mutex_lock(&pool->lock);
	while (!pool->ending) {
		work(pool, self->worker);
		if (pool->first)
			run_first(pool, self->worker);
		else if (!pool->ending)
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
	kist_pool_drop(pool);
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
	(void)pthread_mutex_unlock(&pool->lock);
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &pool->failure);
}

/* Called and left with the lock held. */
static void wake_one(struct kist_pool *pool)
{
	pool->unsaid = 0;
	(void)pthread_cond_signal(&pool->work);
}

static void add(struct kist_pool *pool, struct kist_pool_job *job, bool is_small)
{
	start_threads(pool);
	(void)pthread_mutex_lock(&pool->lock);
	job->state = KIST_POOL_JOB_QUEUED;
	job->next = NULL;
	if (pool->first)
		pool->last->next = job;
	else
		pool->first = job;
	pool->last = job;
	if (!is_small || ++pool->unsaid == SMALL_JOBS)
		wake_one(pool);
	(void)pthread_mutex_unlock(&pool->lock);
}

void kist_pool_add(struct kist_pool *pool, struct kist_pool_job *job)
{
	add(pool, job, false);
}

void kist_pool_add_first(struct kist_pool *pool, struct kist_pool_job *job)
{
	start_threads(pool);
	(void)pthread_mutex_lock(&pool->lock);
	job->state = KIST_POOL_JOB_QUEUED;
	job->next = pool->first;
	if (!pool->first)
		pool->last = job;
	pool->first = job;
	wake_one(pool);
	(void)pthread_mutex_unlock(&pool->lock);
}

void kist_pool_add_small(struct kist_pool *pool, struct kist_pool_job *job)
{
	add(pool, job, true);
}

void kist_pool_do(struct kist_pool_job *job)
{
	job->error = (struct kist_error)KIST_ERROR_INIT;
	job->status = job->run(job, 0, &job->error);
	job->state = KIST_POOL_JOB_DONE;
}

bool kist_pool_is_done(struct kist_pool *pool, const struct kist_pool_job *job)
{
	bool done;

	(void)pthread_mutex_lock(&pool->lock);
	done = job->state == KIST_POOL_JOB_IDLE || job->state == KIST_POOL_JOB_DONE;
	(void)pthread_mutex_unlock(&pool->lock);
	return done;
}

kist_status kist_pool_wait(struct kist_pool *pool, struct kist_pool_job *job, struct kist_error *err)
{
	kist_status status = KIST_OK;

	(void)pthread_mutex_lock(&pool->lock);
	while (job->state == KIST_POOL_JOB_QUEUED || job->state == KIST_POOL_JOB_RUNNING) {
		if (pool->unsaid > 1)
			wake_one(pool);
		/* A job that is queued can be run here: with no threads at all everything is. */
		if (pool->first)
			run_first(pool, 0);
		else
			(void)pthread_cond_wait(&pool->done, &pool->lock);
	}
	if (job->state == KIST_POOL_JOB_DONE)
		status = job->status;
	job->state = KIST_POOL_JOB_IDLE;
	(void)pthread_mutex_unlock(&pool->lock);
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &job->error);
}

void kist_pool_drop(struct kist_pool *pool)
{
	(void)pthread_mutex_lock(&pool->lock);
	while (pool->first) {
		pool->first->state = KIST_POOL_JOB_IDLE;
		pool->first = pool->first->next;
	}
	while (pool->running > 0)
		(void)pthread_cond_wait(&pool->done, &pool->lock);
	(void)pthread_mutex_unlock(&pool->lock);
}
