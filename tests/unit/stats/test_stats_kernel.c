/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

#include "stats/stats_ops_kernel.h"

/* Long enough for whole blocks, their ends, and odd counts; one more for an odd address. */
#define COUNT_MAX 10000
static uint8_t memory[(COUNT_MAX + 1) * 8];

static const enum stats_type all_types[] = { STATS_BOOL, STATS_U8,  STATS_I8,  STATS_U16, STATS_I16,
					     STATS_U32,	 STATS_I32, STATS_U64, STATS_I64, STATS_F16,
					     STATS_BF16, STATS_F32, STATS_F64 };
#define TYPE_COUNT (sizeof(all_types) / sizeof(all_types[0]))

static uint64_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33 ^ *state << 20;
}

static struct stats stats_of(enum stats_type type, const void *data, size_t count,
			     const struct stats_ops *ops)
{
	struct stats stats;

	stats_init(&stats, type);
	if (ops)
		stats.ops = ops;
	stats_add(&stats, data, count);
	stats_finish(&stats);
	return stats;
}

/* By the definition, in two passes. */
static void check_stats(enum stats_type type, const uint8_t *data, size_t count)
{
	const struct stats stats = stats_of(type, data, count, NULL);
	struct stats plain;
	long double sum = 0;
	long double squares = 0;

	stats_init(&plain, type);
	for (size_t i = 0; i < count; i++) {
		const double x = stats_value(type, data + i * stats_size(type));

		plain.nan += isnan(x) ? 1 : 0;
		plain.inf += x == INFINITY ? 1 : 0;
		plain.neg_inf += x == -INFINITY;
		plain.negative += x < 0;
		if (!isfinite(x))
			continue;
		plain.finite++;
		plain.zero += x == 0;
		plain.min = fmin(plain.min, x);
		plain.max = fmax(plain.max, x);
		sum += x;
	}
	for (size_t i = 0; i < count; i++) {
		const double x = stats_value(type, data + i * stats_size(type));

		squares += isfinite(x) ? powl(x - sum / (long double)plain.finite, 2) : 0;
	}
	ck_assert_uint_eq(stats.finite, plain.finite);
	ck_assert_uint_eq(stats.nan, plain.nan);
	ck_assert_uint_eq(stats.inf, plain.inf);
	ck_assert_uint_eq(stats.neg_inf, plain.neg_inf);
	ck_assert_uint_eq(stats.zero, plain.zero);
	ck_assert_uint_eq(stats.negative, plain.negative);
	if (plain.finite == 0) {
		ck_assert(isnan(stats_mean(&stats)) && isnan(stats_std(&stats)));
		return;
	}
	ck_assert_double_eq(stats.min, plain.min);
	ck_assert_double_eq(stats.max, plain.max);
	ck_assert_double_eq_tol(stats_mean(&stats), (double)(sum / (long double)plain.finite),
				1e-12 * fmax(fabs(plain.min), fabs(plain.max)) + 1e-300);
	ck_assert_double_eq_tol(stats_std(&stats), (double)sqrtl(squares / (long double)plain.finite),
				1e-9 * (plain.max - plain.min) + 1e-300);
}

START_TEST(statistics_are_those_of_the_definition_for_every_type_and_length)
{
	uint64_t state = 1;

	for (size_t i = 0; i < sizeof(memory); i += 8) {
		/* Sixteen bits that differ are enough; what is large would be no floating number. */
		const uint64_t word = random_next(&state) & 0x3FFF3FFF3FFF3FFFu;

		memcpy(memory + i, &word, 8);
	}
	for (size_t t = 0; t < TYPE_COUNT; t++) {
		for (size_t count = 0; count < COUNT_MAX; count += count < 40 ? 1 : 997)
			check_stats(all_types[t], memory + count % 2, count);
	}
}
END_TEST

