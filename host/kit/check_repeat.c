/* SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "kit/run.h"

/*
 * Again, elsewhere, on another thread, at the same time: always the same.
 */

#define THREADS 4

/* Everything the plugin writes, in one hash. */
struct all {
	struct kist_hasher hasher;
};

static void add_bytes(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	struct all *all = ctx;

	(void)bench;
	kist_hasher_add(&all->hasher, kist_view_of(name, strlen(name)));
	kist_hasher_add(&all->hasher, bytes);
}

static size_t write_all(struct kist_bench *bench, struct kist_digest *ret)
{
	struct all all;
	size_t count;

	kist_hasher_start(&all.hasher);
	count = kist_bench_each_object(bench, add_bytes, &all);
	*ret = kist_hasher_finish(&all.hasher);
	return count;
}

struct elsewhere {
	struct kist_bench *bench;
	struct kist_digest digest;
};

static void *run_elsewhere(void *ctx)
{
	struct elsewhere *elsewhere = ctx;

	(void)write_all(elsewhere->bench, &elsewhere->digest);
	return NULL;
}

static bool on_thread(void *(*body)(void *), void *ctx)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, ctx) != 0)
		return false;
	(void)pthread_join(thread, NULL);
	return true;
}

void check_deterministic(struct kist_bench *bench)
{
	struct elsewhere elsewhere = { .bench = bench };
	struct kist_digest first;
	struct kist_digest second;

	if (!(bench->type->interface.caps & KIST_CAP_DETERMINISTIC)) {
		bench->skipped = "it does not claim KIST_CAP_DETERMINISTIC";
		return;
	}
	/* What is read before it is written shows by what stands there. */
	(void)mallopt(M_PERTURB, 0x5a);
	if (write_all(bench, &first) == 0) {
		kist_bench_needs_objects(bench, 0);
		return;
	}
	(void)mallopt(M_PERTURB, 0xc3);
	(void)write_all(bench, &second);
	if (!kist_digest_equal(&first, &second))
		kist_bench_fail(bench, "the same objects give other bytes the second time: memory that was "
				       "not set, an address, "
				       "the time or a random number is written");
	else if (on_thread(run_elsewhere, &elsewhere) && !kist_digest_equal(&first, &elsewhere.digest))
		kist_bench_fail(
			bench,
			"the same objects give other bytes on another thread: keep no state beside the "
			"instance");
	kist_digest_hex(&first, bench->digest);
}

/* Instances at the same time. */

struct worker {
	struct kist_bench bench; /* a copy: findings and notes of its own */
	struct kist_kit_findings findings;
	struct kist_digest digest;
};

static void *work(void *ctx)
{
	struct worker *worker = ctx;

	(void)write_all(&worker->bench, &worker->digest);
	return NULL;
}

void check_concurrent(struct kist_bench *bench)
{
	static struct worker workers[THREADS];
	pthread_t threads[THREADS];
	struct kist_digest alone;
	int started = 0;

	if (!(bench->type->interface.caps & KIST_CAP_REENTRANT)) {
		bench->skipped = "it does not claim KIST_CAP_REENTRANT";
		return;
	}
	if (write_all(bench, &alone) == 0) {
		kist_bench_needs_objects(bench, 0);
		return;
	}
	kist_notebook_doing(bench->notebook, "with %d instances at work on as many threads", THREADS);
	for (int i = 0; i < THREADS; i++) {
		workers[i].bench = *bench;
		workers[i].bench.findings = &workers[i].findings;
		if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
			break;
		started++;
	}
	for (int i = 0; i < started; i++) {
		(void)pthread_join(threads[i], NULL);
		if (!kist_digest_equal(&alone, &workers[i].digest))
			kist_bench_fail(bench, "instances that work at the same time write other bytes than "
					       "one alone: they share "
					       "something, a static variable most often");
		kist_kit_findings_done(&workers[i].findings);
	}
}

