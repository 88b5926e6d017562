/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_read.h"
#include "csvtest.h"

/*
 * Texts that are made to hurt a reader, each with its verdict: the code of the first fault, or "" for a table that
 * is read.  They are made here because most are large.
 */

#define MEGA 1048576u

/** What a text is put together from. */
struct text {
	char *data;
	size_t size;
};

static void put(struct text *t, const void *data, size_t size)
{
	t->data = realloc(t->data, t->size + size + 1);
	memcpy(t->data + t->size, data, size);
	t->size += size;
}

static void put_times(struct text *t, const char *piece, size_t count)
{
	const size_t len = strlen(piece);

	t->data = realloc(t->data, t->size + len * count + 1);
	for (size_t i = 0; i < count; i++, t->size += len)
		memcpy(t->data + t->size, piece, len);
}

static void many_quotes_closed(struct text *t)
{
	put_times(t, "\"", MEGA);
}

static void many_quotes_open(struct text *t)
{
	put_times(t, "\"", MEGA - 1);
}

static void text_behind_every_quote(struct text *t)
{
	put_times(t, "a,b\n", 1);
	put_times(t, "\"x\"y,1\n", 100000);
}

static void stray_quotes_everywhere(struct text *t)
{
	put_times(t, "a,b\n", 1);
	put_times(t, "5\",6\"\"\n", 100000);
}

static void quotes_that_swallow_the_rest(struct text *t)
{
	put_times(t, "a,b\n1,\"2\n", 1);
	put_times(t, "3,4\n", 100000);
}

static void quotes_that_swallow_more_than_a_record(struct text *t)
{
	put_times(t, "a,b\n1,\"2\n", 1);
	put_times(t, "3,4\n", CSV_LINE_SIZE_MAX / 4 + 1);
}

static void as_many_cells_as_allowed(struct text *t)
{
	put_times(t, ",", CSV_COLUMNS_MAX - 1);
	put_times(t, "\n", 1);
	put_times(t, ",", CSV_COLUMNS_MAX - 1);
}

static void one_cell_more(struct text *t)
{
	put_times(t, ",", CSV_COLUMNS_MAX);
}

static void a_million_cells(struct text *t)
{
	put_times(t, "a\n", 1);
	put_times(t, "1,", MEGA - 1);
}

static void all_names_alike(struct text *t)
{
	put_times(t, "a,", CSV_COLUMNS_MAX - 1);
	put_times(t, "a\n", 1);
	put_times(t, "1,", CSV_COLUMNS_MAX - 1);
	put_times(t, "1\n", 1);
}

static void names_that_take_each_others_place(struct text *t)
{
	char name[32];

	for (unsigned int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "a,a_%u,", i % 10000);
		put_times(t, name, 1);
	}
	put_times(t, "z\n", 1);
}

static void nothing_but_nul(struct text *t)
{
	static const char zeros[4096];

	for (unsigned int i = 0; i < 256; i++)
		put(t, zeros, sizeof(zeros));
}

static void nul_in_every_cell(struct text *t)
{
	for (unsigned int i = 0; i < 50000; i++)
		put(t, "a\0,\0\n", 5);
}

static void two_marks(struct text *t)
{
	put_times(t,
		  "\xef\xbb\xbf\xef\xbb\xbf"
		  "a,b\n1,2\n",
		  1);
}

static void a_mark_on_every_line(struct text *t)
{
	put_times(t,
		  "\xef\xbb\xbf"
		  "1,2\n",
		  1000);
}

static void half_a_mark(struct text *t)
{
	put_times(t, "\xef\xbb", 1);
}

static void a_mark_before_utf16(struct text *t)
{
	put(t,
	    "\xef\xbb\xbf\xff\xfe"
	    "a\0,\0b\0\n\0",
	    12);
}

static void utf16(struct text *t)
{
	put(t,
	    "\xff\xfe"
	    "a\0,\0b\0\n\0",
	    10);
}

static void a_cell_as_long_as_allowed(struct text *t)
{
	put_times(t, "a\n", 1);
	put_times(t, "x", CSV_LINE_SIZE_MAX);
}

static void a_cell_too_long(struct text *t)
{
	put_times(t, "a\n", 1);
	put_times(t, "x", CSV_LINE_SIZE_MAX + 1);
	put_times(t, "\ny\n", 1);
}

static void long_numbers(struct text *t)
{
	static const char *const ends[] = { "", ".5", "e99999999999", "e-5", ".", "-" };

	put_times(t, "n\n", 1);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		put_times(t, "9", 100000);
		put_times(t, ends[i], 1);
		put_times(t, "\n0.", 1);
		put_times(t, "0", 100000);
		put_times(t, "1\n", 1);
	}
}

static void numbers_that_are_none(struct text *t)
{
	put_times(t, "n\n-\n+\n.\n-.\ne\n1e\n1e+\n1.e5\n0x10\n--1\n1-\n1.2.3\n-inf-\nnannan\n\xd9\xa1\n",
		  1000);
}

