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

struct single {
	struct kist_pool_job job; /* comes first */
	atomic_int *runs;	  /* of all */
	bool fails;
};

static kist_status run_single(struct kist_pool_job *job, unsigned worker, struct kist_error *err)
{
	struct single *single = (struct single *)job;

	(void)worker;
	atomic_fetch_add(single->runs, 1);
	return single->fails ? kist_fail(err, KIST_IO, "this one") : KIST_OK;
}

START_TEST(single_jobs_end_and_may_be_added_again)
{
	struct single *singles = calloc(JOBS, sizeof(*singles));
	struct kist_pool *pool;
	atomic_int runs = 0;

	ck_assert_int_eq(kist_pool_new(&pool, NULL), KIST_OK);
	for (int round = 1; round <= 3; round++) {
		for (int i = 0; i < JOBS; i++) {
			singles[i].job.run = run_single;
			singles[i].runs = &runs;
			kist_pool_add(pool, &singles[i].job);
		}
		for (int i = JOBS - 1; i >= 0; i--)
			ck_assert_int_eq(kist_pool_wait(pool, &singles[i].job, NULL), KIST_OK);
		ck_assert_int_eq(runs, round * JOBS);
		ck_assert(kist_pool_is_done(pool, &singles[0].job));
	}
	/* Idle ones are not waited for. */
	ck_assert_int_eq(kist_pool_wait(pool, &singles[0].job, NULL), KIST_OK);
	kist_pool_free(pool);
	free(singles);
}
END_TEST

/* Jobs that note when they began, and one that keeps the pool busy meanwhile. */
struct noting {
	struct kist_pool_job job; /* comes first */
	atomic_int *begun;
	int when;
	atomic_bool *may_end; /* NULL for at once */
};

static kist_status note(struct kist_pool_job *job, unsigned worker, struct kist_error *err)
{
	struct noting *noting = (struct noting *)job;

	(void)worker;
	(void)err;
	noting->when = ++*noting->begun;
	while (noting->may_end && !*noting->may_end)
		;
	return KIST_OK;
}

START_TEST(a_job_that_is_added_first_begins_before_those_that_wait)
{
	struct noting busy[KIST_POOL_WORKERS_MAX] = { 0 };
	struct noting waiting[3] = { 0 };
	atomic_bool may_end = false;
	struct kist_pool *pool;
	atomic_int begun = 0;
	int others;

	ck_assert_int_eq(kist_pool_new(&pool, NULL), KIST_OK);
	others = (int)kist_pool_workers(pool) - 1;
	for (int i = 0; i < others; i++) {
		busy[i] = (struct noting){ .job = { .run = note }, .begun = &begun, .may_end = &may_end };
		kist_pool_add(pool, &busy[i].job);
	}
	while (begun < others)
		;
	for (int i = 0; i < 3; i++) {
		waiting[i] = (struct noting){ .job = { .run = note }, .begun = &begun };
		if (i < 2)
			kist_pool_add(pool, &waiting[i].job);
		else
			kist_pool_add_first(pool, &waiting[i].job);
	}
	/* Only who waits can run them now. */
	ck_assert_int_eq(kist_pool_wait(pool, &waiting[1].job, NULL), KIST_OK);
	ck_assert_int_eq(waiting[2].when, others + 1);
	ck_assert_int_eq(waiting[0].when, others + 2);
	ck_assert_int_eq(waiting[1].when, others + 3);
	/* Where nothing waits it is the last one too. */
	kist_pool_add_first(pool, &waiting[2].job);
	kist_pool_add(pool, &waiting[0].job);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(kist_pool_wait(pool, &waiting[i].job, NULL), KIST_OK);
	ck_assert_int_eq(begun, others + 5);
	may_end = true;
	kist_pool_free(pool);
}
END_TEST

START_TEST(a_job_that_is_added_first_begins_without_being_waited_for)
{
	struct single single = { .job = { .run = run_single } };
	struct kist_pool *pool;
	atomic_int runs = 0;

	single.runs = &runs;
	ck_assert_int_eq(kist_pool_new(&pool, NULL), KIST_OK);
	for (int round = 1; round <= 100; round++) {
		kist_pool_add_first(pool, &single.job);
		while (kist_pool_workers(pool) > 1 && runs < round)
			;
		ck_assert_int_eq(kist_pool_wait(pool, &single.job, NULL), KIST_OK);
	}
	kist_pool_free(pool);
}
END_TEST

