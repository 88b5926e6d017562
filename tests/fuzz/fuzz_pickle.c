/* SPDX-License-Identifier: Apache-2.0 */

/* A scan ends, says the same twice, and describes whatever it saw. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "support/plugtest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.pickle")->interface;
	struct plugtest_source source;
	struct plugtest_report report;
	struct plugtest_sink sink;
	struct plugtest_call call;
	void *format;
	bool malformed;

	plugtest_source_init(&source, data, size);
	plugtest_report_init(&report);
	plugtest_sink_init(&sink);
	plugtest_call_init(&call);
	must(type->open(NULL, &call.call, &format) == KIST_OK);
	must(type->validate(format, &call.call, &source.source, NULL, &report.report) == KIST_OK);
	must(report.errors == 0 || report.offset <= size);
	must(type->describe(format, &call.call, &source.source, NULL, &sink.sink) == KIST_OK);
	must(sink.size > 2 && sink.data[sink.size - 1] == '}');
	malformed = memmem(sink.data, sink.size, "\"verdict\":\"malformed\"", 21) != NULL;
	must(malformed == (report.errors > 0));
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
	return 0;
}
