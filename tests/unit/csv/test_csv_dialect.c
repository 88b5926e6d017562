/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_decode.h"
#include "csv_dialect.h"
#include "csvtest.h"

#define TEXT(text) text, sizeof(text) - 1

/* What is read with two parameters ("" for none), written again; or the code of the refusal. */
static const struct {
	const char *text;
	size_t size;
	const char *first;
	const char *second;
	const char *wanted;
} table[] = {
	/* Encodings. */
	{ TEXT("\xff\xfe"
	       "a\0,\0b\0\r\0\n\0\xe9\0,\0\x3d\xd8\x00\xde\n\0"),
	  "encoding=string:utf-16", "", "a,b\n\xc3\xa9,\xf0\x9f\x98\x80\n" },
	{ TEXT("\xfe\xff\0a\0,\0b\0\n\0x\0,\0y"), "encoding=string:utf-16", "", "a,b\nx,y\n" },
	{ TEXT("a\0,\0b\0\n\0x\0,\0y\0"), "encoding=string:utf-16le", "", "a,b\nx,y\n" },
	{ TEXT("\0a\0,\0b\0\n\0x\0,\0y"), "encoding=string:utf-16be", "", "a,b\nx,y\n" },
	{ TEXT("a,b\n\xe9,\x93\n"), "encoding=string:latin-1", "", "a,b\n\xc3\xa9,\xc2\x93\n" },
	{ TEXT("a,b\n\xe9,\x93\x80\n"), "encoding=string:windows-1252", "",
	  "a,b\n\xc3\xa9,\xe2\x80\x9c\xe2\x82\xac\n" },
	{ TEXT("a,b\nx,\x81\n"), "encoding=string:windows-1252", "", "E_ENCODING@6" },
	{ TEXT("a\0,\0b\0\n\0x\0,\0y"), "encoding=string:utf-16le", "", "E_ENCODING@12" },
	{ TEXT("a\0,\0b\0\n\0x\0,\0\x00\xdcy\0"), "encoding=string:utf-16le", "", "E_ENCODING@12" },
	{ TEXT("a\0,\0b\0\n\0x\0,\0\x00\xd8y\0"), "encoding=string:utf-16le", "", "E_ENCODING@12" },
	{ TEXT("a\0,\0b\0\n\0x\0,\0\x00\xd8"), "encoding=string:utf-16le", "", "E_ENCODING@12" },
	{ TEXT("a,b\n"), "encoding=string:utf-16", "", "E_ENCODING@0" },
	{ TEXT("\xff\xfe"
	       "a\0"),
	  "", "", "E_ENCODING@0" },
	{ TEXT(""), "encoding=string:utf-16", "", "" },
	{ TEXT("\xff\xfe"), "encoding=string:utf-16", "", "" },
	{ TEXT("\xe9,b\n\xe9\xe9,1,2\n"), "encoding=string:latin-1", "", "E_RAGGED@4" },
	{ TEXT("\xfe\xff\0\xe9\0,\0b\0\n\0\"\0\xe9\0\"\0x"), "encoding=string:utf-16be", "", "E_QUOTE@16" },
	{ TEXT("a,b\n"), "encoding=string:ebcdic", "", "E_HEADER_SYNTAX" },
	/* Nulls. */
	{ TEXT("a,b\nNA,1\nx,\"N/A\"\n\"\",None\n"), "nulls=string:pandas", "", "a,b\n,1\nx,\n,\n" },
	{ TEXT("a,b\nNA,1\nx,N/A\n"), "", "", "a,b\nNA,1\nx,N/A\n" },
	{ TEXT("a,b\n,1\n\"\",2\n"), "", "", "a,b\n,1\n\"\",2\n" },
	/* Wrong records. */
	{ TEXT("a,b\n1,2\n3,4,5\n6,7\n"), "", "", "E_RAGGED@8" },
	{ TEXT("a,b\n1,2\n3,4,5\n6\n8,9\n"), "lenient=bool:1", "", "a,b\n1,2\n8,9\n" },
	{ TEXT("a,b\n1,2\n3\n"), "null_padding=bool:1", "", "a,b\n1,2\n3,\n" },
	{ TEXT("a,b\n1,2\n3,4,5\n"), "null_padding=bool:1", "", "E_RAGGED@8" },
	{ TEXT("a,b\n1,2\n3\n3,4,5\n"), "null_padding=bool:1", "lenient=bool:1", "a,b\n1,2\n3,\n" },
	{ TEXT("a,b\n\"x\"y,2\n\"p\"\"q\" \"r\",3\n"), "lenient=bool:1", "",
	  "a,b\nxy,2\n\"p\"\"q \"\"r\"\"\",3\n" },
	{ TEXT("a,b\nx,1\n\"never,2\ny,3\n"), "lenient=bool:1", "", "a,b\nx,1\n" },
	/* Dialects that are asked for. */
	{ TEXT("a,b\n'x,''y',2\n"), "quote=string:'", "", "a,b\n\"x,'y\",2\n" },
	{ TEXT("a,b\n\"x,2\n"), "quote=string:none", "", "a,b\n\"\"\"x\",2\n" },
	/* Without a comment the first line would be no record of two cells. */
	{ TEXT("#x\na,b\n1,2\n"), "", "", "a,b\n1,2\n" },
	{ TEXT("#x\na,b\n1,2\n"), "comment=string:none", "", "E_RAGGED@3" },
	{ TEXT("a,b\n\"x\\\"y\",2\n"), "escape=string:\\", "", "a,b\n\"x\"\"y\",2\n" },
	{ TEXT("% c\na,b\n%,\n1,2\n"), "comment=string:%", "", "a,b\n1,2\n" },
	{ TEXT("a,b\n"), "quote=string:,", "delimiter=string:,", "E_HEADER_SYNTAX" },
	{ TEXT("a,b\n"), "comment=string:;", "delimiter=string:;", "E_HEADER_SYNTAX" },
	{ TEXT("a,b\n"), "escape=string:;", "delimiter=string:;", "E_HEADER_SYNTAX" },
	{ TEXT("a,b\n"), "comment=string:\"", "", "E_HEADER_SYNTAX" },
	{ TEXT("a,b\n"), "quote=string:\n", "", "E_HEADER_SYNTAX" },
	{ TEXT("a,b\n"), "escape=string:\r", "", "E_HEADER_SYNTAX" },
	{ TEXT("a,b\n"), "quote=string:ab", "", "E_HEADER_SYNTAX" },
	/* Dialects that are found out. */
	{ TEXT("# made by a tool, and more, and more\na,b\n1,2\n# end\n"), "", "", "a,b\n1,2\n" },
	{ TEXT("a,b\n\"x\\\"y,z\",2\n"), "", "", "a,b\n\"x\"\"y,z\",2\n" },
	{ TEXT("a,b\n'x,y',2\n'z',3\n"), "", "", "a,b\n\"x,y\",2\nz,3\n" },
	{ TEXT("a;b\n'x;y';2\n"), "", "", "a,b\n\"x;y\",2\n" },
	{ TEXT("# c\n'a'\t'b'\n'x\\'y\tz'\t2\n"), "", "", "a,b\n\"x'y\tz\",2\n" },
	/* Signs that stand for themselves. */
	{ TEXT("a,b\n#1,2\n#2,3\n"), "", "", "a,b\n#1,2\n#2,3\n" },
	{ TEXT("#a,b\n1,2\n"), "", "", "#a,b\n1,2\n" },
	{ TEXT("a,b\n'tis,2\n"), "", "", "a,b\n'tis,2\n" },
	{ TEXT("a,b\nC:\\x,2\n"), "", "", "a,b\nC:\\x,2\n" },
};

