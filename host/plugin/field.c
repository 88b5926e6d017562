/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/field.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

kist_status kist_field_fail(struct kist_error *err, kist_status status, const char *path, const char *format,
			    ...)
{
	char text[KIST_ERROR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	return kist_fail_at(err, status, "E_MANIFEST", KIST_NO_OFFSET, "%s%s%s", path, path[0] ? ": " : "",
			    text);
}

static const char *type_name(json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
	default:
		return "null";
	}
}

/* "true or false" is two types to jansson, and one to everybody else. */
static bool same_type(json_type actual, json_type wanted)
{
	return actual == wanted || (wanted == JSON_TRUE && actual == JSON_FALSE);
}

static kist_status check_type(const struct kist_field *field, json_type type, struct kist_error *err)
{
	if (same_type(json_typeof(field->value), type))
		return KIST_OK;
	return kist_field_fail(err, KIST_CORRUPT, field->path, "%s is expected, not %s", type_name(type),
			       type_name(json_typeof(field->value)));
}

kist_status kist_field_root(const json_t *value, struct kist_field *ret, struct kist_error *err)
{
	ret->value = value;
	ret->path[0] = '\0';
	return check_type(ret, JSON_OBJECT, err);
}

kist_status kist_field_get(const struct kist_field *object, const char *key, json_type type, bool required,
			   struct kist_field *ret, struct kist_error *err)
{
	snprintf(ret->path, sizeof(ret->path), "%.120s%s%.64s", object->path, object->path[0] ? "." : "",
		 key);
	ret->value = json_object_get(object->value, key);
	if (ret->value)
		return check_type(ret, type, err);
	return required ? kist_field_fail(err, KIST_CORRUPT, ret->path, "missing") : KIST_OK;
}

kist_status kist_field_list(const struct kist_field *object, const char *key, size_t count_max,
			    struct kist_field *ret, size_t *ret_count, struct kist_error *err)
{
	KIST_TRY(kist_field_get(object, key, JSON_ARRAY, false, ret, err));
	if (json_array_size(ret->value) > count_max)
		return kist_field_fail(err, KIST_LIMIT, ret->path, "%zu items, at most %zu are allowed",
				       json_array_size(ret->value), count_max);
	*ret_count = json_array_size(ret->value);
	return KIST_OK;
}

kist_status kist_field_item(const struct kist_field *list, size_t i, json_type type, struct kist_field *ret,
			    struct kist_error *err)
{
	snprintf(ret->path, sizeof(ret->path), "%.160s[%zu]", list->path, i);
	ret->value = json_array_get(list->value, i);
	return check_type(ret, type, err);
}

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

static kist_status check_text(const struct kist_field *field, size_t len_max, struct kist_error *err)
{
	const size_t len = json_string_length(field->value);

	if (len == 0)
		return kist_field_fail(err, KIST_CORRUPT, field->path, "empty");
	if (len > len_max)
		return kist_field_fail(err, KIST_LIMIT, field->path, "%zu bytes, at most %zu are allowed",
				       len, len_max);
	if (has_control(json_string_value(field->value)))
		return kist_field_fail(err, KIST_CORRUPT, field->path, "holds a control character");
	return KIST_OK;
}

kist_status kist_field_text(const struct kist_field *object, const char *key, size_t len_max,
			    const char **ret, struct kist_error *err)
{
	struct kist_field field;

	KIST_TRY(kist_field_get(object, key, JSON_STRING, true, &field, err));
	KIST_TRY(check_text(&field, len_max, err));
	*ret = json_string_value(field.value);
	return KIST_OK;
}

kist_status kist_field_text_optional(const struct kist_field *object, const char *key, size_t len_max,
				     const char **ret, struct kist_error *err)
{
	if (json_object_get(object->value, key))
		return kist_field_text(object, key, len_max, ret, err);
	*ret = "";
	return KIST_OK;
}

kist_status kist_field_u64(const struct kist_field *object, const char *key, uint64_t min, uint64_t max,
			   uint64_t *ret, struct kist_error *err)
{
	struct kist_field field;
	json_int_t value;

	KIST_TRY(kist_field_get(object, key, JSON_INTEGER, true, &field, err));
	value = json_integer_value(field.value);
	if (value < 0 || (uint64_t)value < min || (uint64_t)value > max)
		return kist_field_fail(err, KIST_CORRUPT, field.path, "%lld is not from %llu to %llu",
				       (long long)value, (unsigned long long)min, (unsigned long long)max);
	*ret = (uint64_t)value;
	return KIST_OK;
}

bool kist_name_dotted(const char *text, size_t size)
{
	const size_t len = strnlen(text, size);
	size_t dots = 0;

	if (len == 0 || len >= size || text[0] == '.' || text[len - 1] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		const char c = text[i];

		if (c == '.') {
			dots++;
			if (text[i + 1] == '.')
				return false;
		} else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-') {
			return false;
		}
	}
	return dots > 0;
}

bool kist_name_plain(const char *text, size_t size)
{
	const size_t len = strnlen(text, size);

	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i < len; i++) {
		const char c = text[i];
		const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && (i == 0 || (!(c >= '0' && c <= '9') && c != '.' && c != '-')))
			return false;
	}
	return true;
}
