/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_EXPERIMENT_LANES_H
#define KIST_EXPERIMENT_LANES_H

#include <stdatomic.h>

#include "experiment/cell.h"
#include "job/state.h"

/*
 * Cells run side by side: each lane is a process of its own, with a flow and a worker of its own, that takes one cell
 * after the other.
 *
 * What a cell does to its lane ends the lane at worst; another takes its place.  All lanes end with the process that
 * started them, however that ends.  What became of a cell is what its record says, and nothing else.
 *
 * Thread: [main]; the process has no other thread and no flow open when they are started.
 */

#define KIST_LANES_MAX UINT64_C(256)

/** struct kist_lanes - What lanes need.  All Borrowed for the call. */
struct kist_lanes {
	const struct kist_cells *cells;
	uint64_t version;
	const uint64_t *todo; /* cells, in the order in which they are begun */
	uint64_t todo_count;
	uint64_t lane_count; /* 1 to KIST_LANES_MAX */
	const char *exports; /* folder of outputs for people */
	bool no_outputs;
	bool is_quiet;		 /* does not tell of each cell */
	const atomic_bool *stop; /* set by a signal: no further cell is begun, and those under way end */
	/* Opens a flow of its own for a lane. */
	kist_status (*open)(void *ctx, struct kist_flow **ret, struct kist_error *err);
	void *ctx;
};

/**
 * kist_lanes_run() - Runs the cells to their ends, each for itself: one that fails keeps no other from running.
 *
 * @ret_failed: Cells that have not come to a good end, as far as lanes could tell.
 *
 * Errors: KIST_IO (no process can be started), KIST_NO_MEMORY; KIST_CANCELLED (stop).
 */
KIST_CHECKED kist_status kist_lanes_run(const struct kist_lanes *lanes, uint64_t *ret_failed,
					struct kist_error *err);

#endif
