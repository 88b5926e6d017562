/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "kit/run.h"

/*
 * The k-th call of the host fails, for every k: the failure is passed on as it is, nothing is left behind, and the next
 * call is as good as ever.
 */

/* Calls of the host that fail one by one; those behind are passed over in growing steps. */
#define FAULTS_DENSE 60

enum method { WRITE, READ, VALIDATE, LAYOUT, DESCRIBE, METHODS };
static const char *const method_names[METHODS] = { "serialize", "deserialize", "validate", "layout",
						   "describe" };

/* What is done again and again, and how it is to fail. */
struct trial {
	struct kist_bench *bench;
	const char *name;
	kist_status with;
	enum method method;
	uint32_t kind; /* of the object that is written */
	size_t index;
	struct kist_view bytes;
};

/* One call with a failure at @at (0: none); what it was struck by is left in *@ret_struck. */
static kist_status once(const struct trial *trial, unsigned long at, const char **ret_struck, bool is_judged)
{
	struct kist_bench *bench = trial->bench;
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;
	kist_auto_object struct kist_object object = KIST_OBJECT_INIT;
	char name[KIST_KIT_OBJECT_NAME_SIZE];

	*ret_struck = NULL;
	if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return KIST_NO_MEMORY;
	run.stage.fail_with = trial->with;
	run.stage.fail_at = at;
	if (trial->method == WRITE) {
		if (kist_kit_object(trial->kind, trial->index, name, &object, NULL) == KIST_OK)
			(void)kist_bench_write(bench, &run, &object, NULL);
	} else if (trial->method == READ) {
		(void)kist_bench_read(bench, &run, trial->bytes, NULL, NULL, NULL);
	} else if (trial->method == VALIDATE) {
		(void)kist_bench_validate(bench, &run, trial->bytes);
	} else if (trial->method == LAYOUT) {
		(void)kist_bench_layout(bench, &run, trial->bytes);
	} else {
		(void)kist_bench_describe(bench, &run, trial->bytes, NULL);
	}
	*ret_struck = run.stage.struck;
	if (is_judged)
		kist_bench_end(bench, &run);
	else
		kist_stage_close(&run.stage);
	return run.status;
}

/* Whether what came back is what the host gave. */
static void judge(const struct trial *trial, unsigned long at, const char *struck, kist_status status)
{
	/* Who can do without the memory may. */
	if (status == trial->with || (trial->with == KIST_NO_MEMORY && status == KIST_OK))
		return;
	if (status == KIST_OK)
		kist_bench_fail(trial->bench,
				"%s of %s returned KIST_OK although call %lu of the host, %s, gave '%s': "
				"look at what each "
				"call returns",
				method_names[trial->method], trial->name, at, struck,
				kist_status_name(trial->with));
	else
		kist_bench_fail(trial->bench,
				"%s of %s made '%s' of the '%s' that call %lu of the host, %s, gave: return "
				"such a status "
				"unchanged",
				method_names[trial->method], trial->name, kist_status_name(status),
				kist_status_name(trial->with), at, struck);
}

/* The same once more, which nobody judges. */
struct repeat {
	const struct trial *trial;
	unsigned long at;
};

static void repeat_once(void *ctx)
{
	const struct repeat *repeat = ctx;
	const char *struck;

	(void)once(repeat->trial, repeat->at, &struck, false);
}

static void look_for_leak(const struct trial *trial, unsigned long at, const char *struck)
{
	const long regions = kist_stage_regions();
	const uint64_t lost = kist_bench_lost(repeat_once, &(struct repeat){ .trial = trial, .at = at });

	if (lost > 0)
		kist_bench_fail(trial->bench,
				"%s of %s loses %llu bytes when call %lu of the host, %s, fails: give back "
				"what was made",
				method_names[trial->method], trial->name, (unsigned long long)lost, at,
				struck);
	else if (kist_stage_regions() > regions)
		kist_bench_fail(trial->bench,
				"%s of %s does not release a region of the source when call %lu of the host, "
				"%s, fails",
				method_names[trial->method], trial->name, at, struck);
}

static void sweep(struct trial *trial)
{
	struct kist_bench *bench = trial->bench;
	const char *struck = NULL;
	kist_status sound;

	kist_notebook_doing(bench->notebook, "in %s of %s", method_names[trial->method], trial->name);
	sound = once(trial, 0, &struck, true);
	if (sound != KIST_OK)
		return;
	for (unsigned long at = 1; !kist_bench_failed(bench); at += at < FAULTS_DENSE ? 1 : at / 4) {
		kist_status status;

		kist_notebook_doing(bench->notebook, "in %s of %s, with call %lu of the host failing (%s)",
				    method_names[trial->method], trial->name, at,
				    kist_status_name(trial->with));
		status = once(trial, at, &struck, true);
		if (!struck)
			break;
		judge(trial, at, struck, status);
		look_for_leak(trial, at, struck);
	}
	if (!kist_bench_failed(bench) && once(trial, 0, &struck, true) != KIST_OK)
		kist_bench_fail(
			bench,
			"%s of %s fails after another call was made to fail: something was left behind",
			method_names[trial->method], trial->name);
}

