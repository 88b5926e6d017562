/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_COMMIT_H
#define KIST_JOB_COMMIT_H

#include "flow/save.h"
#include "job/record.h"

/*
 * Records of jobs in a store.
 *
 * A record is an artifact under the name "kist:job/<id>", one of kist's own; each change of it is a commit, and
 * what a job or a step has made is in the same commit as the record that names it.  So there is never a finished
 * record without its artifacts, nor the other way round.
 *
 *     kist_job_new()                                  what is known of it, in memory
 *     kist_job_set_state(job, KIST_JOB_STARTED, pid)
 *     kist_job_commit_alone(flow, job)                it is there
 *     for each step:
 *         kist_save_open(flow, &save)
 *         kist_save_object(save, ...), ...            what it has made, under names of its own
 *         kist_job_add_artifact(), kist_job_add_step_output(), kist_job_set_step_state(), kist_job_add_metric()
 *         kist_job_commit(job, save)                  all of that at once
 *     kist_job_set_state(job, KIST_JOB_FINISHED, 0)
 *     kist_job_commit_alone(flow, job)
 *
 * Other processes may change the same job meanwhile, as who tags it or calls it lost: a commit finds their
 * changes and keeps both (job/merge.h), or fails when both have ended it.  What else is to be kept with a job,
 * and is no result of it (its log, its source), has a name kist_job_part_name().
 *
 * Thread: one flow, one thread at a time.
 * Source: docs/adr/0035-jobs-are-artifacts.md.
 */

/** What names of records begin with, and names of their parts. */
#define KIST_JOB_PREFIX	     KIST_NAME_OWN_PREFIX "job/"
#define KIST_JOB_PART_PREFIX KIST_NAME_OWN_PREFIX "part/"
/** Of such a name, NUL included. */
#define KIST_JOB_NAME_SIZE (sizeof(KIST_JOB_PART_PREFIX) + KIST_JOB_ID_MAX + 1 + 128)

/** kist_job_name() - "kist:job/<id>".  Gives its length. */
size_t kist_job_name(const char *id, char ret_name[static KIST_JOB_NAME_SIZE]);

/** kist_job_part_name() - "kist:part/<id>/<what>"; @what: "stdout", 127 bytes at most.  Gives its length. */
size_t kist_job_part_name(const char *id, const char *what, char ret_name[static KIST_JOB_NAME_SIZE]);

/**
 * kist_job_commit() - Commits @save and the record of @job together.
 *
 * On KIST_OK both are durable, and @job is the record as it was committed: with what others have changed.
 *
 * @save: What the job has made; its flow says where.  It can only be closed afterwards.
 *
 * Errors: KIST_EXISTS (a new job whose id is taken); KIST_NOT_FOUND (the job was removed meanwhile);
 * KIST_INVALID E_STATE (another process has ended it, so that it cannot become what @job is); KIST_LIMIT (the
 * record); as kist_save_commit().  Nothing is committed then, and @job is as it was.
 */
KIST_CHECKED kist_status kist_job_commit(struct kist_job *job, struct kist_save *save,
					 struct kist_error *err);

/** kist_job_commit_alone() - The same with nothing but the record. */
KIST_CHECKED kist_status kist_job_commit_alone(struct kist_flow *flow, struct kist_job *job,
					       struct kist_error *err);

/**
 * kist_job_load() - The record of job @id as it is committed.  kist_job_free() it.
 *
 * Errors: KIST_NOT_FOUND; as kist_load_bytes() and kist_job_parse(); KIST_CORRUPT (it is another job's).
 */
KIST_CHECKED kist_status kist_job_load(struct kist_flow *flow, const char *id, struct kist_job **ret,
				       struct kist_error *err);

/** kist_job_read() - The record that @artifact is, whatever leads to it.  Errors: as kist_job_load(). */
KIST_CHECKED kist_status kist_job_read(struct kist_flow *flow, const struct kist_digest *artifact,
				       struct kist_job **ret, struct kist_error *err);

/**
 * kist_job_load_part() - What is kept with job @id as @what, where that is JSON: kist_job_part_name().  New reference.
 *
 * Errors: KIST_NOT_FOUND; as kist_load_bytes() and kist_json_parse().
 */
KIST_CHECKED kist_status kist_job_load_part(struct kist_flow *flow, const char *id, const char *what,
					    json_t **ret, struct kist_error *err);

/**
 * kist_job_find() - The id of the one job that @text means: all of it, or what it begins or ends with.
 *
 * @ret_id: KIST_JOB_ID_MAX + 1 bytes.
 *
 * Errors: KIST_NOT_FOUND, KIST_AMBIGUOUS.
 */
KIST_CHECKED kist_status kist_job_find(struct kist_flow *flow, const char *text,
				       char ret_id[static KIST_JOB_ID_MAX + 1], struct kist_error *err);

/**
 * kist_job_call_lost() - Lets a job whose owner is gone become lost; its artifacts are marked as partial.
 *
 * *@ret_lost: Whether it is lost now; false when it has ended, or its owner is there or cannot be seen from here.
 */
KIST_CHECKED kist_status kist_job_call_lost(struct kist_flow *flow, const char *id, bool *ret_lost,
					    struct kist_error *err);

/** struct kist_job_dropped - What kist_job_drop() has dropped. */
struct kist_job_dropped {
	size_t artifacts; /* names that still led to what the job has made */
	size_t kept;	  /* names that lead elsewhere by now */
};

/**
 * kist_job_drop() - Drops the names of a job's record, its parts and its artifacts, in one commit.
 *
 * A name that leads to something else by now stays.
 *
 * @force: Also of a job that has not ended.
 * @keep_artifacts: Their names stay.
 *
 * Errors: KIST_NOT_FOUND; KIST_INVALID E_STATE (it has not ended); as kist_save_commit().
 */
KIST_CHECKED kist_status kist_job_drop(struct kist_flow *flow, const char *id, bool force,
				       bool keep_artifacts, struct kist_job_dropped *ret,
				       struct kist_error *err);

#endif
