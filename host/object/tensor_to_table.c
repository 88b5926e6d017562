/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "object/convert_parts.h"
#include "object/made.h"
#include "object/small_float.h"
#include "object/stream.h"

/* Rows of one batch: what a consumer holds at a time. */
#define BATCH_ROWS_MAX ((int64_t)65536)
#define NAME_SIZE      24

/* A tensor seen as rows and columns. */
struct source {
	struct kist_object object; /* keeps the tensor */
	const uint8_t *data;
	DLDataType dtype;
	bool small; /* a floating number below 32 bits */
	const char *format;
	int64_t rows;
	int64_t columns;
	int64_t row_step; /* bytes */
	int64_t column_step;
	int64_t next_row;
	struct kist_error error;
};

/* One column's memory; it is its own, because a consumer may move a column out of its batch. */
struct column {
	const void *buffers[2];
	uint8_t data[] __attribute__((aligned(16)));
};

struct column_schema {
	char name[NAME_SIZE];
};

struct schema {
	struct ArrowSchema **children;
	struct ArrowSchema *columns;
};

static void column_schema_release(struct ArrowSchema *schema)
{
	kist_free(schema->private_data);
	schema->release = NULL;
}

static void schema_release(struct ArrowSchema *schema)
{
	struct schema *const own = schema->private_data;

	for (int64_t i = 0; own->columns && i < schema->n_children; i++)
		kist_schema_release(&own->columns[i]);
	kist_free(own->columns);
	kist_free(own->children);
	kist_free(own);
	schema->release = NULL;
}

static void column_release(struct ArrowArray *array)
{
	kist_free(array->private_data);
	array->release = NULL;
}

static bool make_column_schema(const struct source *source, int64_t index, struct ArrowSchema *ret)
{
	struct column_schema *const own = kist_alloc(1, sizeof(*own));

	if (!own)
		return false;
	snprintf(own->name, sizeof(own->name), "c%lld", (long long)index);
	*ret = (struct ArrowSchema){ .format = source->format,
				     .name = own->name,
				     .release = column_schema_release,
				     .private_data = own };
	return true;
}

static bool make_schema(const struct source *source, struct ArrowSchema *ret)
{
	struct schema *const own = kist_alloc(1, sizeof(*own));
	kist_auto_schema struct ArrowSchema schema = { .format = "+s",
						       .name = "",
						       .n_children = source->columns };
	bool made;

	if (!own)
		return false;
	own->columns = kist_alloc((size_t)source->columns, sizeof(*own->columns));
	own->children = kist_alloc((size_t)source->columns, sizeof(*own->children));
	schema.private_data = own;
	schema.release = schema_release;
	schema.children = own->children;
	made = own->columns && own->children;
	for (int64_t i = 0; made && i < source->columns; i++) {
		own->children[i] = &own->columns[i];
		made = make_column_schema(source, i, &own->columns[i]);
	}
	if (!made)
		return false;
	*ret = schema;
	schema.release = NULL;
	return true;
}

/* Bytes of a column of @rows values: bool is a bit, a small floating number becomes a float32. */
static size_t column_size(const struct source *source, int64_t rows)
{
	if (source->dtype.code == kDLBool)
		return (size_t)(rows + 7) / 8;
	return (size_t)rows * (source->small ? sizeof(float) : source->dtype.bits / 8u);
}

static void write_float(uint8_t *to, float value)
{
	memcpy(to, &value, sizeof(value));
}

static void fill_column(const struct source *source, int64_t column, int64_t rows, uint8_t *to)
{
	const uint8_t *from =
		source->data + source->next_row * source->row_step + column * source->column_step;
	const size_t size = source->dtype.bits / 8;

	for (int64_t i = 0; i < rows; i++, from += i < rows ? source->row_step : 0) {
		if (source->dtype.code == kDLBool)
			to[i / 8] = (uint8_t)(to[i / 8] | (*from != 0) << (i % 8));
		else if (source->small)
			write_float(to + (int64_t)sizeof(float) * i, kist_small_float(source->dtype, from));
		else
			memcpy(to + (int64_t)size * i, from, size);
	}
}

static bool make_column(const struct source *source, int64_t index, int64_t rows, struct ArrowArray *ret)
{
	struct column *const own = kist_alloc(1, sizeof(*own) + column_size(source, rows));

	if (!own)
		return false;
	own->buffers[1] = own->data;
	fill_column(source, index, rows, own->data);
	*ret = (struct ArrowArray){ .length = rows,
				    .n_buffers = 2,
				    .buffers = own->buffers,
				    .release = column_release,
				    .private_data = own };
	return true;
}

static bool make_batch(const struct source *source, int64_t rows, struct ArrowArray *ret)
{
	kist_auto_array struct ArrowArray batch = { .release = NULL };

	if (kist_batch_new(rows, source->columns, &batch, NULL) != KIST_OK)
		return false;
	for (int64_t i = 0; i < source->columns; i++) {
		if (!make_column(source, i, rows, batch.children[i]))
			return false;
	}
	*ret = batch;
	batch.release = NULL;
	return true;
}