/* Releasing. */

struct parting {
	struct kist_object *object;
};

static void *release_here(void *ctx)
{
	struct parting *parting = ctx;

	parting->object->release(parting->object);
	return NULL;
}

/* The instance is closed by now; the object goes on another thread. */
static void part(void *ctx, struct kist_object *object, struct kist_call *call)
{
	struct parting parting = { .object = object };
	struct kist_bench *bench = ctx;

	(void)call;
	if (!on_thread(release_here, &parting))
		object->release(object);
	if (object->release)
		kist_bench_fail(
			bench,
			"release, on another thread, did not set the object's release to NULL: it may be "
			"called twice then");
	object->release = NULL;
}

static void released(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;
	const long regions = kist_stage_regions();

	(void)ctx;
	kist_notebook_doing(bench->notebook,
			    "releasing what was read of %s, after close and on another thread", name);
	kist_notebook_input(bench->notebook, bytes);
	if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return;
	(void)kist_bench_read(bench, &run, bytes, NULL, part, bench);
	if (kist_stage_regions() > regions)
		kist_bench_fail(
			bench,
			"the object read of %s was released, and a region of the source that it held was not",
			name);
	kist_bench_end(bench, &run);
}

void check_release(struct kist_bench *bench)
{
	kist_bench_needs_objects(bench, kist_bench_each(bench, released, NULL));
}

/* Sources of other kinds. */

static void same_in_steps(struct kist_bench *bench, const char *name, struct kist_view bytes, size_t step,
			  const char *why)
{
	struct kist_bench_run whole = KIST_BENCH_RUN_INIT;
	struct kist_bench_run parts = KIST_BENCH_RUN_INIT;
	struct kist_digest a = { { 0 } };
	struct kist_digest b = { { 0 } };

	kist_notebook_doing(bench->notebook, "in deserialize of %s, %s", name, why);
	kist_notebook_input(bench->notebook, bytes);
	if (kist_bench_start(&whole, KIST_STAGE_TODAY) != KIST_OK ||
	    kist_bench_start(&parts, KIST_STAGE_TODAY) != KIST_OK)
		return;
	parts.step_max = step;
	(void)kist_bench_read(bench, &whole, bytes, &a, NULL, NULL);
	(void)kist_bench_read(bench, &parts, bytes, &b, NULL, NULL);
	if (whole.status != parts.status || !kist_digest_equal(&a, &b))
		kist_bench_fail(
			bench,
			"%s is read otherwise %s (%s: %s): read in a loop until there is enough, or with "
			"kist_read_exact()",
			name, why, kist_status_name(parts.status), parts.why);
	kist_bench_end(bench, &whole);
	kist_bench_end(bench, &parts);
	if (kist_bench_start(&parts, KIST_STAGE_TODAY) != KIST_OK)
		return;
	parts.step_max = step;
	if (kist_bench_validate(bench, &parts, bytes) != KIST_OK || parts.errors > 0)
		kist_bench_fail(bench, "validate refuses %s, which is sound, %s: %s", name, why, parts.why);
	kist_bench_end(bench, &parts);
}

static void short_steps(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	(void)ctx;
	if (bytes.size <= 4096)
		same_in_steps(bench, name, bytes, 1, "from a source that gives one byte at a time");
	else
		same_in_steps(bench, name, bytes, 1021, "from a source that gives 1021 bytes at a time");
}

void check_short(struct kist_bench *bench)
{
	kist_bench_needs_objects(bench, kist_bench_each(bench, short_steps, NULL));
}

static void read_all_ways(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	bool sound;

	(void)ctx;
	kist_bench_try(bench, bytes, name, &sound);
}

/* Who writes what was lent, or reads beside it, dies: that is the check. */
void check_map(struct kist_bench *bench)
{
	kist_bench_needs_objects(bench, kist_bench_each(bench, read_all_ways, NULL));
}
