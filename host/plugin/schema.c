/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/schema.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "plugin/argument.h"

#define SCHEMA_ARGUMENTS_MAX 64

struct kist_schema {
	json_t *json; /* holds all that the arguments point to */
	size_t count;
	struct kist_argument *arguments;
};

static void schema_free_(struct kist_schema **slot)
{
	kist_schema_free(*slot);
}

kist_status kist_schema_parse(const json_t *value, struct kist_schema **ret, struct kist_error *err)
{
	__attribute__((cleanup(schema_free_))) struct kist_schema *schema = kist_alloc(1, sizeof(*schema));
	struct kist_field root;
	const char *name;
	json_t *member;

	if (!schema)
		return kist_fail_memory(err, sizeof(*schema));
	KIST_TRY(kist_field_root(value, &root, err));
	if (json_object_size(value) > SCHEMA_ARGUMENTS_MAX)
		return kist_field_fail(err, KIST_CORRUPT, "", "%zu arguments, at most %d are allowed",
				       json_object_size(value), SCHEMA_ARGUMENTS_MAX);
	schema->json = json_incref((json_t *)(uintptr_t)value);
	schema->arguments = kist_alloc(json_object_size(value), sizeof(*schema->arguments));
	if (!schema->arguments)
		return kist_fail_memory(err, json_object_size(value) * sizeof(*schema->arguments));
	json_object_foreach(schema->json, name, member) {
		struct kist_field field;

		KIST_TRY(kist_field_get(&root, name, JSON_OBJECT, true, &field, err));
		KIST_TRY(kist_argument_init(&schema->arguments[schema->count], name, &field, err));
		schema->count++;
	}
	*ret = kist_steal(schema);
	return KIST_OK;
}

void kist_schema_free(struct kist_schema *schema)
{
	if (!schema)
		return;
	for (size_t i = 0; i < schema->count; i++)
		kist_argument_done(&schema->arguments[i]);
	kist_free(schema->arguments);
	json_decref(schema->json);
	kist_free(schema);
}

/* "delimiter, header", as far as it fits. */
static void list_names(const struct kist_schema *schema, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < schema->count && used < size; i++)
		used += (size_t)snprintf(ret + used, size - used, "%s%s", i ? ", " : "",
					 schema->arguments[i].name);
}

static kist_status check_known(const struct kist_schema *schema, const json_t *arguments,
			       struct kist_error *err)
{
	const char *name;
	char known[400];
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)arguments, name, member) {
		struct kist_nearest nearest = KIST_NEAREST_INIT(name);

		if (json_object_get(schema->json, name))
			continue;
		for (size_t i = 0; i < schema->count; i++)
			kist_nearest_offer(&nearest, schema->arguments[i].name);
		if (nearest.name)
			return kist_fail_at(err, KIST_INVALID, "E_PARAM", KIST_NO_OFFSET,
					    "unknown argument '%s': did you mean '%s'?", name, nearest.name);
		list_names(schema, known, sizeof(known));
		return kist_fail_at(err, KIST_INVALID, "E_PARAM", KIST_NO_OFFSET,
				    "unknown argument '%s': %s%s", name,
				    schema->count ? "there are: " : "none are taken here", known);
	}
	return KIST_OK;
}

kist_status kist_schema_apply(const struct kist_schema *schema, const json_t *arguments, bool from_text,
			      json_t **ret, struct kist_error *err)
{
	kist_auto_json json_t *applied = json_object();

	if (!applied)
		return kist_fail_memory(err, 1);
	if (arguments && !json_is_object(arguments))
		return kist_fail_at(err, KIST_INVALID, "E_PARAM", KIST_NO_OFFSET,
				    "arguments must be an object");
	KIST_TRY(check_known(schema, arguments, err));
	for (size_t i = 0; i < schema->count; i++) {
		const struct kist_argument *argument = &schema->arguments[i];
		const json_t *given = json_object_get(arguments, argument->name);
		const json_t *value = given ? given : argument->preset;
		json_t *checked;

		if (!value && argument->required)
			return kist_fail_at(err, KIST_INVALID, "E_PARAM", KIST_NO_OFFSET,
					    "argument '%s' is missing: it has no default", argument->name);
		if (!value)
			continue;
		KIST_TRY(kist_argument_check(argument, value, from_text && given, &checked, err));
		if (json_object_set_new(applied, argument->name, checked) != 0)
			return kist_fail_memory(err, 1);
	}
	*ret = kist_steal(applied);
	return KIST_OK;
}

static bool has_extension(const char *name, size_t name_len, const char *extension)
{
	const size_t len = strlen(extension);

	return name_len > len + 1 && name[name_len - len - 1] == '.' &&
	       strncasecmp(name + name_len - len, extension, len) == 0;
}

static json_t *value_for_name(const json_t *by_extension, const char *name, size_t name_len)
{
	const char *extension;
	size_t longest = 0;
	json_t *found = NULL;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)by_extension, extension, value) {
		if (strlen(extension) > longest && has_extension(name, name_len, extension)) {
			longest = strlen(extension);
			found = value;
		}
	}
	return found;
}

kist_status kist_schema_for_name(const struct kist_schema *schema, const json_t *arguments, const char *name,
				 size_t name_len, json_t **ret, struct kist_error *err)
{
	kist_auto_json json_t *made = arguments ? kist_json_copy(arguments) : json_object();

	if (!made)
		return kist_fail_memory(err, 1);
	for (size_t i = 0; i < schema->count; i++) {
		const struct kist_argument *argument = &schema->arguments[i];
		json_t *value = value_for_name(argument->by_extension, name, name_len);

		if (!value || json_object_get(made, argument->name))
			continue;
		if (json_object_set(made, argument->name, value) != 0)
			return kist_fail_memory(err, 1);
	}
	*ret = kist_steal(made);
	return KIST_OK;
}

const struct kist_argument *kist_schema_at(const struct kist_schema *schema, size_t i)
{
	return i < schema->count ? &schema->arguments[i] : NULL;
}

json_t *kist_schema_json(const struct kist_schema *schema)
{
	return json_incref(schema->json);
}
