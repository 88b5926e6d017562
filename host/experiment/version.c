/* SPDX-License-Identifier: Apache-2.0 */
#include "experiment/version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define KEY_SIZE (KIST_EXPERIMENT_NAME_LEN_MAX + 32)

void kist_version_job(const char *experiment, uint64_t version, uint64_t again,
		      char ret[static KIST_EXPERIMENT_JOB_SIZE])
{
	const int len = snprintf(ret, KIST_EXPERIMENT_JOB_SIZE, "%s.v%" PRIu64, experiment, version);

	if (again > 0)
		snprintf(ret + len, KIST_EXPERIMENT_JOB_SIZE - (size_t)len, ".r%" PRIu64, again);
}

void kist_cell_name(const char *experiment, uint64_t version, uint64_t replicate, const char *condition,
		    char ret[static KIST_CELL_NAME_SIZE])
{
	snprintf(ret, KIST_CELL_NAME_SIZE, "%s/v%" PRIu64 "/replicate_%" PRIu64 "/%s", experiment, version,
		 replicate, condition);
}

static kist_status parse_facts(const struct kist_job_row *row, json_t **ret, struct kist_error *err)
{
	const char *text = row->texts[KIST_JOB_ROW_FACTS];

	*ret = NULL;
	/* A record that is damaged says nothing. */
	return text[0] ? kist_json_parse(kist_view_of(text, strlen(text)), ret, err) : KIST_OK;
}

/* A number that a tag is; false: it is none. */
static bool tag_number(const json_t *facts, const char *tag, uint64_t *ret)
{
	const char *text = kist_json_get_text(json_object_get(facts, "tags"), tag);

	return text && kist_u64_parse(text, strlen(text), ret);
}

/* Which time of taking it up the id says; false: it is the id of no version of this experiment. */
static bool read_again(const char *id, const char *experiment, uint64_t version, uint64_t *ret)
{
	char first[KIST_EXPERIMENT_JOB_SIZE];
	size_t len;

	kist_version_job(experiment, version, 0, first);
	len = strlen(first);
	*ret = 0;
	if (strncmp(id, first, len) != 0)
		return false;
	return id[len] == '\0' || (strncmp(id + len, ".r", 2) == 0 &&
				   kist_u64_parse(id + len + 2, strlen(id + len + 2), ret) && *ret > 0);
}

static json_t *find_version(const json_t *versions, const char *experiment, uint64_t version)
{
	json_t *row;
	size_t i;

	json_array_foreach(versions, i, row) {
		if (strcmp(kist_json_get_text(row, "experiment"), experiment) == 0 &&
		    (uint64_t)json_integer_value(json_object_get(row, "version")) == version)
			return row;
	}
	return NULL;
}

