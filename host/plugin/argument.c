/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/argument.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "kist/host.h"

static const char *const kind_names[] = { "", "boolean", "integer", "number", "string" };
static const char *const kind_articles[] = { "", "true or false", "an integer", "a number", "a string" };

static bool fits_kind(uint32_t kind, const json_t *value)
{
	switch (kind) {
	case KIST_PARAM_BOOL:
		return json_is_boolean(value);
	case KIST_PARAM_INTEGER:
		return json_is_integer(value);
	case KIST_PARAM_NUMBER:
		return json_is_number(value);
	default:
		return json_is_string(value);
	}
}

static int compare_numbers(const json_t *a, const json_t *b)
{
	if (json_is_integer(a) && json_is_integer(b)) {
		const json_int_t x = json_integer_value(a);
		const json_int_t y = json_integer_value(b);

		return (x > y) - (x < y);
	}
	return (json_number_value(a) > json_number_value(b)) - (json_number_value(a) < json_number_value(b));
}

static bool same_value(const json_t *a, const json_t *b)
{
	return json_is_number(a) && json_is_number(b) ? compare_numbers(a, b) == 0 : json_equal(a, b) != 0;
}

static size_t character_count(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; count++) {
		const size_t step = kist_utf8_step(text + i, len - i);

		i += step ? step : 1;
	}
	return count;
}

static bool is_choice(const struct kist_argument *argument, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(argument->choices); i++) {
		if (same_value(json_array_get(argument->choices, i), value))
			return true;
	}
	return argument->choices == NULL;
}

/* Whether @value fits all that is declared. */
static bool fits(const struct kist_argument *argument, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!fits_kind(argument->kind, value) || !is_choice(argument, value))
		return false;
	if (argument->minimum && compare_numbers(value, argument->minimum) < 0)
		return false;
	if (argument->maximum && compare_numbers(value, argument->maximum) > 0)
		return false;
	if (!text)
		return true;
	if (json_string_length(value) > KIST_ARGUMENT_STRING_MAX ||
	    character_count(text, json_string_length(value)) > argument->length_max)
		return false;
	return !argument->pattern || regexec(&argument->regex, text, 0, NULL, 0) == 0;
}

/* Declarations ------------------------------------------------------------------------------------- */

static kist_status check_keys(const struct kist_field *field, struct kist_error *err)
{
	static const char *const known[] = {
		"type",	     "default", "enum",	    "minimum",	   "maximum",
		"maxLength", "pattern", "required", "description", "by_extension"
	};
	const char *key;
	json_t *member;

	/* Unlike elsewhere in a manifest: a rule that is not understood would be a rule that is not kept. */
	json_object_foreach((json_t *)(uintptr_t)field->value, key, member) {
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found = found || strcmp(key, known[i]) == 0;
		if (!found)
			return kist_field_fail(err, KIST_CORRUPT, field->path, "unknown keyword '%s'", key);
	}
	return KIST_OK;
}

static kist_status read_kind(const struct kist_field *field, uint32_t *ret, struct kist_error *err)
{
	const char *text;

	KIST_TRY(kist_field_text(field, "type", 16, &text, err));
	for (uint32_t kind = KIST_PARAM_BOOL; kind <= KIST_PARAM_STRING; kind++) {
		if (strcmp(text, kind_names[kind]) == 0) {
			*ret = kind;
			return KIST_OK;
		}
	}
	return kist_field_fail(err, KIST_CORRUPT, field->path,
			       "type '%s' is none of boolean, integer, number, string", text);
}

/* A limit of a number, of the argument's own kind. */
static kist_status read_bound(const struct kist_argument *argument, const struct kist_field *field,
			      const char *key, const json_t **ret, struct kist_error *err)
{
	const json_t *value = json_object_get(field->value, key);

	*ret = value;
	if (!value)
		return KIST_OK;
	if (argument->kind != KIST_PARAM_INTEGER && argument->kind != KIST_PARAM_NUMBER)
		return kist_field_fail(err, KIST_CORRUPT, field->path, "%s is for numbers only", key);
	if (!fits_kind(argument->kind, value))
		return kist_field_fail(err, KIST_CORRUPT, field->path, "%s must be %s", key,
				       kind_articles[argument->kind]);
	return KIST_OK;
}

/* The bounds of the one "{n,m}" that a pattern may hold; false when they are too large or there are more. */
static bool cheap_pattern(const char *pattern)
{
	unsigned long repeats = 0;

	for (const char *c = pattern; *c; c++) {
		if (*c == '\\' && c[1] >= '0' && c[1] <= '9')
			return false;
		if (*c == '\\' && c[1]) {
			c++;
			continue;
		}
		if (*c != '{')
			continue;
		if (++repeats > 1)
			return false;
		for (const char *d = c + 1; *d && *d != '}'; d += *d == ',') {
			char *end;

			if (strtoul(d, &end, 10) > KIST_PATTERN_REPEAT_MAX)
				return false;
			if (end == d && *d != ',')
				return false;
			d = end;
			if (*d != ',' && *d != '}')
				return false;
			if (*d == '}')
				break;
		}
	}
	return true;
}

