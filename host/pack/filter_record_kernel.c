/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_record_kernel.h"

#include <string.h>

/* Records that are worked on at a time, so that they stay in the cache while each column is taken. */
#define ROWS 128

int kist_filter_log(size_t width)
{
	return width == 1 ? 0 : width == 2 ? 1 : width == 4 ? 2 : width == 8 ? 3 : -1;
}

/* One field of some records to a row of words, and back.  The known widths are single moves. */
static void gather(const uint8_t *field, size_t stride, size_t width, size_t count, uint8_t *to)
{
#define GATHER(n)                                                                                            \
	case n:                                                                                              \
		for (size_t i = 0; i < count; i++)                                                           \
			memcpy(to + i * (n), field + i * stride, n);                                         \
		break
	switch (width) {
		GATHER(1);
		GATHER(2);
		GATHER(4);
		GATHER(8);
	default:
		for (size_t i = 0; i < count; i++)
			memcpy(to + i * width, field + i * stride, width);
	}
#undef GATHER
}

static void scatter(const uint8_t *from, size_t stride, size_t width, size_t count, uint8_t *field)
{
#define SCATTER(n)                                                                                           \
	case n:                                                                                              \
		for (size_t i = 0; i < count; i++)                                                           \
			memcpy(field + i * stride, from + i * (n), n);                                       \
		break
	switch (width) {
		SCATTER(1);
		SCATTER(2);
		SCATTER(4);
		SCATTER(8);
	default:
		for (size_t i = 0; i < count; i++)
			memcpy(field + i * stride, from + i * width, width);
	}
#undef SCATTER
}

/* A column under way: records from @at on, of @count; @field is that of record 0, @area the whole column's.
 */
struct column {
	const struct kist_filter_ops *ops;
	struct kist_filter_column form;
	size_t stride;
	size_t count;
};

static void column_forward(const struct column *column, const uint8_t *field, size_t at, size_t n,
			   uint8_t *area)
{
	const size_t width = column->form.width;
	const int log = kist_filter_log(width);
	uint8_t words[KIST_FILTER_FIELD_MAX * (1 + ROWS)];
	uint8_t mapped[8 * ROWS];
	uint8_t *const own = words + width;

	/* What stands before the first record is 0. */
	memset(words, 0, width);
	gather(field + at * column->stride, column->stride, width, n, own);
	if (column->form.filter == KIST_FILTER_NONE) {
		memcpy(area + at * width, own, n * width);
	} else if (column->form.filter == KIST_FILTER_PLANES) {
		column->ops->split[log](own, n, area + at, column->count);
	} else if (column->form.filter == KIST_FILTER_FLOAT) {
		column->ops->rotate[log](own, mapped, n);
		column->ops->split[log](mapped, n, area + at, column->count);
	} else {
		if (at > 0)
			memcpy(words, field + (at - 1) * column->stride, width);
		column->ops->minus[log](own, words, mapped, n);
		column->ops->split[log](mapped, n, area + at, column->count);
	}
}

static void column_back(const struct column *column, const uint8_t *area, size_t at, size_t n, uint8_t *field)
{
	const size_t width = column->form.width;
	const int log = kist_filter_log(width);
	uint8_t words[KIST_FILTER_FIELD_MAX * (1 + ROWS)];
	uint8_t mapped[8 * ROWS];
	uint8_t *const own = words + width;

	/* What stands before the first record is 0. */
	memset(words, 0, width);
	if (column->form.filter == KIST_FILTER_NONE) {
		memcpy(own, area + at * width, n * width);
	} else if (column->form.filter == KIST_FILTER_PLANES) {
		column->ops->merge[log](area + at, column->count, own, n);
	} else if (column->form.filter == KIST_FILTER_FLOAT) {
		column->ops->merge[log](area + at, column->count, mapped, n);
		column->ops->unrotate[log](mapped, own, n);
	} else {
		column->ops->merge[log](area + at, column->count, mapped, n);
		if (at > 0)
			memcpy(words, field + (at - 1) * column->stride, width);
		column->ops->sum[log](mapped, own, n, 1);
	}
	scatter(own, column->stride, width, n, field + at * column->stride);
}

static struct column column_of(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
			       size_t count)
{
	return (struct column){ .ops = ops,
				.form = { .width = 1, .filter = KIST_FILTER_NONE },
				.stride = spec->record_size,
				.count = count };
}

void kist_filter_record_forward(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
				const uint8_t *records, size_t count, uint8_t *ret)
{
	struct column column = column_of(ops, spec, count);

	for (size_t at = 0; at < count; at += ROWS) {
		const size_t n = count - at < ROWS ? count - at : ROWS;

		for (size_t offset = 0, i = 0; offset < spec->record_size; offset += column.form.width, i++) {
			if (spec->column_count > 0)
				column.form = spec->columns[i];
			column_forward(&column, records + offset, at, n, ret + offset * count);
		}
	}
}

void kist_filter_record_back(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
			     const uint8_t *filtered, size_t count, uint8_t *ret)
{
	struct column column = column_of(ops, spec, count);

	for (size_t at = 0; at < count; at += ROWS) {
		const size_t n = count - at < ROWS ? count - at : ROWS;

		for (size_t offset = 0, i = 0; offset < spec->record_size; offset += column.form.width, i++) {
			if (spec->column_count > 0)
				column.form = spec->columns[i];
			column_back(&column, filtered + offset * count, at, n, ret + offset);
		}
	}
}
