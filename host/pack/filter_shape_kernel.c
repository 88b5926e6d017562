/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_shape_kernel.h"

#include <assert.h>
#include <string.h>

#include "pack/filter_decimal_kernel.h"
#include "pack/filter_record_kernel.h"
#include "pack/filter_words_kernel.h"

#define COLUMN_BITS 5

static uint16_t read16(const uint8_t *from)
{
	return (uint16_t)(from[0] | from[1] << 8);
}

static bool width_allowed(uint8_t filter, uint8_t width)
{
	const bool bytes =
		filter == KIST_FILTER_DELTA || filter == KIST_FILTER_BASE || filter == KIST_FILTER_BITS;

	if (filter == KIST_FILTER_DECIMAL)
		return width == 8;
	return kist_filter_log(width) >= (bytes ? 0 : 1);
}

static bool read_columns(const uint8_t *params, struct kist_filter_spec *spec)
{
	spec->column_count = params[0];
	if (params[0] == 0) {
		spec->record_size = read16(params + 2);
		return spec->record_size >= 2 && spec->record_size <= KIST_FILTER_RECORD_MAX;
	}
	if (params[0] > KIST_FILTER_FIELDS_MAX)
		return false;
	for (size_t i = 0; i < params[0]; i++) {
		struct kist_filter_column *const column = &spec->columns[i];

		column->width = (uint8_t)((params[1 + i] & (KIST_FILTER_FIELD_MAX - 1)) + 1);
		column->filter = params[1 + i] >> COLUMN_BITS;
		if (column->filter > KIST_FILTER_DELTA ||
		    (column->filter != KIST_FILTER_NONE && !width_allowed(column->filter, column->width)))
			return false;
		spec->record_size = (uint16_t)(spec->record_size + column->width);
	}
	return true;
}

static bool read_cells(const uint8_t *params, struct kist_filter_cells *cells)
{
	cells->delimiter = params[0];
	cells->columns = params[1];
	memcpy(&cells->rows, params + 4, sizeof(cells->rows));
	memcpy(&cells->size, params + 8, sizeof(cells->size));
	memcpy(&cells->others, params + 12, sizeof(cells->others));
	return cells->delimiter != 0 && cells->delimiter != '\n' && cells->columns > 0 && cells->rows > 0;
}

static void write_cells(const struct kist_filter_cells *cells, uint8_t *ret)
{
	ret[0] = cells->delimiter;
	ret[1] = cells->columns;
	memcpy(ret + 4, &cells->rows, sizeof(cells->rows));
	memcpy(ret + 8, &cells->size, sizeof(cells->size));
	memcpy(ret + 12, &cells->others, sizeof(cells->others));
}

bool kist_filter_spec_read(uint8_t filter, const uint8_t params[static KIST_FILTER_PARAMS_SIZE],
			   struct kist_filter_spec *ret)
{
	struct kist_filter_spec spec = { .filter = filter };
	uint8_t again[KIST_FILTER_PARAMS_SIZE];

	if (filter >= KIST_FILTER_COUNT)
		return false;
	if (filter == KIST_FILTER_RECORD) {
		if (!read_columns(params, &spec))
			return false;
	} else if (filter == KIST_FILTER_COPIES) {
		memcpy(&spec.copies, params + 4, sizeof(spec.copies));
		memcpy(&spec.fresh, params + 8, sizeof(spec.fresh));
		if (spec.copies == 0)
			return false;
	} else if (filter == KIST_FILTER_CELLS) {
		if (!read_cells(params, &spec.cells))
			return false;
	} else if (filter != KIST_FILTER_NONE) {
		spec.width = params[0];
		if (!width_allowed(filter, spec.width))
			return false;
	}
	if (filter == KIST_FILTER_DELTA) {
		spec.distance = read16(params + 2);
		if (spec.distance == 0 || spec.distance > KIST_FILTER_DISTANCE_MAX)
			return false;
	} else if (filter == KIST_FILTER_BASE) {
		spec.float_keys = params[1] == 1;
	} else if (filter == KIST_FILTER_DECIMAL) {
		spec.exponent = params[1];
		memcpy(&spec.exceptions, params + 4, sizeof(spec.exceptions));
		if (spec.exponent > KIST_FILTER_EXPONENT_MAX)
			return false;
	}
	/* What is not named is 0: there is one way to write each filter. */
	kist_filter_spec_write(&spec, again);
	if (memcmp(again, params, sizeof(again)) != 0)
		return false;
	*ret = spec;
	return true;
}

