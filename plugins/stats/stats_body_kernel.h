/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The loops of struct stats_ops, written once: each stats_<target>_kernel.c includes this file behind its own
 * STATS_TARGET (attribute of every function), STATS_VECTOR (bytes of a vector of doubles), STATS_TABLE (the
 * name of the table), least() and most() of two vectors (the second where they are equal), and
 * words_of_u16().  Alone it is empty.
 *
 * Thread: pure.
 */
#ifdef STATS_TARGET

#include <string.h>

#define WIDTH	(STATS_VECTOR / sizeof(double))
#define VECTORS (STATS_LANES / WIDTH)
#define INLINE	static inline __attribute__((always_inline)) STATS_TARGET

/* clang does so by itself. */
#ifdef __clang__
#define UNROLLED
#else
#define UNROLLED _Pragma("GCC unroll 4")
#endif

/* The integers that go with vectors of doubles: 64 bits a lane, and 32 in half a vector. */
typedef int64_t longs __attribute__((vector_size(STATS_VECTOR)));
typedef float floats __attribute__((vector_size(STATS_VECTOR / 2)));
typedef int16_t shorts __attribute__((vector_size(STATS_VECTOR / 4)));

/* The lanes, as vectors. */
struct running {
	doubles sum[VECTORS];
	doubles squares[VECTORS];
	doubles min[VECTORS];
	doubles max[VECTORS];
	longs zero[VECTORS];
	longs negative[VECTORS];
};

INLINE doubles same(double x)
{
	return x - (doubles){ 0 };
}

INLINE void running_init(struct running *r)
{
	memset(r, 0, sizeof(*r));
	UNROLLED
	for (size_t v = 0; v < VECTORS; v++) {
		r->min[v] = same(__builtin_inf());
		r->max[v] = same(-__builtin_inf());
	}
}

INLINE void running_add(struct running *r, size_t v, doubles x, doubles pivot)
{
	const doubles distance = x - pivot;

	r->sum[v] += distance;
	r->squares[v] += distance * distance;
	r->min[v] = least(x, r->min[v]);
	r->max[v] = most(x, r->max[v]);
	r->zero[v] -= (longs)(x == 0);
	r->negative[v] -= (longs)(x < 0);
}

INLINE double lanes_sum(const doubles *lanes)
{
	double all[STATS_LANES];

	memcpy(all, lanes, sizeof(all));
	return ((all[0] + all[4]) + (all[2] + all[6])) + ((all[1] + all[5]) + (all[3] + all[7]));
}

INLINE uint64_t lanes_count(const longs *lanes)
{
	uint64_t count = 0;

	for (size_t i = 0; i < STATS_LANES; i++)
		count += (uint64_t)lanes[i / WIDTH][i % WIDTH];
	return count;
}

/* @padding: how many numbers, equal to the pivot, were put behind the last one. */
INLINE void running_take(const struct running *r, double pivot, uint64_t padding, struct stats_sums *ret)
{
	*ret = (struct stats_sums){ .pivot = pivot,
				    .sum = lanes_sum(r->sum),
				    .squares = lanes_sum(r->squares),
				    .min = __builtin_inf(),
				    .max = -__builtin_inf(),
				    .zero = lanes_count(r->zero) - (pivot == 0 ? padding : 0),
				    .negative = lanes_count(r->negative) - (pivot < 0 ? padding : 0) };
	for (size_t i = 0; i < STATS_LANES; i++) {
		const double min = r->min[i / WIDTH][i % WIDTH];
		const double max = r->max[i / WIDTH][i % WIDTH];

		ret->min = min < ret->min ? min : ret->min;
		ret->max = max > ret->max ? max : ret->max;
	}
}

/* A vector of doubles of each type. */

INLINE doubles load_f64(const uint8_t *from)
{
	doubles x;

	memcpy(&x, from, sizeof(x));
	return x;
}

INLINE doubles load_f32(const uint8_t *from)
{
	floats x;

	memcpy(&x, from, sizeof(x));
	return __builtin_convertvector(x, doubles);
}

INLINE doubles load_i32(const uint8_t *from)
{
	ints x;

	memcpy(&x, from, sizeof(x));
	return __builtin_convertvector(x, doubles);
}

/* As if it were signed, and what that takes away put back. */
INLINE doubles load_u32(const uint8_t *from)
{
	ints x;

	memcpy(&x, from, sizeof(x));
	return __builtin_convertvector(x ^ INT32_MIN, doubles) + 0x1p31;
}

INLINE doubles load_u16(const uint8_t *from)
{
	return __builtin_convertvector(words_of_u16(from), doubles);
}

