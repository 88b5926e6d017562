/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "npytest.h"
#include "numpy_kernel.h"

START_TEST(swapping_turns_each_number_round_at_any_address)
{
	const char *const from = "0123456789abcdef";
	static const struct {
		size_t width;
		const char *to;
	} rows[] = { { 1, "0123456789abcdef" }, { 2, "1032547698badcfe" }, { 4, "32107654ba98fedc" },
		     { 8, "76543210fedcba98" } };

	for (size_t i = 0; i < 4; i++) {
		for (size_t shift = 0; shift < 3; shift++) {
			char data[20];

			memcpy(data + shift, from, 16);
			npy_swap(data + shift, 16, rows[i].width);
			ck_assert_mem_eq(data + shift, rows[i].to, 16);
		}
	}
}
END_TEST

/* Walks in steps of @step and compares with the plain loop over three dimensions. */
static void walk_like_a_loop(size_t item_size, const uint64_t *size, const int64_t *stride, size_t step)
{
	uint8_t memory[4096];
	uint8_t expected[1024];
	uint8_t actual[1024];
	const uint8_t *base = memory + 2048;
	const size_t count = (size_t)(size[0] * size[1] * size[2]);
	struct npy_walk walk;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)(i * 31 + i / 256);
	for (size_t i = 0; i < count; i++) {
		const int64_t a = (int64_t)(i / (size[1] * size[2]));
		const int64_t b = (int64_t)(i / size[2] % size[1]);
		const int64_t c = (int64_t)(i % size[2]);

		memcpy(expected + i * item_size, base + a * stride[0] + b * stride[1] + c * stride[2], item_size);
	}
	npy_walk_init(&walk, base, item_size, 3, size, stride);
	while (at < count) {
		const size_t part = count - at < step ? count - at : step;

		npy_walk_fill(&walk, actual + at * item_size, part);
		at += part;
	}
	ck_assert_mem_eq(actual, expected, count * item_size);
}

START_TEST(a_walk_gives_the_elements_in_order_whatever_the_strides_and_steps)
{
	static const size_t items[] = { 1, 2, 4, 8, 16, 3 };
	static const uint64_t sizes[][3] = { { 2, 3, 4 }, { 1, 1, 1 }, { 1, 7, 1 }, { 3, 1, 5 }, { 4, 4, 1 } };

	for (size_t k = 0; k < 6; k++) {
		const int64_t item = (int64_t)items[k];

		for (size_t s = 0; s < 5; s++) {
			const int64_t b = (int64_t)sizes[s][1];
			const int64_t c = (int64_t)sizes[s][2];
			const int64_t strides[][3] = {
				{ b * c * item, c * item, item },      { item, 4 * item, 16 * item },
				{ -b * c * item, c * item, -item },    { 0, item, 0 },
				{ 2 * b * c * item, 2 * c * item, 2 * item }, { 7, -13, 5 },
			};

			for (size_t t = 0; t < 6; t++) {
				for (size_t step = 1; step < 12; step += 5)
					walk_like_a_loop(items[k], sizes[s], strides[t], step);
			}
		}
	}
}
END_TEST

START_TEST(dimensions_that_lie_as_one_are_joined)
{
	static const uint64_t size[] = { 2, 1, 3, 4 };
	static const int64_t flat[] = { 48, -7, 16, 4 };
	static const int64_t gap[] = { 64, 0, 16, 4 };
	uint8_t memory[128] = { 0 };
	struct npy_walk walk;

	npy_walk_init(&walk, memory, 4, 4, size, flat);
	ck_assert_int_eq(walk.rank, 1);
	ck_assert(npy_walk_is_flat(&walk));
	npy_walk_init(&walk, memory, 4, 4, size, gap);
	ck_assert_int_eq(walk.rank, 2);
	ck_assert(!npy_walk_is_flat(&walk));
}
END_TEST

/* Aligned, and long enough for whole blocks, their ends, and odd counts. */
#define COUNT_MAX 10000
static double doubles[COUNT_MAX] __attribute__((aligned(64)));
static float floats[COUNT_MAX] __attribute__((aligned(64)));

static double value_of(size_t i)
{
	const double value = (double)((i * 2654435761u) % 1000) - 400;

	return i % 97 == 5 ? NAN : i % 193 == 7 ? INFINITY : i % 211 == 9 ? -INFINITY : value;
}

/* The same by the textbook. */
static void check_stats(const struct npy_stats *stats, size_t count)
{
	struct npy_stats plain;
	double sum = 0;
	double squares = 0;

	npy_stats_init(&plain);
	for (size_t i = 0; i < count; i++) {
		const double x = value_of(i);

		plain.nan += isnan(x) ? 1 : 0;
		plain.inf += x == INFINITY;
		plain.neg_inf += x == -INFINITY;
		plain.negative += x < 0;
		if (!isfinite(x))
			continue;
		plain.finite++;
		plain.zero += x == 0;
		plain.min_f = fmin(plain.min_f, x);
		plain.max_f = fmax(plain.max_f, x);
		sum += x;
	}
	for (size_t i = 0; i < count; i++)
		squares += isfinite(value_of(i)) ? pow(value_of(i) - sum / (double)plain.finite, 2) : 0;
	ck_assert_uint_eq(stats->finite, plain.finite);
	ck_assert_uint_eq(stats->nan, plain.nan);
	ck_assert_uint_eq(stats->inf, plain.inf);
	ck_assert_uint_eq(stats->neg_inf, plain.neg_inf);
	ck_assert_uint_eq(stats->zero, plain.zero);
	ck_assert_uint_eq(stats->negative, plain.negative);
	ck_assert_double_eq(stats->min_f, plain.min_f);
	ck_assert_double_eq(stats->max_f, plain.max_f);
	if (plain.finite > 0) {
		ck_assert_double_eq_tol(stats->mean, sum / (double)plain.finite, 1e-9);
		ck_assert_double_eq_tol(stats->m2, squares, 1e-9 * squares + 1e-9);
	}
}

