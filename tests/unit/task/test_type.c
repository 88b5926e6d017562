/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/suite.h"

#include "base/mem.h"
#include "task/type.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* Definitions that the rows below use. */
static const char definitions[] = "{\"series\": {\"list\": \"number\"},"
				  " \"counts\": {\"list\": \"integer\"},"
				  " \"path\": {\"is_a\": \"string\"},"
				  " \"deep_path\": {\"is_a\": \"path\"},"
				  " \"token\": null,"
				  " \"scalar\": {\"union\": [\"number\", \"string\"]},"
				  " \"wide\": {\"union\": [\"scalar\", \"boolean\", \"string\"]},"
				  " \"point\": {\"mapping\": {\"x\": \"number\", \"y\": \"number\"}},"
				  " \"later\": {\"tuple\": [\"earlier\", \"earlier\"]},"
				  " \"earlier\": {\"list\": \"path\"}}";

static json_t *json_of(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	ck_assert_ptr_nonnull(value);
	return value;
}

static void declare_all(struct kist_types *types, const char *text)
{
	kist_auto_json json_t *all = json_of(text);
	const char *name;
	json_t *definition;

	json_object_foreach(all, name, definition)
		ck_assert_int_eq(kist_types_declare(types, name, definition, NULL), KIST_OK);
}

static struct kist_types *registry(const char *text)
{
	struct kist_types *types = NULL;

	ck_assert_int_eq(kist_types_new(&types, NULL), KIST_OK);
	declare_all(types, text);
	return types;
}

static const struct kist_type *type_of(struct kist_types *types, const char *expression)
{
	kist_auto_json json_t *value = json_of(expression);
	const struct kist_type *type = NULL;
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_types_parse(types, value, &type, NULL, &err) != KIST_OK)
		ck_abort_msg("%s: %s", expression, err.text);
	return type;
}

static const struct {
	const char *given;
	const char *wanted;
	bool fits;
} pairs[] = {
	{ "\"integer\"", "\"number\"", true },
	{ "\"number\"", "\"integer\"", false },
	{ "\"boolean\"", "\"number\"", false },
	{ "\"tensor\"", "\"any\"", true },
	{ "\"any\"", "\"tensor\"", false },
	{ "\"null\"", "\"null\"", true },
	{ "\"bytes\"", "\"string\"", false },
	{ "\"tree\"", "\"tree\"", true },
	{ "\"deep_path\"", "\"string\"", true },
	{ "\"deep_path\"", "\"path\"", true },
	{ "\"string\"", "\"path\"", false },
	{ "\"token\"", "\"any\"", true },
	{ "\"token\"", "\"string\"", false },
	{ "{\"list\": \"integer\"}", "\"series\"", true },
	{ "\"series\"", "{\"list\": \"number\"}", true },
	{ "\"series\"", "{\"list\": \"integer\"}", false },
	{ "\"counts\"", "\"series\"", false }, /* two names */
	{ "\"series\"", "\"series\"", true },
	{ "\"series\"", "\"any\"", true },
	{ "\"series\"", "\"tensor\"", false },
	{ "\"tensor\"", "\"series\"", false },
	{ "{\"tuple\": [\"integer\", \"number\"]}", "\"series\"", true },
	{ "{\"tuple\": [\"integer\", \"string\"]}", "\"series\"", false },
	{ "{\"tuple\": []}", "\"series\"", true },
	{ "\"series\"", "{\"tuple\": [\"number\"]}", false },
	{ "{\"tuple\": [\"integer\"]}", "{\"tuple\": [\"number\"]}", true },
	{ "{\"tuple\": [\"integer\", \"integer\"]}", "{\"tuple\": [\"number\"]}", false },
	{ "{\"mapping\": {\"x\": \"integer\", \"y\": \"number\"}}", "\"point\"", true },
	{ "{\"mapping\": {\"y\": \"integer\", \"x\": \"number\"}}", "\"point\"", true },
	{ "{\"mapping\": {\"x\": \"integer\"}}", "\"point\"", false },
	{ "{\"mapping\": {\"x\": \"integer\", \"z\": \"integer\"}}", "\"point\"", false },
	{ "{\"mapping\": {\"x\": \"integer\", \"y\": \"string\"}}", "\"point\"", false },
	{ "\"point\"", "{\"mapping\": [\"string\", \"number\"]}", true },
	{ "\"point\"", "{\"mapping\": [\"string\", \"string\"]}", false },
	{ "\"point\"", "{\"mapping\": [\"integer\", \"number\"]}", false },
	{ "\"point\"", "{\"mapping\": [\"path\", \"number\"]}", false },
	{ "{\"mapping\": [\"string\", \"number\"]}", "\"point\"", false },
	{ "{\"mapping\": [\"path\", \"integer\"]}", "{\"mapping\": [\"string\", \"number\"]}", true },
	{ "{\"union\": [\"integer\", \"path\"]}", "\"scalar\"", true },
	{ "{\"union\": [\"integer\", \"boolean\"]}", "\"scalar\"", false },
	{ "\"scalar\"", "\"wide\"", true },
	{ "\"wide\"", "\"scalar\"", false },
	{ "\"scalar\"", "\"number\"", false },
	{ "{\"union\": [\"integer\", \"number\"]}", "\"number\"", true },
	{ "{\"list\": {\"union\": [\"integer\", \"path\"]}}", "{\"list\": \"scalar\"}", true },
	{ "{\"tuple\": [{\"list\": \"deep_path\"}, \"earlier\"]}", "\"later\"", true },
};

