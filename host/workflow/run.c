/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "flow/convert.h"
#include "flow/find.h"
#include "job/commit.h"
#include "workflow/run_private.h"

void kist_run_result_done(struct kist_run_result *result)
{
	json_decref(result->facts);
	result->facts = NULL;
}

static void step_done(struct kist_run_step *run, size_t count)
{
	for (size_t i = 0; run->values && i < count; i++)
		kist_value_done(&run->values[i]);
	kist_free(run->values);
	kist_free(run->folder);
	kist_free(run->error);
	kist_fd_close(&run->pid_fd);
	kist_fd_close(&run->out_fd);
}

static void running_done(struct kist_running *running)
{
	kist_watch_end(&running->watch);
	for (size_t i = 0; running->steps && i < running->entrypoint->step_count; i++)
		step_done(&running->steps[i], running->entrypoint->steps[i].output_count);
	for (size_t i = 0; running->inputs && i < running->entrypoint->input_count; i++) {
		kist_value_done(&running->inputs[i].value);
		kist_object_reader_done(&running->inputs[i].reader);
		kist_artifact_done(&running->inputs[i].artifact);
	}
	kist_free(running->steps);
	kist_free(running->inputs);
	kist_free(running->kept);
	kist_job_free(running->job);
	kist_plan_done(&running->plan);
	json_decref(running->facts_artifacts);
	json_decref(running->facts_outputs);
	kist_running_remove_folder(running);
}

static kist_status init(struct kist_running *running, struct kist_error *err)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;

	KIST_TRY(kist_plan_make(entrypoint, &running->plan, err));
	running->steps = kist_alloc(entrypoint->step_count, sizeof(*running->steps));
	running->inputs = kist_alloc(entrypoint->input_count, sizeof(*running->inputs));
	running->kept =
		kist_alloc(entrypoint->artifact_count + entrypoint->output_count, sizeof(*running->kept));
	running->facts_artifacts = json_array();
	running->facts_outputs = json_array();
	for (size_t i = 0; running->steps && i < entrypoint->step_count; i++)
		running->steps[i] =
			(struct kist_run_step){ .state = KIST_JOB_QUEUED, .pid_fd = -1, .out_fd = -1 };
	for (size_t i = 0; running->inputs && i < entrypoint->input_count; i++) {
		running->inputs[i].reader = (struct kist_object_reader)KIST_OBJECT_READER_INIT;
		running->inputs[i].value = (struct kist_value)KIST_VALUE_INIT;
	}
	if (!running->steps || !running->inputs || !running->kept || !running->facts_artifacts ||
	    !running->facts_outputs)
		return kist_fail_memory(err, entrypoint->step_count * sizeof(*running->steps));
	return kist_watch_start(&running->watch, running->flow->stop, err);
}

/* Finds the artifacts of all inputs, and who reads them. */
static kist_status find_inputs(struct kist_running *running, struct kist_error *err)
{
	for (size_t i = 0; i < running->entrypoint->input_count; i++) {
		const char *input = running->entrypoint->inputs[i].name;
		const char *name = kist_json_get_text(running->options->inputs, input);
		struct kist_run_input *taken = &running->inputs[i];

		if (!name)
			return kist_fail(err, KIST_INVALID, "no artifact is given for the input '%s'", input);
		if (kist_find(running->flow, name, strlen(name), &taken->artifact, err) != KIST_OK ||
		    kist_stored_target(running->flow, taken->artifact.record, &taken->target, err) != KIST_OK)
			return kist_fail_context(err, "artifact input '%s'", input);
	}
	return KIST_OK;
}

/* Gathers what is to be in the worker: each entry once. */
struct loading {
	struct kist_route_target targets[KIST_FLOW_PLUGINS_MAX];
	size_t count;
	struct kist_error *err;
};

static kist_status load_later(struct loading *loading, const struct kist_catalog_entry *entry)
{
	for (size_t i = 0; i < loading->count; i++) {
		if (loading->targets[i].entry == entry)
			return KIST_OK;
	}
	if (loading->count == KIST_FLOW_PLUGINS_MAX)
		return kist_fail(loading->err, KIST_LIMIT, "more than %d plugins in one run",
				 KIST_FLOW_PLUGINS_MAX);
	loading->targets[loading->count++].entry = entry;
	return KIST_OK;
}

