/* SPDX-License-Identifier: Apache-2.0 */
#include "modeltest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

/* Written by the safetensors library, version 0.8.0, from the tensors of library_model(). */
static const char library_bytes[] =
	"\200\001\000\000\000\000\000\000{\"__metadata__\":{\"k\\t\":\"v\342\200\250\"},\"q\":"
	"{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},\"a\\\"\\\\\\n\\u0001\177/\303"
	"\251\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]},\"b\":{\"dtype\":\"F3"
	"2\",\"shape\":[2],\"data_offsets\":[12,20]},\"z\":{\"dtype\":\"BF16\",\"shape\":[3,0]"
	",\"data_offsets\":[20,20]},\"d\":{\"dtype\":\"F4\",\"shape\":[1,4],\"data_offsets\":["
	"20,22]},\"c\":{\"dtype\":\"BOOL\",\"shape\":[1,2],\"data_offsets\":[22,24]}}    12345"
	"678ijklabcdefgh\0224\000\001";

#define LIBRARY_TENSORS 6

static void library_model(struct model *model, struct given tensors[LIBRARY_TENSORS])
{
	given_init(&tensors[0], "b", kDLFloat, 32, "abcdefgh", 1, 2);
	given_init(&tensors[1], "a\"\\\n\x01\x7F/\xC3\xA9", kDLFloat, 32, "ijkl", 0);
	given_init(&tensors[2], "c", kDLBool, 8, "\0\1", 2, 1, 2);
	given_init(&tensors[3], "d", kDLFloat4_e2m1fn, 4, "\x12\x34", 2, 1, 4);
	given_init(&tensors[4], "z", kDLBfloat, 16, NULL, 2, 3, 0);
	given_init(&tensors[5], "q", kDLInt, 64, "12345678", 1, 1);
	model_init(model, tensors, LIBRARY_TENSORS, " { \"k\\u0009\" : \"v\\u2028\" } ");
}

START_TEST(bytes_are_those_of_the_library)
{
	struct given tensors[LIBRARY_TENSORS];
	struct model model;
	struct plugtest_call call;
	struct plugtest_sink sink;

	library_model(&model, tensors);
	ck_assert_int_eq(model_write(&model, NULL, &call, &sink), KIST_OK);
	ck_assert_uint_eq(sink.size, sizeof(library_bytes) - 1);
	ck_assert_mem_eq(sink.data, library_bytes, sink.size);
	ck_assert_uint_eq(sink.part_count, LIBRARY_TENSORS);
	ck_assert_str_eq(sink.parts[0].name, "q");
	ck_assert_uint_eq(sink.parts[0].offset, 392);
	ck_assert_str_eq(sink.parts[4].name, "d");
	ck_assert_uint_eq(sink.parts[4].dtype.code, kDLFloat4_e2m1fn);
	ck_assert_int_eq(sink.parts[4].shape[1], 4);
	ck_assert_uint_eq(sink.parts[4].len, 2);
	for (int i = 0; i < LIBRARY_TENSORS; i++)
		ck_assert_uint_eq(tensors[i].deletes, tensors[i].gets);
	plugtest_sink_done(&sink);
}
END_TEST

START_TEST(what_is_read_is_written_the_same)
{
	struct plugtest_source source;
	struct plugtest_call call;
	struct plugtest_sink sink;
	struct kist_object object = { .struct_size = sizeof(object) };

	plugtest_source_init(&source, library_bytes, sizeof(library_bytes) - 1);
	plugtest_call_init(&call);
	plugtest_sink_init(&sink);
	ck_assert_int_eq(
		safetensors()->deserialize(safetensors_instance(), &call.call, &source.source, NULL, &object),
		KIST_OK);
	ck_assert_int_eq(safetensors()->serialize(NULL, &call.call, &object, NULL, &sink.sink), KIST_OK);
	ck_assert_uint_eq(sink.size, sizeof(library_bytes) - 1);
	ck_assert_mem_eq(sink.data, library_bytes, sink.size);
	object.release(&object);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}
END_TEST

