/* SPDX-License-Identifier: Apache-2.0 */
#include "npytest.h"

/* A tensor over a test's own memory; nobody releases it. */
struct tensor {
	DLManagedTensorVersioned managed;
	int64_t shape[KIST_RANK_MAX + 1];
	int64_t strides[KIST_RANK_MAX];
	struct kist_object object;
};

static void tensor_init(struct tensor *tensor, DLDataType type, int32_t ndim, const int64_t *shape, const void *data)
{
	*tensor = (struct tensor){
		.managed = { .version = { 1, 1 },
			     .dl_tensor = { .device = { kDLCPU, 0 }, .ndim = ndim, .dtype = type } },
		.object = { .struct_size = sizeof(tensor->object), .kind = KIST_KIND_TENSOR, .type = "kist.npy",
			    .type_major = 1 },
	};
	memcpy(&tensor->managed.dl_tensor.data, &data, sizeof(data));
	memcpy(tensor->shape, shape, (size_t)ndim * sizeof(*shape));
	tensor->managed.dl_tensor.shape = tensor->shape;
	tensor->object.value = &tensor->managed;
}

static void set_strides(struct tensor *tensor, const int64_t *strides)
{
	memcpy(tensor->strides, strides, (size_t)tensor->managed.dl_tensor.ndim * sizeof(*strides));
	tensor->managed.dl_tensor.strides = tensor->strides;
}

static const DLDataType f4 = { kDLFloat, 32, 1 };
static const DLDataType u1 = { kDLUInt, 8, 1 };

/* Expects the file whose text is @text, blank up to a multiple of 64, and whose data is @data. */
static void check_file(const struct plugtest_sink *sink, int major, const char *text, const void *data, size_t len)
{
	const size_t prefix = major == 1 ? 10 : 12;
	const size_t head = (prefix + strlen(text) + 1 + 64) / 64 * 64;

	ck_assert_uint_eq(sink->size, head + len);
	ck_assert_mem_eq(sink->data, "\x93NUMPY", 6);
	ck_assert_int_eq(sink->data[6], major);
	ck_assert_int_eq(sink->data[7], 0);
	ck_assert_uint_eq(sink->data[8] + sink->data[9] * 256u, (head - prefix) % 65536);
	ck_assert_mem_eq(sink->data + prefix, text, strlen(text));
	for (size_t i = prefix + strlen(text); i < head - 1; i++)
		ck_assert_int_eq(sink->data[i], ' ');
	ck_assert_int_eq(sink->data[head - 1], '\n');
	if (len > 0)
		ck_assert_mem_eq(sink->data + head, data, len);
	ck_assert_uint_eq(sink->part_count, 1);
	ck_assert_str_eq(sink->parts[0].name, "data");
	ck_assert_uint_eq(sink->parts[0].offset, head);
	ck_assert_uint_eq(sink->parts[0].len, len);
}

static kist_status write_tensor(struct npytest *test, const struct tensor *tensor, const struct kist_params *params)
{
	npytest_bytes(test, "", 0);
	return npytest_write(test, params, &tensor->object);
}

