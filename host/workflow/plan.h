/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_PLAN_H
#define KIST_WORKFLOW_PLAN_H

#include "workflow/entrypoint.h"

/*
 * The order in which the steps of an entrypoint run: each behind all that it refers to or depends on.
 *
 * Thread: constant once it is made.
 */

/** struct kist_plan - All steps, in an order in which they can run. */
struct kist_plan {
	size_t count;
	size_t *order;	    /* indices of steps; of those that could come next, the first one written */
	size_t *levels;	    /* of each step by its index: 0 waits for none, n for one of level n - 1 */
	size_t level_count; /* the steps of one level can run at once */
	uint8_t *needs;	    /* count * count: whether the step of the row waits for that of the column */
};

#define KIST_PLAN_INIT                                                                                       \
	{                                                                                                    \
		.count = 0                                                                                   \
	}

/** kist_plan_done() - May run twice. */
void kist_plan_done(struct kist_plan *plan);
#define kist_auto_plan __attribute__((cleanup(kist_plan_done)))

/**
 * kist_plan_make() - Orders the steps.
 *
 * Errors: KIST_INVALID with the code E_CYCLE and the way round; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_plan_make(const struct kist_entrypoint *entrypoint, struct kist_plan *ret,
					struct kist_error *err);

/** kist_plan_needs() - Whether step @step waits for step @other itself. */
static inline bool kist_plan_needs(const struct kist_plan *plan, size_t step, size_t other)
{
	return plan->needs[step * plan->count + other] != 0;
}

/** kist_plan_check() - Adds an E_CYCLE, with the way round, for each knot of steps that wait for each other. */
KIST_CHECKED kist_status kist_plan_check(const struct kist_entrypoint *entrypoint, struct kist_issues *issues,
					 struct kist_error *err);

#endif
