/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "csv_arrow.h"
#include "csv_kernel.h"
#include "csv_names.h"
#include "csv_number.h"
#include "kist/helpers.h"

#define OUT_SIZE  65536u
#define POLL_SIZE ((size_t)1 << 20)

/*
 * The bytes on their way to the sink.  @buf has room for OUT_SIZE; @line counts the current record's bytes,
 * @special marks the bytes that make a cell quoted.
 */
struct writer {
	struct kist_call *call;
	struct kist_sink *sink;
	struct csv_write_options options;
	struct csv_field *fields;
	uint8_t *buf;
	size_t size;
	size_t unpolled;
	size_t line;
	bool special[256];
};

static kist_status flush(struct writer *w)
{
	kist_status status = KIST_OK;

	if (w->size > 0)
		status = w->sink->write(w->sink, w->buf, w->size);
	w->unpolled += w->size;
	w->size = 0;
	if (status == KIST_OK && w->unpolled >= POLL_SIZE) {
		w->unpolled = 0;
		status = w->call->poll(w->call);
	}
	return status;
}

static kist_status line_too_long(struct writer *w)
{
	return kist_failf(w->call, KIST_LIMIT, "E_LINE_TOO_LONG", KIST_NO_OFFSET,
			  "a row takes more than %u bytes", CSV_LINE_SIZE_MAX);
}

static kist_status put(struct writer *w, const void *data, size_t len)
{
	const uint8_t *from = data;

	if (len > CSV_LINE_SIZE_MAX - w->line)
		return line_too_long(w);
	w->line += len;
	while (len > 0) {
		size_t room = OUT_SIZE - w->size;
		kist_status status = KIST_OK;

		if (room == 0) {
			status = flush(w);
			room = OUT_SIZE;
		}
		if (status != KIST_OK)
			return status;
		room = len < room ? len : room;
		memcpy(w->buf + w->size, from, room);
		w->size += room;
		from += room;
		len -= room;
	}
	return KIST_OK;
}

static kist_status end_line(struct writer *w)
{
	kist_status status;

	/* The newline does not count. */
	w->line = 0;
	status = put(w, "\n", 1);
	w->line = 0;
	return status;
}

static bool needs_quotes(const struct writer *w, const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (w->special[text[i]])
			return true;
	}
	return len == 0;
}

static kist_status put_quoted(struct writer *w, const uint8_t *text, size_t len)
{
	kist_status status = put(w, "\"", 1);

	while (status == KIST_OK && len > 0) {
		const uint8_t *quote = memchr(text, '"', len);
		const size_t n = quote ? (size_t)(quote - text) + 1 : len;

		status = put(w, text, n);
		if (status == KIST_OK && quote)
			status = put(w, "\"", 1);
		text += n;
		len -= n;
	}
	return status == KIST_OK ? put(w, "\"", 1) : status;
}

static kist_status put_text(struct writer *w, const uint8_t *text, size_t len)
{
	return needs_quotes(w, text, len) ? put_quoted(w, text, len) : put(w, text, len);
}

static kist_status put_moment(struct writer *w, const struct csv_field *field, int64_t value)
{
	char text[CSV_TIME_SIZE_MAX];
	size_t n;

	if (field->format == CSV_FIELD_DATE)
		n = csv_date_print(text, value / field->per_day - (value % field->per_day < 0));
	else if (field->format == CSV_FIELD_TIME)
		n = csv_time_print(text, value, field->scale, &field->form);
	else
		n = csv_stamp_print(text, value, field->scale, &field->form);
	if (n > 0)
		return put(w, text, n);
	return kist_failf(w->call, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET,
			  "column %lld holds %lld, which is no time between the years 1 and 9999",
			  (long long)(field - w->fields) + 1, (long long)value);
}