/* Files of commands, and outputs without a task, go to whoever knows them: who that is shows only then. */
static kist_status load_all_types(struct kist_running *running, struct loading *loading)
{
	const struct kist_catalog *catalog;

	KIST_TRY(kist_flow_catalog(running->flow, &catalog, loading->err));
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];

		if (entry->manifest && entry->refusal.status == KIST_OK && entry->manifest->type_count > 0)
			KIST_TRY(load_later(loading, entry));
	}
	return KIST_OK;
}

/* All plugins are loaded before the first of them is used: that seals the worker. */
static kist_status load_plugins(struct kist_running *running, struct kist_error *err)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;
	struct loading loading = { .count = 0, .err = err };
	bool needs_types = entrypoint->output_count > 0;

	for (size_t i = 0; i < entrypoint->step_count; i++) {
		needs_types = needs_types || entrypoint->steps[i].exec;
		if (entrypoint->steps[i].function)
			KIST_TRY(load_later(&loading, entrypoint->steps[i].function->entry));
	}
	for (size_t i = 0; i < entrypoint->artifact_count; i++)
		KIST_TRY(load_later(&loading, entrypoint->artifacts[i].artifact->entry));
	for (size_t i = 0; i < entrypoint->input_count; i++)
		KIST_TRY(load_later(&loading, running->inputs[i].target.entry));
	if (needs_types)
		KIST_TRY(load_all_types(running, &loading));
	KIST_TRY(kist_flow_load(running->flow, loading.targets, loading.count, err));
	running->flow->worker_used = true;
	return KIST_OK;
}

static kist_status check_input(const struct kist_artifact_input *input, uint32_t kind, struct kist_error *err)
{
	static const struct kist_type *const of_kinds[KIST_KIND_COUNT] = {
		[KIST_KIND_NULL] = &kist_type_null,	[KIST_KIND_BYTES] = &kist_type_bytes,
		[KIST_KIND_TENSOR] = &kist_type_tensor, [KIST_KIND_MODEL] = &kist_type_model,
		[KIST_KIND_TABLE] = &kist_type_table,	[KIST_KIND_VALUE] = &kist_type_unknown,
		[KIST_KIND_OPAQUE] = &kist_type_any,
	};
	const struct kist_type *given = kind < KIST_KIND_COUNT ? of_kinds[kind] : &kist_type_any;
	char wanted[160];

	if (kist_type_may_hold(input->type, given))
		return KIST_OK;
	kist_type_print(input->type, wanted, sizeof(wanted));
	return kist_fail_at(err, KIST_INVALID, "E_TYPE", KIST_NO_OFFSET, "it is %s, and %s is expected",
			    given->name, wanted);
}

static kist_status read_input(struct kist_running *running, size_t i, struct kist_error *err)
{
	struct kist_run_input *taken = &running->inputs[i];
	kist_auto_json json_t *params = NULL;
	struct kist_serializer_ref serializer;
	struct kist_input input;

	KIST_TRY(kist_flow_serializer(running->flow, &taken->target, false,
				      kist_record_read_params(taken->artifact.record), &serializer, &params,
				      err));
	KIST_TRY(kist_object_reader_open(running->flow, taken->artifact.record, &taken->reader, err));
	input = kist_object_reader_input(&taken->reader);
	KIST_TRY(kist_worker_deserialize(running->flow->worker, &serializer, &input, &taken->value.object,
					 &taken->value.kind, err));
	return check_input(&running->entrypoint->inputs[i], taken->value.kind, err);
}

static kist_status read_inputs(struct kist_running *running, struct kist_error *err)
{
	for (size_t i = 0; i < running->entrypoint->input_count; i++) {
		if (read_input(running, i, err) != KIST_OK)
			return kist_fail_context(err, "artifact input '%s'",
						 running->entrypoint->inputs[i].name);
	}
	return KIST_OK;
}