START_TEST(what_fits_where_is_as_the_table_says)
{
	kist_auto_types struct kist_types *types = registry(definitions);
	const bool fits = kist_type_fits(type_of(types, pairs[_i].given), type_of(types, pairs[_i].wanted));

	ck_assert_msg(fits == pairs[_i].fits, "%s in %s", pairs[_i].given, pairs[_i].wanted);
}
END_TEST

START_TEST(what_was_wrong_already_fits_all_and_is_fitted_by_all)
{
	ck_assert(kist_type_fits(&kist_type_unknown, &kist_type_string));
	ck_assert(kist_type_fits(&kist_type_string, &kist_type_unknown));
}
END_TEST

START_TEST(what_is_declared_may_hold_a_literal_of_the_type_above)
{
	static const struct {
		const char *wanted;
		const char *literal;
		bool may;
	} rows[] = {
		{ "\"deep_path\"", "\"string\"", true },
		{ "\"deep_path\"", "\"integer\"", false },
		{ "\"earlier\"", "{\"tuple\": [\"string\", \"string\"]}", true },
		{ "\"integer\"", "\"number\"", false },
		{ "\"number\"", "\"integer\"", true },
		{ "\"string\"", "\"any\"", false },
		{ "\"token\"", "\"integer\"", true }, /* below any itself */
	};
	kist_auto_types struct kist_types *types = registry(definitions);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(kist_type_may_hold(type_of(types, rows[i].wanted),
						 type_of(types, rows[i].literal)) == rows[i].may,
			      "%s in %s", rows[i].literal, rows[i].wanted);
}
END_TEST

static const struct {
	const char *value;
	const char *type;
} literals[] = {
	{ "null", "null" },
	{ "1", "integer" },
	{ "1.0", "number" },
	{ "true", "boolean" },
	{ "\"$x\"", "string" },
	{ "[]", "{tuple: []}" },
	{ "[1, 2.5, [\"a\"]]", "{tuple: [integer, number, {tuple: [string]}]}" },
	{ "{}", "{mapping: {}}" },
	{ "{\"a\": 1, \"b\": [null]}", "{mapping: {a: integer, b: {tuple: [null]}}}" },
};

START_TEST(a_list_is_inferred_as_a_tuple_and_an_object_as_a_record)
{
	kist_auto_types struct kist_types *types = registry("{}");
	kist_auto_json json_t *value = json_of(literals[_i].value);
	const struct kist_type *type = NULL;
	char text[200];

	ck_assert_int_eq(kist_types_infer(types, value, &type, NULL), KIST_OK);
	kist_type_print(type, text, sizeof(text));
	ck_assert_str_eq(text, literals[_i].type);
}
END_TEST

START_TEST(a_type_is_printed_as_it_is_written)
{
	static const char *const rows[][2] = {
		{ "\"series\"", "series" },
		{ "{\"list\": {\"mapping\": [\"string\", \"series\"]}}",
		  "{list: {mapping: [string, series]}}" },
		{ "{\"union\": [\"scalar\", \"null\", \"number\"]}", "{union: [number, string, null]}" },
		{ "null", "null" },
	};
	kist_auto_types struct kist_types *types = registry(definitions);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[100];

		kist_type_print(type_of(types, rows[i][0]), text, sizeof(text));
		ck_assert_str_eq(text, rows[i][1]);
	}
}
END_TEST