static kist_status put_value(struct writer *w, const struct csv_field *field, const struct csv_value *value,
			     bool alone)
{
	char text[CSV_FIXED_SIZE_MAX];

	if (value->null)
		return alone ? put(w, "\"\"", 2) : KIST_OK;
	switch (field->format) {
	case CSV_FIELD_DATE:
	case CSV_FIELD_TIME:
	case CSV_FIELD_STAMP:
		return put_moment(w, field, value->integer);
	case CSV_FIELD_DECIMAL:
		return put(w, text, csv_fixed_print(text, value->fixed, field->scale));
	case 'b':
		return put(w, value->boolean ? "true" : "false", value->boolean ? 4 : 5);
	case 'c':
	case 's':
	case 'i':
	case 'l':
		return put(w, text, csv_int_print(text, value->integer));
	case 'C':
	case 'S':
	case 'I':
	case 'L':
		return put(w, text, csv_uint_print(text, value->natural));
	case 'e':
	case 'f':
		return put(w, text, csv_float32_print(text, value->real32));
	case 'g':
		return put(w, text, csv_float_print(text, value->real));
	default:
		return put_text(w, value->data, value->len);
	}
}

static kist_status put_row(struct writer *w, const struct ArrowSchema *schema, const struct ArrowArray *array,
			   int64_t row)
{
	for (int64_t i = 0; i < schema->n_children; i++) {
		struct csv_value value;
		kist_status status = i > 0 ? put(w, &w->options.delimiter, 1) : KIST_OK;

		if (status != KIST_OK)
			return status;
		status = csv_arrow_value(&w->fields[i], array, i, row, &value);
		if (status == KIST_LIMIT)
			return line_too_long(w);
		if (status != KIST_OK)
			return kist_failf(
				w->call, KIST_INVALID, "E_ARROW", KIST_NO_OFFSET,
				"the table breaks the Arrow interface: the offsets of column %lld fall",
				(long long)i + 1);
		status = put_value(w, &w->fields[i], &value, schema->n_children == 1);
		if (status != KIST_OK)
			return status;
	}
	return end_line(w);
}

static kist_status put_batch(struct writer *w, const struct ArrowSchema *schema,
			     const struct ArrowArray *array)
{
	kist_status status = csv_arrow_check_batch(w->call, schema, array);

	if (status == KIST_OK && schema->n_children == 0 && array->length > 0)
		return kist_failf(w->call, KIST_UNSUPPORTED, "E_SHAPE", KIST_NO_OFFSET,
				  "%lld rows without columns cannot be written", (long long)array->length);
	for (int64_t row = 0; status == KIST_OK && row < array->length; row++)
		status = put_row(w, schema, array, row);
	return status;
}

static kist_status put_name(struct writer *w, const char *name)
{
	const uint8_t *text = (const uint8_t *)name;
	const size_t len = strlen(name);
	/* At the start of the file a byte order mark would be taken off. */
	const bool mark = strncmp(name, "\xef\xbb\xbf", 3) == 0;

	if (mark || !csv_name_is_plain(text, len))
		return put_quoted(w, text, len);
	return put_text(w, text, len);
}

static kist_status put_names(struct writer *w, char **names, int64_t count)
{
	kist_status status = KIST_OK;

	for (int64_t i = 0; i < count && status == KIST_OK; i++) {
		if (i > 0)
			status = put(w, &w->options.delimiter, 1);
		if (status == KIST_OK)
			status = put_name(w, names[i]);
	}
	return status == KIST_OK ? end_line(w) : status;
}

