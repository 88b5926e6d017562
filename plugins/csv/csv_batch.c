/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_batch.h"

#include <stdlib.h>
#include <string.h>

#include "csv_fixed.h"
#include "csv_number.h"

#define ALIGNMENT ((size_t)64)
#define TEXT_MIN  ((size_t)256)

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
	if (b->kind == CSV_KIND_DATE)
		return rows * sizeof(int32_t);
	return rows * (b->kind == CSV_KIND_DECIMAL ? sizeof(csv_int128) : sizeof(int64_t));
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
		char format[CSV_FORMAT_SIZE];

		csv_column_format(&profile->columns[i], format);
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

static bool put_decimal(struct csv_builder *b, uint32_t row, const uint8_t *text, size_t len)
{
	csv_int128 value = 0;
	uint8_t whole;
	uint8_t scale;
	const bool good = csv_fixed_parse(text, len, &value, &whole, &scale);

	memcpy(b->values + row * sizeof(value), &value, sizeof(value));
	return good;
}

static bool put_date(struct csv_builder *b, uint32_t row, const uint8_t *text, size_t len)
{
	int32_t days = 0;
	const bool good = csv_date_parse(text, len, &days);

	memcpy(b->values + row * sizeof(days), &days, sizeof(days));
	return good;
}

static bool put_bool(struct csv_builder *b, uint32_t row, const uint8_t *text, size_t len)
{
	bool truth = false;
	const bool good = csv_bool_parse(text, len, &truth);

	b->values[row / 8] |= (uint8_t)(truth << row % 8);
	return good;
}

/* A value of 8 bytes. */
static bool put_number(struct csv_builder *b, uint32_t row, const uint8_t *text, size_t len)
{
	union {
		int64_t integer;
		uint64_t natural;
		double real;
	} value = { 0 };
	struct csv_places places;
	struct csv_form form;
	bool good;

	switch (b->kind) {
	case CSV_KIND_INT64:
		good = csv_int_parse(text, len, &value.integer);
		break;
	case CSV_KIND_UINT64:
		good = csv_uint_parse(text, len, &value.natural);
		break;
	case CSV_KIND_FLOAT64:
		good = csv_float_parse(text, len, &value.real, &places);
		break;
	case CSV_KIND_TIME:
		good = csv_time_parse(text, len, &value.integer, &form);
		break;
	default:
		good = csv_stamp_parse(text, len, &value.integer, &form);
		break;
	}
	memcpy(b->values + row * sizeof(value), &value, sizeof(value));
	return good;
}

static kist_status put_value(struct csv_builder *b, uint32_t row, const uint8_t *text, size_t len)
{
	switch (b->kind) {
	case CSV_KIND_TEXT:
	case CSV_KIND_BINARY:
		return put_text(b, text, len);
	case CSV_KIND_BOOL:
		return put_bool(b, row, text, len) ? KIST_OK : KIST_CORRUPT;
	case CSV_KIND_DATE:
		return put_date(b, row, text, len) ? KIST_OK : KIST_CORRUPT;
	case CSV_KIND_DECIMAL:
		return put_decimal(b, row, text, len) ? KIST_OK : KIST_CORRUPT;
	case CSV_KIND_NULL:
		return KIST_CORRUPT;
	default:
		return put_number(b, row, text, len) ? KIST_OK : KIST_CORRUPT;
	}
}

/* How many of the records from @from on the batch still takes; *@ret_size is their bytes. */
static uint32_t rows_that_fit(const struct csv_batch *batch, const struct csv_rows *rows, uint32_t from,
			      uint64_t *ret_size)
{
	const uint32_t begin = from > 0 ? rows->stops[from - 1] + 1 : 0;
	const uint32_t most = CSV_BATCH_ROWS_MAX - batch->rows;
	uint32_t n = 0;

	*ret_size = 0;
	while (n < most && from + n < rows->count && batch->size + *ret_size < CSV_BATCH_SIZE)
		*ret_size = rows->stops[from + n++] + 1 - begin;
	return n;
}

/* Adds the cells of one column. */
static kist_status add_cells(const struct csv_batch *batch, struct csv_builder *b,
			     const struct csv_rows *rows, const struct csv_cell *cell, uint32_t count)
{
	for (uint32_t row = batch->rows; row < batch->rows + count; row++, cell += rows->width) {
		kist_status status = KIST_OK;

		if (csv_cell_is_null(cell, rows->base, rows->width, batch->nulls)) {
			b->nulls++;
		} else {
			b->valid[row / 8] |= (uint8_t)(1u << row % 8);
			status = put_value(b, row, rows->base + cell->begin, cell->len);
		}
		if (status != KIST_OK)
			return status;
		if (is_text(b))
			put_end(b, row);
	}
	return KIST_OK;
}

kist_status csv_batch_add(struct csv_batch *batch, const struct csv_rows *rows, uint32_t from,
			  uint32_t *ret_count)
{
	uint64_t size;
	const uint32_t count = rows_that_fit(batch, rows, from, &size);
	uint64_t capacity = batch->rows_capacity;
	kist_status status = KIST_OK;

	if (rows->width != batch->width)
		return KIST_CORRUPT;
	while (capacity < batch->rows + count)
		capacity = capacity * 2 < CSV_BATCH_ROWS_MAX ? capacity * 2 : CSV_BATCH_ROWS_MAX;
	if (capacity > batch->rows_capacity)
		status = grow_rows(batch, (uint32_t)capacity);
	for (uint32_t i = 0; i < batch->width && status == KIST_OK; i++)
		status = add_cells(batch, &batch->builders[i], rows,
				   rows->cells + (size_t)from * rows->width + i, count);
	if (status != KIST_OK)
		return status;
	batch->rows += count;
	batch->size += size;
	*ret_count = count;
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