static void rewrite(int row, size_t step, char *out, size_t room)
{
	struct csvtest_table t = { .object = { .struct_size = sizeof(struct kist_object) } };
	const struct kist_params *const params =
		*table[row].first ? plugtest_params(table[row].first,
						    *table[row].second ? table[row].second : NULL, NULL)
				  : NULL;
	struct plugtest_sink sink;

	plugtest_call_init(&t.call);
	plugtest_source_init(&t.source, table[row].text, table[row].size);
	t.source.step_max = step;
	plugtest_sink_init(&sink);
	t.status = csvtest_interface()->deserialize(NULL, &t.call.call, &t.source.source, params, &t.object);
	if (t.status == KIST_OK)
		t.status = csvtest_interface()->serialize(NULL, &t.call.call, &t.object, NULL, &sink.sink);
	if (t.status == KIST_OK)
		snprintf(out, room, "%.*s", (int)sink.size, sink.size ? (const char *)sink.data : "");
	else if (t.call.error.offset == KIST_NO_OFFSET)
		snprintf(out, room, "%s", t.call.error.code);
	else
		snprintf(out, room, "%s@%u", t.call.error.code, (unsigned int)t.call.error.offset);
	plugtest_sink_done(&sink);
	csvtest_close(&t);
}

START_TEST(each_dialect_is_read_as_it_is_meant_in_pieces_of_every_size)
{
	char out[512];

	for (size_t step = 0; step <= 5; step++) {
		rewrite(_i, step, out, sizeof(out));
		ck_assert_str_eq(out, table[_i].wanted);
	}
}
END_TEST

