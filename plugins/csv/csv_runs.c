/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_runs.h"

#include <math.h>

#include "csv_kernel.h"

/* A column's cells, one of each record. */
struct run {
	const uint8_t *base;
	const struct csv_cell *cells;
	size_t step;
	uint32_t count;
	bool alone; /* there is no other column: "" is null */
	bool non_ascii;
	uint8_t nulls;
};

static inline const struct csv_cell *cell_at(const struct run *run, uint32_t i)
{
	return &run->cells[i * run->step];
}

static inline bool is_null(const struct run *run, const struct csv_cell *cell)
{
	return csv_cell_is_null(cell, run->base, run->alone ? 1 : 2, run->nulls);
}

/* What csv_column_count() counts, of the cells of one run. */
struct tally {
	uint32_t len_min;
	uint32_t len_max;
	uint64_t values;
	uint64_t bytes;
};

#define TALLY_INIT                                                                                           \
	{                                                                                                    \
		.len_min = UINT32_MAX                                                                        \
	}

static inline void count(struct tally *t, uint32_t len)
{
	t->len_min = len < t->len_min ? len : t->len_min;
	t->len_max = len > t->len_max ? len : t->len_max;
	t->values++;
	t->bytes += len;
}

static void take_tally(struct csv_column *c, const struct tally *t)
{
	if (t->values == 0)
		return;
	c->len_min = c->values == 0 || t->len_min < c->len_min ? t->len_min : c->len_min;
	c->len_max = t->len_max > c->len_max ? t->len_max : c->len_max;
	c->values += t->values;
	c->bytes += t->bytes;
}

/* Each of these adds cells from @i on while they are what the column is.  Returns the first that it did not add. */

static uint32_t add_ints(struct csv_column *c, const struct run *run, uint32_t i)
{
	struct tally tally = TALLY_INIT;
	double values[CSV_RUN_NUMBERS];
	int64_t min = c->int_min;
	int64_t max = c->int_max;
	uint32_t n = 0;

	for (; i < run->count && n < CSV_RUN_NUMBERS; i++) {
		const struct csv_cell *const cell = cell_at(run, i);
		int64_t value;

		if (is_null(run, cell)) {
			c->nulls++;
			continue;
		}
		if (!csv_int_parse(run->base + cell->begin, cell->len, &value))
			break;
		count(&tally, cell->len);
		min = value < min ? value : min;
		max = value > max ? value : max;
		values[n++] = (double)value;
	}
	c->int_min = min;
	c->int_max = max;
	take_tally(c, &tally);
	csv_column_numbers(c, values, n);
	return i;
}

static void take_range(struct csv_column *c, const double *values, uint32_t n)
{
	double min = c->finite > 0 ? c->min : INFINITY;
	double max = c->finite > 0 ? c->max : -INFINITY;

	for (uint32_t i = 0; i < n; i++) {
		min = values[i] < min ? values[i] : min;
		max = values[i] > max ? values[i] : max;
	}
	if (n > 0) {
		c->min = min;
		c->max = max;
	}
}

static uint32_t add_floats(struct csv_column *c, const struct run *run, uint32_t i)
{
	struct tally tally = TALLY_INIT;
	double values[CSV_RUN_NUMBERS];
	uint32_t n = 0;

	for (; i < run->count && n < CSV_RUN_NUMBERS; i++) {
		const struct csv_cell *const cell = cell_at(run, i);
		struct csv_places places;
		double value;

		if (is_null(run, cell)) {
			c->nulls++;
			continue;
		}
		if (!csv_float_parse(run->base + cell->begin, cell->len, &value, &places))
			break;
		count(&tally, cell->len);
		csv_column_note(c, places, value);
		if (isfinite(value))
			values[n++] = value;
	}
	take_range(c, values, n);
	take_tally(c, &tally);
	csv_column_numbers(c, values, n);
	return i;
}

static uint32_t add_dates(struct csv_column *c, const struct run *run, uint32_t i)
{
	struct tally tally = TALLY_INIT;
	int64_t min = c->int_min;
	int64_t max = c->int_max;

	for (; i < run->count; i++) {
		const struct csv_cell *const cell = cell_at(run, i);
		int32_t days;

		if (is_null(run, cell)) {
			c->nulls++;
			continue;
		}
		if (!csv_date_parse(run->base + cell->begin, cell->len, &days))
			break;
		count(&tally, cell->len);
		min = days < min ? days : min;
		max = days > max ? days : max;
	}
	c->int_min = min;
	c->int_max = max;
	take_tally(c, &tally);
	return i;
}

static uint32_t add_bools(struct csv_column *c, const struct run *run, uint32_t i)
{
	struct tally tally = TALLY_INIT;
	uint64_t trues = 0;

	for (; i < run->count; i++) {
		const struct csv_cell *const cell = cell_at(run, i);
		bool value;

		if (is_null(run, cell)) {
			c->nulls++;
			continue;
		}
		if (!csv_bool_parse(run->base + cell->begin, cell->len, &value))
			break;
		count(&tally, cell->len);
		trues += value;
	}
	c->trues += trues;
	take_tally(c, &tally);
	return i;
}

static uint32_t add_texts(struct csv_column *c, const struct run *run, uint32_t i)
{
	const bool may_break = c->kind == CSV_KIND_TEXT && run->non_ascii;
	struct tally tally = TALLY_INIT;

	for (; i < run->count; i++) {
		const struct csv_cell *const cell = cell_at(run, i);

		if (is_null(run, cell)) {
			c->nulls++;
			continue;
		}
		if (may_break && !csv_utf8_valid(run->base + cell->begin, cell->len))
			break;
		count(&tally, cell->len);
	}
	take_tally(c, &tally);
	return i;
}

static uint32_t add_run(struct csv_column *c, const struct run *run, uint32_t i)
{
	switch (c->kind) {
	case CSV_KIND_INT64:
		return add_ints(c, run, i);
	case CSV_KIND_FLOAT64:
		return add_floats(c, run, i);
	case CSV_KIND_DATE:
		return add_dates(c, run, i);
	case CSV_KIND_BOOL:
		return add_bools(c, run, i);
	case CSV_KIND_TEXT:
	case CSV_KIND_BINARY:
		return add_texts(c, run, i);
	default:
		return i;
	}
}

void csv_runs_add(struct csv_column *c, const struct csv_rows *rows, uint32_t index, uint8_t nulls)
{
	const struct run run = { .base = rows->base,
				 .cells = rows->cells + index,
				 .step = rows->width,
				 .count = rows->count,
				 .alone = rows->width == 1,
				 .non_ascii = rows->non_ascii,
				 .nulls = nulls };
	uint32_t i = 0;

	while (i < run.count) {
		const uint32_t next = add_run(c, &run, i);
		const struct csv_cell *const cell = cell_at(&run, i);

		if (next == i && is_null(&run, cell))
			c->nulls++;
		else if (next == i)
			csv_column_add(c, run.base + cell->begin, cell->len, run.non_ascii);
		i = next == i ? i + 1 : next;
	}
}