START_TEST(what_is_not_finite_is_counted_apart)
{
	double *const wide = (double *)(void *)memory;
	static float narrow[COUNT_MAX];

	for (size_t i = 0; i < COUNT_MAX; i++) {
		const double value = (double)((i * 2654435761u) % 1000) - 400;

		wide[i] = i % 97 == 5 ? NAN : i % 193 == 7 ? INFINITY : i % 211 == 9 ? -INFINITY : value;
		narrow[i] = (float)wide[i];
	}
	for (size_t count = 0; count < COUNT_MAX; count += count < 300 ? 1 : 997) {
		check_stats(STATS_F64, memory, count);
		check_stats(STATS_F32, (const uint8_t *)narrow, count);
	}
}
END_TEST

/* Two ways of the processor, and whatever the test happens to run on: the same bits. */
static void check_same(const struct stats *a, const struct stats *b)
{
	struct stats other = *b;

	other.ops = a->ops;
	ck_assert_mem_eq(&a->mean, &other.mean, sizeof(a->mean));
	ck_assert_mem_eq(&a->m2, &other.m2, sizeof(a->m2));
	ck_assert_mem_eq(&a->min, &other.min, sizeof(a->min));
	ck_assert_mem_eq(&a->max, &other.max, sizeof(a->max));
	ck_assert_int_eq(a->min_i, b->min_i);
	ck_assert_int_eq(a->max_i, b->max_i);
	ck_assert_uint_eq(a->min_u, b->min_u);
	ck_assert_uint_eq(a->max_u, b->max_u);
	ck_assert_uint_eq(a->finite, b->finite);
	ck_assert_uint_eq(a->zero, b->zero);
	ck_assert_uint_eq(a->negative, b->negative);
	ck_assert_uint_eq(a->nan, b->nan);
}

START_TEST(every_processor_gives_the_same_bits)
{
	uint64_t state = 7;

	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < sizeof(memory); i += 8) {
			const uint64_t any = random_next(&state);
			const uint64_t word = round == 0 ? any : any & 0x3FFF3FFF3FFF3FFFu >> round;

			memcpy(memory + i, &word, 8);
		}
		for (size_t t = 0; t < TYPE_COUNT; t++) {
			for (size_t count = 1; count < COUNT_MAX; count += count < 20 ? 1 : 1187) {
				const struct stats base =
					stats_of(all_types[t], memory + 1, count, &stats_ops_base);
				const struct stats_ops *ops;

				for (size_t no = 0; (ops = stats_ops_usable(no)) != NULL; no++) {
					const struct stats other =
						stats_of(all_types[t], memory + 1, count, ops);

					check_same(&base, &other);
				}
			}
		}
	}
}
END_TEST

START_TEST(values_are_those_of_each_number_on_every_processor)
{
	static double values[2][COUNT_MAX];
	uint64_t state = 9;

	for (size_t i = 0; i < sizeof(memory); i += 8) {
		const uint64_t any = random_next(&state);

		memcpy(memory + i, &any, 8);
	}
	for (size_t t = 0; t < TYPE_COUNT; t++) {
		const enum stats_type type = all_types[t];

		for (size_t count = 0; count < 40 && stats_ops_base.values[type]; count++) {
			const struct stats_ops *ops;

			memset(values, 0xEE, sizeof(values));
			stats_ops_base.values[type](memory + 1, count, values[0]);
			for (size_t no = 0; (ops = stats_ops_usable(no)) != NULL; no++) {
				memset(values[1], 0xEE, sizeof(values[1]));
				ops->values[type](memory + 1, count, values[1]);
				ck_assert_mem_eq(values[0], values[1], sizeof(values[0]));
			}
			for (size_t i = 0; i < count; i++) {
				const double value = stats_value(type, memory + 1 + i * stats_size(type));

				ck_assert(value == values[0][i] || (isnan(value) && isnan(values[0][i])));
			}
			ck_assert_mem_eq(&values[0][count], &values[0][COUNT_MAX - 1], sizeof(double));
		}
	}
}
END_TEST

/* One number alone, as it is defined. */
static int32_t step_of(double x, const struct stats_scale *scale)
{
	const double width = scale->until / 2 - scale->from / 2;
	double at = width > 0 ? (x / 2 - scale->from / 2) / width * scale->per_width : 0;

	if (!isfinite(x))
		return -1;
	at = at < 0 ? 0 : at > scale->last ? scale->last : at;
	return (int32_t)(at + scale->round);
}