START_TEST(headers_are_those_of_numpy_to_the_byte)
{
	static const struct {
		DLDataType type;
		int32_t ndim;
		int64_t shape[4];
		const char *text;
		size_t head;
	} rows[] = {
		{ { kDLFloat, 64, 1 }, 1, { 3 }, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", 128 },
		{ { kDLBool, 8, 1 }, 0, { 0 }, "{'descr': '|b1', 'fortran_order': False, 'shape': (), }", 128 },
		{ { kDLInt, 8, 1 }, 2, { 0, 3 }, "{'descr': '|i1', 'fortran_order': False, 'shape': (0, 3), }", 128 },
		{ { kDLComplex, 128, 1 }, 1, { 0 }, "{'descr': '<c16', 'fortran_order': False, 'shape': (0,), }", 128 },
		{ { kDLBfloat, 16, 1 }, 1, { 0 }, "{'descr': '<V2', 'fortran_order': False, 'shape': (0,), }", 128 },
		{ { kDLFloat8_e5m2, 8, 1 }, 1, { 0 }, "{'descr': '|V1', 'fortran_order': False, 'shape': (0,), }", 128 },
		/* 47 digits and separators leave a text whose end is on the boundary: numpy then adds 64 blanks. */
		{ { kDLUInt, 32, 1 },
		  4,
		  { 0, 100000000000000000, 10, 1 },
		  "{'descr': '<u4', 'fortran_order': False, 'shape': (0, 100000000000000000, 10, 1), }",
		  128 },
	};
	const double data[3] = { 1, 2, 3 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = (size_t)rows[i].type.bits / 8;
		struct npytest test;
		struct tensor tensor;

		for (int32_t k = 0; k < rows[i].ndim; k++)
			len *= (size_t)rows[i].shape[k];
		tensor_init(&tensor, rows[i].type, rows[i].ndim, rows[i].shape, data);
		ck_assert_int_eq(write_tensor(&test, &tensor, NULL), KIST_OK);
		ck_assert_uint_eq(test.sink.size, rows[i].head + len);
		check_file(&test.sink, 1, rows[i].text, data, len);
		ck_assert_mem_eq(&test.sink.parts[0].dtype, &rows[i].type, sizeof(DLDataType));
		npytest_done(&test);
	}
}
END_TEST

START_TEST(a_text_that_ends_on_the_boundary_gets_64_blanks_more)
{
	int64_t shape[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	const uint8_t one = 1;
	bool seen = false;

	/* 10 + text + 20 growth blanks + newline = 128. */
	for (int32_t ndim = 10; ndim <= 16; ndim++) {
		for (int64_t last = 1; last <= 100; last *= 10) {
			struct npytest test;
			struct tensor tensor;
			size_t text;

			shape[ndim - 1] = last;
			tensor_init(&tensor, u1, ndim, shape, &one);
			set_strides(&tensor, (const int64_t[16]){ 0 });
			ck_assert_int_eq(write_tensor(&test, &tensor, NULL), KIST_OK);
			text = strlen("{'descr': '|u1', 'fortran_order': False, 'shape': (), }") + (size_t)ndim * 3 - 2 +
			       (last > 1) + (last > 10) + 20;
			ck_assert_uint_eq(test.sink.parts[0].offset, (10 + text + 1) / 64 * 64 + 64);
			seen = seen || (10 + text + 1) % 64 == 0;
			npytest_done(&test);
		}
		shape[ndim - 1] = 1;
	}
	ck_assert(seen);
}
END_TEST

START_TEST(any_strides_are_gathered)
{
	static const float memory[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
	static const struct {
		size_t start;
		int64_t strides[2];
		float expected[6];
	} rows[] = {
		{ 0, { 3, 1 }, { 0, 1, 2, 3, 4, 5 } },	  { 0, { 1, 2 }, { 0, 2, 4, 1, 3, 5 } },
		{ 5, { -3, -1 }, { 5, 4, 3, 2, 1, 0 } },  { 4, { 0, 0 }, { 4, 4, 4, 4, 4, 4 } },
		{ 0, { 6, 2 }, { 0, 2, 4, 6, 8, 10 } },	  { 2, { 3, -1 }, { 2, 1, 0, 5, 4, 3 } },
		{ 1, { 1, 0 }, { 1, 1, 1, 2, 2, 2 } },
	};
	static const int64_t shape[] = { 2, 3 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct npytest test;
		struct tensor tensor;

		tensor_init(&tensor, f4, 2, shape, memory);
		tensor.managed.dl_tensor.byte_offset = rows[i].start * sizeof(float);
		set_strides(&tensor, rows[i].strides);
		ck_assert_int_eq(write_tensor(&test, &tensor, NULL), KIST_OK);
		check_file(&test.sink, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
			   rows[i].expected, 24);
		npytest_done(&test);
	}
}
END_TEST

START_TEST(column_major_is_written_where_it_differs)
{
	static const struct {
		int64_t shape[2];
		const char *text;
		float expected[6];
		uint32_t flags;
	} rows[] = {
		{ { 2, 3 }, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", { 0, 3, 1, 4, 2, 5 },
		  KIST_PART_FORTRAN },
		{ { 1, 6 }, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 6), }", { 0, 1, 2, 3, 4, 5 }, 0 },
	};
	static const float memory[] = { 0, 1, 2, 3, 4, 5 };

	for (size_t i = 0; i < 2; i++) {
		struct npytest test;
		struct tensor tensor;

		tensor_init(&tensor, f4, 2, rows[i].shape, memory);
		ck_assert_int_eq(write_tensor(&test, &tensor, plugtest_params("fortran_order=bool:1", NULL)), KIST_OK);
		check_file(&test.sink, 1, rows[i].text, rows[i].expected, 24);
		ck_assert_uint_eq(test.sink.parts[0].flags, rows[i].flags);
		npytest_done(&test);
	}
}
END_TEST

START_TEST(a_large_gather_crosses_chunks)
{
	enum { ROWS = 1000, COLUMNS = 701 };
	static float memory[ROWS * COLUMNS];
	static float expected[ROWS * COLUMNS];
	static const int64_t shape[] = { COLUMNS, ROWS };
	static const int64_t strides[] = { 1, COLUMNS };
	struct npytest test;
	struct tensor tensor;

	for (size_t i = 0; i < ROWS * COLUMNS; i++)
		memory[i] = (float)i;
	for (size_t i = 0; i < ROWS * COLUMNS; i++)
		expected[i] = memory[i % ROWS * COLUMNS + i / ROWS];
	tensor_init(&tensor, f4, 2, shape, memory);
	set_strides(&tensor, strides);
	ck_assert_int_eq(write_tensor(&test, &tensor, NULL), KIST_OK);
	check_file(&test.sink, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (701, 1000), }", expected,
		   sizeof(expected));
	ck_assert_uint_ge(test.call.polls, 3);
	npytest_done(&test);
}
END_TEST

/* What a file must be after reading and writing: the text that numpy would give it. */
START_TEST(what_is_read_is_written_with_its_type)
{
	static const struct {
		int major;
		const char *text;
		size_t len;
		int written;
	} rows[] = {
		{ 1, "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 1), }", 8, 1 },
		{ 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", 8, 1 },
		{ 2, "{'descr': '>c8', 'fortran_order': False, 'shape': (), }", 8, 1 },
		{ 1, "{'descr': '|S4', 'fortran_order': False, 'shape': (2,), }", 8, 1 },
		{ 1, "{'descr': '>U1', 'fortran_order': False, 'shape': (2,), }", 8, 1 },
		{ 1, "{'descr': '<V2', 'fortran_order': False, 'shape': (4,), }", 8, 1 },
		{ 1, "{'descr': '|V0', 'fortran_order': False, 'shape': (6,), }", 0, 1 },
		{ 1, "{'descr': '|V0', 'fortran_order': False, 'shape': (2, 0, 3), }", 0, 1 },
		{ 1, "{'descr': '>M8[25us]', 'fortran_order': False, 'shape': (1,), }", 8, 1 },
		{ 1, "{'descr': '<m8', 'fortran_order': False, 'shape': (1,), }", 8, 1 },
		{ 1, "{'descr': [('a', '<i2'), ('b', '>f4'), ('', '|V2')], 'fortran_order': False, 'shape': (1,), }", 8, 1 },
		{ 1, "{'descr': [('\xe9', '<f8')], 'fortran_order': False, 'shape': (1,), }", 8, 1 },
		{ 3, "{'descr': [('\xce\xb1', '<f8')], 'fortran_order': False, 'shape': (1,), }", 8, 3 },
		{ 3, "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", 8, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct npytest test;
		struct kist_object object;

		npytest_file(&test, rows[i].major, rows[i].text, strlen(rows[i].text), "01234567", rows[i].len);
		ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_OK);
		for (int k = 0; k < 2; k++) {
			plugtest_sink_done(&test.sink);
			ck_assert_int_eq(npytest_write(&test, k ? plugtest_params("fortran_order=bool:1", NULL) : NULL,
						       &object),
					 KIST_OK);
			check_file(&test.sink, rows[i].written, rows[i].text, "01234567", rows[i].len);
		}
		object.release(&object);
		npytest_done(&test);
	}
}
END_TEST

/* numpy goes by their strides. */
START_TEST(elements_of_no_bytes_have_two_orders)
{
	static const char column_major[] = "{'descr': '|V0', 'fortran_order': True, 'shape': (2, 3), }";
	static const char row_major[] = "{'descr': '|V0', 'fortran_order': False, 'shape': (2, 3), }";
	struct npytest test;
	struct kist_object object;

	npytest_text(&test, row_major, "", 0);
	ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_OK);
	for (int k = 0; k < 2; k++) {
		plugtest_sink_done(&test.sink);
		ck_assert_int_eq(npytest_write(&test, k ? plugtest_params("fortran_order=bool:1", NULL) : NULL,
					       &object),
				 KIST_OK);
		check_file(&test.sink, 1, k ? column_major : row_major, "", 0);
	}
	object.release(&object);
	npytest_done(&test);
}
END_TEST

START_TEST(a_tensor_that_was_changed_is_written_as_it_is_now)
{
	struct npytest test;
	struct kist_object object;

	npytest_text(&test, "{'descr': 'S3', 'fortran_order': False, 'shape': (2,)}", "abcdef", 6);
	ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_OK);
	((DLManagedTensorVersioned *)object.value)->dl_tensor.shape[1] = 2;
	ck_assert_int_eq(npytest_write(&test, NULL, &object), KIST_OK);
	check_file(&test.sink, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }", "abde", 4);
	object.release(&object);
	npytest_done(&test);
}
END_TEST

