/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "job/record.h"
#include "registry/registry.h"

/* What a member of a record must be. */
enum type {
	TYPE_TEXT,
	TYPE_ID,
	TYPE_STATE,
	TYPE_DIGEST,
	TYPE_COUNT, /* an integer from 0 on */
	TYPE_TRUTH,
	TYPE_OWNER,
	TYPE_TEXTS,   /* @max of them */
	TYPE_OBJECT,  /* of @members */
	TYPE_OBJECTS, /* @max of them */
	TYPE_NAMED,   /* the same with a name as kist_name_json() gives it */
	TYPE_PARAMS,
	TYPE_TAGS,
	TYPE_METRICS,
};

struct member {
	const char *key;
	enum type type;
	bool optional;
	size_t max; /* bytes of a text, elements of a list; 0: not looked at */
	const struct member *members;
};

static const struct member use[] = {
	{ .key = "name", .type = TYPE_TEXT, .max = KIST_JOB_TEXT_MAX },
	{ .key = "artifact", .type = TYPE_DIGEST },
	{ .key = NULL },
};

static const struct member artifact[] = {
	{ .key = "artifact", .type = TYPE_DIGEST },
	{ .key = "step", .type = TYPE_TEXT, .optional = true, .max = KIST_JOB_TEXT_MAX },
	{ .key = "partial", .type = TYPE_TRUTH, .optional = true },
	{ .key = NULL },
};

static const struct member exported[] = {
	{ .key = "name", .type = TYPE_TEXT, .max = KIST_JOB_TEXT_MAX },
	{ .key = "file", .type = TYPE_TEXT, .max = KIST_JOB_TEXT_MAX },
	{ .key = "size", .type = TYPE_COUNT },
	{ .key = "sha256", .type = TYPE_DIGEST },
	{ .key = NULL },
};

static const struct member plugin[] = {
	{ .key = "id", .type = TYPE_TEXT, .max = KIST_JOB_TEXT_MAX },
	{ .key = "version", .type = TYPE_TEXT, .max = KIST_JOB_TEXT_MAX },
	{ .key = "sha256", .type = TYPE_DIGEST },
	{ .key = NULL },
};

static const struct member step[] = {
	{ .key = "name", .type = TYPE_TEXT, .max = KIST_JOB_TEXT_MAX },
	{ .key = "state", .type = TYPE_STATE },
	{ .key = "task", .type = TYPE_TEXT, .optional = true, .max = KIST_JOB_TEXT_MAX },
	{ .key = "plugin", .type = TYPE_OBJECT, .optional = true, .members = plugin },
	{ .key = "started", .type = TYPE_COUNT, .optional = true },
	{ .key = "ended", .type = TYPE_COUNT, .optional = true },
	{ .key = "key", .type = TYPE_DIGEST, .optional = true },
	{ .key = "cached", .type = TYPE_TRUTH, .optional = true },
	{ .key = "error", .type = TYPE_TEXT, .optional = true, .max = KIST_JOB_ERROR_MAX },
	{ .key = "inputs", .type = TYPE_OBJECTS, .max = KIST_JOB_USES_MAX, .members = use },
	{ .key = "outputs", .type = TYPE_OBJECTS, .max = KIST_JOB_USES_MAX, .members = use },
	{ .key = NULL },
};

static const struct member job[] = {
	{ .key = "id", .type = TYPE_ID },
	{ .key = "kind", .type = TYPE_TEXT, .max = KIST_JOB_TEXT_MAX },
	{ .key = "state", .type = TYPE_STATE },
	{ .key = "revision", .type = TYPE_COUNT },
	{ .key = "project", .type = TYPE_TEXT, .max = KIST_JOB_TEXT_MAX },
	{ .key = "user", .type = TYPE_TEXT, .max = KIST_JOB_TEXT_MAX },
	{ .key = "parent", .type = TYPE_ID, .optional = true },
	{ .key = "entrypoint", .type = TYPE_TEXT, .optional = true, .max = KIST_JOB_TEXT_MAX },
	{ .key = "command", .type = TYPE_TEXTS, .optional = true, .max = KIST_JOB_COMMAND_MAX },
	{ .key = "created", .type = TYPE_COUNT },
	{ .key = "started", .type = TYPE_COUNT, .optional = true },
	{ .key = "ended", .type = TYPE_COUNT, .optional = true },
	{ .key = "owner", .type = TYPE_OWNER, .optional = true },
	{ .key = "error", .type = TYPE_TEXT, .optional = true, .max = KIST_JOB_ERROR_MAX },
	{ .key = "exit_status", .type = TYPE_COUNT, .optional = true },
	{ .key = "signal", .type = TYPE_COUNT, .optional = true },
	{ .key = "environment", .type = TYPE_DIGEST, .optional = true },
	{ .key = "source", .type = TYPE_DIGEST, .optional = true },
	{ .key = "files", .type = TYPE_OBJECTS, .optional = true, .max = KIST_JOB_USES_MAX, .members = use },
	{ .key = "exports",
	  .type = TYPE_OBJECTS,
	  .optional = true,
	  .max = KIST_JOB_USES_MAX,
	  .members = exported },
	{ .key = "params", .type = TYPE_PARAMS },
	{ .key = "tags", .type = TYPE_TAGS },
	{ .key = "metrics", .type = TYPE_METRICS },
	{ .key = "inputs", .type = TYPE_OBJECTS, .max = KIST_JOB_USES_MAX, .members = use },
	{ .key = "steps", .type = TYPE_OBJECTS, .max = KIST_JOB_STEPS_MAX, .members = step },
	{ .key = "artifacts", .type = TYPE_NAMED, .max = KIST_JOB_ARTIFACTS_MAX, .members = artifact },
	{ .key = NULL },
};

