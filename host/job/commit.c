/* SPDX-License-Identifier: Apache-2.0 */
#include "job/commit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "flow/load.h"
#include "job/merge.h"

#define WHAT_MAX      127
#define SUMMARY_SIZE  512
#define PART_SIZE_MAX ((size_t)64 << 20)

size_t kist_job_name(const char *id, char ret_name[static KIST_JOB_NAME_SIZE])
{
	return (size_t)snprintf(ret_name, KIST_JOB_NAME_SIZE, "%s%.*s", KIST_JOB_PREFIX, (int)KIST_JOB_ID_MAX,
				id);
}

size_t kist_job_part_name(const char *id, const char *what, char ret_name[static KIST_JOB_NAME_SIZE])
{
	return (size_t)snprintf(ret_name, KIST_JOB_NAME_SIZE, "%s%.*s/%.*s", KIST_JOB_PART_PREFIX,
				(int)KIST_JOB_ID_MAX, id, WHAT_MAX, what);
}

kist_status kist_job_read(struct kist_flow *flow, const struct kist_digest *id, struct kist_job **ret,
			  struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_JOB_SIZE_MAX);
	kist_auto_job struct kist_job *job = NULL;
	const char *encoding;

	KIST_TRY(kist_registry_get_artifact(flow->registry, id, &artifact, err));
	encoding = kist_json_get_text(artifact.record, "encoding");
	if (!encoding || strcmp(encoding, KIST_JOB_ENCODING) != 0)
		return kist_fail(err, KIST_CORRUPT, "a record of a job is kept as %.100s, not as %s",
				 encoding ? encoding : "nothing that is known", KIST_JOB_ENCODING);
	KIST_TRY(kist_load_bytes(flow, artifact.record, &text, err));
	KIST_TRY(kist_job_parse(kist_buf_view(&text), &job, err));
	job->base = kist_json_copy(job->root);
	if (!job->base)
		return kist_fail_memory(err, sizeof(json_t));
	job->committed = *id;
	*ret = kist_steal(job);
	return KIST_OK;
}

kist_status kist_job_load(struct kist_flow *flow, const char *id, struct kist_job **ret,
			  struct kist_error *err)
{
	kist_auto_job struct kist_job *job = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	char name[KIST_JOB_NAME_SIZE];
	struct kist_digest artifact;
	kist_status status;

	KIST_TRY(kist_job_id_check(id, strlen(id), err));
	status = kist_registry_find_ref(flow->registry, name, kist_job_name(id, name), &artifact, &why);
	if (status == KIST_NOT_FOUND)
		return kist_fail(err, status, "there is no job '%s'", id);
	if (status == KIST_OK)
		status = kist_lost_is_damage(kist_job_read(flow, &artifact, &job, &why), &why);
	if (status != KIST_OK) {
		(void)kist_fail_context(&why, "the record of job '%s'", id);
		return kist_fail_as(err, status, &why);
	}
	if (strcmp(kist_job_id(job), id) != 0)
		return kist_fail(err, KIST_CORRUPT, "under the name of job '%s' is the record of '%s'", id,
				 kist_job_id(job));
	*ret = kist_steal(job);
	return KIST_OK;
}

kist_status kist_job_load_part(struct kist_flow *flow, const char *id, const char *what, json_t **ret,
			       struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(PART_SIZE_MAX);
	char name[KIST_JOB_NAME_SIZE];
	const size_t len = kist_job_part_name(id, what, name);
	struct kist_digest digest;

	KIST_TRY(kist_registry_find_ref(flow->registry, name, len, &digest, err));
	KIST_TRY(kist_lost_is_damage(kist_registry_get_artifact(flow->registry, &digest, &artifact, err),
				     err));
	KIST_TRY(kist_load_bytes(flow, artifact.record, &text, err));
	return kist_json_parse(kist_buf_view(&text), ret, err);
}

