/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a CSV file: every hook survives them, two runs agree, validate and deserialize judge alike,
 * and what serialize wrote reads back and is written again byte for byte.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "support/plugtest.h"

static const ArtifactTaskInterface *csv;

/* Pieces of several sizes, chosen by the input itself, so that a crash is found again. */
static size_t step_of(const uint8_t *data, size_t size)
{
	static const size_t steps[] = { 0, 0, 0, 1, 2, 7 };

	return size > 4096 ? 0 : steps[size > 0 ? (data[size / 2] + size) % 6 : 0];
}

static void describe(const uint8_t *data, size_t size, struct plugtest_sink *sink)
{
	struct plugtest_source source;
	struct plugtest_call call;

	plugtest_source_init(&source, data, size);
	source.step_max = step_of(data, size);
	plugtest_call_init(&call);
	plugtest_sink_init(sink);
	(void)csv->describe(NULL, &call.call, &source.source, NULL, &sink->sink);
	must(sink->size <= 262144);
	plugtest_call_done(&call);
}

static void run_describe(const uint8_t *data, size_t size)
{
	struct plugtest_sink first;
	struct plugtest_sink second;

	describe(data, size, &first);
	describe(data, size, &second);
	must(first.size == second.size);
	must(first.size == 0 || memcmp(first.data, second.data, first.size) == 0);
	plugtest_sink_done(&first);
	plugtest_sink_done(&second);
}

/* Describes with an instance that validated; it says the same as one that did not. */
static void describe_validated(struct plugtest_call *call, struct plugtest_source *source, void *instance)
{
	struct plugtest_sink kept;
	struct plugtest_sink alone;
	kist_status status;

	plugtest_sink_init(&kept);
	plugtest_sink_init(&alone);
	status = csv->describe(instance, &call->call, &source->source, NULL, &kept.sink);
	must(csv->describe(NULL, &call->call, &source->source, NULL, &alone.sink) == status);
	must(kept.size == alone.size);
	must(kept.size == 0 || memcmp(kept.data, alone.data, kept.size) == 0);
	plugtest_sink_done(&kept);
	plugtest_sink_done(&alone);
}

static bool run_validate(const uint8_t *data, size_t size)
{
	struct plugtest_source source;
	struct plugtest_report report;
	struct plugtest_call call;
	void *instance = NULL;

	plugtest_source_init(&source, data, size);
	plugtest_call_init(&call);
	plugtest_report_init(&report);
	must(csv->open(NULL, &call.call, &instance) == KIST_OK);
	must(csv->validate(instance, &call.call, &source.source, NULL, &report.report) == KIST_OK);
	must(report.errors <= 1000);
	describe_validated(&call, &source, instance);
	csv->close(instance);
	plugtest_call_done(&call);
	return report.errors == 0;
}

static void run_layout(const uint8_t *data, size_t size)
{
	struct plugtest_source source;
	struct plugtest_layout layout;
	struct plugtest_call call;

	plugtest_source_init(&source, data, size);
	plugtest_call_init(&call);
	plugtest_layout_init(&layout, size);
	must(csv->layout(NULL, &call.call, &source.source, NULL, &layout.layout) == KIST_OK);
	plugtest_layout_done(&layout);
	plugtest_call_done(&call);
}

static void read_batches(struct ArrowArrayStream *stream)
{
	struct ArrowSchema schema;
	struct ArrowArray array;

	must(stream->get_schema(stream, &schema) == 0);
	for (;;) {
		must(stream->get_next(stream, &array) == 0);
		if (!array.release)
			break;
		must(array.length > 0 && array.n_children == schema.n_children);
		array.release(&array);
	}
	schema.release(&schema);
}

