/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz_model.h"

#include <string.h>

#include "support/must.h"
#include "support/plugtest.h"

static const ArtifactTaskInterface *type;
static void *instance;

/* Where the sum of all bytes goes, so that they are all read. */
static volatile unsigned read_sum;

static bool run_validate(const uint8_t *data, size_t size)
{
	struct plugtest_source source;
	struct plugtest_report report;
	struct plugtest_call call;
	kist_status status;

	plugtest_source_init(&source, data, size);
	plugtest_report_init(&report);
	plugtest_call_init(&call);
	status = type->validate(instance, &call.call, &source.source, NULL, &report.report);
	must(status == KIST_OK || status == KIST_LIMIT);
	must(report.errors == 0 || (report.code[0] == 'E' && report.offset <= size));
	plugtest_call_done(&call);
	return status == KIST_OK && report.errors == 0;
}

static void run_layout(const uint8_t *data, size_t size, bool valid)
{
	struct plugtest_source source;
	struct plugtest_layout layout;
	struct plugtest_call call;

	plugtest_source_init(&source, data, size);
	plugtest_layout_init(&layout, size);
	plugtest_call_init(&call);
	must(type->layout(instance, &call.call, &source.source, NULL, &layout.layout) == KIST_OK || !valid);
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
	must(type->describe(instance, &call.call, &source.source, NULL, &sink.sink) == KIST_OK || !valid);
	must(!valid || (sink.size > 2 && sink.size <= 262144 && sink.data[0] == '{' &&
			sink.data[sink.size - 1] == '}'));
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}

/* The first and the last byte that strides reach, and all between when there are none but the usual. */
static void read_tensor(const DLTensor *tensor)
{
	const uint8_t *const bytes = tensor->data;
	uint64_t last = 0;

	for (int32_t k = 0; k < tensor->ndim; k++) {
		if (tensor->shape[k] == 0)
			return;
		last += (uint64_t)(tensor->shape[k] - 1) * (uint64_t)tensor->strides[k];
	}
	last = (last + 1) * tensor->dtype.bits / 8 - 1;
	for (uint64_t at = 0; at <= last; at++)
		read_sum = read_sum + bytes[at];
}

static void run_read(const uint8_t *data, size_t size, bool valid)
{
	struct plugtest_source source;
	struct plugtest_call call;
	struct kist_object object = { .struct_size = sizeof(object) };
	struct kist_tensor_map *map;

	plugtest_source_init(&source, data, size);
	plugtest_call_init(&call);
	/* What lies in other files is no fault of this one, but not all of it is here. */
	must(type->deserialize(instance, &call.call, &source.source, NULL, &object) == KIST_OK || !valid ||
	     strcmp(call.error.code, "E_EXTERNAL") == 0);
	map = object.release ? object.value : NULL;
	for (uint64_t i = 0; map && i < map->count; i++) {
		DLManagedTensorVersioned *tensor;
		const char *name;

		must(map->get_name(map, i, &name) == KIST_OK);
		/* What is not sound may be known only when it is read: a check sum. */
		if (map->get(map, &call.call, i, &tensor) != KIST_OK) {
			must(!valid && call.error.text[0] != '\0');
			continue;
		}
		if (i < 64)
			read_tensor(&tensor->dl_tensor);
		tensor->deleter(tensor);
	}
	if (object.release)
		object.release(&object);
	plugtest_call_done(&call);
}

void fuzz_model(const char *name, const uint8_t *data, size_t size)
{
	bool valid;

	if (!type) {
		struct plugtest_call call;

		type = plugtest_type(name)->interface;
		plugtest_call_init(&call);
		must(type->open(NULL, &call.call, &instance) == KIST_OK);
		plugtest_call_done(&call);
	}
	valid = run_validate(data, size);
	run_layout(data, size, valid);
	run_describe(data, size, valid);
	run_read(data, size, valid);
}
