/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_CHECKPOINT_H
#define KIST_REGISTRY_CHECKPOINT_H

#include "registry/registry.h"

/*
 * Checkpoints (store/checkpoint.h): an index that is made anew begins with the newest that can be used, and
 * folds the commits after it.
 *
 * A checkpoint may lie.  Who only reads finds out nothing by that but what kist_registry_check_checkpoints()
 * finds, too; who takes anything away calls kist_registry_prove() first, and never leans on one.
 *
 * Thread: as registry.h.
 * Source: docs/adr/0026-checkpoints.md.
 */

/** Commits after the newest checkpoint, before another one is made. */
#define KIST_CHECKPOINT_COMMITS 1000
/** And entries of the state for each of these commits at most: what it costs to write must be worth it. */
#define KIST_CHECKPOINT_ENTRIES 50
/** Damaged ones that a newcomer looks at before it reads the whole log. */
#define KIST_CHECKPOINT_TRIES_MAX 8

/**
 * kist_registry_prove() - Sees to it that the index says what the log says, from its first commit on, now and
 * for the registry's life.
 *
 * Where a checkpoint stands for the log's beginning, the log is read and the checkpoint is made once more from
 * it; when that gives other bytes, the index is made anew without any.
 *
 * Errors: KIST_CORRUPT (the log is damaged), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_registry_prove(struct kist_registry *registry, struct kist_error *err);

/**
 * kist_registry_make_checkpoint() - Makes a checkpoint of the newest commit that is folded, when it is worth
 * it, and deletes those before the one before it.
 *
 * Only when all of the index comes from the log: so no lie is passed on.
 *
 * Errors: KIST_LIMIT (the state is too large), KIST_NO_MEMORY, KIST_IO.  No harm is done by any of them.
 */
KIST_CHECKED kist_status kist_registry_make_checkpoint(struct kist_registry *registry,
						       struct kist_error *err);

/** struct kist_bad_checkpoint - A checkpoint that is not what the log says.  All Borrowed for the call. */
struct kist_bad_checkpoint {
	uint64_t number;
	const char *key;
	struct kist_view right; /* what it should be; empty when the log has no such commit */
	const struct kist_error *why;
};

/**
 * kist_registry_check_checkpoints() - Makes every checkpoint once more from the log, and compares.
 *
 * Where the log cannot be read so far, which is damage of another kind, a checkpoint is only checked in
 * itself; one of a newer version, that is undamaged, is left alone.
 *
 * @each:      Told of every bad one.
 * @ret_count: How many were looked at.
 *
 * Errors: what @each gives; KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_registry_check_checkpoints(
	struct kist_registry *registry,
	kist_status (*each)(void *ctx, const struct kist_bad_checkpoint *bad, struct kist_error *err),
	void *ctx, uint64_t *ret_count, struct kist_error *err);

#endif
