/* SPDX-License-Identifier: Apache-2.0 */
#include "npytest.h"

#define TEXT(descr, order, shape) "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape "}"

static const DLTensor *tensor_of(const struct kist_object *object)
{
	return &((const DLManagedTensorVersioned *)object->value)->dl_tensor;
}

static void reads(struct npytest *test, const char *text, const void *data, size_t len, struct kist_object *object)
{
	npytest_text(test, text, data, len);
	ck_assert_int_eq(npytest_read(test, NULL, object), KIST_OK);
	ck_assert_uint_eq(object->kind, KIST_KIND_TENSOR);
	ck_assert_str_eq(object->type, "kist.npy");
	ck_assert_uint_eq(object->type_major, 1);
}

static void release(struct npytest *test, struct kist_object *object)
{
	object->release(object);
	ck_assert_ptr_null(object->release);
	npytest_done(test);
}

/* The plain types: how they are named in the file and in the tensor. */
static const struct {
	const char *descr;
	uint8_t code;
	uint8_t bits;
	uint8_t width;
} plain[] = {
	{ "b1", kDLBool, 8, 1 },  { "i1", kDLInt, 8, 1 },      { "u1", kDLUInt, 8, 1 },	   { "i2", kDLInt, 16, 2 },
	{ "i4", kDLInt, 32, 4 },  { "i8", kDLInt, 64, 8 },     { "u2", kDLUInt, 16, 2 },   { "u4", kDLUInt, 32, 4 },
	{ "u8", kDLUInt, 64, 8 }, { "f2", kDLFloat, 16, 2 },   { "f4", kDLFloat, 32, 4 },  { "f8", kDLFloat, 64, 8 },
	{ "c8", kDLComplex, 64, 4 }, { "c16", kDLComplex, 128, 8 }, { "M8[ns]", kDLInt, 64, 8 }, { "m8[7D]", kDLInt, 64, 8 },
};
#define PLAIN_COUNT (sizeof(plain) / sizeof(plain[0]))

START_TEST(every_plain_type_in_either_byte_order_is_read)
{
	uint8_t data[96];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i + 1);
	for (size_t i = 0; i < 2 * PLAIN_COUNT; i++) {
		const size_t row = i / 2;
		const size_t size = 6 * (size_t)plain[row].bits / 8;
		struct npytest test;
		struct kist_object object;
		const uint8_t *got;
		char text[128];

		snprintf(text, sizeof(text), TEXT("'%c%s'", "False", "(2, 3)"), i % 2 ? '>' : '<', plain[row].descr);
		reads(&test, text, data, size, &object);
		ck_assert_uint_eq(tensor_of(&object)->dtype.code, plain[row].code);
		ck_assert_uint_eq(tensor_of(&object)->dtype.bits, plain[row].bits);
		ck_assert_uint_eq(tensor_of(&object)->dtype.lanes, 1);
		ck_assert_int_eq(tensor_of(&object)->device.device_type, kDLCPU);
		ck_assert_uint_eq(tensor_of(&object)->byte_offset, 0);
		got = tensor_of(&object)->data;
		ck_assert_uint_eq((uintptr_t)got % plain[row].width, 0);
		for (size_t k = 0; k < size; k++) {
			const size_t in = k % plain[row].width;

			ck_assert_uint_eq(got[k], data[i % 2 ? k - in + (plain[row].width - 1 - in) : k]);
		}
		release(&test, &object);
	}
}
END_TEST

START_TEST(shape_and_order_become_shape_and_strides)
{
	static const struct {
		const char *order;
		const char *shape;
		int32_t ndim;
		int64_t sizes[3];
		int64_t strides[3];
	} rows[] = {
		{ "False", "(2, 3, 4)", 3, { 2, 3, 4 }, { 12, 4, 1 } },
		{ "True", "(2, 3, 4)", 3, { 2, 3, 4 }, { 1, 2, 6 } },
		{ "True", "(24,)", 1, { 24 }, { 1 } },
		{ "False", "(1, 24)", 2, { 1, 24 }, { 24, 1 } },
	};

	for (size_t i = 0; i < 4; i++) {
		const uint8_t data[24] = { 0 };
		struct npytest test;
		struct kist_object object;
		char text[128];

		snprintf(text, sizeof(text), TEXT("'|u1'", "%s", "%s"), rows[i].order, rows[i].shape);
		reads(&test, text, data, sizeof(data), &object);
		ck_assert_int_eq(tensor_of(&object)->ndim, rows[i].ndim);
		ck_assert_mem_eq(tensor_of(&object)->shape, rows[i].sizes, (size_t)rows[i].ndim * 8);
		ck_assert_mem_eq(tensor_of(&object)->strides, rows[i].strides, (size_t)rows[i].ndim * 8);
		release(&test, &object);
	}
}
END_TEST