static void describe(const char *text, const struct kist_params *params, char *out, size_t room)
{
	struct plugtest_source source;
	struct plugtest_call call;
	struct plugtest_sink sink;

	plugtest_source_init(&source, text, strlen(text));
	plugtest_call_init(&call);
	plugtest_sink_init(&sink);
	ck_assert_int_eq(csvtest_interface()->describe(NULL, &call.call, &source.source, params, &sink.sink),
			 KIST_OK);
	ck_assert_uint_lt(sink.size, room);
	memcpy(out, sink.data, sink.size);
	out[sink.size] = '\0';
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
}

START_TEST(rejected_records_are_listed_with_their_place_and_reason)
{
	char out[4096];

	describe("a,b\n1,2\n3,4,5\n\"x\ny\",6\n7\n\"open,8\n", plugtest_params("lenient=bool:1", NULL), out,
		 sizeof(out));
	ck_assert_ptr_nonnull(strstr(out, "\"rows\":2,\"rejected\":3,\"rejects\":["));
	ck_assert_ptr_nonnull(strstr(out, "{\"line\":3,\"offset\":8,\"column\":3,\"code\":\"E_RAGGED\","
					  "\"reason\":\"the record has 3 cells, the first one 2\"}"));
	ck_assert_ptr_nonnull(strstr(out, "{\"line\":6,\"offset\":22,\"column\":2,\"code\":\"E_RAGGED\","));
	ck_assert_ptr_nonnull(strstr(out, "{\"line\":7,\"offset\":24,\"column\":1,\"code\":\"E_QUOTE\","
					  "\"reason\":\"the quote is never closed\"}"));
}
END_TEST

START_TEST(the_first_hundred_rejects_are_listed_and_all_are_counted)
{
	static char text[8 + 1000 * 6];
	static char out[65536];
	size_t n = (size_t)sprintf(text, "a,b\n");
	unsigned int listed = 0;

	for (unsigned int i = 0; i < 1000; i++)
		n += (size_t)sprintf(text + n, "1,2,3\n");
	describe(text, plugtest_params("lenient=bool:1", NULL), out, sizeof(out));
	ck_assert_ptr_nonnull(strstr(out, "\"rejected\":1000,"));
	for (const char *at = out; (at = strstr(at, "E_RAGGED")) != NULL; at++)
		listed++;
	ck_assert_uint_eq(listed, 100);
}
END_TEST

