/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/suite.h"

#include "task/signature.h"

START_TEST(every_type_of_the_grammar_is_read)
{
	static const struct {
		const char *text;
		uint8_t type;
		bool returns;
	} rows[] = {
		{ "i8", KIST_TASK_I8, true },
		{ "i16", KIST_TASK_I16, true },
		{ "i32", KIST_TASK_I32, true },
		{ "i64", KIST_TASK_I64, true },
		{ "u8", KIST_TASK_U8, true },
		{ "u16", KIST_TASK_U16, true },
		{ "u32", KIST_TASK_U32, true },
		{ "u64", KIST_TASK_U64, true },
		{ "f32", KIST_TASK_F32, true },
		{ "f64", KIST_TASK_F64, true },
		{ "b8", KIST_TASK_B8, true },
		{ "cstr", KIST_TASK_CSTR, false },
		{ "bytes", KIST_TASK_BYTES, false },
		{ "json", KIST_TASK_JSON, false },
		{ "tensor", KIST_TASK_TENSOR, false },
		{ "table", KIST_TASK_TABLE, false },
		{ "object", KIST_TASK_OBJECT, false },
		{ "call", KIST_TASK_CALL, false },
		{ "tensor*", KIST_TASK_TENSOR_OUT, false },
		{ "object*", KIST_TASK_OBJECT_OUT, false },
		{ "region*", KIST_TASK_REGION_OUT, false },
		{ "i8[]", KIST_TASK_I8_ARRAY, false },
		{ "u64[]", KIST_TASK_U64_ARRAY, false },
		{ "f32[]", KIST_TASK_F32_ARRAY, false },
		{ "f64[]", KIST_TASK_F64_ARRAY, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kist_signature signature;
		char text[64];

		snprintf(text, sizeof(text), "%s->status", rows[i].text);
		ck_assert_int_eq(kist_signature_parse(text, &signature, NULL), KIST_OK);
		ck_assert_uint_eq(signature.arg_count, 1);
		ck_assert_uint_eq(signature.args[0], rows[i].type);
		ck_assert_uint_eq(signature.ret, KIST_TASK_STATUS);
		ck_assert_str_eq(kist_task_type_name(rows[i].type), rows[i].text);
		snprintf(text, sizeof(text), "->%s", rows[i].text);
		ck_assert_int_eq(kist_signature_parse(text, &signature, NULL),
				 rows[i].returns ? KIST_OK : KIST_INVALID);
	}
}
END_TEST

START_TEST(no_arguments_and_no_return_are_a_signature)
{
	struct kist_signature signature;

	ck_assert_int_eq(kist_signature_parse("->void", &signature, NULL), KIST_OK);
	ck_assert_uint_eq(signature.arg_count, 0);
	ck_assert_uint_eq(signature.ret, KIST_TASK_VOID);
}
END_TEST

static const struct {
	const char *text;
	uint64_t offset;
	const char *hint;
} refused[] = {
	{ "", 0, "no '->'" },
	{ "i64", 3, "no '->'" },
	{ "i64-i64", 7, "no '->'" },
	{ "i64->", 5, "a type is missing" },
	{ ",->void", 0, "a type is missing" },
	{ "i64,->void", 4, "a type is missing" },
	{ "int->void", 0, "write i32" },
	{ "i64,long->void", 4, "write i64" },
	{ "unsigned long->void", 0, "write u64" },
	{ "char->void", 0, "write i8 or u8" },
	{ "size_t->void", 0, "write u64" },
	{ "enum color->void", 0, "size of an enum" },
	{ "wchar_t->void", 0, "write i32" },
	{ "bool->void", 0, "write b8" },
	{ "float,double->void", 0, "write f32" },
	{ "long double->void", 0, "write f64" },
	{ "char*->void", 0, "region*" },
	{ "const char *->void", 0, "write cstr" },
	{ "void*->void", 0, "no size and no owner" },
	{ "i64*->void", 0, "no size and no owner" },
	{ "tensor**->void", 0, "only tensor*, object* and region*" },
	{ "struct point->void", 0, "a struct cannot be passed by value" },
	{ "union u->void", 0, "a union cannot be passed by value" },
	{ "double _Complex->void", 0, "two f64" },
	{ "i32,...->i32", 4, "variable number" },
	{ "i32...->i32", 0, "variable number" },
	{ "void(*)(int)->void", 0, "callback" },
	{ "i32[4]->void", 0, "bare pointer" },
	{ "i64, i64->void", 4, "no blanks" },
	{ " i64->void", 0, "no blanks" },
	{ "void->void", 0, "nothing before '->'" },
	{ "status->void", 0, "only comes back" },
	{ "i64->tensor*", 5, "out argument" },
	{ "i64->cstr", 5, "out argument" },
	{ "->bytes", 2, "out argument" },
	{ "->int", 2, "write i32" },
	{ "->i64->i64", 2, "no such type" },
	{ "I64->void", 0, "no such type" },
	{ "i65->void", 0, "no such type" },
	{ "i64\x01->void", 0, "no such type" },
	{ "\xff\xfe->void", 0, "no such type" },
};

START_TEST(each_unsafe_spelling_is_refused_by_name)
{
	struct kist_signature signature = { .arg_count = 99 };
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_signature_parse(refused[_i].text, &signature, &err), KIST_INVALID);
	ck_assert_msg(strstr(err.text, refused[_i].hint), "'%s': '%s'", refused[_i].text, err.text);
	ck_assert_uint_eq(err.offset, refused[_i].offset);
	ck_assert_str_eq(err.code, "E_SIGNATURE");
	ck_assert_uint_eq(signature.arg_count, 99);
	ck_assert_int_eq(kist_signature_check(refused[_i].text, NULL), KIST_INVALID);
}
END_TEST

