/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"
#include "flow/record.h"
#include "job/record.h"
#include "registry/registry.h"

#define WHAT_SIZE 256

static kist_status set_now(json_t *object, const char *key, struct kist_error *err)
{
	return kist_record_set_take(object, key, json_integer((json_int_t)kist_wall_ns()), err);
}

/* Cut at a character. */
static kist_status set_error(json_t *object, const char *text, struct kist_error *err)
{
	size_t used = 0;
	json_t *value;

	if (!text)
		return KIST_OK;
	value = kist_json_text(text, strnlen(text, KIST_JOB_ERROR_MAX));
	/* A replaced byte takes three. */
	while (value && json_string_length(value) > KIST_JOB_ERROR_MAX) {
		const char *shown = json_string_value(value);
		json_t *shorter;

		for (size_t step = 1; step > 0 && used + step <= KIST_JOB_ERROR_MAX; used += step)
			step = kist_utf8_step(shown + used, json_string_length(value) - used);
		shorter = kist_json_text(shown, used < KIST_JOB_ERROR_MAX ? used : KIST_JOB_ERROR_MAX);
		json_decref(value);
		value = shorter;
	}
	return kist_record_set_take(object, "error", value, err);
}

static kist_status set_state(json_t *object, const char *what, enum kist_job_state state,
			     struct kist_error *err)
{
	enum kist_job_state now = KIST_JOB_QUEUED;

	(void)kist_job_state_parse(kist_json_get_text(object, "state"), &now);
	KIST_TRY(kist_job_state_check(what, now, state, err));
	KIST_TRY(kist_record_set_text(object, "state", kist_job_state_name(state), err));
	return set_now(object, kist_job_state_is_end(state) ? "ended" : "started", err);
}

/* What was said of a job when it was called lost: its owner knows better. */
static void forget_loss(struct kist_job *job, enum kist_job_state state)
{
	json_t *artifact;
	size_t i;

	(void)json_object_del(job->root, "error");
	if (state != KIST_JOB_FINISHED)
		return;
	json_array_foreach(json_object_get(job->root, "artifacts"), i, artifact)
		(void)json_object_del(artifact, "partial");
}

kist_status kist_job_set_state(struct kist_job *job, enum kist_job_state state, pid_t pid,
			       struct kist_error *err)
{
	kist_auto_buf struct kist_buf what = KIST_BUF_INIT(WHAT_SIZE);
	kist_auto_json json_t *value = NULL;
	const bool was_lost = kist_job_state(job) == KIST_JOB_LOST;
	struct kist_owner owner;

	KIST_TRY(kist_buf_appendf(&what, err, "job '%s'", kist_job_id(job)));
	if (!kist_buf_text(&what))
		return kist_fail_memory(err, WHAT_SIZE);
	if (pid != 0) {
		KIST_TRY(kist_owner_of(pid, &owner, err));
		KIST_TRY(kist_owner_json(&owner, &value, err));
	}
	KIST_TRY(set_state(job->root, kist_buf_text(&what), state, err));
	if (was_lost)
		forget_loss(job, state);
	return value ? kist_record_set_take(job->root, "owner", kist_steal(value), err) : KIST_OK;
}

kist_status kist_job_set_error(struct kist_job *job, const char *text, struct kist_error *err)
{
	if (!text)
		(void)json_object_del(job->root, "error");
	return set_error(job->root, text, err);
}

kist_status kist_job_set_exit(struct kist_job *job, int status, int signal, struct kist_error *err)
{
	return kist_record_set_take(job->root, signal ? "signal" : "exit_status",
				    json_integer(signal ? signal : status), err);
}

kist_status kist_job_set_environment(struct kist_job *job, const struct kist_digest *digest,
				     struct kist_error *err)
{
	return kist_record_set_digest(job->root, "environment", digest, err);
}

kist_status kist_job_set_source(struct kist_job *job, const struct kist_digest *artifact,
				struct kist_error *err)
{
	return kist_record_set_digest(job->root, "source", artifact, err);
}

static kist_status check_key(const char *what, const char *key, struct kist_error *err)
{
	const size_t len = strlen(key);

	if (len == 0 || len > KIST_JOB_TEXT_MAX || !kist_utf8_valid(key, len))
		return kist_fail(err, KIST_INVALID, "%s has 1 to %zu bytes of UTF-8, not '%.100s'", what,
				 KIST_JOB_TEXT_MAX, key);
	return KIST_OK;
}

/* Whether @key may be added to @object. */
static kist_status check_room(const json_t *object, const char *key, const char *what, size_t max,
			      struct kist_error *err)
{
	if (json_object_size(object) < max || json_object_get(object, key))
		return KIST_OK;
	return kist_fail(err, KIST_LIMIT, "a job has at most %zu %s", max, what);
}

