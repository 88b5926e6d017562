/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every method over the same bytes: validate agrees with deserialize, what was read can be written, and what
 * was written reads back the same, byte for byte.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "support/plugtest.h"

static const ArtifactTaskInterface *type;
static void *instance;

static void run_probe(const uint8_t *data, size_t size, bool valid)
{
	int32_t score = -1;

	for (size_t len = 0; len <= size && len < 64; len++)
		must(type->probe(data, len, size, &score) == KIST_OK && score >= 0 && score <= 100);
	must(type->probe(data, size < 65536 ? size : 65536, size, &score) == KIST_OK);
	must(score >= 0 && score <= 100 && (!valid || score > 0));
}

static bool run_validate(const uint8_t *data, size_t size)
{
	struct plugtest_source source;
	struct plugtest_report report;
	struct plugtest_call call;

	plugtest_source_init(&source, data, size);
	plugtest_report_init(&report);
	plugtest_call_init(&call);
	must(type->validate(instance, &call.call, &source.source, NULL, &report.report) == KIST_OK);
	must(report.errors == 0 || (report.code[0] == 'E' && report.offset <= size));
	plugtest_call_done(&call);
	return report.errors == 0;
}

static void run_layout(const uint8_t *data, size_t size, bool valid)
{
	struct plugtest_source source;
	struct plugtest_layout layout;
	struct plugtest_call call;

	plugtest_source_init(&source, data, size);
	plugtest_layout_init(&layout, size);
	plugtest_call_init(&call);
	must((type->layout(instance, &call.call, &source.source, NULL, &layout.layout) == KIST_OK) == valid);
	plugtest_layout_done(&layout);
	plugtest_call_done(&call);
}

static void run_describe(const uint8_t *data, size_t size, bool valid)
{
	struct plugtest_source source;
	struct plugtest_sink sink;
	struct plugtest_call call;

	plugtest_source_init(&source, data, size);
	plugtest_sink_init(&sink);
	plugtest_call_init(&call);
	must((type->describe(instance, &call.call, &source.source, NULL, &sink.sink) == KIST_OK) == valid);
	must(!valid || (sink.size > 2 && sink.size <= 262144 && sink.data[0] == '{' &&
			sink.data[sink.size - 1] == '}'));
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}

/* Where the sum of all bytes goes, so that they are all read. */
static volatile unsigned read_sum;

static void read_all(struct kist_tensor_map *map, struct kist_call *call)
{
	for (uint64_t i = 0; i < map->count; i++) {
		DLManagedTensorVersioned *tensor;
		const char *name;
		const uint8_t *bytes;
		uint64_t bits;

		must(map->get_name(map, i, &name) == KIST_OK);
		must(map->get(map, call, i, &tensor) == KIST_OK);
		bits = tensor->dl_tensor.dtype.bits;
		for (int32_t k = 0; k < tensor->dl_tensor.ndim; k++)
			bits *= (uint64_t)tensor->dl_tensor.shape[k];
		bytes = tensor->dl_tensor.data;
		for (uint64_t at = 0; at < bits / 8; at++)
			read_sum = read_sum + bytes[at];
		tensor->deleter(tensor);
	}
}

/* Reads, and writes what was read into @sink.  False when the bytes cannot be read. */
static bool copy(const uint8_t *data, size_t size, struct plugtest_sink *sink)
{
	struct plugtest_source source;
	struct plugtest_call call;
	struct kist_object object = { .struct_size = sizeof(object) };
	kist_status status;

	plugtest_source_init(&source, data, size);
	plugtest_call_init(&call);
	plugtest_sink_init(sink);
	status = type->deserialize(instance, &call.call, &source.source, NULL, &object);
	if (status == KIST_OK) {
		read_all(object.value, &call.call);
		must(type->serialize(NULL, &call.call, &object, NULL, &sink->sink) == KIST_OK);
		object.release(&object);
	}
	plugtest_call_done(&call);
	return status == KIST_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plugtest_sink first;
	struct plugtest_sink second;
	struct plugtest_call call;
	bool valid;

	if (!type) {
		plugtest_call_init(&call);
		type = plugtest_type("kist.safetensors")->interface;
		must(type->open(NULL, &call.call, &instance) == KIST_OK);
		plugtest_call_done(&call);
	}
	valid = run_validate(data, size);
	run_probe(data, size, valid);
	run_layout(data, size, valid);
	run_describe(data, size, valid);
	must(copy(data, size, &first) == valid);
	if (valid) {
		must(copy(first.data, first.size, &second));
		must(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
		plugtest_sink_done(&second);
	}
	plugtest_sink_done(&first);
	return 0;
}
