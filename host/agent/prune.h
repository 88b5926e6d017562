/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_PRUNE_H
#define KIST_AGENT_PRUNE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Run folders that are not needed any more: the store has all that is in them that counts.
 *
 * One whose agent is at work, whose job has not ended, of which a file could not be kept, or whose log is not in the
 * store, stays, however old it is.
 *
 * Thread: pure, but for the files; any number of processes at once.
 */

/**
 * kist_prune_runs() - Leaves the newest @keep run folders, and all that are needed.
 *
 * Looks closer only when there are an eighth more, so that most calls cost one listing.  What cannot be removed is
 * left for the next time.
 *
 * @keep: 0: all.
 */
void kist_prune_runs(const char *runs_dir, size_t keep);

/** kist_prune_run() - Removes the folder of run @id, if it is not needed; whether it is gone. */
bool kist_prune_run(const char *runs_dir, const char *id);

#endif
