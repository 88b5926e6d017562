/* SPDX-License-Identifier: Apache-2.0 */
#include "route/lock.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "kist/object.h"
#include "plugin/manifest_type.h"
#include "route/evidence.h"

#define MAGIC_PREFIX "magic:"

void kist_lock_magic_key(const struct kist_magic *magic, char *ret, size_t size)
{
	char hex[2 * KIST_MAGIC_SIZE_MAX + 1];

	kist_hex_write(magic->bytes, magic->len, hex);
	snprintf(ret, size, MAGIC_PREFIX "%u:%s", magic->offset, hex);
}

static bool parse_magic_key(const char *key, struct kist_magic *ret)
{
	const char *number;
	const char *colon;
	uint64_t offset;

	if (strncmp(key, MAGIC_PREFIX, strlen(MAGIC_PREFIX)) != 0)
		return false;
	number = key + strlen(MAGIC_PREFIX);
	colon = strchr(number, ':');
	if (!colon || !kist_u64_parse(number, (size_t)(colon - number), &offset) ||
	    offset > KIST_ROUTE_HEAD_SIZE)
		return false;
	ret->offset = (uint32_t)offset;
	ret->len = (uint32_t)kist_min_u64(strlen(colon + 1) / 2, KIST_MAGIC_SIZE_MAX);
	return ret->len >= KIST_MAGIC_SIZE_MIN &&
	       kist_hex_read(colon + 1, strlen(colon + 1), ret->bytes, ret->len);
}

/* One list of routes: the pinned, or those of first uses. */
struct list {
	const json_t *entries; /* {"<key>": "<plugin id>"} */
	bool pinned;
};

/* What a list says of the evidence at hand. */
struct found {
	char key[KIST_LOCK_KEY_SIZE];
	const char *id; /* NULL: nothing */
};

/* The longest magic of the list that stands in the head. */
static void find_magic(const struct list *list, struct kist_view head, struct kist_magic *ret,
		       struct found *ret_found)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)list->entries, key, value) {
		struct kist_magic magic = { .len = 0 };

		if (!json_is_string(value) || !parse_magic_key(key, &magic) ||
		    !kist_evidence_at(&magic, head) || (ret_found->id && magic.len <= ret->len))
			continue;
		*ret = magic;
		ret_found->id = json_string_value(value);
		snprintf(ret_found->key, sizeof(ret_found->key), "%s", key);
	}
}

static void find_key(const struct list *list, const char *prefix, const char *text, struct found *ret)
{
	snprintf(ret->key, sizeof(ret->key), "%s:%s", prefix, text);
	ret->id = kist_json_get_text(list->entries, ret->key);
}

/* Also one that is refused, for its reason. */
static const struct kist_catalog_entry *find_entry(const struct kist_catalog *catalog, const char *id)
{
	const struct kist_catalog_entry *entry = kist_catalog_find(catalog, id);

	for (size_t i = 0; i < catalog->entry_count && !entry; i++) {
		const struct kist_manifest *manifest = catalog->entries[i].manifest;

		if (manifest && strcmp(manifest->id, id) == 0)
			entry = &catalog->entries[i];
	}
	return entry;
}

/* A pin is an explicit choice and fails hard; a first use that leads nowhere is told and passed over. */
static kist_status useless(struct kist_route *route, const struct kist_catalog *catalog,
			   const struct list *list, const struct found *found, struct kist_error *err)
{
	const struct kist_catalog_entry *entry = find_entry(catalog, found->id);
	char why[400];

	if (!entry)
		snprintf(why, sizeof(why), "is not installed");
	else if (entry->refusal.status != KIST_OK)
		snprintf(why, sizeof(why), "is refused: %.360s", entry->refusal.text);
	else
		snprintf(why, sizeof(why), "does not offer this any more");
	if (list->pinned)
		return kist_fail(
			err, KIST_UNSUPPORTED,
			"'%s' is pinned to plugin '%s', which %s; 'kist plugin unpin %s' drops the pin",
			found->key, found->id, why, found->key);
	snprintf(route->note, sizeof(route->note),
		 "the recorded route '%.159s' leads to plugin '%.95s', which %s", found->key, found->id, why);
	return KIST_OK;
}

