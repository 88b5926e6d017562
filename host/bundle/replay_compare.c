/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "bundle/replay_private.h"
#include "flow/record.h"
#include "registry/registry.h"

/* What is being compared. */
struct comparing {
	struct kist_replaying *replaying;
	json_t *results;
	size_t equal;
	size_t different; /* or missing */
	size_t gone;
};

const char *kist_replay_verdict_name(enum kist_replay_verdict verdict)
{
	static const char *const names[] = { [KIST_REPLAY_EQUAL] = "equal",
					     [KIST_REPLAY_DIFFERENT] = "different",
					     [KIST_REPLAY_FAILED] = "failed",
					     [KIST_REPLAY_NO_PLUGIN] = "missing plugin",
					     [KIST_REPLAY_NOT_COMPARED] = "not compared" };

	return names[verdict];
}

/* Adds a line of what was recorded; @wanted NULL: nobody knows any more. */
static kist_status add_result(struct comparing *comparing, const char *what, const char *name,
			      const char *step, const char *wanted, struct kist_error *err)
{
	kist_auto_buf struct kist_buf key = KIST_BUF_INIT((size_t)4 << 10);
	const char *state = "gone";
	const char *had;
	json_t *row;

	KIST_TRY(kist_buf_appendf(&key, err, "%s %s", what, name));
	if (!kist_buf_text(&key))
		return kist_fail_memory(err, key.size);
	had = json_string_value(json_object_get(comparing->replaying->made, kist_buf_text(&key)));
	if (wanted)
		state = !had ? "missing" : strcmp(wanted, had) == 0 ? "equal" : "different";
	comparing->gone += !wanted;
	comparing->equal += wanted && had && strcmp(wanted, had) == 0;
	comparing->different += wanted && (!had || strcmp(wanted, had) != 0);
	row = json_pack("{ss,ss,ss*,ss?,ss?,ss}", "name", name, "what", what, "step", step, "wanted", wanted,
			"had", had, "state", state);
	return row && json_array_append_new(comparing->results, row) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

/* Of "jobs/<id>/name" what stands behind the id. */
static const char *output_name(const struct comparing *comparing, const char *name)
{
	const char *id = kist_job_id(comparing->replaying->job);
	const size_t front = strlen(KIST_RUN_PREFIX);
	const size_t len = strlen(id);

	return strncmp(name, KIST_RUN_PREFIX, front) == 0 && strncmp(name + front, id, len) == 0 &&
			       name[front + len] == '/'
		       ? name + front + len + 1
		       : name;
}

static kist_status compare_artifact(struct comparing *comparing, const json_t *row, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	char hex[KIST_DIGEST_HEX_SIZE];
	struct kist_digest id;
	kist_status status;

	if (!kist_record_get_digest(row, "artifact", &id))
		return kist_fail(err, KIST_CORRUPT, "an artifact without a digest");
	status = kist_registry_get_artifact(comparing->replaying->flow->registry, &id, &artifact, &why);
	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	kist_digest_hex(&artifact.sha256, hex);
	return add_result(comparing, "artifact", output_name(comparing, kist_json_get_text(row, "name")),
			  kist_json_get_text(row, "step"), status == KIST_OK ? hex : NULL, err);
}

/* The step that gives output @name, as the entrypoint says. */
static const char *step_of_output(const struct kist_entrypoint *entrypoint, const char *name)
{
	for (size_t i = 0; entrypoint && i < entrypoint->output_count; i++) {
		const struct kist_reference reference =
			kist_entrypoint_resolve(entrypoint, entrypoint->outputs[i].contents);

		if (strcmp(entrypoint->outputs[i].name, name) == 0 && reference.kind == KIST_REFERENCE_STEP)
			return entrypoint->steps[reference.index].name;
	}
	return NULL;
}

static kist_status compare_all(struct comparing *comparing, struct kist_error *err)
{
	const struct kist_replaying *replaying = comparing->replaying;
	const json_t *artifacts = json_object_get(replaying->job->root, "artifacts");
	const json_t *exports = json_object_get(replaying->job->root, "exports");

	for (size_t i = 0; i < json_array_size(artifacts); i++)
		KIST_TRY(compare_artifact(comparing, json_array_get(artifacts, i), err));
	for (size_t i = 0; i < json_array_size(exports); i++) {
		const json_t *row = json_array_get(exports, i);
		const char *name = kist_json_get_text(row, "name");

		KIST_TRY(add_result(comparing, "output", name, step_of_output(replaying->entrypoint, name),
				    kist_json_get_text(row, "sha256"), err));
	}
	return KIST_OK;
}

/* What the run says of step @name; NULL: it did not come so far. */
static const json_t *find_run(const struct kist_replaying *replaying, const char *name)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(replaying->result.facts, "steps"), i, row) {
		if (strcmp(kist_json_get_text(row, "name"), name) == 0)
			return row;
	}
	return NULL;
}

