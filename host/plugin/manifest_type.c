/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/manifest_type.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "kist/object.h"

#define TEXT_LEN_MAX ((size_t)127)
/* A magic lies in the part of a file that routing looks at. */
#define MAGIC_END_MAX ((uint64_t)64 << 10)

static const char *const kind_names[KIST_KIND_COUNT] = { "null",  "bytes", "value", "tensor",
							 "model", "table", "opaque" };

const char *kist_manifest_kind_name(uint32_t kind)
{
	return kind < KIST_KIND_COUNT ? kind_names[kind] : "unknown";
}

/* "2.1" */
static bool parse_version(const char *text, uint32_t *ret_major, uint32_t *ret_minor)
{
	const char *dot = strchr(text, '.');
	uint64_t major;
	uint64_t minor;

	if (!dot || !kist_u64_parse(text, (size_t)(dot - text), &major) ||
	    !kist_u64_parse(dot + 1, strlen(dot + 1), &minor) || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	*ret_major = (uint32_t)major;
	*ret_minor = (uint32_t)minor;
	return true;
}

static kist_status check_version(const struct kist_manifest_type *type, const struct kist_field *field,
				 uint32_t *ret_minor, struct kist_error *err)
{
	const char *text = json_string_value(field->value);
	uint32_t major;

	if (!parse_version(text, &major, ret_minor))
		return kist_field_fail(err, KIST_CORRUPT, field->path, "'%s' is no version MAJOR.MINOR",
				       text);
	if (major != type->major)
		return kist_field_fail(err, KIST_CORRUPT, field->path, "'%s' is not of major version %u",
				       text, type->major);
	return KIST_OK;
}

static kist_status read_versions(struct kist_manifest_type *type, const struct kist_field *field,
				 struct kist_error *err)
{
	struct kist_field list;
	struct kist_field item;
	uint64_t major;
	size_t count;

	KIST_TRY(kist_field_u64(field, "major", 0, UINT32_MAX, &major, err));
	type->major = (uint32_t)major;
	KIST_TRY(kist_field_get(field, "writes", JSON_STRING, true, &item, err));
	KIST_TRY(check_version(type, &item, &type->minor, err));
	KIST_TRY(kist_field_list(field, "reads", KIST_MANIFEST_LIST_MAX, &list, &count, err));
	for (size_t i = 0; i < count; i++) {
		uint32_t minor;

		KIST_TRY(kist_field_item(&list, i, JSON_STRING, &item, err));
		KIST_TRY(check_version(type, &item, &minor, err));
		if (minor > type->minor_max)
			type->minor_max = minor;
	}
	if (count == 0 || type->minor_max < type->minor)
		return kist_field_fail(err, KIST_CORRUPT, list.path, "does not hold %u.%u, which it writes",
				       type->major, type->minor);
	return KIST_OK;
}

static kist_status read_kinds(struct kist_manifest_type *type, const struct kist_field *field,
			      struct kist_error *err)
{
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(field, "kinds", KIST_KIND_COUNT, &list, &count, err));
	if (count == 0)
		return kist_field_fail(err, KIST_CORRUPT, list.path, "at least one is needed");
	for (size_t i = 0; i < count; i++) {
		struct kist_field item;
		uint32_t kind = KIST_KIND_BYTES;

		KIST_TRY(kist_field_item(&list, i, JSON_STRING, &item, err));
		while (kind < KIST_KIND_COUNT && strcmp(json_string_value(item.value), kind_names[kind]) != 0)
			kind++;
		if (kind == KIST_KIND_COUNT)
			return kist_field_fail(err, KIST_CORRUPT, item.path,
					       "'%s' is none of bytes, value, tensor, model, table, opaque",
					       json_string_value(item.value));
		if (type->kinds & KIST_KIND_BIT(kind))
			return kist_field_fail(err, KIST_CORRUPT, item.path, "'%s' stands twice",
					       kind_names[kind]);
		type->kinds |= KIST_KIND_BIT(kind);
	}
	return KIST_OK;
}

static bool media_type_valid(const char *text)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyz0123456789!#$&^_.+-";
	const size_t first = strspn(text, token);
	const size_t second = text[first] == '/' ? strspn(text + first + 1, token) : 0;

	return first > 0 && second > 0 && text[first + 1 + second] == '\0';
}

static bool extension_valid(const char *text)
{
	const size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.+-");

	return len > 0 && text[len] == '\0' && text[0] != '.';
}

/* A list of texts that are all @valid; "@what" says what they must look like. */
static kist_status read_texts(const struct kist_field *field, const char *key,
			      bool (*valid)(const char *text), const char *what, size_t *ret_count,
			      const char *const **ret, struct kist_error *err)
{
	kist_auto_mem const char **texts = NULL;
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(field, key, KIST_MANIFEST_LIST_MAX, &list, &count, err));
	texts = kist_alloc(count, sizeof(*texts));
	if (!texts)
		return kist_fail_memory(err, count * sizeof(*texts));
	for (size_t i = 0; i < count; i++) {
		struct kist_field item;

		KIST_TRY(kist_field_item(&list, i, JSON_STRING, &item, err));
		texts[i] = json_string_value(item.value);
		if (json_string_length(item.value) > TEXT_LEN_MAX || !valid(texts[i]))
			return kist_field_fail(err, KIST_CORRUPT, item.path, "'%s' is not %s", texts[i],
					       what);
	}
	*ret = kist_steal(texts);
	*ret_count = count;
	return KIST_OK;
}

