/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_arrow.h"

#include <string.h>

#include "csv_column.h"
#include "csv_kernel.h"
#include "kist/helpers.h"

#define FORMATS "nbcCsSiIlLefguUzZ"
/* Bytes of a column's name in a message. */
#define NAME_SHOWN 80

static bool is_text(char format)
{
	return strchr("uUzZ", format) != NULL;
}

/* What a format that cannot be written holds. */
static const char *words_of(const char *format)
{
	switch (format[0]) {
	case 't':
		return "durations or intervals";
	case 'd':
		return "decimals of another size";
	case '+':
		return "nested values";
	default:
		return "values that CSV has no text for";
	}
}

/* "d:precision,scale", 128 bits. */
static bool read_decimal(const char *format, struct csv_field *ret)
{
	unsigned int scale = 0;
	const char *at = format + 2;

	while (*at >= '0' && *at <= '9')
		at++;
	if (at == format + 2 || *at != ',')
		return false;
	for (at++; *at >= '0' && *at <= '9' && scale <= CSV_FIXED_DIGITS_MAX; at++)
		scale = scale * 10 + (unsigned int)(*at - '0');
	*ret = (struct csv_field){ .format = CSV_FIELD_DECIMAL, .size = 16, .scale = (uint8_t)scale };
	return at[-1] != ',' && scale <= CSV_FIXED_DIGITS_MAX && (*at == '\0' || strcmp(at, ",128") == 0);
}

/* A zone that is an offset is printed with it; any other as what it is in UTC. */
static void read_zone(const char *zone, struct csv_form *form)
{
	if (*zone == '\0')
		return;
	form->zone = CSV_ZONE_OFFSET;
	(void)csv_offset_parse((const uint8_t *)zone, strlen(zone), &form->offset);
}

static bool read_time(const char *format, struct csv_field *ret)
{
	static const char units[] = "smun";
	const char *const unit = format[1] == 't' || format[1] == 's' ? strchr(units, format[2]) : NULL;
	const struct csv_form form = { .digits = CSV_DIGITS_TRIMMED };

	if (strcmp(format, "tdD") == 0) {
		*ret = (struct csv_field){ .format = CSV_FIELD_DATE, .size = 4, .per_day = 1 };
		return true;
	}
	if (strcmp(format, "tdm") == 0) {
		*ret = (struct csv_field){ .format = CSV_FIELD_DATE, .size = 8, .per_day = 86400000 };
		return true;
	}
	if (!unit || format[2] == '\0')
		return false;
	*ret = (struct csv_field){ .format = format[1] == 't' ? CSV_FIELD_TIME : CSV_FIELD_STAMP,
				   .size = format[1] == 't' && unit - units < 2 ? 4 : 8,
				   .scale = (uint8_t)((unit - units) * 3),
				   .form = form };
	if (format[1] == 't')
		return format[3] == '\0';
	if (format[3] != ':')
		return false;
	read_zone(format + 4, &ret->form);
	return true;
}

static bool read_format(const char *format, struct csv_field *ret)
{
	*ret = (struct csv_field){ .format = format[0] };
	if (format[0] == 't' && strnlen(format, 3) == 3)
		return read_time(format, ret);
	if (strncmp(format, "d:", 2) == 0)
		return read_decimal(format, ret);
	return strlen(format) == 1 && strchr(FORMATS, format[0]) != NULL;
}

/* The value of @key in a field's metadata, or NULL. */
static const char *metadata_of(const struct ArrowSchema *field, const char *key, size_t *ret_len)
{
	const char *at = field->metadata;
	int32_t count;

	if (!at)
		return NULL;
	memcpy(&count, at, sizeof(count));
	at += sizeof(count);
	for (int32_t i = 0; i < count; i++) {
		int32_t sizes[2];
		const char *name;

		memcpy(&sizes[0], at, sizeof(int32_t));
		name = at + sizeof(int32_t);
		if (sizes[0] < 0)
			return NULL;
		memcpy(&sizes[1], name + sizes[0], sizeof(int32_t));
		if (sizes[1] < 0)
			return NULL;
		at = name + sizes[0] + sizeof(int32_t);
		*ret_len = (size_t)sizes[1];
		if ((size_t)sizes[0] == strlen(key) && memcmp(name, key, strlen(key)) == 0)
			return at;
		at += sizes[1];
	}
	return NULL;
}

struct csv_field csv_arrow_field(const struct ArrowSchema *schema)
{
	struct csv_field field;
	struct csv_form tag;
	const char *text;
	size_t len;

