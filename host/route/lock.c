/* SPDX-License-Identifier: Apache-2.0 */
#include "route/lock.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
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
	const char *number = key + strlen(MAGIC_PREFIX);
	const char *colon;
	uint64_t offset;

	if (strncmp(key, MAGIC_PREFIX, strlen(MAGIC_PREFIX)) != 0)
		return false;
	colon = strchr(number, ':');
	if (!colon || !kist_u64_parse(number, (size_t)(colon - number), &offset) ||
	    offset > KIST_ROUTE_HEAD_SIZE)
		return false;
	ret->offset = (uint32_t)offset;
	ret->len = (uint32_t)kist_min_u64(strlen(colon + 1) / 2, KIST_MAGIC_SIZE_MAX);
	return ret->len >= KIST_MAGIC_SIZE_MIN &&
	       kist_hex_read(colon + 1, strlen(colon + 1), ret->bytes, ret->len);
}

/* The longest magic of a lock that stands in the head; false when there is none. */
static bool find_magic(const struct kist_route_query *query, struct kist_magic *ret, const char **ret_id)
{
	const char *key;
	json_t *value;
	bool found = false;

	json_object_foreach ((json_t *)(uintptr_t)query->lock, key, value) {
		struct kist_magic magic = { .len = 0 };

		if (!json_is_string(value) || !parse_magic_key(key, &magic) ||
		    !kist_evidence_at(&magic, query->head) || (found && magic.len <= ret->len))
			continue;
		*ret = magic;
		*ret_id = json_string_value(value);
		found = true;
	}
	return found;
}

static const char *find_id(const struct kist_route_query *query, const char *prefix, const char *text)
{
	char key[KIST_EVIDENCE_SIZE + 16];

	snprintf(key, sizeof(key), "%s:%s", prefix, text);
	return kist_json_get_text(query->lock, key);
}

kist_status kist_lock_collect_bytes(struct kist_route *route, const struct kist_catalog *catalog,
				    const struct kist_route_query *query, struct kist_error *err)
{
	char text[KIST_EVIDENCE_SIZE];
	struct kist_magic magic;
	const char *id = NULL;

	kist_evidence_media(query->media_type, text);
	if (text[0]) {
		id = find_id(query, "media", text);
		return id ? kist_pool_collect(route, catalog, query, KIST_STEP_LOCK, id, kist_fits_media,
					      text, err)
			  : KIST_OK;
	}
	if (find_magic(query, &magic, &id)) {
		KIST_TRY(kist_pool_collect(route, catalog, query, KIST_STEP_LOCK, id, kist_fits_locked_magic,
					   &magic, err));
		if (kist_pool_has(route, KIST_STEP_LOCK))
			return KIST_OK;
	}
	for (size_t n = 0; kist_evidence_extension(query->file_name, n, text); n++) {
		id = find_id(query, "ext", text);
		if (id)
			return kist_pool_collect(route, catalog, query, KIST_STEP_LOCK, id,
						 kist_fits_extension, text, err);
	}
	return KIST_OK;
}

kist_status kist_lock_collect_object(struct kist_route *route, const struct kist_catalog *catalog,
				     const struct kist_route_query *query, struct kist_error *err)
{
	char text[KIST_EVIDENCE_SIZE];
	const char *id;

	if (query->object_type) {
		snprintf(text, sizeof(text), "%.100s@%u", query->object_type, query->object_major);
		id = find_id(query, "type", text);
		if (id)
			return kist_pool_collect(route, catalog, query, KIST_STEP_LOCK, id, kist_fits_type,
						 NULL, err);
	}
	id = find_id(query, "kind", kist_manifest_kind_name(query->kind));
	return id ? kist_pool_collect(route, catalog, query, KIST_STEP_LOCK, id, kist_fits_kind, NULL, err)
		  : KIST_OK;
}
