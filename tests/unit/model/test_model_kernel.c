/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

#include "model_kernel.h"

START_TEST(every_dtype_is_found_by_its_dlpack_type)
{
	for (int i = 0; i < MODEL_DTYPE_COUNT; i++) {
		ck_assert_ptr_nonnull(model_dtypes[i].name);
		ck_assert_int_eq(model_dtype_find(model_dtypes[i].code, model_dtypes[i].bits), i);
	}
	ck_assert_int_eq(model_dtype_find(2, 128), -1);
	ck_assert_int_eq(model_dtype_find(8, 8), -1);
	ck_assert_int_eq(model_dtype_find(255, 0), -1);
}
END_TEST

START_TEST(sizes_are_checked)
{
	static const struct {
		uint8_t dtype;
		int64_t shape[3];
		int fault;
		uint64_t count;
		uint64_t bytes;
	} cases[] = {
		{ MODEL_F32, { 2, 3, 4 }, MODEL_SIZE_OK, 24, 96 },
		{ MODEL_F4, { 1, 1, 2 }, MODEL_SIZE_OK, 2, 1 },
		{ MODEL_F4, { 1, 1, 3 }, MODEL_SIZE_MISALIGNED, 0, 0 },
		{ MODEL_F6_E2M3, { 1, 1, 4 }, MODEL_SIZE_OK, 4, 3 },
		{ MODEL_F4, { 0, 1, 3 }, MODEL_SIZE_OK, 0, 0 },
		{ MODEL_U8, { 1, 1, -1 }, MODEL_SIZE_NEGATIVE, 0, 0 },
		{ MODEL_U8, { 0, 1, -1 }, MODEL_SIZE_NEGATIVE, 0, 0 },
		{ MODEL_U8, { 1, 1, INT64_MAX / 8 }, MODEL_SIZE_OK, INT64_MAX / 8, INT64_MAX / 8 },
		{ MODEL_U8, { 1, 1, INT64_MAX / 8 + 1 }, MODEL_SIZE_OVERFLOW, 0, 0 },
		{ MODEL_U8, { 0, INT64_MAX, 2 }, MODEL_SIZE_OVERFLOW, 0, 0 },
		{ MODEL_C64, { INT64_MAX, INT64_MAX, INT64_MAX }, MODEL_SIZE_OVERFLOW, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct model_size size = model_size_of(cases[i].dtype, cases[i].shape, 3);

		ck_assert_int_eq(size.fault, cases[i].fault);
		ck_assert_uint_eq(size.count, cases[i].count);
		ck_assert_uint_eq(size.bytes, cases[i].bytes);
	}
	ck_assert_uint_eq(model_size_of(MODEL_F64, NULL, 0).bytes, 8);
}
END_TEST

/* The definition of a half, in the slow way. */
static double half_value(uint16_t half)
{
	const int exponent = half >> 10 & 31;
	const double fraction = half & 0x3FF;
	const double sign = half & 0x8000 ? -1 : 1;

	if (exponent == 31)
		return fraction > 0 ? NAN : sign * INFINITY;
	return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

static double brain_value(uint16_t brain)
{
	const uint32_t word = (uint32_t)brain << 16;
	float value;

	memcpy(&value, &word, sizeof(value));
	return (double)value;
}

/* One value alone goes the slow way, 1024 of it the fast way: both must see the value itself. */
static void check_pattern(uint8_t dtype, uint16_t pattern, double value)
{
	uint16_t block[1024];

	for (size_t count = 1; count <= 1024; count += 1023) {
		struct model_stats stats = { 0 };

		for (size_t i = 0; i < count; i++)
			block[i] = pattern;
		model_stats_add(&stats, dtype, block, count);
		ck_assert_uint_eq(stats.nan, isnan(value) ? count : 0);
		ck_assert_uint_eq(stats.infinite, isinf(value) ? count : 0);
		ck_assert_uint_eq(stats.zero, value == 0 ? count : 0);
		ck_assert_uint_eq(stats.finite, isfinite(value) ? count : 0);
		if (isfinite(value)) {
			ck_assert_double_eq(stats.min, value);
			ck_assert_double_eq(stats.max, value);
			ck_assert_double_eq(stats.mean, value);
			ck_assert_double_eq(stats.m2, 0);
		}
	}
}

START_TEST(every_pattern_of_16_bits_has_its_value)
{
	for (uint32_t pattern = 0; pattern < 65536; pattern += pattern % 1024 < 8 ? 1 : 7) {
		check_pattern(MODEL_F16, (uint16_t)pattern, half_value((uint16_t)pattern));
		check_pattern(MODEL_BF16, (uint16_t)pattern, brain_value((uint16_t)pattern));
	}
}
END_TEST

/* Any number of elements, around blocks and lanes, at an odd address. */
START_TEST(statistics_are_those_of_the_definition)
{
	static const size_t counts[] = { 1, 2, 3, 4, 5, 7, 8, 9, 1023, 1024, 1025, 1031, 2048, 5000 };
	uint8_t *bytes = malloc(5000 * 4 + 1);

	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		struct model_stats stats = { 0 };
		double sum = 0;
		double squares = 0;
		float least = FLT_MAX;
		float most = -FLT_MAX;
		uint32_t random = 1;

		for (size_t i = 0; i < counts[c]; i++) {
			float number;

			random = random * 1664525u + 1013904223u;
			number = (float)(int32_t)random / 65536.0f + 1000000.0f;
			memcpy(bytes + 1 + i * 4, &number, 4);
			sum += (double)number;
			least = number < least ? number : least;
			most = number > most ? number : most;
		}
		for (size_t i = 0; i < counts[c]; i++) {
			float number;

			memcpy(&number, bytes + 1 + i * 4, 4);
			squares += ((double)number - sum / (double)counts[c]) *
				   ((double)number - sum / (double)counts[c]);
		}
		model_stats_add(&stats, MODEL_F32, bytes + 1, counts[c]);
		ck_assert_uint_eq(stats.finite, counts[c]);
		ck_assert_double_eq(stats.min, (double)least);
		ck_assert_double_eq(stats.max, (double)most);
		ck_assert_double_eq_tol(stats.mean, sum / (double)counts[c], 1e-6);
		ck_assert_double_eq_tol(model_stats_std(&stats), sqrt(squares / (double)counts[c]), 1e-6);
	}
	free(bytes);
}
END_TEST

START_TEST(what_is_not_finite_is_counted_apart)
{
	static const uint8_t dtypes[] = { MODEL_F32, MODEL_F64 };
	double wide[2048];
	float narrow[2048];

	for (size_t i = 0; i < 2048; i++)
		wide[i] = i % 2 ? 3 : -1;
	wide[0] = NAN;
	wide[1] = INFINITY;
	wide[2] = -INFINITY;
	wide[3] = 0;
	wide[4] = -0.0;
	for (size_t i = 0; i < 2048; i++)
		narrow[i] = (float)wide[i];
	for (size_t d = 0; d < 2; d++) {
		struct model_stats stats = { 0 };

		model_stats_add(&stats, dtypes[d], d ? (const void *)wide : (const void *)narrow, 2048);
		ck_assert_uint_eq(stats.nan, 1);
		ck_assert_uint_eq(stats.infinite, 2);
		ck_assert_uint_eq(stats.zero, 2);
		ck_assert_uint_eq(stats.finite, 2045);
		ck_assert_double_eq(stats.min, -1);
		ck_assert_double_eq(stats.max, 3);
		ck_assert_double_eq_tol(stats.mean, (1022 * 3.0 - 1021) / 2045, 1e-12);
	}
}
END_TEST

START_TEST(an_empty_set_has_no_deviation)
{
	struct model_stats stats = { 0 };
	const float nan = NAN;

	model_stats_add(&stats, MODEL_F32, &nan, 0);
	ck_assert(isnan(model_stats_std(&stats)));
	model_stats_add(&stats, MODEL_F32, &nan, 1);
	ck_assert(isnan(model_stats_std(&stats)));
	ck_assert_uint_eq(stats.nan, 1);
}
END_TEST

START_TEST(pieces_of_any_size_are_gathered)
{
	uint8_t from[256];
	uint8_t to[256];

	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)i;
	for (size_t size = 1; size <= 9; size++) {
		model_gather(to, from + 200, 10, -20, size);
		for (size_t i = 0; i < 10; i++) {
			for (size_t k = 0; k < size; k++)
				ck_assert_uint_eq(to[i * size + k], 200 - 20 * i + k);
		}
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("kernel");

	tcase_add_test(tcase, every_dtype_is_found_by_its_dlpack_type);
	tcase_add_test(tcase, sizes_are_checked);
	tcase_add_test(tcase, every_pattern_of_16_bits_has_its_value);
	tcase_add_test(tcase, statistics_are_those_of_the_definition);
	tcase_add_test(tcase, what_is_not_finite_is_counted_apart);
	tcase_add_test(tcase, an_empty_set_has_no_deviation);
	tcase_add_test(tcase, pieces_of_any_size_are_gathered);
	return suite_run(tcase, "model_kernel");
}
