/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>

#include "object/convert.h"
#include "support/suite.h"
#include "unit/object/tables.h"

START_TEST(columns_of_several_batches_become_a_matrix_with_nan_for_null)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	const DLTensor *tensor;
	const double *values;

	two_batches(&producer, &object);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_OK);
	ck_assert_ptr_null(object.release);
	tensor = tensor_of(&ret);
	ck_assert_int_eq(tensor->ndim, 2);
	ck_assert_int_eq(tensor->shape[0], 3);
	ck_assert_int_eq(tensor->shape[1], 2);
	ck_assert_int_eq(tensor->strides[0], 2);
	ck_assert_int_eq(tensor->strides[1], 1);
	ck_assert_uint_eq(tensor->dtype.code, kDLFloat);
	values = tensor->data;
	ck_assert_double_eq(values[0], 1);
	ck_assert_double_eq(values[1], 0.5);
	ck_assert_double_eq(values[2], 2);
	ck_assert_double_eq(values[3], 1.5);
	ck_assert_double_eq(values[4], 3);
	ck_assert(isnan(values[5]));
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(one_int64_column_becomes_a_vector_of_int64)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	const DLTensor *tensor;

	two_batches(&producer, &object);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "a", NULL, &ret, NULL), KIST_OK);
	tensor = tensor_of(&ret);
	ck_assert_int_eq(tensor->ndim, 1);
	ck_assert_int_eq(tensor->shape[0], 3);
	ck_assert_uint_eq(tensor->dtype.code, kDLInt);
	ck_assert_int_eq(((const int64_t *)tensor->data)[2], 3);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

static const int8_t i8s[] = { INT8_MIN, INT8_MAX };
static const uint8_t u8s[] = { 0, UINT8_MAX };
static const int16_t i16s[] = { INT16_MIN, INT16_MAX };
static const uint16_t u16s[] = { 0, UINT16_MAX };
static const int32_t i32s[] = { INT32_MIN, INT32_MAX };
static const uint32_t u32s[] = { 0, UINT32_MAX };
static const uint64_t u64s[] = { (uint64_t)1 << 53, (uint64_t)1 << 63 };
static const uint16_t halves[] = { 0xc500, 0x0001 };
static const float floats[] = { -0.25f, 3e38f };
static const double doubles[] = { -0.1, 1e308 };
static const struct {
	const char *format;
	const void *values;
	double want[2];
} numbers[] = {
	{ "c", i8s, { INT8_MIN, INT8_MAX } },	    { "C", u8s, { 0, UINT8_MAX } },
	{ "s", i16s, { INT16_MIN, INT16_MAX } },    { "S", u16s, { 0, UINT16_MAX } },
	{ "i", i32s, { INT32_MIN, INT32_MAX } },    { "I", u32s, { 0, UINT32_MAX } },
	{ "L", u64s, { 0x1p53, 0x1p63 } },	    { "e", halves, { -5.0, 0x1p-24 } },
	{ "f", floats, { -0.25, (double)3e38f } },  { "g", doubles, { -0.1, 1e308 } },
};

START_TEST(every_numeric_type_becomes_float64)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	const DLTensor *tensor;

	one_column(&producer, numbers[_i].format, 2, numbers[_i].values, &object);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_OK);
	tensor = tensor_of(&ret);
	ck_assert_uint_eq(tensor->dtype.code, kDLFloat);
	ck_assert_double_eq(((const double *)tensor->data)[0], numbers[_i].want[0]);
	ck_assert_double_eq(((const double *)tensor->data)[1], numbers[_i].want[1]);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(half_floats_keep_infinity_and_nan)
{
	static const uint16_t values[] = { 0x7c00, 0xfc00, 0x7e00, 0x8000, 0x7bff };
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	const double *got;

	one_column(&producer, "e", 5, values, &object);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_OK);
	got = tensor_of(&ret)->data;
	ck_assert(isinf(got[0]) && got[0] > 0);
	ck_assert(isinf(got[1]) && got[1] < 0);
	ck_assert(isnan(got[2]));
	ck_assert_double_eq(got[3], 0);
	ck_assert(signbit(got[3]));
	ck_assert_double_eq(got[4], 65504);
	kist_object_release(&ret);
}
END_TEST

START_TEST(an_integer_that_float64_cannot_hold_is_refused)
{
	static const uint64_t too_fine[] = { 1, ((uint64_t)1 << 53) + 1 };
	static const uint64_t largest[] = { 1, UINT64_MAX };
	static const int64_t low[] = { 1, INT64_MIN + 1 };
	static const struct {
		const char *format;
		const void *values;
	} rows[] = { { "L", too_fine }, { "L", largest }, { "l", low } };

	for (size_t i = 0; i < 3; i++) {
		struct producer producer = { .schema = two_columns(rows[i].format, "f"),
					     .batches = { produce_batch(2, produce_column(2, rows[i].values),
									produce_column(2, b_values), NULL) },
					     .batch_count = 1,
					     .fail_at = -1 };
		struct kist_error err = KIST_ERROR_INIT;
		struct kist_object object;
		struct kist_object ret = KIST_OBJECT_INIT;

		produce_table(&producer, &object);
		ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, &err), KIST_UNSUPPORTED);
		ck_assert_str_eq(err.text, "cannot make a tensor from a table: column 'a', row 1: an integer that "
					   "float64 cannot hold exactly");
		ck_assert_ptr_null(object.release);
		ck_assert_ptr_null(ret.release);
		ck_assert_int_eq(produce_live(), 0);
	}
}
END_TEST

