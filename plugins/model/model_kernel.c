/* SPDX-License-Identifier: Apache-2.0 */
#include "model_kernel.h"

#include <math.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "elements are used as they stand in a file, which is little-endian"
#endif

/* Elements in a block: its doubles stay in the first-level cache. */
#define BLOCK 1024

const struct model_dtype model_dtypes[MODEL_DTYPE_COUNT] = {
	[MODEL_BOOL] = { "BOOL", "bool", 6, 8 },
	[MODEL_F4] = { "F4", "float4_e2m1fn", 17, 4 },
	[MODEL_F6_E2M3] = { "F6_E2M3", "float6_e2m3fn", 15, 6 },
	[MODEL_F6_E3M2] = { "F6_E3M2", "float6_e3m2fn", 16, 6 },
	[MODEL_U8] = { "U8", "uint8", 1, 8 },
	[MODEL_I8] = { "I8", "int8", 0, 8 },
	[MODEL_F8_E5M2] = { "F8_E5M2", "float8_e5m2", 12, 8 },
	[MODEL_F8_E4M3] = { "F8_E4M3", "float8_e4m3fn", 10, 8 },
	[MODEL_F8_E8M0] = { "F8_E8M0", "float8_e8m0fnu", 14, 8 },
	[MODEL_F8_E4M3FNUZ] = { "F8_E4M3FNUZ", "float8_e4m3fnuz", 11, 8 },
	[MODEL_F8_E5M2FNUZ] = { "F8_E5M2FNUZ", "float8_e5m2fnuz", 13, 8 },
	[MODEL_I16] = { "I16", "int16", 0, 16 },
	[MODEL_U16] = { "U16", "uint16", 1, 16 },
	[MODEL_F16] = { "F16", "float16", 2, 16 },
	[MODEL_BF16] = { "BF16", "bfloat16", 4, 16 },
	[MODEL_I32] = { "I32", "int32", 0, 32 },
	[MODEL_U32] = { "U32", "uint32", 1, 32 },
	[MODEL_F32] = { "F32", "float32", 2, 32 },
	[MODEL_C64] = { "C64", "complex64", 5, 64 },
	[MODEL_F64] = { "F64", "float64", 2, 64 },
	[MODEL_I64] = { "I64", "int64", 0, 64 },
	[MODEL_U64] = { "U64", "uint64", 1, 64 },
};

/* Vectors of 16 bytes, the size that every machine has. */
typedef uint16_t u16_vector __attribute__((vector_size(16)));
typedef uint32_t u32_vector __attribute__((vector_size(16)));
typedef float f32_pair __attribute__((vector_size(8)));
typedef float f32_vector __attribute__((vector_size(16)));
typedef double f64_vector __attribute__((vector_size(16)));
typedef int64_t i64_vector __attribute__((vector_size(16)));

int model_dtype_find(uint8_t code, uint8_t bits)
{
	for (int i = 0; i < MODEL_DTYPE_COUNT; i++) {
		if (model_dtypes[i].code == code && model_dtypes[i].bits == bits)
			return i;
	}
	return -1;
}

struct model_size model_size_of(uint8_t dtype, const int64_t *shape, int32_t ndim)
{
	int64_t bits = model_dtypes[dtype].bits;
	bool empty = false;

	for (int32_t i = 0; i < ndim; i++) {
		if (shape[i] < 0)
			return (struct model_size){ .fault = MODEL_SIZE_NEGATIVE };
		if (shape[i] == 0)
			empty = true;
		else if (__builtin_mul_overflow(bits, shape[i], &bits))
			return (struct model_size){ .fault = MODEL_SIZE_OVERFLOW };
	}
	if (empty)
		return (struct model_size){ .fault = MODEL_SIZE_OK };
	if (bits % 8 != 0)
		return (struct model_size){ .fault = MODEL_SIZE_MISALIGNED };
	return (struct model_size){ .count = (uint64_t)bits / model_dtypes[dtype].bits,
				    .bytes = (uint64_t)bits / 8 };
}

bool model_stats_has(uint8_t dtype)
{
	return dtype == MODEL_F16 || dtype == MODEL_BF16 || dtype == MODEL_F32 || dtype == MODEL_F64;
}

/* One element.  A half is a float with its exponent moved: the product sets the bias right. */
static double widen_one(uint8_t dtype, const uint8_t *at)
{
	uint16_t half;
	uint32_t word;
	float single;
	double number;

	if (dtype == MODEL_F64) {
		memcpy(&number, at, sizeof(number));
		return number;
	}
	if (dtype == MODEL_F32) {
		memcpy(&single, at, sizeof(single));
		return (double)single;
	}
	memcpy(&half, at, sizeof(half));
	if (dtype == MODEL_BF16) {
		word = (uint32_t)half << 16;
		memcpy(&single, &word, sizeof(single));
		return (double)single;
	}
	if ((half & 0x7C00) == 0x7C00)
		return half & 0x03FF ? NAN : INFINITY;
	word = (uint32_t)(half & 0x7FFF) << 13 | (uint32_t)(half & 0x8000) << 16;
	memcpy(&single, &word, sizeof(single));
	return (double)(single * 0x1p112f);
}

