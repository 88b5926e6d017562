/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_types.h"
#include "csvtest.h"

#define TEXT(s) s, sizeof(s) - 1

/* Formats and names of what is read, and the canonical bytes that it is written as. */
static const struct {
	const char *text;
	size_t size;
	const char *schema;
	const char *canonical;
} table[] = {
	{ TEXT(""), "", "" },
	{ TEXT("\xef\xbb\xbf"), "", "" },
	{ TEXT("\n\r\n"), "", "" },
	{ TEXT("a\n"), "u:a", "a\n" },
	{ TEXT("a,b"), "u:a u:b", "a,b\n" },
	{ TEXT("a,b\n1,2\n"), "l:a l:b", "a,b\n1,2\n" },
	{ TEXT("\xef\xbb\xbf"
	       "a\tb\r\n1\tx,y\r\n"),
	  "l:a u:b", "a,b\n1,\"x,y\"\n" },
	{ TEXT("a,b\r1,2\r"), "l:a l:b", "a,b\n1,2\n" },
	{ TEXT("1,2\n3,4\n"), "l:column_1 l:column_2", "column_1,column_2\n1,2\n3,4\n" },
	{ TEXT("1\n"), "l:column_1", "column_1\n1\n" },
	{ TEXT("\"1\",\"2\"\n3,4\n"), "l:1 l:2", "\"1\",\"2\"\n3,4\n" },
	{ TEXT("id,2020,2021\n1,5,6\n"), "l:id l:2020 l:2021", "id,\"2020\",\"2021\"\n1,5,6\n" },
	{ TEXT("a,b\nx,y\n"), "u:a u:b", "a,b\nx,y\n" },
	{ TEXT("a,a\nx,y\n"), "u:column_1 u:column_2", "column_1,column_2\na,a\nx,y\n" },
	{ TEXT("a,a,,a_1\n1,2,3,4\n"), "l:a l:a_2 l:column_3 l:a_1", "a,a_2,column_3,a_1\n1,2,3,4\n" },
	{ TEXT("a,b\n1,\n,\"\"\n"), "l:a u:b", "a,b\n1,\n,\"\"\n" },
	{ TEXT("a\n\"\"\n1\n\n2\n"), "l:a", "a\n\"\"\n1\n2\n" },
	{ TEXT("a,b\n,\n"), "u:a u:b", "a,b\n,\n" },
	{ TEXT("a,b\n1,x\n2.5,y\n"), "u:a u:b", "a,b\n1,x\n2.5,y\n" },
	{ TEXT("a\n1.0\n2.5\n"), "g:a", "a\n1.0\n2.5\n" },
	{ TEXT("a\n1.50\n"), "d:38,2:a", "a\n1.50\n" },
	{ TEXT("a\n1.5\n2.50\n"), "u:a", "a\n1.5\n2.50\n" },
	{ TEXT("a\n1.25\n2.50\n-10.00\n"), "d:38,2:a", "a\n1.25\n2.50\n-10.00\n" },
	{ TEXT("a\n1.5\n12345678901234567890.1\n"), "d:38,1:a", "a\n1.5\n12345678901234567890.1\n" },
	{ TEXT("a\n-0.0\n12345678901234567890.1\n"), "u:a", "a\n-0.0\n12345678901234567890.1\n" },
	{ TEXT("a\n-0.00\n"), "u:a", "a\n-0.00\n" },
	{ TEXT("a\n.50\n"), "u:a", "a\n.50\n" },
	{ TEXT("a\n1\n2.50\n"), "u:a", "a\n1\n2.50\n" },
	{ TEXT("a\n-1\n99999999999999999999\n"), "d:38,0:a", "a\n-1\n99999999999999999999\n" },
	{ TEXT("a\n-1\n18446744073709551615\n"), "d:38,0:a", "a\n-1\n18446744073709551615\n" },
	{ TEXT("a\n1\n18446744073709551615\n"), "L:a", "a\n1\n18446744073709551615\n" },
	{ TEXT("a\n1\n18446744073709551616\n"), "d:38,0:a", "a\n1\n18446744073709551616\n" },
	{ TEXT("a\n99999999999999999999999999999999999999\n"), "d:38,0:a",
	  "a\n99999999999999999999999999999999999999\n" },
	{ TEXT("a\n999999999999999999999999999999999999999\n"), "u:a",
	  "a\n999999999999999999999999999999999999999\n" },
	{ TEXT("d\n2024-02-29\n\n0001-01-01\n"), "tdD:d", "d\n2024-02-29\n0001-01-01\n" },
	{ TEXT("d\n2023-02-29\n"), "u:d", "d\n2023-02-29\n" },
	{ TEXT("d\n2024-01-31\n1\n"), "u:d", "d\n2024-01-31\n1\n" },
	{ TEXT("2024-01-31\n2024-02-01\n"), "tdD:column_1", "column_1\n2024-01-31\n2024-02-01\n" },
	{ TEXT("t\n23:59:59\n00:00:00.5\n"), "ttu:t", "t\n23:59:59\n00:00:00.5\n" },
	{ TEXT("t\n23:59:59.500\n00:00:00.120\n"), "ttu:t", "t\n23:59:59.500\n00:00:00.120\n" },
	{ TEXT("t\n23:59:59.500\n00:00:00.1\n"), "u:t", "t\n23:59:59.500\n00:00:00.1\n" },
	{ TEXT("t\n24:00:00\n"), "u:t", "t\n24:00:00\n" },
	{ TEXT("t\n2020-01-01 00:00:00\n1969-12-31 23:59:59.25\n"), "tsu::t",
	  "t\n2020-01-01 00:00:00\n1969-12-31 23:59:59.25\n" },
	{ TEXT("t\n2020-01-01T00:00:00.000Z\n"), "tsu:UTC:t", "t\n2020-01-01T00:00:00.000Z\n" },
	{ TEXT("t\n2020-01-01 00:00:00+01:00\n0001-01-01 00:00:00+01:00\n"), "tsu:+01:00:t",
	  "t\n2020-01-01 00:00:00+01:00\n0001-01-01 00:00:00+01:00\n" },
	{ TEXT("t\n2020-01-01 00:00:00+01:00\n2020-07-01 00:00:00+02:00\n"), "u:t",
	  "t\n2020-01-01 00:00:00+01:00\n2020-07-01 00:00:00+02:00\n" },
	{ TEXT("t\n2020-01-01 00:00:00\n2020-01-01T00:00:00\n"), "u:t",
	  "t\n2020-01-01 00:00:00\n2020-01-01T00:00:00\n" },
	{ TEXT("t\n2020-01-01 00:00:00.1234567\n"), "u:t", "t\n2020-01-01 00:00:00.1234567\n" },
	{ TEXT("t\n2020-01-01 00:00:00-00:00\n"), "u:t", "t\n2020-01-01 00:00:00-00:00\n" },
	{ TEXT("a\n01\n2\n"), "u:a", "a\n01\n2\n" },
	{ TEXT("a\n+1\n2\n"), "u:a", "a\n+1\n2\n" },
	{ TEXT("a\n-0\n2\n"), "u:a", "a\n-0\n2\n" },
	{ TEXT("a\n-0.0\n2.5\n"), "g:a", "a\n-0.0\n2.5\n" },
	{ TEXT("a\n1e5\n"), "u:a", "a\n1e5\n" },
	{ TEXT("a\n1e-05\nnan\n-inf\n"), "g:a", "a\n1e-05\nnan\n-inf\n" },
	{ TEXT("a\n9223372036854775807\n"), "l:a", "a\n9223372036854775807\n" },
	{ TEXT("a\n9223372036854775808\n"), "L:a", "a\n9223372036854775808\n" },
	{ TEXT("a\ntrue\nfalse\n"), "b:a", "a\ntrue\nfalse\n" },
	{ TEXT("a\nTrue\nFalse\n"), "u:a", "a\nTrue\nFalse\n" },
	{ TEXT("a\ntrue\n1\n"), "u:a", "a\ntrue\n1\n" },
	{ TEXT("a,b\n\"1\",\"2.5\"\n"), "l:a g:b", "a,b\n1,2.5\n" },
	{ TEXT("a,b\n\xff,1\n"), "z:a l:b", "a,b\n\xff,1\n" },
	{ TEXT("a,b\n\xc3\xa9,1\n"), "u:a l:b", "a,b\n\xc3\xa9,1\n" },
	{ TEXT("a,b\n1,x\n\xff,y\n"), "z:a u:b", "a,b\n1,x\n\xff,y\n" },
	{ TEXT("d\n2024-01-31\n"), "tdD:d", "d\n2024-01-31\n" },
	{ TEXT("a,b\n\"x\"\"y\",\"p\nq\"\n"), "u:a u:b", "a,b\n\"x\"\"y\",\"p\nq\"\n" },
	{ TEXT("a,b\nx\"y,2\n"), "u:a l:b", "a,b\n\"x\"\"y\",2\n" },
	{ TEXT("a,b\n x ,\t\n"), "u:a u:b", "a,b\n x ,\"\t\"\n" },
	{ TEXT("1.50,2.50\n3.50,4.50\n"), "d:38,2:column_1 d:38,2:column_2",
	  "column_1,column_2\n1.50,2.50\n3.50,4.50\n" },
};

