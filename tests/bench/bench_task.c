/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "unit/worker/tasks.h"
#include "task/call.h"

/*
 * What a call of a function task costs: of itself, through libffi, through a worker.  Run by hand from the build
 * folder, where the plugins of the unit tests are built:
 *
 *     top_builddir=. top_srcdir=.. tests/bench/bench_task
 */

#define ROUNDS	     10
#define DIRECT_CALLS 1000000
#define WORKER_CALLS 1000

static void need(kist_status status, const struct kist_error *error)
{
	if (status != KIST_OK) {
		(void)fprintf(stderr, "%s\n", error->text);
		exit(1);
	}
}

/* By a pointer that is read each time, as libffi has to. */
static double add(double a, double b)
{
	return a + b;
}
static double (*volatile add_pointer)(double, double) = add;

static void run_direct(void *ctx, long count)
{
	double sum = 0;

	(void)ctx;
	for (long i = 0; i < count; i++)
		sum = add_pointer(sum, 1);
	if (sum != (double)count)
		exit(1);
}

static void run_ffi(void *ctx, long count)
{
	const struct kist_task *task = ctx;
	struct kist_task_value args[2] = { { .type = KIST_TASK_F64, .real = 0 }, { .type = KIST_TASK_F64, .real = 1 } };
	struct kist_task_value sum;
	struct kist_error error = KIST_ERROR_INIT;

	for (long i = 0; i < count; i++) {
		need(kist_task_call(task, args, 2, &sum, &error), &error);
		args[0].real = sum.real;
	}
	if (args[0].real != (double)count)
		exit(1);
}

/* A call through the worker, with arguments that stay the same. */
struct through {
	struct tasks *tasks;
	const char *name;
	struct kist_task_arg args[2];
	size_t arg_count;
	struct kist_task_ref ref;
};

static void run_worker(void *ctx, long count)
{
	const struct through *through = ctx;
	struct kist_error error = KIST_ERROR_INIT;

	for (long i = 0; i < count; i++) {
		struct kist_task_result result;

		need(kist_worker_call_task(through->tasks->worker, &through->ref, through->args, through->arg_count,
					   &result, &error),
		     &error);
		kist_task_results_done(&result, 1);
		if (result.object != 0)
			need(kist_worker_drop(through->tasks->worker, result.object, &error), &error);
	}
}

/* Time of this process alone, so that others on the machine do not count. */
static double cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void measure(const char *what, void (*run)(void *ctx, long count), void *ctx, long count)
{
	double best = 1e30;
	double best_cpu = 1e30;

	for (int k = 0; k < ROUNDS; k++) {
		const uint64_t since = kist_now_ns();
		const double cpu_since = cpu_ns();
		double took;

		run(ctx, count);
		took = (cpu_ns() - cpu_since) / (double)count;
		best_cpu = took < best_cpu ? took : best_cpu;
		took = (double)(kist_now_ns() - since) / (double)count;
		best = took < best ? took : best;
	}
	printf("%-44s %10.1f ns, %10.1f ns of this process, best of %d times %ld\n", what, best, best_cpu, ROUNDS,
	       count);
}

static void measure_worker(const char *what, struct tasks *tasks, const char *name, const struct kist_task_arg *args,
			   size_t arg_count)
{
	struct through through = { .tasks = tasks, .name = name, .arg_count = arg_count, .ref = tasks_ref(tasks, name) };

	memcpy(through.args, args, arg_count * sizeof(args[0]));
	measure(what, run_worker, &through, WORKER_CALLS);
}

static uint64_t array_of(struct tasks *tasks, const char *args)
{
	struct kist_task_result result;
	struct kist_error error = KIST_ERROR_INIT;

	need(tasks_json(tasks, "count_up", args, &result, &error), &error);
	return result.object;
}

int main(void)
{
	kist_auto_json json_t *one = json_integer(1);
	kist_auto_json json_t *two = json_integer(2);
	kist_auto_task struct kist_task *task = NULL;
	struct kist_task_arg args[2] = { { .value = one }, { .value = two } };
	struct kist_signature signature;
	struct kist_error error = KIST_ERROR_INIT;
	struct tasks ordinary;
	struct tasks tasks;

	need(kist_signature_parse("f64,f64->f64", &signature, &error), &error);
	need(kist_task_prepare(&signature, (void (*)(void))add, &task, &error), &error);
	measure("direct call", run_direct, NULL, DIRECT_CALLS);
	measure("call through libffi, checked", run_ffi, task, DIRECT_CALLS);
	tasks_start(&tasks, "tests/zoo/tasks.plugin.json.in", "tasks.so", NULL);
	tasks_join(&ordinary, &tasks, "tests/zoo/ordinary.plugin.json.in", "ordinary.so");
	measure_worker("through the worker, two numbers", &tasks, "sub", args, 2);
	args[0] = (struct kist_task_arg){ .object = array_of(&tasks, "['f64', 1000]") };
	measure_worker("through the worker, 8 kB by pointer", &tasks, "sum", args, 1);
	measure_worker("through the worker, 8 kB fenced", &ordinary, "peek", args, 2);
	measure_worker("through the worker, a new array and its drop", &tasks, "scale", args, 1);
	tasks_stop(&ordinary);
	tasks_stop(&tasks);
	return 0;
}
