/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "modeltest.h"
#include "support/suite.h"

enum { U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 };
enum { T_F32 = 0, T_F16 = 1, T_REMOVED = 4, T_Q4_0 = 2, T_Q8_0 = 8, T_UNKNOWN = 43 };

/* A file as it is put together. */
static uint8_t bytes[1 << 16];
static size_t size;

static void put(const void *data, size_t len)
{
	memcpy(bytes + size, data, len);
	size += len;
}

static void put_number(uint64_t number, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[size++] = (uint8_t)(number >> 8 * i);
}

static void put_string(const char *text)
{
	put_number(strlen(text), 8);
	put(text, strlen(text));
}

static void begin(uint32_t version, uint64_t tensors, uint64_t pairs)
{
	size = 0;
	put("GGUF", 4);
	put_number(version, 4);
	put_number(tensors, 8);
	put_number(pairs, 8);
}

static void put_u32_pair(const char *key, uint32_t value)
{
	put_string(key);
	put_number(U32, 4);
	put_number(value, 4);
}

static void put_info(const char *name, uint32_t ndim, const uint64_t *dims, uint32_t type, uint64_t offset)
{
	put_string(name);
	put_number(ndim, 4);
	for (uint32_t i = 0; i < ndim; i++)
		put_number(dims[i], 8);
	put_number(type, 4);
	put_number(offset, 8);
}

static void put_data(size_t alignment, size_t len)
{
	while (size % alignment != 0)
		bytes[size++] = 0;
	for (size_t i = 0; i < len; i++)
		bytes[size++] = (uint8_t)i;
}

/* "" when it is accepted by all methods; else the code, the same from each. */
static const char *judge(void)
{
	static struct plugtest_report report;
	const ArtifactTaskInterface *const type = plugtest_type("kist.gguf")->interface;
	struct kist_object object = { .struct_size = sizeof(object) };
	struct plugtest_source source;
	struct plugtest_layout layout;
	struct plugtest_call call;
	void *format = NULL;
	kist_status status;

	plugtest_call_init(&call);
	plugtest_source_init(&source, bytes, size);
	plugtest_report_init(&report);
	plugtest_layout_init(&layout, size);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->validate(format, &call.call, &source.source, NULL, &report.report), KIST_OK);
	status = type->deserialize(format, &call.call, &source.source, NULL, &object);
	ck_assert_int_eq(status == KIST_OK, report.errors == 0);
	ck_assert_str_eq(call.error.code, report.code);
	if (object.release)
		object.release(&object);
	ck_assert_int_eq(type->layout(format, &call.call, &source.source, NULL, &layout.layout), status);
	plugtest_layout_done(&layout);
	plugtest_call_done(&call);
	return report.code;
}

static const uint64_t row[] = { 8 };

START_TEST(an_empty_file_is_a_model_without_tensors)
{
	for (uint32_t version = 2; version <= 3; version++) {
		begin(version, 0, 0);
		ck_assert_str_eq(judge(), "");
	}
}
END_TEST

START_TEST(a_broken_head_is_named)
{
	begin(3, 0, 0);
	bytes[0] = 'F';
	ck_assert_str_eq(judge(), "E_MAGIC");
	for (uint32_t version = 0; version < 6; version++) {
		begin(version, 0, 0);
		ck_assert_str_eq(judge(), version == 2 || version == 3 ? "" : "E_VERSION");
	}
	begin(3u << 24, 0, 0);
	ck_assert_str_eq(judge(), "E_VERSION");
	begin(3, (uint64_t)1 << 63, 0);
	ck_assert_str_eq(judge(), "E_TRUNCATED");
	begin(3, 0, (uint64_t)1 << 63);
	ck_assert_str_eq(judge(), "E_TRUNCATED");
	begin(3, 0, 0);
	for (size_t all = size, cut = 0; cut < all; cut++) {
		size = cut;
		ck_assert_str_eq(judge(), cut < 4 ? "E_MAGIC" : "E_TRUNCATED");
	}
}
END_TEST

START_TEST(a_broken_pair_is_named)
{
	begin(3, 0, 1);
	put_number(UINT64_MAX, 8);
	put_data(1, 32);
	ck_assert_str_eq(judge(), "E_TRUNCATED");
	begin(3, 0, 1);
	put_u32_pair("", 1);
	ck_assert_str_eq(judge(), "E_METADATA");
	begin(3, 0, 1);
	put_string("a");
	put_number(13, 4);
	put_data(1, 8);
	ck_assert_str_eq(judge(), "E_METADATA");
	begin(3, 0, 2);
	put_u32_pair("a", 1);
	put_u32_pair("a", 2);
	ck_assert_str_eq(judge(), "E_DUPLICATE");
	begin(3, 0, 1);
	put_string("a");
	put_number(BOOL, 4);
	put_number(2, 1);
	ck_assert_str_eq(judge(), "E_METADATA");
	begin(3, 0, 1);
	put_string("a");
	put_number(STRING, 4);
	put_string("\xff");
	ck_assert_str_eq(judge(), "E_METADATA");
}
END_TEST

