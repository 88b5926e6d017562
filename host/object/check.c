/* SPDX-License-Identifier: Apache-2.0 */
#include "object/check.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "kist/plugin.h"

static const char *const kind_names[KIST_KIND_COUNT] = {
	"null", "bytes", "value", "tensor", "model", "table", "opaque",
};

const char *kist_kind_name(uint32_t kind)
{
	return kind < KIST_KIND_COUNT ? kind_names[kind] : "unknown";
}

bool kist_kind_parse(const char *name, uint32_t *ret_kind)
{
	for (uint32_t kind = 0; kind < KIST_KIND_COUNT; kind++) {
		if (strcmp(name, kind_names[kind]) == 0) {
			*ret_kind = kind;
			return true;
		}
	}
	return false;
}

static kist_status invalid(struct kist_error *err, const char *text)
{
	return kist_fail_at(err, KIST_INVALID, "E_OBJECT", KIST_NO_OFFSET, "%s", text);
}

static kist_status check_bytes(const struct kist_region *region, struct kist_error *err)
{
	if (region->struct_size < KIST_SIZE_TO(struct kist_region, priv))
		return invalid(err, "the region's struct_size is too small");
	if (!region->base && region->len > 0)
		return invalid(err, "the region has bytes at no address");
	if (region->len > PTRDIFF_MAX || region->len > UINTPTR_MAX - (uintptr_t)region->base)
		return kist_fail_at(err, KIST_LIMIT, "E_OVERFLOW", KIST_NO_OFFSET, "a region of %llu bytes",
				    (unsigned long long)region->len);
	return KIST_OK;
}

