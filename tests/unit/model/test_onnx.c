/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modeltest.h"
#include "support/suite.h"

/* Messages as they are put together, the inner ones first. */
struct message {
	uint8_t bytes[4096];
	size_t size;
};

static void put_varint(struct message *to, uint64_t number)
{
	do {
		to->bytes[to->size++] = (uint8_t)((number & 0x7F) | (number > 0x7F ? 0x80 : 0));
		number >>= 7;
	} while (number > 0);
}

static void put_int(struct message *to, unsigned field, uint64_t number)
{
	put_varint(to, field << 3);
	put_varint(to, number);
}

static void put_bytes(struct message *to, unsigned field, const void *bytes, size_t size)
{
	put_varint(to, field << 3 | 2);
	put_varint(to, size);
	memcpy(to->bytes + to->size, bytes, size);
	to->size += size;
}

static void put_text(struct message *to, unsigned field, const char *text)
{
	put_bytes(to, field, text, strlen(text));
}

static void put_message(struct message *to, unsigned field, const struct message *inner)
{
	put_bytes(to, field, inner->bytes, inner->size);
}

static struct message model;
static const float numbers[4] = { 1, 2, 3, 4 };

/* {dims 2 x 2, float, "w", raw}; what is put behind it comes into it too. */
static struct message weight(void)
{
	struct message tensor = { .size = 0 };

	put_int(&tensor, 1, 2);
	put_int(&tensor, 1, 2);
	put_int(&tensor, 2, 1);
	put_text(&tensor, 8, "w");
	put_bytes(&tensor, 9, numbers, sizeof(numbers));
	return tensor;
}

/* A model of IR version 8 whose graph has one node, and @tensor if there is one, in field @field. */
static void make(const struct message *tensor, unsigned field)
{
	struct message node = { .size = 0 };
	struct message graph = { .size = 0 };
	struct message opset = { .size = 0 };

	put_text(&node, 1, "x");
	put_text(&node, 2, "y");
	put_text(&node, 4, "Relu");
	put_message(&graph, 1, &node);
	put_text(&graph, 2, "g");
	if (tensor)
		put_message(&graph, field, tensor);
	put_text(&opset, 1, "");
	put_int(&opset, 2, 18);
	model.size = 0;
	put_int(&model, 1, 8);
	put_text(&model, 2, "me");
	put_message(&model, 7, &graph);
	put_message(&model, 8, &opset);
}

static struct plugtest_report report;

static void validate(void)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.onnx")->interface;
	struct plugtest_source source;
	struct plugtest_call call;
	void *format;

	plugtest_call_init(&call);
	plugtest_report_init(&report);
	plugtest_source_init(&source, model.bytes, model.size);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->validate(format, &call.call, &source.source, NULL, &report.report), KIST_OK);
	plugtest_call_done(&call);
}

/* "" when it is sound; else the code of what validate reports. */
static const char *judge(void)
{
	validate();
	return report.errors > 0 ? report.code : "";
}

/* "" when nothing is warned of; else the code of the first warning. */
static const char *warn(void)
{
	validate();
	ck_assert_uint_eq(report.errors, 0);
	return report.warnings > 0 ? report.code : "";
}

static const char *judge_tensor(const struct message *tensor)
{
	make(tensor, 5);
	return judge();
}

/* Reads the model's only tensor, of four numbers of @bits bits, and gives its bytes. */
static void reads(const void *wanted, size_t size, bool is_part)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.onnx")->interface;
	struct kist_object object = { .struct_size = sizeof(object) };
	DLManagedTensorVersioned *tensor;
	struct plugtest_layout layout;
	struct plugtest_source source;
	struct plugtest_call call;
	struct kist_tensor_map *map;
	const char *name;
	void *format;

	ck_assert_str_eq(judge(), "");
	plugtest_call_init(&call);
	plugtest_source_init(&source, model.bytes, model.size);
	plugtest_layout_init(&layout, model.size);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->layout(format, &call.call, &source.source, NULL, &layout.layout), KIST_OK);
	ck_assert_uint_eq(layout.part_count, is_part);
	if (is_part)
		ck_assert_mem_eq(model.bytes + layout.parts[0].offset, wanted, size);
	ck_assert_int_eq(type->deserialize(format, &call.call, &source.source, NULL, &object), KIST_OK);
	map = object.value;
	ck_assert_uint_eq(map->count, 1);
	ck_assert_int_eq(map->get_name(map, 0, &name), KIST_OK);
	ck_assert_str_eq(name, "w");
	ck_assert_int_eq(map->get(map, &call.call, 0, &tensor), KIST_OK);
	object.release(&object);
	ck_assert_mem_eq(tensor->dl_tensor.data, wanted, size);
	tensor->deleter(tensor);
	plugtest_layout_done(&layout);
	plugtest_call_done(&call);
}

