/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <openssl/evp.h>

#include "pack/cdc.h"
#include "pack/cdc_gear_kernel.h"

struct vector {
	uint32_t average;
	uint32_t size;
	uint32_t seed;
	char kind;
	const uint32_t *cuts;
	size_t count;
};

#include "cdc_vectors.h"

#define SIZE_MAX_HERE 4500000
static uint8_t data[SIZE_MAX_HERE];

static void fill(const struct vector *vector)
{
	fill_noise(data, vector->size, vector->seed);
	for (size_t i = 0; i < vector->size; i++) {
		if (vector->kind == 'z')
			data[i] = 0;
		else if (vector->kind == 't')
			data[i] = data[i] > 40 ? (uint8_t)(97 + data[i] % 26) : 32;
	}
}

START_TEST(the_gear_table_is_the_published_one)
{
	for (int i = 0; i < 256; i++) {
		uint8_t bytes[64];
		uint8_t md5[EVP_MAX_MD_SIZE];
		uint64_t high = 0;

		memset(bytes, i, sizeof(bytes));
		ck_assert_int_eq(EVP_Digest(bytes, sizeof(bytes), md5, NULL, EVP_md5(), NULL), 1);
		for (int k = 0; k < 8; k++)
			high = high << 8 | md5[k];
		ck_assert_uint_eq(kist_cdc_gear[i], high);
	}
	ck_assert_uint_eq(kist_cdc_gear[0], 0x3b5d3c7d207e37dc);
	ck_assert_uint_eq(kist_cdc_gear[255], 0xaabd2b2a451504e1);
}
END_TEST

START_TEST(cuts_are_those_of_the_independent_implementation)
{
	const struct vector *vector = &vectors[_i];
	struct kist_cdc cdc;
	size_t at = 0;
	size_t len;

	fill(vector);
	ck_assert_int_eq(kist_cdc_init(&cdc, vector->average, NULL), KIST_OK);
	for (size_t i = 0; i < vector->count; i++) {
		ck_assert(kist_cdc_next(&cdc, kist_view_of(data + at, vector->size - at), true, &len));
		ck_assert_uint_eq(len, vector->cuts[i]);
		at += len;
	}
	ck_assert_uint_eq(at, vector->size);
	ck_assert(!kist_cdc_next(&cdc, kist_view_of(data + at, 0), true, &len));
}
END_TEST

START_TEST(bytes_that_come_in_pieces_are_cut_alike)
{
	const struct vector *vector = &vectors[_i];
	struct kist_cdc cdc;
	size_t start = 0;
	size_t there = 0;
	size_t cuts = 0;
	size_t len;
	uint32_t piece = 1;

	if (vector->size > 100000)
		return;
	fill(vector);
	ck_assert_int_eq(kist_cdc_init(&cdc, vector->average, NULL), KIST_OK);
	while (start < vector->size) {
		while (!kist_cdc_next(&cdc, kist_view_of(data + start, there - start), there == vector->size,
				      &len)) {
			piece = piece * 5 % 257;
			there = there + piece < vector->size ? there + piece : vector->size;
		}
		ck_assert_uint_eq(len, vector->cuts[cuts]);
		cuts++;
		start += len;
	}
	ck_assert_uint_eq(cuts, vector->count);
}
END_TEST

START_TEST(averages_out_of_range_are_refused)
{
	static const uint32_t bad[] = { 0,	 1,	   128,	      255, 257, 3 << 18, (1 << 20) + 1,
					2 << 20, 1u << 31, UINT32_MAX };
	struct kist_cdc cdc;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(kist_cdc_init(&cdc, bad[i], NULL), KIST_INVALID);
	for (uint32_t average = KIST_CDC_AVERAGE_MIN; average <= KIST_CDC_AVERAGE_MAX; average *= 2)
		ck_assert_int_eq(kist_cdc_init(&cdc, average, NULL), KIST_OK);
	ck_assert_uint_eq(cdc.max, KIST_CHUNK_SIZE_MAX);
	ck_assert_uint_eq(cdc.mask_strict, 0xd93767537000);
	ck_assert_int_eq(kist_cdc_init(&cdc, KIST_CDC_AVERAGE_DEFAULT, NULL), KIST_OK);
	ck_assert_uint_eq(cdc.min, 131072);
	ck_assert_uint_eq(cdc.mask_strict, 0xd91767537000);
	ck_assert_uint_eq(cdc.mask_loose, 0xd90703537000);
}
END_TEST

START_TEST(an_inserted_byte_moves_only_the_cuts_near_it)
{
	static uint8_t other[800001];
	struct kist_cdc cdc;
	size_t ends[2][200];
	size_t counts[2] = { 0, 0 };
	size_t shared = 0;

	fill_noise(data, 800000, 21);
	memcpy(other, data, 400000);
	other[400000] = 7;
	memcpy(other + 400001, data + 400000, 400000);
	for (int k = 0; k < 2; k++) {
		const uint8_t *const bytes = k ? other : data;
		const size_t size = k ? 800001 : 800000;
		size_t at = 0;
		size_t len;

		ck_assert_int_eq(kist_cdc_init(&cdc, 16384, NULL), KIST_OK);
		while (kist_cdc_next(&cdc, kist_view_of(bytes + at, size - at), true, &len)) {
			at += len;
			ends[k][counts[k]++] = at - (at > 400000 && k);
		}
	}
	for (size_t i = 0; i < counts[0]; i++) {
		for (size_t k = 0; k < counts[1]; k++)
			shared += ends[0][i] == ends[1][k];
	}
	ck_assert_uint_ge(shared + 3, counts[0]);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("cdc");
	const int count = sizeof(vectors) / sizeof(vectors[0]);

	tcase_add_test(tests, the_gear_table_is_the_published_one);
	tcase_add_loop_test(tests, cuts_are_those_of_the_independent_implementation, 0, count);
	tcase_add_loop_test(tests, bytes_that_come_in_pieces_are_cut_alike, 0, count);
	tcase_add_test(tests, averages_out_of_range_are_refused);
	tcase_add_test(tests, an_inserted_byte_moves_only_the_cuts_near_it);
	return suite_run(tests, "cdc");
}
