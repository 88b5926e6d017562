/* SPDX-License-Identifier: Apache-2.0 */
#include "route/missing.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "kist/object.h"
#include "plugin/manifest_type.h"
#include "route/evidence.h"

/* "; plugin 'x' has it and is refused: <reason>" for the first refused entry whose type @fits, or "". */
static void describe_refused(const struct kist_catalog *catalog, const struct kist_route_query *query,
			     kist_route_fits_fn fits, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];

		if (!entry->manifest || entry->refusal.status == KIST_OK)
			continue;
		for (size_t k = 0; k < entry->manifest->type_count; k++) {
			size_t len;

			if (!fits(query, entry, &entry->manifest->types[k], NULL, &len))
				continue;
			snprintf(ret, size, "; plugin '%.95s' in %.128s has it and is refused: %.200s",
				 entry->manifest->id, entry->path, entry->refusal.text);
			return;
		}
	}
}

/* The same in other words: what @what it would have, of bytes that are kept without it. */
static bool describe_reader(const struct kist_catalog *catalog, const struct kist_route_query *query,
			    kist_route_fits_fn fits, const char *ctx, const char *what, char *ret,
			    size_t size)
{
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];

		for (size_t k = 0; entry->manifest && k < entry->manifest->type_count; k++) {
			size_t len;

			if (entry->refusal.status == KIST_OK ||
			    !fits(query, entry, &entry->manifest->types[k], ctx, &len))
				continue;
			snprintf(ret, size, "plugin '%.95s' reads %s, but it is refused (%.200s): %.300s",
				 entry->manifest->id, what, entry->path, entry->refusal.text);
			return true;
		}
	}
	return false;
}

void kist_missing_bytes(const struct kist_catalog *catalog, const struct kist_route_query *query, char *ret,
			size_t size)
{
	char text[KIST_EVIDENCE_SIZE];
	char what[KIST_EVIDENCE_SIZE + 32];

	ret[0] = '\0';
	kist_evidence_media(query->media_type, text);
	snprintf(what, sizeof(what), "the media type '%s'", text);
	if (text[0] && describe_reader(catalog, query, kist_fits_media, text, what, ret, size))
		return;
	if (describe_reader(catalog, query, kist_fits_magic, NULL, "what begins like this", ret, size))
		return;
	for (size_t n = 0; kist_evidence_extension(query->file_name, n, text); n++) {
		snprintf(what, sizeof(what), "the extension '%s'", text);
		if (describe_reader(catalog, query, kist_fits_extension, text, what, ret, size))
			return;
	}
}

static const char *nearest_name(const struct kist_catalog *catalog, const struct kist_route_query *query)
{
	struct kist_nearest nearest = KIST_NEAREST_INIT(query->task ? query->task : query->type);

	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];

		for (size_t k = 0; entry->refusal.status == KIST_OK && k < entry->manifest->type_count; k++)
			kist_nearest_offer(&nearest, query->task ? entry->manifest->types[k].task
								 : entry->manifest->types[k].type);
	}
	return nearest.name;
}

kist_status kist_missing_named(const struct kist_catalog *catalog, const struct kist_route_query *query,
			       struct kist_error *err)
{
	const char *nearest = nearest_name(catalog, query);
	const bool both = query->task && query->type;
	char refused[480];
	char hint[160] = "";

	describe_refused(catalog, query, kist_fits_named, refused, sizeof(refused));
	if (nearest && strcmp(nearest, query->task ? query->task : query->type) != 0)
		snprintf(hint, sizeof(hint), ": did you mean '%s'?", nearest);
	else if (!refused[0])
		snprintf(hint, sizeof(hint), ": 'kist plugin list' shows what there is");
	if (both)
		return kist_fail(err, KIST_NOT_FOUND, "no artifact task '%s' for the type '%s'%s%s",
				 query->task, query->type, hint, refused);
	return kist_fail(err, KIST_NOT_FOUND, "no %s '%s'%s%s", query->task ? "artifact task" : "type",
			 query->task ? query->task : query->type, hint, refused);
}

kist_status kist_missing_kind(const struct kist_catalog *catalog, const struct kist_route_query *query,
			      struct kist_error *err)
{
	char refused[480];

	describe_refused(catalog, query, query->kind == KIST_KIND_OPAQUE ? kist_fits_type : kist_fits_kind,
			 refused, sizeof(refused));
	if (query->kind == KIST_KIND_OPAQUE)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "nothing here writes an opaque object of type '%s@%u'%s",
				 query->object_type ? query->object_type : "?", query->object_major, refused);
	return kist_fail(err, KIST_UNSUPPORTED, "nothing here writes a %s%s: install a plugin that does",
			 kist_manifest_kind_name(query->kind), refused);
}
