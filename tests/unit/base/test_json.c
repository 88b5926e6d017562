/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

#define TEXT_SIZE_MAX ((size_t)1 << 16)

static kist_status parse(const char *text, json_t **ret, struct kist_error *err)
{
	return kist_json_parse(kist_view_of(text, strlen(text)), ret, err);
}

/* @text in canonical form. */
static void assert_canonical(const char *text, const char *want)
{
	kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(TEXT_SIZE_MAX);
	kist_auto_json json_t *value = NULL;

	ck_assert_int_eq(parse(text, &value, NULL), KIST_OK);
	ck_assert_int_eq(kist_json_canonical(value, &buf, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&buf), want);
}

static void assert_number(double number, const char *want)
{
	kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(TEXT_SIZE_MAX);
	kist_auto_json json_t *value = json_real(number);

	ck_assert_int_eq(kist_json_canonical(value, &buf, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&buf), want);
}

/* RFC 8785, appendix B; then powers of two, below which doubles lie twice as dense. */
static const struct {
	uint64_t bits;
	const char *text;
} numbers[] = {
	{ 0x0000000000000000, "0" },
	{ 0x8000000000000000, "0" },
	{ 0x0000000000000001, "5e-324" },
	{ 0x8000000000000001, "-5e-324" },
	{ 0x7fefffffffffffff, "1.7976931348623157e+308" },
	{ 0xffefffffffffffff, "-1.7976931348623157e+308" },
	{ 0x4340000000000000, "9007199254740992" },
	{ 0xc340000000000000, "-9007199254740992" },
	{ 0x4430000000000000, "295147905179352830000" },
	{ 0x44b52d02c7e14af5, "9.999999999999997e+22" },
	{ 0x44b52d02c7e14af6, "1e+23" },
	{ 0x44b52d02c7e14af7, "1.0000000000000001e+23" },
	{ 0x444b1ae4d6e2ef4e, "999999999999999700000" },
	{ 0x444b1ae4d6e2ef4f, "999999999999999900000" },
	{ 0x444b1ae4d6e2ef50, "1e+21" },
	{ 0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7" },
	{ 0x3eb0c6f7a0b5ed8d, "0.000001" },
	{ 0x41b3de4355555553, "333333333.3333332" },
	{ 0x41b3de4355555554, "333333333.33333325" },
	{ 0x41b3de4355555555, "333333333.3333333" },
	{ 0x41b3de4355555556, "333333333.3333334" },
	{ 0x41b3de4355555557, "333333333.33333343" },
	{ 0xbecbf647612f3696, "-0.0000033333333333333333" },
	{ 0x43143ff3c1cb0959, "1424953923781206.2" },
	{ 0x3d30000000000000, "5.684341886080802e-14" },
	{ 0x0010000000000000, "2.2250738585072014e-308" },
	{ 0x3ff0000000000000, "1" },
	{ 0x3fb999999999999a, "0.1" },
	{ 0x40c81c8000000000, "12345" },
};

static unsigned long allocations_left;

static void *alloc_some(size_t size)
{
	return allocations_left > 0 && --allocations_left == 0 ? NULL : kist_alloc_for_library(size);
}

START_TEST(a_copy_has_all_or_is_none)
{
	kist_auto_json json_t *value = NULL;
	kist_auto_json json_t *copy = NULL;

	ck_assert_int_eq(
		parse("{\"a\":{\"b\":[1,2.5,\"c\",null]},\"d\":true,\"e\":{},\"f\":1,\"g\":2,\"h\":3}",
		      &value, NULL),
		KIST_OK);
	json_set_alloc_funcs(alloc_some, kist_free);
	for (unsigned long k = 1; !copy; k++) {
		ck_assert_uint_lt(k, 100);
		allocations_left = k;
		copy = kist_json_copy(value);
	}
	json_set_alloc_funcs(kist_alloc_for_library, kist_free);
	allocations_left = 0;
	ck_assert(json_equal(copy, value));
	ck_assert_ptr_null(kist_json_copy(NULL));
}
END_TEST

START_TEST(numbers_have_the_form_of_rfc_8785)
{
	double number;

	memcpy(&number, &numbers[_i].bits, sizeof(number));
	assert_number(number, numbers[_i].text);
}
END_TEST

START_TEST(random_numbers_read_back_as_they_were)
{
	uint64_t state = 0x9e3779b97f4a7c15;

	for (int i = 0; i < 20000; i++) {
		kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(TEXT_SIZE_MAX);
		kist_auto_json json_t *value = NULL;
		uint64_t bits;
		double number;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		/* Every fourth is a power of two or its neighbour. */
		bits = i % 4 == 0 ? (state & 0x7ff0000000000000) + (uint64_t)(i / 4 % 3) - 1 : state;
		memcpy(&number, &bits, sizeof(number));
		if (!isfinite(number) || number == 0)
			continue;
		value = json_real(number);
		ck_assert_int_eq(kist_json_canonical(value, &buf, NULL), KIST_OK);
		ck_assert_msg(strtod(kist_buf_text(&buf), NULL) == number, "%016" PRIx64, bits);
		ck_assert_uint_le(buf.size, 25);
	}
}
END_TEST

/* What a record holds is read back from its canonical text: no real number may be lost on the way. */
START_TEST(whole_numbers_beyond_64_bits_are_read_as_reals)
{
	assert_canonical(
		"[9223372036854775808,-9223372036854775809,1e19,-1e20,999999999999999900000]",
		"[9223372036854776000,-9223372036854776000,10000000000000000000,-100000000000000000000,"
		"999999999999999900000]");
	assert_canonical(
		"{\"18446744073709551616\":18446744073709551615,\"a\\\"99999999999999999999\":\"\\\\\"}",
		"{\"18446744073709551616\":18446744073709552000,\"a\\\"99999999999999999999\":\"\\\\\"}");
	assert_canonical("[1000000000000000000000000000000,0]", "[1e+30,0]");
	/* The digits of a fraction or an exponent are none, however many there are. */
	assert_canonical("[18446744073709551616,0.12500000000000000000,1e-0000000000000000000003]",
			 "[18446744073709552000,0.125,0.001]");
}
END_TEST

START_TEST(canonical_reals_are_read_back_by_the_parser)
{
	static const double reals[] = {
		0x1p63, -0x1p63,   0x1.8p63, 0x1p64, 1e19,   -1e20, 9.9999999999999987e20,
		1e21,	-1e21,	   1e22,     1e308,  5e-324, 0.1,   123456789012345680,
		0x1p53, -0x1.8p62, 1e18
	};

	for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
		kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(TEXT_SIZE_MAX);
		kist_auto_json json_t *written = json_real(reals[i]);
		kist_auto_json json_t *read = NULL;

		ck_assert_int_eq(kist_json_canonical(written, &buf, NULL), KIST_OK);
		ck_assert_int_eq(kist_json_parse(kist_buf_view(&buf), &read, NULL), KIST_OK);
		ck_assert_msg(json_number_value(read) == reals[i], "%s", kist_buf_text(&buf));
	}
}
END_TEST