START_TEST(a_lenient_check_warns_where_a_strict_one_finds_errors)
{
	static const char text[] = "a,b\n1\n\"x\"y,2\n";

	for (int lenient = 0; lenient < 2; lenient++) {
		struct plugtest_source source;
		struct plugtest_report report;
		struct plugtest_call call;

		plugtest_source_init(&source, text, sizeof(text) - 1);
		plugtest_call_init(&call);
		plugtest_report_init(&report);
		ck_assert_int_eq(csvtest_interface()->validate(
					 NULL, &call.call, &source.source,
					 plugtest_params(lenient ? "lenient=bool:1" : "lenient=bool:0", NULL),
					 &report.report),
				 KIST_OK);
		ck_assert_uint_eq(report.errors, lenient ? 0 : 2);
		ck_assert_uint_eq(report.warnings, lenient ? 1 : 0);
		plugtest_call_done(&call);
	}
}
END_TEST

START_TEST(what_is_not_as_usual_in_a_dialect_is_described)
{
	char out[4096];

	describe("# c\na\tb\n'x\\'y\tz'\t2\n", NULL, out, sizeof(out));
	ck_assert_ptr_nonnull(
		strstr(out, "\"dialect\":{\"delimiter\":\"\\u0009\",\"quote\":\"'\",\"escape\":\"\\\\\","
			    "\"comment\":\"#\",\"newline\":\"LF\""));
	describe("a,b\n1,2\n", plugtest_params("encoding=string:latin-1", "quote=string:none", NULL), out,
		 sizeof(out));
	ck_assert_ptr_nonnull(strstr(out, "\"quote\":\"\",\"encoding\":\"latin-1\""));
}
END_TEST

START_TEST(every_byte_and_every_pair_is_one_character_and_counts_as_what_it_took)
{
	static const enum csv_encoding wide[] = { CSV_ENCODING_UTF16LE, CSV_ENCODING_UTF16BE };
	uint8_t out[16];
	size_t used;
	size_t made;

	for (unsigned int c = 0; c < 256; c++) {
		const uint8_t byte = (uint8_t)c;

		ck_assert(csv_decode(CSV_ENCODING_LATIN1, &byte, 1, out, &used, &made));
		ck_assert_uint_eq(csv_encoded_size(CSV_ENCODING_LATIN1, out, made), 1);
		if (csv_decode(CSV_ENCODING_CP1252, &byte, 1, out, &used, &made))
			ck_assert_uint_eq(csv_encoded_size(CSV_ENCODING_CP1252, out, made), 1);
		else
			ck_assert_ptr_nonnull(memchr("\x81\x8d\x8f\x90\x9d", byte, 5));
	}
	for (unsigned int c = 0; c < 65536; c++) {
		const uint8_t bytes[2][2] = { { (uint8_t)c, (uint8_t)(c >> 8) },
					      { (uint8_t)(c >> 8), (uint8_t)c } };

		for (int i = 0; i < 2; i++) {
			const bool good = csv_decode(wide[i], bytes[i], 2, out, &used, &made);

			ck_assert(good == (c < 0xdc00 || c > 0xdfff));
			if (c < 0xd800 || c > 0xdfff)
				ck_assert_uint_eq(csv_encoded_size(wide[i], out, made), 2);
			else
				ck_assert_uint_eq(used, 0);
		}
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("dialect");

	tcase_add_loop_test(tcase, each_dialect_is_read_as_it_is_meant_in_pieces_of_every_size, 0,
			    (int)(sizeof(table) / sizeof(table[0])));
	tcase_add_test(tcase, rejected_records_are_listed_with_their_place_and_reason);
	tcase_add_test(tcase, the_first_hundred_rejects_are_listed_and_all_are_counted);
	tcase_add_test(tcase, a_lenient_check_warns_where_a_strict_one_finds_errors);
	tcase_add_test(tcase, what_is_not_as_usual_in_a_dialect_is_described);
	tcase_add_test(tcase, every_byte_and_every_pair_is_one_character_and_counts_as_what_it_took);
	return suite_run(tcase, "csv_dialect");
}
