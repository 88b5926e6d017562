/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_MERGE_H
#define KIST_JOB_MERGE_H

#include "base/json.h"

/*
 * Two changes of one record, made by two processes at once, put together.
 *
 * What one of both has changed is taken from that one.  Of objects (parameters, tags, metrics) each member is
 * merged by itself, and what both have added to the end of a list is in it, theirs first.  What both have changed
 * otherwise is ours; but a state may only become what theirs may become.
 *
 * Thread: pure.
 */

/**
 * kist_job_merge() - What comes of @theirs when the changes from @base to @ours are made to it.
 *
 * All three are records.  "revision" is one more than theirs.
 *
 * @ret: New reference.
 *
 * Errors: KIST_INVALID E_STATE (they have become what ours may not follow); KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_job_merge(const json_t *base, const json_t *ours, const json_t *theirs,
					json_t **ret, struct kist_error *err);

#endif
