/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_batch.h"

#define NAME_KEY "kist.csv.name"

struct table {
	struct csv_profile profile;
	struct csv_reader reader;
	struct csv_rows rows;
	uint32_t rows_used;
	struct kist_source *source;
	int failed;
	char error[512];
};

static int errno_of(kist_status status)
{
	switch (status) {
	case KIST_NO_MEMORY:
		return ENOMEM;
	case KIST_CANCELLED:
		return ECANCELED;
	case KIST_DEADLINE:
		return ETIMEDOUT;
	case KIST_IO:
		return EIO;
	case KIST_CORRUPT:
		return EILSEQ;
	case KIST_LIMIT:
		return EOVERFLOW;
	default:
		return EINVAL;
	}
}

/* Schema ---------------------------------------------------------------------------------------------- */

static void release_field(struct ArrowSchema *schema)
{
	free((void *)(uintptr_t)schema->format);
	free((void *)(uintptr_t)schema->name);
	free((void *)(uintptr_t)schema->metadata);
	schema->release = NULL;
}

static void put_pair_part(char **to, const void *data, size_t len)
{
	const int32_t size = (int32_t)len;

	memcpy(*to, &size, sizeof(size));
	memcpy(*to + sizeof(size), data, len);
	*to += sizeof(size) + len;
}

struct pair {
	const char *key;
	const void *data;
	size_t len;
};

/* Pairs in Arrow's form: their number, then for each key and value a length and bytes. */
static char *make_metadata(const struct pair *pairs, int32_t count)
{
	size_t size = sizeof(count);
	char *metadata;
	char *to;

	for (int32_t i = 0; i < count; i++)
		size += 2 * sizeof(int32_t) + strlen(pairs[i].key) + pairs[i].len;
	metadata = to = malloc(size);
	if (!metadata)
		return NULL;
	memcpy(to, &count, sizeof(count));
	to += sizeof(count);
	for (int32_t i = 0; i < count; i++) {
		put_pair_part(&to, pairs[i].key, strlen(pairs[i].key));
		put_pair_part(&to, pairs[i].data, pairs[i].len);
	}
	return metadata;
}

static int make_field(const struct csv_profile *p, uint32_t i, struct ArrowSchema *ret)
{
	char format[CSV_FORMAT_SIZE];
	char tag[CSV_FORMAT_SIZE];
	struct pair pairs[2];
	int32_t count = 0;

	if (p->original && p->original[i].data)
		pairs[count++] = (struct pair){ NAME_KEY, p->original[i].data, p->original[i].len };
	if (csv_column_tag(&p->columns[i], tag)[0] != '\0')
		pairs[count++] = (struct pair){ CSV_TAG_KEY, tag, strlen(tag) };
	*ret = (struct ArrowSchema){ .format = strdup(csv_column_format(&p->columns[i], format)),
				     .name = strdup(p->names[i]),
				     .metadata = count > 0 ? make_metadata(pairs, count) : NULL,
				     .flags = ARROW_FLAG_NULLABLE,
				     .release = release_field };
	if (ret->format && ret->name && (count == 0 || ret->metadata))
		return 0;
	release_field(ret);
	return ENOMEM;
}

struct schema_data {
	struct ArrowSchema **pointers;
	struct ArrowSchema *fields;
};

static void release_schema(struct ArrowSchema *schema)
{
	struct schema_data *data = schema->private_data;

	for (int64_t i = 0; i < schema->n_children; i++) {
		if (schema->children[i]->release)
			schema->children[i]->release(schema->children[i]);
	}
	free(data->pointers);
	free(data->fields);
	free(data);
	schema->release = NULL;
}

static int make_schema(const struct csv_profile *p, struct ArrowSchema *ret)
{
	struct schema_data *data = calloc(1, sizeof(*data));
	const size_t room = p->width > 0 ? p->width : 1;
	struct ArrowSchema schema = {
		.format = "+s", .name = "", .release = release_schema, .private_data = data
	};
	int result = 0;

	if (!data)
		return ENOMEM;
	data->pointers = calloc(room, sizeof(struct ArrowSchema *));
	data->fields = calloc(room, sizeof(*data->fields));
	schema.children = data->pointers;
	schema.n_children = data->pointers && data->fields ? p->width : 0;
	if (!data->pointers || !data->fields)
		result = ENOMEM;
	for (int64_t i = 0; i < schema.n_children; i++) {
		data->pointers[i] = &data->fields[i];
		if (result == 0)
			result = make_field(p, (uint32_t)i, &data->fields[i]);
	}
	if (result != 0) {
		release_schema(&schema);
		return result;
	}
	*ret = schema;
	return 0;
}

