/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/suite.h"

#include "base/mem.h"
#include "document/document.h"
#include "unit/document/issues.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static struct kist_document *parse(const char *text, size_t len, struct kist_issues *issues)
{
	struct kist_document *document = NULL;

	ck_assert_int_eq(kist_document_parse(kist_view_of(text, len), issues, &document, NULL), KIST_OK);
	ck_assert_int_eq(kist_issues_finish(issues, NULL), KIST_OK);
	return document;
}

static const struct {
	const char *text;
	const char *issues;
} faults[] = {
	{ "a: 1\nb:\n  a: 2\n  b: 3\n", "" },
	{ "", "1:1 E_YAML_EMPTY" },
	{ "# nothing\n", "1:1 E_YAML_EMPTY" },
	{ "a: 1\nb: 2\na: 3\n", "3:1 E_YAML_DUPLICATE" },
	{ "{a: 1, \"a\": 2}\n", "1:8 E_YAML_DUPLICATE" },
	{ "a: &x [1]\nb: *x\n", "1:4 E_YAML_ALIAS, 2:4 E_YAML_ALIAS" },
	{ "a: &x [*x, *x]\n", "1:4 E_YAML_ALIAS, 1:8 E_YAML_ALIAS, 1:12 E_YAML_ALIAS" },
	{ "*x : 1\nb: 1\nb: 2\n", "1:1 E_YAML_ALIAS, 3:1 E_YAML_DUPLICATE" },
	{ "a: !!python/object:os.system x\n", "1:4 E_YAML_TAG" },
	{ "a: !mine {b: 1}\nc: !!int 5\nd: !!str 5\ne: ! 5\n", "1:4 E_YAML_TAG, 2:4 E_YAML_TAG" },
	{ "a: !!binary [1]\n", "1:4 E_YAML_TAG" },
	{ "[a, b]: 1\n{c: d}: [e]\nf: 2\n", "1:1 E_YAML_KEY, 2:1 E_YAML_KEY" },
	{ "a: 1\n---\nb: 2\n", "2:1 E_YAML_DOCUMENTS" },
	{ "---\na: 1\n...\n", "" },
	{ "a: [1, 2\nb: 3\n", "2:2 E_YAML" },
	{ "a:\n\tb: 1\n", "2:1 E_YAML" },
	{ "a: 1\n b: 2\n", "2:3 E_YAML" },
	{ "a: \"unended\n", "2:1 E_YAML" },
	{ "a: 1\nb: \xff\n", "2:4 E_YAML_UTF8" },
	{ "a: \xc3\xa4\xc3\xa4 \xed\xa0\x80\n", "1:7 E_YAML_UTF8" },
	{ "a: \xe2\x80\xa8x\n", "1:4 E_YAML" },
	{ "a: \x07\n", "1:4 E_YAML" },
	{ "a: \"\\0\"\n\"b\\0\": 1\n", "1:4 E_YAML_LIMIT, 2:1 E_YAML_KEY" },
	{ "a: 9223372036854775808\nb: .inf\nc: 1e999\nd: -.NaN\n",
	  "1:4 E_YAML_NUMBER, 2:4 E_YAML_NUMBER, 3:4 E_YAML_NUMBER" },
	{ "%TAG ! tag:evil,2000:\n---\na: !x 1\n", "3:4 E_YAML_TAG" },
	{ "<<: {a: 1}\n", "" },
};

START_TEST(every_fault_is_told_with_its_place)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_document struct kist_document *document =
		parse(faults[_i].text, strlen(faults[_i].text), &issues);
	char found[500];

	list_issues(&issues, found, sizeof(found));
	ck_assert_str_eq(found, faults[_i].issues);
}
END_TEST

static const struct {
	const char *text;
	enum kist_node_kind kind;
	const char *json;
} scalars[] = {
	{ "", KIST_NODE_NULL, "null" },
	{ "~", KIST_NODE_NULL, "null" },
	{ "Null", KIST_NODE_NULL, "null" },
	{ "nULL", KIST_NODE_TEXT, "\"nULL\"" },
	{ "true", KIST_NODE_BOOLEAN, "true" },
	{ "FALSE", KIST_NODE_BOOLEAN, "false" },
	{ "no", KIST_NODE_TEXT, "\"no\"" },
	{ "on", KIST_NODE_TEXT, "\"on\"" },
	{ "y", KIST_NODE_TEXT, "\"y\"" },
	{ "0", KIST_NODE_INTEGER, "0" },
	{ "-12", KIST_NODE_INTEGER, "-12" },
	{ "+12", KIST_NODE_INTEGER, "12" },
	{ "012", KIST_NODE_INTEGER, "12" },
	{ "0o17", KIST_NODE_INTEGER, "15" },
	{ "0xFf", KIST_NODE_INTEGER, "255" },
	{ "-9223372036854775808", KIST_NODE_INTEGER, "-9223372036854775808" },
	{ "1_000", KIST_NODE_TEXT, "\"1_000\"" },
	{ "12:30:45", KIST_NODE_TEXT, "\"12:30:45\"" },
	{ "2001-01-01", KIST_NODE_TEXT, "\"2001-01-01\"" },
	{ "1.5", KIST_NODE_NUMBER, "1.5" },
	{ "1.", KIST_NODE_NUMBER, "1.0" },
	{ ".5", KIST_NODE_NUMBER, "0.5" },
	{ "-1e3", KIST_NODE_NUMBER, "-1000.0" },
	{ "1e", KIST_NODE_TEXT, "\"1e\"" },
	{ ".", KIST_NODE_TEXT, "\".\"" },
	{ "0x", KIST_NODE_TEXT, "\"0x\"" },
	{ "0o8", KIST_NODE_TEXT, "\"0o8\"" },
	{ "+", KIST_NODE_TEXT, "\"+\"" },
	{ "inf", KIST_NODE_TEXT, "\"inf\"" },
	{ "\"12\"", KIST_NODE_TEXT, "\"12\"" },
	{ "'null'", KIST_NODE_TEXT, "\"null\"" },
	{ "!!str 12", KIST_NODE_TEXT, "\"12\"" },
	{ "$step.out", KIST_NODE_TEXT, "\"$step.out\"" },
};