START_TEST(the_alignment_is_a_uint32_and_a_power_of_two)
{
	static const struct {
		uint32_t alignment;
		const char *code;
	} cases[] = { { 0, "E_ALIGNMENT" }, { 13, "E_ALIGNMENT" }, { 1, "" }, { 64, "" }, { 4096, "" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(3, 1, 1);
		put_u32_pair("general.alignment", cases[i].alignment);
		put_info("t", 1, row, T_F32, 0);
		put_data(cases[i].alignment > 0 ? cases[i].alignment : 1, 32);
		ck_assert_str_eq(judge(), cases[i].code);
	}
	begin(3, 0, 1);
	put_string("general.alignment");
	put_number(U64, 4);
	put_number(32, 8);
	ck_assert_str_eq(judge(), "E_ALIGNMENT");
}
END_TEST

/* Arrays in arrays, @depth of them. */
static void nest(unsigned depth)
{
	begin(3, 0, 1);
	put_string("a");
	put_number(ARRAY, 4);
	for (unsigned i = 1; i < depth; i++) {
		put_number(ARRAY, 4);
		put_number(1, 8);
	}
	put_number(U8, 4);
	put_number(1, 8);
	put_number(7, 1);
}

START_TEST(arrays_are_nested_four_deep_at_most)
{
	nest(4);
	ck_assert_str_eq(judge(), "");
	nest(5);
	ck_assert_str_eq(judge(), "E_DEPTH");
	nest(3000);
	ck_assert_str_eq(judge(), "E_DEPTH");
	begin(3, 0, 1);
	put_string("a");
	put_number(ARRAY, 4);
	put_number(F64, 4);
	put_number((uint64_t)1 << 61, 8);
	ck_assert_str_eq(judge(), "E_TRUNCATED");
}
END_TEST

static const char *judge_tensor(const char *name, uint32_t ndim, const uint64_t *dims, uint32_t type,
				uint64_t offset, size_t data)
{
	begin(3, 1, 0);
	put_info(name, ndim, dims, type, offset);
	put_data(32, data);
	return judge();
}

START_TEST(a_broken_tensor_is_named)
{
	static const uint64_t five[] = { 1, 1, 1, 1, 1 };
	static const uint64_t negative[] = { 8, (uint64_t)1 << 63 };
	static const uint64_t many[] = { (uint64_t)1 << 32, (uint64_t)1 << 31 };
	static const uint64_t heavy[] = { (uint64_t)1 << 62 };
	static const uint64_t blocks[] = { 33 };
	char name[65];

	memset(name, 'n', 64);
	name[64] = '\0';
	ck_assert_str_eq(judge_tensor(name, 1, row, T_F32, 0, 32), "E_NAME");
	ck_assert_str_eq(judge_tensor(name + 1, 1, row, T_F32, 0, 32), "");
	ck_assert_str_eq(judge_tensor("t", 5, five, T_F32, 0, 4), "E_SHAPE");
	ck_assert_str_eq(judge_tensor("t", 2, negative, T_F32, 0, 32), "E_SHAPE");
	ck_assert_str_eq(judge_tensor("t", 2, many, T_F32, 0, 32), "E_OVERFLOW");
	ck_assert_str_eq(judge_tensor("t", 1, heavy, T_F32, 0, 32), "E_OVERFLOW");
	ck_assert_str_eq(judge_tensor("t", 1, row, T_REMOVED, 0, 32), "E_DTYPE");
	ck_assert_str_eq(judge_tensor("t", 1, row, T_UNKNOWN, 0, 32), "E_DTYPE");
	ck_assert_str_eq(judge_tensor("t", 1, row, UINT32_MAX, 0, 32), "E_DTYPE");
	ck_assert_str_eq(judge_tensor("t", 1, blocks, T_Q4_0, 0, 64), "E_SHAPE");
	ck_assert_str_eq(judge_tensor("t", 1, row, T_F32, 32, 64), "E_OFFSET");
	ck_assert_str_eq(judge_tensor("t", 1, row, T_F32, 0, 31), "E_TRUNCATED");
	ck_assert_str_eq(judge_tensor("\xc3", 1, row, T_F32, 0, 32), "E_NAME");
}
END_TEST

START_TEST(tensors_follow_each_other_and_have_names_of_their_own)
{
	for (int twins = 0; twins < 2; twins++) {
		begin(3, 2, 0);
		put_info("a", 1, row, T_F16, 0);
		put_info(twins ? "a" : "b", 1, row, T_F32, 32);
		put_data(32, 64);
		ck_assert_str_eq(judge(), twins ? "E_DUPLICATE" : "");
	}
	begin(3, 2, 0);
	put_info("a", 1, row, T_F16, 0);
	put_info("b", 1, row, T_F32, 16);
	put_data(32, 64);
	ck_assert_str_eq(judge(), "E_OFFSET");
}
END_TEST

START_TEST(a_dimension_may_be_0)
{
	static const uint64_t none[] = { 8, 0 };

	ck_assert_str_eq(judge_tensor("t", 2, none, T_F32, 0, 0), "");
	begin(3, 2, 0);
	put_info("t", 2, none, T_Q8_0 - T_Q8_0, 0);
	put_info("u", 1, row, T_F32, 0);
	put_data(32, 32);
	ck_assert_str_eq(judge(), "");
}
END_TEST

START_TEST(a_tensor_is_given_with_its_slowest_size_first_and_blocks_as_bytes)
{
	static const uint64_t dims[] = { 64, 3 };
	const ArtifactTaskInterface *const type = plugtest_type("kist.gguf")->interface;
	struct kist_object object = { .struct_size = sizeof(object) };
	DLManagedTensorVersioned *tensor;
	struct kist_tensor_map *map;
	struct plugtest_source source;
	struct plugtest_call call;
	void *format;

	begin(3, 2, 0);
	put_info("plain", 2, dims, T_F32, 0);
	put_info("blocks", 2, dims, T_Q8_0, 768);
	put_data(32, 768 + 204);
	plugtest_call_init(&call);
	plugtest_source_init(&source, bytes, size);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->deserialize(format, &call.call, &source.source, NULL, &object), KIST_OK);
	map = object.value;
	ck_assert_int_eq(map->get(map, &call.call, 0, &tensor), KIST_OK);
	ck_assert_int_eq(tensor->dl_tensor.shape[0], 3);
	ck_assert_int_eq(tensor->dl_tensor.shape[1], 64);
	ck_assert_uint_eq(((uint8_t *)tensor->dl_tensor.data)[1], 1);
	tensor->deleter(tensor);
	ck_assert_int_eq(map->get(map, &call.call, 1, &tensor), KIST_OK);
	ck_assert_int_eq(tensor->dl_tensor.shape[1], 68);
	ck_assert_uint_eq(tensor->dl_tensor.dtype.bits, 8);
	tensor->deleter(tensor);
	object.release(&object);
	plugtest_call_done(&call);
}
END_TEST

