/* SPDX-License-Identifier: Apache-2.0 */
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
	tcase_add_test(tcase, pieces_of_any_size_are_gathered);
	return suite_run(tcase, "model_kernel");
}