START_TEST(a_plain_scalar_means_what_the_core_schema_says)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_document struct kist_document *document = NULL;
	kist_auto_json json_t *expected = json_loads(scalars[_i].json, JSON_DECODE_ANY, NULL);
	kist_auto_json json_t *actual = NULL;
	const struct kist_node *node;
	char text[100];

	snprintf(text, sizeof(text), "a: %s\n", scalars[_i].text);
	document = parse(text, strlen(text), &issues);
	ck_assert_uint_eq(issues.count, 0);
	node = kist_node_get(kist_document_root(document), "a");
	ck_assert_int_eq(node->kind, scalars[_i].kind);
	ck_assert_int_eq(kist_node_json(node, NULL, NULL, &actual, NULL), KIST_OK);
	ck_assert(json_equal(expected, actual));
}
END_TEST

START_TEST(a_number_that_cannot_be_is_told_and_is_json_all_the_same)
{
	static const char text[] = "[1e999, -.inf, .nan, 99999999999999999999, 0xfffffffffffffffff]";
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_document struct kist_document *document = parse(text, strlen(text), &issues);
	kist_auto_json json_t *value = NULL;
	char *dumped;

	ck_assert_uint_eq(issues.error_count, 5);
	ck_assert_int_eq(kist_node_json(kist_document_root(document), NULL, NULL, &value, NULL), KIST_OK);
	dumped = json_dumps(value, JSON_COMPACT);
	ck_assert_str_eq(dumped, "[0.0,0.0,0.0,0,0]");
	kist_free(dumped);
}
END_TEST

START_TEST(each_value_knows_its_place_and_its_order)
{
	static const char text[] =
		"graph:\n  \xc3\xa4: {scale: [$x, 2.0]}\n  'b c':\n    - |\n      two\n      lines\n";
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_document struct kist_document *document = parse(text, strlen(text), &issues);
	const struct kist_node *graph = kist_node_get(kist_document_root(document), "graph");
	const struct kist_node *list = kist_node_get(kist_node_get(graph, "\xc3\xa4"), "scale");

	ck_assert_uint_eq(graph->count, 2);
	ck_assert_uint_eq(graph->first->key_place.line, 2);
	ck_assert_uint_eq(graph->first->key_place.column, 3);
	ck_assert_int_eq(list->kind, KIST_NODE_LIST);
	ck_assert_uint_eq(list->place.column, 14);
	ck_assert_uint_eq(list->first->next->place.line, 2);
	ck_assert_uint_eq(list->first->next->place.column, 19);
	ck_assert_ptr_null(list->first->next->next);
	ck_assert_str_eq(graph->first->next->key, "b c");
	ck_assert_str_eq(graph->first->next->first->text, "two\nlines\n");
	ck_assert_ptr_null(kist_node_get(graph, "b"));
	ck_assert_ptr_null(kist_node_get(list, "b"));
}
END_TEST

/* @count times @unit between @before and @after. */
static char *repeated(const char *before, const char *unit, size_t count, const char *after, size_t *ret_len)
{
	const size_t len = strlen(before) + strlen(unit) * count + strlen(after);
	char *text = kist_alloc(len + 1, 1);
	char *at = stpcpy(text, before);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, unit);
	stpcpy(at, after);
	*ret_len = len;
	return text;
}

