/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "base/le.h"
#include "base/mem.h"
#include "base/num.h"
#include "object/arrow_format.h"
#include "object/columns.h"
#include "object/convert_parts.h"
#include "object/made.h"
#include "object/stream.h"

#define LIST_SIZE ((size_t)512)

union cell {
	int64_t integer;
	double real;
};

/* A table being gathered, row by row. */
struct gather {
	struct ArrowSchema schema;
	struct kist_columns columns;
	struct kist_arrow_format *formats; /* of each selected column */
	bool is_integer;
	union cell *cells;
	uint64_t rows;
	uint64_t row_capacity;
};

static void gather_done(struct gather *gather)
{
	kist_schema_release(&gather->schema);
	kist_columns_done(&gather->columns);
	kist_free(gather->formats);
	kist_free(gather->cells);
}

static bool is_numeric(const struct ArrowSchema *column)
{
	struct kist_arrow_format format;

	return !column->dictionary && kist_arrow_format_parse(column->format, &format) &&
	       format.number != KIST_ARROW_NO_NUMBER;
}

static const struct ArrowSchema *column_at(const struct gather *gather, size_t i)
{
	return gather->schema.children[gather->columns.indices[i]];
}

static kist_status refuse_column(const struct gather *gather, const struct ArrowSchema *column,
				 struct kist_error *err)
{
	const char *holds =
		column->dictionary ? "dictionary indices" : kist_arrow_format_name(column->format);
	char list[LIST_SIZE];
	bool any = false;

	for (int64_t i = 0; i < gather->schema.n_children; i++)
		any = any || is_numeric(gather->schema.children[i]);
	if (!any)
		return kist_fail(
			err, KIST_UNSUPPORTED,
			"cannot make a tensor from a table: column '%.64s' holds %s, and no column holds "
			"numbers",
			kist_column_name(column), holds);
	kist_columns_list(&gather->schema, is_numeric, list, sizeof(list));
	return kist_fail(
		err, KIST_UNSUPPORTED,
		"cannot make a tensor from a table: column '%.64s' holds %s; select columns of numbers: %s",
		kist_column_name(column), holds, list);
}

static kist_status plan(struct gather *gather, struct kist_error *err)
{
	const size_t count = gather->columns.count;

	if (count == 0)
		return kist_fail(err, KIST_UNSUPPORTED, "cannot make a tensor from a table without columns");
	gather->formats = kist_alloc(count, sizeof(*gather->formats));
	if (!gather->formats)
		return kist_fail_memory(err, count * sizeof(*gather->formats));
	gather->is_integer = true;
	for (size_t i = 0; i < count; i++) {
		const struct ArrowSchema *const column = column_at(gather, i);

		if (!is_numeric(column)) {
			return refuse_column(gather, column, err);
		}
		(void)kist_arrow_format_parse(column->format, &gather->formats[i]);
		gather->is_integer = gather->is_integer && strcmp(column->format, "l") == 0;
	}
	return KIST_OK;
}

static kist_status reserve(struct gather *gather, uint64_t rows, struct kist_error *err)
{
	uint64_t need;
	uint64_t count;
	uint64_t bytes;
	union cell *cells;

	if (!kist_add_u64(gather->rows, rows, &need) || need > INT64_MAX / 2)
		return kist_fail_at(err, KIST_LIMIT, "E_OVERFLOW", KIST_NO_OFFSET,
				    "the table has too many rows");
	if (need <= gather->row_capacity && gather->cells)
		return KIST_OK;
	if (need < 2 * gather->row_capacity)
		need = 2 * gather->row_capacity;
	if (!kist_mul_u64(need, gather->columns.count, &count) ||
	    !kist_mul_u64(count, sizeof(*cells), &bytes) || bytes > PTRDIFF_MAX)
		return kist_fail_at(err, KIST_LIMIT, "E_OVERFLOW", KIST_NO_OFFSET,
				    "the table does not fit memory");
	cells = kist_realloc(gather->cells, (size_t)count, sizeof(*cells));
	if (!cells)
		return kist_fail_memory(err, (size_t)bytes);
	gather->cells = cells;
	gather->row_capacity = need;
	return KIST_OK;
}

static double half_to_double(uint16_t half)
{
	const double sign = half >> 15 ? -1.0 : 1.0;
	const int exponent = half >> 10 & 31;
	const int fraction = half & 1023;

	if (exponent == 31)
		return fraction ? (double)NAN : sign * HUGE_VAL;
	if (exponent == 0)
		return sign * ldexp(fraction, -24);
	return sign * ldexp(fraction + 1024, exponent - 25);
}