START_TEST(what_is_described_is_what_the_file_says)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.gguf")->interface;
	struct plugtest_source source;
	struct plugtest_sink sink;
	struct plugtest_call call;
	void *format;

	begin(3, 1, 3);
	put_u32_pair("u", 7);
	put_string("i");
	put_number(I8, 4);
	put_number(0xFF, 1);
	put_string("long");
	put_number(ARRAY, 4);
	put_number(U16, 4);
	put_number(65, 8);
	put_data(1, 130);
	put_info("t", 1, row, T_F32, 0);
	put_data(32, 32);
	plugtest_call_init(&call);
	plugtest_source_init(&source, bytes, size);
	plugtest_sink_init(&sink);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->describe(format, &call.call, &source.source, NULL, &sink.sink), KIST_OK);
	sink.data[sink.size - 1] = '\0';
	ck_assert_ptr_nonnull(
		strstr((char *)sink.data, "\"format\":\"gguf\",\"tensors\":1,\"parameters\":8"));
	ck_assert_ptr_nonnull(
		strstr((char *)sink.data, "\"metadata\":{\"u\":7,\"i\":-1,\"long\":{\"type\":\"uint16\","
					  "\"count\":65}},\"dtypes\":{\"float32\":8}"));
	ck_assert_ptr_nonnull(strstr((char *)sink.data, "\"stored_as\":\"F32\",\"shape\":[8],\"bytes\":32"));
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}
END_TEST

START_TEST(a_model_is_not_written_as_gguf)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.gguf")->interface;
	struct plugtest_call call;
	struct plugtest_sink sink;
	void *format;

	plugtest_call_init(&call);
	plugtest_sink_init(&sink);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->serialize(format, &call.call, NULL, NULL, &sink.sink), KIST_UNSUPPORTED);
	ck_assert_uint_eq(sink.size, 0);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("gguf");

	tcase_add_test(tcase, an_empty_file_is_a_model_without_tensors);
	tcase_add_test(tcase, a_broken_head_is_named);
	tcase_add_test(tcase, a_broken_pair_is_named);
	tcase_add_test(tcase, the_alignment_is_a_uint32_and_a_power_of_two);
	tcase_add_test(tcase, arrays_are_nested_four_deep_at_most);
	tcase_add_test(tcase, a_broken_tensor_is_named);
	tcase_add_test(tcase, tensors_follow_each_other_and_have_names_of_their_own);
	tcase_add_test(tcase, a_dimension_may_be_0);
	tcase_add_test(tcase, a_tensor_is_given_with_its_slowest_size_first_and_blocks_as_bytes);
	tcase_add_test(tcase, what_is_described_is_what_the_file_says);
	tcase_add_test(tcase, a_model_is_not_written_as_gguf);
	return suite_run(tcase, "model/gguf");
}
