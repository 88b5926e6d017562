/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_describe.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_number.h"
#include "csv_schema.h"

/* What one column takes at most: its name, every byte of it escaped, and its numbers. */
#define COLUMN_SIZE_MAX (CSV_NAME_SHOWN_MAX * 6 + 1024 + CSV_TOP_MAX * (CSV_LABEL_SIZE_MAX * 6 + 32))
#define TAIL_SIZE	2
/* What the sample takes at most, without its rows; and a row's number and two commas. */
#define SAMPLE_SIZE_MAX	    64u
#define SAMPLE_ROW_SIZE_MAX 24u
/* What the schema takes at most, without names. */
#define SCHEMA_SIZE_MAX	       512u
#define SCHEMA_COLUMN_SIZE_MAX 128u

struct text {
	char *data;
	size_t size;
};

/* The caller saw to it that there is room. */
__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->data + t->size, CSV_DESCRIBE_SIZE_MAX - t->size, format, args);
	va_end(args);
	if (n > 0 && (size_t)n < CSV_DESCRIBE_SIZE_MAX - t->size)
		t->size += (size_t)n;
}

static void put_string(struct text *t, const char *from, size_t len)
{
	put(t, "\"");
	for (size_t i = 0; i < len; i++) {
		const uint8_t c = (uint8_t)from[i];

		if (c == '"' || c == '\\')
			put(t, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			put(t, "\\u%04x", c);
		else
			t->data[t->size++] = (char)c;
	}
	put(t, "\"");
}

/* Cut between two characters. */
static size_t shown_size(const char *name)
{
	size_t size = strnlen(name, CSV_NAME_SHOWN_MAX + 1);

	if (size <= CSV_NAME_SHOWN_MAX)
		return size;
	size = CSV_NAME_SHOWN_MAX;
	while (size > 0 && ((uint8_t)name[size] & 0xc0) == 0x80)
		size--;
	return size;
}

static void put_real(struct text *t, const char *key, double value)
{
	char number[CSV_NUMBER_SIZE_MAX + 8];
	const size_t n = csv_float_print(number, value);

	if (isfinite(value))
		put(t, ",\"%s\":%.*s", key, (int)n, number);
}

#define BINS 10

static int compare_numbers(const void *a, const void *b)
{
	const double left = *(const double *)a;
	const double right = *(const double *)b;

	return (left > right) - (left < right);
}

static bool is_whole(const struct csv_column *c)
{
	return c->kind == CSV_KIND_INT64 || c->kind == CSV_KIND_UINT64 ||
	       (c->kind == CSV_KIND_DECIMAL && c->scale == 0);
}

/* Of the numbers that were counted: what so many hundredths are below. */
static void put_quantiles(struct text *t, const struct csv_column *c, double min, double max)
{
	static const struct {
		const char *key;
		uint64_t hundredths;
	} quantiles[] = { { "q05", 5 }, { "q25", 25 }, { "median", 50 }, { "q75", 75 }, { "q95", 95 } };
	const uint64_t last = c->quantiles->count - 1;

	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		const uint64_t part = quantiles[i].hundredths;
		/* In two parts, as the product may be beyond 64 bits. */
		const uint64_t rank = last / 100 * part + last % 100 * part / 100;
		double number = csv_quantiles_at(c->quantiles, rank);

		/* A bucket with whole numbers begins at one. */
		number = is_whole(c) ? trunc(number) : number;
		put_real(t, quantiles[i].key, number < min ? min : number > max ? max : number);
	}
	if (c->quantiles->count < c->finite)
		put(t, ",\"quantiles_of\":%llu", (unsigned long long)c->quantiles->count);
	put_real(t, "quantiles_error", csv_quantiles_error(c->quantiles));
}