START_TEST(a_long_type_is_cut_at_a_character)
{
	kist_auto_types struct kist_types *types = registry("{}");
	const struct kist_type *type =
		type_of(types, "{\"mapping\": {\"\xc3\xa4\xc3\xa4\xc3\xa4\": \"any\"}}");
	char text[64];

	kist_type_print(type, text, 18);
	ck_assert_str_eq(text, "{mapping: {\xc3\xa4...");
	kist_type_print(type, text, 4);
	ck_assert_str_eq(text, "...");
	kist_type_print(type, text, 25);
	ck_assert_str_eq(text, "{mapping: {\xc3\xa4\xc3\xa4\xc3\xa4: any}}");
}
END_TEST

static const struct {
	const char *expression;
	const char *code;
	const char *text;
	const char *where; /* the part that is wrong, as text */
} wrong[] = {
	{ "\"numbr\"", "E_TYPE_UNKNOWN", "there is no type 'numbr': did you mean 'number'?", "\"numbr\"" },
	{ "\"zzzzzz\"", "E_TYPE_UNKNOWN", "there is no type 'zzzzzz'", "\"zzzzzz\"" },
	{ "{\"list\": \"sereis\"}", "E_TYPE_UNKNOWN", "did you mean 'series'?", "\"sereis\"" },
	{ "{\"lists\": \"any\"}", "E_TYPE", "a type is a name, or one of", "{\"lists\": \"any\"}" },
	{ "{\"list\": \"any\", \"tuple\": []}", "E_TYPE", "a type is a name, or one of",
	  "{\"list\": \"any\", \"tuple\": []}" },
	{ "[\"any\"]", "E_TYPE", "a type is a name", "[\"any\"]" },
	{ "5", "E_TYPE", "a type is a name", "5" },
	{ "{\"tuple\": \"any\"}", "E_TYPE", "take a list of types", "\"any\"" },
	{ "{\"union\": []}", "E_TYPE", "take a list of types", "[]" },
	{ "{\"mapping\": [\"string\"]}", "E_TYPE", "[key type, value type]", "[\"string\"]" },
	{ "{\"mapping\": \"any\"}", "E_TYPE", "[key type, value type]", "\"any\"" },
	{ "{\"mapping\": [\"number\", \"any\"]}", "E_TYPE", "strings or integers", "\"number\"" },
	{ "{\"is_a\": \"string\"}", "E_TYPE", "in a definition only", "{\"is_a\": \"string\"}" },
};

START_TEST(a_wrong_expression_is_told_with_its_part)
{
	kist_auto_types struct kist_types *types = registry(definitions);
	kist_auto_json json_t *value = json_of(wrong[_i].expression);
	kist_auto_json json_t *expected = json_of(wrong[_i].where);
	struct kist_error err = KIST_ERROR_INIT;
	const struct kist_type *type;
	const json_t *where = NULL;

	ck_assert_int_eq(kist_types_parse(types, value, &type, &where, &err), KIST_INVALID);
	ck_assert_str_eq(err.code, wrong[_i].code);
	ck_assert_msg(strstr(err.text, wrong[_i].text), "%s", err.text);
	ck_assert(json_equal(where, expected));
}
END_TEST

static const struct {
	const char *definitions;
	const char *find;
	const char *code;
	const char *text;
} bad_definitions[] = {
	{ "{\"a\": {\"list\": \"b\"}, \"b\": {\"tuple\": [\"any\", \"c\"]}, \"c\": {\"list\": \"b\"}}", "a",
	  "E_TYPE_CYCLE", "a type cannot be made of itself: 'b' -> 'c' -> 'b'" },
	{ "{\"a\": {\"is_a\": \"a\"}}", "a", "E_TYPE_CYCLE", "'a' -> 'a'" },
	{ "{\"a\": {\"union\": [\"a\", \"null\"]}}", "a", "E_TYPE_CYCLE", "'a' -> 'a'" },
	{ "{\"a\": \"string\"}", "a", "E_TYPE", "write {is_a: ...}" },
	{ "{\"a\": {\"is_a\": 5}}", "a", "E_TYPE", "takes the name of a type" },
	{ "{\"a\": {\"is_a\": \"b\"}, \"b\": {\"list\": \"any\"}}", "a", "E_TYPE",
	  "a type that is not made of others" },
	{ "{\"a\": {\"is_a\": \"any\", \"list\": \"any\"}}", "a", "E_TYPE", "stands alone" },
	{ "{\"a\": 7}", "a", "E_TYPE", "a type is a name" },
};