static kist_status put_header(struct writer *w, const struct ArrowSchema *schema)
{
	const uint32_t count = (uint32_t)schema->n_children;
	struct csv_text *texts = calloc(count, sizeof(*texts));
	char **names = NULL;
	kist_status status;

	for (uint32_t i = 0; texts && i < count; i++) {
		const char *name = schema->children[i]->name ? schema->children[i]->name : "";

		texts[i] = (struct csv_text){ (const uint8_t *)name, strlen(name) };
		if (texts[i].len > CSV_LINE_SIZE_MAX)
			texts[i].len = CSV_LINE_SIZE_MAX;
	}
	if (texts)
		names = csv_names_make(texts, count);
	status =
		names ? put_names(w, names, count)
		      : kist_failf(w->call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for the header");
	csv_names_free(names, count);
	free(texts);
	return status;
}

/* What the producer's errno says; a call that was ended is passed on as such. */
static kist_status status_of(int error)
{
	switch (error) {
	case ECANCELED:
		return KIST_CANCELLED;
	case ETIMEDOUT:
		return KIST_DEADLINE;
	case ENOMEM:
		return KIST_NO_MEMORY;
	case EIO:
		return KIST_IO;
	case EILSEQ:
		return KIST_CORRUPT;
	case EOVERFLOW:
		return KIST_LIMIT;
	default:
		return KIST_INVALID;
	}
}

static kist_status stream_failed(struct kist_call *call, struct ArrowArrayStream *stream, int error)
{
	const char *why = stream->get_last_error ? stream->get_last_error(stream) : NULL;

	return kist_failf(call, status_of(error), "E_ARROW", KIST_NO_OFFSET,
			  "the table cannot be read: %.400s", why ? why : strerror(error));
}

static kist_status put_batches(struct writer *w, struct ArrowArrayStream *stream,
			       const struct ArrowSchema *schema)
{
	for (;;) {
		struct ArrowArray array = { 0 };
		const int error = stream->get_next(stream, &array);
		kist_status status;

		if (error != 0)
			return stream_failed(w->call, stream, error);
		if (!array.release)
			return KIST_OK;
		status = put_batch(w, schema, &array);
		array.release(&array);
		if (status == KIST_OK)
			status = w->call->poll(w->call);
		if (status != KIST_OK)
			return status;
	}
}

static kist_status put_table(struct writer *w, struct ArrowArrayStream *stream,
			     const struct ArrowSchema *schema)
{
	const struct kist_part part = { .struct_size = sizeof(part), .name = "rows" };
	kist_status status = w->sink->begin(w->sink, &part);

	if (status == KIST_OK && schema->n_children > 0 && w->options.header)
		status = put_header(w, schema);
	if (status == KIST_OK)
		status = put_batches(w, stream, schema);
	if (status == KIST_OK)
		status = flush(w);
	return status == KIST_OK ? w->sink->end(w->sink) : status;
}

static void mark_special(struct writer *w)
{
	static const uint8_t bytes[] = "\"\r\n,;\t|";

	for (size_t i = 0; i + 1 < sizeof(bytes); i++)
		w->special[bytes[i]] = true;
	w->special[w->options.delimiter] = true;
}

static struct csv_field *make_fields(const struct ArrowSchema *schema)
{
	struct csv_field *fields =
		calloc(schema->n_children > 0 ? (size_t)schema->n_children : 1, sizeof(*fields));

	for (int64_t i = 0; fields && i < schema->n_children; i++)
		fields[i] = csv_arrow_field(schema->children[i]);
	return fields;
}

kist_status csv_write_stream(struct kist_call *call, struct ArrowArrayStream *stream,
			     struct csv_write_options options, struct kist_sink *sink)
{
	struct writer w = { .call = call, .sink = sink, .options = options };
	struct ArrowSchema schema = { 0 };
	kist_status status = call->poll(call);
	int error;

	if (status != KIST_OK)
		return status;
	error = stream->get_schema(stream, &schema);
	if (error != 0)
		return stream_failed(call, stream, error);
	mark_special(&w);
	status = csv_arrow_check_schema(call, &schema);
	if (status == KIST_OK) {
		w.buf = malloc(OUT_SIZE);
		w.fields = make_fields(&schema);
		status = w.buf && w.fields
				 ? put_table(&w, stream, &schema)
				 : kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory");
	}
	free(w.buf);
	free(w.fields);
	if (schema.release)
		schema.release(&schema);
	return status;
}
