/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_column.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "csv_fixed.h"
#include "csv_kernel.h"
#include "csv_number.h"

/* Numbers that are summed up before they are joined to the mean. */
#define BLOCK_NUMBERS 1024u

const char *csv_kind_name(enum csv_kind kind)
{
	static const char *const names[] = { "null", "int64", "float64",   "bool", "uint64", "decimal",
					     "date", "time",  "timestamp", "text", "binary" };

	return names[kind];
}

/*
 * Joins the block to what came before.  A block in place of single numbers saves a division for each; it
 * loses no precision that matters, because its first number is one of those whose spread is measured.
 */
static void join_block(struct csv_column *c)
{
	struct csv_block *b = &c->block;
	const double before = (double)(c->finite - b->count);
	const double count = (double)b->count;
	double distance;

	if (b->count == 0)
		return;
	distance = b->first + b->sum / count - c->mean;
	c->mean += distance * count / (before + count);
	c->m2 += b->squares - b->sum * b->sum / count +
		 distance * distance * before * count / (before + count);
	b->count = 0;
}

static __attribute__((noinline)) void take_sample(struct csv_column *c, double value)
{
	struct csv_sample *const sample = c->sample;

	if (!sample) {
		c->sample_at = UINT64_MAX;
		return;
	}
	if (sample->count == CSV_SAMPLE_MAX) {
		for (uint32_t i = 0; i < CSV_SAMPLE_MAX / 2; i++)
			sample->values[i] = sample->values[2 * i];
		sample->count = CSV_SAMPLE_MAX / 2;
		sample->step *= 2;
	}
	sample->values[sample->count++] = value;
	c->sample_at += sample->step;
}

static inline void add_number(struct csv_column *c, double value)
{
	struct csv_block *b = &c->block;
	double distance;

	if (b->count == 0)
		*b = (struct csv_block){ .first = value };
	distance = value - b->first;
	b->sum += distance;
	b->squares += distance * distance;
	b->count++;
	if (c->finite == c->sample_at)
		take_sample(c, value);
	c->finite++;
	if (b->count == BLOCK_NUMBERS)
		join_block(c);
}

/* Of a long column not all numbers count: the first of each so many. */
#define NUMBERS_ALL	 65536u
#define NUMBERS_TOGETHER 8192u
#define NUMBERS_COUNTED	 1024u

static void add_quantiles(struct csv_column *c, const double *values, uint32_t count)
{
	const uint32_t within = (uint32_t)(c->finite % NUMBERS_TOGETHER);
	const uint32_t left = NUMBERS_TOGETHER - within;

	if (c->finite < NUMBERS_ALL)
		csv_quantiles_add(c->quantiles, values, count);
	else if (within < NUMBERS_COUNTED)
		csv_quantiles_add(c->quantiles, values,
				  count < NUMBERS_COUNTED - within ? count : NUMBERS_COUNTED - within);
	else if (count > left)
		csv_quantiles_add(c->quantiles, values + left, count - left);
}

void csv_column_numbers(struct csv_column *c, const double *values, uint32_t count)
{
	if (c->quantiles)
		add_quantiles(c, values, count);
	for (uint32_t i = 0; i < count; i++)
		add_number(c, values[i]);
}

static void add_range(struct csv_column *c, int64_t value, bool first)
{
	if (first || value < c->int_min)
		c->int_min = value;
	if (first || value > c->int_max)
		c->int_max = value;
}

static void add_real(struct csv_column *c, double value)
{
	if (c->finite == 0 || value < c->min)
		c->min = value;
	if (c->finite == 0 || value > c->max)
		c->max = value;
	csv_column_numbers(c, &value, 1);
}

static bool add_int(struct csv_column *c, const uint8_t *text, size_t len)
{
	int64_t value;
	double number;

	if (!csv_int_parse(text, len, &value))
		return false;
	number = (double)value;
	add_range(c, value, c->finite == 0);
	csv_column_numbers(c, &number, 1);
	return true;
}

static bool add_uint(struct csv_column *c, const uint8_t *text, size_t len)
{
	uint64_t value;

	if (!csv_uint_parse(text, len, &value))
		return false;
	add_real(c, (double)value);
	return true;
}

