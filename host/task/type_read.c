/* SPDX-License-Identifier: Apache-2.0 */
#include "task/type.h"

#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "task/types_private.h"

/* The reading of one expression: the definitions that are being read, outermost first. */
struct reading {
	struct kist_types *types;
	const struct kist_types_named *open[KIST_TYPE_DEPTH_MAX + 1];
	size_t open_count;
	const json_t *where; /* the first that is wrong */
	struct kist_error *err;
};

static kist_status wrong(struct reading *reading, const json_t *where, const char *code, const char *text)
{
	reading->where = reading->where ? reading->where : where;
	return kist_fail_at(reading->err, KIST_INVALID, code, KIST_NO_OFFSET, "%s", text);
}

static kist_status fail_unknown(struct reading *reading, const json_t *where, const char *name)
{
	struct kist_nearest nearest = KIST_NEAREST_INIT(name);
	const struct kist_type *builtin;

	reading->where = reading->where ? reading->where : where;
	for (size_t i = 0; i < reading->types->named_count; i++)
		kist_nearest_offer(&nearest, reading->types->named[i].name);
	for (size_t i = 0; (builtin = kist_type_builtin(i)) != NULL; i++)
		kist_nearest_offer(&nearest, builtin->name);
	if (nearest.name)
		return kist_fail_at(reading->err, KIST_INVALID, "E_TYPE_UNKNOWN", KIST_NO_OFFSET,
				    "there is no type '%s': did you mean '%s'?", name, nearest.name);
	return kist_fail_at(reading->err, KIST_INVALID, "E_TYPE_UNKNOWN", KIST_NO_OFFSET,
			    "there is no type '%s'", name);
}

/* "'a' -> 'b' -> 'a'" */
static kist_status fail_cycle(struct reading *reading, const json_t *where,
			      const struct kist_types_named *again)
{
	kist_auto_buf struct kist_buf way = KIST_BUF_INIT(4096);
	const char *text;
	size_t first = 0;

	reading->where = reading->where ? reading->where : where;
	while (reading->open[first] != again)
		first++;
	for (size_t i = first; i < reading->open_count; i++)
		KIST_TRY(kist_buf_appendf(&way, reading->err, "'%s' -> ", reading->open[i]->name));
	text = kist_buf_text(&way);
	return kist_fail_at(reading->err, KIST_INVALID, "E_TYPE_CYCLE", KIST_NO_OFFSET,
			    "a type cannot be made of itself: %s'%s'", text ? text : "", again->name);
}

static kist_status read_expression(struct reading *reading, const json_t *value, unsigned depth,
				   const char *name, const struct kist_type **ret);

static kist_status read_is_a(struct reading *reading, const json_t *definition, const char *name,
			     const struct kist_type **ret)
{
	const json_t *value = json_object_get(definition, "is_a");
	const struct kist_type *base = &kist_type_any;

	if (value && json_object_size(definition) != 1)
		return wrong(reading, definition, "E_TYPE", "'is_a' stands alone in a definition");
	if (value) {
		if (!json_is_string(value))
			return wrong(reading, value, "E_TYPE", "'is_a' takes the name of a type");
		KIST_TRY(read_expression(reading, value, 1, NULL, &base));
	}
	/* Below what is wrong itself: nothing more can be said of it. */
	if (base->form == KIST_TYPE_UNKNOWN) {
		*ret = base;
		return KIST_OK;
	}
	if (base->form != KIST_TYPE_SIMPLE)
		return wrong(reading, value, "E_TYPE",
			     "'is_a' takes a type that is not made of others: use the other type's own name");
	return kist_types_simple(reading->types, name, base, ret, reading->err);
}

static kist_status read_definition(struct reading *reading, const struct kist_types_named *named,
				   const struct kist_type **ret)
{
	const json_t *value = named->definition;

	if (json_is_null(value) || json_object_get(value, "is_a"))
		return read_is_a(reading, value, named->name, ret);
	if (json_is_string(value))
		return wrong(reading, value, "E_TYPE",
			     "a definition is no bare name: write {is_a: ...} for a type below another");
	return read_expression(reading, value, 1, named->name, ret);
}

static kist_status read_named(struct reading *reading, const json_t *where, struct kist_types_named *named,
			      const struct kist_type **ret)
{
	kist_status status;

	if (named->state == KIST_TYPES_BEING_READ)
		return fail_cycle(reading, where, named);
	if (named->state == KIST_TYPES_UNREAD) {
		if (reading->open_count == sizeof(reading->open) / sizeof(reading->open[0]))
			return kist_fail(reading->err, KIST_LIMIT, "more than %u types within each other",
					 KIST_TYPE_DEPTH_MAX);
		named->state = KIST_TYPES_BEING_READ;
		named->type = &kist_type_unknown;
		reading->open[reading->open_count++] = named;
		status = read_definition(reading, named, &named->type);
		reading->open_count--;
		named->state = KIST_TYPES_READ;
		KIST_TRY(status);
	}
	*ret = named->type;
	return KIST_OK;
}

static kist_status read_name(struct reading *reading, const json_t *where, const char *name,
			     const struct kist_type **ret)
{
	const struct kist_type *builtin = kist_types_find_builtin(name);
	struct kist_types_named *named = builtin ? NULL : kist_types_find_named(reading->types, name);

	if (!builtin && !named)
		return fail_unknown(reading, where, name);
	if (named)
		return read_named(reading, where, named, ret);
	*ret = builtin;
	return KIST_OK;
}