static kist_status read_pattern(struct kist_argument *argument, const struct kist_field *field,
				struct kist_error *err)
{
	const char *pattern;
	char reason[128];
	int failed;

	KIST_TRY(kist_field_text(field, "pattern", KIST_PATTERN_LEN_MAX, &pattern, err));
	if (!cheap_pattern(pattern))
		return kist_field_fail(err, KIST_CORRUPT, field->path,
				       "pattern '%s': at most one repeat count up to %d, no back-references",
				       pattern, KIST_PATTERN_REPEAT_MAX);
	failed = regcomp(&argument->regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (failed == REG_ESPACE)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory for the pattern '%s'", pattern);
	if (failed) {
		regerror(failed, &argument->regex, reason, sizeof(reason));
		return kist_field_fail(err, KIST_CORRUPT, field->path, "pattern '%s': %s", pattern, reason);
	}
	argument->pattern = pattern;
	return KIST_OK;
}

static kist_status read_text_rules(struct kist_argument *argument, const struct kist_field *field,
				   struct kist_error *err)
{
	uint64_t length = SIZE_MAX;
	const bool has_length = json_object_get(field->value, "maxLength") != NULL;
	const bool has_pattern = json_object_get(field->value, "pattern") != NULL;

	argument->length_max = SIZE_MAX;
	if ((has_length || has_pattern) && argument->kind != KIST_PARAM_STRING)
		return kist_field_fail(err, KIST_CORRUPT, field->path, "%s is for strings only",
				       has_length ? "maxLength" : "pattern");
	if (has_length)
		KIST_TRY(kist_field_u64(field, "maxLength", 0, KIST_ARGUMENT_STRING_MAX, &length, err));
	argument->length_max = (size_t)length;
	return has_pattern ? read_pattern(argument, field, err) : KIST_OK;
}

static kist_status read_choices(struct kist_argument *argument, const struct kist_field *field,
				struct kist_error *err)
{
	struct kist_field list;
	size_t count;

	KIST_TRY(kist_field_list(field, "enum", KIST_ARGUMENT_ENUM_MAX, &list, &count, err));
	if (list.value && count == 0)
		return kist_field_fail(err, KIST_CORRUPT, list.path, "empty");
	for (size_t i = 0; i < count; i++) {
		if (!fits(argument, json_array_get(list.value, i)))
			return kist_field_fail(err, KIST_CORRUPT, list.path,
					       "value %zu does not fit the rest", i);
	}
	argument->choices = list.value;
	return KIST_OK;
}

/* What a name's extension asks for is a default: it must fit like one. */
static kist_status read_by_extension(struct kist_argument *argument, const struct kist_field *field,
				     struct kist_error *err)
{
	struct kist_field map;
	const char *extension;
	json_t *value;

	KIST_TRY(kist_field_get(field, "by_extension", JSON_OBJECT, false, &map, err));
	if (json_object_size(map.value) > KIST_ARGUMENT_ENUM_MAX)
		return kist_field_fail(err, KIST_CORRUPT, map.path, "at most %zu extensions are allowed",
				       (size_t)KIST_ARGUMENT_ENUM_MAX);
	json_object_foreach((json_t *)(uintptr_t)map.value, extension, value) {
		if (!fits(argument, value))
			return kist_field_fail(err, KIST_CORRUPT, map.path,
					       "the value for '%.64s' does not fit the rest", extension);
	}
	argument->by_extension = map.value;
	return KIST_OK;
}

static kist_status read_rest(struct kist_argument *argument, const struct kist_field *field,
			     struct kist_error *err)
{
	struct kist_field required;
	const char *description;