static const struct {
	const char *before;
	const char *unit;
	size_t count;
	const char *after;
	const char *issues;
} limits[] = {
	{ "a: ", "[", KIST_DOCUMENT_DEPTH_MAX, "", "1:35 E_YAML_LIMIT" },
	{ "a: '", "x", KIST_DOCUMENT_SCALAR_MAX, "'\n", "" },
	{ "a: '", "x", KIST_DOCUMENT_SCALAR_MAX + 1, "'\n", "1:4 E_YAML_LIMIT" },
	{ "", "k", KIST_DOCUMENT_KEY_MAX, ": 1\n", "" },
	{ "", "k", KIST_DOCUMENT_KEY_MAX + 1, ": 1\n", "1:1 E_YAML_KEY" },
	{ "[", "1,", KIST_DOCUMENT_NODES_MAX - 1, "]\n", "" },
	{ "[\n", "1,", KIST_DOCUMENT_NODES_MAX, "]\n", "2:131071 E_YAML_LIMIT" },
	{ "a: 1 #", "x", KIST_DOCUMENT_SIZE_MAX - 6, "", "" },
	{ "a: 1 #", "x", KIST_DOCUMENT_SIZE_MAX - 5, "", "0:0 E_YAML_LIMIT" },
	{ "", "&a [*a, ", 50000, "", NULL },
	{ "", "{a: ", 100000, "", NULL },
	{ "", "? ", 100000, "", NULL },
	{ "", "- ", 100000, "", NULL },
	{ "", "[[[[[[[[[[", 50000, "", NULL },
};

START_TEST(each_limit_holds_and_the_last_before_it_is_read)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_document struct kist_document *document = NULL;
	char found[500];
	size_t len;
	kist_auto_mem char *text =
		repeated(limits[_i].before, limits[_i].unit, limits[_i].count, limits[_i].after, &len);

	document = parse(text, len, &issues);
	list_issues(&issues, found, sizeof(found));
	if (limits[_i].issues)
		ck_assert_str_eq(found, limits[_i].issues);
	else
		ck_assert_uint_gt(issues.error_count, 0);
}
END_TEST

START_TEST(a_mapping_has_at_most_so_many_keys)
{
	for (size_t count = KIST_DOCUMENT_MEMBERS_MAX; count <= KIST_DOCUMENT_MEMBERS_MAX + 1; count++) {
		kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
		kist_auto_document struct kist_document *document = NULL;
		kist_auto_mem char *text = kist_alloc(count, 16);
		char *at = text;

		for (size_t i = 0; i < count; i++)
			at += snprintf(at, 16, "k%zu: 1\n", i);
		document = parse(text, (size_t)(at - text), &issues);
		ck_assert_uint_eq(issues.error_count, count > KIST_DOCUMENT_MEMBERS_MAX);
	}
}
END_TEST

START_TEST(more_issues_than_are_kept_are_counted)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_document struct kist_document *document = NULL;
	size_t len;
	kist_auto_mem char *text = repeated("[", "*a,", KIST_ISSUES_MAX + 5, "]", &len);

	document = parse(text, len, &issues);
	ck_assert_uint_eq(issues.error_count, KIST_ISSUES_MAX + 5);
	ck_assert_uint_eq(issues.count, KIST_ISSUES_MAX);
}
END_TEST

START_TEST(issues_are_sorted_by_place_and_escaped)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_json json_t *list = NULL;

	kist_issue_add(&issues, (struct kist_place){ 2, 9 }, "E_B", "second\x1b[31m");
	kist_issue_hint(&issues, "do %s", "this");
	kist_issue_add(&issues, (struct kist_place){ 2, 3 }, "W_A", "first");
	kist_issue_add(&issues, (struct kist_place){ 2, 9 }, "E_C", "third");
	ck_assert_int_eq(kist_issues_finish(&issues, NULL), KIST_OK);
	ck_assert_str_eq(issues.items[0].code, "W_A");
	ck_assert_str_eq(issues.items[1].text, "second\\x1b[31m");
	ck_assert_str_eq(issues.items[1].hint, "do this");
	ck_assert_str_eq(issues.items[2].code, "E_C");
	ck_assert_uint_eq(issues.error_count, 2);
	ck_assert_uint_eq(issues.warning_count, 1);
	list = kist_issues_json(&issues, "a.yaml");
	ck_assert_uint_eq(json_array_size(list), 3);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "severity")), "warning");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "file")), "a.yaml");
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	static const char text[] = "a: [1, {b: c}]\na: *x\nd: &e f\n";
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
		kist_auto_document struct kist_document *document = NULL;

		kist_mem_fail_at(k);
		status = kist_document_parse(kist_view_of(text, strlen(text)), &issues, &document, NULL);
		if (status == KIST_OK)
			status = kist_issues_finish(&issues, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 1000);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("document");

	tcase_add_loop_test(tcase, every_fault_is_told_with_its_place, 0, ROWS(faults));
	tcase_add_loop_test(tcase, a_plain_scalar_means_what_the_core_schema_says, 0, ROWS(scalars));
	tcase_add_test(tcase, a_number_that_cannot_be_is_told_and_is_json_all_the_same);
	tcase_add_test(tcase, each_value_knows_its_place_and_its_order);
	tcase_add_loop_test(tcase, each_limit_holds_and_the_last_before_it_is_read, 0, ROWS(limits));
	tcase_add_test(tcase, a_mapping_has_at_most_so_many_keys);
	tcase_add_test(tcase, more_issues_than_are_kept_are_counted);
	tcase_add_test(tcase, issues_are_sorted_by_place_and_escaped);
	tcase_add_test(tcase, each_allocation_may_fail);
	return suite_run(tcase, "document");
}
