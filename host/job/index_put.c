/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "flow/record.h"
#include "job/index_private.h"

/* Bytes of a line of parameters or metrics; a listing shows less. */
#define LINE_SIZE_MAX ((size_t)200)
/* Bytes of a parameter that can be compared. */
#define PARAM_TEXT_MAX ((size_t)4096)

/* What a series comes to. */
struct series {
	double last;
	double min;
	double max;
	int64_t min_step;
	int64_t max_step;
	uint64_t count;
	bool has_any; /* value that is a number */
};

static double value_of(const json_t *value)
{
	double number = NAN;

	/* All that a record holds are numbers: it was checked. */
	(void)kist_json_get_real(value, &number);
	return number;
}

static struct series sum_up(const json_t *object)
{
	const json_t *values = json_object_get(object, "values");
	const json_t *steps = json_object_get(object, "steps");
	struct series series = { .last = NAN, .count = json_array_size(values) };

	for (size_t i = 0; i < series.count; i++) {
		const double value = value_of(json_array_get(values, i));
		const int64_t step = (int64_t)json_integer_value(json_array_get(steps, i));

		series.last = value;
		if (isnan(value))
			continue;
		if (!series.has_any || value < series.min) {
			series.min = value;
			series.min_step = step;
		}
		if (!series.has_any || value > series.max) {
			series.max = value;
			series.max_step = step;
		}
		series.has_any = true;
	}
	return series;
}