/* Of the sample: how many are in each tenth of least to most, and what a quarter, a half, three quarters are below. */
static void put_sample(struct text *t, const struct csv_column *c, double min, double max)
{
	const struct csv_sample *const sample = c->sample;
	/* Halves, as a whole distance may be beyond a double. */
	const double width = max / 2 - min / 2;
	double sorted[CSV_SAMPLE_MAX];
	uint32_t bins[BINS] = { 0 };

	if (!sample || sample->count == 0)
		return;
	for (uint32_t i = 0; i < sample->count; i++) {
		const double at = width > 0 ? (sample->values[i] / 2 - min / 2) / width * BINS : 0;

		bins[at >= BINS ? BINS - 1 : at < 0 ? 0 : (uint32_t)at]++;
		sorted[i] = sample->values[i];
	}
	put(t, ",\"histogram\":{\"of\":%u,\"counts\":[", sample->count);
	for (uint32_t i = 0; i < BINS; i++)
		put(t, "%s%u", i ? "," : "", bins[i]);
	put(t, "]}");
	if (c->quantiles && sample->count < c->finite) {
		put_quantiles(t, c, min, max);
		return;
	}
	qsort(sorted, sample->count, sizeof(sorted[0]), compare_numbers);
	put_real(t, "q25", sorted[(sample->count - 1) / 4]);
	put_real(t, "median", sorted[(sample->count - 1) / 2]);
	put_real(t, "q75", sorted[(uint64_t)(sample->count - 1) * 3 / 4]);
}

static void put_numbers(struct text *t, const struct csv_column *c)
{
	if (c->finite == 0)
		return;
	if (c->kind == CSV_KIND_INT64) {
		put(t, ",\"min\":%lld,\"max\":%lld", (long long)c->int_min, (long long)c->int_max);
	} else {
		put_real(t, "min", c->min);
		put_real(t, "max", c->max);
	}
	put_real(t, "mean", c->mean);
	put_real(t, "std", sqrt(c->m2 / (double)c->finite));
	if (c->kind == CSV_KIND_INT64)
		put_sample(t, c, (double)c->int_min, (double)c->int_max);
	else
		put_sample(t, c, c->min, c->max);
}

/* The first and the last, as they stand in the cells. */
static void put_moments(struct text *t, const struct csv_column *c)
{
	const int64_t values[] = { c->int_min, c->int_max };
	struct csv_form form = c->form;

	form.digits = c->trimmed ? CSV_DIGITS_TRIMMED : form.digits;
	for (size_t i = 0; i < 2; i++) {
		char text[CSV_TIME_SIZE_MAX];
		size_t n;

		if (c->kind == CSV_KIND_DATE)
			n = csv_date_print(text, values[i]);
		else if (c->kind == CSV_KIND_TIME)
			n = csv_time_print(text, values[i], 6, &form);
		else
			n = csv_stamp_print(text, values[i], 6, &form);
		put(t, ",\"%s\":\"%.*s\"", i == 0 ? "min" : "max", (int)n, text);
	}
}

/* How many different texts there are among those that were looked at, and the most frequent ones. */
static void put_labels(struct text *t, const struct csv_column *c, const struct csv_labels *l)
{
	const struct csv_label *top[CSV_TOP_MAX];
	const uint32_t count = c->kind != CSV_KIND_BINARY ? csv_labels_top(l, top) : 0;
	bool is_exact;
	const uint64_t distinct = csv_labels_distinct(l, &is_exact);

	if (distinct == 0)
		return;
	put(t, ",\"distinct\":%llu", (unsigned long long)distinct);
	if (l->seen < c->values)
		put(t, ",\"distinct_of\":%llu", (unsigned long long)l->seen);
	if (!is_exact)
		put_real(t, "distinct_error", CSV_DISTINCT_ERROR);
	if (count == 0)
		return;
	put(t, ",\"top\":[");
	for (uint32_t i = 0; i < count; i++) {
		put(t, "%s{\"value\":", i ? "," : "");
		put_string(t, (const char *)l->text + top[i]->at, top[i]->len);
		put(t, ",\"count\":%llu}", (unsigned long long)top[i]->count);
	}
	put(t, "]");
}

