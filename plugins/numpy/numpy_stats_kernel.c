/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Statistics of numbers, part of numpy_kernel.h.
 *
 * Numbers go through in blocks that stay in the first cache: one loop for count, extremes and sum, a second
 * for the squared distances from the block's own mean, and the blocks are merged by Chan's formula.  So the
 * loops are plain sums, which short vectors of the compiler run at memory speed, and lose no digits on data
 * that is large against its spread.
 *
 * Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances".
 */
#include <math.h>
#include <string.h>

#include "numpy_kernel.h"

#define BLOCK_COUNT 4096

/* 16 bytes: what every x86-64 and every 64-bit ARM has. */
typedef double v2d __attribute__((vector_size(16), may_alias));
typedef int64_t v2i __attribute__((vector_size(16)));
typedef float v4f __attribute__((vector_size(16), may_alias));
typedef int32_t v4i __attribute__((vector_size(16)));
typedef float v2f __attribute__((vector_size(8)));

/* Of one block.  Only the finite ones are in sum, min and max. */
struct block {
	uint64_t finite;
	uint64_t zero;
	uint64_t negative;
	double sum;
	double min;
	double max;
	double m2;
};

#define BLOCK_INIT ((struct block){ .min = INFINITY, .max = -INFINITY })

bool npy_stats_can(char kind, size_t item_size)
{
	return kind == 'b' || kind == 'i' || kind == 'u' || (kind == NPY_STATS_BFLOAT && item_size == 2) ||
	       (kind == 'f' && (item_size == 2 || item_size == 4 || item_size == 8));
}

void npy_stats_init(struct npy_stats *stats)
{
	*stats = (struct npy_stats){ .min_i = INT64_MAX,
				     .max_i = INT64_MIN,
				     .min_u = UINT64_MAX,
				     .min_f = INFINITY,
				     .max_f = -INFINITY };
}

/* Adds @count numbers with their mean and sum of squared distances. */
static void merge(struct npy_stats *stats, uint64_t count, double mean, double m2)
{
	const double total = (double)stats->finite + (double)count;
	const double distance = mean - stats->mean;

	stats->mean += distance * ((double)count / total);
	stats->m2 += m2 + distance * distance * ((double)stats->finite * (double)count / total);
	stats->finite += count;
}

static void block_one(struct block *block, double x)
{
	block->negative += x < 0;
	if (!isfinite(x))
		return;
	block->finite++;
	block->zero += x == 0;
	block->sum += x;
	block->min = x < block->min ? x : block->min;
	block->max = x > block->max ? x : block->max;
}

/* Where @mask is set @a, else @b. */
static inline v2d pick2(v2i mask, v2d a, v2d b)
{
	return (v2d)(((v2i)a & mask) | ((v2i)b & ~mask));
}

static inline v4f pick4(v4i mask, v4f a, v4f b)
{
	return (v4f)(((v4i)a & mask) | ((v4i)b & ~mask));
}

static void block_f8(struct block *block, const double *data, size_t count)
{
	const size_t even = count - count % 2;
	v2i finite = { 0, 0 };
	v2i zero = { 0, 0 };
	v2i negative = { 0, 0 };
	v2d sum = { 0, 0 };
	v2d min = { INFINITY, INFINITY };
	v2d max = { -INFINITY, -INFINITY };

	for (size_t i = 0; i < even; i += 2) {
		const v2d x = *(const v2d *)(const void *)(data + i);
		/* Infinity less itself is no number, and neither is a NaN. */
		const v2i ok = (x - x) == 0;
		const v2d low = pick2(ok, x, (v2d){ INFINITY, INFINITY });
		const v2d high = pick2(ok, x, (v2d){ -INFINITY, -INFINITY });

		finite -= ok;
		zero -= x == 0;
		negative -= x < 0;
		sum += (v2d)((v2i)x & ok);
		min = pick2(low < min, low, min);
		max = pick2(high > max, high, max);
	}
	for (int j = 0; j < 2; j++) {
		block->finite += (uint64_t)finite[j];
		block->zero += (uint64_t)zero[j];
		block->negative += (uint64_t)negative[j];
		block->sum += sum[j];
		block->min = min[j] < block->min ? min[j] : block->min;
		block->max = max[j] > block->max ? max[j] : block->max;
	}
	for (size_t i = even; i < count; i++)
		block_one(block, data[i]);
}

static inline v2d low_half(v4f x)
{
	return __builtin_convertvector((v2f){ x[0], x[1] }, v2d);
}

static inline v2d high_half(v4f x)
{
	return __builtin_convertvector((v2f){ x[2], x[3] }, v2d);
}