INLINE doubles load_i16(const uint8_t *from)
{
	return __builtin_convertvector((words_of_u16(from) ^ 0x8000) - 0x8000, doubles);
}

/* A bfloat16 is the upper half of a float. */
INLINE doubles load_bf16(const uint8_t *from)
{
	return __builtin_convertvector((floats)(words_of_u16(from) << 16), doubles);
}

/*
 * The exponent of a half is moved to that of a float by a product, which also makes subnormals right; what is
 * not finite comes out as 2^16 or more.
 */
INLINE doubles load_f16(const uint8_t *from)
{
	const ints half = words_of_u16(from);
	const ints bits = (half & 0x7FFF) << 13 | (half & 0x8000) << 16;

	return __builtin_convertvector((floats)bits * 0x1p112f, doubles);
}

/* The rest is filled up with the first number, at no distance from itself. */
#define SUMS(type, item_size)                                                                                \
	INLINE void type##_groups(struct running *r, const uint8_t *data, size_t count, doubles pivot)       \
	{                                                                                                    \
		for (size_t i = 0; i < count; i += STATS_LANES) {                                            \
			UNROLLED                                                                             \
			for (size_t v = 0; v < VECTORS; v++)                                                 \
				running_add(r, v, load_##type(data + (i + v * WIDTH) * (item_size)), pivot); \
		}                                                                                            \
	}                                                                                                    \
                                                                                                             \
	static STATS_TARGET void type##_sums(const uint8_t *data, size_t count, struct stats_sums *ret)      \
	{                                                                                                    \
		const size_t whole = count - count % STATS_LANES;                                            \
		uint8_t last[STATS_LANES * (item_size)];                                                     \
		struct running running;                                                                      \
		doubles pivot;                                                                               \
                                                                                                             \
		for (size_t i = 0; i < STATS_LANES; i++)                                                     \
			memcpy(last + i * (item_size), data, item_size);                                     \
		pivot = load_##type(last);                                                                   \
		memcpy(last, data + whole * (item_size), (count - whole) * (item_size));                     \
		running_init(&running);                                                                      \
		type##_groups(&running, data, whole, pivot);                                                 \
		if (whole < count)                                                                           \
			type##_groups(&running, last, STATS_LANES, pivot);                                   \
		running_take(&running, pivot[0], whole < count ? STATS_LANES - (count - whole) : 0, ret);    \
	}

SUMS(f64, 8)
SUMS(f32, 4)
SUMS(i32, 4)
SUMS(u32, 4)
SUMS(u16, 2)
SUMS(i16, 2)
SUMS(bf16, 2)
SUMS(f16, 2)

/* Of the last ones a vector is filled up with zeros. */
#define VALUES(type, item_size)                                                                              \
	static STATS_TARGET void type##_values(const uint8_t *data, size_t count, double *ret)               \
	{                                                                                                    \
		const size_t whole = count - count % WIDTH;                                                  \
		uint8_t last[WIDTH * (item_size)] = { 0 };                                                   \
		doubles x;                                                                                   \
                                                                                                             \
		for (size_t i = 0; i < whole; i += WIDTH) {                                                  \
			x = load_##type(data + i * (item_size));                                             \
			memcpy(ret + i, &x, sizeof(x));                                                      \
		}                                                                                            \
		memcpy(last, data + whole * (item_size), (count - whole) * (item_size));                     \
		x = load_##type(last);                                                                       \
		memcpy(ret + whole, &x, (count - whole) * sizeof(*ret));                                     \
	}

VALUES(f64, 8)
VALUES(f32, 4)
VALUES(i32, 4)
VALUES(u32, 4)
VALUES(u16, 2)
VALUES(i16, 2)
VALUES(bf16, 2)

/* Halves, as a whole distance may be beyond a double.  Where there is no distance all is on the first step. */
INLINE ints step_of(const double *value, const struct stats_scale *scale)
{
	const double width = scale->until / 2 - scale->from / 2;
	doubles at = { 0 };
	doubles x;
	longs is_finite;

	memcpy(&x, value, sizeof(x));
	is_finite = (longs)(x - x == 0);
	if (width > 0)
		at = (x / 2 - scale->from / 2) / width * scale->per_width;
	at = least(most(at, same(0)), same(scale->last)) + scale->round;
	at = (doubles)(((longs)at & is_finite) | ((longs)same(-1) & ~is_finite));
	return __builtin_convertvector(at, ints);
}

static STATS_TARGET void steps(const double *values, size_t count, const struct stats_scale *given,
			       int32_t *ret)
{
	/* A copy, which nothing that is written can change. */
	const struct stats_scale own = *given;
	const struct stats_scale *const scale = &own;
	const size_t whole = count - count % WIDTH;
	double last[WIDTH] = { 0 };
	ints step;

	for (size_t i = 0; i < whole; i += WIDTH) {
		step = step_of(values + i, scale);
		memcpy(ret + i, &step, sizeof(step));
	}
	memcpy(last, values + whole, (count - whole) * sizeof(*last));
	step = step_of(last, scale);
	memcpy(ret + whole, &step, (count - whole) * sizeof(*ret));
}

/* Integers of 64 bits. */
struct wide_running {
	doubles sum[VECTORS];
	doubles squares[VECTORS];
	longs min[VECTORS];
	longs max[VECTORS];
	longs zero[VECTORS];
	longs negative[VECTORS];
};

INLINE longs pick(longs mask, longs a, longs b)
{
	return (a & mask) | (b & ~mask);
}

/* The bits of 1.5 * 2^52: an integer below 2^51 is added to them, and is the rest of that double. */
#define MAGIC_BITS ((int64_t)0x4338000000000000)

INLINE void wide_add(struct wide_running *r, size_t v, const uint8_t *from, longs flip, int64_t pivot)
{
	longs x;
	doubles distance;

	memcpy(&x, from, sizeof(x));
	r->zero[v] -= x == 0;
	x ^= flip;
	r->min[v] = pick(x < r->min[v], x, r->min[v]);
	r->max[v] = pick(x > r->max[v], x, r->max[v]);
	r->negative[v] -= x < 0;
	/* Wraps round where the short way is not taken in the end. */
	distance = (doubles)(longs)((ulongs)x - (uint64_t)pivot + (uint64_t)MAGIC_BITS) - 0x1.8p52;
	r->sum[v] += distance;
	r->squares[v] += distance * distance;
}

INLINE void wide_groups(struct wide_running *r, const uint8_t *data, size_t count, longs flip, int64_t pivot)
{
	for (size_t i = 0; i < count; i += STATS_LANES) {
		UNROLLED
		for (size_t v = 0; v < VECTORS; v++)
			wide_add(r, v, data + (i + v * WIDTH) * sizeof(int64_t), flip, pivot);
	}
}

static STATS_TARGET void wide_sums(const uint8_t *data, size_t count, uint64_t flip, struct stats_sums *ret)
{
	const size_t whole = count - count % STATS_LANES;
	const longs flips = (int64_t)flip - (longs){ 0 };
	int64_t last[STATS_LANES];
	struct wide_running r = { 0 };
	uint64_t padding = whole < count ? STATS_LANES - (count - whole) : 0;
	int64_t raw;
	int64_t pivot;

	memcpy(&raw, data, sizeof(raw));
	pivot = (int64_t)((uint64_t)raw ^ flip);
	for (size_t v = 0; v < VECTORS; v++) {
		r.min[v] = pivot - (longs){ 0 };
		r.max[v] = r.min[v];
	}
	wide_groups(&r, data, whole, flips, pivot);
	for (size_t i = 0; i < STATS_LANES; i++)
		last[i] = raw;
	memcpy(last, data + whole * sizeof(raw), (count - whole) * sizeof(raw));
	if (whole < count)
		wide_groups(&r, (const uint8_t *)last, STATS_LANES, flips, pivot);
	*ret = (struct stats_sums){ .sum = lanes_sum(r.sum),
				    .squares = lanes_sum(r.squares),
				    .min_i = pivot,
				    .max_i = pivot,
				    .zero = lanes_count(r.zero) - (raw == 0 ? padding : 0),
				    .negative = lanes_count(r.negative) - (pivot < 0 ? padding : 0) };
	for (size_t i = 0; i < STATS_LANES; i++) {
		const int64_t min = r.min[i / WIDTH][i % WIDTH];
		const int64_t max = r.max[i / WIDTH][i % WIDTH];

		ret->min_i = min < ret->min_i ? min : ret->min_i;
		ret->max_i = max > ret->max_i ? max : ret->max_i;
	}
}

const struct stats_ops STATS_TABLE = { .sums = { [STATS_U16] = u16_sums,
						 [STATS_I16] = i16_sums,
						 [STATS_U32] = u32_sums,
						 [STATS_I32] = i32_sums,
						 [STATS_F16] = f16_sums,
						 [STATS_BF16] = bf16_sums,
						 [STATS_F32] = f32_sums,
						 [STATS_F64] = f64_sums },
				       .wide = wide_sums,
				       .values = { [STATS_U16] = u16_values,
						   [STATS_I16] = i16_values,
						   [STATS_U32] = u32_values,
						   [STATS_I32] = i32_values,
						   [STATS_BF16] = bf16_values,
						   [STATS_F32] = f32_values,
						   [STATS_F64] = f64_values },
				       .steps = steps };

#endif
