/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "object/check.h"
#include "object/convert.h"
#include "unit/object/produce.h"

#define TENSOR KIST_KIND_BIT(KIST_KIND_TENSOR)
#define TABLE  KIST_KIND_BIT(KIST_KIND_TABLE)
#define MODEL  KIST_KIND_BIT(KIST_KIND_MODEL)
#define INT64  ((DLDataType){ kDLInt, 64, 1 })

static const DLTensor *tensor_of(const struct kist_object *object)
{
	ck_assert_uint_eq(object->kind, KIST_KIND_TENSOR);
	ck_assert_int_eq(kist_object_check(object, NULL), KIST_OK);
	return &((const DLManagedTensorVersioned *)object->value)->dl_tensor;
}

/* A table of int64 "a" and float32 "b" in two batches; the second has an offset and a null in b. */
static const int64_t a_values[] = { 1, 2, 3, -4, 5 };
static const float b_values[] = { 0.5f, 1.5f, 2.5f, 3.5f, 4.5f };
static const uint8_t b_bitmap[] = { 0x17 }; /* the fourth is null */

static struct ArrowSchema *two_columns(const char *first, const char *second)
{
	return produce_schema("+s", "", produce_schema(first, "a", NULL), produce_schema(second, "b", NULL), NULL);
}

static void two_batches(struct producer *producer, struct kist_object *ret)
{
	struct ArrowArray *const whole = produce_batch(2, produce_column(2, a_values), produce_column(2, b_values), NULL);
	struct ArrowArray *const slice = produce_batch(1, produce_column(5, a_values), produce_column(4, b_values), NULL);

	/* The slice begins at 2 in the batch; b begins one later still. */
	slice->offset = 2;
	slice->children[1]->offset = 1;
	slice->children[1]->length = 3;
	slice->children[1]->null_count = -1;
	slice->children[1]->buffers[0] = b_bitmap;
	*producer = (struct producer){ .schema = two_columns("l", "f"),
				       .batches = { whole, slice },
				       .batch_count = 2,
				       .fail_at = -1 };
	produce_table(producer, ret);
}

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

/* A table of one column with one batch. */
static void one_column(struct producer *producer, const char *format, int64_t length, const void *values,
		       struct kist_object *ret)
{
	*producer = (struct producer){ .schema = produce_schema("+s", "", produce_schema(format, "a", NULL), NULL),
				       .batches = { produce_batch(length, produce_column(length, values), NULL) },
				       .batch_count = 1,
				       .fail_at = -1 };
	produce_table(producer, ret);
}

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
	ck_assert_str_eq(err.text, "cannot make a tensor from a table: column 'b' ('u') is not numeric; select some of: 'a'");
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

/* What a hostile producer does to its second batch. */
static void too_few_children(struct ArrowArray *batch)
{
	batch->n_children = 1;
}
static void too_many_children(struct ArrowArray *batch)
{
	batch->n_children = 3;
}
static void null_values(struct ArrowArray *batch)
{
	batch->children[0]->buffers[1] = NULL;
}
static void huge_length(struct ArrowArray *batch)
{
	batch->length = INT64_MAX;
	batch->offset = 1;
}
static void long_batch(struct ArrowArray *batch)
{
	batch->length = 100;
}
static void no_buffers(struct ArrowArray *batch)
{
	batch->children[0]->buffers = NULL;
}
static void null_rows(struct ArrowArray *batch)
{
	static const uint8_t bitmap[1] = { 0 };

	batch->buffers[0] = bitmap;
	batch->null_count = -1;
}

static const struct {
	void (*spoil)(struct ArrowArray *);
	kist_status status;
} spoils[] = {
	{ too_few_children, KIST_INVALID }, { too_many_children, KIST_INVALID }, { null_values, KIST_INVALID },
	{ huge_length, KIST_LIMIT },	    { long_batch, KIST_INVALID },	 { no_buffers, KIST_INVALID },
	{ null_rows, KIST_UNSUPPORTED },
};

