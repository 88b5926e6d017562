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
		.type = type, .ops = stats_ops_usable(0), .values = values, .rows = rows, .columns = columns
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

/* What has come of them where all are finite, which they are when their sum is. */
static void take_row(struct stats_cell *cell, const double *values, size_t count, double min, double max,
		     double sum)
{
	if (isfinite(sum))
		*cell = (struct stats_cell){
			.count = cell->count + count, .min = min, .mean = sum, .max = max
		};
	else
		add_some(cell, values, count);
}

/* What a cell has of one row.  Until it is finished its mean is the sum. */
static void add_row(struct stats_cell *cell, const double *values, size_t count)
{
	double min = cell->min;
	double max = cell->max;
	double sum = cell->mean;

	for (size_t i = 0; i < count; i++) {
		min = min < values[i] ? min : values[i];
		max = max > values[i] ? max : values[i];
		sum += values[i];
	}
	take_row(cell, values, count, min, max, sum);
}

/* Of fewer numbers it takes longer to begin with two cells at once than it saves. */
#define TOGETHER_MIN 16

/* The same of two neighbours with as many numbers: the sum of one does not wait for that of the other. */
static void add_rows(struct stats_cell *cell, const double *values, struct stats_cell *other,
		     const double *other_values, size_t count)
{
	double min = cell->min;
	double max = cell->max;
	double sum = cell->mean;
	double other_min = other->min;
	double other_max = other->max;
	double other_sum = other->mean;

	for (size_t i = 0; i < count; i++) {
		min = min < values[i] ? min : values[i];
		max = max > values[i] ? max : values[i];
		sum += values[i];
		other_min = other_min < other_values[i] ? other_min : other_values[i];
		other_max = other_max > other_values[i] ? other_max : other_values[i];
		other_sum += other_values[i];
	}
	take_row(cell, values, count, min, max, sum);
	take_row(other, other_values, count, other_min, other_max, other_sum);
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

/* Of one row what is in a cell and in the next one, which begin and end at @bounds. */
static void add_pair(const struct stats_sample *sample, uint64_t row, const uint64_t bounds[static 3],
		     struct stats_cell *cells)
{
	const uint64_t at = row * sample->columns_taken;
	const uint64_t there = at < sample->count ? sample->count - at : 0;
	const uint64_t begin = least(bounds[0], there);
	const uint64_t middle = least(bounds[1], there);
	const uint64_t end = least(bounds[2], there);
	const uint64_t both = end - begin < 2 * TOGETHER_MIN ? 0 : least(middle - begin, end - middle);
	const double *const values = sample->values + at;

	if (both > 0)
		add_rows(&cells[0], values + begin, &cells[1], values + middle, both);
	add_row(&cells[0], values + begin + both, middle - begin - both);
	add_row(&cells[1], values + middle + both, end - middle - both);
}

void stats_sample_cells(const struct stats_sample *sample, uint64_t row, uint64_t rows, uint64_t columns,
			struct stats_cell *ret)
{
	const uint64_t end_row = begin_of(row + 1, rows, sample->rows_taken);
	uint64_t bounds[3] = { 0 };

	for (uint64_t i = 0; i < columns; i += 2) {
		/* Behind the last one there may be one of no columns. */
		struct stats_cell cells[2] = { { .min = INFINITY, .max = -INFINITY },
					       { .min = INFINITY, .max = -INFINITY } };

		bounds[1] = begin_of(i + 1, columns, sample->columns_taken);
		bounds[2] = begin_of(least(i + 2, columns), columns, sample->columns_taken);
		for (uint64_t r = begin_of(row, rows, sample->rows_taken); r < end_row; r++)
			add_pair(sample, r, bounds, cells);
		for (uint64_t k = i; k < least(i + 2, columns); k++) {
			finish_cell(&cells[k - i]);
			ret[k] = cells[k - i];
		}
		bounds[0] = bounds[2];
	}
}
