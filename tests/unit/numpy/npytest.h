/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NPYTEST_H
#define NPYTEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/plugtest.h"

/* After the SDK: it has a macro called fail. */
#include <check.h>

/* What the tests of the numpy plugin share: files made by hand, and each method in one line. */

/** An .npy file in memory, and the host around one call. */
struct npytest {
	uint8_t *file;
	size_t size;
	struct plugtest_call call;
	struct plugtest_source source;
	struct plugtest_sink sink;
};

static inline const ArtifactTaskInterface *npytest_interface(void)
{
	return plugtest_type("kist.npy")->interface;
}

static inline void npytest_reset(struct npytest *test)
{
	plugtest_call_done(&test->call);
	plugtest_sink_done(&test->sink);
	plugtest_call_init(&test->call);
	plugtest_source_init(&test->source, test->file, test->size);
	plugtest_sink_init(&test->sink);
}

static inline void npytest_bytes(struct npytest *test, const void *data, size_t size)
{
	*test = (struct npytest){ .file = malloc(size > 0 ? size : 1), .size = size };
	if (size > 0)
		memcpy(test->file, data, size);
	plugtest_call_init(&test->call);
	plugtest_sink_init(&test->sink);
	npytest_reset(test);
}

/** A file of version @major whose header is @text_len bytes at @text, unpadded. */
static inline void npytest_file(struct npytest *test, int major, const char *text, size_t text_len,
				const void *data, size_t data_len)
{
	const size_t prefix = major == 1 ? 10 : 12;
	uint8_t *file = malloc(prefix + text_len + data_len);

	memcpy(file, "\x93NUMPY", 6);
	file[6] = (uint8_t)major;
	file[7] = 0;
	for (size_t i = 8; i < prefix; i++)
		file[i] = (uint8_t)(text_len >> (8 * (i - 8)));
	memcpy(file + prefix, text, text_len);
	if (data_len > 0)
		memcpy(file + prefix + text_len, data, data_len);
	npytest_bytes(test, file, prefix + text_len + data_len);
	free(file);
}

static inline void npytest_text(struct npytest *test, const char *text, const void *data, size_t data_len)
{
	npytest_file(test, 1, text, strlen(text), data, data_len);
}

static inline void npytest_done(struct npytest *test)
{
	plugtest_call_done(&test->call);
	plugtest_sink_done(&test->sink);
	free(test->file);
}

static inline kist_status npytest_read(struct npytest *test, const struct kist_params *params,
				       struct kist_object *object)
{
	*object = (struct kist_object){ .struct_size = sizeof(*object) };
	return npytest_interface()->deserialize(NULL, &test->call.call, &test->source.source, params, object);
}

static inline kist_status npytest_write(struct npytest *test, const struct kist_params *params,
					const struct kist_object *object)
{
	return npytest_interface()->serialize(NULL, &test->call.call, object, params, &test->sink.sink);
}

static inline kist_status npytest_describe(struct npytest *test)
{
	return npytest_interface()->describe(NULL, &test->call.call, &test->source.source, NULL,
					     &test->sink.sink);
}

/** The sink holds what was described, as text. */
static inline const char *npytest_sink_text(struct npytest *test)
{
	ck_assert_int_eq(test->sink.sink.write(&test->sink.sink, "", 1), KIST_OK);
	return (const char *)test->sink.data;
}

/** Expects that the file is refused, by each method that reads its header. */
static inline void npytest_refused(struct npytest *test, const struct kist_params *params, kist_status status,
				   const char *code, uint64_t offset)
{
	const ArtifactTaskInterface *interface = npytest_interface();
	struct plugtest_report report;
	struct plugtest_layout layout;
	struct kist_object object;

	ck_assert_int_eq(npytest_read(test, params, &object), status);
	ck_assert_str_eq(test->call.error.code, code);
	ck_assert_uint_eq(test->call.error.offset, offset);
	ck_assert_ptr_null(object.release);

	npytest_reset(test);
	plugtest_report_init(&report);
	ck_assert_int_eq(
		interface->validate(NULL, &test->call.call, &test->source.source, params, &report.report),
		KIST_OK);
	ck_assert_uint_eq(report.errors, 1);
	ck_assert_str_eq(report.code, code);
	ck_assert_uint_eq(report.offset, offset);

	npytest_reset(test);
	plugtest_layout_init(&layout, test->size);
	ck_assert_int_eq(
		interface->layout(NULL, &test->call.call, &test->source.source, params, &layout.layout),
		status);
	ck_assert_uint_eq(layout.part_count, 0);
	plugtest_layout_done(&layout);
}

/** Runs a suite of one case that holds @tests. */
#define NPYTEST_MAIN(name_, ...)                                                                             \
	int main(void)                                                                                       \
	{                                                                                                    \
		const TTest *const tests_[] = { __VA_ARGS__ };                                               \
		Suite *suite_ = suite_create(name_);                                                         \
		TCase *case_ = tcase_create(name_);                                                          \
		SRunner *runner_ = srunner_create(suite_);                                                   \
		int failed_;                                                                                 \
                                                                                                             \
		tcase_set_timeout(case_, 120);                                                               \
		for (size_t i = 0; i < sizeof(tests_) / sizeof(tests_[0]); i++)                              \
			tcase_add_test(case_, tests_[i]);                                                    \
		suite_add_tcase(suite_, case_);                                                              \
		srunner_run_all(runner_, CK_NORMAL);                                                         \
		failed_ = srunner_ntests_failed(runner_);                                                    \
		srunner_free(runner_);                                                                       \
		return failed_ == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                           \
	}

#endif
