/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_quantiles.h"

#include <math.h>
#include <string.h>

#include "csv_fixed.h"

#define BUCKETS CSV_QUANTILES_BUCKETS
/* No bits without a sign are so large: nothing lies in a window that begins here. */
#define NOWHERE ((uint64_t)1 << 63)

void csv_quantiles_init(struct csv_quantiles *q)
{
	q->base[0] = q->base[1] = NOWHERE;
}

/* Puts a window elsewhere.  What is below it is counted in its lowest bucket. */
static void move(struct csv_quantiles *q, uint32_t sign, uint32_t shift, uint64_t base)
{
	uint64_t counts[BUCKETS] = { 0 };

	for (uint32_t i = 0; i < BUCKETS; i++) {
		const uint64_t bucket = (q->base[sign] + i) >> (shift - q->shift[sign]);

		/* An empty one may lie anywhere. */
		if (q->counts[sign][i] > 0)
			counts[bucket > base ? bucket - base : 0] += q->counts[sign][i];
	}
	memcpy(q->counts[sign], counts, sizeof(counts));
	q->shift[sign] = shift;
	q->base[sign] = base;
}

/* The first and the last bucket that are not empty; there is one. */
static void find_ends(const struct csv_quantiles *q, uint32_t sign, uint64_t *ret_low, uint64_t *ret_high)
{
	uint32_t low = 0;
	uint32_t high = BUCKETS - 1;

	while (q->counts[sign][low] == 0)
		low++;
	while (q->counts[sign][high] == 0)
		high--;
	*ret_low = q->base[sign] + low;
	*ret_high = q->base[sign] + high;
}

/* Makes the window one in which @bits lie, and what is counted already, as far as may be. */
static void widen(struct csv_quantiles *q, uint32_t sign, uint64_t bits)
{
	uint32_t shift = q->shift[sign];
	const uint64_t own = bits >> shift;
	uint64_t room;
	uint64_t high;
	uint64_t low;

	find_ends(q, sign, &low, &high);
	low = own < low ? own : low;
	high = own > high ? own : high;
	for (; high - low >= BUCKETS && shift < CSV_QUANTILES_SHIFT_MAX; shift++) {
		low >>= 1;
		high >>= 1;
	}
	q->is_cut[sign] = q->is_cut[sign] || high - low >= BUCKETS;
	if (q->is_cut[sign]) {
		move(q, sign, shift, high - CSV_QUANTILES_KEPT + 1);
		return;
	}
	/* In the middle: the next number may lie on either side. */
	room = (BUCKETS - (high - low + 1)) / 2;
	move(q, sign, shift, low > room ? low - room : 1);
}

/* A number that lies in no window. */
static __attribute__((noinline)) void add_outside(struct csv_quantiles *q, uint32_t sign, uint64_t bits)
{
	if (bits >> CSV_QUANTILES_SHIFT_MAX == 0) {
		q->zeros++;
		return;
	}
	if (q->base[sign] == NOWHERE)
		q->base[sign] = bits - BUCKETS / 2;
	else if (!q->is_cut[sign] || bits >> q->shift[sign] >= q->base[sign])
		widen(q, sign, bits);
	bits >>= q->shift[sign];
	q->counts[sign][bits > q->base[sign] ? bits - q->base[sign] : 0]++;
}

void csv_quantiles_add(struct csv_quantiles *q, const double *values, uint32_t count)
{
	q->count += count;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t bits;
		uint64_t bucket;
		uint32_t sign;

		memcpy(&bits, &values[i], sizeof(bits));
		sign = (uint32_t)(bits >> 63);
		bits &= ~NOWHERE;
		bucket = (bits >> q->shift[sign]) - q->base[sign];
		if (bucket < BUCKETS)
			q->counts[sign][bucket]++;
		else
			add_outside(q, sign, bits);
	}
}

/* The first bucket of which it is known that nothing smaller is in it. */
static uint32_t first_kept(const struct csv_quantiles *q, uint32_t sign)
{
	uint64_t low;
	uint64_t high;

	if (!q->is_cut[sign])
		return 0;
	find_ends(q, sign, &low, &high);
	return (uint32_t)(high - q->base[sign]) - CSV_QUANTILES_KEPT + 2;
}

static uint64_t count_below(const struct csv_quantiles *q, uint32_t sign, uint32_t end)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < end; i++)
		count += q->counts[sign][i];
	return count;
}

/* Number @rank of a bucket, as if its numbers were evenly spaced; without its sign. */
static double number_in(const struct csv_quantiles *q, uint32_t sign, uint32_t bucket, uint64_t rank)
{
	const uint32_t shift = q->shift[sign];
	const csv_uint128 past = (csv_uint128)(2 * rank + 1) << shift;
	const uint64_t bits = ((q->base[sign] + bucket) << shift) +
			      (uint64_t)(past / (csv_uint128)(2 * q->counts[sign][bucket]));
	double number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

double csv_quantiles_at(const struct csv_quantiles *q, uint64_t rank)
{
	const uint32_t first[2] = { first_kept(q, 0), first_kept(q, 1) };
	uint64_t small;

	for (uint32_t i = BUCKETS; i-- > first[1]; rank -= q->counts[1][i]) {
		if (rank < q->counts[1][i])
			return -number_in(q, 1, i, q->counts[1][i] - 1 - rank);
	}
	small = q->zeros + count_below(q, 0, first[0]) + count_below(q, 1, first[1]);
	if (rank < small)
		return 0;
	rank -= small;
	for (uint32_t i = first[0]; i < BUCKETS; rank -= q->counts[0][i++]) {
		if (rank < q->counts[0][i])
			return number_in(q, 0, i, rank);
	}
	return 0;
}

double csv_quantiles_error(const struct csv_quantiles *q)
{
	const uint32_t shift = q->shift[0] > q->shift[1] ? q->shift[0] : q->shift[1];

	return ldexp(1, (int)shift - 52);
}
