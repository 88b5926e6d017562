/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_ROUTE_MISSING_H
#define KIST_ROUTE_MISSING_H

#include "route/route.h"

/*
 * Words for what is not there: the nearest name, and plugins that would have it but were refused.
 *
 * Thread: pure.
 */

/** kist_missing_named() - Fails with KIST_NOT_FOUND for query->task and query->type. */
kist_status kist_missing_named(const struct kist_catalog *catalog, const struct kist_route_query *query,
			       struct kist_error *err);

/**
 * kist_missing_bytes() - Which refused plugin says that it reads these bytes, by media type, magic or
 * extension; "" for none.
 */
void kist_missing_bytes(const struct kist_catalog *catalog, const struct kist_route_query *query, char *ret,
			size_t size);

/** kist_missing_kind() - Fails with KIST_UNSUPPORTED: nothing writes objects of query->kind. */
kist_status kist_missing_kind(const struct kist_catalog *catalog, const struct kist_route_query *query,
			      struct kist_error *err);

#endif
