/* SPDX-License-Identifier: Apache-2.0 */
#include "experiment/retain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "flow/record.h"
#include "job/commit.h"
#include "workflow/run.h"

/* A version on its way out, or what is large in it. */
struct leaving {
	struct kist_flow *flow;
	const char *experiment;
	uint64_t version;
	uint64_t
		size_min; /* 0: the version itself; else the names of artifacts from this size on, and no more */
	json_t *jobs;	  /* ids, the version's own last */
	uint64_t dropped; /* names */
};

static kist_status add_job(void *ctx, const struct kist_job_row *row, struct kist_error *err)
{
	json_t *jobs = ctx;

	return json_array_append_new(jobs, json_string(row->texts[KIST_JOB_ROW_ID])) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

static kist_status gather_jobs(struct leaving *leaving, struct kist_job_index *index, struct kist_error *err)
{
	char where[KIST_EXPERIMENT_JOB_SIZE + 32];
	char own[KIST_EXPERIMENT_JOB_SIZE];
	const struct kist_job_query query = { .where = where };

	kist_version_job(leaving->experiment, leaving->version, 0, own);
	snprintf(where, sizeof(where), "parent = \"%s\"", own);
	KIST_TRY(kist_job_index_each(index, &query, add_job, leaving->jobs, NULL, err));
	return json_array_append_new(leaving->jobs, json_string(own)) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

/* A name, if it still means what the job has made. */
static kist_status drop_name(struct leaving *leaving, struct kist_save *last, const struct kist_digest *made,
			     const char *name, size_t len, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest now;
	const kist_status status = kist_registry_find_ref(leaving->flow->registry, name, len, &now, &why);

	if (status == KIST_NOT_FOUND || (status == KIST_OK && !kist_digest_equal(made, &now)))
		return KIST_OK;
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	leaving->dropped++;
	return kist_save_own_ref(last, name, len, NULL, "rm", err);
}

/* Whether an artifact goes; one of which nothing is known has gone. */
static kist_status is_leaving(const struct leaving *leaving, const struct kist_digest *made, bool *ret,
			      struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	*ret = leaving->size_min == 0;
	if (*ret)
		return KIST_OK;
	status = kist_registry_get_artifact(leaving->flow->registry, made, &artifact, &why);
	*ret = status == KIST_OK && artifact.size >= leaving->size_min;
	return status == KIST_OK || status == KIST_NOT_FOUND ? KIST_OK : kist_fail_as(err, status, &why);
}

/* Of an artifact that a cell's job has made: the name that moved with the cell, and its own if the record stays. */
static kist_status drop_artifact(struct leaving *leaving, struct kist_save *last, const char *cell,
				 const json_t *artifact, size_t own_len, struct kist_error *err)
{
	const char *own = kist_json_get_text(artifact, "name");
	char name[KIST_NAME_SIZE_MAX + 1];
	const int len = snprintf(name, sizeof(name), "%s/%s", cell, own + own_len);
	struct kist_digest made;
	bool goes;

	if (len >= (int)sizeof(name) || !kist_record_get_digest(artifact, "artifact", &made))
		return KIST_OK;
	KIST_TRY(is_leaving(leaving, &made, &goes, err));
	if (!goes)
		return KIST_OK;
	KIST_TRY(drop_name(leaving, last, &made, name, (size_t)len, err));
	return leaving->size_min == 0 ? KIST_OK : drop_name(leaving, last, &made, own, strlen(own), err);
}

static kist_status drop_names_of(struct leaving *leaving, struct kist_save *last, const char *id,
				 struct kist_error *err)
{
	kist_auto_job struct kist_job *job = NULL;
	char cell[KIST_CELL_NAME_SIZE];
	char own[sizeof(KIST_RUN_PREFIX) + KIST_JOB_ID_MAX + 1];
	const char *condition;
	const char *number;
	const json_t *artifact;
	uint64_t replicate;
	size_t i;

	KIST_TRY(kist_job_load(leaving->flow, id, &job, err));
	condition = kist_json_get_text(json_object_get(job->root, "tags"), "condition");
	number = kist_json_get_text(json_object_get(job->root, "tags"), "replicate");
	if (!condition || !kist_experiment_name_ok(condition, strlen(condition)) || !number ||
	    !kist_u64_parse(number, strlen(number), &replicate))
		return KIST_OK;
	kist_cell_name(leaving->experiment, leaving->version, replicate, condition, cell);
	snprintf(own, sizeof(own), KIST_RUN_PREFIX "%s/", id);
	json_array_foreach(json_object_get(job->root, "artifacts"), i, artifact) {
		const char *name = kist_json_get_text(artifact, "name");

		if (name && strncmp(name, own, strlen(own)) == 0)
			KIST_TRY(drop_artifact(leaving, last, cell, artifact, strlen(own), err));
	}
	return KIST_OK;
}

static kist_status make_drop(void *ctx, struct kist_save *last, struct kist_error *err)
{
	struct leaving *leaving = ctx;
	const json_t *id;
	size_t i;

	leaving->dropped = 0; /* it may be made again */
	json_array_foreach(leaving->jobs, i, id)
		KIST_TRY(drop_names_of(leaving, last, json_string_value(id), err));
	return KIST_OK;
}

static kist_status drop_names(struct leaving *leaving, struct kist_job_index *index, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;

	KIST_TRY(gather_jobs(leaving, index, err));
	KIST_TRY(kist_save_open(leaving->flow, &save, err));
	kist_save_set_last(save, make_drop, NULL, leaving);
	return kist_save_commit(save, err);
}

static kist_status drop_version(struct leaving *leaving, struct kist_job_index *index, struct kist_error *err)
{
	struct kist_job_dropped dropped;
	const json_t *id;
	size_t i;

	KIST_TRY(drop_names(leaving, index, err));
	json_array_foreach(leaving->jobs, i, id)
		KIST_TRY(kist_job_drop(leaving->flow, json_string_value(id), false, false, &dropped, err));
	return KIST_OK;
}

/* The oldest version that stays; 0: all stay. */
static uint64_t oldest_to_keep(const json_t *versions, uint64_t keep)
{
	size_t i = json_array_size(versions);

	/* They are in the order in which they were begun. */
	while (i > 0 && keep > 0) {
		const json_t *row = json_array_get(versions, --i);

		if (strcmp(kist_json_get_text(row, "state"), "finished") == 0 && --keep == 0)
			return (uint64_t)json_integer_value(json_object_get(row, "version"));
	}
	return 0;
}

/* Of all versions that are older than the newest @keep that have finished, and that nobody runs. */
static kist_status each_older(struct kist_flow *flow, const char *experiment, uint64_t keep,
			      uint64_t size_min, uint64_t *ret_dropped, struct kist_error *err)
{
	kist_auto_job_index struct kist_job_index *index = NULL;
	kist_auto_json json_t *versions = NULL;
	const json_t *row;
	uint64_t oldest;
	size_t i;

	KIST_TRY(kist_job_index_open(flow, &index, err));
	KIST_TRY(kist_versions_read(index, experiment, &versions, err));
	oldest = oldest_to_keep(versions, keep);
	json_array_foreach(versions, i, row) {
		kist_auto_json json_t *jobs = json_array();
		const char *state = kist_json_get_text(row, "state");
		struct leaving leaving = { .flow = flow,
					   .experiment = experiment,
					   .version = (uint64_t)json_integer_value(
						   json_object_get(row, "version")),
					   .size_min = size_min,
					   .jobs = jobs };

		if (leaving.version >= oldest || strcmp(state, "started") == 0 ||
		    strcmp(state, "queued") == 0)
			continue;
		if (!jobs)
			return kist_fail_memory(err, sizeof(json_t));
		KIST_TRY(size_min > 0 ? drop_names(&leaving, index, err)
				      : drop_version(&leaving, index, err));
		*ret_dropped += size_min > 0 ? leaving.dropped : 1;
	}
	return KIST_OK;
}

kist_status kist_versions_retain(struct kist_flow *flow, const char *experiment, uint64_t keep,
				 uint64_t *ret_dropped, struct kist_error *err)
{
	return each_older(flow, experiment, keep, 0, ret_dropped, err);
}

kist_status kist_versions_retain_large(struct kist_flow *flow, const char *experiment, uint64_t keep,
				       uint64_t size_min, uint64_t *ret_dropped, struct kist_error *err)
{
	return each_older(flow, experiment, keep, size_min, ret_dropped, err);
}