START_TEST(keys_are_sorted_by_utf16_units)
{
	assert_canonical(
		"{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet "
		"With "
		"Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
		"\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
		"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\",\"\xc3\xb6\":\"Latin "
		"Small "
		"Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji: "
		"Grinning "
		"Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
	assert_canonical("{\"b\":1,\"a\":2,\"aa\":3,\"\":4,\"A\":5}",
			 "{\"\":4,\"A\":5,\"a\":2,\"aa\":3,\"b\":1}");
}
END_TEST

START_TEST(strings_are_escaped_only_where_they_must_be)
{
	/* RFC 8785, section 3.2.2. */
	assert_canonical(
		"{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],"
		"\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
		"\"literals\": [null, true, false]}",
		"{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
		"\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
	assert_canonical("[\"\\b\\t\\n\\f\\r\\u000b\\u001f\\u007f\"]",
			 "[\"\\b\\t\\n\\f\\r\\u000b\\u001f\x7f\"]");
}
END_TEST

START_TEST(integers_stay_whole_to_64_bits)
{
	assert_canonical("[9223372036854775807,-9223372036854775808,0,-0,-0.0,1.0]",
			 "[9223372036854775807,-9223372036854775808,0,0,0,1]");
}
END_TEST

static const char *const broken[] = {
	"",
	" ",
	"{",
	"[1,]",
	"{\"a\":1,\"a\":2}",
	"{a:1}",
	"nul",
	"01",
	"1.",
	"+1",
	"NaN",
	"Infinity",
	"-",
	"1e999",
	"\"\xff\"",
	"\"\\ud800\"",
	"\"\\u0000\"",
	"\"a\nb\"",
	"[1] x",
	"/* c */ 1",
	"'a'",
	"-",
	"[-]",
	"1.e5",
};

START_TEST(what_is_no_json_is_corrupt)
{
	struct kist_error err = KIST_ERROR_INIT;
	json_t *value = NULL;

	ck_assert_int_eq(parse(broken[_i], &value, &err), KIST_CORRUPT);
	ck_assert_str_eq(err.code, "E_JSON");
	ck_assert_ptr_null(strstr(err.text, "line -1"));
	ck_assert_uint_ne(err.offset, KIST_NO_OFFSET);
	ck_assert_ptr_null(value);
}
END_TEST

START_TEST(nesting_of_16_is_read_and_17_is_not)
{
	char text[64] = "";
	json_t *value = NULL;

	memset(text, '[', KIST_JSON_DEPTH_MAX);
	memset(text + KIST_JSON_DEPTH_MAX, ']', KIST_JSON_DEPTH_MAX);
	ck_assert_int_eq(parse(text, &value, NULL), KIST_OK);
	json_decref(value);
	memset(text, '[', KIST_JSON_DEPTH_MAX + 1);
	memset(text + KIST_JSON_DEPTH_MAX + 1, ']', KIST_JSON_DEPTH_MAX + 1);
	ck_assert_int_eq(parse(text, &value, NULL), KIST_CORRUPT);
	/* Brackets in a string do not nest. */
	ck_assert_int_eq(parse("\"[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[[[\"", &value, NULL), KIST_OK);
	json_decref(value);
}
END_TEST

/* "[0,0,...]" of so many values, the list itself counted. */
static kist_status parse_list(size_t values)
{
	const size_t size = 1 + 2 * (values - 1);
	char *text = malloc(size);
	kist_auto_json json_t *value = NULL;
	kist_status status;

	for (size_t i = 0; i < values - 1; i++) {
		text[1 + 2 * i] = '0';
		text[2 + 2 * i] = ',';
	}
	text[0] = '[';
	text[size - 1] = ']';
	status = kist_json_parse(kist_view_of(text, size), &value, NULL);
	free(text);
	return status;
}

START_TEST(no_more_values_are_read_than_there_is_memory_for)
{
	ck_assert_int_eq(parse_list(KIST_JSON_VALUES_MAX), KIST_OK);
	ck_assert_int_eq(parse_list(KIST_JSON_VALUES_MAX + 1), KIST_CORRUPT);
}
END_TEST

START_TEST(members_are_had_by_name_and_type)
{
	kist_auto_json json_t *value = NULL;
	uint64_t number = 99;

	ck_assert_int_eq(parse("{\"t\":\"x\",\"n\":7,\"m\":-1,\"r\":1.5}", &value, NULL), KIST_OK);
	ck_assert_str_eq(kist_json_get_text(value, "t"), "x");
	ck_assert_ptr_null(kist_json_get_text(value, "n"));
	ck_assert_ptr_null(kist_json_get_text(value, "none"));
	ck_assert(kist_json_get_u64(value, "n", &number));
	ck_assert_uint_eq(number, 7);
	ck_assert(!kist_json_get_u64(value, "m", &number));
	ck_assert(!kist_json_get_u64(value, "r", &number));
	ck_assert(!kist_json_get_u64(value, "none", &number));
	ck_assert_uint_eq(number, 7);
}
END_TEST

START_TEST(any_bytes_become_a_string)
{
	kist_auto_json json_t *value = kist_json_text("a\xff\xc3\xa4", 4);
	kist_auto_json json_t *nothing = kist_json_text(NULL, 0);

	ck_assert_str_eq(json_string_value(value), "a\xef\xbf\xbd\xc3\xa4");
	ck_assert_str_eq(json_string_value(nothing), "");
}
END_TEST

START_TEST(numbers_that_are_not_finite_and_missing_values_are_refused)
{
	kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(TEXT_SIZE_MAX);

	ck_assert_int_eq(kist_json_canonical(NULL, &buf, NULL), KIST_NO_MEMORY);
	/* jansson itself makes no such value. */
	ck_assert_ptr_null(json_real((double)NAN));
	ck_assert_ptr_null(json_real(HUGE_VAL));
}
END_TEST

START_TEST(the_canonical_form_keeps_to_the_limit_of_the_buf)
{
	kist_auto_json json_t *value = NULL;
	const char *const text = "{\"a\":[1,2.5,\"x\\n\",true,null]}";

	ck_assert_int_eq(parse(text, &value, NULL), KIST_OK);
	for (size_t max = 0; max <= strlen(text); max++) {
		kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(max);

		ck_assert_int_eq(kist_json_canonical(value, &buf, NULL),
				 max < strlen(text) ? KIST_LIMIT : KIST_OK);
	}
}
END_TEST

START_TEST(nothing_is_written_that_is_too_deep_to_be_read)
{
	for (int depth = KIST_JSON_DEPTH_MAX; depth <= KIST_JSON_DEPTH_MAX + 1; depth++) {
		kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(TEXT_SIZE_MAX);
		kist_auto_json json_t *value = json_null();
		kist_auto_json json_t *back = NULL;
		struct kist_error err = KIST_ERROR_INIT;

		for (int i = 0; i < depth; i++)
			value = i % 2 ? json_pack("[o]", value) : json_pack("{s:o}", "a", value);
		if (depth > KIST_JSON_DEPTH_MAX) {
			ck_assert_int_eq(kist_json_canonical(value, &buf, &err), KIST_LIMIT);
			ck_assert_ptr_nonnull(strstr(err.text, "deeper than 16"));
			continue;
		}
		ck_assert_int_eq(kist_json_canonical(value, &buf, NULL), KIST_OK);
		ck_assert_int_eq(kist_json_parse(kist_buf_view(&buf), &back, NULL), KIST_OK);
	}
}
END_TEST

START_TEST(nothing_is_written_that_has_too_many_values_to_be_read)
{
	/* The list itself, what its bracket counts, and a comma for each element but the first. */
	const size_t most = KIST_JSON_VALUES_MAX - 1;

	for (size_t count = most; count <= most + 1; count++) {
		kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(8 * KIST_JSON_VALUES_MAX);
		kist_auto_json json_t *value = json_array();
		kist_auto_json json_t *back = NULL;

		while (json_array_size(value) < count && json_array_append_new(value, json_true()) == 0)
			;
		ck_assert_uint_eq(json_array_size(value), count);
		if (count > most) {
			ck_assert_int_eq(kist_json_canonical(value, &buf, NULL), KIST_LIMIT);
			buf.size = 0;
			ck_assert_int_eq(kist_json_canonical_any(value, &buf, NULL), KIST_OK);
			ck_assert_int_eq(kist_json_parse(kist_buf_view(&buf), &back, NULL), KIST_CORRUPT);
			continue;
		}
		ck_assert_int_eq(kist_json_canonical(value, &buf, NULL), KIST_OK);
		ck_assert_int_eq(kist_json_parse(kist_buf_view(&buf), &back, NULL), KIST_OK);
	}
}
END_TEST

START_TEST(the_canonical_form_survives_every_failed_allocation)
{
	kist_auto_json json_t *value = NULL;
	kist_status status = KIST_NO_MEMORY;
	unsigned long k = 1;

	ck_assert_int_eq(parse("{\"b\":{\"c\":[1,2.5]},\"a\":\"x\"}", &value, NULL), KIST_OK);
	for (; status != KIST_OK; k++) {
		kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(TEXT_SIZE_MAX);

		kist_mem_fail_at(k);
		status = kist_json_canonical(value, &buf, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
	ck_assert_uint_gt(k, 3);
	kist_mem_fail_at(1);
	ck_assert_ptr_null(kist_json_text("x", 1));
	kist_mem_fail_at(0);
}
END_TEST

START_TEST(bytes_that_are_no_utf8_stand_beside_their_text)
{
	kist_auto_json json_t *object = json_object();

	ck_assert_int_eq(kist_json_set_bytes(object, "path", "a\xff", 2, NULL), KIST_OK);
	ck_assert_str_eq(kist_json_get_text(object, "path"), "a\xef\xbf\xbd");
	ck_assert_str_eq(kist_json_get_text(object, "path_bytes"), "61ff");
	ck_assert_int_eq(kist_json_set_bytes(object, "path", "b", 1, NULL), KIST_OK);
	ck_assert_str_eq(kist_json_get_text(object, "path"), "b");
	ck_assert_ptr_null(json_object_get(object, "path_bytes"));
	for (size_t k = 1;; k++) {
		kist_status status;

		kist_mem_fail_at(k);
		status = kist_json_set_bytes(object, "path", "\xff", 1, NULL);
		kist_mem_fail_at(0);
		if (status == KIST_OK)
			break;
		ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
}
END_TEST

START_TEST(numbers_that_json_has_none_for_are_named)
{
	static const struct {
		double number;
		const char *text; /* NULL: a number */
	} rows[] = { { 0.1, NULL },
		     { -1e300, NULL },
		     { (double)NAN, "NaN" },
		     { (double)INFINITY, "Infinity" },
		     { -(double)INFINITY, "-Infinity" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kist_auto_json json_t *value = kist_json_real(rows[i].number);
		double back = 7;

		if (rows[i].text)
			ck_assert_str_eq(json_string_value(value), rows[i].text);
		else
			ck_assert(json_is_real(value));
		ck_assert(kist_json_get_real(value, &back));
		ck_assert(isnan(rows[i].number) ? isnan(back) : back == rows[i].number);
	}
	for (size_t i = 0; i < 4; i++) {
		static const char *const texts[] = { "[\"nan\"]", "[null]", "[true]", "[\"1\"]" };
		kist_auto_json json_t *list = NULL;
		double back = 7;

		ck_assert_int_eq(kist_json_parse(kist_view_of(texts[i], strlen(texts[i])), &list, NULL),
				 KIST_OK);
		ck_assert(!kist_json_get_real(json_array_get(list, 0), &back));
		ck_assert(back == 7);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("json");

	tcase_add_loop_test(tcase, numbers_have_the_form_of_rfc_8785, 0,
			    (int)(sizeof(numbers) / sizeof(numbers[0])));
	tcase_add_test(tcase, a_copy_has_all_or_is_none);
	tcase_add_test(tcase, random_numbers_read_back_as_they_were);
	tcase_add_test(tcase, whole_numbers_beyond_64_bits_are_read_as_reals);
	tcase_add_test(tcase, canonical_reals_are_read_back_by_the_parser);
	tcase_add_test(tcase, keys_are_sorted_by_utf16_units);
	tcase_add_test(tcase, strings_are_escaped_only_where_they_must_be);
	tcase_add_test(tcase, integers_stay_whole_to_64_bits);
	tcase_add_loop_test(tcase, what_is_no_json_is_corrupt, 0, (int)(sizeof(broken) / sizeof(broken[0])));
	tcase_add_test(tcase, nesting_of_16_is_read_and_17_is_not);
	tcase_add_test(tcase, no_more_values_are_read_than_there_is_memory_for);
	tcase_add_test(tcase, members_are_had_by_name_and_type);
	tcase_add_test(tcase, any_bytes_become_a_string);
	tcase_add_test(tcase, numbers_that_are_not_finite_and_missing_values_are_refused);
	tcase_add_test(tcase, the_canonical_form_keeps_to_the_limit_of_the_buf);
	tcase_add_test(tcase, nothing_is_written_that_is_too_deep_to_be_read);
	tcase_add_test(tcase, nothing_is_written_that_has_too_many_values_to_be_read);
	tcase_add_test(tcase, the_canonical_form_survives_every_failed_allocation);
	tcase_add_test(tcase, numbers_that_json_has_none_for_are_named);
	tcase_add_test(tcase, bytes_that_are_no_utf8_stand_beside_their_text);
	return suite_run(tcase, "json");
}
