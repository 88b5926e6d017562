/* SPDX-License-Identifier: Apache-2.0 */
#include "object/array_head.h"

#include <string.h>

#include "base/le.h"
#include "base/mem.h"
#include "kist/stream.h"
#include "support/suite.h"

static kist_status write_npy(const char *type, bool is_fortran, size_t rank, const int64_t *shape,
			     struct kist_buf *ret)
{
	const struct kist_array_head head = {
		.type = type, .is_fortran = is_fortran, .rank = rank, .shape = shape
	};

	ret->size = 0;
	return kist_npy_head(&head, ret, NULL);
}

START_TEST(a_head_of_npy_is_that_of_numpy)
{
	static const char want[] =
		"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
	kist_auto_buf struct kist_buf head = KIST_BUF_INIT(1 << 16);
	const int64_t shape[] = { 2, 3 };

	ck_assert_int_eq(write_npy("<f4", false, 2, shape, &head), KIST_OK);
	ck_assert_uint_eq(head.size, 128);
	ck_assert_mem_eq(head.data, want, sizeof(want) - 1);
	for (size_t i = sizeof(want) - 1; i < 127; i++)
		ck_assert_int_eq(head.data[i], ' ');
	ck_assert_int_eq(head.data[127], '\n');
}
END_TEST

START_TEST(every_shape_ends_on_a_boundary)
{
	static const char *const words[] = { "'shape': (), }", "'shape': (7,), }", "'shape': (7, 8), }" };
	kist_auto_buf struct kist_buf head = KIST_BUF_INIT(1 << 16);
	int64_t shape[KIST_RANK_MAX] = { 7, 8 };

	for (size_t rank = 0; rank < 3; rank++) {
		ck_assert_int_eq(write_npy("|u1", rank > 1, rank, shape, &head), KIST_OK);
		ck_assert_uint_eq(head.size % 64, 0);
		ck_assert_ptr_nonnull(strstr(kist_buf_text(&head) + 10, words[rank]));
		ck_assert_int_eq(strstr((const char *)head.data + 10, "True") != NULL, rank > 1);
	}
	for (size_t i = 0; i < KIST_RANK_MAX; i++)
		shape[i] = INT64_MAX;
	ck_assert_int_eq(write_npy("|u1", false, KIST_RANK_MAX, shape, &head), KIST_OK);
	ck_assert_uint_eq(head.size, 10U + kist_le_read16(head.data + 8));
}
END_TEST

START_TEST(a_structured_type_stands_as_it_is)
{
	kist_auto_buf struct kist_buf head = KIST_BUF_INIT(1 << 16);
	const int64_t shape[] = { 1 };

	ck_assert_int_eq(write_npy("[('a', '<i4')]", false, 1, shape, &head), KIST_OK);
	ck_assert_ptr_nonnull(strstr(kist_buf_text(&head) + 10, "{'descr': [('a', '<i4')], 'fortran_order'"));
	/* Names beyond ASCII take version 3.0, whose length has four bytes. */
	ck_assert_int_eq(write_npy("[('\xc3\xa9', '<i4')]", false, 1, shape, &head), KIST_OK);
	ck_assert_int_eq(head.data[6], 3);
	ck_assert_uint_eq(head.size, 12 + kist_le_read32(head.data + 8));
	ck_assert_uint_eq(head.size % 64, 0);
}
END_TEST

START_TEST(a_type_that_would_end_the_head_is_refused)
{
	static const char *const types[] = { "<f4'", "<f\n4", "<f4\\", "[('a\n', 'x')]" };
	kist_auto_buf struct kist_buf head = KIST_BUF_INIT(1 << 16);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		ck_assert_int_eq(write_npy(types[i], false, 0, NULL, &head), KIST_UNSUPPORTED);
}
END_TEST

START_TEST(a_head_of_safetensors_is_that_of_the_library)
{
	static const char want[] = "{\"a\\\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}";
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(1 << 16);
	const int64_t shape[] = { 2, 3 };
	const struct kist_array_head head = {
		.type = "F32", .rank = 2, .shape = shape, .name = "a\"b", .bytes = 24
	};

	ck_assert_int_eq(kist_safetensors_head(&head, &bytes, NULL), KIST_OK);
	ck_assert_uint_eq(bytes.size, 8 + kist_le_read64(bytes.data));
	ck_assert_uint_eq(bytes.size % 8, 0);
	ck_assert_mem_eq(bytes.data + 8, want, sizeof(want) - 1);
}
END_TEST

START_TEST(types_are_known_by_their_common_names)
{
	ck_assert_str_eq(kist_array_type_find("bfloat16")->safetensors, "BF16");
	ck_assert_str_eq(kist_array_type_find("bfloat16")->npy, "<V2");
	ck_assert_ptr_null(kist_array_type_find("float4_e2m1fn")->npy);
	ck_assert_ptr_null(kist_array_type_find("complex128")->safetensors);
	ck_assert_ptr_null(kist_array_type_find("record"));
	ck_assert_str_eq(kist_array_type_of((DLDataType){ kDLBfloat, 16, 1 })->name, "bfloat16");
	ck_assert_str_eq(kist_array_type_of((DLDataType){ kDLInt, 64, 1 })->name, "int64");
	ck_assert_ptr_null(kist_array_type_of((DLDataType){ kDLInt, 64, 2 }));
	ck_assert_ptr_null(kist_array_type_of((DLDataType){ kDLFloat, 80, 1 }));
}
END_TEST

START_TEST(no_memory_leaves_an_error)
{
	const int64_t shape[] = { 2 };
	const struct kist_array_head head = {
		.type = "F32", .rank = 1, .shape = shape, .name = "n", .bytes = 8
	};
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK && k < 100; k++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(1 << 16);

		kist_mem_fail_at(k);
		status = kist_npy_head(&(struct kist_array_head){ .type = "|u1", .rank = 1, .shape = shape },
				       &bytes, NULL);
		if (status == KIST_OK)
			status = kist_safetensors_head(&head, &bytes, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
	ck_assert_int_eq(status, KIST_OK);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("array_head");

	tcase_add_test(tests, a_head_of_npy_is_that_of_numpy);
	tcase_add_test(tests, every_shape_ends_on_a_boundary);
	tcase_add_test(tests, a_structured_type_stands_as_it_is);
	tcase_add_test(tests, a_type_that_would_end_the_head_is_refused);
	tcase_add_test(tests, a_head_of_safetensors_is_that_of_the_library);
	tcase_add_test(tests, types_are_known_by_their_common_names);
	tcase_add_test(tests, no_memory_leaves_an_error);
	return suite_run(tests, "array_head");
}
