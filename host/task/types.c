/* SPDX-License-Identifier: Apache-2.0 */
#include "task/type.h"

#include <string.h>

#include "base/mem.h"
#include "task/types_private.h"

/* A type that was made, with its parts, keys and texts in one block behind it. */
struct kist_types_block {
	struct kist_types_block *next;
	struct kist_type type;
};

kist_status kist_types_new(struct kist_types **ret, struct kist_error *err)
{
	struct kist_types *types = kist_alloc(1, sizeof(*types));

	if (!types)
		return kist_fail_memory(err, sizeof(*types));
	*ret = types;
	return KIST_OK;
}

void kist_types_free(struct kist_types *types)
{
	if (!types)
		return;
	while (types->blocks) {
		struct kist_types_block *next = types->blocks->next;

		kist_free(types->blocks);
		types->blocks = next;
	}
	for (size_t i = 0; i < types->named_count; i++) {
		kist_free(types->named[i].name);
		json_decref(types->named[i].definition);
	}
	kist_free(types);
}

const struct kist_type *kist_types_find_builtin(const char *name)
{
	const struct kist_type *type;

	for (size_t i = 0; (type = kist_type_builtin(i)) != NULL; i++) {
		if (strcmp(type->name, name) == 0)
			return type;
	}
	return NULL;
}

struct kist_types_named *kist_types_find_named(struct kist_types *types, const char *name)
{
	for (size_t i = 0; i < types->named_count; i++) {
		if (strcmp(types->named[i].name, name) == 0)
			return &types->named[i];
	}
	return NULL;
}

static bool is_name(const char *text)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	const size_t len = strlen(text);

	return len > 0 && len <= KIST_TYPE_NAME_LEN_MAX && strchr(first, text[0]) &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789-") == len;
}

kist_status kist_types_declare(struct kist_types *types, const char *name, const json_t *definition,
			       struct kist_error *err)
{
	struct kist_types_named *named = &types->named[types->named_count];

	if (!is_name(name))
		return kist_fail_at(
			err, KIST_INVALID, "E_TYPE_NAME", KIST_NO_OFFSET,
			"'%s' is no name for a type: write at most %zu of the letters, digits, '_' and "
			"'-', a letter or '_' first",
			name, KIST_TYPE_NAME_LEN_MAX);
	if (kist_types_find_builtin(name))
		return kist_fail_at(err, KIST_INVALID, "E_TYPE_NAME", KIST_NO_OFFSET,
				    "the type '%s' is built in: take another name", name);
	if (kist_types_find_named(types, name))
		return kist_fail_at(err, KIST_INVALID, "E_TYPE_NAME", KIST_NO_OFFSET,
				    "the type '%s' is defined twice", name);
	if (types->named_count == KIST_TYPES_NAMED_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %zu types are defined", KIST_TYPES_NAMED_MAX);
	named->name = kist_strndup(name, strlen(name));
	if (!named->name)
		return kist_fail_memory(err, strlen(name) + 1);
	named->definition = json_incref((json_t *)(uintptr_t)definition);
	types->named_count++;
	return KIST_OK;
}

/* A block with room for @size more bytes, which begin at *@ret_room. */
static kist_status new_type(struct kist_types *types, size_t size, struct kist_type **ret, void **ret_room,
			    struct kist_error *err)
{
	struct kist_types_block *block;

