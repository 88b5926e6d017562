/* SPDX-License-Identifier: Apache-2.0 */
#include "route/route.h"

#include <stdio.h>
#include <string.h>

#include "kist/object.h"
#include "plugin/manifest_type.h"
#include "route/evidence.h"
#include "route/lock.h"
#include "route/missing.h"
#include "route/pool.h"

/* Step 1, for bytes and objects; true in @ret_done when something was named and found. */
static kist_status try_named(struct kist_route *route, const struct kist_catalog *catalog,
			     const struct kist_route_query *query, bool *ret_done, struct kist_error *err)
{
	char evidence[KIST_EVIDENCE_SIZE];

	*ret_done = query->task || query->type;
	if (!*ret_done)
		return KIST_OK;
	KIST_TRY(kist_pool_collect(route, catalog, query, KIST_STEP_NAMED, NULL, kist_fits_named, NULL, err));
	if (!kist_pool_has(route, KIST_STEP_NAMED))
		return kist_missing_named(catalog, query, err);
	snprintf(evidence, sizeof(evidence), "the name '%.100s'", query->task ? query->task : query->type);
	return kist_pool_choose(route, query, KIST_STEP_NAMED, evidence, err);
}

/* The longest extension of the file's name that any type has; false when none. */
static bool find_extension(const struct kist_catalog *catalog, const struct kist_route_query *query,
			   char ret[static KIST_EVIDENCE_SIZE])
{
	for (size_t n = 0; kist_evidence_extension(query->file_name, n, ret); n++) {
		for (size_t i = 0; i < catalog->entry_count; i++) {
			const struct kist_catalog_entry *entry = &catalog->entries[i];
			size_t len;

			if (entry->refusal.status != KIST_OK)
				continue;
			for (size_t k = 0; k < entry->manifest->type_count; k++) {
				if (kist_fits_extension(query, entry, &entry->manifest->types[k], ret, &len))
					return true;
			}
		}
	}
	return false;
}

/* Steps 2 to 5: all candidates are collected, so that the explanation can show them. */
static kist_status collect_bytes(struct kist_route *route, const struct kist_catalog *catalog,
				 const struct kist_route_query *query, const char *media,
				 const char *extension, struct kist_error *err)
{
	KIST_TRY(kist_lock_collect_bytes(route, catalog, query, err));
	if (media[0])
		KIST_TRY(kist_pool_collect(route, catalog, query, KIST_STEP_MEDIA, NULL, kist_fits_media,
					   media, err));
	KIST_TRY(kist_pool_collect(route, catalog, query, KIST_STEP_MAGIC, NULL, kist_fits_magic, NULL, err));
	if (extension[0])
		KIST_TRY(kist_pool_collect(route, catalog, query, KIST_STEP_EXTENSION, NULL,
					   kist_fits_extension, extension, err));
	return KIST_OK;
}

static void describe_lock(const struct kist_route *route, char ret[static KIST_EVIDENCE_SIZE])
{
	snprintf(ret, KIST_EVIDENCE_SIZE, "the %s route '%.100s'", route->pinned ? "pinned" : "recorded",
		 route->locked_by);
}

/* What decides in @step: for people, and as the key of a lock. */
static void describe_bytes(const struct kist_route *route, const struct kist_route_query *query, int step,
			   const char *media, const char *extension, char *ret, char *ret_key,
			   size_t key_size)
{
	size_t longest = 0;

	ret_key[0] = '\0';
	if (step == KIST_STEP_LOCK) {
		describe_lock(route, ret);
	} else if (step == KIST_STEP_MEDIA) {
		snprintf(ret, KIST_EVIDENCE_SIZE, "the media type '%.100s'", media);
		snprintf(ret_key, key_size, "media:%s", media);
	} else if (step == KIST_STEP_EXTENSION) {
		snprintf(ret, KIST_EVIDENCE_SIZE, "the extension '%.100s'", extension);
		snprintf(ret_key, key_size, "ext:%s", extension);
	} else {
		const struct kist_route_target *target = NULL;

		for (size_t i = 0; i < route->candidate_count; i++) {
			if (route->candidates[i].step == step && route->candidates[i].magic_len > longest) {
				longest = route->candidates[i].magic_len;
				target = &route->candidates[i].target;
			}
		}
		snprintf(ret, KIST_EVIDENCE_SIZE, "a magic of %zu bytes", longest);
		if (target)
			kist_lock_magic_key(kist_evidence_magic(kist_route_type(target), query->head),
					    ret_key, key_size);
	}
}

static kist_status decide_bytes(struct kist_route *route, const struct kist_catalog *catalog,
				const struct kist_route_query *query, struct kist_error *err)
{
	char media[KIST_EVIDENCE_SIZE];
	char extension[KIST_EVIDENCE_SIZE];
	char evidence[KIST_EVIDENCE_SIZE];
	bool done = false;

	KIST_TRY(try_named(route, catalog, query, &done, err));
	if (done)
		return KIST_OK;
	kist_evidence_media(query->media_type, media);
	if (!find_extension(catalog, query, extension))
		extension[0] = '\0';
	KIST_TRY(collect_bytes(route, catalog, query, media, extension, err));
	for (int step = KIST_STEP_LOCK; step <= KIST_STEP_EXTENSION; step++) {
		if (!kist_pool_has(route, step))
			continue;
		describe_bytes(route, query, step, media, extension, evidence, route->lock_key,
			       sizeof(route->lock_key));
		return kist_pool_choose(route, query, step, evidence, err);
	}
	snprintf(route->decided_by, sizeof(route->decided_by),
		 "no media type, magic or extension fits: kept as plain bytes");
	/* A recorded route that leads nowhere has said why already. */
	if (!route->note[0])
		kist_missing_bytes(catalog, query, route->note, sizeof(route->note));
	route->is_downgrade = route->note[0] != '\0';
	return KIST_OK;
}