START_TEST(hostile_batches_end_the_conversion)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	two_batches(&producer, &object);
	spoils[_i].spoil(producer.batches[1]);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), spoils[_i].status);
	ck_assert_ptr_null(object.release);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(hostile_batches_end_a_selection_as_they_pass)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowArrayStream *stream;
	struct ArrowArray batch;

	two_batches(&producer, &object);
	spoils[_i].spoil(producer.batches[1]);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "b", NULL, &ret, NULL), KIST_OK);
	stream = ret.value;
	ck_assert_int_eq(stream->get_next(stream, &batch), 0);
	ck_assert_ptr_null(stream->get_last_error(stream));
	batch.release(&batch);
	ck_assert_int_ne(stream->get_next(stream, &batch), 0);
	ck_assert_ptr_null(batch.release);
	ck_assert_ptr_nonnull(stream->get_last_error(stream));
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_stream_that_forgets_its_release_is_released_once)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	two_batches(&producer, &object);
	producer.sticky_release = true;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_OK);
	ck_assert_ptr_null(object.release);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(the_same_kind_without_a_selection_is_only_moved)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	void *value;

	two_batches(&producer, &object);
	value = object.value;
	ck_assert_int_eq(kist_object_convert(&object, TABLE | TENSOR, "", NULL, &ret, NULL), KIST_OK);
	ck_assert_ptr_eq(ret.value, value);
	ck_assert_str_eq(ret.type, "test.table");
	ck_assert_ptr_null(object.release);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(selected_columns_come_in_the_order_in_which_they_are_named)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowArrayStream *stream;
	struct ArrowSchema schema;
	struct ArrowArray batch;

	two_batches(&producer, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "b,a", NULL, &ret, NULL), KIST_OK);
	ck_assert_ptr_null(object.release);
	stream = ret.value;
	ck_assert_int_eq(stream->get_schema(stream, &schema), 0);
	ck_assert_int_eq(kist_schema_tree_check(&schema, NULL), KIST_OK);
	ck_assert_int_eq(schema.n_children, 2);
	ck_assert_str_eq(schema.children[0]->name, "b");
	ck_assert_str_eq(schema.children[0]->format, "f");
	ck_assert_str_eq(schema.children[1]->name, "a");
	ck_assert_int_eq(stream->get_next(stream, &batch), 0);
	ck_assert_int_eq(kist_array_check(&schema, &batch, NULL), KIST_OK);
	batch.release(&batch);
	ck_assert_int_eq(stream->get_next(stream, &batch), 0);
	ck_assert_int_eq(kist_array_check(&schema, &batch, NULL), KIST_OK);
	ck_assert_int_eq(batch.offset, 2);
	ck_assert_int_eq(((const int64_t *)batch.children[1]->buffers[1])[batch.offset], 3);
	/* What a consumer moves out outlives its batch and the stream. */
	{
		struct ArrowArray column = *batch.children[1];

		batch.children[1]->release = NULL;
		batch.release(&batch);
		kist_object_release(&ret);
		ck_assert_int_eq(((const int64_t *)column.buffers[1])[2], 3);
		column.release(&column);
	}
	schema.release(&schema);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_selected_schema_keeps_metadata_flags_children_and_dictionary)
{
	static const struct {
		int32_t pairs;
		int32_t key_len;
		char key[4];
		int32_t value_len;
		char value[4];
	} metadata = { 1, 4, "key1", 4, "val1" };
	struct ArrowSchema *const list = produce_schema("+l", "a", produce_schema("u", "item", NULL), NULL);
	struct ArrowSchema *const coded = produce_schema("i", "b", NULL);
	struct producer producer = { .schema = produce_schema("+s", "", list, coded, NULL), .fail_at = -1 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowArrayStream *stream;
	struct ArrowSchema schema;

	list->metadata = (const char *)&metadata;
	list->flags = ARROW_FLAG_NULLABLE;
	coded->dictionary = produce_schema("u", NULL, NULL);
	produce_table(&producer, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "b,a", NULL, &ret, NULL), KIST_OK);
	stream = ret.value;
	ck_assert_int_eq(stream->get_schema(stream, &schema), 0);
	kist_object_release(&ret);
	ck_assert_str_eq(schema.children[0]->dictionary->format, "u");
	ck_assert_ptr_null(schema.children[0]->dictionary->name);
	ck_assert_int_eq(schema.children[1]->flags, ARROW_FLAG_NULLABLE);
	ck_assert_mem_eq(schema.children[1]->metadata, &metadata, sizeof(metadata));
	ck_assert_str_eq(schema.children[1]->children[0]->name, "item");
	schema.release(&schema);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_batch_that_names_one_column_twice_is_refused)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowArrayStream *stream;
	struct ArrowArray *second;
	struct ArrowArray *hostile;
	struct ArrowArray batch;

	two_batches(&producer, &object);
	hostile = producer.batches[0];
	second = hostile->children[1];
	hostile->children[1] = hostile->children[0];
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "a,b", NULL, &ret, NULL), KIST_OK);
	stream = ret.value;
	/* The producer's own release must see each child once. */
	{
		struct ArrowArray **const children = hostile->children;
		struct ArrowArray *aliases[2] = { children[0], children[0] };

		children[1] = second;
		hostile->children = aliases;
		ck_assert_int_ne(stream->get_next(stream, &batch), 0);
		ck_assert_str_eq(stream->get_last_error(stream), "two columns of a batch are the same");
	}
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_selection_that_is_not_there_names_what_is)
{
	static const struct {
		const char *select;
		kist_status status;
		const char *text;
	} rows[] = {
		{ "c", KIST_NOT_FOUND, "no column 'c'; there are: 'a', 'b'" },
		{ "a,c", KIST_NOT_FOUND, "no column 'c'; there are: 'a', 'b'" },
		{ "a,", KIST_NOT_FOUND, "no column ''; there are: 'a', 'b'" },
		{ "a,a", KIST_INVALID, "the column 'a' is named twice" },
		{ "A", KIST_NOT_FOUND, "no column 'A'; there are: 'a', 'b'" },
	};
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	two_batches(&producer, &object);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kist_error err = KIST_ERROR_INIT;

		ck_assert_int_eq(kist_object_convert(&object, TABLE, rows[i].select, NULL, &ret, &err), rows[i].status);
		ck_assert_str_eq(err.text, rows[i].text);
		ck_assert_int_eq(kist_object_convert(&object, TENSOR, rows[i].select, NULL, &ret, NULL),
				 rows[i].status);
	}
	kist_object_release(&object);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(two_columns_of_one_name_are_ambiguous_and_a_comma_may_be_in_a_name)
{
	struct producer producer = { .schema = produce_schema("+s", "", produce_schema("l", "x", NULL),
							      produce_schema("l", "x", NULL),
							      produce_schema("l", "y,z", NULL), NULL),
				     .fail_at = -1 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_table(&producer, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "x", NULL, &ret, NULL), KIST_AMBIGUOUS);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "y,z", NULL, &ret, NULL), KIST_OK);
	ck_assert_int_eq(tensor_of(&ret)->ndim, 1);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

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
	{ { kDLInt, 64, 1 }, "l", 8 },	   { { kDLUInt, 64, 1 }, "L", 8 },  { { kDLFloat, 16, 1 }, "e", 2 },
	{ { kDLFloat, 32, 1 }, "f", 4 },  { { kDLFloat, 64, 1 }, "g", 8 }, { { kDLComplex, 64, 1 }, NULL, 0 },
	{ { kDLUInt, 8, 2 }, NULL, 0 },   { { kDLInt, 4, 1 }, NULL, 0 },   { { kDLFloat8_e4m3fn, 8, 1 }, NULL, 0 },
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