static kist_status check_value(const struct kist_region *region, struct kist_error *err)
{
	KIST_TRY(check_bytes(region, err));
	if (region->len == 0)
		return invalid(err, "a value without bytes is no JSON");
	if (!kist_utf8_valid(region->base, (size_t)region->len))
		return invalid(err, "the value is not UTF-8");
	return KIST_OK;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static kist_status get_name(struct kist_tensor_map *map, uint64_t i, const char **ret, struct kist_error *err)
{
	const char *name = NULL;
	const kist_status status = map->get_name(map, i, &name);

	if (status != KIST_OK)
		return kist_fail_at(err, status < 0 && status >= KIST_STATUS_MIN ? status : KIST_INTERNAL,
				    "E_OBJECT", KIST_NO_OFFSET, "the model does not name its tensor %llu",
				    (unsigned long long)i);
	if (!name || strnlen(name, KIST_OBJECT_NAME_SIZE_MAX + 1) > KIST_OBJECT_NAME_SIZE_MAX)
		return invalid(err, "a tensor of the model has no name, or one that is too long");
	if (!kist_utf8_valid(name, strlen(name)))
		return invalid(err, "the name of a tensor is not UTF-8");
	*ret = name;
	return KIST_OK;
}

/* The names stay where they are as long as the map, so pointers to them can be sorted. */
static kist_status check_names(struct kist_tensor_map *map, struct kist_error *err)
{
	kist_auto_mem const char **names = NULL;

	if (map->count > KIST_MODEL_TENSORS_MAX)
		return kist_fail_at(err, KIST_LIMIT, "E_OBJECT", KIST_NO_OFFSET,
				    "a model of %llu tensors: at most %llu are allowed",
				    (unsigned long long)map->count,
				    (unsigned long long)KIST_MODEL_TENSORS_MAX);
	names = kist_alloc((size_t)map->count, sizeof(*names));
	if (!names)
		return kist_fail_memory(err, (size_t)map->count * sizeof(*names));
	for (uint64_t i = 0; i < map->count; i++)
		KIST_TRY(get_name(map, i, &names[i], err));
	qsort(names, (size_t)map->count, sizeof(*names), compare_names);
	for (uint64_t i = 1; i < map->count; i++) {
		if (strcmp(names[i - 1], names[i]) == 0)
			return kist_fail_at(err, KIST_INVALID, "E_OBJECT", KIST_NO_OFFSET,
					    "the model has two tensors '%s'", names[i]);
	}
	return KIST_OK;
}

static kist_status check_meta(const struct kist_tensor_map *map, struct kist_error *err)
{
	kist_auto_json json_t *meta = NULL;

	if (!map->meta)
		return map->meta_len == 0 ? KIST_OK : invalid(err, "the model has metadata at no address");
	KIST_TRY(kist_json_parse(kist_view_of(map->meta, map->meta_len), &meta, err));
	return json_is_object(meta) ? KIST_OK : invalid(err, "the model's metadata is no JSON object");
}

static kist_status check_model(struct kist_tensor_map *map, struct kist_error *err)
{
	if (map->struct_size < KIST_SIZE_TO(struct kist_tensor_map, get))
		return invalid(err, "the model's struct_size is too small");
	if (!map->get_name || !map->get)
		return invalid(err, "the model lacks get_name or get");
	KIST_TRY(check_meta(map, err));
	return check_names(map, err);
}

static kist_status check_table(const struct ArrowArrayStream *stream, struct kist_error *err)
{
	if (!stream->release)
		return invalid(err, "the table's stream is released");
	if (!stream->get_schema || !stream->get_next || !stream->get_last_error)
		return invalid(err, "the table's stream lacks a function");
	return KIST_OK;
}

static bool is_name(const char *text)
{
	const size_t len = strnlen(text, KIST_TYPE_NAME_SIZE_MAX + 1);

	return len > 0 && len <= KIST_TYPE_NAME_SIZE_MAX && kist_utf8_valid(text, len);
}

static kist_status check_head(const struct kist_object *object, struct kist_error *err)
{
	if (object->struct_size < KIST_SIZE_TO(struct kist_object, priv))
		return invalid(err, "the object's struct_size is too small");
	if (object->kind >= KIST_KIND_COUNT)
		return kist_fail_at(err, KIST_INVALID, "E_OBJECT", KIST_NO_OFFSET,
				    "an object of no known kind (%u)", object->kind);
	if (!object->release)
		return invalid(err, "the object is empty");
	if (object->type && (strnlen(object->type, KIST_TYPE_NAME_SIZE_MAX + 1) > KIST_TYPE_NAME_SIZE_MAX ||
			     !kist_utf8_valid(object->type, strlen(object->type))))
		return invalid(err, "the name of the object's type is too long or not UTF-8");
	if (KIST_HAS(object, logical) && !is_name(object->logical))
		return invalid(err,
			       "the name of what a tensor's elements are is empty, too long or not UTF-8");
	if ((object->kind == KIST_KIND_NULL) != !object->value && object->kind != KIST_KIND_OPAQUE)
		return kist_fail_at(err, KIST_INVALID, "E_OBJECT", KIST_NO_OFFSET,
				    "an object of kind %s %s value", kist_kind_name(object->kind),
				    object->value ? "with a" : "without a");
	return KIST_OK;
}

kist_status kist_object_check(const struct kist_object *object, struct kist_error *err)
{
	KIST_TRY(check_head(object, err));
	switch (object->kind) {
	case KIST_KIND_BYTES:
		return check_bytes(object->value, err);
	case KIST_KIND_VALUE:
		return check_value(object->value, err);
	case KIST_KIND_TENSOR:
		return kist_tensor_check(object->value, NULL, err);
	case KIST_KIND_MODEL:
		return check_model(object->value, err);
	case KIST_KIND_TABLE:
		return check_table(object->value, err);
	default:
		return KIST_OK;
	}
}

void kist_object_release(struct kist_object *object)
{
	void (*const release)(struct kist_object *) = object->release;

	if (release)
		release(object);
	/* A release that forgets to empty the object must not run a second time. */
	*object = (struct kist_object)KIST_OBJECT_INIT;
}

void kist_object_move(struct kist_object *to, struct kist_object *from)
{
	assert(!to->release);
	*to = *from;
	*from = (struct kist_object)KIST_OBJECT_INIT;
}