/* Four floats to doubles. */
static inline void store_wide(double *to, const f32_vector *single)
{
	f32_pair pairs[2];

	memcpy(pairs, single, sizeof(pairs));
	for (size_t i = 0; i < 2; i++) {
		const f64_vector wide = __builtin_convertvector(pairs[i], f64_vector);

		memcpy(to + 2 * i, &wide, sizeof(wide));
	}
}

/* x * 0 is 0 for what is finite, and NaN for what is not: so is a sum of them. */
static bool widen_f64(double *to, const uint8_t *from)
{
	f64_vector zeros = { 0 };

	for (size_t i = 0; i < BLOCK; i += 2) {
		f64_vector x;

		memcpy(&x, from + i * 8, sizeof(x));
		memcpy(to + i, &x, sizeof(x));
		zeros += x * 0.0;
	}
	return zeros[0] + zeros[1] == 0;
}

static bool widen_f32(double *to, const uint8_t *from)
{
	f32_vector zeros = { 0 };

	for (size_t i = 0; i < BLOCK; i += 4) {
		f32_vector x;

		memcpy(&x, from + i * 4, sizeof(x));
		zeros += x * 0.0f;
		store_wide(to + i, &x);
	}
	return zeros[0] + zeros[1] + zeros[2] + zeros[3] == 0;
}

/* The 16 bits of each element become the upper or the lower half of a word, by interleaving with zeros. */
static inline f32_vector widen_words(u32_vector word, bool brain)
{
	f32_vector single;

	if (brain)
		word = word << 16;
	else
		word = (word & 0x7FFF) << 13 | (word & 0x8000) << 16;
	memcpy(&single, &word, sizeof(single));
	return brain ? single : single * 0x1p112f;
}

static inline bool widen_16(double *to, const uint8_t *from, bool brain)
{
	const uint16_t exponent = brain ? 0x7F80 : 0x7C00;
	const u16_vector none = { 0 };
	u16_vector special = { 0 };
	uint64_t any[2];

	for (size_t i = 0; i < BLOCK; i += 8) {
		u16_vector half;
		f32_vector single;

		memcpy(&half, from + i * 2, sizeof(half));
		special |= (u16_vector)((half & exponent) == exponent);
		single = widen_words(
			(u32_vector)__builtin_shufflevector(half, none, 0, 8, 1, 9, 2, 10, 3, 11), brain);
		store_wide(to + i, &single);
		single = widen_words(
			(u32_vector)__builtin_shufflevector(half, none, 4, 12, 5, 13, 6, 14, 7, 15), brain);
		store_wide(to + i + 4, &single);
	}
	memcpy(any, &special, sizeof(any));
	return (any[0] | any[1]) == 0;
}

/* Makes doubles of a whole block; false when one of them is not finite. */
static bool widen_block(uint8_t dtype, double *to, const uint8_t *from)
{
	if (dtype == MODEL_F64)
		return widen_f64(to, from);
	if (dtype == MODEL_F32)
		return widen_f32(to, from);
	return dtype == MODEL_BF16 ? widen_16(to, from, true) : widen_16(to, from, false);
}

/* Makes doubles of the finite elements only, and counts the others.  Returns how many there are. */
static size_t widen_some(struct model_stats *stats, uint8_t dtype, double *to, const uint8_t *from,
			 size_t count)
{
	const size_t size = model_dtypes[dtype].bits / 8;
	size_t finite = 0;

	for (size_t i = 0; i < count; i++) {
		const double number = widen_one(dtype, from + i * size);

		if (isfinite(number))
			to[finite++] = number;
		else if (isnan(number))
			stats->nan++;
		else
			stats->infinite++;
	}
	return finite;
}

/* Sums of one block, taken from a @shift near the mean so that little is lost. */
struct sums {
	double sum;
	double squares;
	double min;
	double max;
	uint64_t zeros;
};

static void sum_one(struct sums *sums, double number, double shift)
{
	const double distance = number - shift;

	sums->sum += distance;
	sums->squares += distance * distance;
	sums->min = number < sums->min ? number : sums->min;
	sums->max = number > sums->max ? number : sums->max;
	sums->zeros += number == 0;
}

/* The running sums of two lanes. */
struct lanes {
	f64_vector sum;
	f64_vector squares;
	f64_vector min;
	f64_vector max;
	i64_vector zeros;
};

