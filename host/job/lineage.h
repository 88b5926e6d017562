/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_LINEAGE_H
#define KIST_JOB_LINEAGE_H

#include "job/index.h"

/*
 * What an artifact was made of, and by what; or what was made of it.
 *
 * It is known from the records of jobs: what steps, or jobs as a whole, take and make; and where no job has made an
 * artifact, from the parents in its own record, as when it was converted.  What was made of an artifact is known
 * from jobs alone.
 *
 * Limits: KIST_LINEAGE_NODES_MAX, KIST_LINEAGE_EDGES_MAX; what is past them is left out.
 * Thread: one flow, one thread at a time.
 */

#define KIST_LINEAGE_NODES_MAX ((size_t)2000)
#define KIST_LINEAGE_EDGES_MAX ((size_t)20000)
/** Artifacts after each other, from the first on. */
#define KIST_LINEAGE_DEPTH_MAX 100

/** struct kist_lineage_node - An artifact, or a step of a job. */
struct kist_lineage_node {
	bool is_step;
	unsigned depth;		     /* artifacts on the way here */
	struct kist_digest artifact; /* of an artifact */
	bool is_gone;		     /* its record is not there any more */
	/* Where its texts are, each ended by a NUL: in the lineage's texts. */
	size_t name;	/* of an artifact, or ""; of a step, "" for the job as a whole */
	size_t summary; /* of an artifact, or "" */
	size_t job;	/* of a step; its id */
	size_t task;	/* or "" */
	size_t state;	/* of the job */
};

/** struct kist_lineage_edge - From what is taken to what is made, by number of node. */
struct kist_lineage_edge {
	size_t from;
	size_t to;
	size_t name; /* as what; in the texts */
};

/** struct kist_lineage - Node 0 is the artifact that was asked for. */
struct kist_lineage {
	struct kist_buf nodes; /* of struct kist_lineage_node */
	struct kist_buf edges; /* of struct kist_lineage_edge */
	struct kist_buf texts;
	bool is_cut; /* there is more */
};

#define KIST_LINEAGE_INIT                                                                                    \
	{                                                                                                    \
		.nodes = KIST_BUF_INIT((size_t)1 << 28), .edges = KIST_BUF_INIT((size_t)1 << 28),            \
		.texts = KIST_BUF_INIT((size_t)1 << 28)                                                      \
	}
#define kist_auto_lineage __attribute__((cleanup(kist_lineage_done)))
void kist_lineage_done(struct kist_lineage *lineage);

/** kist_lineage_text() - A text of a node or an edge.  Borrowed until the lineage changes. */
const char *kist_lineage_text(const struct kist_lineage *lineage, size_t at);

/**
 * kist_lineage_find() - Gathers what leads to @artifact, or with @forward what it leads to.
 *
 * @name:  What it is called.
 * @depth: So many artifacts after each other, KIST_LINEAGE_DEPTH_MAX at most.
 */
KIST_CHECKED kist_status kist_lineage_find(struct kist_flow *flow, struct kist_job_index *index,
					   const struct kist_digest *artifact, const char *name, bool forward,
					   unsigned depth, struct kist_lineage *ret, struct kist_error *err);

#endif
