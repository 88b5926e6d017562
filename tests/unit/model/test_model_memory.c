/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "support/plugalloc.h"
#include "modeltest.h"
#include "support/suite.h"

/* A sound file of each format that is only read. */
static const struct {
	const char *type;
	const char *path;
} files[] = { { "kist.gguf", "tests/fuzz/corpus/gguf/library" },
	      { "kist.hdf5", "tests/fuzz/corpus/kept/hdf5" },
	      { "kist.keras", "tests/fuzz/corpus/kept/keras" },
	      { "kist.skops", "tests/fuzz/corpus/kept/skops" },
	      { "kist.onnx", "tests/fuzz/corpus/onnx/lists" },
	      { "kist.torch", "tests/fuzz/corpus/torch/unknown" },
	      { "kist.pickle", "tests/fuzz/corpus/pickle/joblib" } };

static uint8_t bytes[1 << 16];

static size_t read_file(const char *path)
{
	const char *const top = getenv("top_srcdir");
	char full[4096];
	FILE *file;
	size_t size;

	snprintf(full, sizeof(full), "%s/%s", top ? top : ".", path);
	file = fopen(full, "rb");
	ck_assert_msg(file != NULL, "no file '%s'", full);
	size = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	return size;
}

enum method { VALIDATE, LAYOUT, DESCRIBE, READ, METHODS };

static kist_status read_all(const ArtifactTaskInterface *type, void *format, struct plugtest_call *call,
			    struct kist_source *source)
{
	struct kist_object object = { .struct_size = sizeof(object) };
	kist_status status = type->deserialize(format, &call->call, source, NULL, &object);
	struct kist_tensor_map *map;

	if (status != KIST_OK) {
		ck_assert_ptr_null(object.release);
		return status;
	}
	map = object.kind == KIST_KIND_MODEL ? object.value : NULL;
	for (uint64_t i = 0; map && i < map->count && status == KIST_OK; i++) {
		DLManagedTensorVersioned *tensor = NULL;

		status = map->get(map, &call->call, i, &tensor);
		if (status == KIST_OK)
			tensor->deleter(tensor);
	}
	object.release(&object);
	return status;
}

static kist_status run(const ArtifactTaskInterface *type, enum method method, size_t size)
{
	struct plugtest_source source;
	struct plugtest_report report;
	struct plugtest_layout layout;
	struct plugtest_sink sink;
	struct plugtest_call call;
	kist_status status;
	void *format = NULL;

	plugtest_call_init(&call);
	plugtest_source_init(&source, bytes, size);
	plugtest_report_init(&report);
	plugtest_layout_init(&layout, size);
	plugtest_sink_init(&sink);
	ck_assert_int_eq(type->open(NULL, &call.call, &format), KIST_OK);
	if (method == VALIDATE)
		status = type->validate(format, &call.call, &source.source, NULL, &report.report);
	else if (method == LAYOUT)
		status = type->layout ? type->layout(format, &call.call, &source.source, NULL, &layout.layout)
				      : KIST_OK;
	else if (method == DESCRIBE)
		status = type->describe(format, &call.call, &source.source, NULL, &sink.sink);
	else
		status = read_all(type, format, &call, &source.source);
	ck_assert_uint_eq(report.errors, 0);
	plugtest_layout_done(&layout);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
	return status;
}

START_TEST(without_memory_every_method_says_so_and_leaves_nothing)
{
	const ArtifactTaskInterface *const type = plugtest_type(files[_i].type)->interface;
	const size_t size = read_file(files[_i].path);

	for (int method = 0; method < METHODS; method++) {
		unsigned long failures = 0;
		kist_status status;

		do {
			plugalloc_fail_at(++failures);
			status = run(type, (enum method)method, size);
			ck_assert_msg(status == KIST_OK || status == KIST_NO_MEMORY, "%s, method %d: %d",
				      files[_i].type, method, status);
		} while (status != KIST_OK);
		plugalloc_fail_at(0);
	}
}
END_TEST

START_TEST(no_allocation_is_larger_than_the_file_and_a_mebibyte)
{
	const ArtifactTaskInterface *const type = plugtest_type(files[_i].type)->interface;
	const size_t size = read_file(files[_i].path);

	for (int method = 0; method < METHODS; method++) {
		plugalloc_fail_at(0);
		ck_assert_int_eq(run(type, (enum method)method, size), KIST_OK);
		ck_assert_uint_le(plugalloc_largest(), size + ((size_t)1 << 20));
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("model_memory");
	const int count = (int)(sizeof(files) / sizeof(files[0]));

	tcase_add_loop_test(tcase, without_memory_every_method_says_so_and_leaves_nothing, 0, count);
	tcase_add_loop_test(tcase, no_allocation_is_larger_than_the_file_and_a_mebibyte, 0, count);
	return suite_run(tcase, "model/model_memory");
}