START_TEST(a_wrong_definition_is_told_once)
{
	kist_auto_types struct kist_types *types = registry(bad_definitions[_i].definitions);
	struct kist_error err = KIST_ERROR_INIT;
	const struct kist_type *type = NULL;

	ck_assert_int_eq(kist_types_find(types, bad_definitions[_i].find, &type, NULL, &err), KIST_INVALID);
	ck_assert_str_eq(err.code, bad_definitions[_i].code);
	ck_assert_msg(strstr(err.text, bad_definitions[_i].text), "%s", err.text);
	ck_assert_int_eq(kist_types_find(types, bad_definitions[_i].find, &type, NULL, NULL), KIST_OK);
	ck_assert_ptr_eq(type, &kist_type_unknown);
}
END_TEST

START_TEST(a_name_is_declared_once_and_no_built_in_one)
{
	static const char *const rows[] = { "series", "tensor", "", "1st", "a.b", "a b", "\xc3\xa4" };
	kist_auto_types struct kist_types *types = registry(definitions);
	kist_auto_json json_t *none = json_null();
	char name[KIST_TYPE_NAME_LEN_MAX + 2];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kist_error err = KIST_ERROR_INIT;

		ck_assert_int_eq(kist_types_declare(types, rows[i], none, &err), KIST_INVALID);
		ck_assert_str_eq(err.code, "E_TYPE_NAME");
	}
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(kist_types_declare(types, name, none, NULL), KIST_INVALID);
	name[sizeof(name) - 2] = '\0';
	ck_assert_int_eq(kist_types_declare(types, name, none, NULL), KIST_OK);
}
END_TEST

START_TEST(definitions_are_limited_in_number)
{
	kist_auto_types struct kist_types *types = registry("{}");
	kist_auto_json json_t *none = json_null();
	char name[20];

	for (size_t i = 0; i <= KIST_TYPES_NAMED_MAX; i++) {
		snprintf(name, sizeof(name), "t%zu", i);
		ck_assert_int_eq(kist_types_declare(types, name, none, NULL),
				 i < KIST_TYPES_NAMED_MAX ? KIST_OK : KIST_LIMIT);
	}
}
END_TEST

/* "t0" is a list of "t1" and so on, @count of them; the last is a list of any. */
static struct kist_types *chain(unsigned count)
{
	struct kist_types *types = registry("{}");

	for (unsigned i = 0; i < count; i++) {
		kist_auto_json json_t *list = NULL;
		char name[20];
		char next[20];

		snprintf(name, sizeof(name), "t%u", i);
		snprintf(next, sizeof(next), "t%u", i + 1);
		list = json_pack("{ss}", "list", i + 1 < count ? next : "any");
		ck_assert_int_eq(kist_types_declare(types, name, list, NULL), KIST_OK);
	}
	return types;
}

START_TEST(types_within_each_other_are_limited_through_names_too)
{
	static const struct {
		unsigned count;
		kist_status status;
	} rows[] = { { KIST_TYPE_DEPTH_MAX - 1, KIST_OK },
		     { KIST_TYPE_DEPTH_MAX, KIST_LIMIT },
		     { 500, KIST_LIMIT } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kist_auto_types struct kist_types *types = chain(rows[i].count);
		const struct kist_type *type = NULL;

		ck_assert_int_eq(kist_types_find(types, "t0", &type, NULL, NULL), rows[i].status);
	}
}
END_TEST

START_TEST(an_expression_and_a_literal_are_limited_in_depth)
{
	kist_auto_types struct kist_types *types = registry("{}");
	kist_auto_json json_t *expression = json_string("any");
	kist_auto_json json_t *literal = json_integer(1);
	const struct kist_type *type;

	for (unsigned i = 1; i <= KIST_TYPE_DEPTH_MAX + 1; i++) {
		const kist_status expected = i < KIST_TYPE_DEPTH_MAX ? KIST_OK : KIST_LIMIT;

		expression = json_pack("{so}", "list", expression);
		literal = json_pack("[o]", literal);
		ck_assert_int_eq(kist_types_parse(types, expression, &type, NULL, NULL), expected);
		ck_assert_int_eq(kist_types_infer(types, literal, &type, NULL), expected);
	}
}
END_TEST

