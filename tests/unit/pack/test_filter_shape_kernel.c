/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <math.h>

#include "pack/filter_decimal_kernel.h"
#include "pack/filter_shape_kernel.h"

#define LEN_MAX 20000

static uint8_t raw[LEN_MAX + 8];
static uint8_t base[LEN_MAX + 8];

/* Every shape of params there is, more or less. */
static const uint8_t shapes[][1 + KIST_FILTER_PARAMS_SIZE] = {
	{ 0 },
	{ 1, 2 },
	{ 1, 4 },
	{ 1, 8 },
	{ 2, 2 },
	{ 2, 4 },
	{ 2, 8 },
	{ 3, 1, 0, 1 },
	{ 3, 2, 0, 1 },
	{ 3, 4, 0, 1 },
	{ 3, 8, 0, 1 },
	{ 3, 1, 0, 3 },
	{ 3, 2, 0, 2 },
	{ 3, 4, 0, 5 },
	{ 3, 8, 0, 7 },
	{ 3, 8, 0, 0, 4 },
	{ 3, 1, 0, 100 },
	{ 4, 1 },
	{ 4, 2 },
	{ 4, 4 },
	{ 4, 8 },
	{ 4, 1, 1 },
	{ 4, 2, 1 },
	{ 4, 4, 1 },
	{ 4, 8, 1 },
	{ 6, 0, 0, 2 },
	{ 6, 0, 0, 3 },
	{ 6, 0, 0, 24 },
	{ 6, 0, 0, 0, 4 },
	{ 6, 1, 0 },
	{ 6, 1, 31 },
	{ 6, 4, 1 << 5 | 7, 2 << 5 | 3, 3 << 5 | 1, 0 << 5 | 4 },
	{ 6, 15, 3 << 5, 3 << 5 | 1, 3 << 5 | 3, 3 << 5 | 7, 1 << 5 | 1, 2 << 5 | 1, 31, 0, 1, 2, 3, 4, 5, 6,
	  7 },
	{ 7, 1 },
	{ 7, 2 },
	{ 7, 4 },
	{ 7, 8 },
};
#define SHAPE_COUNT ((int)(sizeof(shapes) / sizeof(shapes[0])))

static struct kist_filter_spec spec_of(int shape)
{
	struct kist_filter_spec spec;

	ck_assert(kist_filter_spec_read(shapes[shape][0], shapes[shape] + 1, &spec));
	return spec;
}

/* @back holds what was filtered: that is seen, and each byte that is another. */
static void check_equal(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
			const uint8_t *room, const uint8_t *on, uint8_t *back, size_t len)
{
	ck_assert(kist_filter_equal(ops, spec, room, len, on, back));
	for (size_t at = 0; at < len; at += 1 + len / 97) {
		back[at] ^= 0x10;
		ck_assert(!kist_filter_equal(ops, spec, room, len, on, back));
		back[at] ^= 0x10;
	}
	if (len > 0) {
		back[len - 1] ^= 1;
		ck_assert(!kist_filter_equal(ops, spec, room, len, on, back));
	}
}

/* Streams add up, every target gives the same bytes, and they come back; blocks are of exact size. */
static void round_trip(struct kist_filter_spec spec, const uint8_t *from, const uint8_t *on, size_t len)
{
	uint8_t *const room = malloc(kist_filter_size_max(len) + 1);
	uint8_t *const first = malloc(kist_filter_size_max(len) + 1);
	uint8_t *const back = malloc(len + 1);

	for (int i = 0; i < KIST_FILTER_TARGET_COUNT; i++) {
		const enum kist_filter_target target = (enum kist_filter_target)i;
		size_t sum = 0;
		size_t size;

		if (!kist_filter_supports(target))
			continue;
		ck_assert(kist_filter_forward(kist_filter_ops_of(target), &spec, from, len, on, room));
		size = kist_filter_size(&spec, len);
		ck_assert(len == 0 || size >= len);
		ck_assert_uint_le(size, kist_filter_size_max(len));
		for (size_t k = 0; kist_filter_stream(&spec, len, k) > 0; k++)
			sum += kist_filter_stream(&spec, len, k);
		ck_assert_uint_eq(sum, size);
		if (i == 0)
			memcpy(first, room, size);
		ck_assert_mem_eq(first, room, size);
		memset(back, 0xaa, len);
		ck_assert(kist_filter_back(kist_filter_ops_of(target), &spec, room, len, on, back));
		ck_assert_mem_eq(back, from, len);
		if (kist_filter_has_words(&spec))
			check_equal(kist_filter_ops_of(target), &spec, room, on, back, len);
	}
	free(room);
	free(first);
	free(back);
}

