/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATS_SAMPLE_KERNEL_H
#define STATS_SAMPLE_KERNEL_H

#include "stats_kernel.h"

/*
 * An evenly spaced sample of an array as it goes by: what a histogram, a curve and a heat map are made of.
 *
 * The array is a matrix of @rows by @columns, row by row; the sample is a grid of some of its rows and some of
 * its columns.  Up to STATS_SAMPLE_MAX numbers are all taken, and what is drawn is then exact.
 *
 * Allocates nothing.  Thread: one at a time.
 */

/** Bins of a histogram at most. */
#define STATS_BINS 32
/** Numbers in a sample at most. */
#define STATS_SAMPLE_MAX 16384

/**
 * struct stats_sample - The numbers of the grid that came by.
 *
 * @values:       Room for STATS_SAMPLE_MAX; NaN and infinities are in it too.  Borrowed.
 * @rows_taken, @columns_taken: The grid.
 * @count:        Numbers so far, row by row of the grid.
 */
struct stats_sample {
	enum stats_type type;
	const struct stats_ops *ops;
	double *values;
	uint64_t rows;
	uint64_t columns;
	uint64_t rows_taken;
	uint64_t columns_taken;
	uint64_t count;
	uint64_t seen;
};

/** stats_sample_init() - Of a matrix whose @rows times @columns is below 2^63. */
void stats_sample_init(struct stats_sample *sample, enum stats_type type, uint64_t rows, uint64_t columns,
		       double *values);

/** stats_sample_add() - The next @count numbers, which need not be aligned. */
void stats_sample_add(struct stats_sample *sample, const void *data, uint64_t count);

/**
 * stats_sample_histogram() - How many of the sample that are finite lie in each of @bins equal parts of @min to
 * @max; 1 to STATS_BINS of them.
 *
 * Returns how many those are in all.
 */
uint64_t stats_sample_histogram(const struct stats_sample *sample, double min, double max, size_t bins,
				uint64_t *ret_counts);

/** struct stats_cell - Of the finite numbers of a rectangle of the grid; @count may be 0, and then the mean is NaN. */
struct stats_cell {
	uint64_t count;
	double min;
	double mean;
	double max;
};

/**
 * stats_sample_cells() - Row @row of the cells into which the grid is cut, @rows by @columns.
 *
 * @ret: Room for @columns.
 */
void stats_sample_cells(const struct stats_sample *sample, uint64_t row, uint64_t rows, uint64_t columns,
			struct stats_cell *ret);

#endif
