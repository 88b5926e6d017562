/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_sample_kernel.h"

#include <math.h>

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
	*sample = (struct stats_sample){ .type = type, .values = values, .rows = rows, .columns = columns };
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
	const uint64_t end = sample->count + least(count, sample->rows * sample->columns - sample->count);
	const size_t size = stats_size(sample->type);

	for (; sample->count < end; bytes += size)
		sample->values[sample->count++] = stats_value(sample->type, bytes);
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

uint64_t stats_sample_histogram(const struct stats_sample *sample, double min, double max, size_t bins,
				uint64_t *ret_counts)
{
	/* Halves, as a whole distance may be beyond a double. */
	const double width = max / 2 - min / 2;
	uint64_t finite = 0;

	for (size_t i = 0; i < bins; i++)
		ret_counts[i] = 0;
	for (uint64_t i = 0; i < sample->count; i++) {
		const double x = sample->values[i];
		double at;

		if (!isfinite(x))
			continue;
		at = width > 0 ? (x / 2 - min / 2) / width * (double)bins : 0;
		ret_counts[at < 1 ? 0 : at >= (double)bins ? bins - 1 : (size_t)at]++;
		finite++;
	}
	return finite;
}

struct stats_cell stats_sample_cell(const struct stats_sample *sample, uint64_t row, uint64_t rows,
				    uint64_t column, uint64_t columns)
{
	struct stats_cell cell = { .min = INFINITY, .max = -INFINITY };
	double sum = 0;
	const uint64_t end_row = begin_of(row + 1, rows, sample->rows_taken);
	const uint64_t end_column = begin_of(column + 1, columns, sample->columns_taken);

	for (uint64_t r = begin_of(row, rows, sample->rows_taken); r < end_row; r++) {
		for (uint64_t c = begin_of(column, columns, sample->columns_taken); c < end_column; c++) {
			const uint64_t i = r * sample->columns_taken + c;
			const double x = i < sample->count ? sample->values[i] : NAN;

			if (!isfinite(x))
				continue;
			cell.count++;
			cell.min = x < cell.min ? x : cell.min;
			cell.max = x > cell.max ? x : cell.max;
			sum += x;
		}
	}
	if (cell.count == 0)
		return cell;
	cell.mean = sum / (double)cell.count;
	/* Of numbers whose sum is beyond a double; and rounding may take it past those that are all the same. */
	if (!isfinite(cell.mean))
		cell.mean = cell.min / 2 + cell.max / 2;
	cell.mean = cell.mean < cell.min ? cell.min : cell.mean > cell.max ? cell.max : cell.mean;
	return cell;
}
