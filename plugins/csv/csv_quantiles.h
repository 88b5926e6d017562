/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_QUANTILES_H
#define CSV_QUANTILES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Below which number a share of many numbers lies, from counts of all of them.
 *
 * A double without its sign is a whole number in the same order.  Numbers that agree in all but their last @shift bits
 * are in one bucket; for each sign there is a window of buckets, which begins as narrow as can be (@shift is 0: each
 * number has its own) and, where a number lies outside, is moved or halved:
 *
 *     least number | base ... base + CSV_QUANTILES_BUCKETS | largest number     of bits >> shift
 *
 * A shift is never larger than the least and the largest number of its sign need, so that years or stamps, which are near
 * each other, are told apart as well as what begins at zero.  It stops at CSV_QUANTILES_SHIFT_MAX, where a bucket is a
 * 64th as wide as its numbers are large.  Numbers that are then less than about 2^-32 of the largest one of their sign
 * count as zero.  What is told depends on the numbers alone, not on their order.
 *
 * Memory: 64 KiB, of which only what is counted in is touched.
 * Thread: one at a time.
 * Source: Masson, Rim, Lee, "DDSketch"; Epicoco and others, "UDDSketch", for the halving.
 */

/* Of one sign; and those that are kept when a window cannot be halved any more. */
#define CSV_QUANTILES_BUCKETS	4096u
#define CSV_QUANTILES_KEPT	2048u
#define CSV_QUANTILES_SHIFT_MAX 46u

/**
 * struct csv_quantiles - Begun by csv_quantiles_init() on what is all zero.
 *
 * @count:        All numbers.
 * @zeros:        Zeros, and what is smaller than 2^-1028.
 * @base, @shift: Of positive and of negative numbers.
 * @is_cut:       The lowest bucket has all that are smaller, too.
 */
struct csv_quantiles {
	uint64_t count;
	uint64_t zeros;
	uint64_t base[2];
	uint32_t shift[2];
	bool is_cut[2];
	uint64_t counts[2][CSV_QUANTILES_BUCKETS];
};

void csv_quantiles_init(struct csv_quantiles *quantiles);

/** csv_quantiles_add() - @count numbers, which are finite. */
void csv_quantiles_add(struct csv_quantiles *quantiles, const double *values, uint32_t count);

/**
 * csv_quantiles_at() - Number @rank, counted from 0, of all in their order.
 *
 * It lies in the bucket of the right one, so that it is off by less than csv_quantiles_error() of its own size.
 */
double csv_quantiles_at(const struct csv_quantiles *quantiles, uint64_t rank);

/** csv_quantiles_error() - The width of the widest bucket, relative to its numbers: at most 1/64. */
double csv_quantiles_error(const struct csv_quantiles *quantiles);

#endif
