/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_schema.h"

#include "csvtest.h"

/* A table schema of these columns. */
#define COLUMNS(list) "{\"tableSchema\":{\"columns\":[" list "]}}"

static const struct kist_params *schema_param(const char *schema)
{
	static char text[4096];

	snprintf(text, sizeof(text), "schema=string:%s", schema);
	return plugtest_params(text, NULL);
}

/* What a text is with a schema: the columns' formats, or the code of what is wrong. */
static const struct {
	const char *text;
	const char *schema;
	const char *found;
} rows[] = {
	{ "a,b\n1,2\n", "{}", "l:a l:b" },
	{ "a,b\n1,2\n", COLUMNS("{},{}"), "l:a l:b" },
	{ "a,b\n1,2\n", COLUMNS("{\"titles\":\"a\",\"datatype\":\"string\"},{\"titles\":\"b\"}"), "u:a l:b" },
	{ "a,b\n1,2\n", COLUMNS("{\"titles\":[\"a\",\"x\"]},{\"titles\":{\"en\":\"b\",\"fr\":\"c\"}}"),
	  "l:a l:b" },
	{ "a,b\n1,2\n", COLUMNS("{\"titles\":\"x\"},{}"), "E_SCHEMA" },
	{ "a,b\n1,2\n", COLUMNS("{}"), "E_SCHEMA" },
	{ "a,b\n1,2\n", COLUMNS("{},{},{}"), "E_SCHEMA" },
	{ "a,b\n1,2\n", COLUMNS("{\"datatype\":\"integer\"},{\"datatype\":{\"base\":\"long\"}}"), "l:a l:b" },
	{ "a,b\n1,2\n", COLUMNS("{\"datatype\":\"date\"},{}"), "E_SCHEMA" },
	{ "a,b\n1,2.5\n", COLUMNS("{\"datatype\":\"double\"},{\"datatype\":\"number\"}"), "l:a g:b" },
	{ "a,b\n1,2.5\n", COLUMNS("{},{\"datatype\":\"integer\"}"), "E_SCHEMA" },
	{ "a,b\n01,2\n", COLUMNS("{\"datatype\":\"integer\"},{}"), "E_SCHEMA" },
	{ "a,b\n1.50,true\n", COLUMNS("{\"datatype\":\"decimal\"},{\"datatype\":\"boolean\"}"),
	  "d:38,2:a b:b" },
	{ "a,b\n2024-01-01,12:00:00\n", COLUMNS("{\"datatype\":\"date\"},{\"datatype\":\"time\"}"),
	  "tdD:a ttu:b" },
	{ "a,b\n2024-01-01,2024-01-01T00:00:00Z\n",
	  COLUMNS("{\"datatype\":\"string\"},{\"datatype\":\"dateTime\"}"), "u:a tsu:UTC:b" },
	{ "a,b\n2024-01-01,x\n", COLUMNS("{\"datatype\":\"gYear\"},{\"datatype\":\"anyURI\"}"), "u:a u:b" },
	{ "a,b\n1,\n", COLUMNS("{\"required\":true},{\"required\":false}"), "l:a u:b" },
	{ "a,b\n1,\n", COLUMNS("{},{\"required\":true}"), "E_SCHEMA" },
	{ "a,b\n,\n", COLUMNS("{\"datatype\":\"integer\"},{\"datatype\":\"string\"}"), "u:a u:b" },
	{ "1;2\n3;4\n", "{\"dialect\":{\"delimiter\":\";\",\"header\":false}}", "l:column_1 l:column_2" },
	{ "x;y\n3;4\n", "{\"dialect\":{\"delimiter\":\";\",\"header\":false}}", "u:column_1 u:column_2" },
	{ "#c\na,b\n'1,5',2\n",
	  "{\"dialect\":{\"delimiter\":\",\",\"quoteChar\":\"'\",\"commentPrefix\":\"#\"}}", "u:a l:b" },
	{ "\xe9,b\n1,2\n", "{\"dialect\":{\"encoding\":\"ISO-8859-1\"}}", "l:\xc3\xa9 l:b" },
	{ "a,b\n1,2\n", "{\"dialect\":{\"delimiter\":\"ab\"}}", "E_SCHEMA" },
	{ "a,b\n1,2\n", "{\"dialect\":{\"delimiter\":\"a\"}}", "E_HEADER_SYNTAX" },
	{ "a,b\n1,2\n", "{\"dialect\":{\"encoding\":\"ebcdic\"}}", "E_SCHEMA" },
	{ "a,b\n1,2\n", "[]", "E_SCHEMA" },
	{ "a,b\n1,2\n", "{", "E_SCHEMA" },
	{ "a,b\n1,2\n", "{\"tableSchema\":{\"columns\":1}}", "E_SCHEMA" },
	{ "a,b\n1,2\n", COLUMNS("{\"null\":\"\"},{\"null\":[\"NA\"]}"), "E_SCHEMA" },
	{ "", COLUMNS("{}"), "" },
	{ "", COLUMNS("{\"datatype\":\"integer\"}"), "" },
};