void kist_filter_spec_write(const struct kist_filter_spec *spec, uint8_t ret[static KIST_FILTER_PARAMS_SIZE])
{
	const uint16_t u16 = spec->filter == KIST_FILTER_RECORD ? spec->record_size : spec->distance;

	memset(ret, 0, KIST_FILTER_PARAMS_SIZE);
	if (spec->filter == KIST_FILTER_CELLS) {
		write_cells(&spec->cells, ret);
		return;
	}
	ret[0] = spec->filter == KIST_FILTER_RECORD ? spec->column_count : spec->width;
	if (spec->column_count > 0) {
		for (size_t i = 0; i < spec->column_count; i++)
			ret[1 + i] = (uint8_t)(spec->columns[i].filter << COLUMN_BITS |
					       (spec->columns[i].width - 1));
		return;
	}
	ret[1] = spec->filter == KIST_FILTER_BASE ? spec->float_keys : spec->exponent;
	ret[2] = (uint8_t)u16;
	ret[3] = (uint8_t)(u16 >> 8);
	memcpy(ret + 4, spec->filter == KIST_FILTER_COPIES ? &spec->copies : &spec->exceptions,
	       sizeof(spec->copies));
	memcpy(ret + 8, &spec->fresh, sizeof(spec->fresh));
}

/* Bytes of a whole unit: what does not fill one is the rest. */
static size_t unit_of(const struct kist_filter_spec *spec)
{
	switch (spec->filter) {
	case KIST_FILTER_NONE:
	case KIST_FILTER_COPIES:
	case KIST_FILTER_CELLS:
		return 1;
	case KIST_FILTER_RECORD:
		return spec->record_size;
	case KIST_FILTER_BITS:
		return 8 * (size_t)spec->width;
	default:
		return spec->width;
	}
}

/* Each cell has what ends it. */
static bool cells_fit(const struct kist_filter_cells *cells, size_t len)
{
	return cells->rows <= len / cells->columns && cells->size <= kist_filter_size_max(len);
}

size_t kist_filter_size(const struct kist_filter_spec *spec, size_t len)
{
	if (len > KIST_FILTER_RAW_SIZE_MAX)
		return 0;
	if (spec->filter == KIST_FILTER_DECIMAL) {
		if (spec->exceptions > len / spec->width / KIST_FILTER_EXCEPTION_IN)
			return 0;
		return len + 12 * (size_t)spec->exceptions;
	}
	if (spec->filter == KIST_FILTER_COPIES) {
		if (spec->fresh > len || spec->copies > (len - spec->fresh) / KIST_FILTER_COPY_SIZE)
			return 0;
		return spec->copies * KIST_FILTER_COPY_SIZE + spec->fresh;
	}
	if (spec->filter == KIST_FILTER_CELLS)
		return cells_fit(&spec->cells, len) ? spec->cells.size : 0;
	return len;
}

size_t kist_filter_size_max(size_t len)
{
	return len + 12 * (len / 8 / KIST_FILTER_EXCEPTION_IN);
}

/* Streams of a record: its columns, or the planes of them. */
static size_t record_stream(const struct kist_filter_spec *spec, size_t count, size_t index)
{
	if (spec->column_count == 0)
		return index < spec->record_size ? count : 0;
	for (size_t i = 0; i < spec->column_count; i++) {
		const struct kist_filter_column *const column = &spec->columns[i];
		const size_t streams = column->filter == KIST_FILTER_NONE ? 1 : column->width;

		if (index < streams)
			return count * column->width / streams;
		index -= streams;
	}
	return 0;
}