static void check_steps(const double *values, size_t count, const struct stats_scale *scale)
{
	const struct stats_ops *ops;
	int32_t steps[64];

	for (size_t no = 0; (ops = stats_ops_usable(no)) != NULL; no++) {
		memset(steps, 0xEE, sizeof(steps));
		ops->steps(values, count, scale, steps);
		for (size_t i = 0; i < count; i++)
			ck_assert_int_eq(steps[i], step_of(values[i], scale));
	}
}

START_TEST(steps_are_those_of_the_definition_on_every_processor)
{
	static const double any[] = { 0,       -0.0,	 1,    NAN,	      INFINITY,	  -INFINITY,
				      0.5,     2,	 -1,   1e300,	      -1e300,	  5e-324,
				      DBL_MAX, -DBL_MAX, 0.25, 0x1.fffffep-1, 0.99999999, 7 };
	static const double bounds[] = { 0, 1, -1, DBL_MAX, -DBL_MAX, 5e-324, 3 };
	const size_t bound_count = sizeof(bounds) / sizeof(bounds[0]);

	for (size_t i = 0; i < bound_count * bound_count; i++) {
		struct stats_scale scale = { .from = bounds[i / bound_count],
					     .until = bounds[i % bound_count],
					     .per_width = 32,
					     .last = 31 };

		for (size_t count = 0; count <= sizeof(any) / sizeof(any[0]); count++)
			check_steps(any, count, &scale);
		scale = (struct stats_scale){
			.from = scale.from, .until = scale.until, .per_width = 255, .last = 255, .round = 0.5
		};
		check_steps(any, sizeof(any) / sizeof(any[0]), &scale);
	}
}
END_TEST

/* Written down once: what another machine or compiler makes of it must be this. */
START_TEST(the_bits_are_those_of_every_other_machine)
{
	static const struct {
		enum stats_type type;
		double mean;
		double std;
	} rows[] = {
		{ STATS_F64, 0x1.a6b2c9fb950c7p-9, 0x1.d4d955b452766p-5 },
		{ STATS_F32, 0x1.7f5ce7eb4884ap-6, 0x1.377adb7445743p-3 },
		{ STATS_BF16, 0x1.8e86c6d7fd341p-6, 0x1.3c6fb15ba03aep-3 },
		{ STATS_F16, 0x1.86fdd8b333333p-3, 0x1.9feea31653c57p-2 },
		{ STATS_I64, 0x1.ff8ee25375095p+60, 0x1.2791ec03dba07p+60 },
		{ STATS_U32, 0x1.00ec0dff178d5p+29, 0x1.273b9592c5e72p+28 },
		{ STATS_I16, 0x1.01d3b95810625p+13, 0x1.269d257b4b275p+12 },
		{ STATS_U8, 0x1.3ecb43958105fp+6, 0x1.1f9474ff13619p+6 },
	};
	uint64_t state = 42;

	for (size_t i = 0; i < sizeof(memory); i += 8) {
		const uint64_t word = random_next(&state) & 0x3FFF3FFF3FFF3FFFu;

		memcpy(memory + i, &word, 8);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct stats stats = stats_of(rows[i].type, memory, COUNT_MAX, NULL);

		ck_assert_msg(stats_mean(&stats) == rows[i].mean && stats_std(&stats) == rows[i].std,
			      "type %d: %a, %a", (int)rows[i].type, stats_mean(&stats), stats_std(&stats));
	}
}
END_TEST

START_TEST(every_pattern_of_16_bits_has_its_value)
{
	for (uint32_t bits = 0; bits < 65536; bits++) {
		const uint16_t half = (uint16_t)bits;
		const int exponent = (half >> 10) & 31;
		const int mantissa = half & 1023;
		const double sign = half & 0x8000 ? -1 : 1;
		const double value = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
		const uint32_t word = bits << 16;
		struct stats stats = stats_of(STATS_F16, &half, 1, NULL);
		float brain;

		ck_assert_uint_eq(stats.nan, exponent == 31 && mantissa != 0 ? 1 : 0);
		ck_assert_uint_eq(stats.inf, half == 0x7C00 ? 1 : 0);
		ck_assert_uint_eq(stats.neg_inf, half == 0xFC00 ? 1 : 0);
		ck_assert_uint_eq(stats.finite, exponent != 31 ? 1 : 0);
		if (exponent != 31)
			ck_assert_double_eq(stats_mean(&stats), sign * value);

		memcpy(&brain, &word, sizeof(brain));
		stats = stats_of(STATS_BF16, &half, 1, NULL);
		ck_assert_uint_eq(stats.finite, isfinite(brain) ? 1u : 0u);
		ck_assert_uint_eq(stats.nan, isnan(brain) ? 1u : 0u);
		if (isfinite(brain))
			ck_assert_double_eq(stats_mean(&stats), (double)brain);
	}
}
END_TEST