/* Of texts: how long they are in the mean, and how many are in each tenth of the shortest to the longest. */
static void put_lengths(struct text *t, const struct csv_column *c, const struct csv_labels *l)
{
	const uint64_t width = (uint64_t)c->len_max - c->len_min + 1;
	uint32_t bins[BINS] = { 0 };

	if (c->values > 0)
		put_real(t, "mean_len", (double)c->bytes / (double)c->values);
	if (l->length_count == 0 || width < 2)
		return;
	for (uint32_t i = 0; i < l->length_count; i++) {
		const uint64_t over = l->lengths[i] > c->len_min ? l->lengths[i] - c->len_min : 0;

		bins[over < width ? over * BINS / width : BINS - 1]++;
	}
	put(t, ",\"histogram\":{\"of\":%u,\"counts\":[", l->length_count);
	for (uint32_t i = 0; i < BINS; i++)
		put(t, "%s%u", i ? "," : "", bins[i]);
	put(t, "]}");
}

static void put_column(struct text *t, const char *name, const struct csv_column *c,
		       const struct csv_labels *l)
{
	put(t, "{\"name\":");
	put_string(t, name, shown_size(name));
	put(t, ",\"type\":\"%s\",\"nulls\":%llu", csv_kind_name(c->kind), (unsigned long long)c->nulls);
	if (c->kind == CSV_KIND_DECIMAL)
		put(t, ",\"scale\":%u", c->scale);
	if (c->kind == CSV_KIND_INT64 || c->kind == CSV_KIND_FLOAT64 || c->kind == CSV_KIND_UINT64 ||
	    c->kind == CSV_KIND_DECIMAL)
		put_numbers(t, c);
	if (c->kind == CSV_KIND_DATE || c->kind == CSV_KIND_TIME || c->kind == CSV_KIND_STAMP)
		put_moments(t, c);
	if (c->kind == CSV_KIND_BOOL)
		put(t, ",\"true\":%llu", (unsigned long long)c->trues);
	if (c->kind == CSV_KIND_TEXT || c->kind == CSV_KIND_BINARY)
		put(t, ",\"min_len\":%u,\"max_len\":%u", c->len_min, c->len_max);
	if (l && (c->kind == CSV_KIND_TEXT || c->kind == CSV_KIND_BINARY))
		put_lengths(t, c, l);
	if (l)
		put_labels(t, c, l);
	put(t, "}");
}

static void put_byte(struct text *t, const char *key, uint8_t byte)
{
	const char text = (char)byte;

	put(t, "\"%s\":", key);
	put_string(t, &text, byte != 0 && byte != CSV_QUOTE_NONE);
}

/* What is as usual is left out, but for what the first version had. */
static void put_dialect(struct text *t, const struct csv_profile *p)
{
	static const char *const newlines[] = { "none", "LF", "CRLF", "CR" };
	const struct csv_dialect *d = &p->dialect;

	put(t, "{");
	put_byte(t, "delimiter", d->delimiter);
	put(t, ",");
	put_byte(t, "quote", d->quote);
	if (d->escape != d->quote) {
		put(t, ",");
		put_byte(t, "escape", d->escape);
	}
	if (d->comment != 0) {
		put(t, ",");
		put_byte(t, "comment", d->comment);
	}
	if (d->encoding != CSV_ENCODING_UTF8)
		put(t, ",\"encoding\":\"%s\"", csv_encoding_name((enum csv_encoding)d->encoding));
	put(t, ",\"newline\":\"%s\",\"header\":%s,\"bom\":%s}", newlines[p->newline],
	    p->has_header ? "true" : "false", d->bom ? "true" : "false");
}

static void put_rejects(struct text *t, const struct csv_profile *p)
{
	const uint64_t shown = p->rejected < CSV_REJECTS_MAX ? p->rejected : CSV_REJECTS_MAX;

	put(t, ",\"rejected\":%llu,\"rejects\":[", (unsigned long long)p->rejected);
	for (uint64_t i = 0; i < shown; i++) {
		const struct csv_fault *f = &p->rejects[i];
		const char *const colon = strstr(f->text, ": ");
		const char *const reason = colon ? colon + 2 : f->text;

		put(t, "%s{\"line\":%llu,\"offset\":%llu,\"column\":%u,\"code\":\"%s\",\"reason\":",
		    i ? "," : "", (unsigned long long)f->line, (unsigned long long)f->offset, f->column,
		    f->code);
		put_string(t, reason, strlen(reason));
		put(t, "}");
	}
	put(t, "]");
}

