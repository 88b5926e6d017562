/* SPDX-License-Identifier: Apache-2.0 */
#include "modeltest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

#define U8(name, begin, end)                                                                                 \
	"\"" name "\":{\"dtype\":\"U8\",\"shape\":[" #end "],\"data_offsets\":[" #begin "," #end "]}"
#define ONE(dtype, shape, begin, end)                                                                        \
	"{\"a\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}}"

/* What every method says of some bytes. */
struct verdict {
	kist_status status;
	struct kist_error error;
	struct plugtest_report report;
};

static struct verdict judge(const uint8_t *data, size_t size, size_t step_max)
{
	struct verdict verdict;
	struct plugtest_source source;
	struct plugtest_call call;
	struct kist_object object = { .struct_size = sizeof(object) };

	plugtest_call_init(&call);
	plugtest_source_init(&source, data, size);
	source.step_max = step_max;
	verdict.status =
		safetensors()->deserialize(safetensors_instance(), &call.call, &source.source, NULL, &object);
	verdict.error = call.error;
	ck_assert_int_eq(object.release != NULL, verdict.status == KIST_OK);
	if (object.release)
		object.release(&object);
	plugtest_report_init(&verdict.report);
	ck_assert_int_eq(safetensors()->validate(safetensors_instance(), &call.call, &source.source, NULL,
						 &verdict.report.report),
			 KIST_OK);
	ck_assert_uint_eq(verdict.report.errors, verdict.status == KIST_OK ? 0 : 1);
	plugtest_call_done(&call);
	return verdict;
}

struct accepted {
	const char *json;
	size_t data_size;
};