START_TEST(a_union_has_at_most_so_many_members)
{
	kist_auto_types struct kist_types *types = registry("{}");
	const struct kist_type *members[KIST_TYPE_UNION_MAX + 1];
	struct kist_type_parts parts = { .form = KIST_TYPE_UNION, .parts = members };
	const struct kist_type *type;

	for (size_t i = 0; i <= KIST_TYPE_UNION_MAX; i++) {
		char name[20];

		snprintf(name, sizeof(name), "m%zu", i);
		ck_assert_int_eq(kist_types_simple(types, name, &kist_type_any, &members[i], NULL), KIST_OK);
	}
	parts.count = KIST_TYPE_UNION_MAX;
	ck_assert_int_eq(kist_types_make(types, &parts, &type, NULL), KIST_OK);
	ck_assert_uint_eq(type->part_count, KIST_TYPE_UNION_MAX);
	parts.count++;
	ck_assert_int_eq(kist_types_make(types, &parts, &type, NULL), KIST_LIMIT);
	parts.count = KIST_TYPE_PARTS_MAX + 1;
	parts.form = KIST_TYPE_TUPLE;
	ck_assert_int_eq(kist_types_make(types, &parts, &type, NULL), KIST_LIMIT);
}
END_TEST

/* Each level has a union of two, which each hold the next level: paths double, comparisons end. */
START_TEST(comparing_ends_however_often_the_paths_double)
{
	kist_auto_types struct kist_types *types = registry("{}");
	const struct kist_type *given = &kist_type_string;
	const struct kist_type *wanted = &kist_type_number;

	for (unsigned level = 0; level + 3 < KIST_TYPE_DEPTH_MAX; level += 2) {
		const struct kist_type *two[2] = { wanted, &kist_type_null };
		const struct kist_type *pair[2];
		struct kist_type_parts parts = { .form = KIST_TYPE_TUPLE, .count = 2, .parts = two };

		for (size_t k = 0; k < 2; k++) {
			two[1] = k ? &kist_type_null : &kist_type_any;
			ck_assert_int_eq(kist_types_make(types, &parts, &pair[k], NULL), KIST_OK);
		}
		parts = (struct kist_type_parts){ .form = KIST_TYPE_UNION, .count = 2, .parts = pair };
		ck_assert_int_eq(kist_types_make(types, &parts, &wanted, NULL), KIST_OK);
		two[0] = given;
		two[1] = &kist_type_null;
		parts = (struct kist_type_parts){ .form = KIST_TYPE_TUPLE, .count = 2, .parts = two };
		ck_assert_int_eq(kist_types_make(types, &parts, &given, NULL), KIST_OK);
	}
	ck_assert(!kist_type_fits(given, wanted));
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	kist_auto_json json_t *value = json_of("{\"union\": [\"later\", {\"mapping\": {\"a\": \"token\"}}]}");
	kist_auto_json json_t *all = json_of(definitions);
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_types struct kist_types *types = NULL;
		const struct kist_type *type;
		const char *name;
		json_t *definition;

		kist_mem_fail_at(k);
		status = kist_types_new(&types, NULL);
		json_object_foreach(all, name, definition) {
			if (status == KIST_OK)
				status = kist_types_declare(types, name, definition, NULL);
		}
		if (status == KIST_OK)
			status = kist_types_parse(types, value, &type, NULL, NULL);
		if (status == KIST_OK)
			status = kist_types_infer(types, value, &type, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 1000);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("type");

	tcase_add_loop_test(tcase, what_fits_where_is_as_the_table_says, 0, ROWS(pairs));
	tcase_add_test(tcase, what_was_wrong_already_fits_all_and_is_fitted_by_all);
	tcase_add_test(tcase, what_is_declared_may_hold_a_literal_of_the_type_above);
	tcase_add_loop_test(tcase, a_list_is_inferred_as_a_tuple_and_an_object_as_a_record, 0,
			    ROWS(literals));
	tcase_add_test(tcase, a_type_is_printed_as_it_is_written);
	tcase_add_test(tcase, a_long_type_is_cut_at_a_character);
	tcase_add_loop_test(tcase, a_wrong_expression_is_told_with_its_part, 0, ROWS(wrong));
	tcase_add_loop_test(tcase, a_wrong_definition_is_told_once, 0, ROWS(bad_definitions));
	tcase_add_test(tcase, a_name_is_declared_once_and_no_built_in_one);
	tcase_add_test(tcase, definitions_are_limited_in_number);
	tcase_add_test(tcase, types_within_each_other_are_limited_through_names_too);
	tcase_add_test(tcase, an_expression_and_a_literal_are_limited_in_depth);
	tcase_add_test(tcase, a_union_has_at_most_so_many_members);
	tcase_add_test(tcase, comparing_ends_however_often_the_paths_double);
	tcase_add_test(tcase, each_allocation_may_fail);
	return suite_run(tcase, "type");
}
