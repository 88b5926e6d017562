/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "kist/plugin.h"
#include "workflow/run_private.h"

/* What the arguments of one call hold while it lasts. */
struct calling {
	struct kist_running *running;
	const struct kist_step *step;
	struct kist_task_arg args[KIST_SIGNATURE_ARGS_MAX];
	json_t *values[KIST_SIGNATURE_ARGS_MAX];
	struct kist_buf bytes[KIST_SIGNATURE_ARGS_MAX];
};

static void calling_done(struct calling *calling)
{
	for (size_t i = 0; i < KIST_SIGNATURE_ARGS_MAX; i++) {
		json_decref(calling->values[i]);
		kist_buf_done(&calling->bytes[i]);
	}
}

/* The file of a command, as bytes. */
static kist_status set_file(struct calling *calling, size_t i, const char *path, struct kist_error *err)
{
	struct kist_buf *bytes = &calling->bytes[i];

	bytes->size_max = (size_t)1 << 20;
	KIST_TRY(kist_read_file_at(AT_FDCWD, path, bytes, err));
	calling->args[i].bytes = bytes->data ? kist_buf_view(bytes) : kist_view_of("", 0);
	return KIST_OK;
}

static kist_status set_argument(struct calling *calling, size_t i, const struct kist_node *node,
				struct kist_error *err)
{
	const struct kist_value *value = kist_running_find(calling->running, node);

	if (value && value->object != 0) {
		calling->args[i].object = value->object;
		return KIST_OK;
	}
	if (value && value->file)
		return set_file(calling, i, value->file, err);
	KIST_TRY(kist_running_json(calling->running, node, &calling->values[i], err));
	calling->args[i].value = calling->values[i];
	return KIST_OK;
}

const struct kist_node *kist_running_argument(const struct kist_step *step, size_t i)
{
	const struct kist_node *node = kist_step_arg(step, i);

	return node || !step->kwargs ? node : kist_node_get(step->kwargs, step->function->inputs[i].name);
}

static kist_status set_arguments(struct calling *calling, struct kist_error *err)
{
	const struct kist_step *step = calling->step;
	const struct kist_offer_function *function = step->function;

	for (size_t i = 0; i < function->input_count; i++) {
		const struct kist_node *node = kist_running_argument(step, i);

		if (!node)
			continue;
		if (set_argument(calling, i, node, err) != KIST_OK)
			return kist_fail_context(err, "task '%s': argument '%s'", step->task,
						 function->inputs[i].name);
	}
	return KIST_OK;
}

static kist_status fail_late(const struct kist_step *step, struct kist_error *err)
{
	return kist_fail(err, KIST_DEADLINE, "task '%s' took longer than its %g seconds", step->task,
			 step->timeout_s);
}

static kist_status call(struct calling *calling, const struct kist_task_ref *ref,
			struct kist_task_result *results, struct kist_error *err)
{
	struct kist_running *running = calling->running;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	kist_watch_begin(&running->watch, running->flow->worker, calling->step->timeout_s);
	status = kist_worker_call_task(running->flow->worker, ref, calling->args,
				       calling->step->function->input_count, results, &why);
	if (kist_watch_finish(&running->watch) && status != KIST_OK)
		return fail_late(calling->step, err);
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}

static kist_status keep_results(struct kist_running *running, size_t step, struct kist_task_result *results,
				struct kist_error *err)
{
	const struct kist_offer_function *function = running->entrypoint->steps[step].function;
	struct kist_value *values = kist_alloc(function->output_count, sizeof(*values));

	for (size_t i = 0; values && i < function->output_count; i++) {
		values[i] = (struct kist_value)KIST_VALUE_INIT;
		values[i].json = kist_steal(results[i].value);
		values[i].object = results[i].object;
		values[i].kind = results[i].kind;
	}
	kist_task_results_done(results, function->output_count);
	running->steps[step].values = values;
	return values ? KIST_OK : kist_fail_memory(err, function->output_count * sizeof(*values));
}

/* What can be lent to several at once, and is all there. */
static bool is_plain(const struct kist_value *value)
{
	return value->object == 0 || value->kind == KIST_KIND_TENSOR || value->kind == KIST_KIND_BYTES ||
	       value->kind == KIST_KIND_VALUE;
}

static const struct kist_manifest_task *declared(const struct kist_offer_function *function)
{
	return &function->entry->manifest->tasks[function->task_index];
}

/* What a step gave may be kept while the lane is busy: by a type of the same plugin, on the worker's thread. */
static bool fits_lane(const struct kist_running *running, const struct kist_step *step)
{
	if ((declared(step->function)->caps & KIST_CAP_REENTRANT) == 0 &&
	    step->function->entry->manifest->type_count > 0)
		return false;
	for (size_t i = 0; i < step->function->input_count; i++) {
		const struct kist_node *node = kist_running_argument(step, i);
		const struct kist_value *value = node ? kist_running_find(running, node) : NULL;

		if (value && !is_plain(value))
			return false;
	}
	return true;
}