START_TEST(raw_and_packed_floats_are_parts_and_other_lists_are_made_into_elements)
{
	static const struct {
		unsigned dtype;
		unsigned field;
		const char *list; /* varints */
		size_t list_size;
		const char *wanted;
		size_t size;
	} cases[] = {
		{ 7, 7, "\1\2\3\xac\2", 5,
		  "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\x2c\1\0\0\0\0\0\0", 32 },
		{ 3, 5, "\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\3\4", 13, "\1\xff\3\4", 4 },
		{ 10, 5, "\x80\x78\0\1\2", 5, "\0\x3c\0\0\1\0\2\0", 8 },
		{ 9, 5, "\1\0\1\1", 4, "\1\0\1\1", 4 },
		{ 12, 11, "\xff\xff\xff\xff\x0f\0\1\2", 8, "\xff\xff\xff\xff\0\0\0\0\1\0\0\0\2\0\0\0", 16 },
	};
	struct message tensor = weight();

	make(&tensor, 5);
	reads(numbers, sizeof(numbers), true);
	/* A list of floats that is packed lies in the file as it is in memory. */
	tensor.size = 0;
	put_bytes(&tensor, 4, numbers, sizeof(numbers));
	put_int(&tensor, 2, 1);
	put_bytes(&tensor, 1, "\2\2", 2);
	put_text(&tensor, 8, "w");
	make(&tensor, 5);
	reads(numbers, sizeof(numbers), true);
	/* One that is not packed, or in two pieces, does not. */
	for (int pieces = 2; pieces <= 4; pieces += 2) {
		tensor.size = 0;
		put_int(&tensor, 1, 4);
		put_int(&tensor, 2, 1);
		put_text(&tensor, 8, "w");
		for (int i = 0; i < pieces && pieces == 2; i++)
			put_bytes(&tensor, 4, numbers + i * 2, 8);
		for (int i = 0; i < pieces && pieces == 4; i++) {
			put_varint(&tensor, 4 << 3 | 5);
			memcpy(tensor.bytes + tensor.size, numbers + i, 4);
			tensor.size += 4;
		}
		make(&tensor, 5);
		reads(numbers, sizeof(numbers), false);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tensor.size = 0;
		put_int(&tensor, 1, 4);
		put_bytes(&tensor, cases[i].field, cases[i].list, cases[i].list_size);
		put_text(&tensor, 8, "w");
		put_int(&tensor, 2, cases[i].dtype);
		make(&tensor, 5);
		reads(cases[i].wanted, cases[i].size, false);
	}
	/* Five of four bits in three bytes, raw or in a list. */
	for (unsigned field = 5; field <= 9; field += 4) {
		tensor.size = 0;
		put_int(&tensor, 1, 5);
		put_int(&tensor, 2, 22);
		put_text(&tensor, 8, "w");
		put_bytes(&tensor, field, "\x21\x43\x05", 3);
		make(&tensor, 5);
		reads("\x21\x43\x05", 3, field == 9);
	}
}
END_TEST