	KIST_TRY(read_choices(argument, field, err));
	KIST_TRY(kist_field_get(field, "required", JSON_TRUE, false, &required, err));
	KIST_TRY(kist_field_text_optional(field, "description", 1024, &description, err));
	argument->required = json_is_true(required.value);
	argument->preset = json_object_get(field->value, "default");
	if (argument->preset && argument->required)
		return kist_field_fail(err, KIST_CORRUPT, field->path,
				       "required, so a default is never used");
	if (argument->preset && !fits(argument, argument->preset))
		return kist_field_fail(err, KIST_CORRUPT, field->path, "the default does not fit the rest");
	return read_by_extension(argument, field, err);
}

static bool name_valid(const char *name)
{
	const size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return name[0] >= 'a' && name[0] <= 'z' && name[len] == '\0' && len <= KIST_ARGUMENT_NAME_MAX;
}

kist_status kist_argument_init(struct kist_argument *argument, const char *name,
			       const struct kist_field *field, struct kist_error *err)
{
	struct kist_argument made = { .name = name };
	kist_status status;

	if (!name_valid(name))
		return kist_field_fail(err, KIST_CORRUPT, field->path,
				       "a name is a letter a-z and up to %zu of a-z0-9_",
				       KIST_ARGUMENT_NAME_MAX - 1);
	KIST_TRY(check_keys(field, err));
	KIST_TRY(read_kind(field, &made.kind, err));
	KIST_TRY(read_bound(&made, field, "minimum", &made.minimum, err));
	KIST_TRY(read_bound(&made, field, "maximum", &made.maximum, err));
	if (made.minimum && made.maximum && compare_numbers(made.minimum, made.maximum) > 0)
		return kist_field_fail(err, KIST_CORRUPT, field->path, "the minimum is above the maximum");
	KIST_TRY(read_text_rules(&made, field, err));
	status = read_rest(&made, field, err);
	if (status != KIST_OK) {
		kist_argument_done(&made);
		return status;
	}
	*argument = made;
	return KIST_OK;
}

void kist_argument_done(struct kist_argument *argument)
{
	if (argument->pattern)
		regfree(&argument->regex);
	argument->pattern = NULL;
}

/* Values ------------------------------------------------------------------------------------------- */

/* New reference, NULL when @text is no value of the kind (or memory is out: the value is then refused). */
static json_t *value_of_text(uint32_t kind, const char *text)
{
	char *end;

	errno = 0;
	if (kind == KIST_PARAM_BOOL)
		return strcmp(text, "true") == 0    ? json_true()
		       : strcmp(text, "false") == 0 ? json_false()
						    : NULL;
	if (!strchr("+-.0123456789", text[0]) || text[0] == '\0')
		return NULL;
	if (kind == KIST_PARAM_INTEGER) {
		const long long integer = strtoll(text, &end, 10);

		return *end || end == text || errno ? NULL : json_integer(integer);
	}
	if (strpbrk(text, "xXpP"))
		return NULL;
	{
		const double number = strtod(text, &end);

		return *end || end == text || !isfinite(number) ? NULL : json_real(number);
	}
}

static void describe_value(const json_t *value, char *ret, size_t size)
{
	char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	if (json_is_string(value))
		snprintf(ret, size, "'%.120s'", json_string_value(value));
	else
		snprintf(ret, size, "%.120s", text ? text : "nothing");
	kist_free(text);
}

static void describe_rules(const struct kist_argument *argument, char *ret, size_t size)
{
	char low[128];
	char high[128];
	size_t used;

	if (argument->choices) {
		used = (size_t)snprintf(ret, size, "one of ");
		for (size_t i = 0; i < json_array_size(argument->choices) && used + 160 < size; i++) {
			describe_value(json_array_get(argument->choices, i), ret + used + 2 * (i > 0),
				       size - used - 2);
			if (i > 0)
				memcpy(ret + used, ", ", 2);
			used += strlen(ret + used);
		}
		return;
	}
	describe_value(argument->minimum, low, sizeof(low));
	describe_value(argument->maximum, high, sizeof(high));
	used = (size_t)snprintf(ret, size, "%s", kind_articles[argument->kind]);
	if (argument->minimum && argument->maximum)
		snprintf(ret + used, size - used, " from %s to %s", low, high);
	else if (argument->minimum)
		snprintf(ret + used, size - used, " of at least %s", low);
	else if (argument->maximum)
		snprintf(ret + used, size - used, " of at most %s", high);
	if (argument->length_max != SIZE_MAX)
		used += (size_t)snprintf(ret + used, size - used, " of at most %zu characters",
					 argument->length_max);
	if (argument->pattern)
		snprintf(ret + used, size - used, " that matches '%s'", argument->pattern);
}

kist_status kist_argument_check(const struct kist_argument *argument, const json_t *value, bool from_text,
				json_t **ret, struct kist_error *err)
{
	const bool convert = from_text && json_is_string(value) && argument->kind != KIST_PARAM_STRING;
	kist_auto_json json_t *own = NULL;
	char given[160];
	char rules[640];

	if (convert)
		own = value_of_text(argument->kind, json_string_value(value));
	else if (argument->kind == KIST_PARAM_NUMBER && json_is_integer(value))
		own = json_real((double)json_integer_value(value));
	else
		own = json_incref((json_t *)(uintptr_t)value);
	if (own && fits(argument, own)) {
		*ret = kist_steal(own);
		return KIST_OK;
	}
	describe_value(value, given, sizeof(given));
	describe_rules(argument, rules, sizeof(rules));
	return kist_fail_at(err, KIST_INVALID, "E_PARAM", KIST_NO_OFFSET,
			    "argument '%s' is %s, %s is expected", argument->name, given, rules);
}