	if (types->count == KIST_TYPES_COUNT_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %zu types", KIST_TYPES_COUNT_MAX);
	block = kist_alloc(1, sizeof(*block) + size);
	if (!block)
		return kist_fail_memory(err, sizeof(*block) + size);
	block->next = types->blocks;
	types->blocks = block;
	types->count++;
	*ret = &block->type;
	*ret_room = block + 1;
	return KIST_OK;
}

static char *put_text(char **room, const char *text)
{
	const size_t size = strlen(text) + 1;
	char *put = memcpy(*room, text, size);

	*room += size;
	return put;
}

static kist_status make(struct kist_types *types, const struct kist_type_parts *made,
			const struct kist_type **ret, struct kist_error *err)
{
	size_t text_size = made->name ? strlen(made->name) + 1 : 0;
	const struct kist_type **parts;
	const char **keys;
	struct kist_type *type;
	unsigned depth = 0;
	void *room;
	char *texts;

	for (size_t i = 0; i < made->count; i++) {
		text_size += made->keys ? strlen(made->keys[i]) + 1 : 0;
		depth = made->parts[i]->depth > depth ? made->parts[i]->depth : depth;
	}
	if (depth >= KIST_TYPE_DEPTH_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %u types within each other",
				 KIST_TYPE_DEPTH_MAX);
	KIST_TRY(new_type(types, made->count * (sizeof(*parts) + sizeof(*keys)) + text_size, &type, &room,
			  err));
	parts = room;
	keys = (const char **)(parts + made->count);
	texts = (char *)(keys + made->count);
	for (size_t i = 0; i < made->count; i++) {
		parts[i] = made->parts[i];
		keys[i] = made->keys ? put_text(&texts, made->keys[i]) : NULL;
	}
	*type = (struct kist_type){ .form = made->form,
				    .depth = depth + 1,
				    .name = made->name ? put_text(&texts, made->name) : NULL,
				    .part_count = made->count,
				    .parts = parts,
				    .keys = made->keys ? keys : NULL };
	*ret = type;
	return KIST_OK;
}

static size_t add_member(const struct kist_type **members, size_t count, const struct kist_type *member)
{
	for (size_t i = 0; i < count; i++) {
		if (members[i] == member)
			return count;
	}
	/* One past the last that is allowed is told from the last. */
	if (count <= KIST_TYPE_UNION_MAX)
		members[count++] = member;
	return count;
}

static kist_status make_union(struct kist_types *types, const struct kist_type_parts *made,
			      const struct kist_type **ret, struct kist_error *err)
{
	const struct kist_type *members[KIST_TYPE_UNION_MAX + 1];
	struct kist_type_parts flat = { .form = KIST_TYPE_UNION, .name = made->name, .parts = members };

	for (size_t i = 0; i < made->count; i++) {
		const struct kist_type *part = made->parts[i];

		if (part->form != KIST_TYPE_UNION)
			flat.count = add_member(members, flat.count, part);
		for (size_t k = 0; part->form == KIST_TYPE_UNION && k < part->part_count; k++)
			flat.count = add_member(members, flat.count, part->parts[k]);
	}
	if (flat.count > KIST_TYPE_UNION_MAX)
		return kist_fail(err, KIST_LIMIT, "a union of more than %zu types", KIST_TYPE_UNION_MAX);
	return make(types, &flat, ret, err);
}

kist_status kist_types_make(struct kist_types *types, const struct kist_type_parts *parts,
			    const struct kist_type **ret, struct kist_error *err)
{
	if (parts->count > KIST_TYPE_PARTS_MAX)
		return kist_fail(err, KIST_LIMIT, "a type of more than %zu parts", KIST_TYPE_PARTS_MAX);
	return parts->form == KIST_TYPE_UNION ? make_union(types, parts, ret, err)
					      : make(types, parts, ret, err);
}

kist_status kist_types_simple(struct kist_types *types, const char *name, const struct kist_type *base,
			      const struct kist_type **ret, struct kist_error *err)
{
	struct kist_type *type;
	unsigned depth = 1;
	void *room;
	char *text;

	for (const struct kist_type *above = base; above; above = above->base)
		depth++;
	if (depth > KIST_TYPE_DEPTH_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %u types above each other", KIST_TYPE_DEPTH_MAX);
	KIST_TRY(new_type(types, strlen(name) + 1, &type, &room, err));
	text = room;
	*type = (struct kist_type){
		.form = KIST_TYPE_SIMPLE, .depth = 1, .name = put_text(&text, name), .base = base
	};
	*ret = type;
	return KIST_OK;
}

static const struct kist_type *scalar_type(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return &kist_type_string;
	case JSON_INTEGER:
		return &kist_type_integer;
	case JSON_REAL:
		return &kist_type_number;
	case JSON_TRUE:
	case JSON_FALSE:
		return &kist_type_boolean;
	default:
		return &kist_type_null;
	}
}

static kist_status infer(struct kist_types *types, const json_t *value, unsigned depth,
			 const struct kist_type **ret, struct kist_error *err)
{
	const bool is_list = json_is_array(value);
	const size_t count = is_list ? json_array_size(value) : json_object_size(value);
	kist_auto_mem const struct kist_type **parts = NULL;
	kist_auto_mem const char **keys = NULL;
	struct kist_type_parts made = { .form = is_list ? KIST_TYPE_TUPLE : KIST_TYPE_RECORD,
					.count = count };
	const char *key;
	json_t *member;
	size_t i;

	if (!is_list && !json_is_object(value)) {
		*ret = scalar_type(value);
		return KIST_OK;
	}
	if (depth > KIST_TYPE_DEPTH_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %u values within each other",
				 KIST_TYPE_DEPTH_MAX);
	parts = kist_alloc(count, sizeof(*parts));
	keys = kist_alloc(count, sizeof(*keys));
	if (!parts || !keys)
		return kist_fail_memory(err, count * sizeof(*parts));
	json_array_foreach((json_t *)(uintptr_t)value, i, member)
		KIST_TRY(infer(types, member, depth + 1, &parts[i], err));
	i = 0;
	json_object_foreach((json_t *)(uintptr_t)value, key, member) {
		keys[i] = key;
		KIST_TRY(infer(types, member, depth + 1, &parts[i++], err));
	}
	made.parts = parts;
	made.keys = is_list ? NULL : keys;
	return kist_types_make(types, &made, ret, err);
}

kist_status kist_types_infer(struct kist_types *types, const json_t *value, const struct kist_type **ret,
			     struct kist_error *err)
{
	return infer(types, value, 1, ret, err);
}