START_TEST(a_tensor_must_have_just_the_values_that_it_needs)
{
	struct message tensor;

	/* Raw bytes, and a list. */
	tensor = weight();
	put_bytes(&tensor, 4, numbers, sizeof(numbers));
	ck_assert_str_eq(judge_tensor(&tensor), "E_TENSOR_INFO");
	/* One dimension more. */
	tensor = weight();
	put_int(&tensor, 1, 3);
	ck_assert_str_eq(judge_tensor(&tensor), "E_TENSOR_INFO");
	put_int(&tensor, 1, 0);
	ck_assert_str_eq(judge_tensor(&tensor), "E_TENSOR_INFO");
	tensor = weight();
	put_int(&tensor, 1, UINT64_MAX);
	ck_assert_str_eq(judge_tensor(&tensor), "E_SHAPE");
	for (unsigned bits = 59; bits < 63; bits++) {
		tensor = weight();
		put_int(&tensor, 1, (uint64_t)1 << bits);
		ck_assert_str_eq(judge_tensor(&tensor), "E_OVERFLOW");
	}
	/* Of no elements, and still beyond all strides. */
	tensor.size = 0;
	put_int(&tensor, 1, (uint64_t)1 << 62);
	put_int(&tensor, 1, 0);
	put_int(&tensor, 1, 4);
	put_int(&tensor, 2, 1);
	put_text(&tensor, 8, "w");
	ck_assert_str_eq(judge_tensor(&tensor), "E_OVERFLOW");
	tensor = weight();
	put_int(&tensor, 2, 1);
	ck_assert_str_eq(judge_tensor(&tensor), "E_DUPLICATE");
	/* No name, no type, one that there is not, texts as raw bytes, floats in a list of int64. */
	for (uint64_t dtype = 0; dtype <= 29; dtype++) {
		static const struct {
			uint64_t dtype;
			const char *code;
		} cases[] = { { 0, "E_DTYPE" }, { 29, "E_DTYPE" }, { 8, "E_TENSOR_INFO" }, { 2, "" } };

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			if (cases[i].dtype != dtype)
				continue;
			tensor.size = 0;
			put_int(&tensor, 1, 16);
			put_int(&tensor, 2, dtype);
			put_text(&tensor, 8, "w");
			put_bytes(&tensor, 9, numbers, sizeof(numbers));
			ck_assert_str_eq(judge_tensor(&tensor), cases[i].code);
		}
	}
	tensor.size = 0;
	put_int(&tensor, 2, 1);
	put_bytes(&tensor, 9, numbers, 4);
	ck_assert_str_eq(judge_tensor(&tensor), "E_NAME");
	put_text(&tensor, 8, "a");
	ck_assert_str_eq(judge_tensor(&tensor), "");
	tensor.size = 0;
	put_int(&tensor, 2, 1);
	put_text(&tensor, 8, "a");
	put_bytes(&tensor, 7, "\1", 1);
	ck_assert_str_eq(judge_tensor(&tensor), "E_TENSOR_INFO");
	/* Packed floats that are cut off. */
	tensor.size = 0;
	put_bytes(&tensor, 4, numbers, 7);
	ck_assert_str_eq(judge_tensor(&tensor), "E_HEADER_SYNTAX");
	/* 65 dimensions; a text that is none. */
	tensor = weight();
	for (int i = 0; i < 63; i++)
		put_int(&tensor, 1, 1);
	ck_assert_str_eq(judge_tensor(&tensor), "E_SHAPE");
	tensor.size = 0;
	put_text(&tensor, 8, "\xff");
	ck_assert_str_eq(judge_tensor(&tensor), "E_METADATA");
}
END_TEST

static struct message outside(const char *location, const char *offset, const char *length)
{
	const char *const pairs[3][2] = { { "location", location },
					  { "offset", offset },
					  { "length", length } };
	struct message tensor = { .size = 0 };

	put_int(&tensor, 1, 4);
	put_int(&tensor, 2, 1);
	put_text(&tensor, 8, "w");
	for (int i = 0; i < 3; i++) {
		struct message entry = { .size = 0 };

		if (!pairs[i][1])
			continue;
		put_text(&entry, 1, pairs[i][0]);
		put_text(&entry, 2, pairs[i][1]);
		put_message(&tensor, 13, &entry);
	}
	put_int(&tensor, 14, 1);
	return tensor;
}