/* A commit of a record under way. */
struct committing {
	struct kist_job *job;
	struct kist_flow *flow;
	struct kist_job *merged; /* to go on with: nothing can fail once it is committed */
	bool has_theirs;	 /* the name led somewhere when that was made */
	struct kist_digest theirs;
};

/* What the job's name leads to now, when all commits are known. */
static kist_status find_theirs(struct committing *committing, json_t **ret, struct kist_error *err)
{
	const struct kist_job *job = committing->job;
	kist_auto_job struct kist_job *theirs = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	char name[KIST_JOB_NAME_SIZE];
	struct kist_digest artifact;
	kist_status status;

	status = kist_registry_find_ref(committing->flow->registry, name,
					kist_job_name(kist_job_id(job), name), &artifact, &why);
	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	if (!job->base && status == KIST_OK)
		return kist_fail(err, KIST_EXISTS, "there is a job '%s' already", kist_job_id(job));
	if (job->base && status == KIST_NOT_FOUND)
		return kist_fail(err, status, "job '%s' was removed meanwhile", kist_job_id(job));
	committing->has_theirs = job->base != NULL;
	if (job->base)
		committing->theirs = artifact;
	if (!job->base || kist_digest_equal(&artifact, &job->committed)) {
		*ret = json_incref(job->base ? job->base : job->root);
		return KIST_OK;
	}
	KIST_TRY(kist_job_load(committing->flow, kist_job_id(job), &theirs, err));
	*ret = kist_steal(theirs->root);
	return KIST_OK;
}

/* "finished, 3 artifacts, 12 points of metrics": for a listing of what is kept. */
static void summarize(const json_t *root, size_t points, char ret[static SUMMARY_SIZE])
{
	const size_t artifacts = json_array_size(json_object_get(root, "artifacts"));
	const char *project = kist_json_get_text(root, "project");

	snprintf(ret, SUMMARY_SIZE, "%s %s%s%.100s, %zu artifact%s, %zu point%s of metrics",
		 kist_json_get_text(root, "state"), "job", project[0] ? " of " : "", project, artifacts,
		 kist_plural(artifacts), points, kist_plural(points));
}

static kist_status put_record(struct committing *committing, struct kist_view text, struct kist_save *last,
			      struct kist_error *err)
{
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	struct kist_save_made made = { .kind = "value", .encoding = KIST_JOB_ENCODING, .bytes = text };
	struct kist_save_options how = { .own_name = true };
	char name[KIST_JOB_NAME_SIZE];
	char summary[SUMMARY_SIZE];

	summarize(committing->merged->root, committing->merged->points, summary);
	made.summary = summary;
	how.name_len = kist_job_name(kist_job_id(committing->job), name);
	how.name = name;
	KIST_TRY(kist_save_bytes(last, &made, &how, &saved, err));
	committing->merged->committed = saved.artifact;
	return KIST_OK;
}

/* What is gone on with is what will be read: a real number that is whole comes back as an integer. */
static kist_status settle(struct committing *committing, const json_t *merged, struct kist_buf *ret_text,
			  struct kist_error *err)
{
	const struct kist_job made_of = { .root = (json_t *)(uintptr_t)merged };