/* Reads the bytes as a table; writes it to @sink, or only goes through it when @sink is NULL. */
static bool rewrite(const uint8_t *data, size_t size, struct plugtest_sink *sink)
{
	struct kist_object object = { .struct_size = sizeof(object) };
	struct plugtest_source source;
	struct plugtest_call call;
	bool read;

	plugtest_source_init(&source, data, size);
	source.step_max = step_of(data, size);
	plugtest_call_init(&call);
	read = csv->deserialize(NULL, &call.call, &source.source, NULL, &object) == KIST_OK;
	must(read == (object.release != NULL));
	if (read && sink) {
		const kist_status status = csv->serialize(NULL, &call.call, &object, NULL, &sink->sink);

		/* Quotes that have to be added can make a row too long. */
		must(status == KIST_OK || status == KIST_LIMIT);
		read = status == KIST_OK;
	} else if (read) {
		read_batches(object.value);
	}
	if (object.release)
		object.release(&object);
	plugtest_call_done(&call);
	return read;
}

static void run_rewrite(const uint8_t *data, size_t size)
{
	struct plugtest_sink first;
	struct plugtest_sink second;

	plugtest_sink_init(&first);
	plugtest_sink_init(&second);
	if (rewrite(data, size, &first)) {
		must(rewrite(first.data, first.size, &second));
		must(first.size == second.size);
		must(first.size == 0 || memcmp(first.data, second.data, first.size) == 0);
	}
	plugtest_sink_done(&first);
	plugtest_sink_done(&second);
}

/* Every way to ask for another dialect, chosen by the input's size: nothing crashes, and what is read is written
 * so that it reads back. */
static void run_dialects(const uint8_t *data, size_t size)
{
	static const char *const rows[][2] = {
		{ "lenient=bool:1", "encoding=string:utf-16le" },
		{ "lenient=bool:1", "null_padding=bool:1" },
		{ "encoding=string:utf-16", "nulls=string:pandas" },
		{ "encoding=string:utf-16be", "header=string:no" },
		{ "encoding=string:windows-1252", "quote=string:'" },
		{ "encoding=string:latin-1", "escape=string:\\" },
		{ "lenient=bool:1", "escape=string:\\" },
		{ "lenient=bool:1", "comment=string:#" },
		{ "quote=string:none", "lenient=bool:1" },
	};
	const char *const *row = rows[size % (sizeof(rows) / sizeof(rows[0]))];
	struct kist_object object = { .struct_size = sizeof(object) };
	struct plugtest_source source;
	struct plugtest_call call;
	struct plugtest_sink sink;

	plugtest_source_init(&source, data, size);
	source.step_max = step_of(data, size);
	plugtest_call_init(&call);
	plugtest_sink_init(&sink);
	if (csv->deserialize(NULL, &call.call, &source.source, plugtest_params(row[0], row[1], NULL),
			     &object) == KIST_OK) {
		if (csv->serialize(NULL, &call.call, &object, NULL, &sink.sink) == KIST_OK)
			must(rewrite(sink.data, sink.size, NULL));
		object.release(&object);
	}
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}

/* Any bytes as a sidecar schema. */
static void run_schema(const uint8_t *data, size_t size)
{
	static const char text[] = "a,b\n1,x\n";
	char *const json = malloc(size + 1);
	const struct kist_param param = { .struct_size = sizeof(param),
					  .name = "schema",
					  .kind = KIST_PARAM_STRING,
					  .string = json,
					  .string_len = (uint32_t)size };
	const struct kist_param *const list[] = { &param };
	const struct kist_params params = {
		.struct_size = sizeof(params), .count = 1, .list = list, .json = "{}", .json_len = 2
	};
	struct plugtest_source source;
	struct plugtest_call call;
	struct plugtest_sink sink;

	must(json != NULL);
	memcpy(json, data, size);
	json[size] = '\0';
	plugtest_source_init(&source, text, sizeof(text) - 1);
	plugtest_call_init(&call);
	plugtest_sink_init(&sink);
	(void)csv->describe(NULL, &call.call, &source.source, &params, &sink.sink);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
	free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int32_t score = -1;
	bool valid;

	csv = plugtest_type("kist.csv")->interface;
	must(csv->probe(data, size < 65536 ? size : 65536, size, &score) == KIST_OK);
	must(score >= 0 && score <= 100);
	run_layout(data, size);
	run_describe(data, size);
	valid = run_validate(data, size);
	must(rewrite(data, size, NULL) == valid);
	run_rewrite(data, size);
	run_dialects(data, size);
	run_schema(data, size);
	return 0;
}