START_TEST(rank_0_has_one_element)
{
	const double value = 2.5;
	struct npytest test;
	struct kist_object object;

	reads(&test, TEXT("'<f8'", "False", "()"), &value, 8, &object);
	ck_assert_int_eq(tensor_of(&object)->ndim, 0);
	ck_assert_mem_eq(tensor_of(&object)->data, &value, 8);
	release(&test, &object);
}
END_TEST

START_TEST(an_empty_array_has_no_data)
{
	static const char *const shapes[] = { "(0,)", "(3, 0)", "(0, 3, 1000000000000)" };

	for (size_t i = 0; i < 3; i++) {
		struct npytest test;
		struct kist_object object;
		char text[128];

		snprintf(text, sizeof(text), TEXT("'<f4'", "False", "%s"), shapes[i]);
		reads(&test, text, NULL, 0, &object);
		ck_assert_ptr_null(tensor_of(&object)->data);
		ck_assert_ptr_nonnull(tensor_of(&object)->strides);
		release(&test, &object);
	}
}
END_TEST

START_TEST(opaque_elements_are_rows_of_bytes)
{
	static const struct {
		const char *descr;
		int64_t size;
	} rows[] = { { "'S3'", 3 },	   { "[('', '|V1'), ('a', '|u1'), ('', '|V2')]", 4 },	   { "'>U2'", 8 },	{ "'V5'", 5 },
		     { "[('a', '<f4'), ('b', '>i2', (2,)), ('', '|V1'), (('t', 'c'), [('d', 'S1')])]", 10 } };
	const char *const data = "0123456789abcdefghij";

	for (size_t i = 0; i < 5; i++) {
		for (int fortran = 0; fortran < 2; fortran++) {
			struct npytest test;
			struct kist_object object;
			char text[256];

			snprintf(text, sizeof(text), "{'descr': %s, 'fortran_order': %s, 'shape': (1, 2)}", rows[i].descr,
				 fortran ? "True" : "False");
			reads(&test, text, data, (size_t)rows[i].size * 2, &object);
			ck_assert_int_eq(tensor_of(&object)->ndim, 3);
			ck_assert_uint_eq(tensor_of(&object)->dtype.bits, 8);
			ck_assert_int_eq(tensor_of(&object)->shape[2], rows[i].size);
			ck_assert_int_eq(tensor_of(&object)->strides[2], 1);
			ck_assert_int_eq(tensor_of(&object)->strides[1], rows[i].size);
			ck_assert_mem_eq(tensor_of(&object)->data, data, (size_t)rows[i].size * 2);
			release(&test, &object);
		}
	}
}
END_TEST

START_TEST(what_the_tensor_type_does_not_say_is_named)
{
	static const struct {
		const char *descr;
		const char *want;
		size_t size;
	} rows[] = {
		{ "'<f4'", NULL, 4 },
		{ "'<U3'", "<U3", 12 },
		{ "'S3'", "|S3", 3 },
		{ "'V2'", "|V2", 2 },
		{ "'<M8[D]'", "datetime64[D]", 8 },
		{ "'>m8'", "timedelta64", 8 },
		{ "[('a', '<i4'), ('b', '<f8')]", "[('a', '<i4'), ('b', '<f8')]", 12 },
		{ "[('\xe9', '<i4')]", "record", 4 },
	};
	static const char data[16];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct npytest test;
		struct kist_object object;
		char text[256];

		snprintf(text, sizeof(text), "{'descr': %s, 'fortran_order': False, 'shape': (1,)}", rows[i].descr);
		reads(&test, text, data, rows[i].size, &object);
		if (rows[i].want)
			ck_assert_str_eq(object.logical, rows[i].want);
		else
			ck_assert_ptr_null(object.logical);
		release(&test, &object);
	}
}
END_TEST

