/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "object/convert.h"
#include "support/suite.h"
#include "unit/object/tables.h"

/* The one batch of a table that was made from a tensor, with its schema. */
static void read_table(struct kist_object *table, struct ArrowSchema *schema, struct ArrowArray *batch)
{
	struct ArrowArrayStream *const stream = table->value;
	struct ArrowArray end;

	ck_assert_uint_eq(table->kind, KIST_KIND_TABLE);
	ck_assert_int_eq(stream->get_schema(stream, schema), 0);
	ck_assert_int_eq(kist_schema_tree_check(schema, NULL), KIST_OK);
	ck_assert_int_eq(stream->get_next(stream, batch), 0);
	ck_assert_int_eq(kist_array_check(schema, batch, NULL), KIST_OK);
	ck_assert_int_eq(stream->get_next(stream, &end), 0);
	ck_assert_ptr_null(end.release);
}

START_TEST(strided_matrices_become_columns)
{
	static int64_t data[] = { 1, 2, 3, 4, 5, 6 };
	static const struct {
		int64_t strides[2];
		bool has_strides;
		uint64_t byte_offset;
		int64_t want[2][3]; /* columns */
	} rows[] = {
		{ { 0, 0 }, false, 0, { { 1, 3, 5 }, { 2, 4, 6 } } },
		{ { 2, 1 }, true, 0, { { 1, 3, 5 }, { 2, 4, 6 } } },
		{ { 1, 3 }, true, 0, { { 1, 2, 3 }, { 4, 5, 6 } } },
		{ { -2, 1 }, true, 32, { { 5, 3, 1 }, { 6, 4, 2 } } },
		{ { 0, 1 }, true, 8, { { 2, 2, 2 }, { 3, 3, 3 } } },
	};
	const int64_t shape[] = { 3, 2 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kist_object object;
		struct kist_object ret = KIST_OBJECT_INIT;
		struct ArrowSchema schema;
		struct ArrowArray batch;

		produce_tensor(data, INT64, 2, shape, rows[i].has_strides ? rows[i].strides : NULL, &object);
		((DLManagedTensorVersioned *)object.value)->dl_tensor.byte_offset = rows[i].byte_offset;
		ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_OK);
		ck_assert_ptr_null(object.release);
		read_table(&ret, &schema, &batch);
		ck_assert_int_eq(schema.n_children, 2);
		ck_assert_str_eq(schema.children[1]->name, "c1");
		ck_assert_int_eq(batch.length, 3);
		ck_assert_mem_eq(batch.children[0]->buffers[1], rows[i].want[0], sizeof(rows[i].want[0]));
		ck_assert_mem_eq(batch.children[1]->buffers[1], rows[i].want[1], sizeof(rows[i].want[1]));
		kist_object_release(&ret);
		batch.release(&batch);
		schema.release(&schema);
		ck_assert_int_eq(produce_live(), 0);
	}
}
END_TEST

static const struct {
	DLDataType dtype;
	const char *format; /* NULL: refused */
	size_t size;
} columns[] = {
	{ { kDLInt, 8, 1 }, "c", 1 },	   { { kDLUInt, 8, 1 }, "C", 1 },   { { kDLInt, 16, 1 }, "s", 2 },
	{ { kDLUInt, 16, 1 }, "S", 2 },   { { kDLInt, 32, 1 }, "i", 4 },   { { kDLUInt, 32, 1 }, "I", 4 },
	{ { kDLInt, 64, 1 }, "l", 8 },	   { { kDLUInt, 64, 1 }, "L", 8 },  
	{ { kDLFloat, 32, 1 }, "f", 4 },  { { kDLFloat, 64, 1 }, "g", 8 }, { { kDLComplex, 64, 1 }, NULL, 0 },
	{ { kDLUInt, 8, 2 }, NULL, 0 },   { { kDLInt, 4, 1 }, NULL, 0 },   { { kDLFloat6_e3m2fn, 6, 1 }, NULL, 0 },
};

