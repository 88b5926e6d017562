/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_EXPERIMENT_RETAIN_H
#define KIST_EXPERIMENT_RETAIN_H

#include "experiment/version.h"

/*
 * Retention of versions: the last ones stay, of the others the records and the names go.  What has another name stays,
 * and a collector frees the rest.
 *
 * Thread: one flow, one thread at a time.
 */

/**
 * kist_versions_retain() - Drops all versions of @experiment but the newest @keep that have finished.
 *
 * Nothing is dropped that is newer than the oldest of these, and no version that somebody runs.  One that is broken off
 * can be done again: the record of a version goes last.
 *
 * @keep: At least 1.
 *
 * Errors: those of a commit, of the index, and of reading records.
 */
KIST_CHECKED kist_status kist_versions_retain(struct kist_flow *flow, const char *experiment, uint64_t keep,
					      uint64_t *ret_dropped, struct kist_error *err);

/**
 * kist_versions_retain_large() - Drops the names of what is large in all versions but the newest @keep that have finished.
 *
 * The records stay, and all that is smaller; what has another name stays, too.
 *
 * @keep: At least 1.
 * @size_min: Bytes from which on an artifact is large; at least 1.
 * @ret_dropped: How many names are added.
 *
 * Errors: as kist_versions_retain().
 */
KIST_CHECKED kist_status kist_versions_retain_large(struct kist_flow *flow, const char *experiment,
						    uint64_t keep, uint64_t size_min, uint64_t *ret_dropped,
						    struct kist_error *err);

#endif