static int fail_memory(struct source *source)
{
	(void)kist_fail(&source->error, KIST_NO_MEMORY, "out of memory while making a table from a tensor");
	return ENOMEM;
}

static int stream_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
	struct source *const source = stream->private_data;

	*out = (struct ArrowSchema){ .release = NULL };
	return make_schema(source, out) ? 0 : fail_memory(source);
}

static int stream_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
	struct source *const source = stream->private_data;
	const int64_t left = source->rows - source->next_row;
	const int64_t rows = left < BATCH_ROWS_MAX ? left : BATCH_ROWS_MAX;

	*out = (struct ArrowArray){ .release = NULL };
	if (rows == 0)
		return 0;
	if (!make_batch(source, rows, out))
		return fail_memory(source);
	source->next_row += rows;
	return 0;
}

static const char *stream_get_last_error(struct ArrowArrayStream *stream)
{
	const struct source *const source = stream->private_data;

	return source->error.status == KIST_OK ? NULL : source->error.text;
}

static void stream_release(struct ArrowArrayStream *stream)
{
	struct source *const source = stream->private_data;

	kist_object_release(&source->object);
	kist_free(source);
	stream->release = NULL;
}

/* The Arrow format that holds every value of an element type, or NULL. */
static const char *format_of(DLDataType dtype)
{
	static const struct {
		uint8_t code;
		uint8_t bits;
		const char *format;
	} formats[] = {
		{ kDLInt, 8, "c" },    { kDLUInt, 8, "C" },   { kDLInt, 16, "s" }, { kDLUInt, 16, "S" },
		{ kDLInt, 32, "i" },   { kDLUInt, 32, "I" },  { kDLInt, 64, "l" }, { kDLUInt, 64, "L" },
		{ kDLFloat, 32, "f" }, { kDLFloat, 64, "g" }, { kDLBool, 8, "b" },
	};

	if (kist_small_float_known(dtype))
		return "f";
	for (size_t i = 0; dtype.lanes == 1 && i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (formats[i].code == dtype.code && formats[i].bits == dtype.bits)
			return formats[i].format;
	}
	return NULL;
}

static kist_status check_shape(const DLTensor *tensor, struct kist_error *err)
{
	char name[32];

	if (tensor->ndim > 2)
		return kist_fail(
			err, KIST_UNSUPPORTED,
			"cannot make a table from a tensor of rank %d: only ranks 0, 1 and 2 have rows and "
			"columns",
			tensor->ndim);
	if (tensor->ndim == 2 && tensor->shape[1] > KIST_ARROW_CHILDREN_MAX)
		return kist_fail_at(err, KIST_LIMIT, "E_SHAPE", KIST_NO_OFFSET,
				    "a table of %lld columns: at most %lld are allowed",
				    (long long)tensor->shape[1], (long long)KIST_ARROW_CHILDREN_MAX);
	if (!format_of(tensor->dtype)) {
		kist_dtype_name(tensor->dtype, name);
		return kist_fail_at(err, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET,
				    "cannot make a table from a tensor of %s: no column type holds it", name);
	}
	return KIST_OK;
}

static void look(const DLTensor *tensor, struct source *source)
{
	const int64_t size = tensor->dtype.bits / 8;

	source->data = tensor->data ? (const uint8_t *)tensor->data + tensor->byte_offset : NULL;
	source->dtype = tensor->dtype;
	source->small = kist_small_float_known(tensor->dtype);
	source->format = format_of(tensor->dtype);
	source->rows = tensor->ndim > 0 ? tensor->shape[0] : 1;
	source->columns = tensor->ndim > 1 ? tensor->shape[1] : 1;
	/* Without elements there is nothing to step over, and the strides were not checked. */
	if (source->rows == 0 || source->columns == 0)
		return;
	if (tensor->ndim > 0)
		source->row_step = (tensor->strides ? tensor->strides[0] : source->columns) * size;
	if (tensor->ndim > 1)
		source->column_step = (tensor->strides ? tensor->strides[1] : 1) * size;
}

kist_status kist_tensor_to_table(struct kist_object *object, struct kist_object *ret, struct kist_error *err)
{
	const DLManagedTensorVersioned *const tensor = object->value;
	kist_auto_mem struct source *source = NULL;
	struct ArrowArrayStream stream = { .get_schema = stream_get_schema,
					   .get_next = stream_get_next,
					   .get_last_error = stream_get_last_error,
					   .release = stream_release };

	KIST_TRY(check_shape(&tensor->dl_tensor, err));
	source = kist_alloc(1, sizeof(*source));
	if (!source)
		return kist_fail_memory(err, sizeof(*source));
	look(&tensor->dl_tensor, source);
	kist_error_clear(&source->error);
	stream.private_data = source;
	KIST_TRY(kist_object_of_stream(&stream, ret, err));
	kist_object_move(&kist_steal(source)->object, object);
	return KIST_OK;
}
