/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_HISTORY_H
#define KIST_FLOW_HISTORY_H

#include "flow/flow.h"
#include "registry/registry.h"

/*
 * What a name meant before, as the log tells: the index knows only what it means now.
 *
 * Limits: KIST_HISTORY_COMMITS_MAX.
 * Thread: one flow, one thread at a time.
 */

/** Commits that are looked through at most. */
#define KIST_HISTORY_COMMITS_MAX ((uint64_t)1 << 16)

/**
 * kist_history_previous() - What @text, a name or "NAME/PATH" of a file in a folder, meant before it meant what it does.
 *
 * Commits are read from the one that set the name on backwards, each proved to be the one that its successor follows.
 *
 * Errors: KIST_NOT_FOUND (it is no name; it meant nothing else since it was new or was removed, or not within the last
 * KIST_HISTORY_COMMITS_MAX commits; a collector has removed what it meant), KIST_CORRUPT, KIST_CANCELLED, KIST_IO.
 */
KIST_CHECKED kist_status kist_history_previous(struct kist_flow *flow, const char *text, size_t len,
					       struct kist_artifact *ret, struct kist_error *err);

#endif