static const struct accepted accepted[] = {
	{ "{}", 0 },
	{ " \t\r\n{ } \n ", 0 },
	{ "{\"__metadata__\":{}}", 0 },
	{ "{\"__metadata__\":{\"a\":\"b\",\"A\":\"\\u0000\"}}", 0 },
	{ ONE("F32", "[]", 0, 4), 4 },
	{ ONE("F32", "[0]", 0, 0), 0 },
	{ ONE("F4", "[3,2]", 0, 3), 3 },
	{ ONE("F6_E2M3", "[4]", 0, 3), 3 },
	{ ONE("F6_E3M2", "[2,2]", 0, 3), 3 },
	{ ONE("BOOL", "[1]", 0, 1), 1 },
	{ ONE("U8", "[1]", 0, 1), 1 },
	{ ONE("I8", "[1]", 0, 1), 1 },
	{ ONE("F8_E5M2", "[1]", 0, 1), 1 },
	{ ONE("F8_E4M3", "[1]", 0, 1), 1 },
	{ ONE("F8_E8M0", "[1]", 0, 1), 1 },
	{ ONE("F8_E4M3FNUZ", "[1]", 0, 1), 1 },
	{ ONE("F8_E5M2FNUZ", "[1]", 0, 1), 1 },
	{ ONE("I16", "[1]", 0, 2), 2 },
	{ ONE("U16", "[1]", 0, 2), 2 },
	{ ONE("F16", "[1]", 0, 2), 2 },
	{ ONE("BF16", "[1]", 0, 2), 2 },
	{ ONE("I32", "[1]", 0, 4), 4 },
	{ ONE("U32", "[1]", 0, 4), 4 },
	{ ONE("C64", "[1]", 0, 8), 8 },
	{ ONE("F64", "[1]", 0, 8), 8 },
	{ ONE("I64", "[1]", 0, 8), 8 },
	{ ONE("U64", "[1]", 0, 8), 8 },
	{ "{\"a\" : {\"data_offsets\" : [ 0 , 1 ] , \"shape\" : [ 1 ] , \"dtype\" : \"U8\"}}", 1 },
	{ "{\"\":{\"\\u0064type\":\"U\\u0038\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1 },
	{ "{" U8("a", 0, 3) ",\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 3 },
	{ "{\"\xF0\x9F\x98\x80\\ud83d\\ude00\\n\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
	  1 },
};

START_TEST(accepts_what_the_format_allows)
{
	const struct accepted *c = &accepted[_i];
	struct file file = file_make(c->json, c->data_size);
	const struct verdict verdict = judge(file.data, file.size, 0);
	const struct verdict slow = judge(file.data, file.size, 1);

	ck_assert_msg(verdict.status == KIST_OK, "%s: %s %s", c->json, verdict.error.code,
		      verdict.error.text);
	ck_assert_int_eq(slow.status, KIST_OK);
	free(file.data);
}
END_TEST

struct refused {
	const char *json;
	size_t data_size;
	const char *code;
	uint64_t offset;
	kist_status status;
};

static const struct refused refused[] = {
	{ "", 0, "E_HEADER_SYNTAX", 8, KIST_CORRUPT },
	{ "   ", 0, "E_HEADER_SYNTAX", 11, KIST_CORRUPT },
	{ "[]", 0, "E_HEADER_SYNTAX", 8, KIST_CORRUPT },
	{ "{", 0, "E_HEADER_SYNTAX", 9, KIST_CORRUPT },
	{ "{}}", 0, "E_HEADER_SYNTAX", 10, KIST_CORRUPT },
	{ "{},\"__metadata__\":{}}", 0, "E_HEADER_SYNTAX", 10, KIST_CORRUPT },
	{ "{,}", 0, "E_HEADER_SYNTAX", 9, KIST_CORRUPT },
	{ "{" U8("a", 0, 1) ",}", 1, "E_HEADER_SYNTAX", 61, KIST_CORRUPT },
	{ "\xEF\xBB\xBF{}", 0, "E_HEADER_SYNTAX", 8, KIST_CORRUPT },
	{ "{\"\xFF\":1}", 0, "E_HEADER_UTF8", 10, KIST_CORRUPT },
	{ "{\"\xC0\x80\":1}", 0, "E_HEADER_UTF8", 10, KIST_CORRUPT },
	{ "{\"\xED\xA0\x80\":1}", 0, "E_HEADER_UTF8", 10, KIST_CORRUPT },
	{ "{\"abcdefghijk\xF4\x90\x80\x80\":1}", 0, "E_HEADER_UTF8", 21, KIST_CORRUPT },
	{ "{\"\x01\":1}", 0, "E_HEADER_SYNTAX", 10, KIST_CORRUPT },
	{ "{\"\\x\":1}", 0, "E_HEADER_SYNTAX", 10, KIST_CORRUPT },
	{ "{\"\\ud800\":1}", 0, "E_HEADER_SYNTAX", 10, KIST_CORRUPT },
	{ "{\"\\udc00\":1}", 0, "E_HEADER_SYNTAX", 10, KIST_CORRUPT },
	{ "{\"\\ud800\\u0041\":1}", 0, "E_HEADER_SYNTAX", 10, KIST_CORRUPT },
	{ "{\"\\u12", 0, "E_HEADER_SYNTAX", 10, KIST_CORRUPT },
	{ "{\"abc", 0, "E_HEADER_SYNTAX", 13, KIST_CORRUPT },
	{ "{\"abc\\", 0, "E_HEADER_SYNTAX", 13, KIST_CORRUPT },
	{ "{\"a\" 1}", 0, "E_HEADER_SYNTAX", 13, KIST_CORRUPT },
	{ "{'a':1}", 0, "E_HEADER_SYNTAX", 9, KIST_CORRUPT },
	{ "{\"a\":1}", 0, "E_TENSOR_INFO", 13, KIST_CORRUPT },
	{ "{\"a\":null}", 0, "E_TENSOR_INFO", 13, KIST_CORRUPT },
	{ "{\"a\":[[[[[[[[", 0, "E_TENSOR_INFO", 13, KIST_CORRUPT },
	{ "{\"a\":{}}", 0, "E_TENSOR_INFO", 9, KIST_CORRUPT },
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 0, "E_TENSOR_INFO", 9, KIST_CORRUPT },
	{ "{\"a\":{\"x\":1}}", 0, "E_TENSOR_INFO", 14, KIST_CORRUPT },
	{ "{\"a\":{\"dtype\":1}}", 0, "E_TENSOR_INFO", 22, KIST_CORRUPT },
	{ "{\"a\":{\"shape\":1}}", 0, "E_TENSOR_INFO", 22, KIST_CORRUPT },
	{ "{\"a\":{\"data_offsets\":[0]}}", 0, "E_TENSOR_INFO", 29, KIST_CORRUPT },
	{ "{\"a\":{\"data_offsets\":[0,1,2]}}", 0, "E_TENSOR_INFO", 35, KIST_CORRUPT },
	{ "{\"a\":{\"dtype\":\"F128\"}}", 0, "E_DTYPE", 22, KIST_UNSUPPORTED },
	{ "{\"a\":{\"dtype\":\"f32\"}}", 0, "E_DTYPE", 22, KIST_UNSUPPORTED },
	{ "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0, "E_DUPLICATE", 27, KIST_CORRUPT },
	{ "{\"a\":{\"shape\":[-1]}}", 0, "E_HEADER_SYNTAX", 23, KIST_CORRUPT },
	{ "{\"a\":{\"shape\":[1.0]}}", 0, "E_HEADER_SYNTAX", 23, KIST_CORRUPT },
	{ "{\"a\":{\"shape\":[1e3]}}", 0, "E_HEADER_SYNTAX", 23, KIST_CORRUPT },
	{ "{\"a\":{\"shape\":[01]}}", 0, "E_HEADER_SYNTAX", 23, KIST_CORRUPT },
	{ "{\"a\":{\"shape\":[true]}}", 0, "E_HEADER_SYNTAX", 23, KIST_CORRUPT },
	{ "{\"a\":{\"shape\":[1,]}}", 0, "E_HEADER_SYNTAX", 25, KIST_CORRUPT },
	{ "{\"a\":{\"shape\":[[1]]}}", 0, "E_DEPTH", 23, KIST_CORRUPT },
	{ "{\"a\":{\"data_offsets\":[{", 0, "E_DEPTH", 30, KIST_CORRUPT },
	{ "{\"a\":{\"shape\":[9223372036854775808]}}", 0, "E_OVERFLOW", 23, KIST_CORRUPT },
	{ "{\"a\":{\"shape\":[99999999999999999999999]}}", 0, "E_OVERFLOW", 23, KIST_CORRUPT },
	{ ONE("U8", "[4294967296,4294967296]", 0, 1), 1, "E_OVERFLOW", 9, KIST_CORRUPT },
	{ ONE("U8", "[1152921504606846976]", 0, 1), 1, "E_OVERFLOW", 9, KIST_CORRUPT },
	{ ONE("U8", "[0,9223372036854775807]", 0, 0), 0, "E_OVERFLOW", 9, KIST_CORRUPT },
	{ ONE("F4", "[3]", 0, 1), 1, "E_MISALIGNED", 9, KIST_CORRUPT },
	{ ONE("F6_E2M3", "[3]", 0, 2), 2, "E_MISALIGNED", 9, KIST_CORRUPT },
	{ ONE("U8", "[2]", 0, 1), 1, "E_TENSOR_INFO", 9, KIST_CORRUPT },
	{ ONE("U8", "[1152921504606846975]", 0, 1), 1, "E_TENSOR_INFO", 9, KIST_CORRUPT },
	{ ONE("U8", "[0]", 0, 1), 1, "E_TENSOR_INFO", 9, KIST_CORRUPT },
	{ ONE("U8", "[1]", 1, 2), 2, "E_OFFSET", 9, KIST_CORRUPT },
	{ "{" U8("a", 0, 2) ",\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3, "E_OFFSET",
	  61, KIST_CORRUPT },
	{ "{" U8("a", 0, 2) ",\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[3,5]}}", 5, "E_OFFSET",
	  61, KIST_CORRUPT },
	{ "{" U8("a", 0, 2) ",\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2, "E_OFFSET",
	  61, KIST_CORRUPT },
	{ "{" U8("a", 0, 2) ",\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[2,1]}}", 2, "E_OFFSET",
	  61, KIST_CORRUPT },
	{ "{" U8("a", 0, 2) "}", 3, "E_INCOMPLETE", 63, KIST_CORRUPT },
	{ "{" U8("a", 0, 2) "}", 1, "E_INCOMPLETE", 62, KIST_CORRUPT },
	{ "{}", 1, "E_INCOMPLETE", 10, KIST_CORRUPT },
	{ "{\"__metadata__\":1}", 0, "E_METADATA", 24, KIST_CORRUPT },
	{ "{\"__metadata__\":null}", 0, "E_METADATA", 24, KIST_CORRUPT },
	{ "{\"__metadata__\":{\"a\":1}}", 0, "E_METADATA", 29, KIST_CORRUPT },
	{ "{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, "E_METADATA", 29, KIST_CORRUPT },
	{ "{\"__metadata__\":{\"a\":\"1\",\"\\u0061\":\"2\"}}", 0, "E_DUPLICATE", 33, KIST_CORRUPT },
	{ "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "E_DUPLICATE", 27, KIST_CORRUPT },
	{ "{" U8("a", 0, 2) "," U8("\\u0061", 0, 2) "}", 2, "E_DUPLICATE", 61, KIST_CORRUPT },
	{ "{\"a\\u0000\":{}}", 0, "E_NAME", 9, KIST_UNSUPPORTED },
};

START_TEST(refuses_with_a_code_and_an_offset)
{
	const struct refused *c = &refused[_i];
	struct file file = file_make(c->json, c->data_size);
	const struct verdict verdict = judge(file.data, file.size, 0);

	ck_assert_msg(verdict.status == c->status && strcmp(verdict.error.code, c->code) == 0 &&
			      verdict.error.offset == c->offset,
		      "%s: %d %s %llu %s", c->json, verdict.status, verdict.error.code,
		      (unsigned long long)verdict.error.offset, verdict.error.text);
	ck_assert_str_eq(verdict.report.code, c->code);
	ck_assert_uint_eq(verdict.report.offset, c->offset);
	ck_assert_str_eq(verdict.report.text, verdict.error.text);
	free(file.data);
}
END_TEST

START_TEST(refuses_a_header_whose_size_is_wrong)
{
	uint8_t bytes[16] = { 0xFF, 0xE0, 0xF5, 0x05, 0, 0, 0, 0, '{', '}' };
	struct verdict verdict;

	for (size_t size = 0; size < 8; size++) {
		verdict = judge(bytes, size, 0);
		ck_assert_str_eq(verdict.error.code, "E_HEADER_TOO_SMALL");
		ck_assert_uint_eq(verdict.error.offset, size);
	}
	/* 99999999, 100000000 and 100000001 */
	ck_assert_str_eq(judge(bytes, 10, 0).error.code, "E_HEADER_LENGTH");
	bytes[0] = 0x00;
	bytes[1] = 0xE1;
	verdict = judge(bytes, 10, 0);
	ck_assert_str_eq(verdict.error.code, "E_HEADER_LENGTH");
	ck_assert_int_eq(verdict.status, KIST_CORRUPT);
	bytes[0] = 0x01;
	verdict = judge(bytes, 10, 0);
	ck_assert_str_eq(verdict.error.code, "E_HEADER_TOO_LARGE");
	ck_assert_int_eq(verdict.status, KIST_LIMIT);
	memset(bytes, 0xFF, 8);
	ck_assert_str_eq(judge(bytes, 10, 0).error.code, "E_HEADER_TOO_LARGE");
	memcpy(bytes, "\3\0\0\0\0\0\0\0{}", 10);
	ck_assert_str_eq(judge(bytes, 10, 0).error.code, "E_HEADER_LENGTH");
	/* NUL padding, seen in the wild */
	verdict = judge(bytes, 11, 0);
	ck_assert_str_eq(verdict.error.code, "E_HEADER_SYNTAX");
	ck_assert_uint_eq(verdict.error.offset, 10);
}
END_TEST

/* {"nnn...":{"dtype":"U8","shape":[1,1,...],"data_offsets":[0,1]}} */
static struct file sized_file(size_t name_len, size_t rank)
{
	char *json = calloc(1, name_len + rank * 2 + 128);
	struct file file;
	size_t at;

	memcpy(json, "{\"", 2);
	memset(json + 2, 'n', name_len);
	at = 2 + name_len;
	at += (size_t)sprintf(json + at, "\":{\"dtype\":\"U8\",\"shape\":[");
	for (size_t i = 0; i < rank; i++)
		at += (size_t)sprintf(json + at, i ? ",1" : "1");
	sprintf(json + at, "],\"data_offsets\":[0,1]}}");
	file = file_make(json, 1);
	free(json);
	return file;
}

START_TEST(names_and_ranks_have_limits)
{
	static const struct {
		size_t name_len;
		size_t rank;
		const char *code;
	} cases[] = {
		{ 65536, 1, "" }, { 65537, 1, "E_NAME" }, { 1, 64, "" }, { 1, 65, "E_SHAPE" }, { 0, 0, "" }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file file = sized_file(cases[i].name_len, cases[i].rank);
		const struct verdict verdict = judge(file.data, file.size, 0);

		ck_assert_str_eq(verdict.error.code, cases[i].code);
		ck_assert_int_eq(verdict.status, cases[i].code[0] ? KIST_LIMIT : KIST_OK);
		free(file.data);
	}
}
END_TEST

/* Three tensors, not in the order of their bytes. */
static const char three[] = "{\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]},"
			    "\"__metadata__\":{ \"k\":\"v\"},"
			    "\"z\\u00e9\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
			    "\"e\":{\"dtype\":\"F4\",\"shape\":[0,5,3],\"data_offsets\":[8,8]}}";

static kist_status open_three(struct plugtest_call *call, struct plugtest_source *source, struct file *file,
			      struct kist_object *object)
{
	*file = file_make(three, 32);
	plugtest_call_init(call);
	plugtest_source_init(source, file->data, file->size);
	*object = (struct kist_object){ .struct_size = sizeof(*object) };
	return safetensors()->deserialize(safetensors_instance(), &call->call, &source->source, NULL, object);
}

START_TEST(tensors_come_in_the_order_of_their_bytes_and_outlive_the_map)
{
	static const char *const names[] = { "z\xC3\xA9", "e", "b" };
	struct plugtest_call call;
	struct plugtest_source source;
	struct file file;
	struct kist_object object;
	struct kist_tensor_map *map;
	DLManagedTensorVersioned *tensors[3];
	const char *name;

	ck_assert_int_eq(open_three(&call, &source, &file, &object), KIST_OK);
	ck_assert_uint_eq(object.kind, KIST_KIND_MODEL);
	ck_assert_str_eq(object.type, "kist.safetensors");
	ck_assert_uint_eq(object.type_major, 1);
	ck_assert_uint_eq(object.type_minor, 0);
	map = object.value;
	ck_assert_uint_eq(map->count, 3);
	ck_assert_uint_eq(map->meta_len, 10);
	ck_assert_mem_eq(map->meta, "{ \"k\":\"v\"}", 10);
	for (uint64_t i = 0; i < 3; i++) {
		ck_assert_int_eq(map->get_name(map, i, &name), KIST_OK);
		ck_assert_str_eq(name, names[i]);
		ck_assert_int_eq(map->get(map, &call.call, i, &tensors[i]), KIST_OK);
	}
	ck_assert_int_eq(map->get_name(map, 3, &name), KIST_INVALID);
	ck_assert_int_eq(map->get(map, &call.call, 3, &tensors[0]), KIST_INVALID);
	object.release(&object);
	ck_assert_ptr_null(object.release);
	free(file.data);

	ck_assert_uint_eq(tensors[0]->flags, DLPACK_FLAG_BITMASK_READ_ONLY);
	ck_assert_int_eq(tensors[0]->dl_tensor.ndim, 0);
	ck_assert_int_eq(tensors[0]->dl_tensor.dtype.code, kDLInt);
	ck_assert_int_eq(((const uint8_t *)tensors[0]->dl_tensor.data)[7], 7);
	ck_assert_ptr_null(tensors[1]->dl_tensor.data);
	ck_assert_int_eq(tensors[1]->dl_tensor.dtype.bits, 4);
	ck_assert_int_eq(tensors[1]->dl_tensor.shape[1], 5);
	ck_assert_int_eq(tensors[2]->dl_tensor.strides[0], 3);
	ck_assert_int_eq(tensors[2]->dl_tensor.strides[1], 1);
	ck_assert_int_eq(((const uint8_t *)tensors[2]->dl_tensor.data)[23], 31);
	for (int i = 0; i < 3; i++)
		tensors[i]->deleter(tensors[i]);
	plugtest_call_done(&call);
}
END_TEST

START_TEST(a_tensor_maps_its_own_bytes_only)
{
	struct plugtest_call call;
	struct plugtest_source source;
	struct file file;
	struct kist_object object;
	struct kist_tensor_map *map;
	DLManagedTensorVersioned *tensor;
	unsigned long calls;

	ck_assert_int_eq(open_three(&call, &source, &file, &object), KIST_OK);
	map = object.value;
	calls = source.calls;
	ck_assert_int_eq(map->get(map, &call.call, 1, &tensor), KIST_OK);
	ck_assert_uint_eq(source.calls, calls);
	tensor->deleter(tensor);
	ck_assert_int_eq(map->get(map, &call.call, 2, &tensor), KIST_OK);
	ck_assert_uint_eq(source.calls, calls + 1);
	tensor->deleter(tensor);
	source.fail_at = source.calls + 1;
	ck_assert_int_eq(map->get(map, &call.call, 2, &tensor), KIST_IO);
	object.release(&object);
	plugtest_call_done(&call);
	free(file.data);
}
END_TEST

START_TEST(layout_gives_one_part_for_each_tensor)
{
	struct file file = file_make(three, 32);
	const uint64_t data = file.size - 32;
	struct plugtest_source source;
	struct plugtest_layout layout;
	struct plugtest_call call;

	plugtest_source_init(&source, file.data, file.size);
	plugtest_layout_init(&layout, file.size);
	plugtest_call_init(&call);
	ck_assert_int_eq(safetensors()->layout(safetensors_instance(), &call.call, &source.source, NULL,
					       &layout.layout),
			 KIST_OK);
	ck_assert_uint_eq(layout.part_count, 3);
	ck_assert_str_eq(layout.parts[0].name, "z\xC3\xA9");
	ck_assert_uint_eq(layout.parts[0].offset, data);
	ck_assert_uint_eq(layout.parts[0].len, 8);
	ck_assert_uint_eq(layout.parts[1].len, 0);
	ck_assert_int_eq(layout.parts[1].ndim, 3);
	ck_assert_str_eq(layout.parts[2].name, "b");
	ck_assert_uint_eq(layout.parts[2].offset, data + 8);
	ck_assert_uint_eq(layout.parts[2].len, 24);
	ck_assert_int_eq(layout.parts[2].dtype.code, kDLFloat);
	ck_assert_int_eq(layout.parts[2].shape[1], 3);
	plugtest_layout_done(&layout);
	plugtest_call_done(&call);
	free(file.data);
}
END_TEST

START_TEST(a_failing_source_is_passed_on)
{
	struct file file = file_make(three, 32);
	struct plugtest_report report;
	unsigned long k = 0;
	kist_status status;

	do {
		struct plugtest_source source;
		struct plugtest_call call;
		struct kist_object object = { .struct_size = sizeof(object) };

		plugtest_source_init(&source, file.data, file.size);
		plugtest_call_init(&call);
		plugtest_report_init(&report);
		source.step_max = 16;
		source.fail_at = ++k;
		status = safetensors()->deserialize(safetensors_instance(), &call.call, &source.source, NULL,
						    &object);
		ck_assert(status == KIST_OK || status == KIST_IO);
		if (status == KIST_OK)
			object.release(&object);
		source.calls = 0;
		ck_assert_int_eq(safetensors()->validate(safetensors_instance(), &call.call, &source.source,
							 NULL, &report.report),
				 status);
		plugtest_call_done(&call);
	} while (status != KIST_OK);
	ck_assert_uint_gt(k, 10);
	free(file.data);
}
END_TEST

START_TEST(a_cancelled_call_stops)
{
	struct file file = file_make(three, 32);
	unsigned long k = 0;
	kist_status status;

	do {
		struct plugtest_source source;
		struct plugtest_call call;
		struct kist_object object = { .struct_size = sizeof(object) };

		plugtest_source_init(&source, file.data, file.size);
		plugtest_call_init(&call);
		call.cancel_at = ++k;
		status = safetensors()->deserialize(safetensors_instance(), &call.call, &source.source, NULL,
						    &object);
		ck_assert(status == KIST_OK || status == KIST_CANCELLED);
		if (status == KIST_OK)
			object.release(&object);
		plugtest_call_done(&call);
	} while (status != KIST_OK);
	ck_assert_uint_gt(k, 2);
	free(file.data);
}
END_TEST

static int32_t probe(const char *json, size_t data_size, size_t head_len)
{
	struct file file = file_make(json, data_size);
	int32_t score = -1;

	ck_assert_int_eq(safetensors()->probe(file.data, head_len < file.size ? head_len : file.size,
					      file.size, &score),
			 KIST_OK);
	free(file.data);
	return score;
}

START_TEST(probe_knows_a_header_from_its_first_bytes)
{
	uint8_t zip[32] = "PK\3\4\0\0\0\0{\"a\":{\"dtype\"";
	int32_t score;

	ck_assert_int_ge(probe(three, 32, 65536), 90);
	ck_assert_int_ge(probe("{\"__metadata__\":{\"a\":\"b\"}}", 0, 65536), 90);
	ck_assert_int_gt(probe("{}", 0, 65536), 0);
	ck_assert_int_gt(probe(three, 32, 12), 0);
	ck_assert_int_gt(probe(" \n  {}", 0, 11), 0);
	ck_assert_int_eq(probe("{\"a\":1}", 0, 65536), 0);
	ck_assert_int_eq(probe("{\"a\":{\"b\":\"dtype and much more than that\"}}", 0, 65536), 0);
	ck_assert_int_eq(probe("[]", 0, 65536), 0);
	ck_assert_int_eq(probe("{}", 0, 9), 0);
	ck_assert_int_eq(probe("{a", 0, 65536), 0);
	ck_assert_int_eq(safetensors()->probe(zip, sizeof(zip), sizeof(zip), &score), KIST_OK);
	ck_assert_int_eq(score, 0);
	ck_assert_int_eq(safetensors()->probe(NULL, 0, 0, &score), KIST_OK);
	ck_assert_int_eq(score, 0);
}
END_TEST

/* Names that agree in all but their last letters, so that a hash table or a sort has work to do. */
START_TEST(a_header_of_many_entries_takes_n_log_n)
{
	const size_t count = 20000;
	char *json = malloc(count * 80 + 64);
	struct plugtest_call call;
	struct plugtest_source source;
	struct plugtest_report report;
	struct file file;
	size_t at = 0;

	json[at++] = '{';
	for (size_t i = 0; i < count; i++)
		at += (size_t)sprintf(json + at,
				      "%s\"%zu\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
				      i ? "," : "", count - i);
	sprintf(json + at, "}");
	file = file_make(json, 0);
	plugtest_source_init(&source, file.data, file.size);
	plugtest_call_init(&call);
	plugtest_report_init(&report);
	ck_assert_int_eq(safetensors()->validate(safetensors_instance(), &call.call, &source.source, NULL,
						 &report.report),
			 KIST_OK);
	ck_assert_uint_eq(report.errors, 0);
	/* Polled every 8192 comparisons: 2 * n * log2(n) of them are 600000. */
	ck_assert_uint_lt(call.polls, 100);
	plugtest_call_done(&call);
	free(file.data);
	free(json);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("read");

	tcase_add_loop_test(tcase, accepts_what_the_format_allows, 0, sizeof(accepted) / sizeof(accepted[0]));
	tcase_add_loop_test(tcase, refuses_with_a_code_and_an_offset, 0,
			    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tcase, refuses_a_header_whose_size_is_wrong);
	tcase_add_test(tcase, names_and_ranks_have_limits);
	tcase_add_test(tcase, tensors_come_in_the_order_of_their_bytes_and_outlive_the_map);
	tcase_add_test(tcase, a_tensor_maps_its_own_bytes_only);
	tcase_add_test(tcase, layout_gives_one_part_for_each_tensor);
	tcase_add_test(tcase, a_failing_source_is_passed_on);
	tcase_add_test(tcase, a_cancelled_call_stops);
	tcase_add_test(tcase, probe_knows_a_header_from_its_first_bytes);
	tcase_add_test(tcase, a_header_of_many_entries_takes_n_log_n);
	return suite_run(tcase, "safetensors_read");
}
