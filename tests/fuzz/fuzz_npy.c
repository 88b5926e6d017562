/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as an .npy file through every method that reads them; what can be read is written again, and
 * the bytes written are then a fixed point: reading and writing them gives the same bytes.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "support/plugtest.h"

static const ArtifactTaskInterface *interface;

static void look(const uint8_t *data, size_t size)
{
	struct plugtest_call call;
	struct plugtest_source source;
	struct plugtest_layout layout;
	struct plugtest_report report;
	struct plugtest_sink sink;
	int32_t score = -1;
	kist_status status;

	must(interface->probe(data, size < 65536 ? size : 65536, size, &score) == KIST_OK);
	must(score >= 0 && score <= 100);

	plugtest_call_init(&call);
	plugtest_source_init(&source, data, size);
	plugtest_layout_init(&layout, size);
	plugtest_report_init(&report);
	plugtest_sink_init(&sink);
	status = interface->layout(NULL, &call.call, &source.source, NULL, &layout.layout);
	must(status <= KIST_OK && status != KIST_INTERNAL && status != KIST_INVALID);
	must(interface->validate(NULL, &call.call, &source.source, NULL, &report.report) == KIST_OK);
	must((status == KIST_OK) == (report.errors == 0));
	must(status == interface->describe(NULL, &call.call, &source.source, NULL, &sink.sink));
	must(sink.size <= 262144);
	plugtest_sink_done(&sink);
	plugtest_layout_done(&layout);
	plugtest_call_done(&call);
}

/* What raw bytes stand for is the caller's word: wrong or right, nothing may break. */
static void look_as_bfloat(const uint8_t *data, size_t size)
{
	const struct kist_params *params =
		plugtest_params("allow_trailing=bool:1", "logical_dtype=string:bfloat16", NULL);
	struct kist_object object = { .struct_size = sizeof(object) };
	struct plugtest_call call;
	struct plugtest_source source;
	struct plugtest_sink sink;

	plugtest_call_init(&call);
	plugtest_source_init(&source, data, size);
	plugtest_sink_init(&sink);
	(void)interface->describe(NULL, &call.call, &source.source, params, &sink.sink);
	if (interface->deserialize(NULL, &call.call, &source.source, params, &object) == KIST_OK) {
		must(interface->serialize(NULL, &call.call, &object, NULL, &sink.sink) == KIST_OK);
		object.release(&object);
	}
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}

/* Reads and writes again.  False when the bytes are refused. */
static bool again(const uint8_t *data, size_t size, bool fortran, struct plugtest_sink *sink)
{
	struct kist_object object = { .struct_size = sizeof(object) };
	struct plugtest_call call;
	struct plugtest_source source;
	kist_status status;

	plugtest_call_init(&call);
	plugtest_source_init(&source, data, size);
	plugtest_sink_init(sink);
	/* What is written may be longer than the default allows to be read. */
	status = interface->deserialize(NULL, &call.call, &source.source,
					plugtest_params("max_header=integer:1000000", NULL), &object);
	if (status == KIST_OK) {
		status = interface->serialize(
			NULL, &call.call, &object,
			plugtest_params(fortran ? "fortran_order=bool:1" : "fortran_order=bool:0", NULL),
			&sink->sink);
		must(status == KIST_OK);
		object.release(&object);
		must(!object.release);
	}
	must(status == KIST_OK || call.error.text[0] != '\0');
	plugtest_call_done(&call);
	return status == KIST_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plugtest_sink first;
	struct plugtest_sink second;
	const bool fortran = size > 0 && data[size - 1] % 2 == 1;

	if (!interface)
		interface = plugtest_type("kist.npy")->interface;
	look(data, size);
	look_as_bfloat(data, size);
	if (again(data, size, fortran, &first)) {
		must(again(first.data, first.size, fortran, &second));
		must(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
		must(first.part_count == 1);
		plugtest_sink_done(&second);
	}
	plugtest_sink_done(&first);
	return 0;
}
