/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_EXPERIMENT_CELL_H
#define KIST_EXPERIMENT_CELL_H

#include "experiment/version.h"
#include "workflow/check.h"

/*
 * A cell: one replicate under one condition, made ready to run, and the digest of all that its result depends on:
 * the entrypoint's text, the files beside it that its commands name, the plugins, the values of all parameters, the
 * artifacts that it takes, and what is measured.
 *
 * Thread: one flow, one thread at a time.
 */

/** struct kist_upstream - Another experiment that an input comes from. */
struct kist_upstream {
	uint64_t version;
	uint64_t replicates;
	json_t *conditions; /* names */
};

/** struct kist_cells - What all cells of an experiment share.  All Borrowed, but for @upstreams. */
struct kist_cells {
	const struct kist_experiment *experiment;
	struct kist_view text; /* of the entrypoint */
	const char *folder;    /* in which its file lies */
	bool modulo;	       /* of an input with fewer replicates, they are taken again from the first on */
	struct kist_upstream *upstreams; /* of each input; NULL before kist_cells_find_upstreams() */
};

/** kist_cells_done() - May run twice. */
void kist_cells_done(struct kist_cells *cells);
#define kist_auto_cells __attribute__((cleanup(kist_cells_done)))

/**
 * kist_cells_find_upstreams() - Finds the experiments and artifacts that inputs come from, as they are now.
 *
 * @issues: E_INPUT_MISSING (no such experiment, version or artifact), E_REPLICATES (it has another number of them).
 */
KIST_CHECKED kist_status kist_cells_find_upstreams(struct kist_cells *cells, struct kist_flow *flow,
						   struct kist_job_index *index, struct kist_issues *issues,
						   struct kist_error *err);

/** struct kist_cell - One cell. */
struct kist_cell {
	uint64_t replicate;
	const struct kist_condition *condition;
	json_t *inputs; /* {"<artifact input>": "<digest>"} */
	struct kist_entrypoint *entrypoint;
	char key[KIST_DIGEST_HEX_SIZE];
};

void kist_cell_done(struct kist_cell *cell);
#define kist_auto_cell __attribute__((cleanup(kist_cell_done)))

/**
 * kist_cell_make() - Makes cell @no ready to run, counted replicate by replicate.
 *
 * @offer:  Borrowed by the entrypoint.
 * @issues: What is wrong in the entrypoint with these parameters is added; then the cell has no key.
 *
 * Errors: KIST_NOT_FOUND (an input: maybe the cell that makes it is not complete); KIST_IO; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_cell_make(const struct kist_cells *cells, struct kist_flow *flow,
					const struct kist_offer *offer, uint64_t no,
					struct kist_issues *issues, struct kist_cell *ret,
					struct kist_error *err);

/**
 * kist_cells_check() - What is wrong in the experiment with this entrypoint: E_REFERENCE and E_METRIC (a metric is no
 * output of a step, or no number), W_SEED (replicates that nothing tells apart).
 */
void kist_cells_check(const struct kist_cells *cells, const struct kist_entrypoint *entrypoint,
		      struct kist_issues *issues);

#endif