/* Where rows begin, and with which parameters the text before the first mark, and from any other on, reads as all of
 * it does. */
static void put_marks(struct text *t, const struct csv_profile *p)
{
	const struct csv_dialect *const d = &p->dialect;
	const struct csv_marks *const m = &p->marks;

	put(t, ",\"marks\":{\"params\":{");
	put_byte(t, "delimiter", d->delimiter);
	if (d->quote == CSV_QUOTE_NONE) {
		put(t, ",\"quote\":\"none\"");
	} else {
		put(t, ",");
		put_byte(t, "quote", d->quote);
		put(t, ",");
		put_byte(t, "escape", d->escape);
	}
	put(t, ",");
	if (d->comment != 0)
		put_byte(t, "comment", d->comment);
	else
		put(t, "\"comment\":\"none\"");
	put(t, ",\"header\":\"%s\"},\"rows\":[", p->has_header ? "yes" : "no");
	for (uint32_t i = 0; i < m->count; i++)
		put(t, "%s%llu", i ? "," : "", (unsigned long long)m->marks[i].row + !p->has_header);
	put(t, "],\"offsets\":[");
	for (uint32_t i = 0; i < m->count; i++)
		put(t, "%s%llu", i ? "," : "", (unsigned long long)m->marks[i].offset);
	put(t, "]}");
}

/* "format" of a moment: W3C's patterns are those of Unicode. */
static void put_pattern(struct text *t, const struct csv_column *c)
{
	static const char *const zones[] = { "", "X", "xxx" };
	const bool stamp = c->kind == CSV_KIND_STAMP;
	const unsigned int digits = c->trimmed ? 6 : c->form.digits;

	put(t, "%sHH:mm:ss%s%.*s%s",
	    !stamp	? ""
	    : c->form.t ? "yyyy-MM-ddT"
			: "yyyy-MM-dd ",
	    digits > 0 ? "." : "", (int)digits, "SSSSSSSSS", zones[stamp ? c->form.zone : CSV_ZONE_NONE]);
}

static void put_datatype(struct text *t, const struct csv_column *c)
{
	const char *const type = csv_schema_type(c->kind);

	if (c->kind == CSV_KIND_DECIMAL && c->scale > 0) {
		put(t, "{\"base\":\"%s\",\"format\":\"0.%0*d\"}", type, c->scale, 0);
	} else if (c->kind == CSV_KIND_BOOL) {
		put(t, "{\"base\":\"%s\",\"format\":\"true|false\"}", type);
	} else if (c->kind == CSV_KIND_TIME || c->kind == CSV_KIND_STAMP) {
		put(t, "{\"base\":\"%s\",\"format\":\"", type);
		put_pattern(t, c);
		put(t, "\"}");
	} else {
		put(t, "\"%s\"", type);
	}
}

/* The sidecar schema that says the same; for all columns or not at all. */
static void put_schema(struct text *t, const struct csv_profile *p)
{
	const struct csv_dialect *const d = &p->dialect;
	size_t needed = SCHEMA_SIZE_MAX;

	for (uint32_t i = 0; i < p->width; i++)
		needed += SCHEMA_COLUMN_SIZE_MAX + 6 * strnlen(p->names[i], CSV_NAME_SHOWN_MAX);
	if (p->width == 0 || needed > CSV_DESCRIBE_SIZE_MAX - t->size)
		return;
	put(t, ",\"csvw\":{\"@context\":\"http://www.w3.org/ns/csvw\",\"dialect\":{");
	put_byte(t, "delimiter", d->delimiter);
	put(t, ",");
	put_byte(t, "quoteChar", d->quote);
	put(t, ",\"doubleQuote\":%s,\"header\":%s", d->escape == d->quote ? "true" : "false",
	    p->has_header ? "true" : "false");
	put(t, ",");
	put_byte(t, "commentPrefix", d->comment);
	put(t, ",\"encoding\":\"%s\"},\"tableSchema\":{\"columns\":[",
	    d->encoding == CSV_ENCODING_LATIN1 ? "ISO-8859-1"
					       : csv_encoding_name((enum csv_encoding)d->encoding));
	for (uint32_t i = 0; i < p->width; i++) {
		const bool changed = p->original && p->original[i].data;

		put(t, "%s{", i ? "," : "");
		/* A title that is not the header's, or only its start, would not be found again. */
		if (p->has_header && !changed && strlen(p->names[i]) <= CSV_NAME_SHOWN_MAX) {
			put(t, "\"titles\":");
			put_string(t, p->names[i], strlen(p->names[i]));
			put(t, ",");
		}
		put(t, "\"datatype\":");
		put_datatype(t, &p->columns[i]);
		put(t, "}");
	}
	put(t, "]}}");
}