START_TEST(floating_statistics_equal_the_textbook_for_every_length)
{
	for (size_t i = 0; i < COUNT_MAX; i++) {
		doubles[i] = value_of(i);
		floats[i] = (float)value_of(i);
	}
	for (size_t count = 0; count < COUNT_MAX; count += count < 300 ? 1 : 997) {
		struct npy_stats stats;

		npy_stats_init(&stats);
		npy_stats_add(&stats, 'f', 8, doubles, count);
		npy_stats_finish(&stats, 'f', 8);
		check_stats(&stats, count);
		npy_stats_init(&stats);
		npy_stats_add(&stats, 'f', 4, floats, count);
		npy_stats_finish(&stats, 'f', 4);
		check_stats(&stats, count);
	}
}
END_TEST

START_TEST(every_half_has_its_value)
{
	for (uint32_t bits = 0; bits < 65536; bits++) {
		const uint16_t half = (uint16_t)bits;
		const int exponent = (half >> 10) & 31;
		const int mantissa = half & 1023;
		const double sign = half & 0x8000 ? -1 : 1;
		const double value = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
		struct npy_stats stats;

		npy_stats_init(&stats);
		npy_stats_add(&stats, 'f', 2, &half, 1);
		ck_assert_uint_eq(stats.nan, exponent == 31 && mantissa != 0);
		ck_assert_uint_eq(stats.inf, half == 0x7C00);
		ck_assert_uint_eq(stats.neg_inf, half == 0xFC00);
		ck_assert_uint_eq(stats.finite, exponent != 31);
		if (exponent != 31)
			ck_assert_double_eq(stats.mean, sign * value);
	}
}
END_TEST

START_TEST(a_large_offset_does_not_drown_the_spread)
{
	struct npy_stats stats;

	for (size_t i = 0; i < COUNT_MAX; i++)
		doubles[i] = 1e9 + (i % 2 ? 1 : -1);
	npy_stats_init(&stats);
	npy_stats_add(&stats, 'f', 8, doubles, COUNT_MAX);
	ck_assert_double_eq_tol(stats.mean, 1e9, 1e-6);
	ck_assert_double_eq_tol(stats.m2 / COUNT_MAX, 1, 1e-9);
}
END_TEST

START_TEST(integers_have_exact_extremes)
{
	static const int64_t i8[] __attribute__((aligned(16))) = { INT64_MIN, 0, INT64_MAX };
	static const uint64_t u8[] __attribute__((aligned(16))) = { UINT64_MAX, 3, UINT64_MAX - 1 };
	static const int16_t i2[] __attribute__((aligned(16))) = { -32768, 5, 32767, 0 };
	static const int8_t i1[] = { -128, 127, 0, 0 };
	static const uint8_t bools[] = { 0, 1, 7 };
	struct npy_stats stats;

	npy_stats_init(&stats);
	npy_stats_add(&stats, 'i', 8, i8, 3);
	ck_assert_int_eq(stats.min_i, INT64_MIN);
	ck_assert_int_eq(stats.max_i, INT64_MAX);
	ck_assert_uint_eq(stats.zero, 1);
	ck_assert_uint_eq(stats.negative, 1);

	npy_stats_init(&stats);
	npy_stats_add(&stats, 'u', 8, u8, 3);
	ck_assert_uint_eq(stats.min_u, 3);
	ck_assert_uint_eq(stats.max_u, UINT64_MAX);

	npy_stats_init(&stats);
	npy_stats_add(&stats, 'i', 2, i2, 4);
	ck_assert_int_eq(stats.min_i, -32768);
	ck_assert_int_eq(stats.max_i, 32767);
	ck_assert_double_eq(stats.mean, 1);

	npy_stats_init(&stats);
	npy_stats_add(&stats, 'i', 1, i1, 4);
	npy_stats_finish(&stats, 'i', 1);
	ck_assert_int_eq(stats.min_i, -128);
	ck_assert_int_eq(stats.max_i, 127);
	ck_assert_uint_eq(stats.zero, 2);
	ck_assert_double_eq(stats.mean, -0.25);
	ck_assert_double_eq_tol(stats.m2, 128. * 128 + 127 * 127 - 4 * 0.0625, 1e-9);

	npy_stats_init(&stats);
	npy_stats_add(&stats, 'b', 1, bools, 3);
	npy_stats_finish(&stats, 'b', 1);
	ck_assert_uint_eq(stats.max_u, 1);
	ck_assert_uint_eq(stats.zero, 1);
	ck_assert_double_eq_tol(stats.mean, 2. / 3, 1e-15);
}
END_TEST

NPYTEST_MAIN("numpy_kernel", swapping_turns_each_number_round_at_any_address,
	     a_walk_gives_the_elements_in_order_whatever_the_strides_and_steps, dimensions_that_lie_as_one_are_joined,
	     floating_statistics_equal_the_textbook_for_every_length, every_half_has_its_value,
	     a_large_offset_does_not_drown_the_spread, integers_have_exact_extremes)
