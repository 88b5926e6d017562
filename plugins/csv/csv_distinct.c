/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_distinct.h"

#include <math.h>

/* The largest rank that bits can have, but for that of none at all. */
#define RANK_MAX (64 - CSV_DISTINCT_BITS)
/* 1 / (2 ln 2) */
#define ALPHA 0.7213475204444817

/*
 * What registers that are still 0, and those that can grow no more, stand for.  Both loops end: their terms fall below
 * the last digit of the sum.
 */

static double of_empty(double share)
{
	double sum = share;
	double weight = 1;
	double before;

	if (share == 1)
		return INFINITY;
	do {
		share *= share;
		before = sum;
		sum += share * weight;
		weight += weight;
	} while (sum != before);
	return sum;
}

static double of_full(double share)
{
	double sum = 1 - share;
	double weight = 1;
	double before;

	if (share == 0 || share == 1)
		return 0;
	do {
		share = sqrt(share);
		before = sum;
		weight /= 2;
		sum -= (1 - share) * (1 - share) * weight;
	} while (sum != before);
	return sum / 3;
}

uint64_t csv_distinct_count(const uint8_t registers[static CSV_DISTINCT_REGISTERS])
{
	const double all = CSV_DISTINCT_REGISTERS;
	uint32_t counts[RANK_MAX + 2] = { 0 };
	double count;
	double sum;

	for (uint32_t i = 0; i < CSV_DISTINCT_REGISTERS; i++)
		counts[registers[i]]++;
	sum = all * of_full(1 - counts[RANK_MAX + 1] / all);
	for (int rank = RANK_MAX; rank > 0; rank--)
		sum = (sum + counts[rank]) / 2;
	sum += all * of_empty(counts[0] / all);
	count = ALPHA * all * all / sum + 0.5;
	/* Of registers that can grow no more there is no sum. */
	return count < 0x1p63 ? (uint64_t)count : (uint64_t)INT64_MAX;
}