/* Rows from all over the table, as many as find room.  A first record that is a row is none of them. */
static void put_reservoir(struct text *t, const struct csv_profile *p)
{
	const struct csv_reservoir *const r = p->reservoir;
	size_t room = CSV_DESCRIBE_SIZE_MAX - t->size;
	uint32_t count = 0;

	if (room < SAMPLE_SIZE_MAX)
		return;
	room -= SAMPLE_SIZE_MAX;
	while (count < r->count && r->picked[count].size + SAMPLE_ROW_SIZE_MAX <= room)
		room -= r->picked[count++].size + SAMPLE_ROW_SIZE_MAX;
	put(t, ",\"sample\":{\"of\":%llu,\"rows\":[", (unsigned long long)(p->rows - !p->has_header));
	for (uint32_t i = 0; i < count; i++)
		put(t, "%s%llu", i ? "," : "", (unsigned long long)r->picked[i].row + !p->has_header);
	put(t, "],\"cells\":[");
	for (uint32_t i = 0; i < count; i++)
		put(t, "%s%.*s", i ? "," : "", (int)r->picked[i].size, r->picked[i].text);
	put(t, "]}");
}

static void put_profile(struct text *t, const struct csv_profile *p)
{
	put(t, "{\"kind\":\"table\",\"format\":\"csv\",\"dialect\":");
	put_dialect(t, p);
	put(t, ",\"rows\":%llu", (unsigned long long)p->rows);
	if (p->dialect.lenient)
		put_rejects(t, p);
	if (p->marks.count > 1)
		put_marks(t, p);
	put(t, ",\"columns_total\":%u,\"columns\":[", p->width);
	for (uint32_t i = 0; i < p->width; i++) {
		if (CSV_DESCRIBE_SIZE_MAX - t->size < COLUMN_SIZE_MAX + TAIL_SIZE)
			break;
		if (i > 0)
			put(t, ",");
		put_column(t, p->names[i], &p->columns[i],
			   p->labels && i < CSV_SAMPLE_COLUMNS ? &p->labels[i] : NULL);
	}
	put(t, "]");
	put_schema(t, p);
	if (p->marks.count > 1 && p->reservoir)
		put_reservoir(t, p);
	put(t, "}");
}

kist_status csv_describe_profile(struct kist_call *call, const struct csv_profile *profile,
				 struct kist_sink *sink)
{
	struct text text = { malloc(CSV_DESCRIBE_SIZE_MAX), 0 };
	kist_status status;

	if (!text.data)
		return call->fail(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory", 9);
	put_profile(&text, profile);
	status = sink->write(sink, text.data, text.size);
	free(text.data);
	return status;
}

kist_status csv_describe(struct kist_call *call, struct kist_source *source, struct csv_dialect dialect,
			 struct kist_sink *sink)
{
	struct csv_profile profile;
	struct csv_fault fault;
	kist_status status = csv_profile_read_labels(source, call, dialect, &profile, &fault);

	if (status != KIST_OK)
		return csv_fault_raise(&fault, call);
	status = csv_describe_profile(call, &profile, sink);
	csv_profile_done(&profile);
	return status;
}