START_TEST(raw_bytes_have_the_logical_type_that_the_caller_names)
{
	static const struct {
		const char *descr;
		const char *param;
		kist_status status;
		DLDataType type;
		const char *data;
	} rows[] = {
		{ "<V2", "logical_dtype=string:bfloat16", KIST_OK, { kDLBfloat, 16, 1 }, "abcd" },
		{ "|V2", "logical_dtype=string:bfloat16", KIST_OK, { kDLBfloat, 16, 1 }, "abcd" },
		{ ">V2", "logical_dtype=string:bfloat16", KIST_OK, { kDLBfloat, 16, 1 }, "badc" },
		{ "|V1", "logical_dtype=string:float8_e4m3fn", KIST_OK, { kDLFloat8_e4m3fn, 8, 1 }, "ab" },
		{ "|V1", "logical_dtype=string:bfloat16", KIST_INVALID, { 0 }, NULL },
		{ "<f2", "logical_dtype=string:bfloat16", KIST_INVALID, { 0 }, NULL },
		{ "|V2", "logical_dtype=string:float9", KIST_INVALID, { 0 }, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct npytest test;
		struct kist_object object;
		char text[128];

		snprintf(text, sizeof(text), TEXT("'%s'", "True", "(2, 1)"), rows[i].descr);
		npytest_text(&test, text, "abcd", rows[i].descr[2] == '1' ? 2 : 4);
		ck_assert_int_eq(npytest_read(&test, plugtest_params(rows[i].param, NULL), &object), rows[i].status);
		if (rows[i].status == KIST_OK) {
			ck_assert_int_eq(tensor_of(&object)->ndim, 2);
			ck_assert_mem_eq(&tensor_of(&object)->dtype, &rows[i].type, sizeof(DLDataType));
			ck_assert_mem_eq(tensor_of(&object)->data, rows[i].data, strlen(rows[i].data));
			/* And it is written as it was. */
			ck_assert_int_eq(npytest_write(&test, NULL, &object), KIST_OK);
			ck_assert_mem_eq(test.sink.data + 21, rows[i].descr, 3);
			ck_assert_mem_eq(test.sink.data + test.sink.size - strlen(rows[i].data), "abcd",
					 strlen(rows[i].data));
			ck_assert_mem_eq(&test.sink.parts[0].dtype, &rows[i].type, sizeof(DLDataType));
			object.release(&object);
		}
		npytest_done(&test);
	}
}
END_TEST

START_TEST(opaque_elements_of_rank_64_have_no_tensor)
{
	struct npytest test;
	struct kist_object object;
	char text[512] = "{'descr': 'S1', 'fortran_order': False, 'shape': (";

	for (int i = 0; i < 64; i++)
		strcat(text, "1,");
	strcat(text, ")}");
	npytest_text(&test, text, "a", 1);
	ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_UNSUPPORTED);
	ck_assert_str_eq(test.call.error.code, "E_SHAPE");
	ck_assert_uint_eq(test.call.error.offset, 10 + strlen("{'descr': 'S1', 'fortran_order': False, 'shape': "));
	npytest_done(&test);
}
END_TEST

/* One element of 1.0f under every header that is to be read. */
START_TEST(headers_of_every_writer_are_read)
{
	static const struct {
		int major;
		const char *text;
	} rows[] = {
		{ 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }       \n" },
		{ 2, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n" },
		{ 3, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n" },
		{ 1, "{'shape':(1,),'fortran_order':True,'descr':'<f4'}" },
		{ 1, "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (1L,)}" },
		{ 1, " \t{ u'descr' : u'<f4' ,\n 'fortran_order' : False ,\r\n 'shape' : ( 1 , 1L , +1 , ) , } " },
		{ 1, "{'d\\x65scr': '\\74f\\u0034', 'fortran_order': False, 'shape': ()}" },
		{ 1, "{'descr': '=f4', 'fortran_order': False, 'shape': (1, 1)}" },
		{ 1, "{'descr': 'float32', 'fortran_order': False, 'shape': (1, 1)}" },
	};
	const float one = 1;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct npytest test;
		struct kist_object object;
		float got;

		npytest_file(&test, rows[i].major, rows[i].text, strlen(rows[i].text), &one, 4);
		ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_OK);
		memcpy(&got, tensor_of(&object)->data, 4);
		ck_assert_float_eq(got, one);
		release(&test, &object);
	}
}
END_TEST