START_TEST(the_dimension_that_grows_is_the_last_in_column_major_order)
{
	int64_t shape[16] = { 10000 };
	const uint8_t one = 1;

	for (int32_t ndim = 6; ndim <= 16; ndim++) {
		struct npytest test;
		struct tensor tensor;
		size_t text;

		for (int32_t i = 1; i < ndim; i++)
			shape[i] = i == ndim - 1 ? 2 : 1;
		tensor_init(&tensor, u1, ndim, shape, &one);
		set_strides(&tensor, (const int64_t[16]){ 0 });
		ck_assert_int_eq(write_tensor(&test, &tensor, plugtest_params("fortran_order=bool:1", NULL)), KIST_OK);
		text = strlen("{'descr': '|u1', 'fortran_order': True, 'shape': (), }") + 4 + (size_t)ndim * 3 - 2 + 20;
		ck_assert_uint_eq(test.sink.parts[0].offset, (10 + text + 1) / 64 * 64 + 64);
		npytest_done(&test);
	}
}
END_TEST

START_TEST(column_major_files_are_written_in_either_order)
{
	static const struct {
		const char *descr;
		const char *canonical;
		const char *row_major;
		size_t len;
	} rows[] = {
		{ "|u1", "|u1", "acebdf", 6 },
		{ "|S2", "|S2", "abefijcdghkl", 12 },
		{ ">i2", ">i2", "abefijcdghkl", 12 },
	};

	for (size_t i = 0; i < 3; i++) {
		struct npytest test;
		struct kist_object object;
		char in[128];
		char out[128];

		snprintf(in, sizeof(in), "{'descr': '%s', 'fortran_order': True, 'shape': (2, 3), }", rows[i].descr);
		snprintf(out, sizeof(out), "{'descr': '%s', 'fortran_order': False, 'shape': (2, 3), }", rows[i].canonical);
		npytest_text(&test, in, "abcdefghijkl", rows[i].len);
		ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_OK);
		ck_assert_int_eq(npytest_write(&test, NULL, &object), KIST_OK);
		check_file(&test.sink, 1, out, rows[i].row_major, rows[i].len);
		plugtest_sink_done(&test.sink);
		ck_assert_int_eq(npytest_write(&test, plugtest_params("fortran_order=bool:1", NULL), &object), KIST_OK);
		check_file(&test.sink, 1, in, "abcdefghijkl", rows[i].len);
		object.release(&object);
		npytest_done(&test);
	}
}
END_TEST

