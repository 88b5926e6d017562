/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATS_OPS_KERNEL_H
#define STATS_OPS_KERNEL_H

#include "stats_kernel.h"

/*
 * The loops of stats_kernel.h over one block, once for each kind of vector.
 *
 * Number i of a block goes to lane i mod 8, and the eight lanes are added in one order in the end: so the
 * result is the same whether a vector holds two, four or eight of them.
 *
 * Thread: pure.
 */

/** Lanes of every loop. */
#define STATS_LANES 8

/**
 * struct stats_sums - Of one block.
 *
 * @pivot:   Its first number.  Of integers of 64 bits it is that of @pivot_i.
 * @sum, @squares: Of the distances from the pivot.  Not finite when a number was not.
 * @min, @max: But of 64-bit integers, which have @min_i and @max_i.
 */
struct stats_sums {
	double pivot;
	double sum;
	double squares;
	double min;
	double max;
	int64_t min_i;
	int64_t max_i;
	uint64_t zero;
	uint64_t negative;
};

/**
 * struct stats_scale - Steps from 0 to @last, of which @per_width go on the way from @from to @until.
 *
 * @round: What is added before the rest behind the point is left off: 0, or 0.5 for the nearest step.
 */
struct stats_scale {
	double from;
	double until;
	double per_width;
	double last;
	double round;
};

/**
 * struct stats_ops - For each type the sums of @count numbers, 1 to STATS_BLOCK, at @data.
 *
 * Floating numbers: when one is not finite only that can be told from the result: @squares is not finite, or,
 * of F16, @min or @max is beyond STATS_HALF_MAX.
 *
 * @sums:   NULL for types of one byte and of 64-bit integers.
 * @wide:   Of int64_t, or of uint64_t with the top bit turned round.  @sum and @squares are those of
 *          distances and right while max - min is below STATS_NARROW.
 * @values: Any @count numbers as stats_value() gives them.  NULL for types of one byte, of 64-bit integers, and F16.
 * @steps:  On which step of a scale each of @count doubles lies; -1 for one that is not finite.
 */
struct stats_ops {
	void (*sums[STATS_TYPE_COUNT])(const uint8_t *data, size_t count, struct stats_sums *ret);
	void (*wide)(const uint8_t *data, size_t count, uint64_t flip, struct stats_sums *ret);
	void (*values[STATS_TYPE_COUNT])(const uint8_t *data, size_t count, double *ret);
	void (*steps)(const double *values, size_t count, const struct stats_scale *scale, int32_t *ret);
};

#define STATS_HALF_MAX 65504.0
#define STATS_NARROW   ((uint64_t)1 << 51)

extern const struct stats_ops stats_ops_base;
#if defined(__x86_64__)
extern const struct stats_ops stats_ops_avx2;
extern const struct stats_ops stats_ops_avx512;
#endif

/** stats_ops_usable() - Those that this processor has, the fastest being number 0; NULL behind stats_ops_base. */
const struct stats_ops *stats_ops_usable(size_t no);

#endif
