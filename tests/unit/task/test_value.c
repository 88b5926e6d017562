/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "task/value.h"

static json_t *json_of(const char *text)
{
	json_t *value;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(kist_json_parse(kist_view_of(text, strlen(text)), &value, &err) == KIST_OK, "%s: %s", text,
		      err.text);
	return value;
}

/* The least and the most of each type of integer, and what lies one beyond. */
static const struct {
	uint8_t type;
	const char *least, *most, *below, *above;
} edges[] = {
	{ KIST_TASK_I8, "-128", "127", "-129", "128" },
	{ KIST_TASK_I16, "-32768", "32767", "-32769", "32768" },
	{ KIST_TASK_I32, "-2147483648", "2147483647", "-2147483649", "2147483648" },
	{ KIST_TASK_I64, "-9223372036854775808", "9223372036854775807", "-9223372036854777856.0", "9223372036854775808" },
	{ KIST_TASK_U8, "0", "255", "-1", "256" },
	{ KIST_TASK_U16, "0", "65535", "-1", "65536" },
	{ KIST_TASK_U32, "0", "4294967295", "-1", "4294967296" },
	{ KIST_TASK_U64, "0", "9223372036854775807", "-1", "18446744073709551616" },
};

START_TEST(integers_fit_to_their_edges_and_no_further)
{
	kist_auto_json json_t *least = json_of(edges[_i].least);
	kist_auto_json json_t *most = json_of(edges[_i].most);
	kist_auto_json json_t *below = json_of(edges[_i].below);
	kist_auto_json json_t *above = json_of(edges[_i].above);
	kist_auto_json json_t *back = NULL;
	struct kist_task_value value;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_task_value_of_json(edges[_i].type, least, &value, &err), KIST_OK);
	ck_assert_int_eq(kist_task_value_of_json(edges[_i].type, most, &value, &err), KIST_OK);
	ck_assert_int_eq(kist_task_value_json(&value, &back, &err), KIST_OK);
	ck_assert(json_equal(back, most));
	ck_assert_int_eq(kist_task_value_of_json(edges[_i].type, below, &value, &err), KIST_INVALID);
	ck_assert_str_eq(err.code, "E_ARGUMENT");
	ck_assert_int_eq(kist_task_value_of_json(edges[_i].type, above, &value, NULL), KIST_INVALID);
}
END_TEST

START_TEST(a_u64_past_the_integers_of_json_goes_in_and_is_told_when_it_comes_out)
{
	kist_auto_json json_t *large = json_of("18446744073709549568");
	struct kist_task_value value;
	struct kist_error err = KIST_ERROR_INIT;
	json_t *back;

	ck_assert_int_eq(kist_task_value_of_json(KIST_TASK_U64, large, &value, &err), KIST_OK);
	ck_assert(value.natural == UINT64_C(18446744073709549568));
	ck_assert_int_eq(kist_task_value_json(&value, &back, &err), KIST_LIMIT);
	ck_assert_str_eq(err.code, "E_RESULT");
}
END_TEST

static const struct {
	uint8_t type;
	const char *json;
	double number;
} reals[] = {
	{ KIST_TASK_F64, "0.1", 0.1 },
	{ KIST_TASK_F64, "9007199254740992", 9007199254740992.0 },
	{ KIST_TASK_F64, "-9223372036854775808", -9223372036854775808.0 },
	{ KIST_TASK_F32, "3.4028234663852886e38", 3.4028234663852886e38 },
	{ KIST_TASK_F64, "\"Infinity\"", (double)INFINITY },
	{ KIST_TASK_F32, "\"-Infinity\"", -(double)INFINITY },
};

START_TEST(real_numbers_pass_both_ways)
{
	kist_auto_json json_t *json = json_of(reals[_i].json);
	kist_auto_json json_t *back = NULL;
	struct kist_task_value value;

	ck_assert_int_eq(kist_task_value_of_json(reals[_i].type, json, &value, NULL), KIST_OK);
	ck_assert(value.real == reals[_i].number);
	ck_assert_int_eq(kist_task_value_json(&value, &back, NULL), KIST_OK);
	ck_assert(json_is_string(json) ? json_equal(json, back) : json_real_value(back) == reals[_i].number);
}
END_TEST

START_TEST(nan_passes_both_ways)
{
	kist_auto_json json_t *json = json_of("\"NaN\"");
	kist_auto_json json_t *back = NULL;
	struct kist_task_value value;

	ck_assert_int_eq(kist_task_value_of_json(KIST_TASK_F64, json, &value, NULL), KIST_OK);
	ck_assert(isnan(value.real));
	ck_assert_int_eq(kist_task_value_json(&value, &back, NULL), KIST_OK);
	ck_assert(json_equal(json, back));
}
END_TEST

static const struct {
	uint8_t type;
	const char *json;
	const char *text;
} refusals[] = {
	{ KIST_TASK_F64, "9007199254740993", "cannot be held exactly" },
	{ KIST_TASK_F64, "9223372036854775807", "cannot be held exactly" },
	{ KIST_TASK_F32, "16777217", "cannot be held exactly by f32" },
	{ KIST_TASK_F64, "\"1.5\"", "a string was given, a number is expected" },
	{ KIST_TASK_F32, "3.5e38", "does not fit f32" },
	{ KIST_TASK_I64, "0.5", "a number that is not whole was given" },
	{ KIST_TASK_I64, "null", "null was given, an integer is expected" },
	{ KIST_TASK_I64, "[]", "a list was given" },
	{ KIST_TASK_B8, "0", "an integer was given, true or false is expected" },
	{ KIST_TASK_CSTR, "true", "a boolean was given, a string is expected" },
	{ KIST_TASK_TENSOR, "{}", "an object was given, tensor is expected" },
	{ KIST_TASK_F64_ARRAY, "[1]", "a list was given, f64[] is expected" },
};

START_TEST(what_does_not_fit_is_refused_in_words)
{
	kist_auto_json json_t *json = json_of(refusals[_i].json);
	struct kist_task_value value;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_task_value_of_json(refusals[_i].type, json, &value, &err), KIST_INVALID);
	ck_assert_str_eq(err.code, "E_ARGUMENT");
	ck_assert_msg(strstr(err.text, refusals[_i].text), "%s", err.text);
}
END_TEST

START_TEST(a_text_with_a_nul_is_no_cstr)
{
	kist_auto_json json_t *json = json_stringn("a\0b", 3);
	struct kist_task_value value;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_task_value_of_json(KIST_TASK_CSTR, json, &value, &err), KIST_INVALID);
	ck_assert_uint_eq(err.offset, 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("value");

	tcase_add_loop_test(tcase, integers_fit_to_their_edges_and_no_further, 0, (int)(sizeof(edges) / sizeof(edges[0])));
	tcase_add_test(tcase, a_u64_past_the_integers_of_json_goes_in_and_is_told_when_it_comes_out);
	tcase_add_loop_test(tcase, real_numbers_pass_both_ways, 0, (int)(sizeof(reals) / sizeof(reals[0])));
	tcase_add_test(tcase, nan_passes_both_ways);
	tcase_add_loop_test(tcase, what_does_not_fit_is_refused_in_words, 0,
			    (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(tcase, a_text_with_a_nul_is_no_cstr);
	return suite_run(tcase, "value");
}
