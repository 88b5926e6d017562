/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_TRACE_H
#define KIST_WORKFLOW_TRACE_H

#include "workflow/plan.h"

/*
 * Which artifact inputs a value follows from: those that it refers to, and those of the steps that it refers to.
 * What a step only waits for gives it nothing.
 *
 * Thread: constant once it is made.
 */

/** struct kist_trace - Of each step. */
struct kist_trace {
	size_t input_count;
	bool *uses; /* steps * inputs: whether what the step of the row gives follows from the input of the column */
};

#define KIST_TRACE_INIT                                                                                      \
	{                                                                                                    \
		.uses = NULL                                                                                 \
	}

/** kist_trace_done() - May run twice. */
void kist_trace_done(struct kist_trace *trace);
#define kist_auto_trace __attribute__((cleanup(kist_trace_done)))

/** kist_trace_make() - @plan: Of @entrypoint, which was checked.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_trace_make(const struct kist_entrypoint *entrypoint,
					 const struct kist_plan *plan, struct kist_trace *ret,
					 struct kist_error *err);

/** kist_trace_mark() - Sets @marks of each input that @node follows from; others stay as they are. */
void kist_trace_mark(const struct kist_trace *trace, const struct kist_entrypoint *entrypoint,
		     const struct kist_node *node, bool *marks);

/** kist_trace_mark_step() - The same for all that step @step is given. */
void kist_trace_mark_step(const struct kist_trace *trace, const struct kist_entrypoint *entrypoint,
			  const struct kist_step *step, bool *marks);

#endif