START_TEST(every_length_comes_back)
{
	const struct kist_filter_spec spec = spec_of(_i);
	const size_t unit = spec.filter == KIST_FILTER_RECORD ? spec.record_size : 8;

	fill_noise(raw, sizeof(raw), 31);
	fill_noise(base, sizeof(base), 32);
	/* Pointers that are not aligned, and no byte more than there is. */
	for (size_t len = 0; len <= 4 * unit + 67 && len < 700; len++) {
		uint8_t *const copy = malloc(len + 1);
		uint8_t *const on = malloc(len + 1);

		memcpy(copy + 1, raw, len);
		memcpy(on + 1, base, len);
		round_trip(spec, copy + 1, on + 1, len);
		free(copy);
		free(on);
	}
}
END_TEST

START_TEST(lengths_around_the_blocks_come_back)
{
	static const size_t lens[] = { 2047, 2048, 4095, 4096,	4097,  4104,
				       8191, 8192, 8200, 12345, 16384, LEN_MAX };
	const struct kist_filter_spec spec = spec_of(_i);

	fill_noise(raw, sizeof(raw), 33);
	fill_noise(base, sizeof(base), 34);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		round_trip(spec, raw + i % 8, base + i % 3, lens[i]);
}
END_TEST

START_TEST(filtered_bytes_are_those_of_the_format)
{
	static const uint8_t words[] = { 0x01, 0x80, 0x02, 0x90, 0x03, 0xa0, 0x55 };
	static const uint8_t planes[] = { 1, 2, 3, 0x80, 0x90, 0xa0, 0x55 };
	static const uint8_t rotated[] = { 3, 5, 7, 0, 0x20, 0x40, 0x55 };
	/* 0x8001, then 0x1001 twice: zigzags 0xfffd, 0x2002, 0x2002. */
	static const uint8_t delta[] = { 0xfd, 2, 2, 0xff, 0x20, 0x20, 0x55 };
	static const uint8_t columns[] = { 1, 2, 3, 0x80, 0x90, 0xa0, 0x55 };
	static const struct {
		uint8_t filter;
		uint8_t params[KIST_FILTER_PARAMS_SIZE];
		const uint8_t *bytes;
	} rows[] = { { 1, { 2 }, planes },
		     { 2, { 2 }, rotated },
		     { 3, { 2, 0, 1 }, delta },
		     { 6, { 0, 0, 2 }, columns } };
	uint8_t out[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kist_filter_spec spec;

		ck_assert(kist_filter_spec_read(rows[i].filter, rows[i].params, &spec));
		ck_assert(
			kist_filter_forward(kist_filter_ops_best(), &spec, words, sizeof(words), NULL, out));
		ck_assert_mem_eq(out, rows[i].bytes, sizeof(words));
	}
}
END_TEST

START_TEST(params_are_written_as_they_were_read)
{
	uint8_t params[KIST_FILTER_PARAMS_SIZE];
	size_t allowed = 0;

	for (int i = 0; i < SHAPE_COUNT; i++) {
		const struct kist_filter_spec spec = spec_of(i);

		kist_filter_spec_write(&spec, params);
		ck_assert_mem_eq(params, shapes[i] + 1, sizeof(params));
	}
	/* Of params at random, most are refused, and the others mean one thing. */
	for (uint32_t i = 0; i < 200000; i++) {
		struct kist_filter_spec spec;
		uint8_t again[KIST_FILTER_PARAMS_SIZE];
		uint8_t filter;

		fill_noise(params, sizeof(params), i * 2654435761u);
		filter = params[15] % 10;
		for (size_t k = 1 + i % 6; k < sizeof(params); k++)
			params[k] = 0;
		params[0] = i % 3 ? params[0] % 17 : params[0];
		params[3] &= 7;
		if (!kist_filter_spec_read(filter, params, &spec))
			continue;
		allowed++;
		kist_filter_spec_write(&spec, again);
		ck_assert_mem_eq(params, again, sizeof(params));
		ck_assert_uint_lt(filter, KIST_FILTER_COUNT);
	}
	ck_assert_uint_gt(allowed, 1000);
}
END_TEST

