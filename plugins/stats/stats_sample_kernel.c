/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_sample_kernel.h"

#include <math.h>

#include "stats_ops_kernel.h"

/* Columns of the grid of a matrix that has more: as many as rows. */
#define SIDE 128

/* Where part @i of @parts begins in @whole: evenly, without a product that is too large. */
static uint64_t begin_of(uint64_t i, uint64_t parts, uint64_t whole)
{
	return whole / parts * i + whole % parts * i / parts;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void stats_sample_init(struct stats_sample *sample, enum stats_type type, uint64_t rows, uint64_t columns,
		       double *values)
{
	*sample = (struct stats_sample){
		.type = type, .ops = stats_ops_best(), .values = values, .rows = rows, .columns = columns
	};
	if (rows == 0 || columns == 0)
		return;
	sample->columns_taken = least(columns, rows < SIDE ? STATS_SAMPLE_MAX / rows : SIDE);
	sample->rows_taken = least(rows, STATS_SAMPLE_MAX / sample->columns_taken);
}

/* The place in the array of number @i of the sample. */
static uint64_t place_of(const struct stats_sample *sample, uint64_t i)
{
	const uint64_t row = begin_of(i / sample->columns_taken, sample->rows_taken, sample->rows);

	return row * sample->columns +
	       begin_of(i % sample->columns_taken, sample->columns_taken, sample->columns);
}

/* Of a small array every number is taken: there is no place to reckon. */
static void add_all(struct stats_sample *sample, const uint8_t *bytes, uint64_t count)
{
	const uint64_t taken = least(count, sample->rows * sample->columns - sample->count);
	double *const to = sample->values + sample->count;
	const size_t size = stats_size(sample->type);

	if (sample->ops->values[sample->type]) {
		sample->ops->values[sample->type](bytes, taken, to);
	} else {
		for (uint64_t i = 0; i < taken; i++)
			to[i] = stats_value(sample->type, bytes + i * size);
	}
	sample->count += taken;
	sample->seen += count;
}

void stats_sample_add(struct stats_sample *sample, const void *data, uint64_t count)
{
	const uint8_t *const bytes = data;
	const uint64_t all = sample->rows_taken * sample->columns_taken;
	const size_t size = stats_size(sample->type);

	if (sample->rows_taken == sample->rows && sample->columns_taken == sample->columns) {
		add_all(sample, bytes, count);
		return;
	}
	while (sample->count < all) {
		const uint64_t place = place_of(sample, sample->count);

		if (place >= sample->seen + count)
			break;
		sample->values[sample->count++] =
			stats_value(sample->type, bytes + (place - sample->seen) * size);
	}
	sample->seen += count;
}

/* Numbers whose bins are found at once. */
#define AT_ONCE 256

uint64_t stats_sample_histogram(const struct stats_sample *sample, double min, double max, size_t bins,
				uint64_t *ret_counts)
{
	const struct stats_scale scale = {
		.from = min, .until = max, .per_width = (double)bins, .last = (double)(bins - 1)
	};
	/* Behind those that are not finite.  Two, so that equal neighbours do not wait for each other. */
	uint32_t tables[2][1 + STATS_BINS] = { { 0 } };
	uint64_t finite = 0;

	for (uint64_t i = 0; i < sample->count; i += AT_ONCE) {
		const size_t count = least(AT_ONCE, sample->count - i);
		int32_t steps[AT_ONCE + 1];

		sample->ops->steps(sample->values + i, count, &scale, steps);
		/* The one that may be too much is not finite. */
		steps[count] = -1;
		for (size_t k = 0; k < count; k += 2) {
			tables[0][1 + steps[k]]++;
			tables[1][1 + steps[k + 1]]++;
		}
	}
	for (size_t i = 0; i < bins; i++) {
		ret_counts[i] = (uint64_t)tables[0][1 + i] + tables[1][1 + i];
		finite += ret_counts[i];
	}
	return finite;
}

/* Those of numbers that need not be finite. */
static void add_some(struct stats_cell *cell, const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const double x = values[i];

		if (!isfinite(x))
			continue;
		cell->count++;
		cell->min = x < cell->min ? x : cell->min;
		cell->max = x > cell->max ? x : cell->max;
		cell->mean += x;
	}
}

/* What a cell has of one row.  Until it is finished its mean is the sum. */
static void add_row(struct stats_cell *cell, const double *values, size_t count)
{
	double min = cell->min;
	double max = cell->max;
	double sum = cell->mean;

	for (size_t i = 0; i < count; i++) {
		const double x = values[i];

		min = x < min ? x : min;
		max = x > max ? x : max;
		sum += x;
	}
	/* Then all of them are, too. */
	if (isfinite(sum))
		*cell = (struct stats_cell){
			.count = cell->count + count, .min = min, .mean = sum, .max = max
		};
	else
		add_some(cell, values, count);
}

/* From the sum to the mean. */
static void finish_cell(struct stats_cell *cell)
{
	double mean = cell->mean / (double)cell->count;

	if (cell->count == 0) {
		cell->mean = NAN;
		return;
	}
	/* Of numbers whose sum is beyond a double; and rounding may take it past those that are all the same. */
	if (!isfinite(mean))
		mean = cell->min / 2 + cell->max / 2;
	cell->mean = mean < cell->min ? cell->min : mean > cell->max ? cell->max : mean;
}

void stats_sample_cells(const struct stats_sample *sample, uint64_t row, uint64_t rows, uint64_t columns,
			struct stats_cell *ret)
{
	const uint64_t begin_row = begin_of(row, rows, sample->rows_taken);
	const uint64_t end_row = begin_of(row + 1, rows, sample->rows_taken);
	uint64_t begin = 0;

	for (uint64_t i = 0; i < columns; i++) {
		const uint64_t end = begin_of(i + 1, columns, sample->columns_taken);

		ret[i] = (struct stats_cell){ .min = INFINITY, .max = -INFINITY };
		for (uint64_t r = begin_row; r < end_row; r++) {
			const uint64_t at = r * sample->columns_taken + begin;
			const uint64_t there = at < sample->count ? sample->count - at : 0;

			add_row(&ret[i], sample->values + at, least(end - begin, there));
		}
		finish_cell(&ret[i]);
		begin = end;
	}
}
