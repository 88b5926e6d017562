/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "plugin/field.h"
#include "route/pool.h"

static bool parse_u32(const char *text, size_t len, uint32_t *ret)
{
	uint64_t value;

	if (!kist_u64_parse(text, len, &value) || value > UINT32_MAX || (len > 1 && text[0] == '0'))
		return false;
	*ret = (uint32_t)value;
	return true;
}

bool kist_encoding_parse(const char *encoding, char *ret_type, size_t type_size, uint32_t *ret_major,
			 uint32_t *ret_minor)
{
	const char *at = strchr(encoding, '@');
	const size_t len = at ? (size_t)(at - encoding) : 0;
	const char *dot = at ? strchr(at, '.') : NULL;
	char type[KIST_FIELD_PATH_SIZE];
	uint32_t minor = 0;
	uint32_t major;

	if (!at || len >= sizeof(type) || len >= type_size)
		return false;
	memcpy(type, encoding, len);
	type[len] = '\0';
	if (!kist_name_dotted(type, sizeof(type)) ||
	    !parse_u32(at + 1, dot ? (size_t)(dot - at - 1) : strlen(at + 1), &major) ||
	    (dot && !parse_u32(dot + 1, strlen(dot + 1), &minor)))
		return false;
	memcpy(ret_type, type, len + 1);
	*ret_major = major;
	*ret_minor = minor;
	return true;
}

/* Whether @entry, usable or not, has the type in this major version. */
static bool reads(const struct kist_catalog_entry *entry, const char *type, uint32_t major, size_t *ret_index)
{
	for (size_t i = 0; entry->manifest && i < entry->manifest->type_count; i++) {
		if (entry->manifest->types[i].major == major &&
		    strcmp(entry->manifest->types[i].type, type) == 0) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

/* Whether @a reads it rather than @b: its maker, then rank, then the id that comes first. */
static bool is_better(const struct kist_route_target *a, const struct kist_route_target *b,
		      const char *plugin_id)
{
	const char *a_id = a->entry->manifest->id;
	const char *b_id = b->entry->manifest->id;
	const bool a_maker = strcmp(a_id, plugin_id) == 0;
	const bool b_maker = strcmp(b_id, plugin_id) == 0;
	const int rank = kist_pool_rank(a, b);

	if (a_maker != b_maker)
		return a_maker;
	return rank != 0 ? rank < 0 : strcmp(a_id, b_id) < 0;
}

/* Why the plugin that is needed is not the one that is here. */
static void describe_near(const struct kist_catalog *catalog, const char *type, uint32_t major,
			  const char *plugin_id, char *ret, size_t size)
{
	const struct kist_catalog_entry *maker = NULL;

	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];
		size_t index;

		if (entry->manifest && strcmp(entry->manifest->id, plugin_id) == 0)
			maker = entry;
		if (!reads(entry, type, major, &index))
			continue;
		if (entry->refusal.status != KIST_OK)
			snprintf(ret, size, "usable here; plugin '%.95s' in %.128s is refused: %.200s",
				 entry->manifest->id, entry->path, entry->refusal.text);
		else
			snprintf(ret, size, "usable here; plugin '%s' %s reads it up to %u.%u",
				 entry->manifest->id, entry->manifest->version, major,
				 entry->manifest->types[index].minor_max);
		return;
	}
	if (maker)
		snprintf(ret, size, "usable here; plugin '%s' %s does not read it", maker->manifest->id,
			 maker->manifest->version);
	else
		snprintf(ret, size, "installed");
}

kist_status kist_route_stored(const struct kist_catalog *catalog, const char *encoding, const char *plugin_id,
			      const char *version, struct kist_route_target *ret, struct kist_error *err)
{
	struct kist_route_target best = { .entry = NULL };
	char type[KIST_FIELD_PATH_SIZE];
	char near[480];
	uint32_t major;
	uint32_t minor;

	if (!kist_encoding_parse(encoding, type, sizeof(type), &major, &minor))
		return kist_fail(err, KIST_UNSUPPORTED, "'%s' is no encoding such as 'kist.npy@1.0'",
				 encoding);
	for (size_t i = 0; i < catalog->entry_count; i++) {
		struct kist_route_target target = { .entry = &catalog->entries[i] };

		if (target.entry->refusal.status != KIST_OK ||
		    !reads(target.entry, type, major, &target.type_index) ||
		    kist_route_type(&target)->minor_max < minor)
			continue;
		if (!best.entry || is_better(&target, &best, plugin_id))
			best = target;
	}
	if (best.entry) {
		*ret = best;
		return KIST_OK;
	}
	describe_near(catalog, type, major, plugin_id, near, sizeof(near));
	return kist_fail(err, KIST_UNSUPPORTED,
			 "reading '%s' needs the plugin '%s' %s or newer, which is not %s", encoding,
			 plugin_id, version, near);
}
