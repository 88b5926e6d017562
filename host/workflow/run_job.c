/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "job/commit.h"
#include "store/lean.h"
#include "workflow/run_private.h"

static kist_status tag_job(struct kist_running *running, struct kist_error *err)
{
	json_t *tags = (json_t *)(uintptr_t)running->options->tags;
	const char *key;
	json_t *text;

	json_object_foreach(tags, key, text)
		KIST_TRY(kist_job_set_tag(running->job, key, json_string_value(text), err));
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

/* The record, with what ran; all of it once more when a collector has removed what it was going to share. */
static kist_status commit_begin(struct kist_running *running, struct kist_error *err)
{
	for (unsigned left = KIST_RUN_COMMIT_TRIES_MAX;; left--) {
		kist_auto_save struct kist_save *save = NULL;
		struct kist_error why = KIST_ERROR_INIT;
		kist_status status;

		KIST_TRY(kist_save_open(running->flow, &save, err));
		status = kist_running_keep_source(running, save, &why);
		if (status == KIST_OK)
			status = kist_job_commit(running->job, save, &why);
		if (status == KIST_OK)
			return KIST_OK;
		if (left == 1 || !kist_is_collected(&why))
			return kist_fail_as(err, status, &why);
	}
}

kist_status kist_running_begin_job(struct kist_running *running, struct kist_error *err)
{
	const struct kist_run_options *options = running->options;
	const struct kist_job_options how = { .kind = options->kind ? options->kind : "run",
					      .project = options->project,
					      .parent = options->parent,
					      .entrypoint = options->name,
					      .command = options->command,
					      .command_count = options->command_count };

	if (options->no_artifacts && options->no_outputs)
		return KIST_OK;
	KIST_TRY(kist_job_new(&how, &running->job, err));
	KIST_TRY(describe_job(running, err));
	KIST_TRY(tag_job(running, err));
	KIST_TRY(kist_job_set_state(running->job, KIST_JOB_STARTED, getpid(), err));
	return commit_begin(running, err);
}

kist_status kist_running_measure(struct kist_running *running, struct kist_error *err)
{
	json_t *metrics = (json_t *)(uintptr_t)running->options->metrics;
	const char *name;
	json_t *said;

	json_object_foreach(metrics, name, said) {
		const struct kist_node node = kist_node_of_text(said);
		kist_auto_json json_t *value = NULL;

		if (kist_running_json(running, &node, &value, err) != KIST_OK)
			return kist_fail_context(err, "metric '%s'", name);
		if (!json_is_number(value))
			return kist_fail_at(err, KIST_INVALID, "E_METRIC", KIST_NO_OFFSET,
					    "metric '%s': '%s' is no number", name, node.text);
		if (running->job)
			KIST_TRY(
				kist_job_add_metric(running->job, name, 0, json_number_value(value), 0, err));
	}
	return KIST_OK;
}

/* The artifact output under which that is kept which @node refers to; SIZE_MAX: none. */
static size_t kept_as(const struct kist_running *running, const struct kist_node *node)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;
	const struct kist_value *value = kist_running_find(running, node);

	for (size_t i = 0; value && i < entrypoint->artifact_count; i++) {
		if (running->kept[i] &&
		    kist_running_find(running, entrypoint->artifacts[i].contents) == value)
			return i;
	}
	return SIZE_MAX;
}

/* Marks artifact inputs in @inputs, artifact outputs in @kept. */
static void mark_taken(const struct kist_running *running, const struct kist_node *node, bool *inputs,
		       bool *kept)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;
	const size_t as = kist_entrypoint_resolve(entrypoint, node).kind == KIST_REFERENCE_STEP
				  ? kept_as(running, node)
				  : SIZE_MAX;

	if (as != SIZE_MAX)
		kept[as] = true;
	else if (!node->first)
		kist_trace_mark(&running->trace, entrypoint, node, inputs);
	for (const struct kist_node *child = node->first; child; child = child->next)
		mark_taken(running, child, inputs, kept);
}

kist_status kist_running_note_taken(struct kist_running *running, size_t step, struct kist_error *err)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;
	const struct kist_step *taker = &entrypoint->steps[step];
	const struct kist_node *const given[] = { taker->args, taker->kwargs, taker->exec };
	kist_auto_mem bool *inputs = kist_alloc(entrypoint->input_count, sizeof(*inputs));
	kist_auto_mem bool *kept = kist_alloc(entrypoint->artifact_count, sizeof(*kept));

	if (!inputs || !kept)
		return kist_fail_memory(err, entrypoint->input_count);
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		if (given[i])
			mark_taken(running, given[i], inputs, kept);
	}
	for (size_t i = 0; i < entrypoint->input_count; i++) {
		if (inputs[i])
			KIST_TRY(kist_job_add_step_input(running->job, taker->name,
							 entrypoint->inputs[i].name,
							 &running->inputs[i].artifact.id, err));
	}
	for (size_t i = 0; i < entrypoint->artifact_count; i++) {
		if (kept[i])
			KIST_TRY(kist_job_add_step_input(running->job, taker->name,
							 entrypoint->artifacts[i].name, &running->kept_ids[i],
							 err));
	}
	return KIST_OK;
}

/* The names of all that a run made, when they move with its end. */
static kist_status put_names(const struct kist_running *running, struct kist_save *save,
			     struct kist_error *err)
{
	const json_t *row;
	size_t i;

	json_array_foreach(running->facts_artifacts, i, row) {
		const char *name = kist_json_get_text(row, "name");
		struct kist_digest artifact;

		if (!kist_record_get_digest(row, "artifact", &artifact))
			return kist_fail(err, KIST_CORRUPT, "an artifact without a digest");
		KIST_TRY(kist_save_own_ref(save, name, strlen(name), &artifact, "put", err));
	}
	return KIST_OK;
}

/* The record, and the names when they move with it, in one commit; results for later runs, too, if that can be. */
static kist_status commit_end(struct kist_running *running, bool with_names, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;

	if (running->cache && (!with_names || put_names(running, running->cache, NULL) == KIST_OK) &&
	    kist_running_commit_cache(running))
		return KIST_OK;
	KIST_TRY(kist_save_open(running->flow, &save, err));
	if (with_names)
		KIST_TRY(put_names(running, save, err));
	return kist_job_commit(running->job, save, err);
}

/* What became of the whole, for the record. */
kist_status kist_running_end_job(struct kist_running *running, enum kist_job_state state,
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
	return commit_end(running, state == KIST_JOB_FINISHED && running->options->names_at_end, err);
}

kist_status kist_running_facts(const struct kist_running *running, enum kist_job_state state, json_t **ret,
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
		if (row && run->is_cached)
			(void)json_object_set_new(row, "cached", json_true());
		if (!row || json_array_append_new(steps, row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	*ret = json_pack("{ss?,ss,sO,sO,sO}", "job", running->job ? kist_job_id(running->job) : NULL, "state",
			 kist_job_state_name(state), "steps", steps, "artifacts", running->facts_artifacts,
			 "outputs", running->facts_outputs);
	return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}