static bool is_of_bytes(const char *key)
{
	return strncmp(key, "ext:", 4) == 0 || strncmp(key, "media:", 6) == 0 ||
	       strncmp(key, MAGIC_PREFIX, strlen(MAGIC_PREFIX)) == 0;
}

/* @ctx: the key.  An object must fit its type or kind, whatever was pinned. */
static bool is_only_type(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
			 const struct kist_manifest_type *type, const void *ctx, size_t *ret_len)
{
	(void)query;
	(void)type;
	(void)ret_len;
	return entry->manifest->type_count == 1 && is_of_bytes(ctx);
}

/* Adds what @found leads to; no other evidence of the list is looked at then. */
static kist_status collect(struct kist_route *route, const struct kist_catalog *catalog,
			   const struct kist_route_query *query, const struct list *list,
			   const struct found *found, kist_route_fits_fn fits, const void *ctx,
			   struct kist_error *err)
{
	KIST_TRY(kist_pool_collect(route, catalog, query, KIST_STEP_LOCK, found->id, fits, ctx, err));
	/* The user's word for a plugin that does not claim this itself. */
	if (list->pinned && !kist_pool_has(route, KIST_STEP_LOCK))
		KIST_TRY(kist_pool_collect(route, catalog, query, KIST_STEP_LOCK, found->id, is_only_type,
					   found->key, err));
	if (!kist_pool_has(route, KIST_STEP_LOCK))
		return useless(route, catalog, list, found, err);
	route->pinned = list->pinned;
	snprintf(route->locked_by, sizeof(route->locked_by), "%s", found->key);
	return KIST_OK;
}

/*
 * A .csv that begins like a .npy is one: the first use of an extension does not speak for bytes that a plugin
 * of this very build knows by their magic.  Such a plugin was not installed later, so no route is changed by
 * it.
 */
static bool is_overruled(const struct kist_catalog *catalog, const struct kist_route_query *query,
			 const struct list *list, const struct found *found)
{
	for (size_t i = 0; i < catalog->entry_count && !list->pinned; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];

		if (!entry->first_party || entry->refusal.status != KIST_OK ||
		    strcmp(entry->manifest->id, found->id) == 0)
			continue;
		for (size_t k = 0; k < entry->manifest->type_count; k++) {
			if (kist_evidence_magic(&entry->manifest->types[k], query->head))
				return true;
		}
	}
	return false;
}

static kist_status collect_bytes(struct kist_route *route, const struct kist_catalog *catalog,
				 const struct kist_route_query *query, const struct list *list,
				 struct kist_error *err)
{
	char text[KIST_EVIDENCE_SIZE];
	struct kist_magic magic = { .len = 0 };
	struct found found = { .id = NULL };

	kist_evidence_media(query->media_type, text);
	if (text[0]) {
		find_key(list, "media", text, &found);
		return found.id ? collect(route, catalog, query, list, &found, kist_fits_media, text, err)
				: KIST_OK;
	}
	find_magic(list, query->head, &magic, &found);
	if (found.id) {
		KIST_TRY(collect(route, catalog, query, list, &found, kist_fits_locked_magic, &magic, err));
		if (kist_pool_has(route, KIST_STEP_LOCK))
			return KIST_OK;
	}
	for (size_t n = 0; kist_evidence_extension(query->file_name, n, text); n++) {
		find_key(list, "ext", text, &found);
		if (found.id && !is_overruled(catalog, query, list, &found))
			return collect(route, catalog, query, list, &found, kist_fits_extension, text, err);
	}
	return KIST_OK;
}