START_TEST(a_header_beyond_64_KiB_is_version_2)
{
	const size_t fields = 5000;
	const size_t size = fields * 20 + 100;
	char *text = malloc(size);
	uint8_t *data = calloc(1, fields);
	size_t len = (size_t)snprintf(text, size, "{'descr': [");
	struct npytest test;
	struct kist_object object;

	for (size_t i = 0; i < fields; i++)
		len += (size_t)snprintf(text + len, size - len, "%s('f%05zu', '|u1')", i > 0 ? ", " : "", i);
	len += (size_t)snprintf(text + len, size - len, "], 'fortran_order': False, 'shape': (1,), }");
	npytest_file(&test, 2, text, len, data, fields);
	ck_assert_int_eq(npytest_read(&test, plugtest_params("max_header=integer:1000000", NULL), &object), KIST_OK);
	ck_assert_int_eq(npytest_write(&test, NULL, &object), KIST_OK);
	check_file(&test.sink, 2, text, data, fields);
	object.release(&object);
	npytest_done(&test);
	free(text);
	free(data);
}
END_TEST

START_TEST(host_memory_of_devices_is_read_and_device_memory_refused)
{
	static const struct {
		int device;
		kist_status status;
	} rows[] = { { kDLCPU, KIST_OK },	  { kDLCUDAHost, KIST_OK },
		     { kDLROCMHost, KIST_OK },	  { kDLCUDAManaged, KIST_OK },
		     { kDLCUDA, KIST_UNSUPPORTED }, { 10, KIST_UNSUPPORTED } };
	static const int64_t shape[] = { 1 };
	const float one = 1;

	for (size_t i = 0; i < 6; i++) {
		struct npytest test;
		struct tensor tensor;

		tensor_init(&tensor, f4, 1, shape, &one);
		tensor.managed.dl_tensor.device.device_type = (DLDeviceType)rows[i].device;
		ck_assert_int_eq(write_tensor(&test, &tensor, NULL), rows[i].status);
		ck_assert_str_eq(test.call.error.code, rows[i].status == KIST_OK ? "" : "E_DEVICE");
		npytest_done(&test);
	}
}
END_TEST

