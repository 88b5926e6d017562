/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "plugin/schema.h"
#include "support/suite.h"
#include "unit/plugin/quoted.h"

#define SCHEMA                                                                                               \
	"{'level':{'type':'integer','minimum':1,'maximum':9,'default':3},"                                   \
	"'ratio':{'type':'number','minimum':0.5},"                                                           \
	"'header':{'type':'boolean','default':true},"                                                        \
	"'delimiter':{'type':'string','maxLength':1,'default':','},"                                         \
	"'mode':{'type':'string','enum':['fast','small']},"                                                  \
	"'name':{'type':'string','pattern':'^[a-z]{1,3}$'},"                                                 \
	"'seed':{'type':'integer','required':true,'description':'of the generator'}}"

static json_t *json_of(const char *quoted)
{
	char text[8192];
	struct kist_error err = KIST_ERROR_INIT;
	json_t *json = NULL;

	ck_assert_msg(kist_json_parse(quoted_replace(quoted, NULL, NULL, text, sizeof(text)), &json, &err) ==
			      KIST_OK,
		      "%s: %s", quoted, err.text);
	return json;
}

static struct kist_schema *schema_of(const char *quoted)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_schema *schema = NULL;
	kist_auto_json json_t *json = json_of(quoted);

	ck_assert_msg(kist_schema_parse(json, &schema, &err) == KIST_OK, "%s", err.text);
	return schema;
}

/* What arguments become, as canonical JSON; or the text of the error. */
static const struct {
	bool from_text;
	const char *arguments;
	const char *result; /* NULL: refused */
	const char *error;
} rows[] = {
	{ false, "{'seed':7}", "{'delimiter':',','header':true,'level':3,'seed':7}", NULL },
	{ true,
	  "{'seed':'7','level':'9','ratio':'0.5','header':'false','delimiter':'3','mode':'small','name':'abc'"
	  "}",
	  "{'delimiter':'3','header':false,'level':9,'mode':'small','name':'abc','ratio':0.5,'seed':7}",
	  NULL },
	{ false, "{'seed':-5,'ratio':2}", "{'delimiter':',','header':true,'level':3,'ratio':2,'seed':-5}",
	  NULL },
	{ true, "{'seed':'7','delimiter':'\xc3\xa4'}",
	  "{'delimiter':'\xc3\xa4','header':true,'level':3,'seed':7}", NULL },
	{ false, "{}", NULL, "argument 'seed' is missing: it has no default" },
	{ false, "{'seed':7,'levle':3}", NULL, "unknown argument 'levle': did you mean 'level'?" },
	{ false, "{'seed':7,'x':3}", NULL, "unknown argument 'x': there are: level, ratio, header, delimiter, mode, name, seed" },
	{ false, "{'seed':'7'}", NULL, "argument 'seed' is '7', an integer is expected" },
	{ false, "{'seed':7.5}", NULL, "argument 'seed' is 7.5, an integer is expected" },
	{ false, "{'seed':7,'level':0}", NULL, "argument 'level' is 0, an integer from 1 to 9 is expected" },
	{ false, "{'seed':7,'level':10}", NULL,
	  "argument 'level' is 10, an integer from 1 to 9 is expected" },
	{ true, "{'seed':'7','level':'3x'}", NULL,
	  "argument 'level' is '3x', an integer from 1 to 9 is expected" },
	{ true, "{'seed':' 7'}", NULL, "argument 'seed' is ' 7', an integer is expected" },
	{ true, "{'seed':''}", NULL, "argument 'seed' is '', an integer is expected" },
	{ true, "{'seed':'99999999999999999999'}", NULL,
	  "argument 'seed' is '99999999999999999999', an integer is expected" },
	{ true, "{'seed':'7','ratio':'0x1p3'}", NULL,
	  "argument 'ratio' is '0x1p3', a number of at least 0.5 is expected" },
	{ true, "{'seed':'7','ratio':'inf'}", NULL,
	  "argument 'ratio' is 'inf', a number of at least 0.5 is expected" },
	{ true, "{'seed':'7','ratio':'1e999'}", NULL,
	  "argument 'ratio' is '1e999', a number of at least 0.5 is expected" },
	{ true, "{'seed':'7','header':'yes'}", NULL,
	  "argument 'header' is 'yes', true or false is expected" },
	{ true, "{'seed':'7','delimiter':';;'}", NULL,
	  "argument 'delimiter' is ';;', a string of at most 1 characters is expected" },
	{ true, "{'seed':'7','mode':'slow'}", NULL,
	  "argument 'mode' is 'slow', one of 'fast', 'small' is expected" },
	{ true, "{'seed':'7','name':'abcd'}", NULL,
	  "argument 'name' is 'abcd', a string that matches '^[a-z]{1,3}$' is expected" },
	{ false, "{'seed':null}", NULL, "argument 'seed' is null, an integer is expected" },
	{ false, "[1]", NULL, "arguments must be an object" },
};

