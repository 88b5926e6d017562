/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_ROUTE_LOCK_H
#define KIST_ROUTE_LOCK_H

#include "route/pool.h"

/*
 * Step 2: the plugin that was pinned for this evidence, or chosen at its first use.
 *
 * Pins go first, and fail when they lead nowhere; first uses that lead nowhere are passed over.
 *
 * Thread: pure.
 */

/** kist_lock_collect_bytes() - Adds the types that a lock names for these bytes to KIST_STEP_LOCK. */
KIST_CHECKED kist_status kist_lock_collect_bytes(struct kist_route *route, const struct kist_catalog *catalog,
						 const struct kist_route_query *query,
						 struct kist_error *err);

/** kist_lock_collect_object() - The same for an object. */
KIST_CHECKED kist_status kist_lock_collect_object(struct kist_route *route,
						  const struct kist_catalog *catalog,
						  const struct kist_route_query *query,
						  struct kist_error *err);

/** kist_lock_key_valid() - Whether @key is one: "ext:csv", "magic:0:934e554d", "kind:tensor", ... */
bool kist_lock_key_valid(const char *key);

/**
 * kist_lock_key_fits() - Whether @key can be pinned to the plugin: a type of it takes what that stands for;
 * or
 * @key stands for bytes and the plugin has one type alone, so that there is no doubt what is meant.
 */
bool kist_lock_key_fits(const char *key, const struct kist_manifest *manifest);

/** kist_lock_magic_key() - "magic:<offset>:<hex>". */
void kist_lock_magic_key(const struct kist_magic *magic, char *ret, size_t size);

#endif