static json_t *series_json(const struct series *series)
{
	json_t *object = json_pack("{s:I,s:o}", "count", (json_int_t)series->count, "last",
				   kist_json_real(series->last));

	if (series->has_any &&
	    (!object || json_object_set_new(object, "min", kist_json_real(series->min)) != 0 ||
	     json_object_set_new(object, "min_step", json_integer((json_int_t)series->min_step)) != 0 ||
	     json_object_set_new(object, "max", kist_json_real(series->max)) != 0 ||
	     json_object_set_new(object, "max_step", json_integer((json_int_t)series->max_step)) != 0)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* Appends "key=value" to a line, as long as there is room. */
static void add_to_line(struct kist_buf *line, const char *key, const char *value)
{
	/* A line that is full says less; facts say all. */
	if (kist_buf_appendf(line, NULL, "%s%s=%s", line->size ? " " : "", key, value) != KIST_OK)
		return;
}

static kist_status run(struct kist_job_index *index, sqlite3_stmt *statement, struct kist_error *err)
{
	bool row;

	return kist_job_index_step(index, statement, &row, err);
}

/* A putting: what is gathered for the row of the job, which comes last in the source and first in the file. */
struct putting {
	struct kist_job_index *index;
	const struct kist_job *job;
	sqlite3_int64 no;
	struct kist_buf params;
	struct kist_buf metrics;
	json_t *facts;
};

/* How a parameter is compared: as it is, when it is a text, else as JSON. */
static kist_status param_text(const json_t *value, struct kist_buf *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf whole = KIST_BUF_INIT(KIST_JOB_SIZE_MAX);
	const char *text = json_string_value(value);

	if (text)
		return kist_buf_append(ret, text, strnlen(text, PARAM_TEXT_MAX), err);
	KIST_TRY(kist_json_canonical(value, &whole, err));
	return kist_buf_append(ret, whole.data, whole.size < PARAM_TEXT_MAX ? whole.size : PARAM_TEXT_MAX,
			       err);
}

static kist_status put_params(struct putting *putting, struct kist_error *err)
{
	json_t *params = json_object_get(putting->job->root, "params");
	const char *key;
	json_t *value;

	json_object_foreach(params, key, value) {
		kist_auto_buf struct kist_buf text = KIST_BUF_INIT(PARAM_TEXT_MAX + 1);
		sqlite3_stmt *statement;

		KIST_TRY(param_text(value, &text, err));
		if (!kist_buf_text(&text))
			return kist_fail_memory(err, text.size);
		KIST_TRY(kist_job_index_use(putting->index, KIST_JOB_SQL_ADD_PARAM, &statement, err));
		(void)sqlite3_bind_int64(statement, 1, putting->no);
		kist_job_index_bind(statement, 2, key);
		if (json_is_number(value))
			(void)sqlite3_bind_double(statement, 3, json_number_value(value));
		else
			(void)sqlite3_bind_null(statement, 3);
		kist_job_index_bind(statement, 4, kist_buf_text(&text));
		KIST_TRY(run(putting->index, statement, err));
	}
	return KIST_OK;
}

static kist_status put_tags(struct putting *putting, struct kist_error *err)
{
	json_t *tags = json_object_get(putting->job->root, "tags");
	const char *key;
	json_t *value;

	json_object_foreach(tags, key, value) {
		sqlite3_stmt *statement;

		KIST_TRY(kist_job_index_use(putting->index, KIST_JOB_SQL_ADD_TAG, &statement, err));
		(void)sqlite3_bind_int64(statement, 1, putting->no);
		kist_job_index_bind(statement, 2, key);
		kist_job_index_bind(statement, 3, json_string_value(value));
		KIST_TRY(run(putting->index, statement, err));
	}
	return KIST_OK;
}

/* A NaN is NULL to SQLite. */
static kist_status put_series(struct putting *putting, const char *key, const struct series *series,
			      struct kist_error *err)
{
	sqlite3_stmt *statement;

	KIST_TRY(kist_job_index_use(putting->index, KIST_JOB_SQL_ADD_METRIC, &statement, err));
	(void)sqlite3_clear_bindings(statement);
	(void)sqlite3_bind_int64(statement, 1, putting->no);
	kist_job_index_bind(statement, 2, key);
	(void)sqlite3_bind_double(statement, 3, series->last);
	if (series->has_any) {
		(void)sqlite3_bind_double(statement, 4, series->min);
		(void)sqlite3_bind_double(statement, 5, series->max);
		(void)sqlite3_bind_int64(statement, 6, series->min_step);
		(void)sqlite3_bind_int64(statement, 7, series->max_step);
	}
	(void)sqlite3_bind_int64(statement, 8, (sqlite3_int64)series->count);
	return run(putting->index, statement, err);
}

static kist_status put_metrics(struct putting *putting, struct kist_error *err)
{
	json_t *metrics = json_object_get(putting->job->root, "metrics");
	const char *key;
	json_t *value;

	json_object_foreach(metrics, key, value) {
		const struct series series = sum_up(value);

		KIST_TRY(put_series(putting, key, &series, err));
	}
	return KIST_OK;
}

/* What was not used as a text is shown as JSON. */
static kist_status gather_lines(struct putting *putting, struct kist_error *err)
{
	json_t *params = json_object_get(putting->job->root, "params");
	json_t *metrics = json_object_get(putting->job->root, "metrics");
	json_t *sums = json_object();
	const char *key;
	json_t *value;

	KIST_TRY(kist_record_set_take(putting->facts, "metrics", sums, err));
	json_object_foreach(params, key, value) {
		kist_auto_buf struct kist_buf text = KIST_BUF_INIT(PARAM_TEXT_MAX + 1);

		KIST_TRY(param_text(value, &text, err));
		add_to_line(&putting->params, key, kist_buf_text(&text) ? kist_buf_text(&text) : "");
	}
	json_object_foreach(metrics, key, value) {
		const struct series series = sum_up(value);
		char text[32];

		snprintf(text, sizeof(text), "%.6g", series.last);
		add_to_line(&putting->metrics, key, text);
		KIST_TRY(kist_record_set_take(sums, key, series_json(&series), err));
	}
	return KIST_OK;
}

static kist_status put_use(struct putting *putting, const json_t *use, const json_t *step,
			   enum kist_job_use_kind kind, struct kist_error *err)
{
	const char *task = kist_json_get_text(step, "task");
	const char *name = kist_json_get_text(step, "name");
	struct kist_digest artifact = { { 0 } };
	sqlite3_stmt *statement;

	/* It was checked. */
	(void)kist_record_get_digest(use, "artifact", &artifact);
	KIST_TRY(kist_job_index_use(putting->index, KIST_JOB_SQL_ADD_USE, &statement, err));
	(void)sqlite3_bind_blob(statement, 1, artifact.bytes, (int)KIST_DIGEST_SIZE, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, 2, putting->no);
	/* An artifact says its step itself. */
	kist_job_index_bind(statement, 3, name ? name : "");
	kist_job_index_bind(statement, 4, task ? task : "");
	kist_job_index_bind(statement, 5, kist_json_get_text(use, "name"));
	(void)sqlite3_bind_int64(statement, 6, kind);
	return run(putting->index, statement, err);
}

static kist_status put_uses(struct putting *putting, const json_t *list, const json_t *step,
			    enum kist_job_use_kind kind, struct kist_error *err)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		KIST_TRY(put_use(putting, json_array_get(list, i), step, kind, err));
	return KIST_OK;
}

/* What is kept under a name is made by its step, when the record knows that. */
static kist_status put_artifacts(struct putting *putting, struct kist_error *err)
{
	const json_t *artifacts = json_object_get(putting->job->root, "artifacts");

	for (size_t i = 0; i < json_array_size(artifacts); i++) {
		const json_t *artifact = json_array_get(artifacts, i);
		kist_auto_json json_t *step = json_object();
		const char *name = kist_json_get_text(artifact, "step");

		if (!step)
			return kist_fail_memory(err, sizeof(json_t));
		KIST_TRY(kist_record_set_text(step, "name", name ? name : "", err));
		KIST_TRY(put_use(putting, artifact, step, KIST_JOB_USE_KEPT, err));
	}
	return KIST_OK;
}

static kist_status put_all_uses(struct putting *putting, struct kist_error *err)
{
	const json_t *root = putting->job->root;
	const json_t *steps = json_object_get(root, "steps");

	KIST_TRY(put_uses(putting, json_object_get(root, "inputs"), NULL, KIST_JOB_USE_INPUT, err));
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);

		KIST_TRY(put_uses(putting, json_object_get(step, "inputs"), step, KIST_JOB_USE_INPUT, err));
		KIST_TRY(put_uses(putting, json_object_get(step, "outputs"), step, KIST_JOB_USE_OUTPUT, err));
	}
	return put_artifacts(putting, err);
}