kist_status kist_job_set_param(struct kist_job *job, const char *key, const json_t *value,
			       struct kist_error *err)
{
	json_t *params = json_object_get(job->root, "params");

	KIST_TRY(check_key("the name of a parameter", key, err));
	KIST_TRY(check_room(params, key, "parameters", KIST_JOB_PARAMS_MAX, err));
	return kist_record_set_take(params, key, kist_json_copy(value), err);
}

kist_status kist_job_set_tag(struct kist_job *job, const char *key, const char *text, struct kist_error *err)
{
	json_t *tags = json_object_get(job->root, "tags");
	const size_t len = text ? strlen(text) : 0;

	KIST_TRY(check_key("the name of a tag", key, err));
	if (!text) {
		(void)json_object_del(tags, key);
		return KIST_OK;
	}
	KIST_TRY(check_room(tags, key, "tags", KIST_JOB_TAGS_MAX, err));
	if (len > KIST_JOB_TAG_MAX || !kist_utf8_valid(text, len))
		return kist_fail(err, KIST_INVALID, "a tag has at most %zu bytes of UTF-8", KIST_JOB_TAG_MAX);
	return kist_record_set_text(tags, key, text, err);
}

static kist_status find_series(json_t *metrics, const char *name, json_t **ret, struct kist_error *err)
{
	*ret = json_object_get(metrics, name);
	if (*ret)
		return KIST_OK;
	*ret = json_pack("{s:[],s:[],s:[]}", "steps", "values", "times");
	return kist_record_set_take(metrics, name, *ret, err);
}

kist_status kist_job_add_metric(struct kist_job *job, const char *name, int64_t step, double value,
				int64_t time, struct kist_error *err)
{
	json_t *metrics = json_object_get(job->root, "metrics");
	const json_int_t when = (json_int_t)(time > 0 ? time : kist_wall_ns());
	size_t count;
	json_t *series;

	KIST_TRY(check_key("the name of a metric", name, err));
	KIST_TRY(check_room(metrics, name, "metrics", KIST_JOB_METRICS_MAX, err));
	if (job->points >= KIST_JOB_POINTS_MAX)
		return kist_fail(err, KIST_LIMIT, "a job has at most %zu points of metrics",
				 KIST_JOB_POINTS_MAX);
	KIST_TRY(find_series(metrics, name, &series, err));
	count = json_array_size(json_object_get(series, "times"));
	if (json_array_append_new(json_object_get(series, "steps"), json_integer((json_int_t)step)) == 0 &&
	    json_array_append_new(json_object_get(series, "values"), kist_json_real(value)) == 0 &&
	    json_array_append_new(json_object_get(series, "times"), json_integer(when)) == 0) {
		job->points++;
		return KIST_OK;
	}
	/* All three have the same length. */
	(void)json_array_remove(json_object_get(series, "steps"), count);
	(void)json_array_remove(json_object_get(series, "values"), count);
	if (count == 0)
		(void)json_object_del(metrics, name);
	return kist_fail_memory(err, sizeof(json_t));
}

static kist_status add_use(json_t *list, const char *name, const struct kist_digest *artifact,
			   struct kist_error *err)
{
	kist_auto_json json_t *use = json_object();

	KIST_TRY(check_key("the name of an input or output", name, err));
	if (json_array_size(list) >= KIST_JOB_USES_MAX)
		return kist_fail(err, KIST_LIMIT, "there are at most %zu inputs, and outputs",
				 KIST_JOB_USES_MAX);
	if (!use)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_record_set_text(use, "name", name, err));
	KIST_TRY(kist_record_set_digest(use, "artifact", artifact, err));
	return json_array_append(list, use) == 0 ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

kist_status kist_job_add_input(struct kist_job *job, const char *name, const struct kist_digest *artifact,
			       struct kist_error *err)
{
	return add_use(json_object_get(job->root, "inputs"), name, artifact, err);
}

/* The list @key of the record, which few jobs have. */
static kist_status need_list(struct kist_job *job, const char *key, json_t **ret, struct kist_error *err)
{
	*ret = json_object_get(job->root, key);
	if (*ret)
		return KIST_OK;
	*ret = json_array();
	return kist_record_set_take(job->root, key, *ret, err);
}

kist_status kist_job_add_file(struct kist_job *job, const char *path, const struct kist_digest *artifact,
			      struct kist_error *err)
{
	json_t *files;

	KIST_TRY(need_list(job, "files", &files, err));
	for (size_t i = 0; i < json_array_size(files); i++) {
		json_t *file = json_array_get(files, i);

		if (strcmp(kist_json_get_text(file, "name"), path) == 0)
			return kist_record_set_digest(file, "artifact", artifact, err);
	}
	return add_use(files, path, artifact, err);
}