START_TEST(element_types_become_column_types)
{
	static uint8_t data[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24 };
	const int64_t shape[] = { 3 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowSchema schema;
	struct ArrowArray batch;

	/* One byte on, so that no element is aligned. */
	produce_tensor(data + 1, columns[_i].dtype, 1, shape, NULL, &object);
	if (!columns[_i].format) {
		ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_UNSUPPORTED);
		kist_object_release(&object);
		ck_assert_int_eq(produce_live(), 0);
		return;
	}
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_OK);
	read_table(&ret, &schema, &batch);
	ck_assert_str_eq(schema.children[0]->format, columns[_i].format);
	ck_assert_str_eq(schema.children[0]->name, "c0");
	ck_assert_mem_eq(batch.children[0]->buffers[1], data + 1, 3 * columns[_i].size);
	batch.release(&batch);
	schema.release(&schema);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

static const struct {
	DLDataType dtype;
	uint16_t bits;
	float want;
} small[] = {
	{ { kDLFloat, 16, 1 }, 0x3c00, 1.0f },
	{ { kDLFloat, 16, 1 }, 0x2e66, 0.0999755859375f },
	{ { kDLFloat, 16, 1 }, 0x7bff, 65504.0f },
	{ { kDLFloat, 16, 1 }, 0x0001, 0x1p-24f },
	{ { kDLFloat, 16, 1 }, 0x83ff, -0x3ffp-24f },
	{ { kDLFloat, 16, 1 }, 0x8000, -0.0f },
	{ { kDLFloat, 16, 1 }, 0xfc00, -INFINITY },
	{ { kDLFloat, 16, 1 }, 0x7e00, NAN },
	{ { kDLBfloat, 16, 1 }, 0xc000, -2.0f },
	{ { kDLBfloat, 16, 1 }, 0x7f7f, 0x1.fep127f },
	{ { kDLBfloat, 16, 1 }, 0x0001, 0x1p-133f },
	{ { kDLBfloat, 16, 1 }, 0x7f80, INFINITY },
	{ { kDLBfloat, 16, 1 }, 0x7fc0, NAN },
	{ { kDLFloat8_e3m4, 8, 1 }, 0x6f, 15.5f },
	{ { kDLFloat8_e3m4, 8, 1 }, 0x70, INFINITY },
	{ { kDLFloat8_e3m4, 8, 1 }, 0x01, 0x1p-6f },
	{ { kDLFloat8_e4m3, 8, 1 }, 0x77, 240.0f },
	{ { kDLFloat8_e4m3, 8, 1 }, 0xf8, -INFINITY },
	{ { kDLFloat8_e4m3b11fnuz, 8, 1 }, 0x7f, 30.0f },
	{ { kDLFloat8_e4m3b11fnuz, 8, 1 }, 0x80, NAN },
	{ { kDLFloat8_e4m3fn, 8, 1 }, 0x7e, 448.0f },
	{ { kDLFloat8_e4m3fn, 8, 1 }, 0xff, NAN },
	{ { kDLFloat8_e4m3fn, 8, 1 }, 0x80, -0.0f },
	{ { kDLFloat8_e4m3fn, 8, 1 }, 0x01, 0x1p-9f },
	{ { kDLFloat8_e4m3fnuz, 8, 1 }, 0x7f, 240.0f },
	{ { kDLFloat8_e4m3fnuz, 8, 1 }, 0x80, NAN },
	{ { kDLFloat8_e5m2, 8, 1 }, 0x7b, 57344.0f },
	{ { kDLFloat8_e5m2, 8, 1 }, 0x7c, INFINITY },
	{ { kDLFloat8_e5m2, 8, 1 }, 0x7d, NAN },
	{ { kDLFloat8_e5m2fnuz, 8, 1 }, 0xff, -57344.0f },
	{ { kDLFloat8_e5m2fnuz, 8, 1 }, 0x80, NAN },
	{ { kDLFloat8_e8m0fnu, 8, 1 }, 0x00, 0x1p-127f },
	{ { kDLFloat8_e8m0fnu, 8, 1 }, 0xfe, 0x1p127f },
	{ { kDLFloat8_e8m0fnu, 8, 1 }, 0xff, NAN },
};