	(void)read_format(schema->format, &field);
	text = metadata_of(schema, CSV_TAG_KEY, &len);
	if (!text || (field.format != CSV_FIELD_TIME && field.format != CSV_FIELD_STAMP))
		return field;
	tag = csv_tag_parse(text, len);
	field.form.digits = tag.digits;
	field.form.t = tag.t;
	if (tag.zone == CSV_ZONE_Z && field.form.zone == CSV_ZONE_OFFSET && field.form.offset == 0)
		field.form.zone = CSV_ZONE_Z;
	return field;
}

/* A float32 holds each float16 exactly. */
static float float_of_half(uint16_t half)
{
	const uint32_t exponent = half >> 10 & 31;
	const uint32_t fraction = half & 1023;
	uint32_t bits = (uint32_t)(half & 0x8000) << 16;
	float value;

	if (exponent == 0) {
		value = (float)fraction * 0x1p-24f;
		return half & 0x8000 ? -value : value;
	}
	bits |= (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static kist_status broken(struct kist_call *call, const char *what)
{
	return kist_failf(call, KIST_INVALID, "E_ARROW", KIST_NO_OFFSET,
			  "the table breaks the Arrow interface: %s", what);
}

static kist_status check_field(struct kist_call *call, const struct ArrowSchema *field, int64_t i)
{
	const char *name = field && field->name ? field->name : "";
	struct csv_field ignored;

	if (!field || !field->release || !field->format)
		return broken(call, "a field is missing");
	if (field->dictionary)
		return kist_failf(call, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET,
				  "column %lld '%.*s' is dictionary-encoded: decode it first",
				  (long long)i + 1, NAME_SHOWN, name);
	if (!read_format(field->format, &ignored))
		return kist_failf(call, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET,
				  "column %lld '%.*s' holds %s (Arrow format '%.20s'): cast it to a number, "
				  "bool or text",
				  (long long)i + 1, NAME_SHOWN, name, words_of(field->format), field->format);
	if (field->n_children != 0)
		return broken(call, "a flat field has children");
	return KIST_OK;
}

kist_status csv_arrow_check_schema(struct kist_call *call, const struct ArrowSchema *schema)
{
	kist_status status = KIST_OK;

	if (!schema->release || !schema->format)
		return broken(call, "the schema is released");
	if (strcmp(schema->format, "+s") != 0 || schema->dictionary)
		return kist_failf(call, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET,
				  "the stream is not one of rows");
	if (schema->n_children < 0 || (schema->n_children > 0 && !schema->children))
		return broken(call, "the schema's children are missing");
	if (schema->n_children > CSV_COLUMNS_MAX)
		return kist_failf(call, KIST_LIMIT, "E_OVERFLOW", KIST_NO_OFFSET, "%lld columns, at most %u",
				  (long long)schema->n_children, CSV_COLUMNS_MAX);
	for (int64_t i = 0; i < schema->n_children && status == KIST_OK; i++)
		status = check_field(call, schema->children[i], i);
	return status;
}

static int64_t buffer_count(char format)
{
	return format == 'n' ? 0 : is_text(format) ? 3 : 2;
}

/* Offset and length are in range, and the rows asked for are there. */
static bool has_rows(const struct ArrowArray *array, int64_t rows)
{
	int64_t end;

	if (array->length < 0 || array->offset < 0 || array->null_count < -1)
		return false;
	if (__builtin_add_overflow(array->length, array->offset, &end) || end > INT64_MAX / 16)
		return false;
	return array->length >= rows;
}

static kist_status check_column(struct kist_call *call, const struct ArrowSchema *field,
				const struct ArrowArray *column, int64_t rows)
{
	const int64_t buffers = buffer_count(field->format[0]);

	if (!column || !column->release)
		return broken(call, "a column is missing");
	if (!has_rows(column, rows))
		return broken(call, "a column is shorter than its batch");
	if (column->n_buffers != buffers || (buffers > 0 && !column->buffers))
		return broken(call, "a column has the wrong number of buffers");
	if (column->n_children != 0 || column->dictionary)
		return broken(call, "a flat column has children");
	if (rows > 0 && buffers > 0 && !column->buffers[1])
		return broken(call, "a column has no values");
	return KIST_OK;
}

kist_status csv_arrow_check_batch(struct kist_call *call, const struct ArrowSchema *schema,
				  const struct ArrowArray *array)
{
	int64_t rows;
	kist_status status = KIST_OK;

	if (array->n_children != schema->n_children || (array->n_children > 0 && !array->children))
		return broken(call, "a batch has not the columns of its schema");
	if (!has_rows(array, 0) || array->dictionary)
		return broken(call, "a batch has no valid length");
	if (array->n_buffers < 0 || array->n_buffers > 1 || (array->n_buffers == 1 && !array->buffers))
		return broken(call, "a batch has the wrong number of buffers");
	/* The batch's own offset applies to each of its columns. */
	rows = array->length > 0 ? array->offset + array->length : 0;
	for (int64_t i = 0; i < array->n_children && status == KIST_OK; i++)
		status = check_column(call, schema->children[i], array->children[i], rows);
	return status;
}

static bool bit_at(const void *bits, int64_t i)
{
	return (((const uint8_t *)bits)[i / 8] >> (i % 8) & 1) != 0;
}

static bool is_null(const struct ArrowArray *array, int64_t i)
{
	return array->n_buffers > 0 && array->null_count != 0 && array->buffers[0] &&
	       !bit_at(array->buffers[0], i);
}

/* Nothing says how long a buffer is; a cell longer than a record may be is refused before it is read. */
static kist_status get_text(const struct ArrowArray *array, int64_t i, bool large, struct csv_value *ret)
{
	const uint8_t *offsets = array->buffers[1];
	int64_t begin;
	int64_t end;

	if (large) {
		memcpy(&begin, offsets + (size_t)i * 8, 8);
		memcpy(&end, offsets + (size_t)i * 8 + 8, 8);
	} else {
		int32_t pair[2];

		memcpy(pair, offsets + (size_t)i * 4, sizeof(pair));
		begin = pair[0];
		end = pair[1];
	}
	if (begin < 0 || end < begin || (end > begin && !array->buffers[2]))
		return KIST_INVALID;
	if (end - begin > CSV_LINE_SIZE_MAX)
		return KIST_LIMIT;
	ret->len = (size_t)(end - begin);
	ret->data = ret->len > 0 ? (const uint8_t *)array->buffers[2] + begin : NULL;
	return KIST_OK;
}

#define GET(member, type)                                                                                    \
	do {                                                                                                 \
		type value_;                                                                                 \
		memcpy(&value_, values + (size_t)i * sizeof(value_), sizeof(value_));                        \
		ret->member = value_;                                                                        \
	} while (0)

static kist_status get_value(const struct csv_field *field, const struct ArrowArray *array, int64_t i,
			     struct csv_value *ret)
{
	const uint8_t *values = array->buffers[1];

	switch (field->format) {
	case 'b':
		ret->boolean = bit_at(values, i);
		break;
	case 'c':
		GET(integer, int8_t);
		break;
	case 's':
		GET(integer, int16_t);
		break;
	case 'i':
		GET(integer, int32_t);
		break;
	case 'l':
		GET(integer, int64_t);
		break;
	case 'C':
		GET(natural, uint8_t);
		break;
	case 'S':
		GET(natural, uint16_t);
		break;
	case 'I':
		GET(natural, uint32_t);
		break;
	case 'L':
		GET(natural, uint64_t);
		break;
	case 'e': {
		uint16_t half;

		memcpy(&half, values + (size_t)i * sizeof(half), sizeof(half));
		ret->real32 = float_of_half(half);
		break;
	}
	case CSV_FIELD_DATE:
	case CSV_FIELD_TIME:
	case CSV_FIELD_STAMP:
		if (field->size == 4)
			GET(integer, int32_t);
		else
			GET(integer, int64_t);
		break;
	case CSV_FIELD_DECIMAL:
		GET(fixed, csv_int128);
		break;
	case 'f':
		GET(real32, float);
		break;
	case 'g':
		GET(real, double);
		break;
	default:
		return get_text(array, i, field->format == 'U' || field->format == 'Z', ret);
	}
	return KIST_OK;
}

kist_status csv_arrow_value(const struct csv_field *field, const struct ArrowArray *array, int64_t column,
			    int64_t row, struct csv_value *ret)
{
	const struct ArrowArray *child = array->children[column];
	const int64_t in_batch = array->offset + row;
	const int64_t i = child->offset + in_batch;

	*ret = (struct csv_value){ .null = field->format == 'n' || is_null(array, in_batch) ||
					   is_null(child, i) };
	return ret->null ? KIST_OK : get_value(field, child, i, ret);
}