START_TEST(arguments_are_checked_and_completed)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_schema *schema = schema_of(SCHEMA);
	kist_auto_json json_t *arguments = json_of(rows[_i].arguments);
	json_t *applied = NULL;
	const kist_status status = kist_schema_apply(schema, arguments, rows[_i].from_text, &applied, &err);

	if (rows[_i].result) {
		kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(4096);
		char expected[1024];

		(void)quoted_replace(rows[_i].result, NULL, NULL, expected, sizeof(expected));
		ck_assert_msg(status == KIST_OK, "%s", err.text);
		ck_assert_int_eq(kist_json_canonical(applied, &buf, NULL), KIST_OK);
		ck_assert_str_eq(kist_buf_text(&buf), expected);
		json_decref(applied);
	} else {
		ck_assert_int_eq(status, KIST_INVALID);
		ck_assert_str_eq(err.text, rows[_i].error);
		ck_assert_str_eq(err.code, "E_PARAM");
		ck_assert_ptr_null(applied);
	}
	kist_schema_free(schema);
}
END_TEST

static const struct {
	const char *schema;
	const char *error;
} faults[] = {
	{ "[]", "an object is expected, not a list" },
	{ "{'a':1}", "a: an object is expected, not an integer" },
	{ "{'A':{'type':'string'}}", "A: a name is a letter a-z and up to 62 of a-z0-9_" },
	{ "{'a-b':{'type':'string'}}", "a-b: a name is a letter a-z and up to 62 of a-z0-9_" },
	{ "{'a':{}}", "a.type: missing" },
	{ "{'a':{'type':'object'}}", "a: type 'object' is none of boolean, integer, number, string" },
	{ "{'a':{'type':'string','minumum':1}}", "a: unknown keyword 'minumum'" },
	{ "{'a':{'type':'string','minimum':1}}", "a: minimum is for numbers only" },
	{ "{'a':{'type':'integer','minimum':1.5}}", "a: minimum must be an integer" },
	{ "{'a':{'type':'integer','minimum':2,'maximum':1}}", "a: the minimum is above the maximum" },
	{ "{'a':{'type':'integer','maxLength':1}}", "a: maxLength is for strings only" },
	{ "{'a':{'type':'integer','pattern':'x'}}", "a: pattern is for strings only" },
	{ "{'a':{'type':'string','pattern':'(a)\\\\1'}}",
	  "a: pattern '(a)\\1': at most one repeat count up to 255, no back-references" },
	{ "{'a':{'type':'string','pattern':'(a{9}){9}'}}",
	  "a: pattern '(a{9}){9}': at most one repeat count up to 255, no back-references" },
	{ "{'a':{'type':'string','pattern':'a{1,256}'}}",
	  "a: pattern 'a{1,256}': at most one repeat count up to 255, no back-references" },
	{ "{'a':{'type':'string','pattern':'('}}", NULL },
	{ "{'a':{'type':'string','enum':[]}}", "a.enum: empty" },
	{ "{'a':{'type':'string','enum':[1]}}", "a.enum: value 0 does not fit the rest" },
	{ "{'a':{'type':'integer','maximum':3,'enum':[1,4]}}", "a.enum: value 1 does not fit the rest" },
	{ "{'a':{'type':'integer','default':'x'}}", "a: the default does not fit the rest" },
	{ "{'a':{'type':'integer','enum':[1],'default':2}}", "a: the default does not fit the rest" },
	{ "{'a':{'type':'string','maxLength':1,'by_extension':{'tsv':'ab'}}}",
	  "a.by_extension: the value for 'tsv' does not fit the rest" },
	{ "{'a':{'type':'integer','by_extension':[1]}}", NULL },
	{ "{'a':{'type':'integer','required':1}}", "a.required: true or false is expected, not an integer" },
	{ "{'a':{'type':'integer','required':true,'default':1}}", "a: required, so a default is never used" },
};

