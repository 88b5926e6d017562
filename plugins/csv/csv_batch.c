/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_batch.h"

#include <stdlib.h>
#include <string.h>

#include "csv_number.h"

#define ALIGNMENT ((size_t)64)
#define TEXT_MIN  ((size_t)256)

const char *csv_column_format(const struct csv_column *column)
{
	switch (column->kind) {
	case CSV_KIND_INT64:
		return "l";
	case CSV_KIND_FLOAT64:
		return "g";
	case CSV_KIND_BOOL:
		return "b";
	case CSV_KIND_BINARY:
		return column->bytes > CSV_SMALL_TEXT_MAX ? "Z" : "z";
	default:
		return column->bytes > CSV_SMALL_TEXT_MAX ? "U" : "u";
	}
}

/* A larger copy of @old, the new bytes zero.  Frees @old on success only. */
static uint8_t *grow(uint8_t *old, size_t old_size, size_t size)
{
	const size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	uint8_t *mem = aligned_alloc(ALIGNMENT, rounded > 0 ? rounded : ALIGNMENT);

	if (!mem)
		return NULL;
	if (old_size > 0)
		memcpy(mem, old, old_size);
	memset(mem + old_size, 0, (rounded > 0 ? rounded : ALIGNMENT) - old_size);
	free(old);
	return mem;
}

static bool is_text(const struct csv_builder *b)
{
	return b->kind == CSV_KIND_TEXT || b->kind == CSV_KIND_BINARY || b->kind == CSV_KIND_NULL;
}

static size_t values_size(const struct csv_builder *b, size_t rows)
{
	if (b->kind == CSV_KIND_BOOL)
		return (rows + 7) / 8;
	if (is_text(b))
		return (rows + 1) * (b->large ? sizeof(int64_t) : sizeof(int32_t));
	return rows * sizeof(int64_t);
}

static kist_status grow_rows(struct csv_batch *batch, uint32_t rows)
{
	const uint32_t used = batch->rows;

	for (uint32_t i = 0; i < batch->width; i++) {
		struct csv_builder *b = &batch->builders[i];
		uint8_t *valid = grow(b->valid, b->valid ? (used + 7u) / 8 : 0, (rows + 7u) / 8);
		uint8_t *values;

		if (!valid)
			return KIST_NO_MEMORY;
		b->valid = valid;
		values = grow(b->values, b->values ? values_size(b, used) : 0, values_size(b, rows));
		if (!values)
			return KIST_NO_MEMORY;
		b->values = values;
	}
	batch->rows_capacity = rows;
	return KIST_OK;
}

kist_status csv_batch_begin(struct csv_batch *batch, const struct csv_profile *profile, uint32_t rows)
{
	*batch = (struct csv_batch){ .width = profile->width, .nulls = profile->dialect.nulls };
	batch->builders = calloc(profile->width, sizeof(*batch->builders));
	if (!batch->builders)
		return KIST_NO_MEMORY;
	for (uint32_t i = 0; i < profile->width; i++) {
		const char *format = csv_column_format(&profile->columns[i]);

		batch->builders[i].kind = profile->columns[i].kind;
		batch->builders[i].large = *format == 'U' || *format == 'Z';
	}
	rows = rows < 1 ? 1 : rows > CSV_BATCH_ROWS_MAX ? CSV_BATCH_ROWS_MAX : rows;
	return grow_rows(batch, rows);
}

static void put_end(const struct csv_builder *b, uint32_t row)
{
	if (b->large) {
		const int64_t end = (int64_t)b->text_size;

		memcpy(b->values + (row + 1u) * sizeof(end), &end, sizeof(end));
	} else {
		const int32_t end = (int32_t)b->text_size;

		memcpy(b->values + (row + 1u) * sizeof(end), &end, sizeof(end));
	}
}

/* A batch holds little more than CSV_BATCH_SIZE bytes and one record, so that 32 bits hold every offset. */
static kist_status put_text(struct csv_builder *b, const uint8_t *text, size_t len)
{
	if (len > b->text_capacity - b->text_size) {
		const size_t doubled = b->text_capacity * 2 > TEXT_MIN ? b->text_capacity * 2 : TEXT_MIN;
		const size_t needed = b->text_size + len;
		const size_t capacity = needed > doubled ? needed : doubled;
		uint8_t *grown = grow(b->text, b->text_size, capacity);

		if (!grown)
			return KIST_NO_MEMORY;
		b->text = grown;
		b->text_capacity = capacity;
	}
	if (len > 0)
		memcpy(b->text + b->text_size, text, len);
	b->text_size += len;
	return KIST_OK;
}

static kist_status put_value(struct csv_builder *b, uint32_t row, const uint8_t *text, size_t len)
{
	int64_t integer = 0;
	double real = 0;
	bool truth = false;

	switch (b->kind) {
	case CSV_KIND_INT64:
		if (!csv_int_parse(text, len, &integer))
			return KIST_CORRUPT;
		memcpy(b->values + row * sizeof(integer), &integer, sizeof(integer));
		return KIST_OK;
	case CSV_KIND_FLOAT64:
		if (!csv_float_parse(text, len, &real))
			return KIST_CORRUPT;
		memcpy(b->values + row * sizeof(real), &real, sizeof(real));
		return KIST_OK;
	case CSV_KIND_BOOL:
		if (!csv_bool_parse(text, len, &truth))
			return KIST_CORRUPT;
		b->values[row / 8] |= (uint8_t)(truth << row % 8);
		return KIST_OK;
	case CSV_KIND_NULL:
		return KIST_CORRUPT;
	default:
		return put_text(b, text, len);
	}
}

