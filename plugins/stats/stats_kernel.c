/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_kernel.h"

#include <math.h>
#include <string.h>

#include "stats_ops_kernel.h"

/* What is beyond a double when squared is not, in units of this. */
#define UNIT	    0x1p600
#define IN_UNITS(x) ((x)*0x1p-600)
/* Below this a square has fewer digits than a double, or none. */
#define SPREAD_MIN 0x1p-480

const struct stats_ops *stats_ops_usable(size_t no)
{
#if defined(__x86_64__)
	/* Those that have VBMI do not lower their clock for long vectors as the first ones with AVX-512 did. */
	const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
				__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
				__builtin_cpu_supports("avx512vbmi");

	if (has_avx512 && no-- == 0)
		return &stats_ops_avx512;
	if (__builtin_cpu_supports("avx2") && no-- == 0)
		return &stats_ops_avx2;
#endif
	return no == 0 ? &stats_ops_base : NULL;
}

size_t stats_size(enum stats_type type)
{
	static const uint8_t sizes[STATS_TYPE_COUNT] = {
		[STATS_BOOL] = 1, [STATS_U8] = 1,  [STATS_I8] = 1,  [STATS_U16] = 2, [STATS_I16] = 2,
		[STATS_U32] = 4,  [STATS_I32] = 4, [STATS_U64] = 8, [STATS_I64] = 8, [STATS_F16] = 2,
		[STATS_BF16] = 2, [STATS_F32] = 4, [STATS_F64] = 8
	};

	return sizes[type];
}

bool stats_is_floating(enum stats_type type)
{
	return type >= STATS_F16;
}

bool stats_is_signed(enum stats_type type)
{
	return stats_is_floating(type) || type == STATS_I8 || type == STATS_I16 || type == STATS_I32 ||
	       type == STATS_I64;
}

/* Of 16 bits: a bfloat16 is the upper half of a float; the exponent of a half is moved by a product. */
static double value_16(enum stats_type type, const void *at)
{
	uint16_t half;
	uint32_t bits;
	float value;

	memcpy(&half, at, sizeof(half));
	if (type == STATS_F16 && (half & 0x7C00) == 0x7C00)
		return half & 0x03FF ? NAN : half & 0x8000 ? -INFINITY : INFINITY;
	bits = type == STATS_BF16 ? (uint32_t)half << 16
				  : (uint32_t)(half & 0x7FFF) << 13 | (uint32_t)(half & 0x8000) << 16;
	memcpy(&value, &bits, sizeof(value));
	return (double)(type == STATS_BF16 ? value : value * 0x1p112f);
}

#define VALUE(type)                                                                                          \
	{                                                                                                    \
		type value;                                                                                  \
		memcpy(&value, at, sizeof(value));                                                           \
		return (double)value;                                                                        \
	}

double stats_value(enum stats_type type, const void *at)
{
	switch (type) {
	case STATS_BOOL:
		return *(const uint8_t *)at != 0;
	case STATS_U8:
		VALUE(uint8_t)
	case STATS_I8:
		VALUE(int8_t)
	case STATS_U16:
		VALUE(uint16_t)
	case STATS_I16:
		VALUE(int16_t)
	case STATS_U32:
		VALUE(uint32_t)
	case STATS_I32:
		VALUE(int32_t)
	case STATS_U64:
		VALUE(uint64_t)
	case STATS_I64:
		VALUE(int64_t)
	case STATS_F16:
	case STATS_BF16:
		return value_16(type, at);
	case STATS_F32:
		VALUE(float)
	case STATS_F64:
		VALUE(double)
	default:
		return NAN;
	}
}

void stats_init(struct stats *stats, enum stats_type type)
{
	*stats = (struct stats){ .type = type,
				 .ops = stats_ops_usable(0),
				 .min = INFINITY,
				 .max = -INFINITY,
				 .min_i = INT64_MAX,
				 .max_i = INT64_MIN,
				 .min_u = UINT64_MAX };
}

static bool joined(const struct stats *stats, double count, double mean, double m2, double *ret_mean,
		   double *ret_m2)
{
	const double before = (double)stats->finite;
	const double total = before + count;
	const double distance = mean - stats->mean;

	*ret_mean = stats->mean + distance * (count / total);
	*ret_m2 = stats->m2 + m2 + distance * distance * (before * count / total);
	return isfinite(*ret_mean) && isfinite(*ret_m2);
}

