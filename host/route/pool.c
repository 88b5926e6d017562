/* SPDX-License-Identifier: Apache-2.0 */
#include "route/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define POOL_STEP ((size_t)16)

void kist_route_done(struct kist_route *route)
{
	kist_free(route->candidates);
	*route = (struct kist_route)KIST_ROUTE_INIT;
}

static kist_status pool_add(struct kist_route *route, const struct kist_route_candidate *candidate,
			    struct kist_error *err)
{
	if (route->candidate_count % POOL_STEP == 0) {
		const size_t capacity = route->candidate_count + POOL_STEP;
		struct kist_route_candidate *candidates =
			kist_realloc(route->candidates, capacity, sizeof(*candidates));

		if (!candidates)
			return kist_fail_memory(err, capacity * sizeof(*candidates));
		route->candidates = candidates;
	}
	route->candidates[route->candidate_count++] = *candidate;
	return KIST_OK;
}

kist_status kist_pool_collect(struct kist_route *route, const struct kist_catalog *catalog,
			      const struct kist_route_query *query, int step, const char *id,
			      kist_route_fits_fn fits, const void *ctx, struct kist_error *err)
{
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];

		if (entry->refusal.status != KIST_OK || (id && strcmp(id, entry->manifest->id) != 0))
			continue;
		for (size_t k = 0; k < entry->manifest->type_count; k++) {
			struct kist_route_candidate candidate = {
				.target = { .entry = entry, .type_index = k },
				.step = step,
				.score = -1,
			};

			if (fits(query, entry, &entry->manifest->types[k], ctx, &candidate.magic_len))
				KIST_TRY(pool_add(route, &candidate, err));
		}
	}
	return KIST_OK;
}

bool kist_pool_has(const struct kist_route *route, int step)
{
	for (size_t i = 0; i < route->candidate_count; i++) {
		if (route->candidates[i].step == step)
			return true;
	}
	return false;
}

int kist_pool_rank(const struct kist_route_target *a, const struct kist_route_target *b)
{
	const uint32_t a_priority = kist_route_type(a)->priority;
	const uint32_t b_priority = kist_route_type(b)->priority;

	if (a->entry->tier != b->entry->tier)
		return a->entry->tier < b->entry->tier ? -1 : 1;
	return (a_priority < b_priority) - (a_priority > b_priority);
}

/* Which of two goes first, as far as the rules decide. */
static int compare_by_rules(const struct kist_route_candidate *a, const struct kist_route_candidate *b)
{
	int order = (a->step > b->step) - (a->step < b->step);

	if (order == 0)
		order = (a->magic_len < b->magic_len) - (a->magic_len > b->magic_len);
	if (order == 0)
		order = kist_pool_rank(&a->target, &b->target);
	return order != 0 ? order : (a->score < b->score) - (a->score > b->score);
}

static bool same_type(const struct kist_route_target *a, const struct kist_route_target *b)
{
	return a->entry == b->entry && strcmp(kist_route_type(a)->type, kist_route_type(b)->type) == 0;
}

/* By the rules, then by name, so that the explanation is the same whatever the catalog's order. */
static int compare(const void *a, const void *b)
{
	const struct kist_route_candidate *const x = a;
	const struct kist_route_candidate *const y = b;
	const struct kist_manifest_type *const x_type = kist_route_type(&x->target);
	const struct kist_manifest_type *const y_type = kist_route_type(&y->target);
	int order = compare_by_rules(x, y);

	if (order == 0)
		order = strcmp(x->target.entry->manifest->id, y->target.entry->manifest->id);
	if (order == 0)
		order = strcmp(x_type->type, y_type->type);
	return order != 0 ? order : (x_type->major < y_type->major) - (x_type->major > y_type->major);
}

void kist_pool_sort(struct kist_route *route)
{
	if (route->candidate_count > 1)
		qsort(route->candidates, route->candidate_count, sizeof(*route->candidates), compare);
}

/* The first of step @step and how many are equal to it; all are sorted. */
static size_t find_equals(const struct kist_route *route, int step, size_t *ret_first)
{
	size_t first = 0;
	size_t end;

	while (route->candidates[first].step != step)
		first++;
	end = first + 1;
	while (end < route->candidate_count &&
	       compare_by_rules(&route->candidates[first], &route->candidates[end]) == 0)
		end++;
	*ret_first = first;
	return end - first;
}

static kist_status fail_ambiguous(const struct kist_route *route, const struct kist_route_candidate *a,
				  const struct kist_route_candidate *b, const char *evidence,
				  struct kist_error *err)
{
	const struct kist_manifest_type *const x = kist_route_type(&a->target);
	const struct kist_manifest_type *const y = kist_route_type(&b->target);
	const char *x_id = a->target.entry->manifest->id;
	const char *y_id = b->target.entry->manifest->id;
	char pin[360] = "";

