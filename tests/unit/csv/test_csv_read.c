/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_read.h"
#include "csv_validate.h"
#include "csvtest.h"

/* What is refused: by deserialize, by describe and, as an issue, by validate, at the same place. */
static const struct {
	const char *text;
	kist_status status;
	const char *code;
	uint64_t offset;
	const char *message;
} refused[] = {
	{ "a,b\n1\n", KIST_CORRUPT, "E_RAGGED", 4,
	  "line 2, column 2: the record has 1 cell, the first one 2" },
	{ "a,b\n1,2\n1,2,3\n", KIST_CORRUPT, "E_RAGGED", 8,
	  "line 3, column 3: the record has 3 cells, the first one 2" },
	{ "a,b\n\"x\"y,2\n", KIST_CORRUPT, "E_QUOTE", 7, "line 2, column 1: text follows the closing quote" },
	{ "a,b\n\"x\n\ny\",\"z\" \n", KIST_CORRUPT, "E_QUOTE", 14,
	  "line 4, column 2: text follows the closing quote" },
	{ "a,b\n1,\"z\n\n", KIST_CORRUPT, "E_QUOTE", 6, "line 2, column 2: the quote is never closed" },
	{ "\xff\xfe"
	  "a\0",
	  KIST_UNSUPPORTED, "E_ENCODING", 0,
	  "the text is UTF-16: say encoding=utf-16, or convert it to UTF-8" },
	{ "\xfe\xff", KIST_UNSUPPORTED, "E_ENCODING", 0,
	  "the text is UTF-16: say encoding=utf-16, or convert it to UTF-8" },
};

static void check_refused(const uint8_t *data, size_t size, size_t step, kist_status status, const char *code,
			  uint64_t offset, const char *message)
{
	struct csvtest_table t = { .object = { .struct_size = sizeof(struct kist_object) } };
	struct plugtest_report report;

	plugtest_call_init(&t.call);
	plugtest_source_init(&t.source, data, size);
	t.source.step_max = step;
	ck_assert_int_eq(
		csvtest_interface()->deserialize(NULL, &t.call.call, &t.source.source, NULL, &t.object),
		status);
	ck_assert_ptr_null(t.object.release);
	ck_assert_int_eq(t.call.error.status, status);
	ck_assert_str_eq(t.call.error.code, code);
	ck_assert_uint_eq(t.call.error.offset, offset);
	ck_assert_str_eq(t.call.error.text, message);
	plugtest_report_init(&report);
	ck_assert_int_eq(
		csvtest_interface()->validate(NULL, &t.call.call, &t.source.source, NULL, &report.report),
		KIST_OK);
	ck_assert_uint_eq(report.errors, 1);
	ck_assert_str_eq(report.code, code);
	ck_assert_uint_eq(report.offset, offset);
	ck_assert_str_eq(report.text, message);
	plugtest_call_done(&t.call);
}

START_TEST(faults_are_refused_with_their_place_in_pieces_of_every_size)
{
	const uint8_t *text = (const uint8_t *)refused[_i].text;
	const size_t size = strlen(refused[_i].text);

	for (size_t step = 0; step <= size; step++)
		check_refused(text, size, step, refused[_i].status, refused[_i].code, refused[_i].offset,
			      refused[_i].message);
}
END_TEST

START_TEST(a_line_over_the_limit_is_refused)
{
	const size_t size = CSV_LINE_SIZE_MAX + 1;
	char *text = malloc(size + 5);
	struct csvtest_table t;
	char message[128];

	memcpy(text, "abc\n", 4);
	memset(text + 4, 'x', size);
	snprintf(message, sizeof(message), "line 2, column 1: the record is longer than %u bytes",
		 CSV_LINE_SIZE_MAX);
	check_refused((uint8_t *)text, size + 4, 0, KIST_LIMIT, "E_LINE_TOO_LONG", 4, message);
	csvtest_open(&t, text, size + 3, NULL);
	ck_assert_int_eq(t.status, KIST_OK);
	csvtest_close(&t);
	free(text);
}
END_TEST