START_TEST(a_model_gives_the_tensor_that_is_named_or_its_only_one)
{
	static const char *const names[] = { "x", "y", NULL };
	static const char *const only[] = { "z", NULL };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_model(names, &object);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, &err), KIST_UNSUPPORTED);
	ck_assert_str_eq(err.text, "cannot make a tensor from a model of 2 tensors; select one of: 'x', 'y'");
	kist_error_clear(&err);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "w", NULL, &ret, &err), KIST_NOT_FOUND);
	ck_assert_str_eq(err.text, "no tensor 'w' in the model; there are: 'x', 'y'");
	ck_assert_ptr_nonnull(object.release);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "y", NULL, &ret, NULL), KIST_OK);
	ck_assert_ptr_null(object.release);
	ck_assert_double_eq(*(const double *)tensor_of(&ret)->data, 1.5);
	kist_object_release(&ret);
	produce_model(only, &object);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_OK);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

static DLManagedTensorVersioned *given;
static kist_status given_status;
static kist_status hostile_get(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			       DLManagedTensorVersioned **ret_tensor)
{
	(void)map;
	(void)call;
	(void)i;
	*ret_tensor = given;
	return given_status;
}

START_TEST(a_model_that_gives_rubbish_is_left_alone)
{
	static const char *const only[] = { "z", NULL };
	static double data[1];
	struct kist_object tensor;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_model(only, &object);
	((struct kist_tensor_map *)object.value)->get = hostile_get;
	given = NULL;
	given_status = KIST_OK;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_INTERNAL);
	given_status = 5;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_INTERNAL);
	given_status = KIST_CORRUPT;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_CORRUPT);
	/* A tensor that cannot be used is deleted. */
	produce_tensor(data, INT64, 0, NULL, NULL, &tensor);
	given = tensor.value;
	given->version.major = 9;
	given_status = KIST_OK;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_INCOMPATIBLE);
	ck_assert_ptr_null(ret.release);
	ck_assert_ptr_nonnull(object.release);
	kist_object_release(&object);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_tensor_becomes_a_model_whose_tensors_outlive_it)
{
	static double data[] = { 1, 2 };
	const int64_t shape[] = { 2 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct kist_tensor_map *map;
	DLManagedTensorVersioned *first;
	DLManagedTensorVersioned *second;
	const char *name;

	produce_tensor(data, (DLDataType){ kDLFloat, 64, 1 }, 1, shape, NULL, &object);
	ck_assert_int_eq(kist_object_convert(&object, MODEL, "", NULL, &ret, NULL), KIST_OK);
	ck_assert_ptr_null(object.release);
	ck_assert_int_eq(kist_object_check(&ret, NULL), KIST_OK);
	map = ret.value;
	ck_assert_uint_eq(map->count, 1);
	ck_assert_int_eq(map->get_name(map, 0, &name), KIST_OK);
	ck_assert_str_eq(name, "data");
	ck_assert_int_eq(map->get_name(map, 1, &name), KIST_INVALID);
	ck_assert_int_eq(map->get(map, NULL, 1, &first), KIST_INVALID);
	ck_assert_int_eq(map->get(map, NULL, 0, &first), KIST_OK);
	ck_assert_int_eq(map->get(map, NULL, 0, &second), KIST_OK);
	first->deleter(first);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 1);
	ck_assert_double_eq(((const double *)second->dl_tensor.data)[1], 2);
	second->deleter(second);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(what_cannot_be_converted_says_from_what_to_what)
{
	static const char *const names[] = { "x", NULL };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_model(names, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE | KIST_KIND_BIT(KIST_KIND_BYTES), "", NULL, &ret, &err),
			 KIST_UNSUPPORTED);
	ck_assert_str_eq(err.text, "cannot make bytes or table from model");
	kist_object_release(&object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_INVALID);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

static unsigned polls_left;
static kist_status counting_poll(struct kist_call *call)
{
	(void)call;
	return polls_left == 0 ? KIST_CANCELLED : (polls_left--, KIST_OK);
}

START_TEST(a_cancelled_conversion_ends_at_every_poll)
{
	struct kist_call call = { .struct_size = sizeof(call), .poll = counting_poll };
	kist_status status = KIST_CANCELLED;
	unsigned k = 0;

	for (; status == KIST_CANCELLED; k++) {
		struct producer producer;
		struct kist_object object;
		struct kist_object ret = KIST_OBJECT_INIT;

		two_batches(&producer, &object);
		polls_left = k;
		status = kist_object_convert(&object, TENSOR, "", &call, &ret, NULL);
		kist_object_release(&ret);
		ck_assert_ptr_null(object.release);
		ck_assert_int_eq(produce_live(), 0);
	}
	ck_assert_int_eq(status, KIST_OK);
	ck_assert_uint_ge(k, 7);
}
END_TEST

/* Reads a table to its end; what is out of memory once goes on with the next. */
static bool drain(struct kist_object *table)
{
	struct ArrowArrayStream *const stream = table->value;
	struct ArrowSchema schema;
	struct ArrowArray batch;
	bool whole = true;

	if (stream->get_schema(stream, &schema) == 0)
		schema.release(&schema);
	else
		whole = false;
	for (;;) {
		const int error = stream->get_next(stream, &batch);

		if (error != 0) {
			ck_assert_int_eq(error, ENOMEM);
			ck_assert_ptr_null(batch.release);
			return false;
		}
		if (!batch.release)
			return whole;
		batch.release(&batch);
	}
}

static void produce_any(uint32_t kind, struct producer *producer, struct kist_object *ret)
{
	static const char *const names[] = { "x", NULL };
	static int64_t data[] = { 1, 2, 3, 4 };
	const int64_t shape[] = { 2, 2 };

	if (kind == KIST_KIND_TABLE)
		two_batches(producer, ret);
	else if (kind == KIST_KIND_TENSOR)
		produce_tensor(data, INT64, 2, shape, NULL, ret);
	else
		produce_model(names, ret);
}

static const struct {
	uint32_t from;
	uint32_t to;
	const char *select;
} roads[] = {
	{ KIST_KIND_TABLE, KIST_KIND_TENSOR, "a,b" }, { KIST_KIND_TABLE, KIST_KIND_TABLE, "b" },
	{ KIST_KIND_TENSOR, KIST_KIND_TABLE, "" },    { KIST_KIND_TENSOR, KIST_KIND_MODEL, "" },
	{ KIST_KIND_MODEL, KIST_KIND_TENSOR, "x" },
};

START_TEST(conversions_survive_every_failed_allocation)
{
	bool whole = false;

	for (unsigned long k = 1; !whole; k++) {
		struct producer producer;
		struct kist_object object;
		struct kist_object ret = KIST_OBJECT_INIT;
		kist_status status;

		produce_any(roads[_i].from, &producer, &object);
		kist_mem_fail_at(k);
		status = kist_object_convert(&object, KIST_KIND_BIT(roads[_i].to), roads[_i].select, NULL, &ret, NULL);
		whole = status == KIST_OK && (roads[_i].to != KIST_KIND_TABLE || drain(&ret));
		/* The countdown ran out when one more allocation works. */
		kist_mem_fail_at(0);
		if (status != KIST_OK)
			ck_assert_int_eq(status, KIST_NO_MEMORY);
		kist_object_release(&object);
		kist_object_release(&ret);
		ck_assert_int_eq(produce_live(), 0);
	}
}
END_TEST

int main(void)
{
	Suite *const suite = suite_create("convert");
	TCase *const tcase = tcase_create("convert");
	SRunner *const runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
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
	tcase_add_loop_test(tcase, hostile_batches_end_the_conversion, 0, (int)(sizeof(spoils) / sizeof(spoils[0])));
	tcase_add_loop_test(tcase, hostile_batches_end_a_selection_as_they_pass, 0,
			    (int)(sizeof(spoils) / sizeof(spoils[0])));
	tcase_add_test(tcase, a_stream_that_forgets_its_release_is_released_once);
	tcase_add_test(tcase, the_same_kind_without_a_selection_is_only_moved);
	tcase_add_test(tcase, selected_columns_come_in_the_order_in_which_they_are_named);
	tcase_add_test(tcase, a_selected_schema_keeps_metadata_flags_children_and_dictionary);
	tcase_add_test(tcase, a_batch_that_names_one_column_twice_is_refused);
	tcase_add_test(tcase, a_selection_that_is_not_there_names_what_is);
	tcase_add_test(tcase, two_columns_of_one_name_are_ambiguous_and_a_comma_may_be_in_a_name);
	tcase_add_test(tcase, strided_matrices_become_columns);
	tcase_add_loop_test(tcase, element_types_become_column_types, 0, (int)(sizeof(columns) / sizeof(columns[0])));
	tcase_add_test(tcase, bools_become_bits_and_bfloat16_becomes_float32);
	tcase_add_test(tcase, a_scalar_becomes_one_row_and_an_empty_tensor_none);
	tcase_add_test(tcase, long_tensors_come_in_batches_and_back_whole);
	tcase_add_test(tcase, tensors_that_are_no_table_are_refused_and_left_alone);
	tcase_add_test(tcase, a_model_gives_the_tensor_that_is_named_or_its_only_one);
	tcase_add_test(tcase, a_model_that_gives_rubbish_is_left_alone);
	tcase_add_test(tcase, a_tensor_becomes_a_model_whose_tensors_outlive_it);
	tcase_add_test(tcase, what_cannot_be_converted_says_from_what_to_what);
	tcase_add_test(tcase, a_cancelled_conversion_ends_at_every_poll);
	tcase_add_loop_test(tcase, conversions_survive_every_failed_allocation, 0,
			    (int)(sizeof(roads) / sizeof(roads[0])));
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
