/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void kist_plan_done(struct kist_plan *plan)
{
	kist_free(plan->order);
	kist_free(plan->levels);
	kist_free(plan->needs);
	*plan = (struct kist_plan)KIST_PLAN_INIT;
}

static void need(struct kist_plan *plan, size_t step, size_t other)
{
	plan->needs[step * plan->count + other] = 1;
}

/* All steps that are referred to in @node. */
static void collect(struct kist_plan *plan, const struct kist_entrypoint *entrypoint, size_t step,
		    const struct kist_node *node)
{
	const struct kist_reference reference = kist_entrypoint_resolve(entrypoint, node);

	if (reference.kind == KIST_REFERENCE_STEP)
		need(plan, step, reference.index);
	for (const struct kist_node *child = node->first; child; child = child->next)
		collect(plan, entrypoint, step, child);
}

static void collect_step(struct kist_plan *plan, const struct kist_entrypoint *entrypoint, size_t i)
{
	const struct kist_step *step = &entrypoint->steps[i];
	const struct kist_node *all = step->dependencies;
	const struct kist_node *parts[] = { step->args, step->kwargs, step->exec };

	for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
		if (parts[k])
			collect(plan, entrypoint, i, parts[k]);
	}
	for (const struct kist_node *node = all && all->kind == KIST_NODE_LIST ? all->first : all; node;
	     node = all->kind == KIST_NODE_LIST ? node->next : NULL) {
		const size_t other = kist_step_find(entrypoint, node->text);

		if (other != SIZE_MAX)
			need(plan, i, other);
	}
}

static kist_status init(const struct kist_entrypoint *entrypoint, struct kist_plan *plan,
			struct kist_error *err)
{
	const size_t count = entrypoint->step_count;

	plan->count = count;
	plan->order = kist_alloc(count, sizeof(*plan->order));
	plan->levels = kist_alloc(count, sizeof(*plan->levels));
	plan->needs = kist_alloc(count * count, 1);
	if (!plan->order || !plan->levels || !plan->needs)
		return kist_fail_memory(err, count * count);
	for (size_t i = 0; i < count; i++)
		collect_step(plan, entrypoint, i);
	return KIST_OK;
}

/* The first step that waits for none and is not placed yet, or SIZE_MAX. */
static size_t next_ready(const struct kist_plan *plan, const size_t *waits)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (waits[i] == 0)
			return i;
	}
	return SIZE_MAX;
}

/* Puts as many steps in order as can be; fewer than all when some wait for each other. */
static size_t sort(struct kist_plan *plan, size_t *waits)
{
	size_t placed = 0;
	size_t next;

	for (size_t i = 0; i < plan->count * plan->count; i++)
		waits[i / plan->count] += plan->needs[i];
	while ((next = next_ready(plan, waits)) != SIZE_MAX) {
		const size_t level = plan->levels[next] + 1;

		waits[next] = SIZE_MAX;
		plan->order[placed++] = next;
		plan->level_count = level > plan->level_count ? level : plan->level_count;
		for (size_t i = 0; i < plan->count; i++) {
			if (!kist_plan_needs(plan, i, next))
				continue;
			waits[i]--;
			plan->levels[i] = level > plan->levels[i] ? level : plan->levels[i];
		}
	}
	return placed;
}

/* A walk along what steps wait for. */
struct walk {
	const struct kist_entrypoint *entrypoint;
	const struct kist_plan *plan;
	enum { UNSEEN = 0, ON_WAY, SEEN } * states;
	size_t *way;
	size_t way_count;
	struct kist_issues *issues; /* or NULL */
	struct kist_error *err;
	kist_status status;
};

static void tell_cycle(struct walk *walk, size_t again)
{
	char text[KIST_ISSUE_TEXT_SIZE];
	size_t first = 0;
	size_t used = 0;

	while (walk->way[first] != again)
		first++;
	for (size_t i = first; i < walk->way_count && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "'%s' -> ",
					 walk->entrypoint->steps[walk->way[i]].name);
	if (walk->issues) {
		const struct kist_step *step = &walk->entrypoint->steps[again];

		kist_issue_add(walk->issues, step->node->key_place, "E_CYCLE",
			       "steps wait for each other: %s'%s'", text, step->name);
		kist_issue_hint(walk->issues, "an arrow points at what a step waits for: take one away");
		return;
	}
	walk->status =
		kist_fail_at(walk->err, KIST_INVALID, "E_CYCLE", KIST_NO_OFFSET,
			     "steps wait for each other: %s'%s'", text, walk->entrypoint->steps[again].name);
}

/* As deep as there are steps, each with little on the stack: KIST_ENTRYPOINT_ITEMS_MAX bounds it. */
static void visit(struct walk *walk, size_t step)
{
	walk->states[step] = ON_WAY;
	walk->way[walk->way_count++] = step;
	for (size_t i = 0; i < walk->plan->count; i++) {
		if (!kist_plan_needs(walk->plan, step, i))
			continue;
		if (walk->states[i] == ON_WAY)
			tell_cycle(walk, i);
		else if (walk->states[i] == UNSEEN)
			visit(walk, i);
	}
	walk->way_count--;
	walk->states[step] = SEEN;
}

static kist_status find_cycles(struct walk *walk)
{
	const size_t count = walk->plan->count;
	kist_auto_mem void *states = kist_alloc(count, sizeof(*walk->states));
	kist_auto_mem size_t *way = kist_alloc(count, sizeof(*way));

	if (!states || !way)
		return kist_fail_memory(walk->err, count * sizeof(*way));
	walk->states = states;
	walk->way = way;
	for (size_t i = 0; i < count; i++) {
		if (walk->states[i] == UNSEEN)
			visit(walk, i);
	}
	return walk->status;
}

static kist_status make(const struct kist_entrypoint *entrypoint, struct kist_plan *plan,
			struct kist_issues *issues, struct kist_error *err)
{
	kist_auto_mem size_t *waits = kist_alloc(entrypoint->step_count, sizeof(*waits));
	struct walk walk = { .entrypoint = entrypoint, .plan = plan, .issues = issues, .err = err };

	if (!waits)
		return kist_fail_memory(err, entrypoint->step_count * sizeof(*waits));
	KIST_TRY(init(entrypoint, plan, err));
	return sort(plan, waits) == plan->count ? KIST_OK : find_cycles(&walk);
}

kist_status kist_plan_make(const struct kist_entrypoint *entrypoint, struct kist_plan *ret,
			   struct kist_error *err)
{
	kist_auto_plan struct kist_plan plan = KIST_PLAN_INIT;

	KIST_TRY(make(entrypoint, &plan, NULL, err));
	*ret = plan;
	plan = (struct kist_plan)KIST_PLAN_INIT;
	return KIST_OK;
}

kist_status kist_plan_check(const struct kist_entrypoint *entrypoint, struct kist_issues *issues,
			    struct kist_error *err)
{
	kist_auto_plan struct kist_plan plan = KIST_PLAN_INIT;

	return make(entrypoint, &plan, issues, err);
}
