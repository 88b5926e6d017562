/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_ROUTE_POOL_H
#define KIST_ROUTE_POOL_H

#include "route/route.h"

/*
 * The candidates of a route: collected by evidence, ordered by rank, one chosen, all explained.
 *
 * Thread: pure.
 */

/** Steps of a route, for bytes and for objects. */
enum {
	KIST_STEP_NAMED = 1,
	KIST_STEP_LOCK = 2,
	KIST_STEP_MEDIA = 3,
	KIST_STEP_MAGIC = 4,
	KIST_STEP_EXTENSION = 5,
	KIST_STEP_BYTES = 6,
	KIST_STEP_TYPE = 3, /* of objects */
	KIST_STEP_KIND = 4
};

/** What a candidate must fit; @ret_len is the length of a magic, else left alone. */
typedef bool (*kist_route_fits_fn)(const struct kist_route_query *query,
				   const struct kist_catalog_entry *entry,
				   const struct kist_manifest_type *type, const void *ctx, size_t *ret_len);

/** The type that a target names. */
static inline const struct kist_manifest_type *kist_route_type(const struct kist_route_target *target)
{
	return &target->entry->manifest->types[target->type_index];
}

/** kist_pool_collect() - Adds each usable type that @fits to step @step; of plugin @id alone when that is not
 * NULL. */
KIST_CHECKED kist_status kist_pool_collect(struct kist_route *route, const struct kist_catalog *catalog,
					   const struct kist_route_query *query, int step, const char *id,
					   kist_route_fits_fn fits, const void *ctx, struct kist_error *err);

/** kist_pool_has() - Whether step @step has candidates. */
bool kist_pool_has(const struct kist_route *route, int step);

/** kist_pool_rank() - <0 when @a goes before @b: tier, then priority; 0 when they are equal in both. */
int kist_pool_rank(const struct kist_route_target *a, const struct kist_route_target *b);

/**
 * kist_pool_choose() - Chooses in step @step, which has candidates.
 *
 * @evidence: What decided, for people: "magic of 6 bytes".
 *
 * Errors: KIST_AMBIGUOUS; what query->probe gives.
 */
KIST_CHECKED kist_status kist_pool_choose(struct kist_route *route, const struct kist_route_query *query,
					  int step, const char *evidence, struct kist_error *err);

/** kist_pool_sort() - The best first: by the rules, then by name. */
void kist_pool_sort(struct kist_route *route);

#endif