/* By what came of it, and of its results. */
static const char *step_state(const struct comparing *comparing, const json_t *step, const json_t *ran)
{
	const char *plugin = kist_json_get_text(json_object_get(step, "plugin"), "id");
	const char *name = kist_json_get_text(step, "name");
	const char *state = kist_json_get_text(ran, "state");
	const char *found = "not compared";
	const json_t *row;
	size_t i;

	if (plugin && kist_replay_lacks(comparing->replaying, plugin))
		return "missing plugin";
	if (state && strcmp(state, kist_job_state_name(KIST_JOB_FAILED)) == 0)
		return "failed";
	if (!state || strcmp(state, kist_job_state_name(KIST_JOB_FINISHED)) != 0)
		return "not run";
	json_array_foreach(comparing->results, i, row) {
		const char *of = kist_json_get_text(row, "step");
		const char *result = kist_json_get_text(row, "state");

		if (!of || strcmp(of, name) != 0 || strcmp(result, "gone") == 0)
			continue;
		if (strcmp(result, "equal") != 0)
			return "different";
		found = "equal";
	}
	return found;
}

static kist_status list_steps(const struct comparing *comparing, json_t *list, struct kist_error *err)
{
	const json_t *steps = json_object_get(comparing->replaying->job->root, "steps");

	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);
		const char *name = kist_json_get_text(step, "name");
		const json_t *ran = find_run(comparing->replaying, name);
		json_t *row = json_pack(
			"{ss,ss*,ss,ss*}", "name", name, "task", kist_json_get_text(step, "task"), "state",
			step_state(comparing, step, ran), "error", kist_json_get_text(ran, "error"));

		if (!row || json_array_append_new(list, row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

static enum kist_replay_verdict judge(const struct comparing *comparing)
{
	const struct kist_replaying *replaying = comparing->replaying;

	if (replaying->lacks_plugin)
		return KIST_REPLAY_NO_PLUGIN;
	/* What failed then may fail now. */
	if (replaying->result.state != KIST_JOB_FINISHED &&
	    kist_job_state(replaying->job) == KIST_JOB_FINISHED)
		return KIST_REPLAY_FAILED;
	if (comparing->different > 0)
		return KIST_REPLAY_DIFFERENT;
	return comparing->equal == 0 || comparing->gone > 0 ? KIST_REPLAY_NOT_COMPARED : KIST_REPLAY_EQUAL;
}

kist_status kist_replay_compare(struct kist_replaying *replaying, struct kist_replay *ret,
				struct kist_error *err)
{
	kist_auto_json json_t *results = json_array();
	kist_auto_json json_t *steps = json_array();
	struct comparing comparing = { .replaying = replaying, .results = results };
	const char *why = replaying->why.status == KIST_OK ? NULL : replaying->why.text;

	if (!results || !steps)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(compare_all(&comparing, err));
	KIST_TRY(list_steps(&comparing, steps, err));
	ret->verdict = judge(&comparing);
	ret->facts = json_pack("{ss,ss,ss*,sO,sO,sO}", "job", kist_job_id(replaying->job), "verdict",
			       kist_replay_verdict_name(ret->verdict), "error", why, "steps", steps,
			       "results", results, "plugins", replaying->plugins);
	return ret->facts ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}