START_TEST(small_floating_numbers_become_float32_exactly)
{
	uint16_t bits = small[_i].bits;
	const int64_t shape[] = { 1 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowSchema schema;
	struct ArrowArray batch;
	float got;

	produce_tensor(&bits, small[_i].dtype, 1, shape, NULL, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_OK);
	read_table(&ret, &schema, &batch);
	ck_assert_str_eq(schema.children[0]->format, "f");
	got = *(const float *)batch.children[0]->buffers[1];
	if (isnan(small[_i].want)) {
		ck_assert(isnan(got));
	} else {
		ck_assert_float_eq(got, small[_i].want);
		ck_assert_int_eq(signbit(got), signbit(small[_i].want));
	}
	batch.release(&batch);
	schema.release(&schema);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(elements_that_are_not_what_their_storage_says_are_no_table_and_no_model)
{
	static int64_t data[] = { 18262 };
	const int64_t shape[] = { 1 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct kist_error error = KIST_ERROR_INIT;

	produce_tensor(data, INT64, 1, shape, NULL, &object);
	object.logical = "datetime64[D]";
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, &error), KIST_UNSUPPORTED);
	ck_assert_str_eq(error.code, "E_DTYPE");
	ck_assert_ptr_nonnull(strstr(error.text, "datetime64[D] have no column type"));
	ck_assert_int_eq(kist_object_convert(&object, MODEL, "", NULL, &ret, &error), KIST_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(error.text, "datetime64[D]"));
	ck_assert_ptr_nonnull(object.release);
	/* Without the member (an older build's struct) nothing is said. */
	object.struct_size = offsetof(struct kist_object, logical);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_OK);
	kist_object_release(&ret);
	/* As it is, it is what it was. */
	produce_tensor(data, INT64, 1, shape, NULL, &object);
	object.logical = "datetime64[D]";
	ck_assert_int_eq(kist_object_convert(&object, TENSOR | TABLE, "", NULL, &ret, NULL), KIST_OK);
	ck_assert_str_eq(ret.logical, "datetime64[D]");
	ret.logical = "\xff";
	ck_assert_int_eq(kist_object_check(&ret, NULL), KIST_INVALID);
	ret.logical = "";
	ck_assert_int_eq(kist_object_check(&ret, NULL), KIST_INVALID);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(bools_become_bits_and_bfloat16_becomes_float32)
{
	static uint8_t bools[10] = { 1, 0, 2, 0, 0, 0, 0, 255, 0, 1 };
	static uint16_t brains[10] = { 0x3f80, 0xc000 };
	const int64_t shape[] = { 10 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowSchema schema;
	struct ArrowArray batch;

	produce_tensor(bools, (DLDataType){ kDLBool, 8, 1 }, 1, shape, NULL, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_OK);
	read_table(&ret, &schema, &batch);
	ck_assert_str_eq(schema.children[0]->format, "b");
	ck_assert_mem_eq(batch.children[0]->buffers[1], "\x85\x02", 2);
	batch.release(&batch);
	schema.release(&schema);
	kist_object_release(&ret);
	produce_tensor(brains, (DLDataType){ kDLBfloat, 16, 1 }, 1, shape, NULL, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_OK);
	read_table(&ret, &schema, &batch);
	ck_assert_str_eq(schema.children[0]->format, "f");
	ck_assert_float_eq(((const float *)batch.children[0]->buffers[1])[0], 1.0f);
	ck_assert_float_eq(((const float *)batch.children[0]->buffers[1])[1], -2.0f);
	batch.release(&batch);
	schema.release(&schema);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_scalar_becomes_one_row_and_an_empty_tensor_none)
{
	static int64_t data[] = { 7 };
	const int64_t empty[] = { 0, 3 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowSchema schema;
	struct ArrowArray batch;
	struct ArrowArrayStream *stream;

	produce_tensor(data, INT64, 0, NULL, NULL, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_OK);
	read_table(&ret, &schema, &batch);
	ck_assert_int_eq(batch.length, 1);
	ck_assert_int_eq(*(const int64_t *)batch.children[0]->buffers[1], 7);
	batch.release(&batch);
	schema.release(&schema);
	kist_object_release(&ret);
	produce_tensor(NULL, INT64, 2, empty, NULL, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_OK);
	stream = ret.value;
	ck_assert_int_eq(stream->get_schema(stream, &schema), 0);
	ck_assert_int_eq(schema.n_children, 3);
	schema.release(&schema);
	ck_assert_int_eq(stream->get_next(stream, &batch), 0);
	ck_assert_ptr_null(batch.release);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(long_tensors_come_in_batches_and_back_whole)
{
	enum { ROWS = 65536 + 3 };
	double *const data = calloc(ROWS, sizeof(*data));
	const int64_t shape[] = { ROWS };
	struct kist_object object;
	struct kist_object table = KIST_OBJECT_INIT;
	struct kist_object ret = KIST_OBJECT_INIT;
	const DLTensor *tensor;

	ck_assert_ptr_nonnull(data);
	for (int i = 0; i < ROWS; i++)
		data[i] = i * 0.5;
	produce_tensor(data, (DLDataType){ kDLFloat, 64, 1 }, 1, shape, NULL, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &table, NULL), KIST_OK);
	ck_assert_int_eq(kist_object_convert(&table, TENSOR, "c0", NULL, &ret, NULL), KIST_OK);
	tensor = tensor_of(&ret);
	ck_assert_int_eq(tensor->shape[0], ROWS);
	ck_assert_mem_eq(tensor->data, data, ROWS * sizeof(*data));
	kist_object_release(&ret);
	free(data);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(tensors_that_are_no_table_are_refused_and_left_alone)
{
	static int64_t data[1];
	const int64_t cube[] = { 1, 1, 1 };
	const int64_t widest[] = { 0, KIST_ARROW_CHILDREN_MAX };
	const int64_t wide[] = { 0, KIST_ARROW_CHILDREN_MAX + 1 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_tensor(data, INT64, 3, cube, NULL, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_UNSUPPORTED);
	ck_assert_ptr_nonnull(object.release);
	kist_object_release(&object);
	produce_tensor(data, INT64, 2, wide, NULL, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_LIMIT);
	kist_object_release(&object);
	produce_tensor(data, INT64, 2, widest, NULL, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_OK);
	kist_object_release(&ret);
	produce_tensor(data, INT64, 3, cube, NULL, &object);
	((DLManagedTensorVersioned *)object.value)->dl_tensor.device.device_type = kDLCUDA;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_UNSUPPORTED);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "x", NULL, &ret, NULL), KIST_UNSUPPORTED);
	kist_object_release(&object);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("tensor to table");

	tcase_add_test(tcase, strided_matrices_become_columns);
	tcase_add_loop_test(tcase, element_types_become_column_types, 0, (int)(sizeof(columns) / sizeof(columns[0])));
	tcase_add_loop_test(tcase, small_floating_numbers_become_float32_exactly, 0,
			    (int)(sizeof(small) / sizeof(small[0])));
	tcase_add_test(tcase, elements_that_are_not_what_their_storage_says_are_no_table_and_no_model);
	tcase_add_test(tcase, bools_become_bits_and_bfloat16_becomes_float32);
	tcase_add_test(tcase, a_scalar_becomes_one_row_and_an_empty_tensor_none);
	tcase_add_test(tcase, long_tensors_come_in_batches_and_back_whole);
	tcase_add_test(tcase, tensors_that_are_no_table_are_refused_and_left_alone);
	return suite_run(tcase, "tensor to table");
}
