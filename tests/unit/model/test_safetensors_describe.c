/* SPDX-License-Identifier: Apache-2.0 */
#include "modeltest.h"

#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

static kist_status describe(const struct file *file, size_t step_max, unsigned long cancel_at,
			    struct plugtest_sink *sink)
{
	struct plugtest_source source;
	struct plugtest_call call;
	kist_status status;

	plugtest_source_init(&source, file->data, file->size);
	source.step_max = step_max;
	plugtest_call_init(&call);
	call.cancel_at = cancel_at;
	plugtest_sink_init(sink);
	status = safetensors()->describe(safetensors_instance(), &call.call, &source.source, NULL,
					 &sink->sink);
	plugtest_call_done(&call);
	return status;
}

static const char small_json[] = "{\"__metadata__\":{\"b\":\"1\",\"a\":\"<\\u000A>\"},"
				 "\"f\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
				 "\"d\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[16,32]},"
				 "\"h\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[32,34]},"
				 "\"n\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[34,36]},"
				 "\"i\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[36,39]},"
				 "\"e\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[39,39]}}";

static const char small_preview[] =
	"{\"kind\":\"model\",\"format\":\"safetensors\",\"tensors\":6,\"parameters\":11,\"bytes\":39,"
	"\"metadata\":{\"a\":\"<\\n>\",\"b\":\"1\"},"
	"\"dtypes\":{\"int8\":3,\"float16\":1,\"bfloat16\":1,\"float32\":4,\"float64\":2},\"list\":["
	"{\"name\":\"f\",\"dtype\":\"float32\",\"stored_as\":\"F32\",\"shape\":[2,2],\"bytes\":16,\"offset\":"
	"382,"
	"\"min\":-1.5,\"max\":2,\"mean\":0.25,\"std\":1.75,\"nan\":1,\"inf\":1,\"neg_inf\":0,\"zero\":0,"
	"\"negative\":1"
	",\"histogram\":{\"of\":2,\"counts\":[1,0,0,0,0,0,0,0,0,0,0,1]}},"
	"{\"name\":\"d\",\"dtype\":\"float64\",\"stored_as\":\"F64\",\"shape\":[2],\"bytes\":16,\"offset\":"
	"398,"
	"\"min\":0,\"max\":0.1,\"mean\":0.05,\"std\":0.05,\"nan\":0,\"inf\":0,\"neg_inf\":0,\"zero\":1,"
	"\"negative\":0"
	",\"histogram\":{\"of\":2,\"counts\":[1,0,0,0,0,0,0,0,0,0,0,1]}},"
	"{\"name\":\"h\",\"dtype\":\"float16\",\"stored_as\":\"F16\",\"shape\":[1],\"bytes\":2,\"offset\":"
	"414,"
	"\"min\":1,\"max\":1,\"mean\":1,\"std\":0,\"nan\":0,\"inf\":0,\"neg_inf\":0,\"zero\":0,\"negative\":0"
	",\"histogram\":{\"of\":1,\"counts\":[1,0,0,0,0,0,0,0,0,0,0,0]}},"
	"{\"name\":\"n\",\"dtype\":\"bfloat16\",\"stored_as\":\"BF16\",\"shape\":[1],\"bytes\":2,\"offset\":"
	"416,"
	"\"min\":null,\"max\":null,\"mean\":null,\"std\":null,\"nan\":1,\"inf\":0,\"neg_inf\":0,\"zero\":0,"
	"\"negative\":0},"
	"{\"name\":\"i\",\"dtype\":\"int8\",\"stored_as\":\"I8\",\"shape\":[3],\"bytes\":3,\"offset\":418,"
	"\"min\":36,\"max\":38,\"mean\":37,\"std\":0.816496580927726,\"zero\":0,\"negative\":0"
	",\"histogram\":{\"of\":3,\"counts\":[1,0,0,0,0,0,1,0,0,0,0,1]}},"
	"{\"name\":\"e\",\"dtype\":\"float32\",\"stored_as\":\"F32\",\"shape\":[0,7],\"bytes\":0,\"offset\":"
	"421,"
	"\"min\":null,\"max\":null,\"mean\":null,\"std\":null,\"nan\":0,\"inf\":0,\"neg_inf\":0,\"zero\":0,"
	"\"negative\":0}"
	"],\"left_out\":0}";