START_TEST(columns_have_the_type_that_gives_their_cells_back)
{
	struct csvtest_table t;
	struct plugtest_sink sink;
	struct plugtest_sink again;

	csvtest_open(&t, table[_i].text, table[_i].size, NULL);
	ck_assert_int_eq(t.status, KIST_OK);
	ck_assert_str_eq(csvtest_schema(&t), table[_i].schema);
	csvtest_close(&t);
	ck_assert_int_eq(csvtest_rewrite(table[_i].text, table[_i].size, NULL, &sink), KIST_OK);
	csvtest_expect(&sink, table[_i].canonical, strlen(table[_i].canonical));
	ck_assert_int_eq(csvtest_rewrite(sink.data, sink.size, NULL, &again), KIST_OK);
	csvtest_expect(&again, sink.data, sink.size);
	plugtest_sink_done(&sink);
	plugtest_sink_done(&again);
}
END_TEST

START_TEST(nul_bytes_stay_in_their_cells)
{
	static const char text[] = "a,b\nx\0y,\0\n";
	struct plugtest_sink sink;

	ck_assert_int_eq(csvtest_rewrite(text, sizeof(text) - 1, NULL, &sink), KIST_OK);
	csvtest_expect(&sink, text, sizeof(text) - 1);
	plugtest_sink_done(&sink);
}
END_TEST