static kist_status read_magic(struct kist_magic *magic, const struct kist_field *field,
			      struct kist_error *err)
{
	struct kist_field item;
	const char *hex;
	uint64_t offset;
	size_t len;

	KIST_TRY(kist_field_u64(field, "offset", 0, MAGIC_END_MAX - KIST_MAGIC_SIZE_MIN, &offset, err));
	KIST_TRY(kist_field_get(field, "hex", JSON_STRING, true, &item, err));
	hex = json_string_value(item.value);
	len = json_string_length(item.value) / 2;
	if (len < KIST_MAGIC_SIZE_MIN || len > KIST_MAGIC_SIZE_MAX)
		return kist_field_fail(err, KIST_CORRUPT, item.path, "%zu bytes: %d to %d are allowed", len,
				       KIST_MAGIC_SIZE_MIN, KIST_MAGIC_SIZE_MAX);
	if (!kist_hex_read(hex, strlen(hex), magic->bytes, len))
		return kist_field_fail(err, KIST_CORRUPT, item.path, "'%s' is not lower-case hex", hex);
	if (len > MAGIC_END_MAX - offset)
		return kist_field_fail(err, KIST_CORRUPT, field->path, "ends past byte %llu",
				       (unsigned long long)MAGIC_END_MAX);
	magic->offset = (uint32_t)offset;
	magic->len = (uint32_t)len;
	return KIST_OK;
}

static kist_status read_magics(struct kist_manifest_type *type, const struct kist_field *field,
			       struct kist_error *err)
{
	kist_auto_mem struct kist_magic *magics = NULL;
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(field, "magic", KIST_MANIFEST_LIST_MAX, &list, &count, err));
	magics = kist_alloc(count, sizeof(*magics));
	if (!magics)
		return kist_fail_memory(err, count * sizeof(*magics));
	for (size_t i = 0; i < count; i++) {
		struct kist_field item;

		KIST_TRY(kist_field_item(&list, i, JSON_OBJECT, &item, err));
		KIST_TRY(read_magic(&magics[i], &item, err));
	}
	type->magics = kist_steal(magics);
	type->magic_count = count;
	return KIST_OK;
}

/* The schema "params"."<which>"; a missing one takes no arguments. */
static kist_status read_schema(const struct kist_field *field, const char *which,
			       const struct kist_schema **ret, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_field params;
	struct kist_field schema;
	kist_auto_json json_t *none = NULL;
	struct kist_schema *made;

	KIST_TRY(kist_field_get(field, "params", JSON_OBJECT, false, &params, err));
	KIST_TRY(kist_field_get(&params, which, JSON_OBJECT, false, &schema, err));
	if (!schema.value) {
		none = json_object();
		if (!none)
			return kist_fail_memory(err, 1);
	}
	if (kist_schema_parse(none ? none : schema.value, &made, &why) != KIST_OK)
		return kist_fail_at(err, why.status, why.code[0] ? why.code : NULL, why.offset, "%s.%s",
				    schema.path, why.text);
	*ret = made;
	return KIST_OK;
}

static kist_status read_names(struct kist_manifest_type *type, const struct kist_field *field,
			      struct kist_error *err)
{
	KIST_TRY(kist_field_text(field, "type", KIST_TYPE_NAME_SIZE - 1, &type->type, err));
	if (!kist_name_dotted(type->type, KIST_TYPE_NAME_SIZE))
		return kist_field_fail(err, KIST_CORRUPT, field->path,
				       "type '%s' is no reverse-DNS name such as 'org.example.mask'",
				       type->type);
	KIST_TRY(kist_field_text(field, "task", KIST_TYPE_NAME_SIZE - 1, &type->task, err));
	if (!kist_name_plain(type->task, KIST_TYPE_NAME_SIZE))
		return kist_field_fail(err, KIST_CORRUPT, field->path,
				       "task '%s' is no name of letters, digits and '_.-'", type->task);
	return KIST_OK;
}

kist_status kist_manifest_type_init(struct kist_manifest_type *ret, const struct kist_field *field,
				    uint32_t priority_max, struct kist_error *err)
{
	uint64_t priority;

	KIST_TRY(read_names(ret, field, err));
	KIST_TRY(read_versions(ret, field, err));
	KIST_TRY(read_kinds(ret, field, err));
	KIST_TRY(read_texts(field, "media_types", media_type_valid,
			    "a lower-case media type such as 'text/csv'", &ret->media_type_count,
			    &ret->media_types, err));
	KIST_TRY(read_texts(field, "extensions", extension_valid, "a lower-case extension without its dot",
			    &ret->extension_count, &ret->extensions, err));
	KIST_TRY(read_magics(ret, field, err));
	KIST_TRY(kist_field_u64(field, "priority", 0, priority_max, &priority, err));
	ret->priority = (uint32_t)priority;
	KIST_TRY(read_schema(field, "serialize", &ret->serialize, err));
	return read_schema(field, "deserialize", &ret->deserialize, err);
}

void kist_manifest_type_done(struct kist_manifest_type *type)
{
	kist_free((void *)(uintptr_t)type->media_types);
	kist_free((void *)(uintptr_t)type->extensions);
	kist_free((void *)(uintptr_t)type->magics);
	kist_schema_free((struct kist_schema *)(uintptr_t)type->serialize);
	kist_schema_free((struct kist_schema *)(uintptr_t)type->deserialize);
	*type = (struct kist_manifest_type){ .type = NULL };
}