/* Streams before the rest, in order; 0 behind them. */
static size_t whole_stream(const struct kist_filter_spec *spec, size_t len, size_t index)
{
	const size_t count = len / unit_of(spec);

	if (spec->filter == KIST_FILTER_NONE)
		return index == 0 ? len : 0;
	if (spec->filter == KIST_FILTER_RECORD)
		return record_stream(spec, count, index);
	if (spec->filter == KIST_FILTER_COPIES && index <= 1)
		return index == 0 ? spec->copies * KIST_FILTER_COPY_SIZE : spec->fresh;
	if (index < spec->width)
		return count * unit_of(spec) / spec->width;
	if (spec->filter == KIST_FILTER_DECIMAL && index == spec->width)
		return 12 * (size_t)spec->exceptions;
	return 0;
}

size_t kist_filter_stream(const struct kist_filter_spec *spec, size_t len, size_t index)
{
	size_t streams = index;

	if (len < unit_of(spec))
		return index == 0 ? len : 0;
	if (whole_stream(spec, len, index) > 0)
		return whole_stream(spec, len, index);
	/* Only the rest is left, if this index is the first one behind the streams. */
	return streams > 0 && whole_stream(spec, len, index - 1) > 0 ? len % unit_of(spec) : 0;
}

bool kist_filter_forward(const struct kist_filter_ops *ops, struct kist_filter_spec *spec, const uint8_t *raw,
			 size_t len, const uint8_t *base, uint8_t *ret)
{
	const size_t whole = len - len % unit_of(spec);
	size_t exceptions = 0;

	assert(len <= KIST_FILTER_RAW_SIZE_MAX);
	if (spec->filter == KIST_FILTER_NONE) {
		memcpy(ret, raw, whole);
	} else if (spec->filter == KIST_FILTER_RECORD) {
		kist_filter_record_forward(ops, spec, raw, len / spec->record_size, ret);
	} else if (spec->filter == KIST_FILTER_DECIMAL) {
		if (!kist_filter_decimal_forward(ops, raw, whole / 8, spec->exponent,
						 len / 8 / KIST_FILTER_EXCEPTION_IN, ret, &exceptions))
			return false;
		spec->exceptions = (uint32_t)exceptions;
	} else {
		kist_filter_words_forward(ops, spec, raw, whole / spec->width, base, ret);
	}
	memcpy(ret + whole + 12 * exceptions, raw + whole, len - whole);
	return true;
}

bool kist_filter_back(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
		      const uint8_t *filtered, size_t len, const uint8_t *base, uint8_t *ret)
{
	const size_t whole = len - len % unit_of(spec);
	const size_t size = kist_filter_size(spec, len);

	assert(size >= len);
	if (spec->filter == KIST_FILTER_NONE) {
		memcpy(ret, filtered, whole);
	} else if (spec->filter == KIST_FILTER_RECORD) {
		kist_filter_record_back(ops, spec, filtered, len / spec->record_size, ret);
	} else if (spec->filter == KIST_FILTER_DECIMAL) {
		if (!kist_filter_decimal_back(ops, filtered, whole / 8, spec->exponent, spec->exceptions,
					      ret))
			return false;
	} else {
		kist_filter_words_back(ops, spec, filtered, whole / spec->width, base, ret);
	}
	memcpy(ret + whole, filtered + size - (len - whole), len - whole);
	return true;
}

bool kist_filter_has_words(const struct kist_filter_spec *spec)
{
	return spec->filter == KIST_FILTER_PLANES || spec->filter == KIST_FILTER_FLOAT ||
	       spec->filter == KIST_FILTER_DELTA || spec->filter == KIST_FILTER_BASE ||
	       spec->filter == KIST_FILTER_BITS;
}

bool kist_filter_equal(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
		       const uint8_t *filtered, size_t len, const uint8_t *base, const uint8_t *raw)
{
	const size_t whole = len - len % unit_of(spec);

	return kist_filter_words_equal(ops, spec, filtered, whole / spec->width, base, raw) &&
	       memcmp(raw + whole, filtered + whole, len - whole) == 0;
}