static kist_status bad(struct kist_error *err, const char *key, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, "E_JOB", KIST_NO_OFFSET,
			    "this is no record of a job: \"%.100s\" %s", key, what);
}

static kist_status too_many(struct kist_error *err, const char *key, size_t count, size_t max)
{
	return kist_fail(err, KIST_LIMIT, "a job has %zu %.100s, more than %zu", count, key, max);
}

static bool is_count(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool is_key(const char *key)
{
	const size_t len = strlen(key);

	return len > 0 && len <= KIST_JOB_TEXT_MAX;
}

static kist_status check_texts(const json_t *list, const struct member *of, struct kist_error *err)
{
	if (!json_is_array(list))
		return bad(err, of->key, "is no list");
	if (json_array_size(list) > of->max)
		return too_many(err, of->key, json_array_size(list), of->max);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *text = json_array_get(list, i);

		if (!json_is_string(text) || json_string_length(text) > KIST_JOB_ARGUMENT_MAX)
			return bad(err, of->key, "holds what is no text, or too long");
	}
	return KIST_OK;
}

static kist_status check_params(const json_t *params, const struct member *of, struct kist_error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(params))
		return bad(err, of->key, "is no object");
	if (json_object_size(params) > KIST_JOB_PARAMS_MAX)
		return too_many(err, of->key, json_object_size(params), KIST_JOB_PARAMS_MAX);
	json_object_foreach((json_t *)(uintptr_t)params, key, value) {
		if (!is_key(key))
			return bad(err, of->key, "has a name that is empty or too long");
	}
	return KIST_OK;
}

static kist_status check_tags(const json_t *tags, const struct member *of, struct kist_error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(tags))
		return bad(err, of->key, "is no object");
	if (json_object_size(tags) > KIST_JOB_TAGS_MAX)
		return too_many(err, of->key, json_object_size(tags), KIST_JOB_TAGS_MAX);
	json_object_foreach((json_t *)(uintptr_t)tags, key, value) {
		if (!is_key(key) || !json_is_string(value) || json_string_length(value) > KIST_JOB_TAG_MAX)
			return bad(err, of->key, "has a tag that is no text, or too long");
	}
	return KIST_OK;
}

static bool is_series(const json_t *series)
{
	const json_t *steps = json_object_get(series, "steps");
	const json_t *values = json_object_get(series, "values");
	const json_t *times = json_object_get(series, "times");
	const size_t count = json_array_size(steps);
	double value;
	bool fine = json_is_array(steps) && json_is_array(values) && json_is_array(times) && count > 0 &&
		    json_array_size(values) == count && json_array_size(times) == count;

	for (size_t i = 0; fine && i < count; i++)
		fine = json_is_integer(json_array_get(steps, i)) &&
		       kist_json_get_real(json_array_get(values, i), &value) &&
		       is_count(json_array_get(times, i));
	return fine;
}

static kist_status check_metrics(const json_t *metrics, const struct member *of, size_t *ret_points,
				 struct kist_error *err)
{
	size_t points = 0;
	const char *key;
	json_t *series;