START_TEST(a_null_in_an_int64_tensor_is_refused)
{
	static const uint8_t bitmap[] = { 0x1d };
	struct producer producer;
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	one_column(&producer, "l", 5, a_values, &object);
	producer.batches[0]->children[0]->null_count = 1;
	producer.batches[0]->children[0]->buffers[0] = bitmap;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, &err), KIST_UNSUPPORTED);
	ck_assert_str_eq(err.text, "cannot make a tensor from a table: column 'a', row 1: a null, which int64 cannot hold");
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_column_that_is_no_number_is_named_with_those_that_are)
{
	struct producer producer = { .schema = two_columns("l", "u"), .fail_at = -1 };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_table(&producer, &object);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, &err), KIST_UNSUPPORTED);
	ck_assert_str_eq(err.text, "cannot make a tensor from a table: column 'b' holds text; select columns of numbers: 'a'");
	/* No batch was read: the table is as it was, and the numeric column can be had. */
	ck_assert_ptr_nonnull(object.release);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "a", NULL, &ret, NULL), KIST_OK);
	ck_assert_int_eq(tensor_of(&ret)->shape[0], 0);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(dictionary_columns_are_no_numbers)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	one_column(&producer, "l", 5, a_values, &object);
	producer.schema->children[0]->dictionary = produce_schema("u", "", NULL);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_UNSUPPORTED);
	kist_object_release(&object);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_table_without_columns_is_no_tensor)
{
	struct producer producer = { .schema = produce_schema("+s", "", NULL), .fail_at = -1 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_table(&producer, &object);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_UNSUPPORTED);
	kist_object_release(&object);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(the_words_of_a_failing_producer_come_through)
{
	static const struct {
		int error;
		const char *text;
		kist_status status;
		const char *want;
	} rows[] = {
		{ EIO, "disk on fire", KIST_IO, "the table's producer failed: disk on fire" },
		{ ENOMEM, NULL, KIST_NO_MEMORY, "the table's producer failed with error 12 and without saying why" },
		{ ECANCELED, "\xff\n", KIST_CANCELLED, "the table's producer failed: \\xff\\n" },
		{ EINVAL, "x", KIST_INVALID, "the table's producer failed: x" },
		{ -77, "x", KIST_IO, "the table's producer failed: x" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kist_error err = KIST_ERROR_INIT;
		struct producer producer;
		struct kist_object object;
		struct kist_object ret = KIST_OBJECT_INIT;

		two_batches(&producer, &object);
		producer.fail_at = 1;
		producer.error = rows[i].error;
		producer.error_text = rows[i].text;
		ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, &err), rows[i].status);
		ck_assert_str_eq(err.text, rows[i].want);
		ck_assert_ptr_null(object.release);
		ck_assert_int_eq(produce_live(), 0);
	}
}
END_TEST

START_TEST(a_producer_without_a_schema_leaves_the_object_alone)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	two_batches(&producer, &object);
	producer.schema_error = EIO;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_IO);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "a", NULL, &ret, NULL), KIST_IO);
	ck_assert_ptr_nonnull(object.release);
	kist_object_release(&object);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_schema_that_is_no_struct_is_no_table)
{
	struct producer producer = { .schema = produce_schema("l", "", NULL), .fail_at = -1 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_table(&producer, &object);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_INVALID);
	kist_object_release(&object);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("table to tensor");

	tcase_add_test(tcase, columns_of_several_batches_become_a_matrix_with_nan_for_null);
	tcase_add_test(tcase, one_int64_column_becomes_a_vector_of_int64);
	tcase_add_loop_test(tcase, every_numeric_type_becomes_float64, 0, (int)(sizeof(numbers) / sizeof(numbers[0])));
	tcase_add_test(tcase, half_floats_keep_infinity_and_nan);
	tcase_add_test(tcase, an_integer_that_float64_cannot_hold_is_refused);
	tcase_add_test(tcase, a_null_in_an_int64_tensor_is_refused);
	tcase_add_test(tcase, a_column_that_is_no_number_is_named_with_those_that_are);
	tcase_add_test(tcase, dictionary_columns_are_no_numbers);
	tcase_add_test(tcase, a_table_without_columns_is_no_tensor);
	tcase_add_test(tcase, the_words_of_a_failing_producer_come_through);
	tcase_add_test(tcase, a_producer_without_a_schema_leaves_the_object_alone);
	tcase_add_test(tcase, a_schema_that_is_no_struct_is_no_table);
	return suite_run(tcase, "table to tensor");
}
