/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_quantiles.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

#define MANY 20000u

static double numbers[MANY];
static double sorted[MANY];

static struct csv_quantiles *begin(void)
{
	struct csv_quantiles *q = calloc(1, sizeof(*q));

	ck_assert_ptr_nonnull(q);
	csv_quantiles_init(q);
	return q;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a;
	const double y = *(const double *)b;

	return (x > y) - (x < y);
}

static uint32_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static double around_zero(uint64_t *state)
{
	const double sum = (double)next(state) + next(state) + next(state) + next(state);

	return sum / (double)(1u << 31) - 2;
}

static double skewed(uint64_t *state)
{
	return exp(3 * around_zero(state));
}

static double year(uint64_t *state)
{
	return 1970 + next(state) % 60;
}

static double stamp(uint64_t *state)
{
	return 1.7e9 + next(state) % 86400;
}

static double with_zeros(uint64_t *state)
{
	return next(state) % 3 == 0 ? (double)next(state) : 0;
}

static double hostile(uint64_t *state)
{
	return ldexp(next(state) % 2 ? 1.5 : -1.5, (int)(next(state) % 2000) - 1000);
}

static double (*const makers[])(uint64_t *) = { around_zero, skewed, year, stamp, with_zeros, hostile };

static void make_numbers(int kind)
{
	uint64_t state = 7;

	for (uint32_t i = 0; i < MANY; i++)
		sorted[i] = numbers[i] = makers[kind](&state);
	qsort(sorted, MANY, sizeof(sorted[0]), compare);
}

START_TEST(each_number_is_found_within_the_error)
{
	struct csv_quantiles *const q = begin();
	double error;

	make_numbers(_i);
	csv_quantiles_add(q, numbers, MANY);
	error = csv_quantiles_error(q);
	ck_assert_double_le(error, 1.0 / 64);
	for (uint32_t i = 0; i < MANY; i++) {
		const double found = csv_quantiles_at(q, i);
		const double small = ldexp(fmax(sorted[MANY - 1], -sorted[0]), -30);

		if (found == 0)
			ck_assert_double_le(fabs(sorted[i]), small);
		else
			ck_assert_double_le(fabs(found - sorted[i]), error * fabs(sorted[i]));
	}
	free(q);
}
END_TEST

START_TEST(the_order_of_the_numbers_is_of_no_account)
{
	struct csv_quantiles *const given = begin();
	struct csv_quantiles *const up = begin();
	struct csv_quantiles *const down = begin();

	make_numbers(_i);
	csv_quantiles_add(given, numbers, MANY);
	csv_quantiles_add(up, sorted, MANY);
	for (uint32_t i = MANY; i-- > 0;)
		csv_quantiles_add(down, &sorted[i], 1);
	for (uint32_t i = 0; i < MANY; i++) {
		ck_assert(csv_quantiles_at(given, i) == csv_quantiles_at(up, i));
		ck_assert(csv_quantiles_at(given, i) == csv_quantiles_at(down, i));
	}
	ck_assert(csv_quantiles_error(given) == csv_quantiles_error(up));
	ck_assert(csv_quantiles_error(given) == csv_quantiles_error(down));
	free(given);
	free(up);
	free(down);
}
END_TEST

START_TEST(equal_numbers_and_near_ones_are_exact)
{
	struct csv_quantiles *const q = begin();

	for (uint32_t i = 0; i < 2000; i++)
		csv_quantiles_add(q, &(const double){ 0.1 }, 1);
	ck_assert(csv_quantiles_at(q, 0) == 0.1);
	ck_assert(csv_quantiles_at(q, 1999) == 0.1);
	for (uint32_t i = 0; i < 2000; i++)
		csv_quantiles_add(q, &(const double){ nextafter(0.1, 1) }, 1);
	ck_assert(csv_quantiles_at(q, 1999) == 0.1);
	ck_assert(csv_quantiles_at(q, 2000) == nextafter(0.1, 1));
	free(q);
}
END_TEST

START_TEST(the_ends_of_the_doubles_have_a_place)
{
	static const double ends[] = { -DBL_MAX, -DBL_TRUE_MIN, -0.0, 0.0, DBL_TRUE_MIN, DBL_MIN, DBL_MAX };
	struct csv_quantiles *const q = begin();

	csv_quantiles_add(q, ends, sizeof(ends) / sizeof(ends[0]));
	ck_assert_double_le(csv_quantiles_at(q, 0), -DBL_MAX / 64 * 63);
	ck_assert(isfinite(csv_quantiles_at(q, 0)));
	for (uint64_t i = 1; i < 6; i++)
		ck_assert(csv_quantiles_at(q, i) == 0);
	ck_assert_double_ge(csv_quantiles_at(q, 6), DBL_MAX / 64 * 63);
	ck_assert(isfinite(csv_quantiles_at(q, 6)));
	free(q);
}
END_TEST

int main(void)
{
	const int kinds = sizeof(makers) / sizeof(makers[0]);
	TCase *tests = tcase_create("csv_quantiles");

	tcase_add_loop_test(tests, each_number_is_found_within_the_error, 0, kinds);
	tcase_add_loop_test(tests, the_order_of_the_numbers_is_of_no_account, 0, kinds);
	tcase_add_test(tests, equal_numbers_and_near_ones_are_exact);
	tcase_add_test(tests, the_ends_of_the_doubles_have_a_place);
	return suite_run(tests, "csv_quantiles");
}