START_TEST(too_many_columns_are_refused)
{
	char *text = malloc(CSV_COLUMNS_MAX + 1);
	struct csvtest_table t;
	char message[128];

	memset(text, ',', CSV_COLUMNS_MAX + 1);
	snprintf(message, sizeof(message), "line 1, column %u: the record has more than %u cells",
		 CSV_COLUMNS_MAX + 1, CSV_COLUMNS_MAX);
	check_refused((uint8_t *)text, CSV_COLUMNS_MAX, 0, KIST_LIMIT, "E_OVERFLOW", 0, message);
	csvtest_open(&t, text, CSV_COLUMNS_MAX - 1, NULL);
	ck_assert_int_eq(t.status, KIST_OK);
	csvtest_close(&t);
	free(text);
}
END_TEST

START_TEST(validate_goes_on_after_a_fault_and_ends_at_the_greatest_number)
{
	static const char text[] = "a,b\n\"x\"y,\n1,2\n3\n\"p\"\nq\"\n4,5,6\n7,8\n9";
	char many[4096] = "a,b\n";
	struct csvtest_table t;
	struct plugtest_report report;

	plugtest_call_init(&t.call);
	plugtest_source_init(&t.source, text, sizeof(text) - 1);
	for (t.source.step_max = 0; t.source.step_max < 12; t.source.step_max++) {
		plugtest_report_init(&report);
		ck_assert_int_eq(csvtest_interface()->validate(NULL, &t.call.call, &t.source.source, NULL,
							       &report.report),
				 KIST_OK);
		ck_assert_uint_eq(report.errors, 6);
	}
	for (unsigned i = 0; i < CSV_ISSUES_MAX + 100; i++)
		strcat(many, "1\n");
	plugtest_source_init(&t.source, many, strlen(many));
	plugtest_report_init(&report);
	ck_assert_int_eq(
		csvtest_interface()->validate(NULL, &t.call.call, &t.source.source, NULL, &report.report),
		KIST_OK);
	ck_assert_uint_eq(report.errors, CSV_ISSUES_MAX);
	plugtest_call_done(&t.call);
}
END_TEST

START_TEST(records_come_with_their_lines_and_offsets)
{
	static const char text[] = "\xef\xbb\xbf"
				   "a,b\r\n\r\n\"x\r\ny\",1\r\n2,3";
	struct plugtest_source source;
	struct csv_reader reader;
	struct csv_record record;

	plugtest_source_init(&source, text, sizeof(text) - 1);
	source.step_max = (size_t)_i;
	ck_assert_int_eq(csv_reader_open(&reader, &source.source, NULL, (struct csv_dialect){ 0 }), KIST_OK);
	ck_assert(reader.dialect.bom);
	ck_assert_int_eq(csv_reader_next(&reader, &record), KIST_OK);
	ck_assert_uint_eq(record.line, 1);
	ck_assert_uint_eq(record.offset, 3);
	ck_assert_int_eq(reader.newline, CSV_NEWLINE_CRLF);
	ck_assert_int_eq(csv_reader_next(&reader, &record), KIST_OK);
	ck_assert_uint_eq(record.line, 3);
	ck_assert_uint_eq(record.offset, 10);
	ck_assert_uint_eq(record.cells[0].len, 4);
	ck_assert_int_eq(csv_reader_next(&reader, &record), KIST_OK);
	ck_assert_uint_eq(record.line, 5);
	ck_assert_uint_eq(record.offset, 20);
	ck_assert_int_eq(csv_reader_next(&reader, &record), KIST_OK);
	ck_assert_uint_eq(record.count, 0);
	csv_reader_close(&reader);
	csv_reader_close(&reader);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("read");

	tcase_add_loop_test(tcase, faults_are_refused_with_their_place_in_pieces_of_every_size, 0,
			    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(tcase, a_line_over_the_limit_is_refused);
	tcase_add_test(tcase, too_many_columns_are_refused);
	tcase_add_test(tcase, validate_goes_on_after_a_fault_and_ends_at_the_greatest_number);
	tcase_add_loop_test(tcase, records_come_with_their_lines_and_offsets, 0, 24);
	return suite_run(tcase, "csv_read");
}