START_TEST(long_headers_and_headers_of_255_times_n_bytes_are_read)
{
	static const size_t sizes[] = { 255, 256, 257, 510, 4096, 65025, 65535 };
	const float one = 1;
	char *text = malloc(65535);

	memset(text, ' ', 65535);
	memcpy(text, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 55);
	for (size_t i = 0; i < 7; i++) {
		for (int major = 1; major <= 3; major++) {
			struct npytest test;
			struct kist_object object;

			npytest_file(&test, major, text, sizes[i], &one, 4);
			ck_assert_int_eq(npytest_read(&test, plugtest_params("max_header=integer:65535", NULL), &object),
					 KIST_OK);
			ck_assert_mem_eq(tensor_of(&object)->data, &one, 4);
			release(&test, &object);
		}
	}
	free(text);
}
END_TEST

START_TEST(a_field_called_like_a_key_does_not_confuse)
{
	struct npytest test;
	struct kist_object object;

	reads(&test,
	      TEXT("[('descr', '<i4'), ('shape', '<i4', (2,)), (\"'fortran_order': True\", '|u1'), ('(9,)', '|u1')]",
		   "False", "(1,)"),
	      "0123456789abcd", 14, &object);
	ck_assert_int_eq(tensor_of(&object)->shape[0], 1);
	ck_assert_int_eq(tensor_of(&object)->shape[1], 14);
	release(&test, &object);
}
END_TEST

START_TEST(unicode_field_names_must_be_utf8)
{
	static const struct {
		const char *name;
		kist_status status;
		uint64_t at;
	} rows[] = {
		{ "\xCE\xB1", KIST_OK, 0 },	       { "\xF0\x9F\x98\x80", KIST_OK, 0 },
		{ "\xCE", KIST_CORRUPT, 13 },	       { "\xC0\xAF", KIST_CORRUPT, 13 },
		{ "\xED\xA0\x80", KIST_CORRUPT, 13 },  { "\xF4\x90\x80\x80", KIST_CORRUPT, 13 },
		{ "a\x80", KIST_CORRUPT, 14 },	       { "\xE0\x9F\xBF", KIST_CORRUPT, 13 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct npytest test;
		struct kist_object object;
		char text[256];

		snprintf(text, sizeof(text), TEXT("[('%s', '|u1')]", "False", "(1,)"), rows[i].name);
		npytest_file(&test, 3, text, strlen(text), "a", 1);
		ck_assert_int_eq(npytest_read(&test, NULL, &object), rows[i].status);
		if (rows[i].status == KIST_OK) {
			object.release(&object);
		} else {
			ck_assert_str_eq(test.call.error.code, "E_HEADER_SYNTAX");
			ck_assert_uint_eq(test.call.error.offset, 12 + rows[i].at);
		}
		npytest_done(&test);
	}
}
END_TEST

/* Maps without a copy, at the address itself. */
static kist_status map_in_place(struct kist_source *base, uint64_t offset, uint64_t len, struct kist_region *ret)
{
	struct plugtest_source *source = base->ctx;

	*ret = (struct kist_region){ .struct_size = sizeof(*ret), .base = source->data + offset, .len = len };
	return KIST_OK;
}

START_TEST(native_data_is_the_mapped_file_and_read_only)
{
	const float one = 1;
	struct npytest test;
	struct kist_object object;
	char text[118];

	memset(text, ' ', sizeof(text));
	memcpy(text, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 55);
	npytest_file(&test, 1, text, sizeof(text), &one, 4);
	test.source.source.map = map_in_place;
	ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_OK);
	ck_assert_ptr_eq(tensor_of(&object)->data, test.file + 128);
	ck_assert_uint_eq(((DLManagedTensorVersioned *)object.value)->flags, DLPACK_FLAG_BITMASK_READ_ONLY);
	release(&test, &object);
}
END_TEST