START_TEST(a_large_offset_does_not_drown_the_spread)
{
	double *const doubles = (double *)(void *)memory;
	struct stats stats;

	for (size_t i = 0; i < COUNT_MAX; i++)
		doubles[i] = 1e9 + (i % 2 ? 1 : -1);
	stats = stats_of(STATS_F64, doubles, COUNT_MAX, NULL);
	ck_assert_double_eq_tol(stats_mean(&stats), 1e9, 1e-6);
	ck_assert_double_eq_tol(stats_std(&stats), 1, 1e-9);
	/* The first number, which distances are taken from, far off all others. */
	doubles[0] = -1e12;
	stats = stats_of(STATS_F64, doubles, COUNT_MAX, NULL);
	ck_assert_double_eq_tol(stats_std(&stats), 1.001e12 * sqrt(9999) / 10000, 1e4);
}
END_TEST

START_TEST(numbers_whose_squares_are_beyond_a_double_have_a_mean_and_a_deviation)
{
	double *const doubles = (double *)(void *)memory;
	struct stats stats;

	/* Within a block, and from block to block. */
	for (int apart = 0; apart < 2; apart++) {
		for (size_t i = 0; i < 2 * STATS_BLOCK; i++)
			doubles[i] = (apart ? i < STATS_BLOCK : i % 2) ? 1.5e308 : -1.5e308;
		stats = stats_of(STATS_F64, doubles, 2 * STATS_BLOCK, NULL);
		ck_assert_double_eq_tol(stats_mean(&stats), 0, 1e295);
		ck_assert_double_eq_tol(stats_std(&stats), 1.5e308, 1e295);
		ck_assert_double_eq(stats.max, 1.5e308);
	}
	/* What comes after it is small beside it. */
	stats_add(&stats, (const double[]){ 1, 2, 3 }, 3);
	ck_assert_double_eq_tol(stats_std(&stats), 1.5e308, 1e305);
	for (size_t i = 0; i < 100; i++)
		doubles[i] = 1.7e308;
	stats = stats_of(STATS_F64, doubles, 100, NULL);
	ck_assert_double_eq(stats_mean(&stats), 1.7e308);
	ck_assert_double_eq(stats_std(&stats), 0);
}
END_TEST

START_TEST(a_spread_whose_square_is_lost_has_no_deviation)
{
	const double tiny[] = { 1e-200, 3e-200, 1e-200 };
	const double alike[] = { 1e-200, 1e-200 };
	struct stats stats = stats_of(STATS_F64, tiny, 3, NULL);

	ck_assert(isnan(stats_std(&stats)));
	ck_assert_double_eq_tol(stats_mean(&stats), 5e-200 / 3, 1e-210);
	stats = stats_of(STATS_F64, alike, 2, NULL);
	ck_assert_double_eq(stats_std(&stats), 0);
}
END_TEST