kist_status kist_job_add_export(struct kist_job *job, const struct kist_job_export *made,
				struct kist_error *err)
{
	kist_auto_json json_t *row = json_object();
	json_t *list;

	KIST_TRY(need_list(job, "exports", &list, err));
	KIST_TRY(check_key("the name of an output", made->name, err));
	KIST_TRY(check_key("the file of an output", made->file, err));
	if (json_array_size(list) >= KIST_JOB_USES_MAX)
		return kist_fail(err, KIST_LIMIT, "there are at most %zu outputs", KIST_JOB_USES_MAX);
	if (!row)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_record_set_text(row, "name", made->name, err));
	KIST_TRY(kist_record_set_text(row, "file", made->file, err));
	KIST_TRY(kist_record_set_take(row, "size", json_integer((json_int_t)made->size), err));
	KIST_TRY(kist_record_set_digest(row, "sha256", &made->sha256, err));
	return json_array_append(list, row) == 0 ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

/* NULL when there is none. */
static json_t *find_step(const struct kist_job *job, const char *name)
{
	const json_t *steps = json_object_get(job->root, "steps");

	for (size_t i = 0; i < json_array_size(steps); i++) {
		json_t *step = json_array_get(steps, i);

		if (strcmp(kist_json_get_text(step, "name"), name) == 0)
			return step;
	}
	return NULL;
}

static kist_status need_step(const struct kist_job *job, const char *name, json_t **ret,
			     struct kist_error *err)
{
	*ret = find_step(job, name);
	return *ret ? KIST_OK
		    : kist_fail(err, KIST_NOT_FOUND, "job '%s' has no step '%.100s'", kist_job_id(job), name);
}

static kist_status set_plugin(json_t *made, const struct kist_job_step *step, struct kist_error *err)
{
	json_t *plugin = json_object();

	KIST_TRY(kist_record_set_take(made, "plugin", plugin, err));
	KIST_TRY(check_key("the id of a plugin", step->plugin_id, err));
	KIST_TRY(check_key("the version of a plugin", step->plugin_version, err));
	KIST_TRY(kist_record_set_text(plugin, "id", step->plugin_id, err));
	KIST_TRY(kist_record_set_text(plugin, "version", step->plugin_version, err));
	return kist_record_set_digest(plugin, "sha256", step->plugin_sha256, err);
}