/* Adds @count numbers with their mean and sum of squared distances, which are finite. */
static void merge(struct stats *stats, uint64_t count, double mean, double m2)
{
	double new_mean;
	double new_m2;

	if (stats->is_scaled) {
		mean = IN_UNITS(mean);
		m2 = IN_UNITS(IN_UNITS(m2));
	}
	if (!joined(stats, (double)count, mean, m2, &new_mean, &new_m2)) {
		stats->is_scaled = true;
		stats->mean = IN_UNITS(stats->mean);
		stats->m2 = IN_UNITS(IN_UNITS(stats->m2));
		(void)joined(stats, (double)count, IN_UNITS(mean), IN_UNITS(IN_UNITS(m2)), &new_mean,
			     &new_m2);
	}
	stats->mean = new_mean;
	stats->m2 = new_m2;
	stats->finite += count;
}

static double m2_of(const struct stats_sums *sums, double count)
{
	const double m2 = sums->squares - sums->sum * (sums->sum / count);

	return m2 > 0 ? m2 : 0;
}

static void take_sums(struct stats *stats, const struct stats_sums *sums, size_t count)
{
	merge(stats, count, sums->pivot + sums->sum / (double)count, m2_of(sums, (double)count));
}

static void take_extremes(struct stats *stats, const struct stats_sums *sums)
{
	stats->min = sums->min < stats->min ? sums->min : stats->min;
	stats->max = sums->max > stats->max ? sums->max : stats->max;
	stats->zero += sums->zero;
	stats->negative += sums->negative;
}

/* Finite numbers whose squares are beyond a double. */
static void add_huge(struct stats *stats, double *values, size_t count)
{
	struct stats_sums sums;

	for (size_t i = 0; i < count; i++)
		values[i] = IN_UNITS(values[i]);
	stats->ops->sums[STATS_F64]((const uint8_t *)values, count, &sums);
	if (!stats->is_scaled) {
		stats->is_scaled = true;
		stats->mean = IN_UNITS(stats->mean);
		stats->m2 = IN_UNITS(IN_UNITS(stats->m2));
	}
	(void)joined(stats, (double)count, sums.pivot + sums.sum / (double)count, m2_of(&sums, (double)count),
		     &stats->mean, &stats->m2);
	stats->finite += count;
}

/* A block in which some number is not finite, or too large: the finite ones by themselves. */
static void add_some(struct stats *stats, const uint8_t *data, size_t count)
{
	const size_t size = stats_size(stats->type);
	double values[STATS_BLOCK];
	struct stats_sums sums;
	size_t finite = 0;

	for (size_t i = 0; i < count; i++) {
		const double x = stats_value(stats->type, data + i * size);

		if (isfinite(x))
			values[finite++] = x;
		stats->nan += isnan(x) ? 1 : 0;
		stats->inf += x == INFINITY;
		stats->neg_inf += x == -INFINITY;
		stats->negative += x == -INFINITY;
	}
	if (finite == 0)
		return;
	stats->ops->sums[STATS_F64]((const uint8_t *)values, finite, &sums);
	take_extremes(stats, &sums);
	if (isfinite(sums.squares))
		take_sums(stats, &sums, finite);
	else
		add_huge(stats, values, finite);
}

static void add_floating(struct stats *stats, const uint8_t *data, size_t count)
{
	struct stats_sums sums;

	stats->ops->sums[stats->type](data, count, &sums);
	if (!isfinite(sums.squares) ||
	    (stats->type == STATS_F16 && (sums.max > STATS_HALF_MAX || sums.min < -STATS_HALF_MAX))) {
		add_some(stats, data, count);
		return;
	}
	take_extremes(stats, &sums);
	take_sums(stats, &sums, count);
}

/* What a double holds exactly. */
static void add_integers(struct stats *stats, const uint8_t *data, size_t count)
{
	struct stats_sums sums;

	stats->ops->sums[stats->type](data, count, &sums);
	take_extremes(stats, &sums);
	take_sums(stats, &sums, count);
}

static void take_wide_extremes(struct stats *stats, const struct stats_sums *sums, uint64_t flip)
{
	const uint64_t min_u = (uint64_t)sums->min_i ^ flip;
	const uint64_t max_u = (uint64_t)sums->max_i ^ flip;

	stats->min_i = sums->min_i < stats->min_i ? sums->min_i : stats->min_i;
	stats->max_i = sums->max_i > stats->max_i ? sums->max_i : stats->max_i;
	stats->min_u = min_u < stats->min_u ? min_u : stats->min_u;
	stats->max_u = max_u > stats->max_u ? max_u : stats->max_u;
	stats->zero += sums->zero;
	stats->negative += flip == 0 ? sums->negative : 0;
}