static kist_status describe_job(struct kist_running *running, struct kist_error *err)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;
	struct kist_job *job = running->job;

	for (size_t i = 0; i < entrypoint->parameter_count; i++) {
		if (entrypoint->parameters[i].value)
			KIST_TRY(kist_job_set_param(job, entrypoint->parameters[i].name,
						    entrypoint->parameters[i].value, err));
	}
	for (size_t i = 0; i < entrypoint->input_count; i++)
		KIST_TRY(kist_job_add_input(job, entrypoint->inputs[i].name, &running->inputs[i].artifact.id,
					    err));
	for (size_t i = 0; i < running->plan.count; i++) {
		const struct kist_step *step = &entrypoint->steps[running->plan.order[i]];
		const struct kist_manifest *manifest =
			step->function ? step->function->entry->manifest : NULL;
		const struct kist_job_step added = {
			.name = step->name,
			.task = step->task,
			.plugin_id = manifest ? manifest->id : NULL,
			.plugin_version = manifest ? manifest->version : NULL,
			.plugin_sha256 = manifest ? &manifest->library_sha256 : NULL,
		};

		KIST_TRY(kist_job_add_step(job, &added, err));
	}
	return KIST_OK;
}

static kist_status begin_job(struct kist_running *running, struct kist_error *err)
{
	const struct kist_run_options *options = running->options;
	const struct kist_job_options how = { .kind = "run",
					      .entrypoint = options->name,
					      .command = options->command,
					      .command_count = options->command_count };

	if (options->no_artifacts && options->no_outputs)
		return KIST_OK;
	KIST_TRY(kist_job_new(&how, &running->job, err));
	KIST_TRY(describe_job(running, err));
	KIST_TRY(kist_job_set_state(running->job, KIST_JOB_STARTED, getpid(), err));
	return kist_job_commit_alone(running->flow, running->job, err);
}

static void tell(const struct kist_running *running, size_t step)
{
	const struct kist_run_step *run = &running->steps[step];
	const struct kist_run_event event = { .entrypoint = running->entrypoint,
					      .step = step,
					      .state = run->state,
					      .took_ns = run->took_ns,
					      .error = run->error };

	if (running->options->event)
		running->options->event(running->options->ctx, &event);
}

static kist_status set_state(struct kist_running *running, size_t step, enum kist_job_state state,
			     struct kist_error *err)
{
	struct kist_run_step *run = &running->steps[step];

	run->state = state;
	if (state == KIST_JOB_STARTED)
		run->started_ns = kist_now_ns();
	else
		run->took_ns = run->started_ns ? kist_now_ns() - run->started_ns : 0;
	tell(running, step);
	return running->job ? kist_job_set_step_state(running->job, running->entrypoint->steps[step].name,
						      state, run->error, err)
			    : KIST_OK;
}

/* Takes note of a step that failed with @why; the first of them is what the run fails with. */
static kist_status fail_step(struct kist_running *running, size_t step, const struct kist_error *why,
			     struct kist_error *err)
{
	const bool is_stopped = kist_flow_check_stop(running->flow, NULL) != KIST_OK;
	struct kist_run_step *run = &running->steps[step];

	kist_free(run->error);
	run->error = kist_strndup(why->text, strlen(why->text));
	if (!running->has_failed) {
		running->has_failed = true;
		(void)kist_fail_as(err, is_stopped ? KIST_CANCELLED : why->status, why);
		if (err)
			(void)kist_fail_context(err, "step '%s'", running->entrypoint->steps[step].name);
	}
	return set_state(running, step, is_stopped ? KIST_JOB_STOPPED : KIST_JOB_FAILED, NULL);
}

/* Whether @node or anything within it refers to step @step. */
static bool refers_to(const struct kist_running *running, const struct kist_node *node, size_t step)
{
	const struct kist_reference reference = kist_entrypoint_resolve(running->entrypoint, node);

	if (reference.kind == KIST_REFERENCE_STEP && reference.index == step)
		return true;
	for (const struct kist_node *child = node->first; child; child = child->next) {
		if (refers_to(running, child, step))
			return true;
	}
	return false;
}

static bool is_wanted_by(const struct kist_running *running, const struct kist_keep *keep, size_t at,
			 size_t step)
{
	if (running->kept[at] || (keep->file ? running->options->no_outputs : running->options->no_artifacts))
		return false;
	return refers_to(running, keep->contents, step) ||
	       (keep->args && refers_to(running, keep->args, step));
}