	if (!json_is_object(metrics))
		return bad(err, of->key, "is no object");
	if (json_object_size(metrics) > KIST_JOB_METRICS_MAX)
		return too_many(err, of->key, json_object_size(metrics), KIST_JOB_METRICS_MAX);
	json_object_foreach((json_t *)(uintptr_t)metrics, key, series) {
		if (!is_key(key) || !is_series(series))
			return bad(err, of->key, "has a series that is none");
		points += json_array_size(json_object_get(series, "values"));
	}
	if (points > KIST_JOB_POINTS_MAX)
		return too_many(err, "points of metrics", points, KIST_JOB_POINTS_MAX);
	*ret_points = points;
	return KIST_OK;
}

static kist_status check_text(const json_t *value, const struct member *of, struct kist_error *err)
{
	const char *text = json_string_value(value);
	enum kist_job_state state;
	struct kist_digest digest;

	if (!text)
		return bad(err, of->key, "is no text");
	if (strlen(text) != json_string_length(value))
		return bad(err, of->key, "holds a NUL");
	if (of->type == TYPE_ID && kist_job_id_check(text, strlen(text), NULL) != KIST_OK)
		return bad(err, of->key, "is no id of a job");
	if (of->type == TYPE_STATE && !kist_job_state_parse(text, &state))
		return bad(err, of->key, "is no state");
	if (of->type == TYPE_DIGEST && !kist_digest_parse(text, strlen(text), &digest))
		return bad(err, of->key, "is no SHA-256");
	return of->type == TYPE_TEXT && strlen(text) > of->max ? bad(err, of->key, "is too long") : KIST_OK;
}

/* Depth is that of the tables. */
static kist_status check_object(const json_t *object, const struct member *members, const char *key,
				size_t *ret_points, struct kist_error *err);

static kist_status check_objects(const json_t *list, const struct member *of, size_t *ret_points,
				 struct kist_error *err)
{
	kist_auto_buf struct kist_buf name = KIST_BUF_INIT(KIST_NAME_SIZE_MAX);

	if (!json_is_array(list))
		return bad(err, of->key, "is no list");
	if (json_array_size(list) > of->max)
		return too_many(err, of->key, json_array_size(list), of->max);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *element = json_array_get(list, i);

		KIST_TRY(check_object(element, of->members, of->key, ret_points, err));
		name.size = 0;
		if (of->type == TYPE_NAMED)
			KIST_TRY(kist_name_from_json(element, &name, err));
	}
	return KIST_OK;
}

static kist_status check_member(const json_t *value, const struct member *of, size_t *ret_points,
				struct kist_error *err)
{
	struct kist_owner owner;

	switch (of->type) {
	case TYPE_COUNT:
		return is_count(value) ? KIST_OK : bad(err, of->key, "is no number from 0 on");
	case TYPE_TRUTH:
		return json_is_boolean(value) ? KIST_OK : bad(err, of->key, "is neither true nor false");
	case TYPE_OWNER:
		return kist_owner_from_json(value, &owner) ? KIST_OK : bad(err, of->key, "is none");
	case TYPE_TEXTS:
		return check_texts(value, of, err);
	case TYPE_OBJECT:
		return check_object(value, of->members, of->key, ret_points, err);
	case TYPE_OBJECTS:
	case TYPE_NAMED:
		return check_objects(value, of, ret_points, err);
	case TYPE_PARAMS:
		return check_params(value, of, err);
	case TYPE_TAGS:
		return check_tags(value, of, err);
	case TYPE_METRICS:
		return check_metrics(value, of, ret_points, err);
	case TYPE_TEXT:
	case TYPE_ID:
	case TYPE_STATE:
	case TYPE_DIGEST:
	default:
		return check_text(value, of, err);
	}
}

static kist_status check_object(const json_t *object, const struct member *members, const char *key,
				size_t *ret_points, struct kist_error *err)
{
	if (!json_is_object(object))
		return bad(err, key, "is no object");
	for (const struct member *of = members; of->key; of++) {
		const json_t *value = json_object_get(object, of->key);

		if (!value && of->optional)
			continue;
		if (!value)
			return bad(err, of->key, "is missing");
		KIST_TRY(check_member(value, of, ret_points, err));
	}
	return KIST_OK;
}

kist_status kist_job_check(const json_t *root, size_t *ret_points, struct kist_error *err)
{
	size_t points = 0;
	uint64_t version;

	if (!kist_json_get_u64(root, "kist_job", &version))
		return bad(err, "kist_job", "is missing");
	if (version != KIST_JOB_VERSION)
		return kist_fail(err, KIST_INCOMPATIBLE,
				 "the record of a job has version %" PRIu64
				 ", this kist reads %d: use a newer kist",
				 version, KIST_JOB_VERSION);
	KIST_TRY(check_object(root, job, "job", &points, err));
	*ret_points = points;
	return KIST_OK;
}
