/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_RECOVER_H
#define KIST_AGENT_RECOVER_H

#include "agent/keeping.h"

/*
 * What is left of a job whose agent is gone: killed, or by a power loss, or that could not reach the store.
 *
 * The run folder says what ran and where it wrote; what is there and is not in the store yet is kept, with the
 * log.  Files that were written to after another job had begun in the same folder are that one's.
 *
 * Thread: one at a time.
 */

/** struct kist_recover_options - All Borrowed for the call. */
struct kist_recover_options {
	const char *runs_dir;
	const char *id;
	/* Opens the store @uri that the job was to be kept in. */
	kist_status (*open)(void *ctx, const char *uri, struct kist_flow **ret, struct kist_error *err);
	/* As in struct kist_keeping_options. */
	void (*warn)(void *ctx, const char *path, const struct kist_error *why);
	void *ctx;
};

/** struct kist_recovered - What came of it. */
struct kist_recovered {
	bool nothing; /* all of it was in the store before, or it never began */
	enum kist_job_state state;
	struct kist_kept kept;
};

/**
 * kist_recover() - Keeps what is left of job @options->id, and says in its record that it is lost, unless its
 * agent still saw how it ended.
 *
 * Errors: KIST_NOT_FOUND (this machine has no such run), KIST_EXISTS (its agent is at work, or its program still runs), KIST_CORRUPT (the
 * run folder), as the store.  With KIST_OK ret->kept.recorded says whether the store has all of it now.
 */
KIST_CHECKED kist_status kist_recover(const struct kist_recover_options *options, struct kist_recovered *ret,
				      struct kist_error *err);

/** kist_recover_each() - Calls @each with the id of every run of this machine, in order.  Errors: KIST_IO; as
 * @each. */
KIST_CHECKED kist_status kist_recover_each(const char *runs_dir,
					   kist_status (*each)(void *ctx, const char *id,
							       struct kist_error *err),
					   void *ctx, struct kist_error *err);

#endif
