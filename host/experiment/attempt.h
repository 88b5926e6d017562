/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_EXPERIMENT_ATTEMPT_H
#define KIST_EXPERIMENT_ATTEMPT_H

#include "experiment/version.h"

/*
 * That a version is being run: for the first time, or again.  Its record keeps others from running it meanwhile.
 *
 * Thread: one flow, one thread at a time.
 */

struct kist_attempt {
	const struct kist_experiment *experiment;
	const char *file; /* that the experiment is read from */
	uint64_t version;
	uint64_t again; /* 0: for the first time */
	char job[KIST_EXPERIMENT_JOB_SIZE];
};

/** kist_attempt_new() - A version of its own, after all that there are. */
KIST_CHECKED kist_status kist_attempt_new(struct kist_attempt *attempt, struct kist_job_index *index,
					  struct kist_error *err);

/**
 * kist_attempt_again() - Version @asked, or the newest for 0, again.  Waits for what a killed one has left behind.
 *
 * Errors: KIST_NOT_FOUND (no such version); KIST_INVALID E_STATE (somebody runs it).
 */
KIST_CHECKED kist_status kist_attempt_again(struct kist_attempt *attempt, struct kist_flow *flow,
					    uint64_t asked, struct kist_error *err);

/**
 * kist_attempt_begin() - Commits the record of a job that has started; of a new one maybe as a later version.
 *
 * Errors: KIST_INVALID E_STATE (somebody was faster); as kist_job_commit().
 */
KIST_CHECKED kist_status kist_attempt_begin(struct kist_attempt *attempt, struct kist_flow *flow,
					    struct kist_error *err);

/** kist_attempt_end() - Commits what became of it: @failed of @count cells have failed, or it was stopped. */
KIST_CHECKED kist_status kist_attempt_end(const struct kist_attempt *attempt, struct kist_flow *flow,
					  bool was_stopped, uint64_t failed, uint64_t count,
					  struct kist_error *err);

#endif