/* The members of @list, a list or an object, as parts of @made. */
static kist_status read_parts(struct reading *reading, const json_t *list, unsigned depth,
			      struct kist_type_parts *made, const struct kist_type **ret)
{
	const size_t count = json_is_array(list) ? json_array_size(list) : json_object_size(list);
	kist_auto_mem const struct kist_type **parts = kist_alloc(count, sizeof(*parts));
	kist_auto_mem const char **keys = kist_alloc(count, sizeof(*keys));
	const char *key;
	json_t *member;
	size_t i;

	if (!parts || !keys)
		return kist_fail_memory(reading->err, count * sizeof(*parts));
	json_array_foreach((json_t *)(uintptr_t)list, i, member)
		KIST_TRY(read_expression(reading, member, depth + 1, NULL, &parts[i]));
	json_object_foreach((json_t *)(uintptr_t)list, key, member) {
		keys[made->count] = key;
		KIST_TRY(read_expression(reading, member, depth + 1, NULL, &parts[made->count++]));
	}
	made->count = count;
	made->parts = parts;
	made->keys = json_is_object(list) ? keys : NULL;
	return kist_types_make(reading->types, made, ret, reading->err);
}

static kist_status read_mapping(struct reading *reading, const json_t *value, unsigned depth,
				struct kist_type_parts *made, const struct kist_type **ret)
{
	const struct kist_type *type;

	if (json_is_object(value)) {
		made->form = KIST_TYPE_RECORD;
		return read_parts(reading, value, depth, made, ret);
	}
	if (json_array_size(value) != 2)
		return wrong(reading, value, "E_TYPE",
			     "'mapping' takes [key type, value type], or the name and type of each member");
	KIST_TRY(read_parts(reading, value, depth, made, &type));
	if (!kist_type_fits(type->parts[0], &kist_type_string) &&
	    !kist_type_fits(type->parts[0], &kist_type_integer))
		return wrong(reading, json_array_get(value, 0), "E_TYPE",
			     "the keys of a mapping are strings or integers");
	*ret = type;
	return KIST_OK;
}

static kist_status read_structure(struct reading *reading, const char *form, const json_t *value,
				  unsigned depth, struct kist_type_parts *made, const struct kist_type **ret)
{
	const struct kist_type *element;

	if (strcmp(form, "list") == 0) {
		KIST_TRY(read_expression(reading, value, depth + 1, NULL, &element));
		*made = (struct kist_type_parts){
			.form = KIST_TYPE_LIST, .name = made->name, .count = 1, .parts = &element
		};
		return kist_types_make(reading->types, made, ret, reading->err);
	}
	if (strcmp(form, "mapping") == 0) {
		made->form = KIST_TYPE_MAPPING;
		return read_mapping(reading, value, depth, made, ret);
	}
	made->form = strcmp(form, "tuple") == 0 ? KIST_TYPE_TUPLE : KIST_TYPE_UNION;
	if (!json_is_array(value) || (made->form == KIST_TYPE_UNION && json_array_size(value) == 0))
		return wrong(reading, value, "E_TYPE", "'tuple' and 'union' take a list of types");
	return read_parts(reading, value, depth, made, ret);
}

static kist_status read_expression(struct reading *reading, const json_t *value, unsigned depth,
				   const char *name, const struct kist_type **ret)
{
	static const char *const forms[] = { "list", "tuple", "mapping", "union" };
	void *only = json_object_iter((json_t *)(uintptr_t)value);
	struct kist_type_parts made = { .name = name };

	if (depth > KIST_TYPE_DEPTH_MAX) {
		reading->where = reading->where ? reading->where : value;
		return kist_fail_at(reading->err, KIST_LIMIT, "E_TYPE", KIST_NO_OFFSET,
				    "more than %u types within each other", KIST_TYPE_DEPTH_MAX);
	}
	if (json_is_string(value))
		return read_name(reading, value, json_string_value(value), ret);
	/* An unquoted null in YAML means the type. */
	if (json_is_null(value)) {
		*ret = &kist_type_null;
		return KIST_OK;
	}
	for (size_t i = 0; json_object_size(value) == 1 && i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(json_object_iter_key(only), forms[i]) == 0)
			return read_structure(reading, forms[i], json_object_iter_value(only), depth, &made,
					      ret);
	}
	if (json_object_get(value, "is_a"))
		return wrong(reading, value, "E_TYPE", "'is_a' stands in a definition only, under a name");
	return wrong(
		reading, value, "E_TYPE",
		"a type is a name, or one of {list: ...}, {tuple: [...]}, {mapping: ...}, {union: [...]}");
}

kist_status kist_types_find(struct kist_types *types, const char *name, const struct kist_type **ret,
			    const json_t **ret_where, struct kist_error *err)
{
	struct reading reading = { .types = types, .err = err };
	const kist_status status = read_name(&reading, NULL, name, ret);

	if (status != KIST_OK && ret_where)
		*ret_where = reading.where;
	return status;
}

kist_status kist_types_parse(struct kist_types *types, const json_t *expression, const struct kist_type **ret,
			     const json_t **ret_where, struct kist_error *err)
{
	struct reading reading = { .types = types, .err = err };
	const kist_status status = read_expression(&reading, expression, 1, NULL, ret);

	if (status != KIST_OK && ret_where)
		*ret_where = reading.where ? reading.where : expression;
	return status;
}