START_TEST(small_jobs_end_when_they_are_waited_for_however_few)
{
	struct single *singles = calloc(JOBS, sizeof(*singles));
	struct kist_pool *pool;
	atomic_int runs = 0;
	int added = 0;

	ck_assert_int_eq(kist_pool_new(&pool, NULL), KIST_OK);
	for (int i = 0; i < JOBS; i++) {
		singles[i].job.run = run_single;
		singles[i].runs = &runs;
	}
	for (int count = 1; count <= 40; count++) {
		for (int i = 0; i < count; i++, added++) {
			if (i == 20)
				kist_pool_add(pool, &singles[i].job);
			else
				kist_pool_add_small(pool, &singles[i].job);
		}
		ck_assert_int_eq(kist_pool_wait(pool, &singles[count - 1].job, NULL), KIST_OK);
		for (int i = 0; i < count; i++)
			ck_assert_int_eq(kist_pool_wait(pool, &singles[i].job, NULL), KIST_OK);
		ck_assert_int_eq(runs, added);
	}
	kist_pool_free(pool);
	free(singles);
}
END_TEST

START_TEST(many_small_jobs_begin_without_being_waited_for)
{
	struct single *singles = calloc(JOBS, sizeof(*singles));
	struct kist_pool *pool;
	atomic_int runs = 0;

	ck_assert_int_eq(kist_pool_new(&pool, NULL), KIST_OK);
	for (int i = 0; i < JOBS; i++) {
		singles[i].job.run = run_single;
		singles[i].runs = &runs;
		kist_pool_add_small(pool, &singles[i].job);
	}
	while (kist_pool_workers(pool) > 1 && runs == 0)
		;
	kist_pool_free(pool);
	free(singles);
}
END_TEST

START_TEST(what_a_single_job_says_is_told_to_who_waits_for_it)
{
	struct single singles[2] = { 0 };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_pool *pool;
	atomic_int runs = 0;

	ck_assert_int_eq(kist_pool_new(&pool, NULL), KIST_OK);
	for (int i = 0; i < 2; i++) {
		singles[i].job.run = run_single;
		singles[i].runs = &runs;
		singles[i].fails = i == 1;
	}
	kist_pool_add(pool, &singles[1].job);
	kist_pool_do(&singles[0].job);
	ck_assert_int_eq(kist_pool_wait(pool, &singles[0].job, &err), KIST_OK);
	ck_assert_int_eq(kist_pool_wait(pool, &singles[1].job, &err), KIST_IO);
	ck_assert_str_eq(err.text, "this one");
	kist_pool_free(pool);
}
END_TEST

START_TEST(dropped_jobs_never_begin_and_none_is_under_way_afterwards)
{
	struct single *singles = calloc(JOBS, sizeof(*singles));
	struct kist_pool *pool;
	atomic_int runs = 0;
	int before;

	ck_assert_int_eq(kist_pool_new(&pool, NULL), KIST_OK);
	for (int i = 0; i < JOBS; i++) {
		singles[i].job.run = run_single;
		singles[i].runs = &runs;
		kist_pool_add(pool, &singles[i].job);
	}
	kist_pool_drop(pool);
	before = runs;
	for (int i = 0; i < JOBS; i++)
		ck_assert(kist_pool_is_done(pool, &singles[i].job));
	kist_pool_add(pool, &singles[0].job);
	ck_assert_int_eq(kist_pool_wait(pool, &singles[0].job, NULL), KIST_OK);
	ck_assert_int_eq(runs, before + 1);
	/* Those that are left are dropped with the pool. */
	kist_pool_add(pool, &singles[1].job);
	kist_pool_free(pool);
	free(singles);
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
	tcase_add_test(tests, single_jobs_end_and_may_be_added_again);
	tcase_add_test(tests, a_job_that_is_added_first_begins_before_those_that_wait);
	tcase_add_test(tests, a_job_that_is_added_first_begins_without_being_waited_for);
	tcase_add_test(tests, small_jobs_end_when_they_are_waited_for_however_few);
	tcase_add_test(tests, many_small_jobs_begin_without_being_waited_for);
	tcase_add_test(tests, what_a_single_job_says_is_told_to_who_waits_for_it);
	tcase_add_test(tests, dropped_jobs_never_begin_and_none_is_under_way_afterwards);
	tcase_add_test(tests, a_pool_that_never_ran_ends);
	return suite_run(tests, "pool");
}