	/* A pin names a plugin: it cannot choose between two types of one. */
	if (route->lock_key[0] && a->target.entry != b->target.entry)
		snprintf(pin, sizeof(pin), "; or for all to come with 'kist plugin pin %s %s'",
			 route->lock_key, x_id);
	if (a->target.entry == b->target.entry && strcmp(x->task, y->task) == 0)
		return kist_fail(
			err, KIST_AMBIGUOUS,
			"%s fits '%s' and '%s' of plugin '%s' equally: choose with --type %s or --type %s",
			evidence, x->type, y->type, x_id, x->type, y->type);
	return kist_fail(
		err, KIST_AMBIGUOUS,
		"%s fits '%s' of plugin '%s' and '%s' of plugin '%s' equally: choose with --task %s/%s or "
		"--task %s/%s%s",
		evidence, x->type, x_id, y->type, y_id, x_id, x->task, y_id, y->task, pin);
}

kist_status kist_pool_choose(struct kist_route *route, const struct kist_route_query *query, int step,
			     const char *evidence, struct kist_error *err)
{
	struct kist_route_candidate *candidates = route->candidates;
	size_t first;
	size_t count;

	kist_pool_sort(route);
	count = find_equals(route, step, &first);
	if (count > 1 && query->probe) {
		for (size_t i = first; i < first + count; i++)
			KIST_TRY(query->probe(query->probe_ctx, &candidates[i].target, &candidates[i].score,
					      err));
		kist_pool_sort(route);
		count = find_equals(route, step, &first);
	}
	/* Of one plugin's versions of one type, which stand in falling order, the newest is meant. */
	for (size_t i = first + 1; i < first + count; i++) {
		if (!same_type(&candidates[first].target, &candidates[i].target))
			return fail_ambiguous(route, &candidates[first], &candidates[i], evidence, err);
	}
	candidates[first].chosen = true;
	route->target = candidates[first].target;
	snprintf(route->decided_by, sizeof(route->decided_by), "%.200s", evidence);
	return KIST_OK;
}

/* Explanation --------------------------------------------------------------------------------------- */

static const char *step_name(int step, bool objects)
{
	static const char *const bytes[] = {
		"", "named", "route", "media type", "magic", "extension", "bytes"
	};
	static const char *const things[] = { "", "named", "route", "exact type", "kind", "", "bytes" };

	return step < KIST_STEP_NAMED || step > KIST_STEP_BYTES ? "" : (objects ? things : bytes)[step];
}

/* Why @candidate was not chosen and @chosen was. */
static void verdict(const struct kist_route_candidate *candidate, const struct kist_route_candidate *chosen,
		    bool objects, char *ret, size_t size)
{
	if (!chosen)
		snprintf(ret, size, "undecided");
	else if (candidate == chosen)
		snprintf(ret, size, "chosen");
	else if (candidate->step != chosen->step)
		snprintf(ret, size, "not needed: step '%s' decided", step_name(chosen->step, objects));
	else if (candidate->magic_len != chosen->magic_len)
		snprintf(ret, size, "shorter magic");
	else if (candidate->target.entry->tier != chosen->target.entry->tier)
		snprintf(ret, size, "less trusted than %s", kist_tier_name(chosen->target.entry->tier));
	else if (kist_pool_rank(&candidate->target, &chosen->target) != 0)
		snprintf(ret, size, "lower priority than %u", kist_route_type(&chosen->target)->priority);
	else if (candidate->score != chosen->score)
		snprintf(ret, size, "less sure of these bytes");
	else
		snprintf(ret, size, "older version of the type");
}

void kist_route_line(const struct kist_route *route, size_t index, char ret[static KIST_ROUTE_LINE_SIZE])
{
	const struct kist_route_candidate *const candidate = &route->candidates[index];
	const struct kist_route_candidate *chosen = NULL;
	char magic[32] = "";
	char probe[32] = "";
	char why[64];

	for (size_t i = 0; i < route->candidate_count; i++) {
		if (route->candidates[i].chosen)
			chosen = &route->candidates[i];
	}
	if (candidate->magic_len > 0 && candidate->step == KIST_STEP_MAGIC)
		snprintf(magic, sizeof(magic), " of %zu bytes", candidate->magic_len);
	if (candidate->score >= 0)
		snprintf(probe, sizeof(probe), ", probe %d", candidate->score);
	verdict(candidate, chosen, route->is_object, why, sizeof(why));
	snprintf(ret, KIST_ROUTE_LINE_SIZE, "%s%s, %s, priority %u%s: %s",
		 step_name(candidate->step, route->is_object), magic,
		 kist_tier_name(candidate->target.entry->tier), kist_route_type(&candidate->target)->priority,
		 probe, why);
}