static struct file small_file(void)
{
	static const uint32_t floats[4] = { 0xBFC00000, 0x40000000, 0x7FC00000, 0x7F800000 };
	static const double doubles[2] = { 0.1, 0.0 };
	static const uint16_t half = 0x3C00;
	static const uint16_t brain = 0x7FC0;
	struct file file = file_make(small_json, 39);
	uint8_t *data = file.data + file.size - 39;

	memcpy(data, floats, 16);
	memcpy(data + 16, doubles, 16);
	memcpy(data + 32, &half, 2);
	memcpy(data + 34, &brain, 2);
	return file;
}

START_TEST(a_preview_says_what_the_model_holds)
{
	struct file file = small_file();
	struct plugtest_sink sink;

	for (size_t step_max = 0; step_max < 2; step_max++) {
		ck_assert_int_eq(describe(&file, step_max, 0, &sink), KIST_OK);
		ck_assert_int_eq(sink.sink.write(&sink.sink, "", 1), KIST_OK);
		ck_assert_str_eq((const char *)sink.data, small_preview);
		plugtest_sink_done(&sink);
	}
	free(file.data);
}
END_TEST

START_TEST(a_cancelled_call_stops)
{
	struct file file = small_file();
	struct plugtest_sink sink;
	unsigned long k = 0;
	kist_status status;

	do {
		status = describe(&file, 0, ++k, &sink);
		ck_assert(status == KIST_OK || (status == KIST_CANCELLED && sink.size == 0));
		plugtest_sink_done(&sink);
	} while (status != KIST_OK);
	ck_assert_uint_gt(k, 6);
	free(file.data);
}
END_TEST

START_TEST(a_failing_source_is_passed_on)
{
	struct file file = small_file();
	unsigned long k = 0;
	kist_status status;

	do {
		struct plugtest_source source;
		struct plugtest_call call;
		struct plugtest_sink sink;

		plugtest_source_init(&source, file.data, file.size);
		source.fail_at = ++k;
		plugtest_call_init(&call);
		plugtest_sink_init(&sink);
		status = safetensors()->describe(safetensors_instance(), &call.call, &source.source, NULL,
						 &sink.sink);
		ck_assert(status == KIST_OK || (status == KIST_IO && sink.size == 0));
		plugtest_sink_done(&sink);
		plugtest_call_done(&call);
	} while (status != KIST_OK);
	/* The length, the JSON, and five tensors with bytes to average. */
	ck_assert_uint_eq(k, 2 + 5 + 1);
	free(file.data);
}
END_TEST

static const char *entry(const json_t *object, const char *key)
{
	static char text[256];
	char *const dumped =
		json_dumps(json_object_get(object, key), JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_COMPACT);

	snprintf(text, sizeof(text), "%s", dumped ? dumped : "nothing");
	free(dumped);
	return text;
}

