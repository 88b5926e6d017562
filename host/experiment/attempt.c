/* SPDX-License-Identifier: Apache-2.0 */
#include "experiment/attempt.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "job/commit.h"

/* How long a lane, whose experiment was killed, may take to be gone itself. */
#define LANES_GONE_NS UINT64_C(5000000000)
#define LOOK_MS	      20
/* Versions that others may make at the same time. */
#define TRIES_MAX 100

static void name_job(struct kist_attempt *attempt)
{
	kist_version_job(attempt->experiment->name, attempt->version, attempt->again, attempt->job);
}

kist_status kist_attempt_new(struct kist_attempt *attempt, struct kist_job_index *index,
			     struct kist_error *err)
{
	kist_auto_json json_t *versions = NULL;
	const json_t *newest;

	KIST_TRY(kist_versions_read(index, attempt->experiment->name, &versions, err));
	newest = kist_version_find(versions, 0);
	attempt->version = newest ? (uint64_t)json_integer_value(json_object_get(newest, "version")) + 1 : 1;
	attempt->again = 0;
	name_job(attempt);
	return KIST_OK;
}

/* Cells that are being run by somebody who is there. */
static kist_status count_alive(const struct kist_attempt *attempt, struct kist_flow *flow, uint64_t *ret,
			       struct kist_error *err)
{
	kist_auto_job_index struct kist_job_index *index = NULL;
	kist_auto_json json_t *cells = NULL;
	const char *key;
	json_t *cell;

	*ret = 0;
	KIST_TRY(kist_registry_fold(flow->registry, err));
	KIST_TRY(kist_job_index_open(flow, &index, err));
	KIST_TRY(kist_version_cells(index, attempt->experiment->name, attempt->version, &cells, err));
	json_object_foreach(cells, key, cell)
		*ret += strcmp(kist_json_get_text(cell, "state"), "started") == 0;
	return KIST_OK;
}

/* A version that somebody else is running is left alone. */
static kist_status wait_until_free(const struct kist_attempt *attempt, struct kist_flow *flow,
				   const json_t *found, struct kist_error *err)
{
	const char *state = kist_json_get_text(found, "state");
	const uint64_t until = kist_now_ns() + LANES_GONE_NS;
	uint64_t alive;

	if (strcmp(state, "started") == 0 || strcmp(state, "queued") == 0)
		return kist_fail_at(
			err, KIST_INVALID, "E_STATE", KIST_NO_OFFSET,
			"version %" PRIu64 " of '%s' is being run, by job '%s': wait for it, or stop it",
			attempt->version, attempt->experiment->name, kist_json_get_text(found, "job"));
	KIST_TRY(count_alive(attempt, flow, &alive, err));
	while (alive > 0 && kist_now_ns() < until) {
		(void)poll(NULL, 0, LOOK_MS);
		KIST_TRY(count_alive(attempt, flow, &alive, err));
	}
	if (alive == 0)
		return KIST_OK;
	return kist_fail_at(err, KIST_INVALID, "E_STATE", KIST_NO_OFFSET,
			    "%" PRIu64 " cells of version %" PRIu64
			    " of '%s' are still being run: see 'kist jobs'",
			    alive, attempt->version, attempt->experiment->name);
}

kist_status kist_attempt_again(struct kist_attempt *attempt, struct kist_flow *flow, uint64_t asked,
			       struct kist_error *err)
{
	kist_auto_json json_t *versions = NULL;
	const char *name = attempt->experiment->name;
	struct kist_job_index *index;
	const json_t *found;
	kist_status status;

	KIST_TRY(kist_job_index_open(flow, &index, err));
	status = kist_versions_read(index, name, &versions, err);
	kist_job_index_close(index);
	if (status != KIST_OK)
		return status;
	found = kist_version_find(versions, asked);
	if (!found)
		return kist_version_missing(name, asked, err);
	attempt->version = (uint64_t)json_integer_value(json_object_get(found, "version"));
	attempt->again = (uint64_t)json_integer_value(json_object_get(found, "again")) + 1;
	name_job(attempt);
	return wait_until_free(attempt, flow, found, err);
}

static json_t *condition_names(const struct kist_experiment *experiment)
{
	json_t *names = json_array();

	for (size_t i = 0; i < experiment->condition_count; i++) {
		if (json_array_append_new(names, json_string(experiment->conditions[i].name)) != 0) {
			json_decref(names);
			return NULL;
		}
	}
	return names;
}