/* Stream ---------------------------------------------------------------------------------------------- */

static int table_fail(struct table *t, kist_status status, const char *text)
{
	t->failed = errno_of(status);
	snprintf(t->error, sizeof(t->error), "%s", text[0] ? text : "cannot read the source");
	return t->failed;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
	struct table *t = stream->private_data;
	const int result = make_schema(&t->profile, out);

	if (result != 0)
		snprintf(t->error, sizeof(t->error), "no memory for the schema");
	return result;
}

/* As many rows as are likely to fit, by the size of the first one. */
static uint32_t guess_rows(const struct csv_rows *rows)
{
	return CSV_BATCH_SIZE / (rows->stops[0] + 1) + 1;
}

/* Sees to it that there are rows that were not used, if there are any. */
static int need_rows(struct table *t)
{
	kist_status status;

	if (t->rows_used < t->rows.count)
		return 0;
	t->rows_used = 0;
	status = csv_reader_rows(&t->reader, &t->rows);
	return status == KIST_OK ? 0 : table_fail(t, status, t->reader.fault.text);
}

static int read_batch(struct table *t, struct csv_batch *batch)
{
	kist_status status = csv_batch_begin(batch, &t->profile, guess_rows(&t->rows));

	while (status == KIST_OK && t->rows.count > 0) {
		uint32_t taken = 0;

		status = csv_batch_add(batch, &t->rows, t->rows_used, &taken);
		t->rows_used += taken;
		if (status == KIST_CORRUPT)
			return table_fail(t, status, "the bytes have changed since the table was opened");
		if (status != KIST_OK || csv_batch_full(batch))
			break;
		if (need_rows(t) != 0)
			return t->failed;
	}
	return status == KIST_OK ? 0 : table_fail(t, status, "no memory for a batch");
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
	struct table *t = stream->private_data;
	struct csv_batch batch = { 0 };
	int result;

	*out = (struct ArrowArray){ 0 };
	if (t->failed != 0)
		return t->failed;
	if (t->profile.width == 0)
		return 0;
	result = need_rows(t);
	if (result != 0 || t->rows.count == 0)
		return result;
	result = read_batch(t, &batch);
	if (result == 0 && csv_batch_finish(&batch, out) != KIST_OK)
		result = table_fail(t, KIST_NO_MEMORY, "no memory for a batch");
	csv_batch_done(&batch);
	return result;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
	const struct table *t = stream->private_data;

	return t->error[0] ? t->error : NULL;
}

static void table_free(struct table *t)
{
	csv_reader_close(&t->reader);
	csv_profile_done(&t->profile);
	free(t);
}

static void release_stream(struct ArrowArrayStream *stream)
{
	table_free(stream->private_data);
	stream->private_data = NULL;
	stream->release = NULL;
}

/* Opens the second reading, behind the header. */
static kist_status reopen(struct table *t)
{
	struct csv_dialect dialect = t->profile.dialect;
	struct csv_record header;
	kist_status status = csv_reader_open(&t->reader, t->source, NULL, dialect);

	if (status == KIST_OK && t->profile.has_header)
		status = csv_reader_next(&t->reader, &header);
	return status;
}

kist_status csv_table_open(struct kist_call *call, struct kist_source *source, struct csv_dialect dialect,
			   struct ArrowArrayStream *ret)
{
	struct table *t = calloc(1, sizeof(*t));
	struct csv_fault fault;
	kist_status status;

	if (!t)
		return call->fail(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory", 9);
	t->source = source;
	status = csv_profile_read(source, call, dialect, &t->profile, &fault);
	if (status == KIST_OK) {
		status = reopen(t);
		fault = t->reader.fault;
	}
	if (status != KIST_OK) {
		table_free(t);
		return csv_fault_raise(&fault, call);
	}
	*ret = (struct ArrowArrayStream){ .get_schema = get_schema,
					  .get_next = get_next,
					  .get_last_error = get_last_error,
					  .release = release_stream,
					  .private_data = t };
	return KIST_OK;
}