START_TEST(floats_of_some_size_have_a_ratio_and_exponents_by_type)
{
	static const char json[] =
		"{\"a\":{\"dtype\":\"F32\",\"shape\":[4096],\"data_offsets\":[0,16384]},"
		"\"b\":{\"dtype\":\"F32\",\"shape\":[4096],\"data_offsets\":[16384,32768]},"
		"\"c\":{\"dtype\":\"BF16\",\"shape\":[8192],\"data_offsets\":[32768,49152]},"
		"\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[49152,49160]},"
		"\"e\":{\"dtype\":\"I32\",\"shape\":[4096],\"data_offsets\":[49160,65544]}}";
	struct file file = file_make(json, 65544);
	uint8_t *const data = file.data + file.size - 65544;
	struct plugtest_sink sink;
	json_t *preview;
	json_t *list;

	/* Ones and twos; ones; zeros. */
	for (size_t i = 0; i < 4096; i++) {
		memcpy(data + i * 4, i % 2 ? "\0\0\x80\x3f" : "\0\0\0\x40", 4);
		memcpy(data + 16384 + i * 4, "\0\0\x80\x3f", 4);
	}
	memset(data + 32768, 0, 65544 - 32768);
	ck_assert_int_eq(describe(&file, 0, 0, &sink), KIST_OK);
	preview = json_loadb((const char *)sink.data, sink.size, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(preview);
	list = json_object_get(preview, "list");
	ck_assert_str_eq(entry(json_array_get(list, 0), "ratio"), "1.28");
	ck_assert_str_eq(entry(json_array_get(list, 1), "ratio"), "1.3300000000000001");
	ck_assert_str_eq(entry(json_array_get(list, 2), "ratio"), "2");
	ck_assert_str_eq(entry(json_array_get(list, 3), "ratio"), "nothing");
	ck_assert_str_eq(entry(json_array_get(list, 4), "ratio"), "nothing");
	ck_assert_str_eq(
		entry(preview, "floats"),
		"{\"bfloat16\":{\"bytes\":16384,\"ratio\":2},\"float32\":{\"bytes\":32768,\"exponents\":"
		"{\"counts\":[6144,2048],\"from\":0,\"of\":8192},\"ratio\":1.3}}");
	json_decref(preview);
	plugtest_sink_done(&sink);
	free(file.data);
}
END_TEST

START_TEST(a_broken_file_is_refused)
{
	struct file file = file_make("{}", 1);
	struct plugtest_sink sink;

	ck_assert_int_eq(describe(&file, 0, 0, &sink), KIST_CORRUPT);
	ck_assert_uint_eq(sink.size, 0);
	plugtest_sink_done(&sink);
	free(file.data);
}
END_TEST

/* @count empty tensors and pairs of metadata, their names of about @name_len bytes. */
static struct file wide_file(size_t count, int name_len)
{
	char *json = malloc(count * (2 * (size_t)name_len + 128) + 64);
	struct file file;
	size_t at = 0;

	at += (size_t)sprintf(json, "{\"__metadata__\":{");
	for (size_t i = 0; i < count; i++)
		at += (size_t)sprintf(json + at, "%s\"%0*zu\":\"\"", i ? "," : "", name_len, i);
	at += (size_t)sprintf(json + at, "}");
	for (size_t i = 0; i < count; i++)
		at += (size_t)sprintf(json + at,
				      ",\"%0*zu\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[0,0]}",
				      name_len, i);
	sprintf(json + at, "}");
	file = file_make(json, 0);
	free(json);
	return file;
}

static void check_wide(size_t count, int name_len)
{
	struct file file = wide_file(count, name_len);
	struct plugtest_sink sink;
	json_t *preview;
	json_t *list;

	ck_assert_int_eq(describe(&file, 0, 0, &sink), KIST_OK);
	ck_assert_uint_le(sink.size, 262144);
	preview = json_loadb((const char *)sink.data, sink.size, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(preview);
	list = json_object_get(preview, "list");
	ck_assert_uint_eq(json_array_size(list) +
				  (size_t)json_integer_value(json_object_get(preview, "left_out")),
			  count);
	ck_assert_uint_eq(json_object_size(json_object_get(preview, "metadata")) +
				  (size_t)json_integer_value(json_object_get(preview, "metadata_left_out")),
			  count);
	ck_assert_int_eq(json_integer_value(json_object_get(preview, "tensors")), (json_int_t)count);
	json_decref(preview);
	plugtest_sink_done(&sink);
	free(file.data);
}

START_TEST(a_preview_is_never_over_256_kib)
{
	static const struct {
		size_t count;
		int name_len;
	} cases[] = { { 1, 4 }, { 1400, 6 }, { 5000, 8 }, { 5000, 200 }, { 3, 65536 }, { 12, 30000 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_wide(cases[i].count, cases[i].name_len);
}
END_TEST

START_TEST(numbers_do_not_depend_on_the_locale)
{
	struct file file = small_file();
	struct plugtest_sink sink;

	/* Without such a locale the test has nothing to say. */
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
		(void)setlocale(LC_NUMERIC, "fr_FR.UTF-8");
	ck_assert_int_eq(describe(&file, 0, 0, &sink), KIST_OK);
	ck_assert_mem_eq(sink.data, small_preview, sink.size);
	plugtest_sink_done(&sink);
	(void)setlocale(LC_NUMERIC, "C");
	free(file.data);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("describe");

	tcase_add_test(tcase, a_preview_says_what_the_model_holds);
	tcase_add_test(tcase, a_cancelled_call_stops);
	tcase_add_test(tcase, a_failing_source_is_passed_on);
	tcase_add_test(tcase, floats_of_some_size_have_a_ratio_and_exponents_by_type);
	tcase_add_test(tcase, a_broken_file_is_refused);
	tcase_add_test(tcase, a_preview_is_never_over_256_kib);
	tcase_add_test(tcase, numbers_do_not_depend_on_the_locale);
	return suite_run(tcase, "safetensors_describe");
}