static void sweep_reading(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	const kist_status *with = ctx;
	struct trial trial = { .bench = bench, .name = name, .with = *with, .bytes = bytes };

	kist_notebook_input(bench->notebook, bytes);
	for (int method = READ; method < METHODS; method++) {
		trial.method = (enum method)method;
		sweep(&trial);
	}
}

/* The first objects of each kind, which are the plain ones, and a few odd ones. */
static void sweep_writing(struct kist_bench *bench, kist_status with)
{
	for (uint32_t kind = KIST_KIND_BYTES; kind < KIST_KIND_COUNT; kind++) {
		for (size_t i = 0; i < 100 && (bench->declared->kinds & KIST_KIND_BIT(kind));
		     i += i < 3 ? 1 : 31) {
			kist_auto_object struct kist_object object = KIST_OBJECT_INIT;
			char name[KIST_KIT_OBJECT_NAME_SIZE];
			struct trial trial = { .bench = bench,
					       .name = name,
					       .with = with,
					       .method = WRITE,
					       .kind = kind,
					       .index = i };

			if (kist_kit_object(kind, i, name, &object, NULL) != KIST_OK)
				break;
			sweep(&trial);
		}
	}
}

/* Of many objects of one shape a few say it all. */
struct few {
	kist_status with;
	size_t seen;
};

static void sweep_few(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	struct few *few = ctx;

	if (few->seen++ % 16 < 2)
		sweep_reading(bench, name, bytes, &few->with);
}

static void check(struct kist_bench *bench, kist_status with)
{
	struct few few = { .with = with };

	sweep_writing(bench, with);
	kist_bench_needs_objects(bench, kist_bench_each(bench, sweep_few, &few));
}

void check_fault_io(struct kist_bench *bench)
{
	check(bench, KIST_IO);
}

void check_fault_memory(struct kist_bench *bench)
{
	check(bench, KIST_NO_MEMORY);
}

void check_fault_cancel(struct kist_bench *bench)
{
	check(bench, KIST_CANCELLED);
}

/* Without any failure. */
static void leak_of(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	struct few *few = ctx;
	struct trial trial = { .bench = bench, .name = name, .with = KIST_OK, .bytes = bytes };

	if (few->seen++ % 16 >= 2)
		return;
	kist_notebook_input(bench->notebook, bytes);
	for (int method = READ; method < METHODS; method++) {
		const char *struck;
		uint64_t lost;

		trial.method = (enum method)method;
		kist_notebook_doing(bench->notebook, "in %s of %s", method_names[method], name);
		(void)once(&trial, 0, &struck, true);
		lost = kist_bench_lost(repeat_once, &(struct repeat){ .trial = &trial });
		if (lost > 0)
			kist_bench_fail(
				bench,
				"%s of %s loses %llu bytes each time: find out which with make test-asan",
				method_names[method], name, (unsigned long long)lost);
	}
}

static void leak_of_writing(struct kist_bench *bench)
{
	for (uint32_t kind = KIST_KIND_BYTES; kind < KIST_KIND_COUNT; kind++) {
		for (size_t i = 0; i < 3 && (bench->declared->kinds & KIST_KIND_BIT(kind)); i++) {
			struct trial trial = {
				.bench = bench, .name = "an object", .method = WRITE, .kind = kind, .index = i
			};
			const char *struck;

			(void)once(&trial, 0, &struck, true);
			if (kist_bench_lost(repeat_once, &(struct repeat){ .trial = &trial }) > 0)
				kist_bench_fail(bench, "serialize of a %s loses memory each time",
						kist_kind_name(kind));
		}
	}
}

void check_leaks(struct kist_bench *bench)
{
	struct few few = { .with = KIST_OK };
	const long regions = kist_stage_regions();

	leak_of_writing(bench);
	kist_bench_needs_objects(bench, kist_bench_each(bench, leak_of, &few));
	if (kist_stage_regions() > regions)
		kist_bench_fail(
			bench,
			"%ld regions of the source were never released: release each that map gave, at the "
			"latest with the object that leans on it",
			kist_stage_regions() - regions);
}
