/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_kernel.h"
#include "csvtest.h"

static const char sample[] = "a,b,c\n1,x,0.5\n2,\"y,\nz\",\n3,,1e-05\n";

START_TEST(the_type_says_what_the_manifest_says)
{
	const struct kist_type_decl *type = plugtest_type("kist.csv");

	ck_assert_str_eq(type->task, "CsvTableArtifactTask");
	ck_assert_uint_eq(type->major, 1);
	ck_assert_uint_eq(type->minor, 0);
	ck_assert_uint_eq(type->kinds, KIST_KIND_BIT(KIST_KIND_TABLE));
	ck_assert_uint_eq(type->interface->caps, KIST_CAP_DETERMINISTIC | KIST_CAP_REENTRANT |
							 KIST_CAP_STREAM_WRITE | KIST_CAP_STREAM_READ);
}
END_TEST

START_TEST(the_layout_is_one_part_behind_the_mark)
{
	static const char *const texts[] = { "", "a", "\xef\xbb\xbf",
					     ("\xef\xbb\xbf"
					      "a,b\n"),
					     "a,b\n" };
	static const uint64_t offsets[] = { 0, 0, 0, 3, 0 };
	static const size_t parts[] = { 0, 1, 0, 1, 1 };
	struct plugtest_layout layout;
	struct plugtest_source source;
	struct plugtest_call call;

	plugtest_call_init(&call);
	plugtest_source_init(&source, texts[_i], strlen(texts[_i]));
	source.step_max = 1;
	plugtest_layout_init(&layout, source.source.size);
	ck_assert_int_eq(csvtest_interface()->layout(NULL, &call.call, &source.source, NULL, &layout.layout),
			 KIST_OK);
	ck_assert_uint_eq(layout.part_count, parts[_i]);
	if (parts[_i] > 0) {
		ck_assert_str_eq(layout.parts[0].name, "rows");
		ck_assert_uint_eq(layout.parts[0].offset, offsets[_i]);
		ck_assert_uint_eq(layout.end, source.source.size);
		ck_assert_uint_eq(layout.parts[0].dtype.bits, 0);
	}
	plugtest_layout_done(&layout);
	plugtest_call_done(&call);
}
END_TEST

START_TEST(reads_of_one_byte_give_the_same_table)
{
	for (size_t step = 0; step < sizeof(sample); step++) {
		struct csvtest_table t = { .object = { .struct_size = sizeof(struct kist_object) } };
		struct plugtest_sink sink;

		plugtest_call_init(&t.call);
		plugtest_sink_init(&sink);
		plugtest_source_init(&t.source, sample, sizeof(sample) - 1);
		t.source.step_max = step;
		ck_assert_int_eq(csvtest_interface()->deserialize(NULL, &t.call.call, &t.source.source, NULL,
								  &t.object),
				 KIST_OK);
		ck_assert_int_eq(
			csvtest_interface()->serialize(NULL, &t.call.call, &t.object, NULL, &sink.sink),
			KIST_OK);
		csvtest_expect(&sink, sample, sizeof(sample) - 1);
		csvtest_close(&t);
		plugtest_sink_done(&sink);
	}
}
END_TEST

/* One run of everything, with the k-th access to the source, or to the sink, failing. */
static kist_status run_all(unsigned long source_fail_at, unsigned long sink_fail_at, unsigned long cancel_at,
			   unsigned long *ret_polls)
{
	struct csvtest_table t = { .object = { .struct_size = sizeof(struct kist_object) } };
	const ArtifactTaskInterface *csv = csvtest_interface();
	struct plugtest_report report;
	struct plugtest_sink sink;
	kist_status status;

	plugtest_call_init(&t.call);
	plugtest_sink_init(&sink);
	plugtest_report_init(&report);
	plugtest_source_init(&t.source, sample, sizeof(sample) - 1);
	t.source.step_max = 9;
	t.source.fail_at = source_fail_at;
	t.call.cancel_at = cancel_at;
	sink.fail_at = sink_fail_at;
	status = csv->validate(NULL, &t.call.call, &t.source.source, NULL, &report.report);
	if (status == KIST_OK)
		status = csv->describe(NULL, &t.call.call, &t.source.source, NULL, &sink.sink);
	if (status == KIST_OK)
		status = csv->deserialize(NULL, &t.call.call, &t.source.source, NULL, &t.object);
	ck_assert_int_eq(t.object.release != NULL, status == KIST_OK);
	if (status == KIST_OK)
		status = csv->serialize(NULL, &t.call.call, &t.object, NULL, &sink.sink);
	ck_assert_uint_eq(report.errors, 0);
	*ret_polls = t.call.polls;
	csvtest_close(&t);
	plugtest_sink_done(&sink);
	return status;
}

START_TEST(a_failure_of_the_source_is_passed_on)
{
	unsigned long polls;
	unsigned long k = 1;
	kist_status status;

	while ((status = run_all(k, 0, 0, &polls)) != KIST_OK) {
		/* While it is written, the table itself reports what its source said. */
		ck_assert(status == KIST_IO || status == KIST_INVALID);
		k++;
	}
	ck_assert_uint_gt(k, 12);
}
END_TEST