kist_status csv_batch_add(struct csv_batch *batch, const struct csv_record *record)
{
	const uint32_t row = batch->rows;

	if (record->count != batch->width)
		return KIST_CORRUPT;
	if (row == batch->rows_capacity) {
		const uint32_t doubled = row > CSV_BATCH_ROWS_MAX / 2 ? CSV_BATCH_ROWS_MAX : row * 2;
		const kist_status status = grow_rows(batch, doubled);

		if (status != KIST_OK)
			return status;
	}
	for (uint32_t i = 0; i < batch->width; i++) {
		struct csv_builder *b = &batch->builders[i];
		const struct csv_cell *cell = &record->cells[i];
		kist_status status = KIST_OK;

		if (csv_cell_is_null(cell, record->base, batch->width, batch->nulls)) {
			b->nulls++;
		} else {
			b->valid[row / 8] |= (uint8_t)(1u << row % 8);
			status = put_value(b, row, record->base + cell->begin, cell->len);
		}
		if (status != KIST_OK)
			return status;
		if (is_text(b))
			put_end(b, row);
	}
	batch->rows++;
	batch->size += record->size;
	return KIST_OK;
}

bool csv_batch_full(const struct csv_batch *batch)
{
	return batch->rows >= CSV_BATCH_ROWS_MAX || batch->size >= CSV_BATCH_SIZE;
}

struct column_data {
	const void *buffers[3];
};

static void release_column(struct ArrowArray *array)
{
	struct column_data *data = array->private_data;

	for (int64_t i = 0; i < array->n_buffers; i++)
		free((void *)(uintptr_t)data->buffers[i]);
	free(data);
	array->release = NULL;
}

/* Moves one builder's buffers to an array. */
static kist_status finish_column(struct csv_builder *b, int64_t rows, struct ArrowArray *ret)
{
	struct column_data *data = calloc(1, sizeof(*data));

	if (!data)
		return KIST_NO_MEMORY;
	/* Even without bytes the buffer is there: not every reader expects NULL. */
	if (is_text(b) && !b->text)
		b->text = grow(NULL, 0, 0);
	if (is_text(b) && !b->text) {
		free(data);
		return KIST_NO_MEMORY;
	}
	if (b->nulls == 0) {
		free(b->valid);
		b->valid = NULL;
	}
	data->buffers[0] = b->valid;
	data->buffers[1] = b->values;
	data->buffers[2] = b->text;
	b->valid = b->values = b->text = NULL;
	*ret = (struct ArrowArray){ .length = rows,
				    .null_count = b->nulls,
				    .n_buffers = is_text(b) ? 3 : 2,
				    .buffers = data->buffers,
				    .release = release_column,
				    .private_data = data };
	return KIST_OK;
}

struct batch_data {
	const void *buffers[1];
	struct ArrowArray **pointers;
	struct ArrowArray *columns;
};

static void release_batch(struct ArrowArray *array)
{
	struct batch_data *data = array->private_data;

	for (int64_t i = 0; i < array->n_children; i++) {
		if (array->children[i]->release)
			array->children[i]->release(array->children[i]);
	}
	free(data->pointers);
	free(data->columns);
	free(data);
	array->release = NULL;
}

kist_status csv_batch_finish(struct csv_batch *batch, struct ArrowArray *ret)
{
	struct batch_data *data = calloc(1, sizeof(*data));
	struct ArrowArray array = { .length = batch->rows,
				    .n_buffers = 1,
				    .n_children = batch->width,
				    .release = release_batch,
				    .private_data = data };
	kist_status status = KIST_OK;

	if (!data)
		return KIST_NO_MEMORY;
	data->pointers = calloc(batch->width, sizeof(struct ArrowArray *));
	data->columns = calloc(batch->width, sizeof(*data->columns));
	array.buffers = data->buffers;
	array.children = data->pointers;
	if (!data->pointers || !data->columns) {
		array.n_children = 0;
		release_batch(&array);
		return KIST_NO_MEMORY;
	}
	for (uint32_t i = 0; i < batch->width; i++) {
		data->pointers[i] = &data->columns[i];
		if (status == KIST_OK)
			status = finish_column(&batch->builders[i], batch->rows, &data->columns[i]);
	}
	if (status != KIST_OK) {
		release_batch(&array);
		return status;
	}
	*ret = array;
	csv_batch_done(batch);
	return KIST_OK;
}

void csv_batch_done(struct csv_batch *batch)
{
	for (uint32_t i = 0; batch->builders && i < batch->width; i++) {
		free(batch->builders[i].valid);
		free(batch->builders[i].values);
		free(batch->builders[i].text);
	}
	free(batch->builders);
	batch->builders = NULL;
	batch->width = 0;
}