/* Whether somebody still needs what step @step gave. */
static bool is_needed(const struct kist_running *running, size_t step)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;

	for (size_t i = 0; i < running->plan.count; i++) {
		if (!kist_job_state_is_end(running->steps[i].state) &&
		    kist_plan_needs(&running->plan, i, step))
			return true;
	}
	for (size_t i = 0; i < entrypoint->artifact_count; i++) {
		if (is_wanted_by(running, &entrypoint->artifacts[i], i, step))
			return true;
	}
	for (size_t i = 0; i < entrypoint->output_count; i++) {
		if (is_wanted_by(running, &entrypoint->outputs[i], entrypoint->artifact_count + i, step))
			return true;
	}
	return false;
}

/* The worker gives up objects that nobody needs any more. */
static void drop_unneeded(struct kist_running *running)
{
	for (size_t i = 0; i < running->plan.count; i++) {
		const struct kist_step *step = &running->entrypoint->steps[i];
		struct kist_run_step *run = &running->steps[i];

		if (!run->values || !kist_job_state_is_end(run->state) || is_needed(running, i))
			continue;
		for (size_t k = 0; k < step->output_count; k++) {
			if (run->values[k].object != 0)
				(void)!kist_worker_drop(running->flow->worker, run->values[k].object, NULL);
			run->values[k].object = 0;
		}
	}
}

/* A step has come to its end, with @status: keeps what can be kept now. */
static kist_status end_step(struct kist_running *running, size_t step, kist_status status,
			    struct kist_error *why, struct kist_error *err)
{
	if (status == KIST_OK) {
		status = set_state(running, step, KIST_JOB_FINISHED, why);
		if (status == KIST_OK)
			status = kist_running_keep(running, why);
		drop_unneeded(running);
	}
	if (status == KIST_OK)
		return KIST_OK;
	if (running->steps[step].state != KIST_JOB_FINISHED)
		return fail_step(running, step, why, err);
	/* The step itself is done; keeping failed. */
	running->has_failed = true;
	return kist_fail_as(err, status, why);
}

static bool is_ready(const struct kist_running *running, size_t step)
{
	if (running->steps[step].state != KIST_JOB_QUEUED)
		return false;
	for (size_t i = 0; i < running->plan.count; i++) {
		if (kist_plan_needs(&running->plan, step, i) && running->steps[i].state != KIST_JOB_FINISHED)
			return false;
	}
	return true;
}

static kist_status run_task(struct kist_running *running, size_t step, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	KIST_TRY(set_state(running, step, KIST_JOB_STARTED, err));
	status = kist_running_task(running, step, &why);
	return end_step(running, step, status, &why, err);
}

static kist_status start_command(struct kist_running *running, size_t step, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	KIST_TRY(set_state(running, step, KIST_JOB_STARTED, err));
	return kist_running_start(running, step, &why) == KIST_OK ? KIST_OK
								  : fail_step(running, step, &why, err);
}

/* Starts commands while there is room for them, and runs one task.  *@ret_ran: Whether one was run. */
static kist_status go_on(struct kist_running *running, bool *ret_ran, struct kist_error *err)
{
	for (size_t i = 0; i < running->plan.count; i++) {
		const size_t step = running->plan.order[i];

		if (running->has_failed || running->active >= running->options->jobs)
			return KIST_OK;
		if (running->entrypoint->steps[step].exec && is_ready(running, step))
			KIST_TRY(start_command(running, step, err));
	}
	for (size_t i = 0; i < running->plan.count; i++) {
		const size_t step = running->plan.order[i];

		if (running->has_failed || running->active >= running->options->jobs)
			return KIST_OK;
		if (!running->entrypoint->steps[step].exec && is_ready(running, step)) {
			*ret_ran = true;
			return run_task(running, step, err);
		}
	}
	return KIST_OK;
}

/* Until all has ended, or nothing can go on.  What fails is noted; what is returned ends all at once. */
static kist_status run_steps(struct kist_running *running, struct kist_error *err)
{
	bool ran = true;

	while (ran || running->active > 0) {
		struct kist_error why = KIST_ERROR_INIT;
		size_t ended;
		kist_status status;

		ran = false;
		if (!running->has_failed && kist_flow_check_stop(running->flow, err) != KIST_OK)
			running->has_failed = true;
		KIST_TRY(go_on(running, &ran, err));
		kist_running_wait(running, !ran, &ended);
		if (ended == SIZE_MAX)
			continue;
		ran = true;
		status = kist_running_reap(running, ended, &why);
		KIST_TRY(end_step(running, ended, status, &why, err));
	}
	return running->has_failed ? err->status : KIST_OK;
}

