/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/plugalloc.h"
#include "modeltest.h"
#include "support/suite.h"

static const char json[] = "{\"__metadata__\":{\"a\":\"b\",\"c\":\"d\"},"
			   "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
			   "\"b\":{\"dtype\":\"F16\",\"shape\":[1,1],\"data_offsets\":[8,10]}}";

static kist_status run_validate(struct plugtest_call *call, struct kist_source *source)
{
	struct plugtest_report report;

	plugtest_report_init(&report);
	return safetensors()->validate(safetensors_instance(), &call->call, source, NULL, &report.report);
}

static kist_status run_layout(struct plugtest_call *call, struct kist_source *source)
{
	struct plugtest_layout layout;
	kist_status status;

	plugtest_layout_init(&layout, source->size);
	status = safetensors()->layout(safetensors_instance(), &call->call, source, NULL, &layout.layout);
	plugtest_layout_done(&layout);
	return status;
}

static kist_status run_describe(struct plugtest_call *call, struct kist_source *source)
{
	struct plugtest_sink sink;
	kist_status status;

	plugtest_sink_init(&sink);
	status = safetensors()->describe(safetensors_instance(), &call->call, source, NULL, &sink.sink);
	ck_assert(status == KIST_OK || sink.size == 0);
	plugtest_sink_done(&sink);
	return status;
}

static kist_status run_copy(struct plugtest_call *call, struct kist_source *source)
{
	struct plugtest_sink sink;
	struct kist_object object = { .struct_size = sizeof(object) };
	kist_status status =
		safetensors()->deserialize(safetensors_instance(), &call->call, source, NULL, &object);

	if (status != KIST_OK)
		return status;
	plugtest_sink_init(&sink);
	status = safetensors()->serialize(NULL, &call->call, &object, NULL, &sink.sink);
	plugtest_sink_done(&sink);
	object.release(&object);
	return status;
}

static kist_status run_pack(struct plugtest_call *call, struct kist_source *source)
{
	struct given tensor;
	struct model model;
	struct plugtest_sink sink;
	kist_status status;

	(void)source;
	given_init(&tensor, "t", kDLUInt, 8, "123456", 2, 3, 2);
	tensor.strides[0] = 1;
	tensor.strides[1] = 3;
	model_init(&model, &tensor, 1, "{\"a\":\"b\"}");
	plugtest_sink_init(&sink);
	status = safetensors()->serialize(NULL, &call->call, &model.object, NULL, &sink.sink);
	ck_assert_uint_eq(tensor.gets, tensor.deletes);
	plugtest_sink_done(&sink);
	return status;
}

typedef kist_status (*run_fn)(struct plugtest_call *call, struct kist_source *source);

static const run_fn runs[] = { run_validate, run_layout, run_describe, run_copy, run_pack };

START_TEST(every_allocation_may_fail)
{
	struct file file = file_make(json, 10);
	unsigned long k = 0;
	kist_status status;

	do {
		struct plugtest_source source;
		struct plugtest_call call;

		plugtest_source_init(&source, file.data, file.size);
		plugtest_call_init(&call);
		plugalloc_fail_at(++k);
		status = runs[_i](&call, &source.source);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_int_eq(call.error.status, status);
		plugtest_call_done(&call);
	} while (status != KIST_OK);
	ck_assert_uint_gt(k, 4);
	plugalloc_fail_at(0);
	free(file.data);
}
END_TEST

/* What memory grows with: entries, pairs and dimensions, as many as there can be in their bytes. */
static const char *const fillers[] = {
	",\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,0]}",
	(",\"%zu\":{\"dtype\":\"U8\",\"shape\":[0,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"
	 "\"data_offsets\":[0,0]}"),
	",\"%zu\":\"\"",
};

START_TEST(no_allocation_is_larger_than_the_input_and_1_mib)
{
	const size_t size = (size_t)12 << 20;
	const bool in_meta = _i == 2;
	char *text = malloc(size + 256);
	struct plugtest_source source;
	struct plugtest_call call;
	struct file file;
	size_t at = (size_t)sprintf(text, in_meta ? "{\"__metadata__\":{\"\":\"\"" : "{\"__metadata__\":{}");

	for (size_t i = 0; at < size; i++) {
		char filler[160];

		/* The pattern is one of the constants above. */
		const char *number = strstr(fillers[_i], "%zu");
		const size_t before = number ? (size_t)(number - fillers[_i]) : 0;

		if (number)
			snprintf(filler, sizeof(filler), "%.*s%zu%s", (int)before, fillers[_i], i,
				 number + 3);
		else
			snprintf(filler, sizeof(filler), "%s", fillers[_i]);
		memcpy(text + at, filler, strlen(filler));
		at += strlen(filler);
	}
	snprintf(text + at, 3, "%s", in_meta ? "}}" : "}");
	file = file_make(text, 0);
	plugtest_source_init(&source, file.data, file.size);
	plugtest_call_init(&call);
	plugalloc_fail_at(0);
	(void)run_validate(&call, &source.source);
	ck_assert_uint_le(plugalloc_largest(), file.size + ((size_t)1 << 20));
	ck_assert_uint_gt(plugalloc_largest(), (size_t)11 << 20);
	plugtest_call_done(&call);
	free(file.data);
	free(text);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("memory");

	tcase_add_loop_test(tcase, every_allocation_may_fail, 0, sizeof(runs) / sizeof(runs[0]));
	tcase_add_loop_test(tcase, no_allocation_is_larger_than_the_input_and_1_mib, 0,
			    sizeof(fillers) / sizeof(fillers[0]));
	return suite_run(tcase, "safetensors_memory");
}