/* Deserialize, describe and validate say the same. */
static void check_row(const char *text, const char *schema, const char *found)
{
	const struct kist_params *const params = schema_param(schema);
	const bool good = strncmp(found, "E_", 2) != 0;
	struct plugtest_report report;
	struct plugtest_sink sink;
	struct csvtest_table t;
	kist_status status;

	csvtest_open(&t, text, strlen(text), params);
	ck_assert_str_eq(t.call.error.code, good ? "" : found);
	if (good)
		ck_assert_str_eq(csvtest_schema(&t), found);
	plugtest_sink_init(&sink);
	status = csvtest_interface()->describe(NULL, &t.call.call, &t.source.source, params, &sink.sink);
	ck_assert_int_eq(status == KIST_OK, good);
	plugtest_sink_done(&sink);
	plugtest_report_init(&report);
	status = csvtest_interface()->validate(NULL, &t.call.call, &t.source.source, params, &report.report);
	/* What is wrong with the schema itself is no fault of the text. */
	ck_assert(status != KIST_OK || (report.errors == 0) == good);
	ck_assert(status == KIST_OK || !good);
	csvtest_close(&t);
}

START_TEST(a_schema_says_what_a_text_has_to_be)
{
	check_row(rows[_i].text, rows[_i].schema, rows[_i].found);
}
END_TEST

/* The schema that describe gives, or NULL. */
static char *schema_of(const char *text)
{
	struct plugtest_source source;
	struct plugtest_call call;
	struct plugtest_sink sink;
	char *schema = NULL;
	char *json;

	plugtest_source_init(&source, text, strlen(text));
	plugtest_call_init(&call);
	plugtest_sink_init(&sink);
	ck_assert_int_eq(csvtest_interface()->describe(NULL, &call.call, &source.source, NULL, &sink.sink),
			 KIST_OK);
	json = strndup((const char *)sink.data, sink.size);
	if (strstr(json, "\"csvw\":"))
		schema = strdup(strstr(json, "\"csvw\":") + 7);
	if (schema)
		schema[strlen(schema) - 1] = '\0';
	free(json);
	plugtest_sink_done(&sink);
	plugtest_call_done(&call);
	return schema;
}

START_TEST(the_schema_of_a_text_fits_it)
{
	static const char *const texts[] = {
		"a,b\n1,2\n",
		"1;2.5;true\n3;4.5;false\n",
		"a\tb\n1.50\t2024-01-01\n",
		"t,s,z\n12:00:00.50,2024-01-01 00:00:00,2024-01-01T00:00:00.000+01:00\n",
		"a,a,\nx,y,z\n1,2,3\n",
		"\"a \"\"q\"\"\",\xc3\xa9\n1,\xff\n",
		"'a','b'\n'1,5','2'\n",
		"#c\na,b\n1,2\n",
		"a\n18446744073709551615\n",
		"a,b\n,\n",
	};
	const char *const text = texts[_i];
	char *const schema = schema_of(text);
	char *found;
	struct csvtest_table t;

	ck_assert_ptr_nonnull(schema);
	csvtest_open(&t, text, strlen(text), NULL);
	found = strdup(csvtest_schema(&t));
	csvtest_close(&t);
	check_row(text, schema, found);
	free(found);
	free(schema);
}
END_TEST

START_TEST(parameters_count_more_than_the_schema)
{
	const char *const text = "1;2,3\n4;5,6\n";
	struct csvtest_table t;

	csvtest_open(&t, text, strlen(text),
		     plugtest_params("schema=string:{\"dialect\":{\"delimiter\":\";\"}}",
				     "delimiter=string:,", NULL));
	ck_assert_str_eq(csvtest_schema(&t), "u:column_1 l:column_2");
	csvtest_close(&t);
}
END_TEST

START_TEST(a_schema_as_it_is_published_is_read)
{
	const char *const schema =
		"{\"@context\":[\"http://www.w3.org/ns/csvw\",{\"@language\":\"en\"}],\"url\":\"tree.csv\","
		"\"dc:title\":\"Trees\",\"dcat:keyword\":[\"tree\"],\"tableSchema\":{\"columns\":[{\"name\":"
		"\"GID\","
		"\"titles\":[\"GID\",\"Generic "
		"Identifier\"],\"datatype\":\"string\",\"required\":true},{\"name\":\"date\","
		"\"titles\":\"Date\",\"datatype\":{\"base\":\"date\",\"format\":\"yyyy-MM-dd\"}}],"
		"\"primaryKey\":\"GID\","
		"\"aboutUrl\":\"#gid-{GID}\"}}";

	check_row("GID,Date\n1,2010-10-18\n2,2010-06-02\n", schema, "u:GID tdD:Date");
	check_row("GID,Date\n1,10/18/2010\n", schema, "E_SCHEMA");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("schema");

	tcase_add_loop_test(tcase, a_schema_says_what_a_text_has_to_be, 0,
			    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(tcase, the_schema_of_a_text_fits_it, 0, 10);
	tcase_add_test(tcase, parameters_count_more_than_the_schema);
	tcase_add_test(tcase, a_schema_as_it_is_published_is_read);
	return suite_run(tcase, "csv_schema");
}
