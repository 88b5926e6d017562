/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_EXPERIMENT_VERSION_H
#define KIST_EXPERIMENT_VERSION_H

#include "experiment/experiment.h"
#include "job/index.h"

/*
 * Versions of an experiment and their cells, as the records of jobs tell of them.
 *
 * Version 3 of "study" is the job "study.v3" of kind "experiment"; each time it is taken up again is the job
 * "study.v3.r1" and so on.  Since no two jobs can have one id, no two processes can make one version, or take it up
 * at the same time.  A cell is a job of kind "cell" whose parent is "study.v3".  What a cell is, its tags say:
 * "experiment", "version", "replicate", "condition", and "cell", the digest of all that it depends on.
 *
 * Thread: pure, but for the index.
 * Source: docs/adr/0037-cells-are-jobs.md.
 */

#define KIST_EXPERIMENT_KIND "experiment"
#define KIST_CELL_KIND	     "cell"
/** What of a job's id is an experiment's name, version and number, with NUL. */
#define KIST_EXPERIMENT_JOB_SIZE (KIST_EXPERIMENT_NAME_LEN_MAX + 48)

/** kist_version_job() - The id of a version's job: the first one, or @again > 0 of those that took it up again. */
void kist_version_job(const char *experiment, uint64_t version, uint64_t again,
		      char ret[static KIST_EXPERIMENT_JOB_SIZE]);

/** kist_cell_name() - "study/v3/replicate_0/baseline": what names of a cell's artifacts begin with. */
#define KIST_CELL_NAME_SIZE (2 * KIST_EXPERIMENT_NAME_LEN_MAX + 80)
void kist_cell_name(const char *experiment, uint64_t version, uint64_t replicate, const char *condition,
		    char ret[static KIST_CELL_NAME_SIZE]);

/**
 * kist_versions_read() - All versions of @experiment, or of all experiments when that is NULL, the oldest first.
 *
 * @ret: [{"experiment", "version", "state", "again", "job", "created", "params"}]: state, id and parameters are those
 *       of the job that took it up last, and @again is how often that was.  New reference.
 */
KIST_CHECKED kist_status kist_versions_read(struct kist_job_index *index, const char *experiment,
					    json_t **ret, struct kist_error *err);

/** kist_version_find() - Version @version, or the newest for 0, in such a list; NULL: there is none.  Borrowed. */
const json_t *kist_version_find(const json_t *versions, uint64_t version);

/** kist_version_missing() - KIST_NOT_FOUND: there is no such experiment, or no such version. */
kist_status kist_version_missing(const char *experiment, uint64_t version, struct kist_error *err);

/**
 * kist_version_cells() - The cells of a version for which there is a job.
 *
 * @ret: {"<replicate>/<condition>": {"replicate", "condition", "state", "job", "attempts", "error"?, and, when it was
 *       once complete: "key", "metrics": {...}, "params": {...}}}: state, job and error are those of its last attempt.
 *       New reference.
 */
KIST_CHECKED kist_status kist_version_cells(struct kist_job_index *index, const char *experiment,
					    uint64_t version, json_t **ret, struct kist_error *err);

/** kist_version_cell() - One of them, or NULL.  Borrowed. */
const json_t *kist_version_cell(const json_t *cells, uint64_t replicate, const char *condition);

#endif
