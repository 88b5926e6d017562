/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/run.h"

#include <signal.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
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
	kist_free(running->kept_ids);
	kist_trace_done(&running->trace);
	kist_guard_end(&running->guard);
	kist_save_close(running->cache);
	kist_job_free(running->job);
	kist_plan_done(&running->plan);
	json_decref(running->facts_artifacts);
	json_decref(running->facts_outputs);
	kist_run_folder_remove(&running->folder);
}

static kist_status init(struct kist_running *running, struct kist_error *err)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;

	KIST_TRY(kist_plan_make(entrypoint, &running->plan, err));
	KIST_TRY(kist_trace_make(entrypoint, &running->plan, &running->trace, err));
	running->steps = kist_alloc(entrypoint->step_count, sizeof(*running->steps));
	running->inputs = kist_alloc(entrypoint->input_count, sizeof(*running->inputs));
	running->kept =
		kist_alloc(entrypoint->artifact_count + entrypoint->output_count, sizeof(*running->kept));
	running->kept_ids = kist_alloc(entrypoint->artifact_count, sizeof(*running->kept_ids));
	running->facts_artifacts = json_array();
	running->facts_outputs = json_array();
	for (size_t i = 0; running->steps && i < entrypoint->step_count; i++)
		running->steps[i] = (struct kist_run_step){
			.state = KIST_JOB_QUEUED, .pid_fd = -1, .out_fd = -1, .lane = KIST_RUN_NO_LANE
		};
	for (size_t i = 0; running->inputs && i < entrypoint->input_count; i++) {
		running->inputs[i].reader = (struct kist_object_reader)KIST_OBJECT_READER_INIT;
		running->inputs[i].value = (struct kist_value)KIST_VALUE_INIT;
	}
	if (!running->steps || !running->inputs || !running->kept || !running->kept_ids ||
	    !running->facts_artifacts || !running->facts_outputs)
		return kist_fail_memory(err, entrypoint->step_count * sizeof(*running->steps));
	return kist_watch_start(&running->watch, running->flow->stop, err);
}

static void tell(const struct kist_running *running, size_t step)
{
	const struct kist_run_step *run = &running->steps[step];
	const struct kist_run_event event = { .entrypoint = running->entrypoint,
					      .step = step,
					      .state = run->state,
					      .took_ns = run->took_ns,
					      .error = run->error,
					      .is_cached = run->is_cached };

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
	if (running->job && state == KIST_JOB_STARTED)
		KIST_TRY(kist_running_note_taken(running, step, err));
	if (running->job && run->is_cached)
		KIST_TRY(kist_job_set_step_cached(running->job, running->entrypoint->steps[step].name, err));
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
	if (running->kept[at] || (!running->options->made && (keep->file ? running->options->no_outputs
									 : running->options->no_artifacts)))
		return false;
	return refers_to(running, keep->contents, step) ||
	       (keep->args && refers_to(running, keep->args, step));
}

/* Whether a metric is an output of step @step. */
static bool is_measured(const struct kist_running *running, size_t step)
{
	json_t *metrics = (json_t *)(uintptr_t)running->options->metrics;
	const char *name;
	json_t *said;

	json_object_foreach(metrics, name, said) {
		const struct kist_node node = kist_node_of_text(said);

		if (refers_to(running, &node, step))
			return true;
	}
	return false;
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
	return is_measured(running, step);
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
			kist_fd_close(&run->values[k].fd);
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

static kist_status start_task(struct kist_running *running, size_t step, bool *ret_ended,
			      struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	KIST_TRY(set_state(running, step, KIST_JOB_STARTED, err));
	status = kist_running_begin(running, step, ret_ended, &why);
	*ret_ended = *ret_ended || status != KIST_OK;
	return *ret_ended ? end_step(running, step, status, &why, err) : KIST_OK;
}

static kist_status start_command(struct kist_running *running, size_t step, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	KIST_TRY(set_state(running, step, KIST_JOB_STARTED, err));
	return kist_running_start(running, step, &why) == KIST_OK ? KIST_OK
								  : fail_step(running, step, &why, err);
}

/* Starts commands and tasks while there is room for them.  *@ret_ran: A task has ended, so there may be more. */
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
		if (running->entrypoint->steps[step].exec || !is_ready(running, step) ||
		    !kist_running_may_begin(running, step))
			continue;
		KIST_TRY(start_task(running, step, ret_ran, err));
		if (*ret_ran)
			return KIST_OK;
	}
	return KIST_OK;
}

static kist_status reap(struct kist_running *running, size_t step, struct kist_error *err)
{
	return running->steps[step].lane == KIST_RUN_NO_LANE ? kist_running_reap(running, step, err)
							     : kist_running_end(running, step, err);
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
		status = reap(running, ended, &why);
		KIST_TRY(end_step(running, ended, status, &why, err));
	}
	return running->has_failed ? err->status : KIST_OK;
}

/* After something that nothing can be done about: nothing is left behind that runs. */
static void end_all(struct kist_running *running)
{
	for (size_t i = 0; running->active > 0 && i < running->plan.count; i++) {
		struct kist_error why = KIST_ERROR_INIT;

		if (running->steps[i].lane != KIST_RUN_NO_LANE)
			kist_worker_cancel_task(running->flow->worker, running->steps[i].lane);
		else if (running->steps[i].pid != 0)
			(void)kill(-running->steps[i].pid, SIGKILL);
		else
			continue;
		if (reap(running, i, &why) != KIST_OK)
			(void)fail_step(running, i, &why, NULL);
	}
}

static kist_status run_all(struct kist_running *running, struct kist_error *err)
{
	kist_status status = kist_running_read_inputs(running, err);

	if (status == KIST_OK)
		status = kist_running_keep(running, err);
	if (status == KIST_OK)
		status = run_steps(running, err);
	if (status == KIST_OK)
		status = kist_running_measure(running, err);
	end_all(running);
	return status;
}

kist_status kist_run_entrypoint(struct kist_flow *flow, struct kist_entrypoint *entrypoint,
				const struct kist_run_options *options, struct kist_run_result *ret,
				struct kist_error *err)
{
	__attribute__((cleanup(running_done))) struct kist_running running = { .flow = flow,
									       .entrypoint = entrypoint,
									       .options = options,
									       .plan = KIST_PLAN_INIT,
									       .trace = KIST_TRACE_INIT,
									       .folder = KIST_RUN_FOLDER_INIT,
									       .guard = KIST_GUARD_INIT };
	struct kist_error own = KIST_ERROR_INIT;
	struct kist_error *why = err ? err : &own;
	kist_status status;
	kist_status ended;

	KIST_TRY(init(&running, why));
	KIST_TRY(kist_running_find_inputs(&running, why));
	KIST_TRY(kist_running_load_plugins(&running, why));
	KIST_TRY(kist_running_begin_job(&running, why));
	status = run_all(&running, why);
	ret->state = status == KIST_OK		? KIST_JOB_FINISHED
		     : status == KIST_CANCELLED ? KIST_JOB_STOPPED
						: KIST_JOB_FAILED;
	ended = kist_running_end_job(&running, ret->state, why, status == KIST_OK ? why : &own);
	KIST_TRY(kist_running_facts(&running, ret->state, &ret->facts, status == KIST_OK ? why : NULL));
	return status == KIST_OK ? ended : status;
}