START_TEST(integers_have_exact_extremes)
{
	static const int64_t i8[] = { INT64_MIN, 0, INT64_MAX };
	static const uint64_t u8[] = { UINT64_MAX, 3, UINT64_MAX - 1 };
	static const int16_t i2[] = { -32768, 5, 32767, 0 };
	static const int8_t i1[] = { -128, 127, 0, 0 };
	static const uint32_t u4[] = { UINT32_MAX, 1 };
	static const uint8_t bools[] = { 0, 1, 7 };
	struct stats stats = stats_of(STATS_I64, i8, 3, NULL);

	ck_assert_int_eq(stats.min_i, INT64_MIN);
	ck_assert_int_eq(stats.max_i, INT64_MAX);
	ck_assert_uint_eq(stats.zero, 1);
	ck_assert_uint_eq(stats.negative, 1);
	ck_assert_double_eq_tol(stats_std(&stats), 0x1p63 * sqrt(2. / 3), 1e4);

	stats = stats_of(STATS_U64, u8, 3, NULL);
	ck_assert_uint_eq(stats.min_u, 3);
	ck_assert_uint_eq(stats.max_u, UINT64_MAX);
	ck_assert_uint_eq(stats.negative, 0);
	ck_assert_double_eq_tol(stats_mean(&stats), 0x1p65 / 3, 1e4);
	stats = stats_of(STATS_U64, u8 + 2, 1, NULL);
	ck_assert_uint_eq(stats.min_u, UINT64_MAX - 1);
	ck_assert_double_eq(stats_std(&stats), 0);

	stats = stats_of(STATS_U32, u4, 2, NULL);
	ck_assert_uint_eq(stats.max_u, UINT32_MAX);
	ck_assert_double_eq(stats_mean(&stats), 0x1p31);

	stats = stats_of(STATS_I16, i2, 4, NULL);
	ck_assert_int_eq(stats.min_i, -32768);
	ck_assert_int_eq(stats.max_i, 32767);
	ck_assert_double_eq(stats_mean(&stats), 1);

	stats = stats_of(STATS_I8, i1, 4, NULL);
	ck_assert_int_eq(stats.min_i, -128);
	ck_assert_int_eq(stats.max_i, 127);
	ck_assert_uint_eq(stats.zero, 2);
	ck_assert_double_eq(stats_mean(&stats), -0.25);

	stats = stats_of(STATS_BOOL, bools, 3, NULL);
	ck_assert_uint_eq(stats.max_u, 1);
	ck_assert_uint_eq(stats.zero, 1);
	ck_assert_double_eq_tol(stats_mean(&stats), 2. / 3, 1e-15);
}
END_TEST

START_TEST(large_integers_near_each_other_keep_their_spread)
{
	uint64_t words[1000];
	struct stats stats;

	/* Times in nanoseconds: a double rounds each of them to a multiple of 256. */
	for (size_t i = 0; i < 1000; i++)
		words[i] = 1700000000000000001u + i % 2;
	stats = stats_of(STATS_I64, words, 1000, NULL);
	ck_assert_double_eq(stats_std(&stats), 0.5);
	stats = stats_of(STATS_U64, words, 1000, NULL);
	ck_assert_double_eq(stats_std(&stats), 0.5);
}
END_TEST

START_TEST(an_empty_set_has_no_deviation)
{
	const float nan = NAN;
	struct stats stats = stats_of(STATS_F32, &nan, 0, NULL);

	ck_assert(isnan(stats_std(&stats)));
	stats = stats_of(STATS_F32, &nan, 1, NULL);
	ck_assert(isnan(stats_std(&stats)));
	ck_assert_uint_eq(stats.nan, 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("stats");

	tcase_add_test(tcase, statistics_are_those_of_the_definition_for_every_type_and_length);
	tcase_add_test(tcase, what_is_not_finite_is_counted_apart);
	tcase_add_test(tcase, every_processor_gives_the_same_bits);
	tcase_add_test(tcase, values_are_those_of_each_number_on_every_processor);
	tcase_add_test(tcase, steps_are_those_of_the_definition_on_every_processor);
	tcase_add_test(tcase, the_bits_are_those_of_every_other_machine);
	tcase_add_test(tcase, every_pattern_of_16_bits_has_its_value);
	tcase_add_test(tcase, a_large_offset_does_not_drown_the_spread);
	tcase_add_test(tcase, numbers_whose_squares_are_beyond_a_double_have_a_mean_and_a_deviation);
	tcase_add_test(tcase, a_spread_whose_square_is_lost_has_no_deviation);
	tcase_add_test(tcase, integers_have_exact_extremes);
	tcase_add_test(tcase, large_integers_near_each_other_keep_their_spread);
	tcase_add_test(tcase, an_empty_set_has_no_deviation);
	return suite_run(tcase, "stats_kernel");
}