START_TEST(parameters_overrule_what_would_be_found)
{
	static const struct {
		const char *text;
		const char *delimiter;
		const char *header;
		const char *schema;
	} rows[] = {
		{ "a;b\n1;2\n", "delimiter=string:,", "header=string:auto", "u:a;b" },
		{ "a b\n1 2\n", "delimiter=string: ", "header=string:auto", "l:a l:b" },
		{ "a,b\n1,2\n", "delimiter=string:", "header=string:no", "u:column_1 u:column_2" },
		{ "1,2\n3,4\n", "delimiter=string:", "header=string:yes", "l:1 l:2" },
		{ ",a,b\n0,x,y\n", "delimiter=string:", "header=string:auto", "l:column_1 u:a u:b" },
		{ "\"\",a\n\"0\",x\n", "delimiter=string:", "header=string:auto", "l:column_1 u:a" },
		{ ",a\n", "delimiter=string:", "header=string:auto", "u:column_1 u:a" },
		{ ",a\nz,b\n", "delimiter=string:", "header=string:auto", "u:column_1 u:column_2" },
		{ "x,,b\n0,x,y\n", "delimiter=string:", "header=string:auto", "l:x u:column_2 u:b" },
		{ "x,,b\nw,x,y\n", "delimiter=string:", "header=string:auto",
		  "u:column_1 u:column_2 u:column_3" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct csvtest_table t;

		csvtest_open(&t, rows[i].text, strlen(rows[i].text),
			     plugtest_params(rows[i].delimiter, rows[i].header, NULL));
		ck_assert_int_eq(t.status, KIST_OK);
		ck_assert_str_eq(csvtest_schema(&t), rows[i].schema);
		csvtest_close(&t);
	}
}
END_TEST

START_TEST(a_delimiter_that_cannot_be_one_is_refused)
{
	static const char *const params[] = { "delimiter=string:\"",	   "delimiter=string:\n",
					      "delimiter=string:\r",	   "delimiter=string:ab",
					      "delimiter=string:\xc3\xa9", "delimiter=string:1",
					      "header=string:maybe" };
	struct csvtest_table t;

	csvtest_open(&t, "a,b", 3, plugtest_params(params[_i], NULL));
	ck_assert_int_eq(t.status, KIST_INVALID);
	ck_assert_str_eq(t.call.error.code, "E_HEADER_SYNTAX");
	csvtest_close(&t);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("types");

	tcase_add_loop_test(tcase, columns_have_the_type_that_gives_their_cells_back, 0,
			    (int)(sizeof(table) / sizeof(table[0])));
	tcase_add_test(tcase, nul_bytes_stay_in_their_cells);
	tcase_add_test(tcase, parameters_overrule_what_would_be_found);
	tcase_add_loop_test(tcase, a_delimiter_that_cannot_be_one_is_refused, 0, 7);
	return suite_run(tcase, "csv_types");
}
