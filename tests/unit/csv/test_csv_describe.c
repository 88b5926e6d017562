/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_describe.h"

#include <math.h>

#include "csvtest.h"

static kist_status describe(const void *data, size_t size, const struct kist_params *params,
			    struct plugtest_sink *sink, struct plugtest_call *call)
{
	struct plugtest_source source;

	plugtest_source_init(&source, data, size);
	plugtest_sink_init(sink);
	plugtest_call_init(call);
	return csvtest_interface()->describe(NULL, &call->call, &source.source, params, &sink->sink);
}

START_TEST(a_table_is_described_by_dialect_rows_and_columns)
{
	static const struct {
		const char *text;
		const char *json;
	} rows[] = {
		{ "", "{\"kind\":\"table\",\"format\":\"csv\",\"dialect\":{\"delimiter\":\",\",\"quote\":"
		      "\"\\\"\","
		      "\"newline\":\"none\",\"header\":false,\"bom\":false},\"rows\":0,\"columns_total\":0,"
		      "\"columns\":[]}" },
		{ "\xef\xbb\xbf"
		  "i\tg\tb\tu\tn\"\tz\r\n1\t0.5\ttrue\tx\t\t\xff\r\n\t\t\t\t\t\r\n-"
		  "3\tnan\tfalse\tyyy\t\t\r\n",
		  "{\"kind\":\"table\",\"format\":\"csv\",\"dialect\":{\"delimiter\":\"\\u0009\",\"quote\":"
		  "\"\\\"\","
		  "\"newline\":\"CRLF\",\"header\":true,\"bom\":true},\"rows\":3,\"columns_total\":6,"
		  "\"columns\":["
		  "{\"name\":\"i\",\"type\":\"int64\",\"nulls\":1,\"min\":-3,\"max\":1,\"mean\":-1.0,\"std\":"
		  "2.0,\"histogram\":{\"of\":2,\"counts\":[1,0,0,0,0,0,0,0,0,1]},\"q25\":-3.0,\"median\":-3."
		  "0,"
		  "\"q75\":-3.0},"
		  "{\"name\":\"g\",\"type\":\"float64\",\"nulls\":1,\"min\":0.5,\"max\":0.5,\"mean\":0.5,"
		  "\"std\":0.0,\"histogram\":{\"of\":1,\"counts\":[1,0,0,0,0,0,0,0,0,0]},\"q25\":0.5,"
		  "\"median\":0.5,\"q75\":0.5},"
		  "{\"name\":\"b\",\"type\":\"bool\",\"nulls\":1,\"true\":1},"
		  "{\"name\":\"u\",\"type\":\"text\",\"nulls\":1,\"min_len\":1,\"max_len\":3},"
		  "{\"name\":\"n\\\"\",\"type\":\"null\",\"nulls\":3},"
		  "{\"name\":\"z\",\"type\":\"binary\",\"nulls\":2,\"min_len\":1,\"max_len\":1}],"
		  "\"csvw\":{\"@context\":\"http://www.w3.org/ns/csvw\",\"dialect\":{\"delimiter\":"
		  "\"\\u0009\",\"quoteChar\":\"\\\"\",\"doubleQuote\":true,\"header\":true,\"commentPrefix\":"
		  "\"\",\"encoding\":\"UTF-8\"},\"tableSchema\":{\"columns\":["
		  "{\"titles\":\"i\",\"datatype\":\"integer\"},{\"titles\":\"g\",\"datatype\":\"double\"},"
		  "{\"titles\":\"b\",\"datatype\":{\"base\":\"boolean\",\"format\":\"true|false\"}},"
		  "{\"titles\":\"u\",\"datatype\":\"string\"},{\"titles\":\"n\\\"\",\"datatype\":\"any\"},"
		  "{\"titles\":\"z\",\"datatype\":\"string\"}]}}}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plugtest_sink sink;
		struct plugtest_call call;

		ck_assert_int_eq(describe(rows[i].text, strlen(rows[i].text), NULL, &sink, &call), KIST_OK);
		csvtest_expect(&sink, rows[i].json, strlen(rows[i].json));
		plugtest_sink_done(&sink);
		plugtest_call_done(&call);
	}
}
END_TEST

START_TEST(a_sample_of_many_rows_is_evenly_spaced)
{
	static char text[100000 * 8];
	struct plugtest_sink sink;
	struct plugtest_call call;
	size_t len = (size_t)sprintf(text, "n\n");

	for (int i = 0; i < 100000; i++)
		len += (size_t)sprintf(text + len, "%d\n", i);
	ck_assert_int_eq(describe(text, len, NULL, &sink, &call), KIST_OK);
	ck_assert_int_eq(sink.sink.write(&sink.sink, "", 1), KIST_OK);
	/* Every 512th. */
	ck_assert_msg(strstr((const char *)sink.data,
			     "\"of\":196,\"counts\":[20,20,19,20,19,20,19,20,19,20]},\"q05\":") != NULL,
		      "%s", (const char *)sink.data);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}
END_TEST

static double number_behind(const struct plugtest_sink *sink, const char *key)
{
	const char *const found = strstr((const char *)sink->data, key);

	ck_assert_msg(found != NULL, "%s", (const char *)sink->data);
	return strtod(found + strlen(key), NULL);
}

START_TEST(quantiles_and_distinct_texts_of_many_rows_are_told_with_their_errors)
{
	static char text[100000 * 8];
	struct plugtest_sink sink;
	struct plugtest_call call;
	size_t len = (size_t)sprintf(text, "n\n");
	double error;

	for (int i = 0; i < 100000; i++)
		len += (size_t)sprintf(text + len, "%d\n", (int)((i * 7919LL + 3) % 100000));
	ck_assert_int_eq(describe(text, len, NULL, &sink, &call), KIST_OK);
	ck_assert_int_eq(sink.sink.write(&sink.sink, "", 1), KIST_OK);
	error = number_behind(&sink, "\"quantiles_error\":");
	ck_assert_double_le(error, 1.0 / 64);
	ck_assert_double_eq_tol(number_behind(&sink, "\"q05\":"), 4999, 4999 * error + 1000);
	ck_assert_double_eq_tol(number_behind(&sink, "\"q25\":"), 24999, 24999 * error + 1000);
	ck_assert_double_eq_tol(number_behind(&sink, "\"median\":"), 49999, 49999 * error + 1000);
	ck_assert_double_eq_tol(number_behind(&sink, "\"q75\":"), 74999, 74999 * error + 1000);
	ck_assert_double_eq_tol(number_behind(&sink, "\"q95\":"), 94999, 94999 * error + 1000);
	ck_assert(number_behind(&sink, "\"quantiles_of\":") == 65536 + 5 * 1024);
	error = number_behind(&sink, "\"distinct_error\":");
	/* 16,384 rows, and 128 of each 8,192 behind them. */
	ck_assert(number_behind(&sink, "\"distinct_of\":") == 16384 + 11 * 128);
	ck_assert_double_eq_tol(number_behind(&sink, "\"distinct\":"), 16384 + 11 * 128,
				4 * error * (16384 + 11 * 128));
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}
END_TEST

START_TEST(the_description_of_the_widest_table_keeps_to_its_limit)
{
	static const char *const cells[] = { "\x01", "\xe2\x82\xac", "b", "abcdefgh" };
	char *text = malloc(2000000);
	struct plugtest_sink sink;
	struct plugtest_call call;
	size_t n = 0;

	for (int column = 0; n < 1990000; column++) {
		n += (size_t)sprintf(text + n, "%s", column ? "," : "");
		for (int i = 0; i < 200; i++) {
			const char *cell = cells[_i];

			n += (size_t)sprintf(text + n, "%s", cell);
		}
	}
	text[n++] = '\n';
	ck_assert_int_eq(describe(text, n, plugtest_params("header=string:yes", NULL), &sink, &call),
			 KIST_OK);
	ck_assert_uint_le(sink.size, CSV_DESCRIBE_SIZE_MAX);
	ck_assert_uint_gt(sink.size, CSV_DESCRIBE_SIZE_MAX / 4 * 3);
	ck_assert_mem_eq(sink.data + sink.size - 3, "}]}", 3);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
	free(text);
}
END_TEST

/* More numbers than one block of sums holds, far from zero and with a first one far from the others. */
START_TEST(mean_and_deviation_agree_with_two_passes_over_the_numbers)
{
	enum { ROWS = 5000 };
	char *text = malloc(ROWS * 16 + 16);
	struct plugtest_sink sink;
	struct plugtest_call call;
	double mean = 0;
	double squares = 0;
	size_t n = (size_t)sprintf(text, "a\n");
	const char *found;

	for (int i = 0; i < ROWS; i++) {
		const int value = i == 0 ? -70000000 : 1000000 + i * 7919 % 1000 + i;

		n += (size_t)sprintf(text + n, "%d\n", value);
		mean += (double)value / ROWS;
	}
	for (int i = 0; i < ROWS; i++) {
		const double distance = (i == 0 ? -70000000 : 1000000 + i * 7919 % 1000 + i) - mean;

		squares += distance * distance;
	}
	ck_assert_int_eq(describe(text, n, NULL, &sink, &call), KIST_OK);
	sink.data[sink.size - 1] = '\0';
	found = strstr((const char *)sink.data, "\"mean\":");
	ck_assert_ptr_nonnull(found);
	ck_assert_double_eq_tol(strtod(found + 7, NULL), mean, fabs(mean) * 1e-12);
	found = strstr(found, "\"std\":");
	ck_assert_ptr_nonnull(found);
	ck_assert_double_eq_tol(strtod(found + 6, NULL), sqrt(squares / ROWS), sqrt(squares / ROWS) * 1e-10);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
	free(text);
}
END_TEST

START_TEST(a_broken_text_is_not_described)
{
	struct plugtest_sink sink;
	struct plugtest_call call;

	ck_assert_int_eq(describe("a,b\n1\n", 6, NULL, &sink, &call), KIST_CORRUPT);
	ck_assert_str_eq(call.error.code, "E_RAGGED");
	ck_assert_uint_eq(sink.size, 0);
	plugtest_call_done(&call);
}
END_TEST

static kist_status read_nothing(struct kist_source *source, uint64_t offset, void *buf, size_t len,
				size_t *ret_len)
{
	(void)source;
	(void)offset;
	(void)buf;
	(void)len;
	(void)ret_len;
	return KIST_IO;
}

/* Validates on an instance, then describes with @params from a source that gives nothing any more. */
static kist_status review(const char *text, const struct kist_params *params, struct plugtest_sink *sink)
{
	const ArtifactTaskInterface *const csv = csvtest_interface();
	struct plugtest_source source;
	struct plugtest_report report;
	struct plugtest_call call;
	void *instance = NULL;
	kist_status status;

	plugtest_source_init(&source, text, strlen(text));
	plugtest_report_init(&report);
	plugtest_sink_init(sink);
	plugtest_call_init(&call);
	ck_assert_int_eq(csv->open(NULL, &call.call, &instance), KIST_OK);
	/* Twice: what the first one found is freed. */
	ck_assert_int_eq(csv->validate(instance, &call.call, &source.source, NULL, &report.report), KIST_OK);
	ck_assert_int_eq(csv->validate(instance, &call.call, &source.source, NULL, &report.report), KIST_OK);
	source.source.read_at = read_nothing;
	status = csv->describe(instance, &call.call, &source.source, params, &sink->sink);
	csv->close(instance);
	plugtest_call_done(&call);
	return status;
}

START_TEST(an_instance_that_validated_describes_without_reading_again)
{
	static const char *const texts[] = { "", "a,b\n1,x\n2,\n", "1,2\n3,4\n", "a\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct plugtest_sink kept;
		struct plugtest_sink alone;
		struct plugtest_call call;

		ck_assert_int_eq(review(texts[i], NULL, &kept), KIST_OK);
		ck_assert_int_eq(describe(texts[i], strlen(texts[i]), NULL, &alone, &call), KIST_OK);
		csvtest_expect(&kept, alone.data, alone.size);
		plugtest_sink_done(&kept);
		plugtest_sink_done(&alone);
		plugtest_call_done(&call);
	}
}
END_TEST

START_TEST(other_parameters_and_faults_are_read_again)
{
	struct plugtest_sink sink;

	ck_assert_int_eq(review("a,b\n1,2\n", plugtest_params("header=string:no", NULL), &sink), KIST_IO);
	plugtest_sink_done(&sink);
	ck_assert_int_eq(review("a,b\n1\n", NULL, &sink), KIST_IO);
	plugtest_sink_done(&sink);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("describe");

	tcase_add_test(tcase, a_sample_of_many_rows_is_evenly_spaced);
	tcase_add_test(tcase, quantiles_and_distinct_texts_of_many_rows_are_told_with_their_errors);

	tcase_add_test(tcase, a_table_is_described_by_dialect_rows_and_columns);
	tcase_add_loop_test(tcase, the_description_of_the_widest_table_keeps_to_its_limit, 0, 4);
	tcase_add_test(tcase, mean_and_deviation_agree_with_two_passes_over_the_numbers);
	tcase_add_test(tcase, a_broken_text_is_not_described);
	tcase_add_test(tcase, an_instance_that_validated_describes_without_reading_again);
	tcase_add_test(tcase, other_parameters_and_faults_are_read_again);
	return suite_run(tcase, "csv_describe");
}