/* How many steps are in each state. */
static json_t *count_steps(const json_t *steps)
{
	json_t *counts = json_object();

	for (size_t i = 0; counts && i < json_array_size(steps); i++) {
		const char *state = kist_json_get_text(json_array_get(steps, i), "state");
		const json_int_t count = json_integer_value(json_object_get(counts, state));

		if (json_object_set_new(counts, state, json_integer(count + 1)) == 0)
			continue;
		json_decref(counts);
		return NULL;
	}
	return counts;
}

/* The record without what is long. */
static kist_status make_facts(struct putting *putting, struct kist_error *err)
{
	static const char *const same[] = { "id",      "kind",	     "state",	"project", "user",
					    "parent",  "entrypoint", "created", "started", "ended",
					    "command", "error",	     "params",	"tags",	   "exit_status",
					    "signal",  "revision" };
	const json_t *root = putting->job->root;
	const json_int_t artifacts = (json_int_t)json_array_size(json_object_get(root, "artifacts"));
	const char *host = kist_json_get_text(json_object_get(root, "owner"), "host");

	putting->facts = json_object();
	if (!putting->facts)
		return kist_fail_memory(err, sizeof(json_t));
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		json_t *value = json_object_get(root, same[i]);

		if (value)
			KIST_TRY(kist_record_set_take(putting->facts, same[i], json_incref(value), err));
	}
	KIST_TRY(kist_record_set_text(putting->facts, "host", host, err));
	KIST_TRY(kist_record_set_take(putting->facts, "artifacts", json_integer(artifacts), err));
	KIST_TRY(kist_record_set_take(putting->facts, "steps", count_steps(json_object_get(root, "steps")),
				      err));
	return gather_lines(putting, err);
}

static void bind_time(sqlite3_stmt *statement, int at, const json_t *value)
{
	if (value)
		(void)sqlite3_bind_int64(statement, at, json_integer_value(value));
}

static void bind_member(sqlite3_stmt *statement, int at, const json_t *object, const char *key)
{
	const char *text = kist_json_get_text(object, key);

	kist_job_index_bind(statement, at, text ? text : "");
}

static kist_status add_job(struct putting *putting, const char *id, const struct kist_digest *artifact,
			   struct kist_buf *facts, const char *owner, struct kist_error *err)
{
	const json_t *root = putting->job->root;
	sqlite3_stmt *statement;