START_TEST(what_lies_in_another_file_is_told_and_must_stay_in_the_folder)
{
	static const struct {
		const char *location;
		const char *offset;
		const char *length;
		const char *code;
	} cases[] = {
		{ "weights.bin", NULL, NULL, "" },
		{ "a/./b..c/weights.bin", "4096", "16", "" },
		{ "../weights.bin", NULL, NULL, "E_PATH" },
		{ "a/../../weights.bin", NULL, NULL, "E_PATH" },
		{ "a/..", NULL, NULL, "E_PATH" },
		{ "/etc/passwd", NULL, NULL, "E_PATH" },
		{ "C:weights.bin", NULL, NULL, "E_PATH" },
		{ "a\\b", NULL, NULL, "E_PATH" },
		{ "", NULL, NULL, "E_TENSOR_INFO" },
		{ NULL, "0", "16", "E_TENSOR_INFO" },
		{ "w", "0", "17", "E_OFFSET" },
		{ "w", "-1", NULL, "E_OFFSET" },
		{ "w", "0x10", NULL, "E_OFFSET" },
		{ "w", "", NULL, "E_OFFSET" },
		{ "w", "9223372036854775800", NULL, "E_OFFSET" },
		{ "w", "99999999999999999999", NULL, "E_OFFSET" },
	};
	struct message tensor;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tensor = outside(cases[i].location, cases[i].offset, cases[i].length);
		ck_assert_str_eq(judge_tensor(&tensor), cases[i].code);
	}
	tensor = outside("weights.bin", NULL, NULL);
	put_bytes(&tensor, 9, numbers, sizeof(numbers));
	ck_assert_str_eq(judge_tensor(&tensor), "E_TENSOR_INFO");
}
END_TEST

START_TEST(a_model_that_is_not_all_there_is_not_given_as_an_object)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.onnx")->interface;
	struct kist_object object = { .struct_size = sizeof(object) };
	const struct message tensor = outside("weights.bin", NULL, NULL);
	struct plugtest_source source;
	struct plugtest_call call;
	void *format;

	make(&tensor, 5);
	ck_assert_str_eq(warn(), "E_EXTERNAL");
	plugtest_call_init(&call);
	plugtest_source_init(&source, model.bytes, model.size);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->deserialize(format, &call.call, &source.source, NULL, &object),
			 KIST_UNSUPPORTED);
	ck_assert_str_eq(call.error.code, "E_EXTERNAL");
	plugtest_call_done(&call);
}
END_TEST