static inline void sum_two(struct lanes *lanes, const double *numbers, double shift)
{
	f64_vector x;
	f64_vector distance;
	i64_vector less;
	i64_vector more;

	memcpy(&x, numbers, sizeof(x));
	distance = x - shift;
	lanes->sum += distance;
	lanes->squares += distance * distance;
	less = x < lanes->min;
	more = x > lanes->max;
	lanes->min = (f64_vector)((less & (i64_vector)x) | (~less & (i64_vector)lanes->min));
	lanes->max = (f64_vector)((more & (i64_vector)x) | (~more & (i64_vector)lanes->max));
	lanes->zeros -= x == 0.0;
}

static void sum_add(struct sums *sums, const struct lanes *lanes)
{
	for (size_t i = 0; i < 2; i++) {
		sums->sum += lanes->sum[i];
		sums->squares += lanes->squares[i];
		sums->min = lanes->min[i] < sums->min ? lanes->min[i] : sums->min;
		sums->max = lanes->max[i] > sums->max ? lanes->max[i] : sums->max;
		sums->zeros += (uint64_t)lanes->zeros[i];
	}
}

static struct sums sum_lanes(const double *numbers, size_t count, double shift)
{
	struct sums sums = { .min = numbers[0], .max = numbers[0] };
	const f64_vector first = { numbers[0], numbers[0] };
	const struct lanes start = { .min = first, .max = first };
	struct lanes a = start;
	struct lanes b = start;

	/* More at once would not fit into the registers. */
	for (size_t i = 0; i < count; i += 4) {
		sum_two(&a, numbers + i, shift);
		sum_two(&b, numbers + i + 2, shift);
	}
	sum_add(&sums, &a);
	sum_add(&sums, &b);
	return sums;
}

static void add_block(struct model_stats *stats, const double *numbers, size_t count)
{
	const double shift = stats->finite > 0 ? stats->mean : numbers[0];
	struct sums sums = sum_lanes(numbers, count / 4 * 4, shift);
	const double n = (double)count;
	const double all = (double)stats->finite + n;
	double delta;
	double squares;

	for (size_t i = count / 4 * 4; i < count; i++)
		sum_one(&sums, numbers[i], shift);
	/* Chan, Golub, LeVeque: two sets into one. */
	squares = sums.squares - sums.sum * (sums.sum / n);
	delta = shift + sums.sum / n - stats->mean;
	if (stats->finite == 0) {
		*stats = (struct model_stats){ .nan = stats->nan, .infinite = stats->infinite };
		stats->mean = shift + sums.sum / n;
		stats->m2 = squares > 0 ? squares : 0;
		stats->min = sums.min;
		stats->max = sums.max;
	} else {
		stats->m2 += (squares > 0 ? squares : 0) + delta * delta * ((double)stats->finite * n / all);
		stats->mean += delta * (n / all);
		stats->min = sums.min < stats->min ? sums.min : stats->min;
		stats->max = sums.max > stats->max ? sums.max : stats->max;
	}
	stats->finite += count;
	stats->zero += sums.zeros;
}

void model_stats_add(struct model_stats *stats, uint8_t dtype, const void *bytes, size_t count)
{
	const size_t size = model_dtypes[dtype].bits / 8;
	const uint8_t *from = bytes;
	double numbers[BLOCK];

	while (count > 0) {
		const size_t piece = count < BLOCK ? count : BLOCK;
		size_t finite = piece;

		if (piece < BLOCK || !widen_block(dtype, numbers, from))
			finite = widen_some(stats, dtype, numbers, from, piece);
		if (finite > 0)
			add_block(stats, numbers, finite);
		from += piece * size;
		count -= piece;
	}
}

double model_stats_std(const struct model_stats *stats)
{
	return stats->finite > 0 ? sqrt(stats->m2 / (double)stats->finite) : NAN;
}

/* The size is a constant in each call, so that a copy is one load and one store. */
static inline void gather(uint8_t *to, const uint8_t *from, size_t count, ptrdiff_t stride, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		memcpy(to, from, size);
		to += size;
		from = (const uint8_t *)((uintptr_t)from + (uintptr_t)stride);
	}
}

void model_gather(uint8_t *to, const uint8_t *from, size_t count, ptrdiff_t stride, size_t size)
{
	switch (size) {
	case 1:
		gather(to, from, count, stride, 1);
		break;
	case 2:
		gather(to, from, count, stride, 2);
		break;
	case 4:
		gather(to, from, count, stride, 4);
		break;
	case 8:
		gather(to, from, count, stride, 8);
		break;
	default:
		gather(to, from, count, stride, size);
		break;
	}
}