START_TEST(a_failure_of_the_sink_is_passed_on)
{
	unsigned long polls;
	unsigned long k = 1;

	for (; k <= 4; k++)
		ck_assert_int_eq(run_all(0, k, 0, &polls), KIST_IO);
	ck_assert_int_eq(run_all(0, k, 0, &polls), KIST_OK);
}
END_TEST

START_TEST(a_cancelled_call_ends_with_that_status)
{
	unsigned long polls;
	unsigned long all;

	ck_assert_int_eq(run_all(0, 0, 0, &all), KIST_OK);
	ck_assert_uint_ge(all, 4);
	for (unsigned long k = 1; k <= all; k++)
		ck_assert_int_eq(run_all(0, 0, k, &polls), KIST_CANCELLED);
}
END_TEST

START_TEST(long_work_polls_for_every_mebibyte)
{
	const size_t size = (size_t)5 << 20;
	char *text = malloc(size);
	struct plugtest_report report;
	struct csvtest_table t;

	for (size_t i = 0; i < size; i += 8)
		memcpy(text + i, "1,2,345\n", 8);
	plugtest_call_init(&t.call);
	plugtest_report_init(&report);
	plugtest_source_init(&t.source, text, size);
	ck_assert_int_eq(
		csvtest_interface()->validate(NULL, &t.call.call, &t.source.source, NULL, &report.report),
		KIST_OK);
	ck_assert_uint_ge(t.call.polls, 5);
	plugtest_call_done(&t.call);
	free(text);
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static size_t random_cell(uint32_t *state, char *to)
{
	static const char *const cells[] = { "",      "1",	"-7",	 "0.5",	    "1e-05",	 "true",
					     "false", "x",	"\"\"",	 "\"a,b\"", "\"q\"\"\"", "\"a\nb\"",
					     "nan",   "1.50",	"\"1\"", "\"x;y\"", "a b",	 "\xc3\xa9",
					     "\xff",  "\"\t\"", "\"|\"", "\"\r\n\"" };

	return (size_t)sprintf(to, "%s", cells[next_random(state) % (sizeof(cells) / sizeof(cells[0]))]);
}

/* Whatever is read: what is written of it reads back and is written the same. */
START_TEST(canonical_bytes_come_back_byte_for_byte)
{
	uint32_t state = (uint32_t)_i + 1;
	const uint32_t columns = 1 + next_random(&state) % 4;
	const uint32_t rows = next_random(&state) % 12;
	char text[4096];
	size_t n = 0;
	struct plugtest_sink first;
	struct plugtest_sink second;

	for (uint32_t row = 0; row <= rows; row++) {
		for (uint32_t column = 0; column < columns; column++) {
			if (column > 0)
				text[n++] = ',';
			n += random_cell(&state, text + n);
		}
		text[n++] = '\n';
	}
	ck_assert_int_eq(csvtest_rewrite(text, n, plugtest_params("delimiter=string:,", NULL), &first),
			 KIST_OK);
	ck_assert_int_eq(csvtest_rewrite(first.data, first.size, NULL, &second), KIST_OK);
	csvtest_expect(&second, first.data, first.size);
	plugtest_sink_done(&first);
	plugtest_sink_done(&second);
}
END_TEST

START_TEST(records_that_lie_across_the_pieces_come_back)
{
	const size_t size_max = 3000000;
	char *text = malloc(size_max + 64);
	struct plugtest_sink sink;
	size_t n = (size_t)sprintf(text, "n,t\n");

	for (uint32_t row = 0; n < size_max; row++) {
		n += (size_t)sprintf(text + n, "%u,\"%.*s\n\"\"\"\n", row, (int)(row % 37),
				     "abcdefghijklmnopqrstuvwxyzabcdefghijk");
	}
	ck_assert_int_eq(csvtest_rewrite(text, n, NULL, &sink), KIST_OK);
	csvtest_expect(&sink, text, n);
	plugtest_sink_done(&sink);
	free(text);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("csv");

	tcase_add_test(tcase, the_type_says_what_the_manifest_says);
	tcase_add_loop_test(tcase, the_layout_is_one_part_behind_the_mark, 0, 5);
	tcase_add_test(tcase, reads_of_one_byte_give_the_same_table);
	tcase_add_test(tcase, a_failure_of_the_source_is_passed_on);
	tcase_add_test(tcase, a_failure_of_the_sink_is_passed_on);
	tcase_add_test(tcase, a_cancelled_call_ends_with_that_status);
	tcase_add_test(tcase, long_work_polls_for_every_mebibyte);
	tcase_add_loop_test(tcase, canonical_bytes_come_back_byte_for_byte, 0, 300);
	tcase_add_test(tcase, records_that_lie_across_the_pieces_come_back);
	return suite_run(tcase, "csv");
}
