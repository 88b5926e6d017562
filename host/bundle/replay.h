/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BUNDLE_REPLAY_H
#define KIST_BUNDLE_REPLAY_H

#include "flow/flow.h"
#include "job/record.h"

/*
 * Running a job's entrypoint again: the same text, parameters, seeds and inputs, no result of an earlier run; nothing is
 * kept or written, and the SHA-256 of all that would be is compared with what the job has recorded.
 *
 * Thread: one flow, one thread at a time.
 */

/** struct kist_replay_options - How.  All Borrowed for the call. */
struct kist_replay_options {
	bool commands; /* the entrypoint may run commands: they may do whatever its user may */
	bool strict;   /* plugins of another version or with other bytes are as good as none */
	size_t jobs;   /* as in struct kist_run_options */
};

/** What came of it. */
enum kist_replay_verdict {
	KIST_REPLAY_EQUAL = 0,
	KIST_REPLAY_DIFFERENT,	 /* something is, or was not made */
	KIST_REPLAY_FAILED,	 /* a step failed that did not then */
	KIST_REPLAY_NO_PLUGIN,	 /* one is missing: nothing was run */
	KIST_REPLAY_NOT_COMPARED /* there is nothing to compare with, or it is not kept any more */
};
/** kist_replay_verdict_name() - "equal".  Static. */
const char *kist_replay_verdict_name(enum kist_replay_verdict verdict);

/** struct kist_replay - What came of it, and the facts.
 *
 * @facts: {"job", "verdict", "error"?,
 *          "steps": [{"name", "task"?, "state": "equal"|"different"|"failed"|"not run"|"not compared"|"missing plugin",
 *                     "error"?}],
 *          "results": [{"name", "what": "artifact"|"output", "step"?, "wanted", "had",
 *                       "state": "equal"|"different"|"missing"|"gone"}],
 *          "plugins": [{"id", "state": "same"|"other"|"missing", "wanted": {"version", "sha256"},
 *                       "had": {"version", "sha256"} or null}]}
 */
struct kist_replay {
	enum kist_replay_verdict verdict;
	json_t *facts;
};

/** kist_replay_done() - May run twice. */
void kist_replay_done(struct kist_replay *replay);
#define kist_auto_replay __attribute__((cleanup(kist_replay_done)))

/**
 * kist_replay_job() - Runs job @id of the flow's store again.
 *
 * Errors: KIST_NOT_FOUND (no such job; what it needs is not kept any more); KIST_UNSUPPORTED with the code E_SOURCE
 * (what ran is not kept with it), with the code E_COMMANDS (it runs commands, and nobody said that it may);
 * KIST_INVALID (the entrypoint is not sound here; the first fault is told); KIST_CANCELLED.  What steps fail with is no
 * error: it is in @ret.
 */
KIST_CHECKED kist_status kist_replay_job(struct kist_flow *flow, const char *id,
					 const struct kist_replay_options *options, struct kist_replay *ret,
					 struct kist_error *err);

#endif