/* KIST_RUN_NO_LANE: none is free. */
static size_t find_lane(const struct kist_running *running)
{
	const size_t count = kist_worker_lane_count(running->flow->worker);
	bool is_taken[KIST_WORKER_LANES_MAX] = { false };

	for (size_t i = 0; i < running->plan.count; i++) {
		if (running->steps[i].lane != KIST_RUN_NO_LANE)
			is_taken[running->steps[i].lane] = true;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_taken[i])
			return i;
	}
	return KIST_RUN_NO_LANE;
}

bool kist_running_may_begin(const struct kist_running *running, size_t step)
{
	const struct kist_offer_function *function = running->entrypoint->steps[step].function;
	const bool is_reentrant = (declared(function)->caps & KIST_CAP_REENTRANT) != 0;

	for (size_t i = 0; i < running->plan.count; i++) {
		const struct kist_offer_function *other = running->entrypoint->steps[i].function;

		if (running->steps[i].lane != KIST_RUN_NO_LANE && other->entry == function->entry &&
		    !(is_reentrant && (declared(other)->caps & KIST_CAP_REENTRANT) != 0))
			return false;
	}
	return kist_worker_lane_count(running->flow->worker) == 0 || find_lane(running) != KIST_RUN_NO_LANE ||
	       !fits_lane(running, &running->entrypoint->steps[step]);
}

/* Calls the function, in a lane if it can; *@ret_ended: in none, so it has ended. */
static kist_status call_now(struct kist_running *running, size_t step, bool *ret_ended,
			    struct kist_error *err)
{
	const struct kist_step *made_of = &running->entrypoint->steps[step];
	const struct kist_offer_function *function = made_of->function;
	__attribute__((cleanup(calling_done))) struct calling calling = { .running = running,
									  .step = made_of };
	struct kist_task_result results[KIST_MANIFEST_OUTPUTS_MAX] = { { .name = NULL } };
	struct kist_task_ref ref = { .task_index = function->task_index };
	const size_t lane = fits_lane(running, made_of) ? find_lane(running) : KIST_RUN_NO_LANE;

	KIST_TRY(set_arguments(&calling, err));
	KIST_TRY(kist_worker_load(running->flow->worker, function->entry, &ref.plugin, err));
	*ret_ended = lane == KIST_RUN_NO_LANE;
	if (*ret_ended) {
		KIST_TRY(call(&calling, &ref, results, err));
		return keep_results(running, step, results, err);
	}
	KIST_TRY(kist_worker_begin_task(running->flow->worker, lane, &ref, calling.args,
					function->input_count, (uint64_t)ceil(made_of->timeout_s * 1000),
					err));
	running->steps[step].lane = lane;
	running->active++;
	return KIST_OK;
}

/* The outputs are there. */
static void remember(struct kist_running *running, size_t step)
{
	const struct kist_step *made_of = &running->entrypoint->steps[step];
	struct kist_run_step *run = &running->steps[step];

	for (size_t i = 0; run->has_key && i < made_of->output_count; i++) {
		if (run->values[i].object != 0)
			kist_value_set_source(&run->values[i], "step", &run->key, NULL,
					      made_of->outputs[i].name);
	}
	if (run->has_key && !run->is_cached)
		kist_running_remember(running, step, &run->key);
}

kist_status kist_running_begin(struct kist_running *running, size_t step, bool *ret_ended,
			       struct kist_error *err)
{
	struct kist_run_step *run = &running->steps[step];

	run->has_key = kist_running_key(running, step, &run->key);
	if (run->has_key && running->job)
		KIST_TRY(kist_job_set_step_key(running->job, running->entrypoint->steps[step].name, &run->key,
					       err));
	run->is_cached = run->has_key && kist_running_recall(running, step, &run->key);
	*ret_ended = run->is_cached;
	if (!run->is_cached)
		KIST_TRY(call_now(running, step, ret_ended, err));
	if (*ret_ended)
		remember(running, step);
	return KIST_OK;
}

kist_status kist_running_end(struct kist_running *running, size_t step, struct kist_error *err)
{
	const struct kist_step *made_of = &running->entrypoint->steps[step];
	struct kist_task_result results[KIST_MANIFEST_OUTPUTS_MAX] = { { .name = NULL } };
	struct kist_run_step *run = &running->steps[step];
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_worker_end_task(running->flow->worker, run->lane, results, &why);

	run->lane = KIST_RUN_NO_LANE;
	running->active--;
	/* Else it was the limit of all calls that was over. */
	if (status == KIST_DEADLINE && made_of->timeout_s > 0 &&
	    (double)(kist_now_ns() - run->started_ns) >= made_of->timeout_s * 1e9)
		return fail_late(made_of, err);
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	KIST_TRY(keep_results(running, step, results, err));
	remember(running, step);
	return KIST_OK;
}