static void block_f4(struct block *block, const float *data, size_t count)
{
	const size_t even = count - count % 4;
	v4i finite = { 0 };
	v4i zero = { 0 };
	v4i negative = { 0 };
	v2d sum_low = { 0 };
	v2d sum_high = { 0 };
	v4f min = { INFINITY, INFINITY, INFINITY, INFINITY };
	v4f max = { -INFINITY, -INFINITY, -INFINITY, -INFINITY };
	const v4f never_min = min;
	const v4f never_max = max;

	for (size_t i = 0; i < even; i += 4) {
		const v4f x = *(const v4f *)(const void *)(data + i);
		const v4i ok = (x - x) == 0;
		const v4f known = (v4f)((v4i)x & ok);
		const v4f low = pick4(ok, x, never_min);
		const v4f high = pick4(ok, x, never_max);

		finite -= ok;
		zero -= x == 0;
		negative -= x < 0;
		sum_low += low_half(known);
		sum_high += high_half(known);
		min = pick4(low < min, low, min);
		max = pick4(high > max, high, max);
	}
	for (int j = 0; j < 4; j++) {
		block->finite += (uint64_t)finite[j];
		block->zero += (uint64_t)zero[j];
		block->negative += (uint64_t)negative[j];
		block->sum += j < 2 ? sum_low[j] : sum_high[j - 2];
		block->min = (double)min[j] < block->min ? (double)min[j] : block->min;
		block->max = (double)max[j] > block->max ? (double)max[j] : block->max;
	}
	for (size_t i = even; i < count; i++)
		block_one(block, (double)data[i]);
}

static void squares_f8(struct block *block, const double *data, size_t count)
{
	const double mean = block->sum / (double)block->finite;
	const size_t even = count - count % 4;
	v2d first = { 0, 0 };
	v2d second = { 0, 0 };

	for (size_t i = 0; i < even; i += 4) {
		const v2d a = *(const v2d *)(const void *)(data + i) - mean;
		const v2d b = *(const v2d *)(const void *)(data + i + 2) - mean;

		first += (v2d)((v2i)(a * a) & ((a - a) == 0));
		second += (v2d)((v2i)(b * b) & ((b - b) == 0));
	}
	block->m2 = first[0] + first[1] + second[0] + second[1];
	for (size_t i = even; i < count; i++)
		block->m2 += isfinite(data[i]) ? (data[i] - mean) * (data[i] - mean) : 0;
}

static void squares_f4(struct block *block, const float *data, size_t count)
{
	const double mean = block->sum / (double)block->finite;
	const size_t even = count - count % 4;
	v2d first = { 0, 0 };
	v2d second = { 0, 0 };

	for (size_t i = 0; i < even; i += 4) {
		const v4f x = *(const v4f *)(const void *)(data + i);
		const v2d a = low_half(x) - mean;
		const v2d b = high_half(x) - mean;

		first += (v2d)((v2i)(a * a) & ((a - a) == 0));
		second += (v2d)((v2i)(b * b) & ((b - b) == 0));
	}
	block->m2 = first[0] + first[1] + second[0] + second[1];
	for (size_t i = even; i < count; i++)
		block->m2 += isfinite(data[i]) ? ((double)data[i] - mean) * ((double)data[i] - mean) : 0;
}

/* Says what the ones that are not finite are; most blocks have none. */
static void count_f8(struct npy_stats *stats, const double *data, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		stats->nan += data[i] != data[i];
		stats->inf += data[i] == INFINITY;
		stats->neg_inf += data[i] == -INFINITY;
	}
}

static void count_f4(struct npy_stats *stats, const float *data, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		stats->nan += data[i] != data[i];
		stats->inf += data[i] == INFINITY;
		stats->neg_inf += data[i] == -INFINITY;
	}
}

static void take_block(struct npy_stats *stats, const struct block *block)
{
	stats->zero += block->zero;
	stats->negative += block->negative;
	stats->min_f = block->min < stats->min_f ? block->min : stats->min_f;
	stats->max_f = block->max > stats->max_f ? block->max : stats->max_f;
	if (block->finite > 0)
		merge(stats, block->finite, block->sum / (double)block->finite, block->m2);
}

static void add_f8(struct npy_stats *stats, const double *data, size_t count)
{
	struct block block = BLOCK_INIT;

	block_f8(&block, data, count);
	if (block.finite < count)
		count_f8(stats, data, count);
	if (block.finite > 0)
		squares_f8(&block, data, count);
	take_block(stats, &block);
}

static void add_f4(struct npy_stats *stats, const float *data, size_t count)
{
	struct block block = BLOCK_INIT;

	block_f4(&block, data, count);
	if (block.finite < count)
		count_f4(stats, data, count);
	if (block.finite > 0)
		squares_f4(&block, data, count);
	take_block(stats, &block);
}

/* A half: its exponent is moved to that of a float by a multiplication, which also makes subnormals right. */
static float float_of_half(uint16_t half)
{
	const uint32_t bits = (uint32_t)(half & 0x7FFF) << 13;
	const uint32_t special = 0x7F800000u | bits;
	float value;
	uint32_t out;

	memcpy(&value, &bits, sizeof(value));
	value *= 0x1p112f;
	memcpy(&out, &value, sizeof(out));
	out = bits >= 0x0F800000u ? special : out;
	out |= (uint32_t)(half & 0x8000) << 16;
	memcpy(&value, &out, sizeof(value));
	return value;
}

