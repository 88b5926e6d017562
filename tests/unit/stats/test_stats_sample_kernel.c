/* SPDX-License-Identifier: Apache-2.0 */
#include "stats/stats_sample_kernel.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "support/suite.h"

#define ROWS	24
#define COLUMNS 37

static double data[ROWS * COLUMNS];
static double values[STATS_SAMPLE_MAX];

/* Any numbers, of which some are not finite when @strange. */
static struct stats_sample sample_of(bool strange)
{
	struct stats_sample sample;
	uint64_t state = 3;

	for (size_t i = 0; i < ROWS * COLUMNS; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		data[i] = (double)(state >> 33) / 1e9 - 1;
		if (strange && state >> 60 == 5)
			data[i] = (state >> 58 & 3) == 0   ? NAN
				  : (state >> 58 & 3) == 1 ? -INFINITY
							   : INFINITY;
	}
	stats_sample_init(&sample, STATS_F64, ROWS, COLUMNS, values);
	/* In two pieces, as it comes. */
	stats_sample_add(&sample, data, 301);
	stats_sample_add(&sample, data + 301, ROWS * COLUMNS - 301);
	ck_assert_uint_eq(sample.count, ROWS * COLUMNS);
	return sample;
}

/* One number after the other, row by row: the order in which they are added is part of the result. */
static struct stats_cell cell_of(uint64_t row, uint64_t rows, uint64_t column, uint64_t columns)
{
	struct stats_cell cell = { .min = INFINITY, .max = -INFINITY };
	double sum = 0;

	for (uint64_t r = row * ROWS / rows; r < (row + 1) * ROWS / rows; r++) {
		for (uint64_t c = column * COLUMNS / columns; c < (column + 1) * COLUMNS / columns; c++) {
			const double x = data[r * COLUMNS + c];

			if (!isfinite(x))
				continue;
			cell.count++;
			sum += x;
			cell.min = fmin(cell.min, x);
			cell.max = fmax(cell.max, x);
		}
	}
	cell.mean = cell.count > 0 ? fmax(cell.min, fmin(cell.max, sum / (double)cell.count)) : NAN;
	return cell;
}

static void cells_are_right(const struct stats_sample *sample, uint64_t rows, uint64_t columns)
{
	for (uint64_t row = 0; row < rows; row++) {
		struct stats_cell cells[COLUMNS];

		stats_sample_cells(sample, row, rows, columns, cells);
		for (uint64_t column = 0; column < columns; column++) {
			const struct stats_cell expected = cell_of(row, rows, column, columns);

			ck_assert_uint_eq(cells[column].count, expected.count);
			ck_assert(cells[column].min == expected.min && cells[column].max == expected.max);
			ck_assert(cells[column].mean == expected.mean ||
				  (expected.count == 0 && isnan(cells[column].mean)));
		}
	}
}

START_TEST(cells_have_what_is_in_them)
{
	for (int strange = 0; strange < 2; strange++) {
		const struct stats_sample sample = sample_of(strange);

		cells_are_right(&sample, 1, 1);
		cells_are_right(&sample, 8, 8);
		/* Long ones are added to two at once. */
		cells_are_right(&sample, 5, 2);
		cells_are_right(&sample, 5, COLUMNS);
		cells_are_right(&sample, ROWS, 1);
		cells_are_right(&sample, ROWS, COLUMNS);
	}
}
END_TEST

START_TEST(a_sum_beyond_a_double_leaves_a_mean)
{
	const double large[] = { DBL_MAX, DBL_MAX, DBL_MAX / 2, DBL_MAX };
	struct stats_sample sample;
	struct stats_cell cells[2];

	stats_sample_init(&sample, STATS_F64, 1, 4, values);
	stats_sample_add(&sample, large, 4);
	stats_sample_cells(&sample, 0, 1, 2, cells);
	ck_assert(cells[0].mean == DBL_MAX && cells[0].count == 2);
	ck_assert(cells[1].mean == DBL_MAX / 4 * 3 && cells[1].min == DBL_MAX / 2);
}
END_TEST

START_TEST(cells_of_what_did_not_come_are_empty)
{
	const double few[] = { 1, 2, 3 };
	struct stats_sample sample;
	struct stats_cell cells[2];

	stats_sample_init(&sample, STATS_F64, 2, 2, values);
	stats_sample_add(&sample, few, 3);
	stats_sample_cells(&sample, 1, 2, 2, cells);
	ck_assert(cells[0].count == 1 && cells[0].mean == 3);
	ck_assert(cells[1].count == 0 && isnan(cells[1].mean));
}
END_TEST

START_TEST(a_histogram_counts_what_is_finite)
{
	const double some[] = { 0, 0, 0.5, NAN, 1, 1, INFINITY, 0.26, -INFINITY };
	uint64_t counts[STATS_BINS];
	struct stats_sample sample;

	stats_sample_init(&sample, STATS_F64, 1, 9, values);
	stats_sample_add(&sample, some, 9);
	ck_assert_uint_eq(stats_sample_histogram(&sample, 0, 1, 4, counts), 6);
	ck_assert_mem_eq(counts, ((const uint64_t[]){ 2, 1, 1, 2 }), 4 * sizeof(*counts));
	ck_assert_uint_eq(stats_sample_histogram(&sample, 1, 1, 4, counts), 6);
	ck_assert_uint_eq(counts[0], 6);
}
END_TEST

START_TEST(a_histogram_counts_all_that_there_are)
{
	static double many[STATS_SAMPLE_MAX];
	uint64_t counts[STATS_BINS];
	struct stats_sample sample;

	for (size_t i = 0; i < STATS_SAMPLE_MAX; i++)
		many[i] = (double)(i * 7 % 33);
	stats_sample_init(&sample, STATS_F64, 1, STATS_SAMPLE_MAX - 1, values);
	stats_sample_add(&sample, many, STATS_SAMPLE_MAX);
	ck_assert_uint_eq(stats_sample_histogram(&sample, 0, 32, STATS_BINS, counts), STATS_SAMPLE_MAX - 1);
	for (size_t i = 0; i < STATS_BINS; i++) {
		uint64_t expected = 0;

		for (size_t k = 0; k + 1 < STATS_SAMPLE_MAX; k++)
			expected += k * 7 % 33 == i || (i + 1 == STATS_BINS && k * 7 % 33 == 32);
		ck_assert_uint_eq(counts[i], expected);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("stats_sample_kernel");

	tcase_add_test(tcase, cells_have_what_is_in_them);
	tcase_add_test(tcase, a_sum_beyond_a_double_leaves_a_mean);
	tcase_add_test(tcase, cells_of_what_did_not_come_are_empty);
	tcase_add_test(tcase, a_histogram_counts_what_is_finite);
	tcase_add_test(tcase, a_histogram_counts_all_that_there_are);
	return suite_run(tcase, "stats_sample_kernel");
}