START_TEST(params_that_the_format_does_not_allow_are_refused)
{
	static const uint8_t bad[][1 + KIST_FILTER_PARAMS_SIZE] = {
		{ 0, 1 },
		{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
		{ 1, 0 },
		{ 1, 1 },
		{ 1, 3 },
		{ 1, 16 },
		{ 1, 2, 1 },
		{ 1, 2, 0, 1 },
		{ 1, 2, 0, 0, 0, 1 },
		{ 2, 1 },
		{ 2, 255 },
		{ 3, 2 },
		{ 3, 2, 0, 1, 4 },
		{ 3, 2, 1, 1 },
		{ 3, 0, 0, 1 },
		{ 3, 2, 0, 0xff, 0xff },
		{ 4, 0 },
		{ 4, 2, 2 },
		{ 4, 2, 0, 1 },
		{ 5, 4 },
		{ 5, 8, 19 },
		{ 5, 8, 255 },
		{ 5, 8, 0, 1 },
		{ 5, 8, 0, 0, 0, 0, 0, 0, 0, 1 },
		{ 8 },
		{ 8, 1, 0, 0, 0, 1 },
		{ 8, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
		{ 8, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1 },
		{ 6, 0 },
		{ 6, 0, 0, 1 },
		{ 6, 0, 0, 1, 4 },
		{ 6, 0, 1, 2 },
		{ 6, 16 },
		{ 6, 255 },
		{ 6, 1, 4 << 5 },
		{ 6, 1, 7 << 5 },
		{ 6, 1, 1 << 5 },
		{ 6, 1, 1 << 5 | 2 },
		{ 6, 1, 3 << 5 | 4 },
		{ 6, 1, 0, 1 },
		{ 7, 0 },
		{ 7, 3 },
		{ 7, 8, 1 },
		{ 8, 2 },
		{ 255 },
	};
	struct kist_filter_spec spec;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!kist_filter_spec_read(bad[i][0], bad[i] + 1, &spec), "row %zu", i);
}
END_TEST

static struct kist_filter_spec decimal(int exponent)
{
	return (struct kist_filter_spec){ .filter = KIST_FILTER_DECIMAL,
					  .width = 8,
					  .exponent = (uint8_t)exponent };
}

START_TEST(decimals_come_back_with_every_exception)
{
	static const double odd[] = { -0.0,	 0x1p-1074, -0x1p-1060, 1e300,	-1e300,
				      0.1 + 0.2, 0x1p51,    -0x1p51,	0x1p63, 1e18 };
	static const uint64_t nans[] = { 0x7ff0000000000000, 0xfff0000000000000, 0x7ff0000000000001,
					 0x7ff8dead00000001, 0xffffffffffffffff };
	double values[2000];

	for (int exponent = 0; exponent <= KIST_FILTER_EXPONENT_MAX; exponent++) {
		struct kist_filter_spec spec = decimal(exponent);

		for (size_t i = 0; i < 2000; i++)
			values[i] = (double)((int64_t)(i * i * 7919 % 200001) - 100000) / pow(10, exponent);
		for (size_t i = 0; i < 10; i++)
			values[i * 150] = odd[i];
		for (size_t i = 0; i < 5; i++)
			memcpy(&values[1999 - i * i], &nans[i], 8);
		for (size_t rest = 0; rest < 8; rest++)
			round_trip(spec, (const uint8_t *)values, NULL, sizeof(values) - rest);
		ck_assert(kist_filter_forward(kist_filter_ops_best(), &spec, (const uint8_t *)values,
					      sizeof(values), NULL, raw));
		ck_assert_uint_ge(spec.exceptions, 13);
		ck_assert_uint_le(spec.exceptions, 16);
		ck_assert_uint_eq(kist_filter_size(&spec, sizeof(values)),
				  sizeof(values) + 12 * spec.exceptions);
	}
}
END_TEST

START_TEST(one_exception_too_many_is_refused)
{
	double values[200];
	struct kist_filter_spec spec = decimal(1);
	uint8_t out[sizeof(values) * 2];

	for (size_t i = 0; i < 200; i++)
		values[i] = i % 20 == 3 ? NAN : (double)i / 10;
	ck_assert(kist_filter_forward(kist_filter_ops_best(), &spec, (const uint8_t *)values, sizeof(values),
				      NULL, out));
	ck_assert_uint_eq(spec.exceptions, 10);
	values[199] = -0.0;
	ck_assert(!kist_filter_forward(kist_filter_ops_best(), &spec, (const uint8_t *)values, sizeof(values),
				       NULL, out));
	spec.exceptions = 11;
	ck_assert_uint_eq(kist_filter_size(&spec, sizeof(values)), 0);
	spec.exceptions = UINT32_MAX;
	ck_assert_uint_eq(kist_filter_size(&spec, sizeof(values)), 0);
}
END_TEST

START_TEST(an_exception_behind_the_end_is_refused)
{
	double values[40] = { 0 };
	struct kist_filter_spec spec = decimal(0);
	uint8_t out[sizeof(values) * 2];
	uint8_t back[sizeof(values)];
	uint32_t gap;

	values[7] = NAN;
	values[39] = NAN;
	ck_assert(kist_filter_forward(kist_filter_ops_best(), &spec, (const uint8_t *)values, sizeof(values),
				      NULL, out));
	ck_assert_uint_eq(spec.exceptions, 2);
	ck_assert(kist_filter_back(kist_filter_ops_best(), &spec, out, sizeof(values), NULL, back));
	memcpy(&gap, out + 324, 4);
	ck_assert_uint_eq(gap, 31);
	for (uint64_t wrong = 32; wrong <= UINT32_MAX; wrong = wrong * 3 + 1) {
		gap = (uint32_t)wrong;
		memcpy(out + 324, &gap, 4);
		ck_assert(!kist_filter_back(kist_filter_ops_best(), &spec, out, sizeof(values), NULL, back));
	}
}
END_TEST

START_TEST(the_exponent_is_the_smallest_that_fits)
{
	double values[100];

	for (int exponent = 0; exponent <= 12; exponent++) {
		for (size_t i = 0; i < 100; i++)
			values[i] = (double)(i * 77 + 1) / pow(10, exponent);
		ck_assert_int_eq(kist_filter_decimal_exponent((const uint8_t *)values, 100), exponent);
	}
	for (size_t i = 0; i < 6; i++)
		values[i] = NAN;
	ck_assert_int_eq(kist_filter_decimal_exponent((const uint8_t *)values, 100), -1);
	ck_assert_int_eq(kist_filter_decimal_exponent((const uint8_t *)values, 0), -1);
}
END_TEST

START_TEST(a_chunk_that_is_too_long_has_no_size)
{
	const struct kist_filter_spec spec = spec_of(1);

	ck_assert_uint_eq(kist_filter_size(&spec, KIST_FILTER_RAW_SIZE_MAX), KIST_FILTER_RAW_SIZE_MAX);
	ck_assert_uint_eq(kist_filter_size(&spec, KIST_FILTER_RAW_SIZE_MAX + 1), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("filter_shape_kernel");

	tcase_add_loop_test(tests, every_length_comes_back, 0, SHAPE_COUNT);
	tcase_add_loop_test(tests, lengths_around_the_blocks_come_back, 0, SHAPE_COUNT);
	tcase_add_test(tests, filtered_bytes_are_those_of_the_format);
	tcase_add_test(tests, params_are_written_as_they_were_read);
	tcase_add_test(tests, params_that_the_format_does_not_allow_are_refused);
	tcase_add_test(tests, decimals_come_back_with_every_exception);
	tcase_add_test(tests, one_exception_too_many_is_refused);
	tcase_add_test(tests, an_exception_behind_the_end_is_refused);
	tcase_add_test(tests, the_exponent_is_the_smallest_that_fits);
	tcase_add_test(tests, a_chunk_that_is_too_long_has_no_size);
	return suite_run(tests, "filter_shape_kernel");
}
