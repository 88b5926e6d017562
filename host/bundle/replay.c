/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/replay.h"

#include <string.h>

#include "base/mem.h"
#include "bundle/replay_private.h"
#include "job/commit.h"
#include "workflow/check.h"

void kist_replay_done(struct kist_replay *replay)
{
	json_decref(replay->facts);
	replay->facts = NULL;
}

static void replaying_done(struct kist_replaying *replaying)
{
	kist_run_folder_remove(&replaying->folder);
	kist_run_result_done(&replaying->result);
	kist_entrypoint_free(replaying->entrypoint);
	kist_offer_free(replaying->offer);
	kist_job_free(replaying->job);
	kist_buf_done(&replaying->text);
	json_decref(replaying->inputs);
	json_decref(replaying->plugins);
	json_decref(replaying->made);
}

/* Of the parameters those that are not what the text says: numbers there may be written in more ways than one. */
static kist_status given_parameters(const struct kist_replaying *replaying, json_t **ret,
				    struct kist_error *err)
{
	json_t *params = json_object_get(replaying->job->root, "params");
	const struct kist_entrypoint *entrypoint = replaying->entrypoint;
	kist_auto_json json_t *given = json_copy(params);

	if (!given)
		return kist_fail_memory(err, sizeof(json_t));
	for (size_t i = 0; i < entrypoint->parameter_count; i++) {
		const struct kist_parameter *parameter = &entrypoint->parameters[i];
		const json_t *recorded = json_object_get(given, parameter->name);
		kist_auto_json json_t *preset = NULL;

		if (!recorded || !parameter->preset)
			continue;
		KIST_TRY(kist_literal_json(parameter->preset, &preset, err));
		if (json_equal(recorded, preset) ||
		    (json_is_number(recorded) && json_is_number(preset) &&
		     json_number_value(recorded) == json_number_value(preset)))
			(void)json_object_del(given, parameter->name);
	}
	*ret = kist_steal(given);
	return KIST_OK;
}

static kist_status set_inputs(struct kist_replaying *replaying, struct kist_error *err)
{
	const json_t *inputs = json_object_get(replaying->job->root, "inputs");

	for (size_t i = 0; i < json_array_size(inputs); i++) {
		const json_t *row = json_array_get(inputs, i);

		KIST_TRY(kist_record_set_text(replaying->inputs, kist_json_get_text(row, "name"),
					      kist_json_get_text(row, "artifact"), err));
	}
	return KIST_OK;
}

/* The first fault: whoever wants all of them checks the text. */
static kist_status say_issue(const struct kist_issues *issues, struct kist_error *err)
{
	for (size_t i = 0; i < issues->count; i++) {
		const struct kist_issue *issue = &issues->items[i];

		if (issue->severity == KIST_SEVERITY_ERROR)
			return kist_fail_at(err, KIST_INVALID, issue->code, KIST_NO_OFFSET,
					    "the entrypoint cannot be run here: line %u: %s",
					    (unsigned)issue->place.line, issue->text);
	}
	return KIST_OK;
}

static kist_status check(struct kist_replaying *replaying, struct kist_error *err)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_json json_t *parameters = NULL;
	struct kist_given given = { .inputs = replaying->inputs, .are_values = true, .to_run = true };

	KIST_TRY(kist_offer_read(replaying->catalog, &replaying->offer, err));
	KIST_TRY(kist_entrypoint_read(kist_buf_view(&replaying->text), &issues, &replaying->entrypoint, err));
	if (replaying->entrypoint && issues.error_count == 0) {
		KIST_TRY(given_parameters(replaying, &parameters, err));
		given.parameters = parameters;
		KIST_TRY(
			kist_entrypoint_check(replaying->entrypoint, replaying->offer, &given, &issues, err));
	}
	KIST_TRY(kist_issues_finish(&issues, err));
	return say_issue(&issues, err);
}

/* What an entrypoint from elsewhere runs has the rights of whoever runs it. */
static kist_status check_commands(const struct kist_replaying *replaying, struct kist_error *err)
{
	for (size_t i = 0; i < replaying->entrypoint->step_count; i++) {
		if (replaying->entrypoint->steps[i].exec && !replaying->options->commands)
			return kist_fail_at(
				err, KIST_UNSUPPORTED, "E_COMMANDS", KIST_NO_OFFSET,
				"step '%s' runs a command, which may do whatever you may: look at "
				"it, and say --commands",
				replaying->entrypoint->steps[i].name);
	}
	return KIST_OK;
}

static void note_made(void *ctx, const struct kist_run_made *made)
{
	struct kist_replaying *replaying = ctx;
	kist_auto_buf struct kist_buf key = KIST_BUF_INIT((size_t)4 << 10);
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&made->sha256, hex);
	if (kist_buf_appendf(&key, NULL, "%s %s", made->is_output ? "output" : "artifact", made->name) !=
		    KIST_OK ||
	    !kist_buf_text(&key) ||
	    json_object_set_new(replaying->made, kist_buf_text(&key), json_string(hex)) != 0)
		replaying->no_memory = true;
}

static kist_status run(struct kist_replaying *replaying, struct kist_error *err)
{
	const struct kist_run_options how = { .name = "replay",
					      .folder = replaying->files,
					      .exports = replaying->files,
					      .inputs = replaying->inputs,
					      .jobs = replaying->options->jobs,
					      .no_cache = true,
					      .no_artifacts = true,
					      .no_outputs = true,
					      .made = note_made,
					      .ctx = replaying };
	kist_status status = kist_run_entrypoint(replaying->flow, replaying->entrypoint, &how,
						 &replaying->result, &replaying->why);

	if (status == KIST_CANCELLED || (status != KIST_OK && !replaying->result.facts))
		return kist_fail_as(err, status, &replaying->why);
	return replaying->no_memory ? kist_fail_memory(err, sizeof(json_t)) : KIST_OK;
}

static kist_status replay(struct kist_replaying *replaying, const char *id, struct kist_replay *ret,
			  struct kist_error *err)
{
	replaying->inputs = json_object();
	replaying->plugins = json_array();
	replaying->made = json_object();
	if (!replaying->inputs || !replaying->plugins || !replaying->made)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_job_load(replaying->flow, id, &replaying->job, err));
	KIST_TRY(kist_flow_catalog(replaying->flow, &replaying->catalog, err));
	KIST_TRY(kist_replay_read_source(replaying, err));
	KIST_TRY(set_inputs(replaying, err));
	KIST_TRY(kist_replay_look_at_plugins(replaying, err));
	if (!replaying->lacks_plugin) {
		KIST_TRY(check(replaying, err));
		KIST_TRY(check_commands(replaying, err));
		KIST_TRY(run(replaying, err));
	}
	return kist_replay_compare(replaying, ret, err);
}

kist_status kist_replay_job(struct kist_flow *flow, const char *id, const struct kist_replay_options *options,
			    struct kist_replay *ret, struct kist_error *err)
{
	__attribute__((cleanup(replaying_done))) struct kist_replaying replaying = {
		.flow = flow,
		.options = options,
		.text = KIST_BUF_INIT(KIST_DOCUMENT_SIZE_MAX + 1),
		.folder = KIST_RUN_FOLDER_INIT,
		.result = KIST_RUN_RESULT_INIT,
		.why = KIST_ERROR_INIT,
	};

	return replay(&replaying, id, ret, err);
}