static kist_status add_version(void *ctx, const struct kist_job_row *row, struct kist_error *err)
{
	json_t *versions = ctx;
	kist_auto_json json_t *facts = NULL;
	const char *experiment;
	json_t *known;
	uint64_t version;
	uint64_t again;

	KIST_TRY(parse_facts(row, &facts, err));
	experiment = kist_json_get_text(json_object_get(facts, "tags"), "experiment");
	if (!experiment || !kist_experiment_name_ok(experiment, strlen(experiment)) ||
	    !tag_number(facts, "version", &version) || version > KIST_EXPERIMENT_VERSION_MAX ||
	    !read_again(row->texts[KIST_JOB_ROW_ID], experiment, version, &again))
		return KIST_OK;
	known = find_version(versions, experiment, version);
	if (known && (uint64_t)json_integer_value(json_object_get(known, "again")) > again)
		return KIST_OK;
	if (!known) {
		known = json_pack("{ss,sI,sI}", "experiment", experiment, "version", (json_int_t)version,
				  "created", (json_int_t)row->created);
		if (!known || json_array_append_new(versions, known) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	if (json_object_set_new(known, "again", json_integer((json_int_t)again)) != 0 ||
	    json_object_set_new(known, "state", json_string(row->texts[KIST_JOB_ROW_STATE])) != 0 ||
	    json_object_set_new(known, "job", json_string(row->texts[KIST_JOB_ROW_ID])) != 0 ||
	    json_object_set(known, "params", json_object_get(facts, "params")) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

kist_status kist_versions_read(struct kist_job_index *index, const char *experiment, json_t **ret,
			       struct kist_error *err)
{
	char where[KIST_EXPERIMENT_NAME_LEN_MAX + 64];
	const struct kist_job_query query = { .where = where, .sort = "created", .facts = true };
	kist_auto_json json_t *versions = json_array();

	if (!versions)
		return kist_fail_memory(err, sizeof(json_t));
	snprintf(where, sizeof(where), "kind = \"" KIST_EXPERIMENT_KIND "\"%s%s%s",
		 experiment ? " and tag.experiment = \"" : "", experiment ? experiment : "",
		 experiment ? "\"" : "");
	KIST_TRY(kist_job_index_each(index, &query, add_version, versions, NULL, err));
	*ret = kist_steal(versions);
	return KIST_OK;
}

const json_t *kist_version_find(const json_t *versions, uint64_t version)
{
	const json_t *found = NULL;
	uint64_t newest = 0;
	const json_t *row;
	size_t i;

	json_array_foreach(versions, i, row) {
		const uint64_t number = (uint64_t)json_integer_value(json_object_get(row, "version"));

		if (version == 0 ? number > newest : number == version) {
			found = row;
			newest = number;
		}
	}
	return found;
}

kist_status kist_version_missing(const char *experiment, uint64_t version, struct kist_error *err)
{
	if (version > 0)
		return kist_fail(err, KIST_NOT_FOUND, "experiment '%s' has no version %" PRIu64, experiment,
				 version);
	return kist_fail(err, KIST_NOT_FOUND,
			 "experiment '%s' has not been run: see 'kist experiment ls', or say "
			 "'kist experiment run FILE'",
			 experiment);
}

/* The last values of all its metrics. */
static json_t *last_metrics(const json_t *facts)
{
	json_t *all = json_object();
	const char *name;
	json_t *series;

	json_object_foreach(json_object_get(facts, "metrics"), name, series) {
		if (!all || json_object_set(all, name, json_object_get(series, "last")) != 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

/* The jobs come in the order in which they were made: the last one counts. */
static kist_status add_cell(void *ctx, const struct kist_job_row *row, struct kist_error *err)
{
	const bool is_complete = strcmp(row->texts[KIST_JOB_ROW_STATE], "finished") == 0;
	json_t *cells = ctx;
	kist_auto_json json_t *facts = NULL;
	const json_t *tags;
	const char *condition;
	char key[KEY_SIZE];
	uint64_t replicate;
	json_t *cell;

	KIST_TRY(parse_facts(row, &facts, err));
	tags = json_object_get(facts, "tags");
	condition = kist_json_get_text(tags, "condition");
	if (!condition || !kist_experiment_name_ok(condition, strlen(condition)) ||
	    !tag_number(facts, "replicate", &replicate) || replicate >= KIST_EXPERIMENT_REPLICATES_MAX ||
	    !json_object_get(tags, "cell"))
		return KIST_OK;
	snprintf(key, sizeof(key), "%" PRIu64 "/%s", replicate, condition);
	cell = json_object_get(cells, key);
	if (!cell) {
		cell = json_pack("{sI,ss,sI}", "replicate", (json_int_t)replicate, "condition", condition,
				 "attempts", (json_int_t)0);
		if (!cell || json_object_set_new(cells, key, cell) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	(void)json_integer_set(json_object_get(cell, "attempts"),
			       json_integer_value(json_object_get(cell, "attempts")) + 1);
	(void)json_object_del(cell, "error");
	if (json_object_set_new(cell, "state", json_string(row->texts[KIST_JOB_ROW_STATE])) != 0 ||
	    json_object_set_new(cell, "job", json_string(row->texts[KIST_JOB_ROW_ID])) != 0 ||
	    (row->texts[KIST_JOB_ROW_ERROR][0] &&
	     json_object_set_new(cell, "error", json_string(row->texts[KIST_JOB_ROW_ERROR])) != 0))
		return kist_fail_memory(err, sizeof(json_t));
	if (!is_complete)
		return KIST_OK;
	if (json_object_set(cell, "key", json_object_get(tags, "cell")) != 0 ||
	    json_object_set(cell, "params", json_object_get(facts, "params")) != 0 ||
	    json_object_set_new(cell, "metrics", last_metrics(facts)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

kist_status kist_version_cells(struct kist_job_index *index, const char *experiment, uint64_t version,
			       json_t **ret, struct kist_error *err)
{
	char job[KIST_EXPERIMENT_JOB_SIZE];
	char where[KIST_EXPERIMENT_JOB_SIZE + 64];
	const struct kist_job_query query = { .where = where, .sort = "created", .facts = true };
	kist_auto_json json_t *cells = json_object();

	if (!cells)
		return kist_fail_memory(err, sizeof(json_t));
	kist_version_job(experiment, version, 0, job);
	snprintf(where, sizeof(where), "kind = \"" KIST_CELL_KIND "\" and parent = \"%s\"", job);
	KIST_TRY(kist_job_index_each(index, &query, add_cell, cells, NULL, err));
	*ret = kist_steal(cells);
	return KIST_OK;
}

const json_t *kist_version_cell(const json_t *cells, uint64_t replicate, const char *condition)
{
	char key[KEY_SIZE];

	snprintf(key, sizeof(key), "%" PRIu64 "/%s", replicate, condition);
	return json_object_get(cells, key);
}
