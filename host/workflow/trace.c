/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/trace.h"

#include "base/mem.h"

void kist_trace_done(struct kist_trace *trace)
{
	kist_free(trace->uses);
	trace->uses = NULL;
}

void kist_trace_mark(const struct kist_trace *trace, const struct kist_entrypoint *entrypoint,
		     const struct kist_node *node, bool *marks)
{
	const struct kist_reference reference = kist_entrypoint_resolve(entrypoint, node);

	if (reference.kind == KIST_REFERENCE_INPUT)
		marks[reference.index] = true;
	for (size_t i = 0; reference.kind == KIST_REFERENCE_STEP && i < trace->input_count; i++)
		marks[i] = marks[i] || trace->uses[reference.index * trace->input_count + i];
	for (const struct kist_node *child = node->first; child; child = child->next)
		kist_trace_mark(trace, entrypoint, child, marks);
}

void kist_trace_mark_step(const struct kist_trace *trace, const struct kist_entrypoint *entrypoint,
			  const struct kist_step *step, bool *marks)
{
	const struct kist_node *const given[] = { step->args, step->kwargs, step->exec };

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		if (given[i])
			kist_trace_mark(trace, entrypoint, given[i], marks);
	}
}

kist_status kist_trace_make(const struct kist_entrypoint *entrypoint, const struct kist_plan *plan,
			    struct kist_trace *ret, struct kist_error *err)
{
	const size_t count = entrypoint->step_count * entrypoint->input_count;

	ret->input_count = entrypoint->input_count;
	ret->uses = kist_alloc(count, sizeof(*ret->uses));
	if (!ret->uses)
		return kist_fail_memory(err, count);
	/* What a step refers to comes before it in the plan. */
	for (size_t i = 0; i < plan->count; i++) {
		const size_t step = plan->order[i];

		kist_trace_mark_step(ret, entrypoint, &entrypoint->steps[step],
				     ret->uses + step * ret->input_count);
	}
	return KIST_OK;
}
