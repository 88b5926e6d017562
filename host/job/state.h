/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_STATE_H
#define KIST_JOB_STATE_H

#include <stdbool.h>

#include "base/err.h"

/*
 * The states of a job, and of a step of one.
 *
 *     queued ──► started ──► finished | failed | stopped
 *        │          └──────► lost ──► finished | failed | stopped
 *        └──► failed | stopped | lost
 *
 * "lost" is what others say of a job whose owner is gone without a word.  An owner that is there after all, as
 * one that was asleep with its machine, has the last word.
 *
 * Thread: pure.
 */

enum kist_job_state {
	KIST_JOB_QUEUED,
	KIST_JOB_STARTED,
	KIST_JOB_FINISHED,
	KIST_JOB_FAILED,
	KIST_JOB_STOPPED,
	KIST_JOB_LOST,
	KIST_JOB_STATE_COUNT
};

/** kist_job_state_name() - "queued" and so on; static. */
const char *kist_job_state_name(enum kist_job_state state);

/** kist_job_state_parse() - The state of this name; false when there is none. */
bool kist_job_state_parse(const char *name, enum kist_job_state *ret);

/** kist_job_state_is_end() - Whether nothing is under way any more: finished, failed, stopped, lost. */
bool kist_job_state_is_end(enum kist_job_state state);

/** kist_job_state_may() - Whether @from may become @to.  A state may not become itself. */
bool kist_job_state_may(enum kist_job_state from, enum kist_job_state to);

/**
 * kist_job_state_check() - kist_job_state_may() for a caller who needs the reason.
 *
 * @what: "job 'x'", for the message.
 *
 * Errors: KIST_INVALID with the code E_STATE.
 */
KIST_CHECKED kist_status kist_job_state_check(const char *what, enum kist_job_state from,
					      enum kist_job_state to, struct kist_error *err);

#endif