	kist_job_free(committing->merged);
	committing->merged = NULL;
	KIST_TRY(kist_job_print(&made_of, ret_text, err));
	KIST_TRY(kist_job_parse(kist_buf_view(ret_text), &committing->merged, err));
	committing->merged->base = kist_json_copy(committing->merged->root);
	return committing->merged->base ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

static kist_status make_record(void *ctx, struct kist_save *last, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(2 * KIST_JOB_SIZE_MAX);
	struct committing *committing = ctx;
	const struct kist_job *job = committing->job;
	kist_auto_json json_t *theirs = NULL;
	kist_auto_json json_t *merged = NULL;

	KIST_TRY(find_theirs(committing, &theirs, err));
	KIST_TRY(kist_job_merge(job->base ? job->base : job->root, job->root, theirs, &merged, err));
	KIST_TRY(settle(committing, merged, &text, err));
	return put_record(committing, kist_buf_view(&text), last, err);
}

/* Whether the name leads where it led when the record was made. */
static bool is_current(void *ctx)
{
	const struct committing *committing = ctx;
	char name[KIST_JOB_NAME_SIZE];
	struct kist_digest artifact;
	const kist_status status =
		kist_registry_find_ref(committing->flow->registry, name,
				       kist_job_name(kist_job_id(committing->job), name), &artifact, NULL);

	if (status == KIST_NOT_FOUND)
		return !committing->has_theirs;
	return status == KIST_OK && committing->has_theirs &&
	       kist_digest_equal(&artifact, &committing->theirs);
}

kist_status kist_job_commit(struct kist_job *job, struct kist_save *save, struct kist_error *err)
{
	struct committing committing = { .job = job, .flow = kist_save_flow(save) };
	struct kist_job before;
	kist_status status;

	kist_save_set_last(save, make_record, is_current, &committing);
	status = kist_save_commit(save, err);
	if (status == KIST_OK) {
		before = *job;
		*job = *committing.merged;
		*committing.merged = before;
	}
	kist_job_free(committing.merged);
	return status;
}

kist_status kist_job_commit_alone(struct kist_flow *flow, struct kist_job *job, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;

	KIST_TRY(kist_save_open(flow, &save, err));
	return kist_job_commit(job, save, err);
}

/* Looking for a job by a part of its id. */
struct finding {
	const char *text;
	char *ret_id;
	size_t count;
	char other[KIST_JOB_ID_MAX + 1];
};

static kist_status see_id(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			  struct kist_error *err)
{
	const size_t prefix = strlen(KIST_JOB_PREFIX);
	struct finding *finding = ctx;
	const size_t len = strlen(finding->text);
	const char *id = ref->name + prefix;
	const size_t id_len = ref->name_len - prefix;

	(void)artifact;
	(void)err;
	if (id_len > KIST_JOB_ID_MAX || id_len < len ||
	    (memcmp(id, finding->text, len) != 0 && memcmp(id + id_len - len, finding->text, len) != 0))
		return KIST_OK;
	snprintf(finding->count ? finding->other : finding->ret_id, KIST_JOB_ID_MAX + 1, "%s", id);
	finding->count++;
	return KIST_OK;
}

kist_status kist_job_find(struct kist_flow *flow, const char *text, char ret_id[static KIST_JOB_ID_MAX + 1],
			  struct kist_error *err)
{
	struct finding finding = { .text = text, .ret_id = ret_id };
	struct kist_error why = KIST_ERROR_INIT;
	char name[KIST_JOB_NAME_SIZE];
	struct kist_digest artifact;
	kist_status status;