	KIST_TRY(kist_job_index_use(putting->index, KIST_JOB_SQL_ADD, &statement, err));
	(void)sqlite3_clear_bindings(statement);
	kist_job_index_bind(statement, 1, id);
	(void)sqlite3_bind_blob(statement, 2, artifact->bytes, (int)KIST_DIGEST_SIZE, SQLITE_STATIC);
	bind_member(statement, 3, root, "kind");
	bind_member(statement, 4, root, "state");
	bind_member(statement, 5, root, "project");
	bind_member(statement, 6, root, "user");
	bind_member(statement, 7, json_object_get(root, "owner"), "host");
	bind_member(statement, 8, root, "parent");
	bind_member(statement, 9, root, "entrypoint");
	bind_member(statement, 10, root, "error");
	bind_time(statement, 11, json_object_get(root, "created"));
	bind_time(statement, 12, json_object_get(root, "started"));
	bind_time(statement, 13, json_object_get(root, "ended"));
	(void)sqlite3_bind_int64(statement, 14,
				 (sqlite3_int64)json_array_size(json_object_get(root, "artifacts")));
	kist_job_index_bind(statement, 15, owner);
	kist_job_index_bind(statement, 16, kist_buf_text(&putting->params));
	kist_job_index_bind(statement, 17, kist_buf_text(&putting->metrics));
	kist_job_index_bind(statement, 18, kist_buf_text(facts));
	KIST_TRY(run(putting->index, statement, err));
	putting->no = sqlite3_last_insert_rowid(putting->index->sql);
	return KIST_OK;
}

static kist_status put_job(struct putting *putting, const char *id, const struct kist_digest *artifact,
			   struct kist_error *err)
{
	const json_t *owner = json_object_get(putting->job->root, "owner");
	const bool is_owned = owner && !kist_job_state_is_end(kist_job_state(putting->job));
	kist_auto_buf struct kist_buf facts = KIST_BUF_INIT(KIST_JOB_SIZE_MAX);
	kist_auto_buf struct kist_buf owner_text = KIST_BUF_INIT(KIST_JOB_SIZE_MAX);

	KIST_TRY(make_facts(putting, err));
	KIST_TRY(kist_json_canonical(putting->facts, &facts, err));
	if (is_owned)
		KIST_TRY(kist_json_canonical(owner, &owner_text, err));
	if (!kist_buf_text(&facts) || !kist_buf_text(&owner_text))
		return kist_fail_memory(err, facts.size);
	KIST_TRY(add_job(putting, id, artifact, &facts, is_owned ? kist_buf_text(&owner_text) : NULL, err));
	KIST_TRY(put_params(putting, err));
	KIST_TRY(put_tags(putting, err));
	KIST_TRY(put_metrics(putting, err));
	return put_all_uses(putting, err);
}

static kist_status put_damaged(struct kist_job_index *index, const char *id,
			       const struct kist_digest *artifact, const char *why, struct kist_error *err)
{
	sqlite3_stmt *statement;

	KIST_TRY(kist_job_index_use(index, KIST_JOB_SQL_ADD, &statement, err));
	(void)sqlite3_clear_bindings(statement);
	for (int i = 3; i <= 18; i++) {
		if (i <= 10 || i >= 16)
			kist_job_index_bind(statement, i, "");
	}
	kist_job_index_bind(statement, 1, id);
	(void)sqlite3_bind_blob(statement, 2, artifact->bytes, (int)KIST_DIGEST_SIZE, SQLITE_STATIC);
	kist_job_index_bind(statement, 4, "damaged");
	kist_job_index_bind(statement, 10, why);
	(void)sqlite3_bind_int64(statement, 14, 0);
	return run(index, statement, err);
}

kist_status kist_job_index_put(struct kist_job_index *index, const char *id,
			       const struct kist_digest *artifact, const struct kist_job *job,
			       const char *why, struct kist_error *err)
{
	struct putting putting = { .index = index,
				   .job = job,
				   .params = KIST_BUF_INIT(LINE_SIZE_MAX),
				   .metrics = KIST_BUF_INIT(LINE_SIZE_MAX) };
	kist_status status;

	if (!job)
		return put_damaged(index, id, artifact, why, err);
	status = put_job(&putting, id, artifact, err);
	kist_buf_done(&putting.params);
	kist_buf_done(&putting.metrics);
	json_decref(putting.facts);
	return status;
}
