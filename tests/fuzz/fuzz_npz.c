/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every method over the same bytes; what can be read is written, and the bytes written are then a fixed point:
 * reading and writing them gives the same bytes.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/fuzz_model.h"
#include "support/must.h"
#include "support/plugtest.h"

/* Reads and writes again.  False when the bytes are refused. */
static bool again(const uint8_t *data, size_t size, struct plugtest_sink *sink)
{
	const ArtifactTaskInterface *const type = plugtest_type("kist.npz")->interface;
	struct kist_object object = { .struct_size = sizeof(object) };
	struct plugtest_call call;
	struct plugtest_source source;
	kist_status status;

	plugtest_call_init(&call);
	plugtest_source_init(&source, data, size);
	plugtest_sink_init(sink);
	/* What is written may have a longer header than the default allows to be read. */
	status = type->deserialize(NULL, &call.call, &source.source,
				   plugtest_params("max_header=integer:1000000", NULL), &object);
	if (status == KIST_OK) {
		status = type->serialize(NULL, &call.call, &object, NULL, &sink->sink);
		object.release(&object);
	}
	must(status == KIST_OK || call.error.text[0] != '\0');
	plugtest_call_done(&call);
	return status == KIST_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plugtest_sink first;
	struct plugtest_sink second;

	fuzz_model("kist.npz", data, size);
	if (again(data, size, &first)) {
		must(again(first.data, first.size, &second));
		must(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
		plugtest_sink_done(&second);
	}
	plugtest_sink_done(&first);
	return 0;
}