START_TEST(fields_that_are_no_protocol_buffers_are_refused)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *code;
	} cases[] = {
		{ "\x08\x08", 2, "E_DUPLICATE" },	  /* the version again */
		{ "\x0d\1\2\3\4", 5, "E_HEADER_SYNTAX" }, /* of the wrong type */
		{ "\x12\x7f", 2, "E_TRUNCATED" },
		{ "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "E_TRUNCATED" },
		{ "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "E_HEADER_SYNTAX" },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "E_HEADER_SYNTAX" },
		{ "\xfb\1", 2, "E_HEADER_SYNTAX" }, /* a group */
		{ "\xff\1", 2, "E_HEADER_SYNTAX" }, /* type 7 */
		{ "\x02\0", 2, "E_HEADER_SYNTAX" }, /* number 0 */
		{ "\x08", 1, "E_TRUNCATED" },
		{ "\xf9\1\0\0\0\0\0\0\0", 9, "E_TRUNCATED" }, /* eight bytes, of which one is missing */
		{ "\xfa\1\3abc", 6, "" }, /* number 31, which there is not, but might be */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(NULL, 0);
		memcpy(model.bytes + model.size, cases[i].bytes, cases[i].size);
		model.size += cases[i].size;
		ck_assert_str_eq(judge(), cases[i].code);
	}
}
END_TEST

START_TEST(a_model_has_a_version_a_graph_and_operators)
{
	struct message graph = { .size = 0 };
	struct message node = { .size = 0 };
	struct message opset = { .size = 0 };
	struct message entry = { .size = 0 };

	model.size = 0;
	ck_assert_str_eq(judge(), "E_MAGIC");
	put_int(&model, 1, 8);
	ck_assert_str_eq(judge(), "E_MAGIC");
	put_message(&model, 7, &graph);
	ck_assert_str_eq(judge(), "E_METADATA");
	put_int(&opset, 2, 18);
	put_message(&model, 8, &opset);
	ck_assert_str_eq(judge(), "");
	put_text(&entry, 1, "key");
	put_message(&model, 14, &entry);
	ck_assert_str_eq(judge(), "");
	put_message(&model, 14, &entry);
	ck_assert_str_eq(judge(), "E_DUPLICATE");
	make(NULL, 0);
	put_message(&model, 8, &opset);
	ck_assert_str_eq(judge(), "E_DUPLICATE");
	put_message(&graph, 1, &node);
	model.size = 0;
	put_message(&model, 7, &graph);
	ck_assert_str_eq(judge(), "E_METADATA");
}
END_TEST

START_TEST(messages_are_nested_64_deep_and_no_deeper)
{
	struct message inner = { .size = 0 };

	/* A graph in an attribute of a node in a graph: three levels each, and the type of a value at the end. */
	for (int depth = 3; depth <= 90; depth++) {
		struct message value = { .size = 0 };
		struct message type = { .size = 0 };
		struct message sequence;

		for (int i = 0; i < depth - 3; i++) {
			sequence = (struct message){ .size = 0 };
			put_message(&sequence, i % 2 ? 4 : 1, &type);
			type = sequence;
		}
		if (depth % 2 == 0)
			continue;
		put_message(&value, 2, &type);
		inner = (struct message){ .size = 0 };
		put_message(&inner, 13, &value);
		model.size = 0;
		put_int(&model, 1, 2);
		put_message(&model, 7, &inner);
		/* model, graph, value, type and the rest */
		ck_assert_str_eq(judge(), depth + 1 <= 64 ? "" : "E_DEPTH");
	}
}
END_TEST

START_TEST(a_file_that_is_cut_off_anywhere_is_refused)
{
	const struct message tensor = weight();

	make(&tensor, 5);
	ck_assert_str_eq(judge(), "");
	for (size_t all = model.size, cut = 0; cut < all; cut++) {
		model.size = cut;
		ck_assert_str_ne(judge(), "");
	}
}
END_TEST

START_TEST(the_graph_is_told_of)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.onnx")->interface;
	const struct message tensor = weight();
	struct plugtest_source source;
	struct plugtest_sink sink;
	struct plugtest_call call;
	char *text;
	void *format;

	make(&tensor, 5);
	plugtest_call_init(&call);
	plugtest_source_init(&source, model.bytes, model.size);
	plugtest_sink_init(&sink);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	ck_assert_int_eq(type->describe(format, &call.call, &source.source, NULL, &sink.sink), KIST_OK);
	text = strndup((const char *)sink.data, sink.size);
	ck_assert_ptr_nonnull(strstr(text, "{\"kind\":\"model\",\"format\":\"onnx\",\"tensors\":1,"
					   "\"parameters\":4,\"bytes\":16,\"metadata\":{\"ir_version\":8,"
					   "\"producer\":\"me\",\"producer_version\":\"\",\"domain\":\"\","
					   "\"model_version\":0,\"opsets\":{\"\":18},\"graph\":\"g\","
					   "\"inputs\":[],\"outputs\":[],\"nodes\":1,\"operators\":{"
					   "\"Relu\":1},\"properties\":{}}"));
	ck_assert_ptr_nonnull(strstr(text, "\"stored_as\":\"float32\",\"shape\":[2,2],\"bytes\":16,"));
	ck_assert_ptr_nonnull(strstr(text, "\"mean\":2.5"));
	free(text);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}
END_TEST

START_TEST(a_head_that_may_be_a_model_is_probed_as_one)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.onnx")->interface;
	const struct message tensor = weight();
	int32_t score;

	make(&tensor, 5);
	ck_assert_int_eq(type->probe(model.bytes, model.size, model.size, &score), KIST_OK);
	ck_assert_int_eq(score, 60);
	ck_assert_int_eq(type->probe(model.bytes, 16, model.size, &score), KIST_OK);
	ck_assert_int_eq(score, 60);
	ck_assert_int_eq(type->probe("\x08\x08\x12\x7f", 4, 4, &score), KIST_OK);
	ck_assert_int_eq(score, 0);
	ck_assert_int_eq(type->probe("\x08\x08 text", 7, 7, &score), KIST_OK);
	ck_assert_int_eq(score, 0);
	ck_assert_int_eq(type->probe("", 0, 0, &score), KIST_OK);
	ck_assert_int_eq(score, 0);
}
END_TEST

/* A node that takes @in and makes @out; "" for none. */
static void put_node(struct message *graph, unsigned field, const char *in, const char *out)
{
	struct message node = { .size = 0 };

	put_text(&node, 1, in);
	put_text(&node, 2, out);
	put_text(&node, 4, "Relu");
	put_message(graph, field, &node);
}

static void put_value(struct message *graph, unsigned field, const char *name)
{
	struct message value = { .size = 0 };

	put_text(&value, 1, name);
	put_message(graph, field, &value);
}

