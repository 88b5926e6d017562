/* SPDX-License-Identifier: Apache-2.0 */

/* Files that are kept and looked at: what one finds sound it describes, as an object, and has parts in it. */
#include "fuzz/fuzz.h"
#include "support/must.h"
#include "support/plugtest.h"

static void look(const char *name, const uint8_t *data, size_t size)
{
	const ArtifactTaskInterface *const type = plugtest_type(name)->interface;
	struct plugtest_report report;
	struct plugtest_source source;
	struct plugtest_layout layout;
	struct plugtest_sink sink;
	struct plugtest_call call;
	int32_t score = -1;
	bool is_sound;
	void *format;

	must(type->probe(data, size < 65536 ? size : 65536, size, &score) == KIST_OK);
	must(score >= 0 && score <= 100);
	plugtest_call_init(&call);
	plugtest_report_init(&report);
	plugtest_source_init(&source, data, size);
	plugtest_layout_init(&layout, size);
	plugtest_sink_init(&sink);
	must(type->open(NULL, &call.call, &format) == KIST_OK);
	must(type->validate(format, &call.call, &source.source, NULL, &report.report) == KIST_OK);
	is_sound = report.errors == 0;
	must(is_sound || report.offset <= size);
	must(type->describe(format, &call.call, &source.source, NULL, &sink.sink) == KIST_OK || !is_sound);
	must(!is_sound || (sink.size > 2 && sink.size <= 262144 && sink.data[sink.size - 1] == '}'));
	if (type->layout)
		must(type->layout(format, &call.call, &source.source, NULL, &layout.layout) == KIST_OK ||
		     !is_sound);
	plugtest_layout_done(&layout);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look("kist.hdf5", data, size);
	look("kist.keras", data, size);
	look("kist.skops", data, size);
	return 0;
}