kist_status kist_lock_collect_bytes(struct kist_route *route, const struct kist_catalog *catalog,
				    const struct kist_route_query *query, struct kist_error *err)
{
	const struct list pins = { .entries = query->pins, .pinned = true };
	const struct list lock = { .entries = query->lock, .pinned = false };

	KIST_TRY(collect_bytes(route, catalog, query, &pins, err));
	return kist_pool_has(route, KIST_STEP_LOCK) ? KIST_OK
						    : collect_bytes(route, catalog, query, &lock, err);
}

static kist_status collect_object(struct kist_route *route, const struct kist_catalog *catalog,
				  const struct kist_route_query *query, const struct list *list,
				  struct kist_error *err)
{
	char text[KIST_EVIDENCE_SIZE];
	struct found found = { .id = NULL };

	if (query->object_type) {
		snprintf(text, sizeof(text), "%.100s@%u", query->object_type, query->object_major);
		find_key(list, "type", text, &found);
		if (found.id)
			return collect(route, catalog, query, list, &found, kist_fits_type, NULL, err);
	}
	find_key(list, "kind", kist_manifest_kind_name(query->kind), &found);
	return found.id ? collect(route, catalog, query, list, &found, kist_fits_kind, NULL, err) : KIST_OK;
}

kist_status kist_lock_collect_object(struct kist_route *route, const struct kist_catalog *catalog,
				     const struct kist_route_query *query, struct kist_error *err)
{
	const struct list pins = { .entries = query->pins, .pinned = true };
	const struct list lock = { .entries = query->lock, .pinned = false };

	KIST_TRY(collect_object(route, catalog, query, &pins, err));
	return kist_pool_has(route, KIST_STEP_LOCK) ? KIST_OK
						    : collect_object(route, catalog, query, &lock, err);
}

/* Keys --------------------------------------------------------------------------------------------------- */

static bool type_fits_key(const char *key, const struct kist_manifest_type *type)
{
	struct kist_route_query query = { .head = { .data = NULL, .size = 0 } };
	char name[KIST_EVIDENCE_SIZE];
	struct kist_magic magic;
	uint32_t minor;
	size_t len;

	if (parse_magic_key(key, &magic))
		return kist_fits_locked_magic(&query, NULL, type, &magic, &len);
	if (strncmp(key, "media:", 6) == 0)
		return kist_fits_media(&query, NULL, type, key + 6, &len);
	if (strncmp(key, "ext:", 4) == 0)
		return kist_fits_extension(&query, NULL, type, key + 4, &len);
	if (strncmp(key, "type:", 5) == 0)
		return kist_encoding_parse(key + 5, name, sizeof(name), &query.object_major, &minor) &&
		       strcmp(name, type->type) == 0 && query.object_major == type->major;
	for (uint32_t kind = 0; kind < KIST_KIND_COUNT; kind++) {
		if (strncmp(key, "kind:", 5) == 0 && strcmp(key + 5, kist_manifest_kind_name(kind)) == 0)
			return (type->kinds & KIST_KIND_BIT(kind)) != 0;
	}
	return false;
}

bool kist_lock_key_fits(const char *key, const struct kist_manifest *manifest)
{
	if (manifest->type_count == 1 && is_of_bytes(key))
		return true;
	for (size_t i = 0; i < manifest->type_count; i++) {
		if (type_fits_key(key, &manifest->types[i]))
			return true;
	}
	return false;
}

bool kist_lock_key_valid(const char *key)
{
	static const char *const prefixes[] = { "media:", "ext:", "type:" };
	struct kist_magic magic;

	if (strlen(key) >= KIST_LOCK_KEY_SIZE)
		return false;
	for (const char *c = key; *c; c++) {
		if (*c <= ' ' || *c > '~')
			return false;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const size_t len = strlen(prefixes[i]);

		if (strncmp(key, prefixes[i], len) == 0)
			return key[len] != '\0';
	}
	for (uint32_t kind = 0; kind < KIST_KIND_COUNT; kind++) {
		if (strncmp(key, "kind:", 5) == 0 && strcmp(key + 5, kist_manifest_kind_name(kind)) == 0)
			return true;
	}
	return parse_magic_key(key, &magic);
}