START_TEST(sixteen_arguments_are_read_and_seventeen_are_not)
{
	struct kist_signature signature;
	struct kist_error err = KIST_ERROR_INIT;
	const char *const sixteen = "i8,i8,i8,i8,i8,i8,i8,i8,i8,i8,i8,i8,i8,i8,i8,u64->void";
	char seventeen[80];

	ck_assert_int_eq(kist_signature_parse(sixteen, &signature, NULL), KIST_OK);
	ck_assert_uint_eq(signature.arg_count, KIST_SIGNATURE_ARGS_MAX);
	ck_assert_uint_eq(signature.args[15], KIST_TASK_U64);
	snprintf(seventeen, sizeof(seventeen), "f64,%s", sixteen);
	ck_assert_int_eq(kist_signature_parse(seventeen, &signature, &err), KIST_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.text, "more than 16 arguments"));
}
END_TEST

START_TEST(the_longest_signature_is_read_and_one_byte_more_is_a_limit)
{
	char text[KIST_SIGNATURE_SIZE_MAX + 2];

	memset(text, 'x', sizeof(text));
	text[KIST_SIGNATURE_SIZE_MAX] = '\0';
	ck_assert_int_eq(kist_signature_check(text, NULL), KIST_INVALID);
	text[KIST_SIGNATURE_SIZE_MAX] = 'x';
	text[KIST_SIGNATURE_SIZE_MAX + 1] = '\0';
	ck_assert_int_eq(kist_signature_check(text, NULL), KIST_LIMIT);
	ck_assert_int_eq(kist_signature_check("object*,object*,object*,object*,object*,object*,object*,object*,"
					      "object*,object*,object*,object*,object*,object*,object*,object*->status",
					      NULL),
			 KIST_OK);
}
END_TEST

START_TEST(what_is_no_type_is_called_unknown)
{
	ck_assert_str_eq(kist_task_type_name(KIST_TASK_TYPE_COUNT), "unknown");
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("signature");

	tcase_add_test(tcase, every_type_of_the_grammar_is_read);
	tcase_add_test(tcase, no_arguments_and_no_return_are_a_signature);
	tcase_add_loop_test(tcase, each_unsafe_spelling_is_refused_by_name, 0,
			    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(tcase, sixteen_arguments_are_read_and_seventeen_are_not);
	tcase_add_test(tcase, the_longest_signature_is_read_and_one_byte_more_is_a_limit);
	tcase_add_test(tcase, what_is_no_type_is_called_unknown);
	return suite_run(tcase, "signature");
}
