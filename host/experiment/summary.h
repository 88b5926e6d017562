/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_EXPERIMENT_SUMMARY_H
#define KIST_EXPERIMENT_SUMMARY_H

#include "base/json.h"

/*
 * What came of a version: which cells are complete, and each metric by condition.
 *
 * Thread: pure.
 */

/**
 * kist_summary_make() - Sums up.
 *
 * @version: Of kist_versions_read().  @cells: Of kist_version_cells().
 * @ret: {"experiment", "version", "state", "job", "replicates", "complete", "failed", "missing", "total",
 *       "conditions": ["baseline", ...],
 *       "cells": [{"replicate", "condition", "state", "job"?, "attempts", "error"?, "metrics"?, "params"?}],
 *       "metrics": [{"metric", "condition", "n", "mean", "spread", "min", "max"}]}: a cell's state is "complete",
 *       "missing", or that of its last job; a number that is none or not finite is a text; @spread is the standard
 *       deviation of a sample, null for less than two values.  New reference.
 *
 * Errors: KIST_CORRUPT (the record says what is over a limit of experiments, or nothing), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_summary_make(const json_t *version, const json_t *cells, json_t **ret,
					   struct kist_error *err);

/** kist_summary_csv() - Its metrics as CSV, with a line of titles, appended to @ret. */
KIST_CHECKED kist_status kist_summary_csv(const json_t *summary, struct kist_buf *ret,
					  struct kist_error *err);

#endif