static bool add_float(struct csv_column *c, const uint8_t *text, size_t len)
{
	struct csv_places places;
	double value;

	if (!csv_float_parse(text, len, &value, &places))
		return false;
	if (c->values == 1) {
		c->scale = places.scale;
		c->fixed = true;
	}
	csv_column_note(c, places, value);
	if (isfinite(value))
		add_real(c, value);
	return true;
}

/* A value without its point; near enough for statistics. */
static double real_of(csv_int128 value, unsigned int scale)
{
	return (double)value / pow(10, scale);
}

static bool add_decimal(struct csv_column *c, const uint8_t *text, size_t len)
{
	csv_int128 value;
	uint8_t whole;
	uint8_t scale;

	if (!csv_fixed_parse(text, len, &value, &whole, &scale))
		return false;
	if (c->values == 1)
		c->scale = scale;
	if (scale != c->scale || (whole > c->whole ? whole : c->whole) + scale > (int)CSV_FIXED_DIGITS_MAX)
		return false;
	c->whole = whole > c->whole ? whole : c->whole;
	add_real(c, real_of(value, scale));
	return true;
}

static bool add_bool(struct csv_column *c, const uint8_t *text, size_t len)
{
	bool value;

	if (!csv_bool_parse(text, len, &value))
		return false;
	c->trues += value;
	return true;
}

static bool add_date(struct csv_column *c, const uint8_t *text, size_t len)
{
	int32_t days;

	if (!csv_date_parse(text, len, &days))
		return false;
	add_range(c, days, c->values == 1);
	return true;
}

/* Whether the column's form can be this cell's, too. */
static bool add_form(struct csv_column *c, const struct csv_form *form, bool ends_with_zero)
{
	if (c->values == 1) {
		c->form = *form;
		c->fixed = c->trimmed = true;
	}
	c->fixed = c->fixed && form->digits == c->form.digits;
	c->trimmed = c->trimmed && !(form->digits > 0 && ends_with_zero);
	return (c->fixed || c->trimmed) && form->t == c->form.t && form->zone == c->form.zone &&
	       form->offset == c->form.offset;
}

static bool add_moment(struct csv_column *c, const uint8_t *text, size_t len)
{
	struct csv_form form;
	int64_t us;
	size_t digits_end = len;
	const bool good = c->kind == CSV_KIND_TIME ? csv_time_parse(text, len, &us, &form)
						   : csv_stamp_parse(text, len, &us, &form);

	if (!good)
		return false;
	digits_end -= form.zone == CSV_ZONE_Z ? 1 : form.zone == CSV_ZONE_OFFSET ? 6 : 0;
	add_range(c, us, c->values == 1);
	return add_form(c, &form, text[digits_end - 1] == '0');
}

/* Adds the cell if the column can be of @kind. */
static bool add_as(struct csv_column *c, enum csv_kind kind, const uint8_t *text, size_t len)
{
	c->kind = kind;
	switch (kind) {
	case CSV_KIND_INT64:
		return add_int(c, text, len);
	case CSV_KIND_FLOAT64:
		return add_float(c, text, len);
	case CSV_KIND_BOOL:
		return add_bool(c, text, len);
	case CSV_KIND_UINT64:
		return add_uint(c, text, len);
	case CSV_KIND_DECIMAL:
		return add_decimal(c, text, len);
	case CSV_KIND_DATE:
		return add_date(c, text, len);
	case CSV_KIND_TIME:
	case CSV_KIND_STAMP:
		return add_moment(c, text, len);
	default:
		return false;
	}
}

static enum csv_kind text_kind(const uint8_t *text, size_t len, bool non_ascii)
{
	return non_ascii && !csv_utf8_valid(text, len) ? CSV_KIND_BINARY : CSV_KIND_TEXT;
}

/* The type of the first cell. */
static bool add_first(struct csv_column *c, const uint8_t *text, size_t len)
{
	/* Every text of these begins so. */
	const bool number = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
	enum csv_kind last = number ? CSV_KIND_STAMP : CSV_KIND_BOOL;

	if (len == 0)
		return false;
	for (enum csv_kind kind = CSV_KIND_INT64; kind <= last; kind++) {
		if (add_as(c, kind, text, len))
			return true;
	}
	return false;
}

static void range_to_real(struct csv_column *c)
{
	c->min = (double)c->int_min;
	c->max = (double)c->int_max;
}