START_TEST(data_off_its_boundary_is_copied_onto_one)
{
	const double one = 1;
	struct npytest test;
	struct kist_object object;

	reads(&test, TEXT("'<f8'", "False", "(1,)"), &one, 8, &object);
	ck_assert_uint_eq((uintptr_t)tensor_of(&object)->data % 64, 0);
	ck_assert_uint_eq(((DLManagedTensorVersioned *)object.value)->flags, DLPACK_FLAG_BITMASK_IS_COPIED);
	release(&test, &object);
}
END_TEST

START_TEST(one_byte_at_a_time_is_enough)
{
	const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct npytest test;
	struct kist_object object;

	npytest_text(&test, TEXT("'>f8'", "False", "(1,)"), data, sizeof(data));
	test.source.step_max = 1;
	ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_OK);
	ck_assert_mem_eq(tensor_of(&object)->data, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
	release(&test, &object);
}
END_TEST

START_TEST(a_source_that_fails_at_any_call_is_passed_on)
{
	static const char *const descrs[] = { "'<f8'", "'>f8'", "'|u1'", "[('a', '<f8')]" };

	for (size_t i = 0; i < 4; i++) {
		kist_status status = KIST_IO;
		struct npytest test;
		struct kist_object object;
		char text[128];

		snprintf(text, sizeof(text), TEXT("%s", "False", "(%d,)"), descrs[i], i == 2 ? 8 : 1);
		npytest_text(&test, text, "01234567", 8);
		for (unsigned long k = 1; status != KIST_OK; k++) {
			ck_assert_uint_lt(k, 10);
			npytest_reset(&test);
			test.source.fail_at = k;
			status = npytest_read(&test, NULL, &object);
			ck_assert(status == KIST_OK || status == KIST_IO);
			ck_assert(status == KIST_OK || object.release == NULL);
		}
		release(&test, &object);
	}
}
END_TEST

static unsigned long allocs_left;
static void *(*real_alloc)(struct kist_call *call, size_t size, size_t align);

static void *failing_alloc(struct kist_call *call, size_t size, size_t align)
{
	if (allocs_left == 0)
		return NULL;
	allocs_left--;
	return real_alloc(call, size, align);
}

START_TEST(memory_that_runs_out_is_reported)
{
	kist_status status = KIST_NO_MEMORY;
	struct npytest test;
	struct kist_object object;

	npytest_text(&test, TEXT("'<f8'", "False", "(1,)"), "01234567", 8);
	for (unsigned long k = 0; status != KIST_OK; k++) {
		npytest_reset(&test);
		real_alloc = test.call.call.alloc;
		test.call.call.alloc = failing_alloc;
		allocs_left = k;
		status = npytest_read(&test, NULL, &object);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
	release(&test, &object);
}
END_TEST

START_TEST(a_cancelled_call_stops)
{
	const size_t size = (size_t)3 << 20;
	uint8_t *data = calloc(1, size);
	struct npytest test;
	struct kist_object object;

	npytest_text(&test, TEXT("'>i8'", "False", "(393216,)"), data, size);
	for (unsigned long k = 1; k <= 3; k++) {
		npytest_reset(&test);
		test.call.cancel_at = k;
		ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_CANCELLED);
		ck_assert_ptr_null(object.release);
	}
	npytest_done(&test);
	free(data);
}
END_TEST

NPYTEST_MAIN("numpy_read", every_plain_type_in_either_byte_order_is_read, shape_and_order_become_shape_and_strides,
	     rank_0_has_one_element, an_empty_array_has_no_data, opaque_elements_are_rows_of_bytes,
	     what_the_tensor_type_does_not_say_is_named,
	     raw_bytes_have_the_logical_type_that_the_caller_names, opaque_elements_of_rank_64_have_no_tensor, headers_of_every_writer_are_read,
	     long_headers_and_headers_of_255_times_n_bytes_are_read, a_field_called_like_a_key_does_not_confuse,
	     unicode_field_names_must_be_utf8, native_data_is_the_mapped_file_and_read_only,
	     data_off_its_boundary_is_copied_onto_one, one_byte_at_a_time_is_enough,
	     a_source_that_fails_at_any_call_is_passed_on, memory_that_runs_out_is_reported, a_cancelled_call_stops)