static void years_beyond_time(struct text *t)
{
	put_times(t,
		  "d\n0000-00-00\n9999-99-99\n-001-01-01\n2024-02-30 25:61:61\n2024-01-01T00:00:00+99:99\n",
		  1000);
}

static void nothing_but_newlines(struct text *t)
{
	put_times(t, "\n\r\r\n", MEGA / 4);
}

static void each_line_of_another_width(struct text *t)
{
	put_times(t, "a,b\n", 1);
	put_times(t, "1\n1,2,3\n", 100000);
}

static void bytes_that_are_no_characters(struct text *t)
{
	put_times(t, "a,b\n", 1);
	put_times(t, "\xc0\x80,\xed\xa0\x80\n\xf5\x80\x80\x80,\xff\n", 10000);
}

static const struct {
	void (*make)(struct text *t);
	const char *code;
	const char *lenient;
} samples[] = {
	{ many_quotes_closed, "", "" },
	{ many_quotes_open, "E_QUOTE", "" },
	{ text_behind_every_quote, "E_QUOTE", "" },
	{ stray_quotes_everywhere, "", "" },
	{ quotes_that_swallow_the_rest, "E_QUOTE", "" },
	{ quotes_that_swallow_more_than_a_record, "E_LINE_TOO_LONG", "" },
	{ as_many_cells_as_allowed, "", "" },
	{ one_cell_more, "E_OVERFLOW", "" },
	{ a_million_cells, "E_OVERFLOW", "" },
	{ all_names_alike, "", "" },
	{ names_that_take_each_others_place, "", "" },
	{ nothing_but_nul, "", "" },
	{ nul_in_every_cell, "", "" },
	{ two_marks, "", "" },
	{ a_mark_on_every_line, "", "" },
	{ half_a_mark, "", "" },
	{ a_mark_before_utf16, "", "" },
	{ utf16, "E_ENCODING", "E_ENCODING" },
	{ a_cell_as_long_as_allowed, "", "" },
	{ a_cell_too_long, "E_LINE_TOO_LONG", "" },
	{ long_numbers, "", "" },
	{ numbers_that_are_none, "", "" },
	{ years_beyond_time, "", "" },
	{ nothing_but_newlines, "", "" },
	{ each_line_of_another_width, "E_RAGGED", "" },
	{ bytes_that_are_no_characters, "", "" },
};

/* The first code that validate gives, and whether deserialize and describe say the same. */
static void check_verdict(const struct text *t, const char *code, const struct kist_params *params)
{
	const bool good = code[0] == '\0';
	struct plugtest_report report;
	struct plugtest_sink sink;
	struct csvtest_table table;

	csvtest_open(&table, t->data, t->size, params);
	ck_assert_int_eq(table.status == KIST_OK, good);
	ck_assert_str_eq(table.call.error.code, code);
	plugtest_sink_init(&sink);
	ck_assert_int_eq(csvtest_interface()->describe(NULL, &table.call.call, &table.source.source, params,
						       &sink.sink) == KIST_OK,
			 good);
	ck_assert_uint_le(sink.size, 262144);
	plugtest_sink_done(&sink);
	plugtest_report_init(&report);
	ck_assert_int_eq(csvtest_interface()->validate(NULL, &table.call.call, &table.source.source, params,
						       &report.report),
			 KIST_OK);
	ck_assert_int_eq(report.errors == 0, good);
	ck_assert_uint_le(report.errors + report.warnings, 1000);
	if (!good)
		ck_assert_str_eq(report.code, code);
	csvtest_close(&table);
}

START_TEST(each_sample_has_its_verdict)
{
	struct text t = { 0 };

	samples[_i].make(&t);
	check_verdict(&t, samples[_i].code, NULL);
	check_verdict(&t, samples[_i].lenient, plugtest_params("lenient=bool:1", NULL));
	free(t.data);
}
END_TEST

START_TEST(what_is_read_is_written_so_that_it_reads_back)
{
	struct plugtest_sink first;
	struct plugtest_sink second;
	struct text t = { 0 };

	samples[_i].make(&t);
	plugtest_sink_init(&first);
	plugtest_sink_init(&second);
	/* What does not fit a record once it is written is refused. */
	if (samples[_i].code[0] == '\0' && csvtest_rewrite(t.data, t.size, NULL, &first) == KIST_OK) {
		ck_assert_int_eq(csvtest_rewrite(first.data, first.size, NULL, &second), KIST_OK);
		csvtest_expect(&second, first.data, first.size);
	}
	plugtest_sink_done(&first);
	plugtest_sink_done(&second);
	free(t.data);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("hostile");

	tcase_add_loop_test(tcase, each_sample_has_its_verdict, 0,
			    (int)(sizeof(samples) / sizeof(samples[0])));
	tcase_add_loop_test(tcase, what_is_read_is_written_so_that_it_reads_back, 0,
			    (int)(sizeof(samples) / sizeof(samples[0])));
	return suite_run(tcase, "csv_hostile");
}