static void add_f2(struct npy_stats *stats, const uint16_t *data, size_t count)
{
	float values[BLOCK_COUNT] __attribute__((aligned(16)));

	for (size_t i = 0; i < count; i++)
		values[i] = float_of_half(data[i]);
	add_f4(stats, values, count);
}

/* A bfloat16 is the upper half of a float. */
static void add_b2(struct npy_stats *stats, const uint16_t *data, size_t count)
{
	float values[BLOCK_COUNT] __attribute__((aligned(16)));

	for (size_t i = 0; i < count; i++) {
		const uint32_t bits = (uint32_t)data[i] << 16;

		memcpy(&values[i], &bits, sizeof(bits));
	}
	add_f4(stats, values, count);
}

/* Integers: extremes exact, the rest as doubles. */
#define ADD_INTEGERS(name, type, min_member, max_member)                                                     \
	static void name(struct npy_stats *stats, const type *data, size_t count)                            \
	{                                                                                                    \
		double values[BLOCK_COUNT] __attribute__((aligned(16)));                                     \
		type min = data[0];                                                                          \
		type max = data[0];                                                                          \
                                                                                                             \
		for (size_t i = 0; i < count; i++) {                                                         \
			min = data[i] < min ? data[i] : min;                                                 \
			max = data[i] > max ? data[i] : max;                                                 \
			values[i] = (double)data[i];                                                         \
		}                                                                                            \
		stats->min_member = min < stats->min_member ? min : stats->min_member;                       \
		stats->max_member = max > stats->max_member ? max : stats->max_member;                       \
		add_f8(stats, values, count);                                                                \
	}

ADD_INTEGERS(add_i2, int16_t, min_i, max_i)
ADD_INTEGERS(add_i4, int32_t, min_i, max_i)
ADD_INTEGERS(add_i8, int64_t, min_i, max_i)
ADD_INTEGERS(add_u2, uint16_t, min_u, max_u)
ADD_INTEGERS(add_u4, uint32_t, min_u, max_u)
ADD_INTEGERS(add_u8, uint64_t, min_u, max_u)

/* Four tables, so that equal neighbours do not wait for each other. */
static void add_bytes(struct npy_stats *stats, const uint8_t *data, size_t count)
{
	uint16_t tables[4][256] = { { 0 } };

	for (size_t i = 0; i < count; i++)
		tables[i % 4][data[i]]++;
	for (size_t i = 0; i < 256; i++)
		stats->bytes[i] += (uint64_t)tables[0][i] + tables[1][i] + tables[2][i] + tables[3][i];
}

static void add_block(struct npy_stats *stats, char kind, size_t item_size, const void *data, size_t count)
{
	const bool is_signed = kind == 'i';

	if (item_size == 1)
		add_bytes(stats, data, count);
	else if (kind == 'f' && item_size == 2)
		add_f2(stats, data, count);
	else if (kind == NPY_STATS_BFLOAT)
		add_b2(stats, data, count);
	else if (kind == 'f' && item_size == 4)
		add_f4(stats, data, count);
	else if (kind == 'f')
		add_f8(stats, data, count);
	else if (item_size == 2)
		is_signed ? add_i2(stats, data, count) : add_u2(stats, data, count);
	else if (item_size == 4)
		is_signed ? add_i4(stats, data, count) : add_u4(stats, data, count);
	else
		is_signed ? add_i8(stats, data, count) : add_u8(stats, data, count);
}

void npy_stats_add(struct npy_stats *stats, char kind, size_t item_size, const void *data, size_t count)
{
	const uint8_t *at = data;

	while (count > 0) {
		const size_t block = count < BLOCK_COUNT ? count : BLOCK_COUNT;

		add_block(stats, kind, item_size, at, block);
		at += block * item_size;
		count -= block;
	}
}

void npy_stats_finish(struct npy_stats *stats, char kind, size_t item_size)
{
	for (int i = 0; i < 256 && item_size == 1; i++) {
		const int value = kind == 'i' ? (int8_t)i : kind == 'b' ? i != 0 : i;
		const uint64_t count = stats->bytes[i];

		if (count == 0)
			continue;
		stats->zero += value == 0 ? count : 0;
		stats->negative += value < 0 ? count : 0;
		stats->min_i = value < stats->min_i ? value : stats->min_i;
		stats->max_i = value > stats->max_i ? value : stats->max_i;
		stats->min_u = (uint64_t)value < stats->min_u ? (uint64_t)value : stats->min_u;
		stats->max_u = (uint64_t)value > stats->max_u ? (uint64_t)value : stats->max_u;
		merge(stats, count, value, 0);
	}
}
