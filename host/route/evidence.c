/* SPDX-License-Identifier: Apache-2.0 */
#include "route/evidence.h"

#include <string.h>

#include "kist/object.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void kist_evidence_media(const char *media_type, char ret[static KIST_EVIDENCE_SIZE])
{
	size_t len = media_type ? strcspn(media_type, "; \t") : 0;

	if (len >= KIST_EVIDENCE_SIZE)
		len = 0;
	for (size_t i = 0; i < len; i++)
		ret[i] = lower(media_type[i]);
	ret[len] = '\0';
}

bool kist_evidence_extension(const char *file_name, size_t n, char ret[static KIST_EVIDENCE_SIZE])
{
	const char *slash = file_name ? strrchr(file_name, '/') : NULL;
	const char *name = slash ? slash + 1 : file_name;
	const char *dot = name;
	size_t len;

	/* A dot in front hides a file; it begins no extension. */
	if (!name || name[0] == '\0')
		return false;
	for (size_t i = 0; i <= n; i++) {
		dot = strchr(dot + 1, '.');
		if (!dot)
			return false;
	}
	len = strlen(dot + 1);
	if (len >= KIST_EVIDENCE_SIZE)
		len = 0;
	for (size_t i = 0; i < len; i++)
		ret[i] = lower(dot[1 + i]);
	ret[len] = '\0';
	return true;
}

bool kist_evidence_at(const struct kist_magic *magic, struct kist_view head)
{
	return magic->offset <= head.size && magic->len <= head.size - magic->offset &&
	       memcmp(head.data + magic->offset, magic->bytes, magic->len) == 0;
}

const struct kist_magic *kist_evidence_magic(const struct kist_manifest_type *type, struct kist_view head)
{
	const struct kist_magic *longest = NULL;

	for (size_t i = 0; i < type->magic_count; i++) {
		if (kist_evidence_at(&type->magics[i], head) &&
		    (!longest || type->magics[i].len > longest->len))
			longest = &type->magics[i];
	}
	return longest;
}

/* "kist.npy" fits every major, "kist.npy@1" one, "kist.npy@1.0" too. */
static bool fits_type_name(const char *wanted, const struct kist_manifest_type *type)
{
	char name[KIST_EVIDENCE_SIZE];
	uint32_t major;
	uint32_t minor;

	if (!strchr(wanted, '@'))
		return strcmp(wanted, type->type) == 0;
	return kist_encoding_parse(wanted, name, sizeof(name), &major, &minor) &&
	       strcmp(name, type->type) == 0 && major == type->major && minor <= type->minor_max;
}

static bool fits_task_name(const char *wanted, const char *id, const struct kist_manifest_type *type)
{
	const char *slash = strchr(wanted, '/');

	if (!slash)
		return strcmp(wanted, type->task) == 0;
	return strlen(id) == (size_t)(slash - wanted) && strncmp(wanted, id, (size_t)(slash - wanted)) == 0 &&
	       strcmp(slash + 1, type->task) == 0;
}

bool kist_fits_named(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
		     const struct kist_manifest_type *type, const void *ctx, size_t *ret_len)
{
	(void)ctx;
	(void)ret_len;
	return (!query->task || fits_task_name(query->task, entry->manifest->id, type)) &&
	       (!query->type || fits_type_name(query->type, type));
}

bool kist_fits_media(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
		     const struct kist_manifest_type *type, const void *ctx, size_t *ret_len)
{
	(void)query;
	(void)entry;
	(void)ret_len;
	for (size_t i = 0; i < type->media_type_count; i++) {
		if (strcmp(type->media_types[i], ctx) == 0)
			return true;
	}
	return false;
}

bool kist_fits_magic(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
		     const struct kist_manifest_type *type, const void *ctx, size_t *ret_len)
{
	const struct kist_magic *magic = kist_evidence_magic(type, query->head);

	(void)entry;
	(void)ctx;
	if (magic)
		*ret_len = magic->len;
	return magic != NULL;
}

bool kist_fits_locked_magic(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
			    const struct kist_manifest_type *type, const void *ctx, size_t *ret_len)
{
	const struct kist_magic *magic = ctx;

	(void)query;
	(void)entry;
	for (size_t i = 0; i < type->magic_count; i++) {
		if (type->magics[i].offset == magic->offset && type->magics[i].len == magic->len &&
		    memcmp(type->magics[i].bytes, magic->bytes, magic->len) == 0) {
			*ret_len = magic->len;
			return true;
		}
	}
	return false;
}

bool kist_fits_extension(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
			 const struct kist_manifest_type *type, const void *ctx, size_t *ret_len)
{
	(void)query;
	(void)entry;
	(void)ret_len;
	for (size_t i = 0; i < type->extension_count; i++) {
		if (strcmp(type->extensions[i], ctx) == 0)
			return true;
	}
	return false;
}

bool kist_fits_type(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
		    const struct kist_manifest_type *type, const void *ctx, size_t *ret_len)
{
	(void)entry;
	(void)ctx;
	(void)ret_len;
	return query->object_type && strcmp(query->object_type, type->type) == 0 &&
	       query->object_major == type->major && (type->kinds & KIST_KIND_BIT(query->kind));
}

bool kist_fits_kind(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
		    const struct kist_manifest_type *type, const void *ctx, size_t *ret_len)
{
	(void)entry;
	(void)ctx;
	(void)ret_len;
	return (type->kinds & KIST_KIND_BIT(query->kind)) != 0;
}
