/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_RUN_H
#define KIST_WORKFLOW_RUN_H

#include <limits.h>

#include "flow/flow.h"
#include "job/record.h"
#include "workflow/entrypoint.h"

/*
 * Running an entrypoint that was checked without errors.
 *
 * Function tasks run in the flow's worker, beside each other where they can; commands run beside them, each in a
 * folder of its own.  What is to be kept of a step is committed when it has ended, together with the job's record, so that a
 * later failure takes nothing away: then all of it is marked as partial.  After a failure nothing more is started,
 * and what still runs comes to its end.
 *
 * An artifact output "a" of a run called "r" is found as "r/a", which moves with each run, and for good as
 * "jobs/<id>/a".  With @names_at_end "r/a" moves only when the run has finished.
 *
 * Thread: [main]; starts a thread of its own that watches the time.
 * Source: docs/guide/workflows.md.
 */

#define KIST_RUN_PREFIX "jobs/"
/** Results of steps, for later runs: "<this><key>", and "<this><key>.<output>". */
#define KIST_RUN_CACHE_PREFIX KIST_NAME_OWN_PREFIX "cache/"
/** Such names in a store; the older half goes when there are more. */
#define KIST_RUN_CACHE_NAMES_MAX ((size_t)10000)
/** Bytes of an output that is kept for later runs. */
#define KIST_RUN_CACHE_SIZE_MAX ((uint64_t)1 << 30)
/** Commands that run at once. */
#define KIST_RUN_JOBS_MAX 256
/** How long a command has after it was asked to end. */
#define KIST_RUN_GRACE_S 5

/** struct kist_run_event - What happens to a step. */
struct kist_run_event {
	const struct kist_entrypoint *entrypoint;
	size_t step;
	enum kist_job_state state; /* that it is in now: started, finished, failed, stopped */
	uint64_t took_ns;	   /* when it has ended */
	const char *error;	   /* or NULL */
	bool is_cached;		   /* its outputs are those of an earlier run */
};

/** struct kist_run_made - What would be kept, or written for people, of a run that keeps nothing. */
struct kist_run_made {
	const char *name; /* of the artifact output, or of the output */
	const char *step; /* that gave it; or NULL */
	bool is_output;	  /* for people */
	uint64_t size;
	struct kist_digest sha256;
};

/** The encoding of an entrypoint's text that is kept with a job, and the names of such parts. */
#define KIST_RUN_SOURCE_ENCODING "kist.entrypoint@1.0"
#define KIST_RUN_SOURCE_PART	 "entrypoint"
#define KIST_RUN_FILE_PART	 "file/" /* and a number */
/** Bytes of a file beside the entrypoint that is kept with a job. */
#define KIST_RUN_FILE_SIZE_MAX ((size_t)16 << 20)

/** struct kist_run_options - All Borrowed for the call. */
struct kist_run_options {
	struct kist_view text; /* of the entrypoint: kept with the job; empty: it is not */
	const char *name;      /* of what is run: names and the folder of outputs begin with it */
	const char *folder;    /* where the entrypoint's file lies */
	const char *exports;   /* folder for the outputs; made when there is one */
	const char *kind;      /* of the job; NULL: "run" */
	const char *project;   /* of the job; or NULL */
	const char *parent;    /* id of the job that this is a part of; or NULL */
	const json_t *inputs;  /* {"<artifact input>": "<name>"}; or NULL */
	const json_t *tags;    /* of the job: {"<tag>": "<text>"}; or NULL */
	const json_t *metrics; /* {"<metric>": "$step.output"}: numbers, noted with the end; or NULL */
	const char *const *command;
	size_t command_count;
	size_t jobs;	   /* commands and tasks that run at once; 1 to KIST_RUN_JOBS_MAX */
	bool names_at_end; /* names move when it has finished, in the commit that says so */
	bool no_cache;	   /* results of earlier runs are neither taken nor kept for later ones */
	bool no_artifacts;
	bool no_outputs; /* with @no_artifacts: nothing is written at all, also no record of the job */
	void (*event)(void *ctx, const struct kist_run_event *event); /* may be NULL */
	/* With @no_artifacts and @no_outputs: told of all that would be kept or written; or NULL.  Gets @ctx. */
	void (*made)(void *ctx, const struct kist_run_made *made);
	void *ctx;
};

/**
 * struct kist_run_result - What came of it.
 *
 * @facts: {"job", "state", "steps": [{"name", "state", "ms"?, "cached"?, "error"?}], "artifacts": [{"name", "own_name",
 *         "artifact", "step"?}], "outputs": [{"name", "path"}]}; "job" is null when nothing is recorded.
 */
struct kist_run_result {
	enum kist_job_state state;
	json_t *facts;
};

#define KIST_RUN_RESULT_INIT                                                                                 \
	{                                                                                                    \
		.facts = NULL                                                                                \
	}

/** kist_run_result_done() - May run twice. */
void kist_run_result_done(struct kist_run_result *result);
#define kist_auto_run_result __attribute__((cleanup(kist_run_result_done)))

/**
 * kist_run_entrypoint() - Runs it to its end.
 *
 * @entrypoint: Checked with kist_given.to_run against the offer of this flow's catalog, without errors.
 * @ret: Set on failure, too, unless nothing began.
 *
 * Errors: what a step gave, with its name before it; KIST_CANCELLED (flow->stop).  Of inputs: KIST_NOT_FOUND,
 * KIST_INVALID (another kind).  As kist_job_commit().
 */
KIST_CHECKED kist_status kist_run_entrypoint(struct kist_flow *flow, struct kist_entrypoint *entrypoint,
					     const struct kist_run_options *options,
					     struct kist_run_result *ret, struct kist_error *err);

/** kist_run_path_beside() - The path of the file in @folder, the entrypoint's, that a word of a command names; or false. */
bool kist_run_path_beside(const char *folder, const char *word, char ret[static PATH_MAX]);

/** kist_run_cache_drop() - Drops all results that are kept for later runs.  *@ret_count: how many names. */
KIST_CHECKED kist_status kist_run_cache_drop(struct kist_flow *flow, size_t *ret_count,
					     struct kist_error *err);

#endif