/* The short way is exact but for the last addition; far apart, numbers are rounded to doubles one by one. */
static void add_wide(struct stats *stats, const uint8_t *data, size_t count)
{
	const uint64_t flip = stats->type == STATS_U64 ? (uint64_t)1 << 63 : 0;
	double values[STATS_BLOCK];
	struct stats_sums sums;

	stats->ops->wide(data, count, flip, &sums);
	take_wide_extremes(stats, &sums, flip);
	if ((uint64_t)sums.max_i - (uint64_t)sums.min_i < STATS_NARROW) {
		sums.pivot = stats_value(stats->type, data);
		take_sums(stats, &sums, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		values[i] = stats_value(stats->type, data + i * sizeof(int64_t));
	stats->ops->sums[STATS_F64]((const uint8_t *)values, count, &sums);
	take_sums(stats, &sums, count);
}

/* Four tables, so that equal neighbours do not wait for each other. */
static void add_bytes(struct stats *stats, const uint8_t *data, size_t count)
{
	uint16_t tables[4][256] = { { 0 } };
	size_t i = 0;

	for (; i + 8 <= count; i += 8) {
		uint64_t word;

		memcpy(&word, data + i, sizeof(word));
		for (unsigned int shift = 0; shift < 64; shift += 32) {
			tables[0][word >> shift & 255]++;
			tables[1][word >> (shift + 8) & 255]++;
			tables[2][word >> (shift + 16) & 255]++;
			tables[3][word >> (shift + 24) & 255]++;
		}
	}
	for (; i < count; i++)
		tables[0][data[i]]++;
	for (i = 0; i < 256; i++)
		stats->bytes[i] += (uint64_t)tables[0][i] + tables[1][i] + tables[2][i] + tables[3][i];
}

/* Blocks of bytes are as large as the tables can count. */
#define BYTES_BLOCK ((size_t)32768)

void stats_add(struct stats *stats, const void *data, size_t count)
{
	const size_t size = stats_size(stats->type);
	const size_t most = size == 1 ? BYTES_BLOCK : STATS_BLOCK;
	const uint8_t *at = data;

	while (count > 0) {
		const size_t block = count < most ? count : most;

		if (size == 1)
			add_bytes(stats, at, block);
		else if (stats_is_floating(stats->type))
			add_floating(stats, at, block);
		else if (size == 8)
			add_wide(stats, at, block);
		else
			add_integers(stats, at, block);
		at += block * size;
		count -= block;
	}
}

static void finish_bytes(struct stats *stats)
{
	for (int i = 0; i < 256; i++) {
		const uint8_t byte = (uint8_t)i;
		const double value = stats_value(stats->type, &byte);
		const uint64_t count = stats->bytes[i];

		if (count == 0)
			continue;
		stats->zero += value == 0 ? count : 0;
		stats->negative += value < 0 ? count : 0;
		stats->min = value < stats->min ? value : stats->min;
		stats->max = value > stats->max ? value : stats->max;
		merge(stats, count, value, 0);
	}
}

void stats_finish(struct stats *stats)
{
	const size_t size = stats_size(stats->type);

	if (size == 1)
		finish_bytes(stats);
	if (stats->finite == 0 || stats_is_floating(stats->type))
		return;
	if (size < 8) {
		stats->min_i = (int64_t)stats->min;
		stats->max_i = (int64_t)stats->max;
		stats->min_u = (uint64_t)stats->min_i;
		stats->max_u = (uint64_t)stats->max_i;
	} else {
		stats->min = stats->type == STATS_U64 ? (double)stats->min_u : (double)stats->min_i;
		stats->max = stats->type == STATS_U64 ? (double)stats->max_u : (double)stats->max_i;
	}
}

double stats_mean(const struct stats *stats)
{
	if (stats->finite == 0)
		return NAN;
	return stats->is_scaled ? stats->mean * UNIT : stats->mean;
}

double stats_std(const struct stats *stats)
{
	double deviation;

	if (stats->finite == 0 || (stats->min < stats->max && stats->max - stats->min < SPREAD_MIN))
		return NAN;
	deviation = sqrt(stats->m2 / (double)stats->finite);
	return stats->is_scaled ? deviation * UNIT : deviation;
}