	KIST_TRY(kist_job_id_check(text, strlen(text), err));
	status = kist_registry_find_ref(flow->registry, name, kist_job_name(text, name), &artifact, &why);
	if (status == KIST_OK) {
		snprintf(ret_id, KIST_JOB_ID_MAX + 1, "%s", text);
		return KIST_OK;
	}
	if (status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	KIST_TRY(kist_registry_each_name(flow->registry, KIST_JOB_PREFIX, strlen(KIST_JOB_PREFIX), see_id,
					 &finding, err));
	if (finding.count == 0)
		return kist_fail(err, KIST_NOT_FOUND, "there is no job '%s'; 'kist jobs' lists all", text);
	if (finding.count > 1)
		return kist_fail(err, KIST_AMBIGUOUS,
				 "'%s' may be %zu jobs, such as '%s' and '%s': say more of it", text,
				 finding.count, ret_id, finding.other);
	return KIST_OK;
}

kist_status kist_job_call_lost(struct kist_flow *flow, const char *id, bool *ret_lost, struct kist_error *err)
{
	kist_auto_job struct kist_job *job = NULL;

	KIST_TRY(kist_job_load(flow, id, &job, err));
	*ret_lost = kist_job_state(job) == KIST_JOB_LOST;
	if (kist_job_state_is_end(kist_job_state(job)) || kist_job_life(job) != KIST_OWNER_GONE)
		return KIST_OK;
	KIST_TRY(kist_job_set_state(job, KIST_JOB_LOST, 0, err));
	KIST_TRY(kist_job_set_error(job, "the process that ran it is gone, and has not said how it ended",
				    err));
	KIST_TRY(kist_job_mark_partial(job, err));
	KIST_TRY(kist_job_commit_alone(flow, job, err));
	*ret_lost = true;
	return KIST_OK;
}

/* A job on its way out. */
struct dropping {
	struct kist_flow *flow;
	struct kist_save *last;
	const char *id;
	bool force;
	bool keep_artifacts;
	struct kist_job_dropped dropped;
};

static kist_status drop_name(struct dropping *dropping, const json_t *artifact, struct kist_error *err)
{
	kist_auto_buf struct kist_buf name = KIST_BUF_INIT(KIST_NAME_SIZE_MAX);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest made;
	struct kist_digest now;
	kist_status status;

	KIST_TRY(kist_name_from_json(artifact, &name, err));
	status = kist_registry_find_ref(dropping->flow->registry, (const char *)name.data, name.size, &now,
					&why);
	if (status == KIST_NOT_FOUND)
		return KIST_OK;
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	if (!kist_record_get_digest(artifact, "artifact", &made) || !kist_digest_equal(&made, &now)) {
		dropping->dropped.kept++;
		return KIST_OK;
	}
	dropping->dropped.artifacts++;
	return kist_save_own_ref(dropping->last, (const char *)name.data, name.size, NULL, "rm", err);
}

static kist_status drop_part(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			     struct kist_error *err)
{
	const struct dropping *dropping = ctx;

	(void)artifact;
	return kist_save_own_ref(dropping->last, ref->name, ref->name_len, NULL, "rm", err);
}

static kist_status make_drop(void *ctx, struct kist_save *last, struct kist_error *err)
{
	kist_auto_job struct kist_job *job = NULL;
	struct dropping *dropping = ctx;
	char name[KIST_JOB_NAME_SIZE];
	const json_t *artifacts;
	size_t len;

	dropping->last = last;
	dropping->dropped = (struct kist_job_dropped){ .artifacts = 0 };
	KIST_TRY(kist_job_load(dropping->flow, dropping->id, &job, err));
	if (!dropping->force && !kist_job_state_is_end(kist_job_state(job)) &&
	    kist_job_life(job) != KIST_OWNER_GONE)
		return kist_fail_at(err, KIST_INVALID, "E_STATE", KIST_NO_OFFSET,
				    "job '%s' is %s: stop it first, or use --force", dropping->id,
				    kist_job_state_name(kist_job_state(job)));
	artifacts = json_object_get(job->root, "artifacts");
	for (size_t i = 0; !dropping->keep_artifacts && i < json_array_size(artifacts); i++)
		KIST_TRY(drop_name(dropping, json_array_get(artifacts, i), err));
	len = kist_job_part_name(dropping->id, "", name);
	KIST_TRY(kist_registry_each_name(dropping->flow->registry, name, len, drop_part, dropping, err));
	return kist_save_own_ref(last, name, kist_job_name(dropping->id, name), NULL, "rm", err);
}

kist_status kist_job_drop(struct kist_flow *flow, const char *id, bool force, bool keep_artifacts,
			  struct kist_job_dropped *ret, struct kist_error *err)
{
	struct dropping dropping = {
		.flow = flow, .id = id, .force = force, .keep_artifacts = keep_artifacts
	};
	kist_auto_save struct kist_save *save = NULL;

	KIST_TRY(kist_save_open(flow, &save, err));
	kist_save_set_last(save, make_drop, NULL, &dropping);
	KIST_TRY(kist_save_commit(save, err));
	*ret = dropping.dropped;
	return KIST_OK;
}