START_TEST(a_schema_with_a_fault_is_refused_in_words)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_schema *schema = NULL;
	kist_auto_json json_t *json = json_of(faults[_i].schema);

	ck_assert_int_eq(kist_schema_parse(json, &schema, &err), KIST_CORRUPT);
	ck_assert_ptr_null(schema);
	ck_assert_str_eq(err.code, "E_MANIFEST");
	if (faults[_i].error)
		ck_assert_str_eq(err.text, faults[_i].error);
}
END_TEST

START_TEST(the_limits_are_exact)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_schema *schema;
	kist_auto_json json_t *json = json_object();
	char name[80];

	for (int i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "a%062d", i);
		ck_assert_int_eq(json_object_set_new(json, name, json_pack("{s:s}", "type", "string")), 0);
	}
	ck_assert_int_eq(kist_schema_parse(json, &schema, &err), KIST_OK);
	kist_schema_free(schema);
	ck_assert_int_eq(json_object_set_new(json, "b", json_pack("{s:s}", "type", "string")), 0);
	ck_assert_int_eq(kist_schema_parse(json, &schema, &err), KIST_CORRUPT);
	ck_assert_str_eq(err.text, "65 arguments, at most 64 are allowed");
}
END_TEST

START_TEST(a_name_of_64_letters_is_too_long)
{
	struct kist_schema *schema;
	kist_auto_json json_t *json = json_object();
	char name[80];

	snprintf(name, sizeof(name), "a%063d", 0);
	ck_assert_int_eq(json_object_set_new(json, name, json_pack("{s:s}", "type", "string")), 0);
	ck_assert_int_eq(kist_schema_parse(json, &schema, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(running_out_of_memory_leaks_nothing)
{
	kist_auto_json json_t *json = json_of(SCHEMA);
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_schema *schema = NULL;

		kist_mem_fail_at(k);
		status = kist_schema_parse(json, &schema, NULL);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		kist_schema_free(schema);
		ck_assert_uint_lt(k, 20);
	}
	kist_mem_fail_at(0);
}
END_TEST

START_TEST(a_name_gives_what_is_not_given)
{
	static const struct {
		const char *name;
		const char *arguments; /* NULL: none */
		const char *want;
	} names[] = {
		{ "a.tsv", NULL, "{'delimiter':'t'}" },
		{ "a.TSV", "{'x':1}", "{'delimiter':'t','x':1}" },
		{ "a.gz.tsv", NULL, "{'delimiter':'g'}" },
		{ "a.tsv", "{'delimiter':';'}", "{'delimiter':';'}" },
		{ ".tsv", NULL, "{}" },
		{ "atsv", NULL, "{}" },
		{ "a.csv", NULL, "{}" },
		{ "", NULL, "{}" },
	};
	struct kist_schema *schema = schema_of("{'delimiter':{'type':'string','maxLength':1,'default':',',"
					       "'by_extension':{'tsv':'t','gz.tsv':'g'}},'x':{'type':'integer'}}");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		kist_auto_json json_t *arguments = names[i].arguments ? json_of(names[i].arguments) : NULL;
		kist_auto_json json_t *want = json_of(names[i].want);
		kist_auto_json json_t *got = NULL;

		ck_assert_int_eq(kist_schema_for_name(schema, arguments, names[i].name, strlen(names[i].name), &got,
						      NULL),
				 KIST_OK);
		ck_assert_msg(json_equal(got, want), "%s", names[i].name);
	}
	kist_schema_free(schema);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_loop_test(tests, arguments_are_checked_and_completed, 0,
			    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(tests, a_schema_with_a_fault_is_refused_in_words, 0,
			    (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_test(tests, a_name_gives_what_is_not_given);
	tcase_add_test(tests, the_limits_are_exact);
	tcase_add_test(tests, a_name_of_64_letters_is_too_long);
	tcase_add_test(tests, running_out_of_memory_leaks_nothing);
	return suite_run(tests, "schema");
}