START_TEST(types_that_npy_has_not_are_refused)
{
	static const DLDataType types[] = {
		{ kDLFloat, 128, 1 }, { kDLFloat, 32, 2 },   { kDLFloat, 32, 0 },	  { kDLInt, 4, 1 },
		{ kDLInt, 128, 1 },   { kDLComplex, 32, 1 }, { kDLOpaqueHandle, 64, 1 }, { kDLFloat4_e2m1fn, 4, 1 },
		{ kDLFloat6_e2m3fn, 6, 1 }, { kDLBool, 1, 1 }, { kDLBfloat, 32, 1 },	  { 99, 8, 1 },
		{ kDLFloat6_e2m3fn, 8, 1 }, { kDLFloat, 8, 1 }, { kDLUInt, 0, 1 },
	};
	static const int64_t shape[] = { 1 };
	const double data[2] = { 0 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct npytest test;
		struct tensor tensor;

		tensor_init(&tensor, types[i], 1, shape, data);
		ck_assert_int_eq(write_tensor(&test, &tensor, NULL), KIST_UNSUPPORTED);
		ck_assert_str_eq(test.call.error.code, "E_DTYPE");
		ck_assert_uint_eq(test.sink.size, 0);
		npytest_done(&test);
	}
}
END_TEST

static void refused(struct tensor *tensor, kist_status status, const char *code)
{
	struct npytest test;

	ck_assert_int_eq(write_tensor(&test, tensor, NULL), status);
	ck_assert_str_eq(test.call.error.code, code);
	ck_assert_uint_eq(test.sink.size, 0);
	npytest_done(&test);
}

START_TEST(tensors_that_lie_are_refused)
{
	static const int64_t negative[] = { 2, -1 };
	static const int64_t large[] = { INT64_MAX / 4 + 1 };
	static const int64_t large_empty[] = { INT64_MAX, 2, 0 };
	static const int64_t two[] = { 2, 2 };
	static const int64_t far[] = { INT64_MAX / 4, 1 };
	static const int64_t farther[] = { INT64_MIN, 1 };
	static int64_t ones[65];
	const float data[4] = { 0 };
	struct tensor tensor;

	for (size_t i = 0; i < 65; i++)
		ones[i] = 1;
	tensor_init(&tensor, f4, 65, ones, data);
	refused(&tensor, KIST_UNSUPPORTED, "E_SHAPE");
	tensor_init(&tensor, f4, 1, two, data);
	tensor.managed.dl_tensor.ndim = -1;
	refused(&tensor, KIST_UNSUPPORTED, "E_SHAPE");
	tensor_init(&tensor, f4, 1, two, data);
	tensor.managed.dl_tensor.shape = NULL;
	refused(&tensor, KIST_INVALID, "E_SHAPE");
	tensor_init(&tensor, f4, 2, negative, data);
	refused(&tensor, KIST_INVALID, "E_SHAPE");
	tensor_init(&tensor, f4, 1, large, data);
	refused(&tensor, KIST_LIMIT, "E_OVERFLOW");
	tensor_init(&tensor, f4, 3, large_empty, NULL);
	refused(&tensor, KIST_LIMIT, "E_OVERFLOW");
	tensor_init(&tensor, f4, 2, two, data);
	set_strides(&tensor, far);
	refused(&tensor, KIST_INVALID, "E_OVERFLOW");
	set_strides(&tensor, farther);
	refused(&tensor, KIST_INVALID, "E_OVERFLOW");
	tensor_init(&tensor, f4, 2, two, NULL);
	refused(&tensor, KIST_INVALID, "E_DATA");
	tensor_init(&tensor, f4, 2, two, data);
	tensor.managed.dl_tensor.byte_offset = UINT64_MAX;
	refused(&tensor, KIST_INVALID, "E_DATA");
	tensor_init(&tensor, f4, 2, two, data);
	tensor.managed.version.major = 2;
	refused(&tensor, KIST_UNSUPPORTED, "E_VERSION");
	tensor_init(&tensor, f4, 2, two, data);
	tensor.object.kind = KIST_KIND_TABLE;
	refused(&tensor, KIST_UNSUPPORTED, "E_KIND");
	tensor_init(&tensor, f4, 2, two, data);
	tensor.object.value = NULL;
	refused(&tensor, KIST_INVALID, "E_DATA");
}
END_TEST