START_TEST(metadata_is_kept_absent_empty_or_sorted)
{
	static const struct {
		const char *meta;
		const char *json;
	} cases[] = {
		{ NULL, "{}" },
		{ "{}", "{\"__metadata__\":{}}" },
		{ "{\"b\":\"1\",\"a\":\"2\",\"B\":\"\",\"\":\"\\/\\u001F\"}",
		  "{\"__metadata__\":{\"\":\"/\\u001f\",\"B\":\"\",\"a\":\"2\",\"b\":\"1\"}}" },
		{ "{\"\\u00e9\":\"\",\"e\":\"\\ud83d\\ude00\"}",
		  "{\"__metadata__\":{\"e\":\"\xF0\x9F\x98\x80\",\"\xC3\xA9\":\"\"}}" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct model model;
		struct plugtest_call call;
		struct plugtest_sink sink;
		const size_t len = strlen(cases[i].json);

		model_init(&model, NULL, 0, cases[i].meta);
		ck_assert_int_eq(model_write(&model, NULL, &call, &sink), KIST_OK);
		ck_assert_uint_eq(sink.size, 8 + (len + 7) / 8 * 8);
		ck_assert_uint_eq(sink.data[0], sink.size - 8);
		ck_assert_mem_eq(sink.data + 8, cases[i].json, len);
		for (size_t at = 8 + len; at < sink.size; at++)
			ck_assert_int_eq(sink.data[at], ' ');
		plugtest_sink_done(&sink);
	}
}
END_TEST

START_TEST(align_is_8_64_or_4096)
{
	static const struct {
		const char *param;
		uint64_t begin;
	} cases[] = { { "align=integer:8", 72 }, { "align=integer:64", 128 }, { "align=integer:4096", 4096 },
		      { "align=integer:16", 0 }, { "align=integer:0", 0 },    { "align=integer:-8", 0 },
		      { "align=string:64", 0 },	 { "other=integer:1", 72 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct given tensor;
		struct model model;
		struct plugtest_call call;
		struct plugtest_sink sink;
		kist_status status;

		given_init(&tensor, "abcdef", kDLUInt, 8, "x", 1, 1);
		model_init(&model, &tensor, 1, NULL);
		status = model_write(&model, plugtest_params(cases[i].param, NULL), &call, &sink);
		ck_assert_int_eq(status, cases[i].begin ? KIST_OK : KIST_INVALID);
		ck_assert_str_eq(call.error.code, cases[i].begin ? "" : "E_PARAM");
		if (cases[i].begin)
			ck_assert_uint_eq(sink.parts[0].offset, cases[i].begin);
		plugtest_sink_done(&sink);
	}
}
END_TEST

/* Writes one tensor and compares its bytes, which are uint16 numbers. */
static void check_packed(struct given *tensor, const uint16_t *expected, size_t count)
{
	struct model model;
	struct plugtest_call call;
	struct plugtest_sink sink;

	model_init(&model, tensor, 1, NULL);
	ck_assert_int_eq(model_write(&model, NULL, &call, &sink), KIST_OK);
	ck_assert_uint_eq(sink.parts[0].len, count * 2);
	ck_assert_mem_eq(sink.data + sink.parts[0].offset, expected, count * 2);
	plugtest_sink_done(&sink);
}

START_TEST(strided_tensors_are_packed)
{
	static const uint16_t numbers[12] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
	static const uint16_t transposed[12] = { 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11 };
	static const uint16_t columns[6] = { 1, 2, 5, 6, 9, 10 };
	static const uint16_t backwards[4] = { 3, 2, 1, 0 };
	static const uint16_t repeated[6] = { 0, 1, 0, 1, 0, 1 };
	struct given tensor;

	given_init(&tensor, "t", kDLUInt, 16, numbers, 2, 4, 3);
	tensor.strides[0] = 1;
	tensor.strides[1] = 4;
	check_packed(&tensor, transposed, 12);

	given_init(&tensor, "t", kDLUInt, 16, numbers, 2, 3, 2);
	tensor.strides[0] = 4;
	tensor.tensor.dl_tensor.byte_offset = 2;
	check_packed(&tensor, columns, 6);

	given_init(&tensor, "t", kDLUInt, 16, numbers + 3, 1, 4);
	tensor.strides[0] = -1;
	check_packed(&tensor, backwards, 4);

	given_init(&tensor, "t", kDLUInt, 16, numbers, 3, 3, 1, 2);
	tensor.strides[0] = 0;
	tensor.strides[1] = 77;
	check_packed(&tensor, repeated, 6);

	given_init(&tensor, "t", kDLUInt, 16, numbers, 2, 3, 4);
	tensor.tensor.dl_tensor.strides = NULL;
	check_packed(&tensor, numbers, 12);

	given_init(&tensor, "t", kDLUInt, 16, numbers, 2, 1, 12);
	tensor.strides[0] = -5;
	check_packed(&tensor, numbers, 12);
}
END_TEST

/* Three rows of more than two buffers each, then columns of them. */
START_TEST(large_strided_tensors_are_packed_in_steps)
{
	enum { WIDTH = 1300000, HEIGHT = 3 };
	uint16_t *numbers = malloc((size_t)WIDTH * HEIGHT * 2);
	uint16_t *expected = malloc((size_t)WIDTH * HEIGHT * 2);
	struct given tensor;

	for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++)
		numbers[i] = (uint16_t)(i * 2654435761u >> 7);
	for (size_t x = 0; x < WIDTH; x++) {
		for (size_t y = 0; y < HEIGHT; y++)
			expected[x * HEIGHT + y] = numbers[y * WIDTH + x];
	}
	given_init(&tensor, "t", kDLUInt, 16, numbers, 2, WIDTH, HEIGHT);
	tensor.strides[0] = 1;
	tensor.strides[1] = WIDTH;
	check_packed(&tensor, expected, (size_t)WIDTH * HEIGHT);

	for (size_t y = 0; y < HEIGHT; y++)
		memcpy(expected + y * (WIDTH - 1), numbers + y * WIDTH, (WIDTH - 1) * 2);
	given_init(&tensor, "t", kDLUInt, 16, numbers, 2, HEIGHT, WIDTH - 1);
	tensor.strides[0] = WIDTH;
	check_packed(&tensor, expected, (size_t)(WIDTH - 1) * HEIGHT);
	free(expected);
	free(numbers);
}
END_TEST

struct refused {
	const char *code;
	kist_status status;
	void (*spoil)(struct given *tensor, struct model *model);
};

static char long_name[65536 + 2];

static void spoil_kind(struct given *t, struct model *m)
{
	(void)t;
	m->object.kind = KIST_KIND_TENSOR;
}

static void spoil_dtype(struct given *t, struct model *m)
{
	(void)m;
	t->tensor.dl_tensor.dtype.bits = 128;
}

static void spoil_lanes(struct given *t, struct model *m)
{
	(void)m;
	t->tensor.dl_tensor.dtype.lanes = 2;
}

static void spoil_padding(struct given *t, struct model *m)
{
	(void)m;
	t->tensor.dl_tensor.dtype = (DLDataType){ kDLFloat4_e2m1fn, 4, 1 };
	t->tensor.flags = DLPACK_FLAG_BITMASK_IS_SUBBYTE_TYPE_PADDED;
}

static void spoil_packed_strides(struct given *t, struct model *m)
{
	(void)m;
	t->tensor.dl_tensor.dtype = (DLDataType){ kDLFloat4_e2m1fn, 4, 1 };
	t->strides[0] = 2;
}

static void spoil_misaligned(struct given *t, struct model *m)
{
	(void)m;
	t->tensor.dl_tensor.dtype = (DLDataType){ kDLFloat4_e2m1fn, 4, 1 };
	t->shape[0] = 3;
	t->shape[1] = 3;
}

static void spoil_device(struct given *t, struct model *m)
{
	(void)m;
	t->tensor.dl_tensor.device.device_type = kDLCUDA;
}

static void spoil_version(struct given *t, struct model *m)
{
	(void)m;
	t->tensor.version.major = 2;
}

static void spoil_rank(struct given *t, struct model *m)
{
	(void)m;
	t->tensor.dl_tensor.ndim = 65;
}

static void spoil_negative(struct given *t, struct model *m)
{
	(void)m;
	t->shape[0] = -1;
}

static void spoil_overflow(struct given *t, struct model *m)
{
	(void)m;
	t->shape[0] = INT64_MAX / 8;
}

static void spoil_data(struct given *t, struct model *m)
{
	(void)m;
	t->tensor.dl_tensor.data = NULL;
}

static void spoil_no_name(struct given *t, struct model *m)
{
	(void)m;
	t->name = NULL;
}

static void spoil_utf8(struct given *t, struct model *m)
{
	(void)m;
	t->name = "a\xC3";
}

static void spoil_reserved(struct given *t, struct model *m)
{
	(void)m;
	t->name = "__metadata__";
}

static void spoil_long(struct given *t, struct model *m)
{
	(void)m;
	memset(long_name, 'n', sizeof(long_name) - 1);
	t->name = long_name;
}

static void spoil_duplicate(struct given *t, struct model *m)
{
	t[1] = t[0];
	t[1].tensor.manager_ctx = &t[1];
	t[1].tensor.dl_tensor.shape = t[1].shape;
	t[1].tensor.dl_tensor.strides = t[1].strides;
	t[1].tensor.dl_tensor.dtype.code = kDLInt;
	m->map.count = 2;
}

static void spoil_meta(struct model *model, const char *meta)
{
	model->map.meta = meta;
	model->map.meta_len = strlen(meta);
}

static void spoil_meta_kind(struct given *t, struct model *m)
{
	(void)t;
	spoil_meta(m, "[]");
}

static void spoil_meta_value(struct given *t, struct model *m)
{
	(void)t;
	spoil_meta(m, "{\"a\":1}");
}

static void spoil_meta_tail(struct given *t, struct model *m)
{
	(void)t;
	spoil_meta(m, "{} {}");
}

static void spoil_meta_utf8(struct given *t, struct model *m)
{
	(void)t;
	spoil_meta(m, "{\"\xFF\":\"\"}");
}

static void spoil_meta_duplicate(struct given *t, struct model *m)
{
	(void)t;
	spoil_meta(m, "{\"a\":\"\",\"\\u0061\":\"\"}");
}

static const struct refused refused[] = {
	{ "E_KIND", KIST_UNSUPPORTED, spoil_kind },
	{ "E_DTYPE", KIST_UNSUPPORTED, spoil_dtype },
	{ "E_DTYPE", KIST_UNSUPPORTED, spoil_lanes },
	{ "E_DTYPE", KIST_UNSUPPORTED, spoil_padding },
	{ "E_STRIDES", KIST_UNSUPPORTED, spoil_packed_strides },
	{ "E_MISALIGNED", KIST_UNSUPPORTED, spoil_misaligned },
	{ "E_DEVICE", KIST_UNSUPPORTED, spoil_device },
	{ "E_VERSION", KIST_INCOMPATIBLE, spoil_version },
	{ "E_SHAPE", KIST_INVALID, spoil_rank },
	{ "E_SHAPE", KIST_INVALID, spoil_negative },
	{ "E_OVERFLOW", KIST_INVALID, spoil_overflow },
	{ "E_TENSOR_INFO", KIST_INVALID, spoil_data },
	{ "E_NAME", KIST_INVALID, spoil_no_name },
	{ "E_NAME", KIST_INVALID, spoil_utf8 },
	{ "E_NAME", KIST_INVALID, spoil_reserved },
	{ "E_NAME", KIST_LIMIT, spoil_long },
	{ "E_DUPLICATE", KIST_INVALID, spoil_duplicate },
	{ "E_METADATA", KIST_INVALID, spoil_meta_kind },
	{ "E_METADATA", KIST_INVALID, spoil_meta_value },
	{ "E_METADATA", KIST_INVALID, spoil_meta_tail },
	{ "E_METADATA", KIST_INVALID, spoil_meta_utf8 },
	{ "E_METADATA", KIST_INVALID, spoil_meta_duplicate },
};

START_TEST(refuses_what_the_format_cannot_hold)
{
	struct given tensors[2];
	struct model model;
	struct plugtest_call call;
	struct plugtest_sink sink;
	kist_status status;

	given_init(&tensors[0], "t", kDLUInt, 8, "12345678", 2, 2, 4);
	model_init(&model, tensors, 1, NULL);
	refused[_i].spoil(tensors, &model);
	status = model_write(&model, NULL, &call, &sink);
	ck_assert_str_eq(call.error.code, refused[_i].code);
	ck_assert_int_eq(status, refused[_i].status);
	ck_assert_uint_eq(sink.size, 0);
	ck_assert_uint_eq(tensors[0].deletes, tensors[0].gets);
	plugtest_sink_done(&sink);
}
END_TEST

START_TEST(a_name_of_64_kib_is_written)
{
	struct given tensor;
	struct model model;
	struct plugtest_call call;
	struct plugtest_sink sink;

	memset(long_name, 'n', 65536);
	long_name[65536] = '\0';
	given_init(&tensor, long_name, kDLUInt, 8, "1", 0);
	model_init(&model, &tensor, 1, NULL);
	ck_assert_int_eq(model_write(&model, NULL, &call, &sink), KIST_OK);
	plugtest_sink_done(&sink);
}
END_TEST

/* Gives the tensor another shape when it is asked for again. */
static kist_status get_changed(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			       DLManagedTensorVersioned **ret_tensor)
{
	struct model *model = map->ctx;
	struct given *given = &model->tensors[i];

	(void)call;
	given->gets++;
	if (given->gets == 2)
		given->shape[0] = 1;
	*ret_tensor = &given->tensor;
	return KIST_OK;
}

START_TEST(a_tensor_that_changes_is_refused)
{
	struct given tensor;
	struct model model;
	struct plugtest_call call;
	struct plugtest_sink sink;

	given_init(&tensor, "t", kDLUInt, 8, "12", 1, 2);
	model_init(&model, &tensor, 1, NULL);
	model.map.get = get_changed;
	ck_assert_int_eq(model_write(&model, NULL, &call, &sink), KIST_INVALID);
	ck_assert_str_eq(call.error.code, "E_TENSOR_INFO");
	ck_assert_uint_eq(tensor.deletes, 2);
	plugtest_sink_done(&sink);
}
END_TEST

START_TEST(a_failing_sink_is_passed_on)
{
	unsigned long k = 0;
	kist_status status;

	do {
		struct given tensors[LIBRARY_TENSORS];
		struct model model;
		struct plugtest_call call;
		struct plugtest_sink sink;

		library_model(&model, tensors);
		plugtest_call_init(&call);
		plugtest_sink_init(&sink);
		sink.fail_at = ++k;
		status = safetensors()->serialize(NULL, &call.call, &model.object, NULL, &sink.sink);
		ck_assert(status == KIST_OK || status == KIST_IO);
		for (int i = 0; i < LIBRARY_TENSORS; i++)
			ck_assert_uint_eq(tensors[i].deletes, tensors[i].gets);
		plugtest_sink_done(&sink);
		plugtest_call_done(&call);
	} while (status != KIST_OK);
	/* 2 writes of the header; begin and end of 6 parts, and the bytes of 5. */
	ck_assert_uint_eq(k, 2 + 12 + 5 + 1);
}
END_TEST

START_TEST(a_cancelled_call_stops)
{
	unsigned long k = 0;
	kist_status status;

	do {
		struct given tensors[LIBRARY_TENSORS];
		struct model model;
		struct plugtest_call call;
		struct plugtest_sink sink;

		library_model(&model, tensors);
		plugtest_call_init(&call);
		plugtest_sink_init(&sink);
		call.cancel_at = ++k;
		status = safetensors()->serialize(NULL, &call.call, &model.object, NULL, &sink.sink);
		ck_assert(status == KIST_OK || status == KIST_CANCELLED);
		for (int i = 0; i < LIBRARY_TENSORS; i++)
			ck_assert_uint_eq(tensors[i].deletes, tensors[i].gets);
		plugtest_sink_done(&sink);
		plugtest_call_done(&call);
	} while (status != KIST_OK);
	ck_assert_uint_gt(k, 2 * LIBRARY_TENSORS);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("write");

	tcase_add_test(tcase, bytes_are_those_of_the_library);
	tcase_add_test(tcase, what_is_read_is_written_the_same);
	tcase_add_test(tcase, metadata_is_kept_absent_empty_or_sorted);
	tcase_add_test(tcase, align_is_8_64_or_4096);
	tcase_add_test(tcase, strided_tensors_are_packed);
	tcase_add_test(tcase, large_strided_tensors_are_packed_in_steps);
	tcase_add_loop_test(tcase, refuses_what_the_format_cannot_hold, 0,
			    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tcase, a_name_of_64_kib_is_written);
	tcase_add_test(tcase, a_tensor_that_changes_is_refused);
	tcase_add_test(tcase, a_failing_sink_is_passed_on);
	tcase_add_test(tcase, a_cancelled_call_stops);
	return suite_run(tcase, "safetensors_write");
}
