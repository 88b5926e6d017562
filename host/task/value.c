/* SPDX-License-Identifier: Apache-2.0 */
#include "task/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

/* What an integer type holds. */
struct range {
	int64_t min;
	uint64_t max;
};

static const struct range ranges[] = {
	[KIST_TASK_I8] = { INT8_MIN, INT8_MAX },    [KIST_TASK_I16] = { INT16_MIN, INT16_MAX },
	[KIST_TASK_I32] = { INT32_MIN, INT32_MAX }, [KIST_TASK_I64] = { INT64_MIN, INT64_MAX },
	[KIST_TASK_U8] = { 0, UINT8_MAX },	    [KIST_TASK_U16] = { 0, UINT16_MAX },
	[KIST_TASK_U32] = { 0, UINT32_MAX },	    [KIST_TASK_U64] = { 0, UINT64_MAX },
};

static const char *kind_of(const json_t *json)
{
	switch (json ? json_typeof(json) : JSON_NULL) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number that is not whole";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	default:
		return "null";
	}
}

static kist_status refuse(struct kist_error *err, const json_t *json, const char *wanted)
{
	return kist_fail_at(err, KIST_INVALID, "E_ARGUMENT", KIST_NO_OFFSET, "%s was given, %s is expected",
			    kind_of(json), wanted);
}

static kist_status out_of_range(struct kist_error *err, uint8_t type, double given)
{
	return kist_fail_at(err, KIST_INVALID, "E_ARGUMENT", KIST_NO_OFFSET,
			    "%.17g does not fit %s: %" PRId64 " to %" PRIu64 " are allowed", given,
			    kist_task_type_name(type), ranges[type].min, ranges[type].max);
}

static kist_status integer_of_real(uint8_t type, double number, struct kist_task_value *ret,
				   struct kist_error *err)
{
	const struct range *range = &ranges[type];

	/* Both bounds are powers of two, which a double holds: no rounding lets a number past them. */
	if (number < (double)range->min || number >= ldexp(1.0, range->max > INT64_MAX ? 64 : 63) ||
	    (number >= 0 && (uint64_t)number > range->max))
		return out_of_range(err, type, number);
	if (type >= KIST_TASK_U8)
		ret->natural = (uint64_t)number;
	else
		ret->integer = (int64_t)number;
	return KIST_OK;
}

static kist_status integer_of_json(uint8_t type, const json_t *json, struct kist_task_value *ret,
				   struct kist_error *err)
{
	const struct range *range = &ranges[type];
	json_int_t given;

	if (json_is_real(json) && nearbyint(json_real_value(json)) == json_real_value(json))
		return integer_of_real(type, json_real_value(json), ret, err);
	if (!json_is_integer(json))
		return refuse(err, json, "an integer");
	given = json_integer_value(json);
	if (given < range->min || (given > 0 && (uint64_t)given > range->max))
		return kist_fail_at(err, KIST_INVALID, "E_ARGUMENT", KIST_NO_OFFSET,
				    "%lld does not fit %s: %" PRId64 " to %" PRIu64 " are allowed",
				    (long long)given, kist_task_type_name(type), range->min, range->max);
	if (type >= KIST_TASK_U8)
		ret->natural = (uint64_t)given;
	else
		ret->integer = given;
	return KIST_OK;
}

static kist_status real_of_json(uint8_t type, const json_t *json, struct kist_task_value *ret,
				struct kist_error *err)
{
	if (!kist_json_get_real(json, &ret->real))
		return refuse(err, json, "a number");
	if (json_is_string(json))
		return KIST_OK;
	if (json_is_integer(json) &&
	    (ret->real >= ldexp(1.0, 63) || (json_int_t)ret->real != json_integer_value(json) ||
	     (type == KIST_TASK_F32 && (double)(float)ret->real != ret->real)))
		return kist_fail_at(err, KIST_INVALID, "E_ARGUMENT", KIST_NO_OFFSET,
				    "%lld cannot be held exactly by %s", (long long)json_integer_value(json),
				    kist_task_type_name(type));
	if (type == KIST_TASK_F32 && !isfinite((float)ret->real))
		return kist_fail_at(err, KIST_INVALID, "E_ARGUMENT", KIST_NO_OFFSET, "%.17g does not fit f32",
				    ret->real);
	return KIST_OK;
}

static kist_status text_of_json(const json_t *json, struct kist_task_value *ret, struct kist_error *err)
{
	const char *text = json_string_value(json);

	if (!text)
		return refuse(err, json, "a string");
	ret->bytes.data = text;
	ret->bytes.size = json_string_length(json);
	if (strlen(text) != ret->bytes.size)
		return kist_fail_at(err, KIST_INVALID, "E_ARGUMENT", strlen(text),
				    "a text with a NUL within cannot be passed as cstr");
	return KIST_OK;
}

kist_status kist_task_value_of_json(uint8_t type, const json_t *json, struct kist_task_value *ret,
				    struct kist_error *err)
{
	struct kist_task_value value = { .type = type };

	if (type >= KIST_TASK_I8 && type <= KIST_TASK_U64)
		KIST_TRY(integer_of_json(type, json, &value, err));
	else if (type == KIST_TASK_F32 || type == KIST_TASK_F64)
		KIST_TRY(real_of_json(type, json, &value, err));
	else if (type == KIST_TASK_CSTR)
		KIST_TRY(text_of_json(json, &value, err));
	else if (type != KIST_TASK_B8)
		return refuse(err, json, kist_task_type_name(type));
	else if (!json_is_boolean(json))
		return refuse(err, json, "true or false");
	else
		value.integer = json_is_true(json);
	*ret = value;
	return KIST_OK;
}

kist_status kist_task_value_json(const struct kist_task_value *value, json_t **ret, struct kist_error *err)
{
	json_t *json;

	if (value->type == KIST_TASK_F32 || value->type == KIST_TASK_F64)
		json = kist_json_real(value->real);
	else if (value->type == KIST_TASK_B8)
		json = json_boolean(value->integer != 0);
	else if (value->type >= KIST_TASK_U8 && value->natural > INT64_MAX)
		return kist_fail_at(err, KIST_LIMIT, "E_RESULT", KIST_NO_OFFSET,
				    "%" PRIu64 " came back, integers up to %" PRId64 " can be kept",
				    value->natural, INT64_MAX);
	else
		json = json_integer(value->type >= KIST_TASK_U8 ? (json_int_t)value->natural
								: (json_int_t)value->integer);
	if (!json)
		return kist_fail_memory(err, sizeof(json_t));
	*ret = json;
	return KIST_OK;
}