START_TEST(a_tensor_of_64_dimensions_is_written)
{
	static int64_t ones[64];
	const float one = 1;
	struct npytest test;
	struct tensor tensor;

	for (size_t i = 0; i < 64; i++)
		ones[i] = 1;
	tensor_init(&tensor, f4, 64, ones, &one);
	ck_assert_int_eq(write_tensor(&test, &tensor, NULL), KIST_OK);
	ck_assert_int_eq(test.sink.parts[0].ndim, 64);
	ck_assert_mem_eq(test.sink.data + test.sink.size - 4, &one, 4);
	npytest_done(&test);
}
END_TEST

START_TEST(a_sink_that_fails_at_any_call_is_passed_on)
{
	static const int64_t shape[] = { 2, 2 };
	static const int64_t strides[] = { 1, 2 };
	const float data[4] = { 0 };
	struct tensor tensor;

	tensor_init(&tensor, f4, 2, shape, data);
	for (int gathered = 0; gathered < 2; gathered++) {
		if (gathered)
			set_strides(&tensor, strides);
		for (unsigned long k = 1; k <= 5; k++) {
			struct npytest test;

			npytest_bytes(&test, "", 0);
			test.sink.fail_at = k;
			/* Header, begin, data, end. */
			ck_assert_int_eq(npytest_write(&test, NULL, &tensor.object), k <= 4 ? KIST_IO : KIST_OK);
			npytest_done(&test);
		}
	}
}
END_TEST

START_TEST(a_cancelled_call_stops)
{
	static float data[1 << 19];
	static const int64_t shape[] = { 1 << 19 };
	static const int64_t backwards[] = { -1 };
	struct tensor tensor;

	for (int gathered = 0; gathered < 2; gathered++) {
		for (unsigned long k = 1; k <= 2; k++) {
			struct npytest test;

			tensor_init(&tensor, f4, 1, shape, gathered ? data + (1 << 19) - 1 : data);
			if (gathered)
				set_strides(&tensor, backwards);
			npytest_bytes(&test, "", 0);
			test.call.cancel_at = k;
			ck_assert_int_eq(npytest_write(&test, NULL, &tensor.object), KIST_CANCELLED);
			npytest_done(&test);
		}
	}
}
END_TEST

NPYTEST_MAIN("numpy_write", headers_are_those_of_numpy_to_the_byte,
	     a_text_that_ends_on_the_boundary_gets_64_blanks_more, any_strides_are_gathered,
	     column_major_is_written_where_it_differs, a_large_gather_crosses_chunks,
	     what_is_read_is_written_with_its_type, elements_of_no_bytes_have_two_orders,
	     a_tensor_that_was_changed_is_written_as_it_is_now,
	     the_dimension_that_grows_is_the_last_in_column_major_order, column_major_files_are_written_in_either_order,
	     a_header_beyond_64_KiB_is_version_2, host_memory_of_devices_is_read_and_device_memory_refused,
	     types_that_npy_has_not_are_refused, tensors_that_lie_are_refused, a_tensor_of_64_dimensions_is_written,
	     a_sink_that_fails_at_any_call_is_passed_on, a_cancelled_call_stops)