static unsigned int digits_of(double value)
{
	char text[CSV_NUMBER_SIZE_MAX + 8];

	return (unsigned int)csv_uint_print(text, (uint64_t)value);
}

/* Makes the column wider, if a wider type takes all that it had and the cell, too. */
static bool widen(struct csv_column *c, const uint8_t *text, size_t len)
{
	if (c->kind == CSV_KIND_INT64) {
		const double largest = fmax(fabs((double)c->int_min), fabs((double)c->int_max));

		range_to_real(c);
		if (c->int_min >= 0 && add_as(c, CSV_KIND_UINT64, text, len))
			return true;
		c->scale = 0;
		c->whole = (uint8_t)digits_of(largest);
		return add_as(c, CSV_KIND_DECIMAL, text, len);
	}
	if (c->kind == CSV_KIND_UINT64) {
		c->scale = 0;
		c->whole = 20;
		return add_as(c, CSV_KIND_DECIMAL, text, len);
	}
	/* -0.0 is a float64, and no decimal. */
	return c->kind == CSV_KIND_FLOAT64 && c->fixed && !c->trimmed &&
	       add_as(c, CSV_KIND_DECIMAL, text, len);
}

void csv_column_add(struct csv_column *c, const uint8_t *text, uint32_t len, bool non_ascii)
{
	bool fits;

	csv_column_count(c, len);
	if (c->kind == CSV_KIND_BINARY)
		return;
	if (c->kind == CSV_KIND_NULL)
		fits = add_first(c, text, len);
	else if (c->kind == CSV_KIND_TEXT)
		fits = false;
	else
		fits = add_as(c, c->kind, text, len) || widen(c, text, len);
	if (!fits)
		c->kind = text_kind(text, len, non_ascii);
}

void csv_column_finish(struct csv_column *c)
{
	join_block(c);
}

const char *csv_column_format(const struct csv_column *c, char to[CSV_FORMAT_SIZE])
{
	static const char *const formats[] = { "u", "l", "g", "b", "L", "", "tdD", "ttu", "tsu:", "u", "z" };
	const bool large = c->bytes > CSV_SMALL_TEXT_MAX;
	const int minutes = c->form.offset < 0 ? -c->form.offset : c->form.offset;

	snprintf(to, CSV_FORMAT_SIZE, "%s", formats[c->kind]);
	if (c->kind == CSV_KIND_DECIMAL)
		snprintf(to, CSV_FORMAT_SIZE, "d:%u,%u", CSV_FIXED_DIGITS_MAX, c->scale);
	else if (c->kind == CSV_KIND_STAMP && c->form.zone == CSV_ZONE_Z)
		snprintf(to, CSV_FORMAT_SIZE, "tsu:UTC");
	else if (c->kind == CSV_KIND_STAMP && c->form.zone == CSV_ZONE_OFFSET)
		snprintf(to, CSV_FORMAT_SIZE, "tsu:%c%02d:%02d", c->form.offset < 0 ? '-' : '+', minutes / 60,
			 minutes % 60);
	else if (large && (c->kind == CSV_KIND_TEXT || c->kind == CSV_KIND_BINARY))
		to[0] = c->kind == CSV_KIND_TEXT ? 'U' : 'Z';
	return to;
}

const char *csv_column_tag(const struct csv_column *c, char to[CSV_FORMAT_SIZE])
{
	const bool moment = c->kind == CSV_KIND_TIME || c->kind == CSV_KIND_STAMP;
	size_t n = 0;

	if (moment && c->form.t)
		to[n++] = 'T';
	if (moment && !c->trimmed)
		to[n++] = (char)('0' + c->form.digits);
	if (moment && c->form.zone == CSV_ZONE_Z)
		to[n++] = 'Z';
	to[n] = '\0';
	return to;
}

struct csv_form csv_tag_parse(const char *tag, size_t len)
{
	struct csv_form form = { .digits = CSV_DIGITS_TRIMMED };

	for (size_t i = 0; i < len && i < CSV_FORMAT_SIZE; i++) {
		if (tag[i] == 'T')
			form.t = true;
		else if (tag[i] == 'Z')
			form.zone = CSV_ZONE_Z;
		else if (tag[i] >= '0' && tag[i] <= '9')
			form.digits = (uint8_t)(tag[i] - '0');
	}
	return form;
}
