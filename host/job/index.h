/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_INDEX_H
#define KIST_JOB_INDEX_H

#include "job/commit.h"
#include "job/filter.h"

/*
 * The index of jobs: an SQLite cache of what the records say, for listing, filtering and sorting.
 *
 * It lies beside the registry's (kist_registry_folder()) as jobs.sqlite, never holds the truth, and may be
 * deleted at any time: missing, damaged, of another boot or version, it is made anew; where no file can be
 * written it is kept in memory.  Opening it brings it up to date with the registry.
 *
 *     meta      one row: version, store_id, boot, head, head_digest (of the log, when it was brought up to date)
 *     jobs      no, id, artifact (of the record), what is listed; facts: JSON, the record without its series
 *     params    job, key, num (NULL: no number), text
 *     tags      job, key, text
 *     metrics   job, key, last, min, max, their steps, count; NULL: no value that is a number
 *     uses      artifact, job, step, task, name, kind: who takes and makes what
 *
 * SQLite finds its journal by name, so that two files of one name, an old one that is still written to and a new
 * one, would mix: who uses the file holds a shared flock() of jobs.lock, and only who holds it alone removes the file.
 *
 * A job that is not at its end and whose owner is gone is listed as lost, whether anybody has said so in its
 * record or not.  A record that cannot be read is listed as damaged.
 *
 * Thread: one index, one thread at a time; many processes may share the file.
 */

#define KIST_JOB_INDEX_VERSION 1
#define KIST_JOB_INDEX_FILE    "jobs.sqlite"
#define KIST_JOB_INDEX_LOCK    "jobs.lock"

struct kist_job_index;

/**
 * kist_job_index_open() - Opens the index of the jobs in @flow's store, and brings it up to date.
 *
 * @flow: Borrowed for the index's life.
 *
 * Errors: those of the registry and of reading records, but for damage; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_job_index_open(struct kist_flow *flow, struct kist_job_index **ret,
					     struct kist_error *err);
/** kist_job_index_close() - Accepts NULL. */
void kist_job_index_close(struct kist_job_index *index);

static inline void kist_job_index_close_(struct kist_job_index **slot)
{
	kist_job_index_close(*slot);
}
#define kist_auto_job_index __attribute__((cleanup(kist_job_index_close_)))

/** What of a job is a text, for listing. */
enum kist_job_text {
	KIST_JOB_ROW_ID,
	KIST_JOB_ROW_KIND,
	KIST_JOB_ROW_STATE, /* with "lost" and "damaged" as they are listed */
	KIST_JOB_ROW_PROJECT,
	KIST_JOB_ROW_USER,
	KIST_JOB_ROW_HOST,
	KIST_JOB_ROW_ERROR,
	KIST_JOB_ROW_PARAMS,  /* "lr=0.1 depth=3": one line */
	KIST_JOB_ROW_METRICS, /* "loss=0.25": the last values */
	KIST_JOB_ROW_FACTS,   /* JSON; empty unless it was asked for, and of a damaged record */
	KIST_JOB_ROW_TEXTS
};

/** struct kist_job_row - A job as it is listed.  All pointers are Borrowed for the call. */
struct kist_job_row {
	const char *texts[KIST_JOB_ROW_TEXTS]; /* never NULL */
	uint64_t created;		       /* 0: not known; and so on */
	uint64_t started;
	uint64_t ended;
	uint64_t artifacts;
	bool has_best;
	double best;
	int64_t best_step;
};

/** struct kist_job_query - Which jobs are wanted. */
struct kist_job_query {
	const char *where; /* kist_job_filter_parse(); "" for all */
	const char *sort;  /* kist_job_filter_sort(); NULL: the newest first */
	const char *best;  /* a metric: only jobs that have a value of it, the best first; or NULL */
	bool best_is_max;  /* the largest is best */
	bool facts;
	uint64_t limit; /* 0: all */
	uint64_t offset;
};

/**
 * kist_job_index_each() - Calls @each for the jobs that are wanted, in order.
 *
 * @ret_total: How many there are without limit and offset.  May be NULL.
 *
 * Errors: KIST_INVALID E_FILTER (of @query->where with the offset; of the order without); those of @each.
 */
KIST_CHECKED kist_status kist_job_index_each(struct kist_job_index *index, const struct kist_job_query *query,
					     kist_status (*each)(void *ctx, const struct kist_job_row *row,
								 struct kist_error *err),
					     void *ctx, uint64_t *ret_total, struct kist_error *err);

/** How a job uses an artifact. */
enum kist_job_use_kind {
	KIST_JOB_USE_INPUT,
	KIST_JOB_USE_OUTPUT,
	KIST_JOB_USE_KEPT, /* an output that has a name in the store */
};

/** struct kist_job_use - That a job takes or makes an artifact.  Borrowed for the call. */
struct kist_job_use {
	const char *job;
	const char *state;
	const char *step; /* "" for the job as a whole */
	const char *task; /* of the step; or "" */
	const char *name; /* as what; of what is kept, under which */
	struct kist_digest artifact;
	enum kist_job_use_kind kind;
};

/** kist_job_index_uses_of() - Calls @each for every use of @artifact. */
KIST_CHECKED kist_status kist_job_index_uses_of(struct kist_job_index *index,
						const struct kist_digest *artifact,
						kist_status (*each)(void *ctx, const struct kist_job_use *use,
								    struct kist_error *err),
						void *ctx, struct kist_error *err);

/**
 * kist_job_index_uses_by() - Calls @each for everything that step @step of @job takes and makes; "" is the job as a
 * whole, and NULL all of its steps, too.
 */
KIST_CHECKED kist_status kist_job_index_uses_by(struct kist_job_index *index, const char *job,
						const char *step,
						kist_status (*each)(void *ctx, const struct kist_job_use *use,
								    struct kist_error *err),
						void *ctx, struct kist_error *err);

#endif