/* After something that nothing can be done about: no command is left behind. */
static void end_commands(struct kist_running *running)
{
	for (size_t i = 0; running->active > 0 && i < running->plan.count; i++) {
		struct kist_error why = KIST_ERROR_INIT;

		if (running->steps[i].pid == 0)
			continue;
		(void)kill(-running->steps[i].pid, SIGKILL);
		if (kist_running_reap(running, i, &why) != KIST_OK)
			(void)fail_step(running, i, &why, NULL);
	}
}

/* What became of the whole, for the record. */
static kist_status end_job(struct kist_running *running, enum kist_job_state state,
			   const struct kist_error *why, struct kist_error *err)
{
	if (!running->job)
		return KIST_OK;
	/* Who asked to stop wants to know what was made. */
	running->flow->stop = NULL;
	for (size_t i = 0; i < running->plan.count; i++) {
		if (!kist_job_state_is_end(running->steps[i].state))
			KIST_TRY(kist_job_set_step_state(running->job, running->entrypoint->steps[i].name,
							 KIST_JOB_STOPPED, NULL, err));
	}
	if (state != KIST_JOB_FINISHED) {
		KIST_TRY(kist_job_set_error(running->job, why->text, err));
		KIST_TRY(kist_job_mark_partial(running->job, err));
	}
	KIST_TRY(kist_job_set_state(running->job, state, 0, err));
	return kist_job_commit_alone(running->flow, running->job, err);
}

static kist_status make_facts(const struct kist_running *running, enum kist_job_state state, json_t **ret,
			      struct kist_error *err)
{
	kist_auto_json json_t *steps = json_array();

	for (size_t i = 0; steps && i < running->plan.count; i++) {
		const size_t at = running->plan.order[i];
		const struct kist_run_step *run = &running->steps[at];
		json_t *row = json_pack("{ss,ss,ss*}", "name", running->entrypoint->steps[at].name, "state",
					kist_job_state_name(run->state), "error", run->error);

		if (row && run->started_ns != 0)
			(void)json_object_set_new(row, "ms", json_real((double)(run->took_ns / 1000) / 1e3));
		if (!row || json_array_append_new(steps, row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	*ret = json_pack("{ss?,ss,sO,sO,sO}", "job", running->job ? kist_job_id(running->job) : NULL, "state",
			 kist_job_state_name(state), "steps", steps, "artifacts", running->facts_artifacts,
			 "outputs", running->facts_outputs);
	return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

static kist_status run_all(struct kist_running *running, struct kist_error *err)
{
	kist_status status = read_inputs(running, err);

	if (status == KIST_OK)
		status = kist_running_keep(running, err);
	if (status == KIST_OK)
		status = run_steps(running, err);
	end_commands(running);
	return status;
}

kist_status kist_run_entrypoint(struct kist_flow *flow, struct kist_entrypoint *entrypoint,
				const struct kist_run_options *options, struct kist_run_result *ret,
				struct kist_error *err)
{
	__attribute__((cleanup(running_done))) struct kist_running running = {
		.flow = flow, .entrypoint = entrypoint, .options = options, .plan = KIST_PLAN_INIT
	};
	struct kist_error own = KIST_ERROR_INIT;
	struct kist_error *why = err ? err : &own;
	kist_status status;
	kist_status ended;

	KIST_TRY(init(&running, why));
	KIST_TRY(find_inputs(&running, why));
	KIST_TRY(load_plugins(&running, why));
	KIST_TRY(begin_job(&running, why));
	status = run_all(&running, why);
	ret->state = status == KIST_OK		? KIST_JOB_FINISHED
		     : status == KIST_CANCELLED ? KIST_JOB_STOPPED
						: KIST_JOB_FAILED;
	ended = end_job(&running, ret->state, why, status == KIST_OK ? why : &own);
	KIST_TRY(make_facts(&running, ret->state, &ret->facts, status == KIST_OK ? why : NULL));
	return status == KIST_OK ? ended : status;
}