kist_status kist_job_add_step(struct kist_job *job, const struct kist_job_step *step, struct kist_error *err)
{
	json_t *steps = json_object_get(job->root, "steps");
	kist_auto_json json_t *made = NULL;

	KIST_TRY(check_key("the name of a step", step->name, err));
	if (find_step(job, step->name))
		return kist_fail(err, KIST_EXISTS, "job '%s' has a step '%.100s' already", kist_job_id(job),
				 step->name);
	if (json_array_size(steps) >= KIST_JOB_STEPS_MAX)
		return kist_fail(err, KIST_LIMIT, "a job has at most %zu steps", KIST_JOB_STEPS_MAX);
	made = json_pack("{s:s,s:s,s:[],s:[]}", "name", step->name, "state",
			 kist_job_state_name(KIST_JOB_QUEUED), "inputs", "outputs");
	if (!made)
		return kist_fail_memory(err, sizeof(json_t));
	if (step->task) {
		KIST_TRY(check_key("the name of a task", step->task, err));
		KIST_TRY(kist_record_set_text(made, "task", step->task, err));
	}
	if (step->plugin_id)
		KIST_TRY(set_plugin(made, step, err));
	if (step->cached)
		KIST_TRY(kist_record_set_take(made, "cached", json_true(), err));
	return json_array_append(steps, made) == 0 ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

kist_status kist_job_set_step_state(struct kist_job *job, const char *name, enum kist_job_state state,
				    const char *error, struct kist_error *err)
{
	kist_auto_buf struct kist_buf what = KIST_BUF_INIT(KIST_JOB_TEXT_MAX + WHAT_SIZE);
	json_t *step;

	KIST_TRY(need_step(job, name, &step, err));
	KIST_TRY(kist_buf_appendf(&what, err, "step '%s'", name));
	if (!kist_buf_text(&what))
		return kist_fail_memory(err, WHAT_SIZE);
	KIST_TRY(set_state(step, kist_buf_text(&what), state, err));
	return set_error(step, error, err);
}

kist_status kist_job_set_step_cached(struct kist_job *job, const char *name, struct kist_error *err)
{
	json_t *step;

	KIST_TRY(need_step(job, name, &step, err));
	return kist_record_set_take(step, "cached", json_true(), err);
}

kist_status kist_job_set_step_key(struct kist_job *job, const char *name, const struct kist_digest *key,
				  struct kist_error *err)
{
	json_t *step;

	KIST_TRY(need_step(job, name, &step, err));
	return kist_record_set_digest(step, "key", key, err);
}

static kist_status add_step_use(struct kist_job *job, const char *step, const char *list, const char *name,
				const struct kist_digest *artifact, struct kist_error *err)
{
	json_t *found;

	KIST_TRY(need_step(job, step, &found, err));
	return add_use(json_object_get(found, list), name, artifact, err);
}

kist_status kist_job_add_step_input(struct kist_job *job, const char *step, const char *name,
				    const struct kist_digest *artifact, struct kist_error *err)
{
	return add_step_use(job, step, "inputs", name, artifact, err);
}

kist_status kist_job_add_step_output(struct kist_job *job, const char *step, const char *name,
				     const struct kist_digest *artifact, struct kist_error *err)
{
	return add_step_use(job, step, "outputs", name, artifact, err);
}

/* Of a job that has many: looked up, not searched.  What is not UTF-8 goes by its digits. */
static kist_status place_key(const json_t *artifact, struct kist_buf *ret, const char **ret_key,
			     struct kist_error *err)
{
	const char *bytes = kist_json_get_text(artifact, "name_bytes");

	ret->size = 0;
	KIST_TRY(kist_buf_appendf(ret, err, "%s%s", bytes ? "bytes " : "text ",
				  bytes ? bytes : kist_json_get_text(artifact, "name")));
	*ret_key = kist_buf_text(ret);
	return *ret_key ? KIST_OK : kist_fail_memory(err, ret->size);
}

static kist_status learn_places(struct kist_job *job, struct kist_buf *room, struct kist_error *err)
{
	const json_t *artifacts = json_object_get(job->root, "artifacts");
	kist_auto_json json_t *places = json_object();
	const char *key;

	if (job->artifact_places)
		return KIST_OK;
	for (size_t i = 0; i < json_array_size(artifacts); i++) {
		KIST_TRY(place_key(json_array_get(artifacts, i), room, &key, err));
		if (json_object_set_new(places, key, json_integer((json_int_t)i)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	job->artifact_places = kist_steal(places);
	return KIST_OK;
}

kist_status kist_job_add_artifact(struct kist_job *job, const struct kist_job_artifact *artifact,
				  struct kist_error *err)
{
	kist_auto_buf struct kist_buf room = KIST_BUF_INIT(8 * KIST_NAME_SIZE_MAX);
	json_t *artifacts = json_object_get(job->root, "artifacts");
	const size_t count = json_array_size(artifacts);
	kist_auto_json json_t *made = json_object();
	const json_t *place;
	const char *key;

	if (!made)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_name_json(made, artifact->name, artifact->name_len, err));
	KIST_TRY(kist_record_set_digest(made, "artifact", &artifact->artifact, err));
	if (artifact->step) {
		KIST_TRY(check_key("the name of a step", artifact->step, err));
		KIST_TRY(kist_record_set_text(made, "step", artifact->step, err));
	}
	if (artifact->partial)
		KIST_TRY(kist_record_set_take(made, "partial", json_true(), err));
	KIST_TRY(learn_places(job, &room, err));
	KIST_TRY(place_key(made, &room, &key, err));
	place = json_object_get(job->artifact_places, key);
	if (place)
		return json_array_set(artifacts, (size_t)json_integer_value(place), made) == 0
			       ? KIST_OK
			       : kist_fail_memory(err, sizeof(json_t));
	if (count >= KIST_JOB_ARTIFACTS_MAX)
		return kist_fail(err, KIST_LIMIT,
				 "a job has at most %zu artifacts: a folder is one, however much is in it",
				 KIST_JOB_ARTIFACTS_MAX);
	if (json_object_set_new(job->artifact_places, key, json_integer((json_int_t)count)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	if (json_array_append(artifacts, made) == 0)
		return KIST_OK;
	(void)json_object_del(job->artifact_places, key);
	return kist_fail_memory(err, sizeof(json_t));
}

void kist_job_set_artifacts_take(struct kist_job *job, json_t *artifacts)
{
	(void)json_object_set_new(job->root, "artifacts", artifacts);
	json_decref(job->artifact_places);
	job->artifact_places = NULL;
}

kist_status kist_job_mark_partial(struct kist_job *job, struct kist_error *err)
{
	const json_t *artifacts = json_object_get(job->root, "artifacts");

	for (size_t i = 0; i < json_array_size(artifacts); i++)
		KIST_TRY(kist_record_set_take(json_array_get(artifacts, i), "partial", json_true(), err));
	return KIST_OK;
}

kist_status kist_job_set_lease(struct kist_job *job, const char *path, struct kist_error *err)
{
	json_t *owner = json_object_get(job->root, "owner");

	if (!owner || strlen(path) >= KIST_OWNER_LEASE_SIZE || !kist_utf8_valid(path, strlen(path)))
		return KIST_OK;
	return json_object_set_new(owner, "lease", json_string(path)) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}
