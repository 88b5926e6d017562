/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
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
		return kist_fail(err, KIST_DEADLINE, "task '%s' took longer than its %g seconds",
				 calling->step->task, calling->step->timeout_s);
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}

static kist_status call_now(struct kist_running *running, size_t step, struct kist_error *err)
{
	const struct kist_step *made_of = &running->entrypoint->steps[step];
	const struct kist_offer_function *function = made_of->function;
	__attribute__((cleanup(calling_done))) struct calling calling = { .running = running,
									  .step = made_of };
	struct kist_task_result results[KIST_MANIFEST_OUTPUTS_MAX] = { { .name = NULL } };
	struct kist_task_ref ref = { .task_index = function->task_index };
	struct kist_value *values;

	KIST_TRY(set_arguments(&calling, err));
	KIST_TRY(kist_worker_load(running->flow->worker, function->entry, &ref.plugin, err));
	values = kist_alloc(function->output_count, sizeof(*values));
	if (!values)
		return kist_fail_memory(err, function->output_count * sizeof(*values));
	running->steps[step].values = values;
	for (size_t i = 0; i < function->output_count; i++)
		values[i] = (struct kist_value)KIST_VALUE_INIT;
	if (call(&calling, &ref, results, err) != KIST_OK) {
		running->steps[step].values = NULL;
		kist_free(values);
		return err->status;
	}
	for (size_t i = 0; i < function->output_count; i++) {
		values[i].json = kist_steal(results[i].value);
		values[i].object = results[i].object;
		values[i].kind = results[i].kind;
	}
	kist_task_results_done(results, function->output_count);
	return KIST_OK;
}

kist_status kist_running_task(struct kist_running *running, size_t step, struct kist_error *err)
{
	const struct kist_step *made_of = &running->entrypoint->steps[step];
	struct kist_run_step *run = &running->steps[step];
	struct kist_digest key;
	const bool is_known = kist_running_key(running, step, &key);

	run->is_cached = is_known && kist_running_recall(running, step, &key);
	if (!run->is_cached)
		KIST_TRY(call_now(running, step, err));
	for (size_t i = 0; is_known && i < made_of->output_count; i++) {
		if (run->values[i].object != 0)
			kist_value_set_source(&run->values[i], "step", &key, NULL, made_of->outputs[i].name);
	}
	if (is_known && !run->is_cached)
		kist_running_remember(running, step, &key);
	return KIST_OK;
}
