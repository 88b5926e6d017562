/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdatomic.h>

#include "pack/pool.h"

#define JOBS 1000

struct jobs {
	struct kist_pool *pool;
	atomic_int runs[JOBS];
	atomic_bool busy[KIST_POOL_WORKERS_MAX];
	size_t fail_from;
};

static kist_status job(void *ctx, size_t index, unsigned worker, struct kist_error *err)
{
	struct jobs *jobs = ctx;

	/* ck_assert may not be used in other threads. */
	if (worker >= kist_pool_workers(jobs->pool) || atomic_exchange(&jobs->busy[worker], true))
		return kist_fail(err, KIST_INTERNAL, "worker %u twice at once", worker);
	atomic_fetch_add(&jobs->runs[index], 1);
	atomic_store(&jobs->busy[worker], false);
	return index >= jobs->fail_from ? kist_fail(err, KIST_IO, "job %zu", index) : KIST_OK;
}

START_TEST(every_job_runs_once)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));

	jobs->fail_from = JOBS;
	ck_assert_int_eq(kist_pool_new(&jobs->pool, NULL), KIST_OK);
	for (int round = 1; round <= 20; round++) {
		ck_assert_int_eq(kist_pool_run(jobs->pool, JOBS, job, jobs, NULL), KIST_OK);
		for (size_t i = 0; i < JOBS; i++)
			ck_assert_int_eq(jobs->runs[i], round);
	}
	ck_assert_int_eq(kist_pool_run(jobs->pool, 0, job, jobs, NULL), KIST_OK);
	kist_pool_free(jobs->pool);
	free(jobs);
}
END_TEST

START_TEST(the_first_failure_is_told_and_later_jobs_do_not_begin)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));
	struct kist_error err = KIST_ERROR_INIT;

	jobs->fail_from = 10;
	ck_assert_int_eq(kist_pool_new(&jobs->pool, NULL), KIST_OK);
	ck_assert_int_eq(kist_pool_run(jobs->pool, JOBS, job, jobs, &err), KIST_IO);
	ck_assert_str_eq(err.text, "job 10");
	ck_assert_int_eq(jobs->runs[JOBS - 1], 0);
	jobs->fail_from = JOBS;
	ck_assert_int_eq(kist_pool_run(jobs->pool, JOBS, job, jobs, NULL), KIST_OK);
	kist_pool_free(jobs->pool);
	free(jobs);
}
END_TEST

START_TEST(a_pool_that_never_ran_ends)
{
	struct kist_pool *pool;

	kist_pool_free(NULL);
	ck_assert_int_eq(kist_pool_new(&pool, NULL), KIST_OK);
	kist_pool_free(pool);
	kist_mem_fail_at(1);
	ck_assert_int_eq(kist_pool_new(&pool, NULL), KIST_NO_MEMORY);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("pool");

	tcase_add_test(tests, every_job_runs_once);
	tcase_add_test(tests, the_first_failure_is_told_and_later_jobs_do_not_begin);
	tcase_add_test(tests, a_pool_that_never_ran_ends);
	return run_case(tests, "pool");
}