static double read_real(const uint8_t *at, uint32_t bits)
{
	float single;
	double value;

	if (bits == 16)
		return half_to_double(kist_le_read16(at));
	if (bits == 32) {
		memcpy(&single, at, sizeof(single));
		return (double)single;
	}
	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t read_bits(const uint8_t *at, uint32_t bits)
{
	switch (bits) {
	case 8:
		return *at;
	case 16:
		return kist_le_read16(at);
	case 32:
		return kist_le_read32(at);
	default:
		return kist_le_read64(at);
	}
}

/* False when the number is not the same as a double: past 2^53 with low bits set. */
static bool read_cell(const struct kist_arrow_format *format, const uint8_t *at, bool as_integer,
		      union cell *ret)
{
	const unsigned shift = 64 - format->bits;
	uint64_t natural;
	int64_t integer;

	if (format->number == KIST_ARROW_FLOAT) {
		ret->real = read_real(at, format->bits);
		return true;
	}
	natural = read_bits(at, format->bits);
	if (format->number == KIST_ARROW_UNSIGNED) {
		ret->real = (double)natural;
		return ret->real < 0x1p64 && (uint64_t)ret->real == natural;
	}
	integer = (int64_t)(natural << shift) >> shift;
	if (as_integer) {
		ret->integer = integer;
		return true;
	}
	ret->real = (double)integer;
	return ret->real < 0x1p63 && (int64_t)ret->real == integer;
}

static kist_status refuse_cell(const struct gather *gather, size_t column, uint64_t row, const char *why,
			       struct kist_error *err)
{
	return kist_fail(err, KIST_UNSUPPORTED,
			 "cannot make a tensor from a table: column '%.64s', row %llu: %s",
			 kist_column_name(column_at(gather, column)), (unsigned long long)row, why);
}

static kist_status add_column(struct gather *gather, const struct ArrowArray *batch, size_t column,
			      struct kist_error *err)
{
	const struct ArrowArray *const array = batch->children[gather->columns.indices[column]];
	const struct kist_arrow_format *const format = &gather->formats[column];
	const uint8_t *const validity = array->null_count == 0 ? NULL : array->buffers[0];
	const uint8_t *const values = array->buffers[1];
	union cell *to = gather->cells + gather->rows * gather->columns.count + column;
	const int64_t first = array->offset + batch->offset;

	for (int64_t i = first; i < first + batch->length; i++, to += gather->columns.count) {
		const uint64_t row = gather->rows + (uint64_t)(i - first);

		if (validity && !(validity[i / 8] >> (i % 8) & 1)) {
			if (gather->is_integer)
				return refuse_cell(gather, column, row, "a null, which int64 cannot hold",
						   err);
			to->real = (double)NAN;
		} else if (!read_cell(format, values + i * (int64_t)(format->bits / 8), gather->is_integer,
				      to)) {
			return refuse_cell(gather, column, row, "an integer that float64 cannot hold exactly",
					   err);
		}
	}
	return KIST_OK;
}

static kist_status add_batch(struct gather *gather, const struct ArrowArray *batch, struct kist_call *call,
			     struct kist_error *err)
{
	KIST_TRY(reserve(gather, (uint64_t)batch->length, err));
	for (size_t i = 0; i < gather->columns.count && batch->length > 0; i++) {
		KIST_TRY(kist_call_poll(call, err));
		KIST_TRY(add_column(gather, batch, i, err));
	}
	gather->rows += (uint64_t)batch->length;
	return KIST_OK;
}

static kist_status add_all(struct gather *gather, struct ArrowArrayStream *stream, struct kist_call *call,
			   struct kist_error *err)
{
	for (;;) {
		kist_auto_array struct ArrowArray batch = { .release = NULL };

		KIST_TRY(kist_call_poll(call, err));
		KIST_TRY(kist_stream_next(stream, &gather->schema, &batch, err));
		if (!batch.release)
			return KIST_OK;
		KIST_TRY(add_batch(gather, &batch, call, err));
	}
}

static kist_status wrap(struct gather *gather, struct kist_object *ret, struct kist_error *err)
{
	const int64_t shape[] = { (int64_t)gather->rows, (int64_t)gather->columns.count };
	const DLDataType dtype = { .code = gather->is_integer ? kDLInt : kDLFloat, .bits = 64, .lanes = 1 };
	DLManagedTensorVersioned *tensor;

	KIST_TRY(kist_tensor_wrap(gather->cells, dtype, gather->columns.count == 1 ? 1 : 2, shape, &tensor,
				  err));
	gather->cells = NULL;
	kist_object_of_tensor(tensor, ret);
	return KIST_OK;
}

kist_status kist_table_to_tensor(struct kist_object *object, const char *select, struct kist_call *call,
				 struct kist_object *ret, struct kist_error *err)
{
	__attribute__((cleanup(gather_done))) struct gather gather = { .rows = 0 };
	kist_status status;

	KIST_TRY(kist_stream_schema(object->value, &gather.schema, err));
	KIST_TRY(kist_columns_select(&gather.schema, select, &gather.columns, err));
	KIST_TRY(plan(&gather, err));
	status = add_all(&gather, object->value, call, err);
	if (status == KIST_OK)
		status = wrap(&gather, ret, err);
	/* From here on the batches are gone, so the object is no use to anybody. */
	kist_object_release(object);
	return status;
}