static const char *judge_graph(const struct message *graph, const struct message *function)
{
	struct message opset = { .size = 0 };

	put_int(&opset, 2, 18);
	model.size = 0;
	put_int(&model, 1, 8);
	put_message(&model, 7, graph);
	put_message(&model, 8, &opset);
	if (function)
		put_message(&model, 25, function);
	return warn();
}

/* Nodes of a graph that is given "x", as pairs of what they take and make. */
static const struct {
	const char *nodes[8];
	const char *code;
} orders[] = {
	{ { "x", "a", "a", "b", "b", "c" }, "" },
	{ { "x", "a", "", "b", "w", "" }, "" },
	{ { "a", "b", "x", "a" }, "E_ORDER" },
	{ { "a", "b", "b", "a" }, "E_CYCLE" },
	{ { "a", "a" }, "E_CYCLE" },
	{ { "x", "a", "c", "b", "a", "c" }, "E_ORDER" },
	{ { "x", "a", "c", "b", "b", "d", "d", "c" }, "E_CYCLE" },
	{ { "x", "a", "nothing", "b" }, "E_VALUE" },
	{ { "x", "a", "x", "a" }, "E_DUPLICATE" },
};

START_TEST(nodes_that_cannot_be_run_in_their_order_are_warned_of)
{
	struct message graph = { .size = 0 };
	struct message function = { .size = 0 };
	struct message empty = { .size = 0 };
	const struct message tensor = weight();

	put_text(&function, 1, "f");
	put_text(&function, 4, "x");
	put_text(&function, 4, "w");
	for (size_t i = 0; i < 8 && orders[_i].nodes[i]; i += 2) {
		put_node(&graph, 1, orders[_i].nodes[i], orders[_i].nodes[i + 1]);
		put_node(&function, 7, orders[_i].nodes[i], orders[_i].nodes[i + 1]);
	}
	/* As libraries write it, what is given stands behind the nodes. */
	put_message(&graph, 5, &tensor);
	put_value(&graph, 11, "x");
	ck_assert_str_eq(judge_graph(&graph, NULL), orders[_i].code);
	ck_assert_str_eq(judge_graph(&empty, &function), orders[_i].code);
}
END_TEST

START_TEST(a_graph_within_a_node_may_take_what_is_around_it)
{
	struct message inner = { .size = 0 };
	struct message attribute = { .size = 0 };
	struct message node = { .size = 0 };
	struct message graph = { .size = 0 };

	put_node(&inner, 1, "around", "a");
	put_message(&attribute, 6, &inner);
	put_text(&node, 4, "If");
	put_message(&node, 5, &attribute);
	put_message(&graph, 1, &node);
	ck_assert_str_eq(judge_graph(&graph, NULL), "");
	inner.size = attribute.size = node.size = graph.size = 0;
	put_node(&inner, 1, "b", "a");
	put_node(&inner, 1, "a", "b");
	put_message(&attribute, 6, &inner);
	put_text(&node, 4, "If");
	put_message(&node, 5, &attribute);
	put_message(&graph, 1, &node);
	ck_assert_str_eq(judge_graph(&graph, NULL), "E_CYCLE");
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("onnx");

	tcase_add_test(tcase, raw_and_packed_floats_are_parts_and_other_lists_are_made_into_elements);
	tcase_add_test(tcase, a_tensor_must_have_just_the_values_that_it_needs);
	tcase_add_test(tcase, what_lies_in_another_file_is_told_and_must_stay_in_the_folder);
	tcase_add_test(tcase, a_model_that_is_not_all_there_is_not_given_as_an_object);
	tcase_add_test(tcase, fields_that_are_no_protocol_buffers_are_refused);
	tcase_add_test(tcase, a_model_has_a_version_a_graph_and_operators);
	tcase_add_test(tcase, messages_are_nested_64_deep_and_no_deeper);
	tcase_add_test(tcase, a_file_that_is_cut_off_anywhere_is_refused);
	tcase_add_test(tcase, the_graph_is_told_of);
	tcase_add_test(tcase, a_head_that_may_be_a_model_is_probed_as_one);
	tcase_add_loop_test(tcase, nodes_that_cannot_be_run_in_their_order_are_warned_of, 0,
			    (int)(sizeof(orders) / sizeof(orders[0])));
	tcase_add_test(tcase, a_graph_within_a_node_may_take_what_is_around_it);
	return suite_run(tcase, "model/onnx");
}
