/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_KEEPING_H
#define KIST_AGENT_KEEPING_H

#include "agent/keeper.h"
#include "agent/run.h"
#include "agent/snapshot.h"

/*
 * A job on its way into the store, told in its run folder: what the agent does beside a program, and what is
 * done for a job whose agent is gone.
 *
 * Thread: one struct kist_keeping, one thread at a time; kist_keeping_warn() any.
 */

/** struct kist_keeping_options - All Borrowed until kist_keeping_done(). */
struct kist_keeping_options {
	/* As in struct kist_keeper_options. */
	kist_status (*open)(void *open_ctx, struct kist_flow **ret, struct kist_error *err);
	void *open_ctx;
	/* Told of what goes wrong; perhaps in another thread.  @path: of a file, or NULL. */
	void (*warn)(void *ctx, const char *path, const struct kist_error *why);
	void *ctx;
	struct kist_job *job;
	const char *folder;
	size_t ignore_count;
	const char *const *ignore;
	uint64_t settle_ns;
	int64_t changed_before_ns;
	const char *runs_dir;
	const struct kist_snapshot_options *snapshot; /* NULL: it was made before, or never will be */
};

struct kist_keeping {
	struct kist_keeping_options options;
	struct kist_run run; /* open, or none: then nothing is told there */
	json_t *facts;	     /* of run.json */
	struct kist_keeper *keeper;
	bool has_references;	       /* the program told of artifacts that are elsewhere */
	struct kist_snapshot snapshot; /* the keeper's */
};

#define KIST_KEEPING_INIT                                                                                    \
	{                                                                                                    \
		.run = KIST_RUN_INIT                                                                         \
	}

/** kist_keeping_start() - Writes the facts of the run folder, and starts the keeper. */
KIST_CHECKED kist_status kist_keeping_start(struct kist_keeping *keeping,
					    const struct kist_keeping_options *options,
					    struct kist_error *err);

/** kist_keeping_finish() - Keeps what is left with the log of the run folder, and says in both how it ended. */
void kist_keeping_finish(struct kist_keeping *keeping, const struct kist_keeper_end *end,
			 struct kist_kept *ret);

/** kist_keeping_warn() - Tells of what goes wrong and does not stop the job; also in the run folder. */
void kist_keeping_warn(struct kist_keeping *keeping, const char *path, const struct kist_error *why);

/** kist_keeping_done() - May run twice. */
void kist_keeping_done(struct kist_keeping *keeping);

#endif