static json_t *metric_names(const struct kist_experiment *experiment)
{
	json_t *names = json_array();
	const char *name;
	json_t *said;

	json_object_foreach(experiment->metrics, name, said) {
		if (json_array_append_new(names, json_string(name)) != 0) {
			json_decref(names);
			return NULL;
		}
	}
	return names;
}

static kist_status describe(const struct kist_attempt *attempt, struct kist_job *job, struct kist_error *err)
{
	const struct kist_experiment *experiment = attempt->experiment;
	kist_auto_json json_t *conditions = condition_names(experiment);
	kist_auto_json json_t *metrics = metric_names(experiment);
	kist_auto_json json_t *replicates = json_integer((json_int_t)experiment->replicates);
	kist_auto_json json_t *seed = json_integer((json_int_t)experiment->seed);
	char version[24];

	if (!conditions || !metrics || !replicates || !seed)
		return kist_fail_memory(err, sizeof(json_t));
	snprintf(version, sizeof(version), "%" PRIu64, attempt->version);
	KIST_TRY(kist_job_set_param(job, "conditions", conditions, err));
	KIST_TRY(kist_job_set_param(job, "metrics", metrics, err));
	KIST_TRY(kist_job_set_param(job, "replicates", replicates, err));
	KIST_TRY(kist_job_set_param(job, "seed", seed, err));
	KIST_TRY(kist_job_set_tag(job, "experiment", experiment->name, err));
	return kist_job_set_tag(job, "version", version, err);
}

static kist_status begin_job(const struct kist_attempt *attempt, struct kist_flow *flow,
			     struct kist_error *err)
{
	const char *const command[] = { "kist", "experiment", attempt->again > 0 ? "resume" : "run",
					attempt->file };
	char first[KIST_EXPERIMENT_JOB_SIZE];
	const struct kist_job_options how = { .id = attempt->job,
					      .kind = KIST_EXPERIMENT_KIND,
					      .project = attempt->experiment->name,
					      .parent = attempt->again > 0 ? first : NULL,
					      .entrypoint = attempt->experiment->entrypoint,
					      .command = command,
					      .command_count = 4 };
	kist_auto_job struct kist_job *job = NULL;

	kist_version_job(attempt->experiment->name, attempt->version, 0, first);
	KIST_TRY(kist_job_new(&how, &job, err));
	KIST_TRY(describe(attempt, job, err));
	KIST_TRY(kist_job_set_state(job, KIST_JOB_STARTED, getpid(), err));
	return kist_job_commit_alone(flow, job, err);
}

/* No two processes can make this record: so nobody else runs this version. */
kist_status kist_attempt_begin(struct kist_attempt *attempt, struct kist_flow *flow, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status = begin_job(attempt, flow, &why);

	/* Whoever was faster, or has a job of that name, leaves the next version to us. */
	for (unsigned left = TRIES_MAX; status == KIST_EXISTS && attempt->again == 0 && left > 0; left--) {
		attempt->version++;
		name_job(attempt);
		why = (struct kist_error)KIST_ERROR_INIT;
		status = begin_job(attempt, flow, &why);
	}
	if (status == KIST_EXISTS && attempt->again > 0)
		return kist_fail_at(err, KIST_INVALID, "E_STATE", KIST_NO_OFFSET,
				    "version %" PRIu64 " of '%s' is being run: somebody has just taken it up",
				    attempt->version, attempt->experiment->name);
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}

kist_status kist_attempt_end(const struct kist_attempt *attempt, struct kist_flow *flow, bool was_stopped,
			     uint64_t failed, uint64_t count, struct kist_error *err)
{
	kist_auto_job struct kist_job *job = NULL;
	char text[96];

	snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64 " cells failed", failed, count);
	KIST_TRY(kist_job_load(flow, attempt->job, &job, err));
	if (failed > 0)
		KIST_TRY(kist_job_set_error(job, text, err));
	KIST_TRY(kist_job_set_state(job,
				    was_stopped	 ? KIST_JOB_STOPPED
				    : failed > 0 ? KIST_JOB_FAILED
						 : KIST_JOB_FINISHED,
				    0, err));
	return kist_job_commit_alone(flow, job, err);
}