static kist_status finish(struct kist_route *route, kist_status status, bool objects, struct kist_route *ret)
{
	if (status != KIST_OK)
		route->lock_key[0] = '\0';
	/* Those that were collected before somebody failed, too. */
	kist_pool_sort(route);
	route->is_object = objects;
	kist_route_done(ret);
	*ret = *route;
	*route = (struct kist_route)KIST_ROUTE_INIT;
	return status;
}

kist_status kist_route_bytes(const struct kist_catalog *catalog, const struct kist_route_query *query,
			     struct kist_route *ret, struct kist_error *err)
{
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	const kist_status status = decide_bytes(&route, catalog, query, err);

	return finish(&route, status, false, ret);
}

/* A named serializer must also write this kind. */
static kist_status check_named_kind(const struct kist_route *route, const struct kist_route_query *query,
				    struct kist_error *err)
{
	const struct kist_manifest_type *type = kist_route_type(&route->target);
	char kinds[80] = "";
	size_t used = 0;

	if (type->kinds & KIST_KIND_BIT(query->kind))
		return KIST_OK;
	for (uint32_t kind = 0; kind < KIST_KIND_COUNT; kind++) {
		if (type->kinds & KIST_KIND_BIT(kind))
			used += (size_t)snprintf(kinds + used, sizeof(kinds) - used, "%s%s", used ? ", " : "",
						 kist_manifest_kind_name(kind));
	}
	return kist_fail(err, KIST_UNSUPPORTED, "'%s' does not write a %s: it writes %s", type->task,
			 kist_manifest_kind_name(query->kind), kinds);
}

static kist_status collect_object(struct kist_route *route, const struct kist_catalog *catalog,
				  const struct kist_route_query *query, struct kist_error *err)
{
	/* Plain bytes and values need no plugin, and an opaque object is read by its own type only. */
	const bool by_kind = query->kind == KIST_KIND_TENSOR || query->kind == KIST_KIND_MODEL ||
			     query->kind == KIST_KIND_TABLE;

	KIST_TRY(kist_lock_collect_object(route, catalog, query, err));
	KIST_TRY(kist_pool_collect(route, catalog, query, KIST_STEP_TYPE, NULL, kist_fits_type, NULL, err));
	if (by_kind)
		KIST_TRY(kist_pool_collect(route, catalog, query, KIST_STEP_KIND, NULL, kist_fits_kind, NULL,
					   err));
	return KIST_OK;
}

static kist_status choose_object(struct kist_route *route, const struct kist_route_query *query, int step,
				 struct kist_error *err)
{
	/* There are no bytes yet that a probe could look at. */
	struct kist_route_query unprobed = *query;
	char evidence[KIST_EVIDENCE_SIZE];

	unprobed.probe = NULL;
	describe_lock(route, evidence);
	if (step == KIST_STEP_TYPE) {
		snprintf(evidence, sizeof(evidence), "the type '%.90s@%u'", query->object_type,
			 query->object_major);
		snprintf(route->lock_key, sizeof(route->lock_key), "type:%.120s@%u", query->object_type,
			 query->object_major);
	} else if (step == KIST_STEP_KIND) {
		snprintf(evidence, sizeof(evidence), "the kind '%s'", kist_manifest_kind_name(query->kind));
		snprintf(route->lock_key, sizeof(route->lock_key), "kind:%s",
			 kist_manifest_kind_name(query->kind));
	}
	return kist_pool_choose(route, &unprobed, step, evidence, err);
}

static kist_status decide_object(struct kist_route *route, const struct kist_catalog *catalog,
				 const struct kist_route_query *query, struct kist_error *err)
{
	struct kist_route_query unprobed = *query;
	bool done = false;

	unprobed.probe = NULL;
	if (query->kind >= KIST_KIND_COUNT)
		return kist_fail(err, KIST_INVALID, "%u is no kind of object", query->kind);
	KIST_TRY(try_named(route, catalog, &unprobed, &done, err));
	if (done)
		return check_named_kind(route, query, err);
	KIST_TRY(collect_object(route, catalog, query, err));
	for (int step = KIST_STEP_LOCK; step <= KIST_STEP_KIND; step++) {
		if (kist_pool_has(route, step))
			return choose_object(route, query, step, err);
	}
	if (query->kind != KIST_KIND_BYTES && query->kind != KIST_KIND_VALUE)
		return kist_missing_kind(catalog, query, err);
	snprintf(route->decided_by, sizeof(route->decided_by), "the kind '%s' needs no serializer",
		 kist_manifest_kind_name(query->kind));
	return KIST_OK;
}

kist_status kist_route_object(const struct kist_catalog *catalog, const struct kist_route_query *query,
			      struct kist_route *ret, struct kist_error *err)
{
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	const kist_status status = decide_object(&route, catalog, query, err);

	return finish(&route, status, true, ret);
}
