/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_normal.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "support/suite.h"

#define TEXT_MAX ((size_t)1 << 20)

static void assert_normal(const char *text, size_t len, const char *expected)
{
	kist_auto_buf struct kist_buf got = KIST_BUF_INIT(TEXT_MAX);

	ck_assert_msg(kist_json_normal(kist_view_of(text, len), &got, NULL) == KIST_OK, "%s", text);
	ck_assert_msg(got.size == strlen(expected) && memcmp(got.data, expected, got.size) == 0,
		      "%s: %.*s, not %s", text, (int)got.size, (const char *)got.data, expected);
}

static const struct {
	const char *text;
	const char *normal;
} texts[] = {
	{ "{}", "{}" },
	{ " [ ] \n", "[]" },
	{ "\t{ \"b\" : 1 , \"a\" : [ true , null ] }", "{\"a\":[true,null],\"b\":1}" },
	{ "{\"c\":{\"z\":1,\"y\":[{\"q\":2,\"p\":3}]},\"a\":{}}",
	  "{\"a\":{},\"c\":{\"y\":[{\"p\":3,\"q\":2}],\"z\":1}}" },
	{ "{\"aa\":1,\"a\":2,\"\":3}", "{\"\":3,\"a\":2,\"aa\":1}" },
	{ "\"gr\xc3\xbc\xc3\x9f\"", "\"gr\xc3\xbc\xc3\x9f\"" },
	{ "[\"\\u00e9\",\"\\/\"]", "[\"\xc3\xa9\",\"/\"]" },
	{ "[0,-0,-0.0,0.0,-7]", "[0,0,0,0,-7]" },
	{ "[1.0,1.50,1.5,-2.25,100.5]", "[1,1.5,1.5,-2.25,100.5]" },
	{ "[1e2,1E-7,2.5e-3]", "[100,1e-7,0.0025]" },
	{ "[0.000001,0.0000001,0.0000015]", "[0.000001,1e-7,0.0000015]" },
	{ "[0.1234567890123456789,0.30000000000000004,0.3000000000000000444]",
	  "[0.12345678901234568,0.30000000000000004,0.30000000000000004]" },
	{ "[123456789012345.6,1234567890123456.7]", "[123456789012345.6,1234567890123456.8]" },
	{ "[999999999999999999,9223372036854775807,-9223372036854775808,9223372036854775808]",
	  "[999999999999999999,9223372036854775807,-9223372036854775808,9223372036854776000]" },
	/* Longer than they were. */
	{ "[1e20,1E20,-1e20,1e0,1e-5]",
	  "[100000000000000000000,100000000000000000000,-100000000000000000000,1,0.00001]" },
	{ "1e20", "100000000000000000000" },
	{ "[-0.30000000000000004,0.30000000000000004e1,0.30000000000000004E0]",
	  "[-0.30000000000000004,3.0000000000000004,0.30000000000000004]" },
	{ "[0.07647214844279277,0.076472148442792775,20.136970334884,5404319552844595.5,9007199254740993.5]",
	  "[0.07647214844279276,0.07647214844279278,20.136970334884,5404319552844596,9007199254740994]" },
	{ "[-0.5,-0.50,-1,10,10.01,-0e1]", "[-0.5,-0.5,-1,10,10.01,0]" },
	/* Of which the first eight bytes are the same, or are all there is. */
	{ "{\"abcdefghj\":1,\"abcdefghi\":2,\"abcdefgh\":3,\"abcdefg\":4}",
	  "{\"abcdefg\":4,\"abcdefgh\":3,\"abcdefghi\":2,\"abcdefghj\":1}" },
	{ "{\"\xc3\xa9\":1,\"z\":2,\"\xe2\x82\xac\":3,\"z\xc3\xa9\":4}",
	  "{\"z\":2,\"z\xc3\xa9\":4,\"\xc3\xa9\":1,\"\xe2\x82\xac\":3}" },
	/* Of UTF-16 units the pair of U+10000 comes before U+E000. */
	{ "{\"\xee\x80\x80\":1,\"\xf0\x90\x80\x80\":2}", "{\"\xf0\x90\x80\x80\":2,\"\xee\x80\x80\":1}" },
};

START_TEST(it_is_the_canonical_form)
{
	assert_normal(texts[_i].text, strlen(texts[_i].text), texts[_i].normal);
	/* And that of itself. */
	assert_normal(texts[_i].normal, strlen(texts[_i].normal), texts[_i].normal);
}
END_TEST

START_TEST(an_object_of_many_members_is_in_order)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(TEXT_MAX);
	kist_auto_buf struct kist_buf expected = KIST_BUF_INIT(TEXT_MAX);

	/* Twice as many as are sorted one by one. */
	for (int i = 0; i < 64; i++) {
		ck_assert_int_eq(kist_buf_appendf(&text, NULL, "%c\"k%02d\":[%d]", i ? ',' : '{', i * 27 % 64,
						  i * 27 % 64),
				 KIST_OK);
		ck_assert_int_eq(kist_buf_appendf(&expected, NULL, "%c\"k%02d\":[%d]", i ? ',' : '{', i, i),
				 KIST_OK);
	}
	ck_assert_int_eq(kist_buf_append(&text, "}", 1, NULL), KIST_OK);
	ck_assert_int_eq(kist_buf_append(&expected, "}", 1, NULL), KIST_OK);
	assert_normal((const char *)text.data, text.size, kist_buf_text(&expected));
}
END_TEST

START_TEST(it_is_appended)
{
	kist_auto_buf struct kist_buf got = KIST_BUF_INIT(TEXT_MAX);

	ck_assert_int_eq(kist_buf_append(&got, "before", 6, NULL), KIST_OK);
	ck_assert_int_eq(kist_json_normal(kist_view_of("{\"b\":1,\"a\":2}", 13), &got, NULL), KIST_OK);
	ck_assert_uint_eq(got.size, 19);
	ck_assert_mem_eq(got.data, "before{\"a\":2,\"b\":1}", 19);
}
END_TEST

static const char *const bad[] = {
	"",
	"{",
	"[1,]",
	"{\"a\":1,}",
	"{\"a\":1,\"a\":2}",
	"{\"b\":1,\"a\":2,\"b\":3}",
	"[01]",
	"[1.]",
	"[.5]",
	"[+1]",
	"[1 2]",
	"[1] 2",
	"nul",
	"{1:2}",
	"[\"a]",
	"[\"\x01\"]",
	"[\"\xff\"]",
	"[\"\\u0000\"]",
	"[1e999]",
	"{\"a\" 1}",
	"[\"\\ud800\"]",
	"]",
	"{\"a\":}",
	"[NaN]",
};

START_TEST(what_is_no_json_is_refused_as_by_the_parser_and_leaves_nothing)
{
	const struct kist_view text = kist_view_of(bad[_i], strlen(bad[_i]));
	kist_auto_buf struct kist_buf got = KIST_BUF_INIT(TEXT_MAX);
	struct kist_error expected = KIST_ERROR_INIT;
	struct kist_error error = KIST_ERROR_INIT;
	json_t *value = NULL;

	ck_assert_int_eq(kist_json_parse(text, &value, &expected), KIST_CORRUPT);
	ck_assert_int_eq(kist_json_normal(text, &got, &error), KIST_CORRUPT);
	ck_assert_str_eq(error.text, expected.text);
	ck_assert_uint_eq(error.offset, expected.offset);
	ck_assert_uint_eq(got.size, 0);
}
END_TEST

START_TEST(its_limits_are_those_of_values)
{
	kist_auto_buf struct kist_buf got = KIST_BUF_INIT(TEXT_MAX * 4);
	kist_auto_mem char *many = kist_alloc(2 * KIST_JSON_VALUES_MAX + 8, 1);
	char deep[2 * KIST_JSON_DEPTH_MAX + 2];
	size_t len;

	memset(deep, '[', KIST_JSON_DEPTH_MAX + 1);
	memset(deep + KIST_JSON_DEPTH_MAX + 1, ']', KIST_JSON_DEPTH_MAX + 1);
	ck_assert_int_eq(kist_json_normal(kist_view_of(deep, sizeof(deep)), &got, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_json_normal(kist_view_of(deep + 1, sizeof(deep) - 2), &got, NULL), KIST_OK);
	ck_assert_uint_eq(got.size, sizeof(deep) - 2);

	got.size = 0;
	ck_assert_ptr_nonnull(many);
	/* A bracket and the commas, and one value that is counted anyway. */
	len = 1;
	many[0] = '[';
	for (size_t i = 0; i < KIST_JSON_VALUES_MAX - 1; i++) {
		many[len++] = '1';
		many[len++] = i + 2 < KIST_JSON_VALUES_MAX ? ',' : ']';
	}
	ck_assert_int_eq(kist_json_normal(kist_view_of(many, len), &got, NULL), KIST_OK);
	ck_assert_uint_eq(got.size, len);
	many[len - 1] = ',';
	many[len++] = '1';
	many[len++] = ']';
	ck_assert_int_eq(kist_json_normal(kist_view_of(many, len), &got, NULL), KIST_CORRUPT);
	ck_assert_uint_eq(got.size, 2 * KIST_JSON_VALUES_MAX - 1);
}
END_TEST

START_TEST(a_text_beyond_the_room_leaves_nothing)
{
	kist_auto_buf struct kist_buf got = KIST_BUF_INIT(10);

	ck_assert_int_eq(kist_json_normal(kist_view_of("[1,2,3,4,5]", 11), &got, NULL), KIST_LIMIT);
	ck_assert_uint_eq(got.size, 0);
	ck_assert_int_eq(kist_json_normal(kist_view_of("[ 1,2,3,45]", 11), &got, NULL), KIST_OK);
}
END_TEST

START_TEST(where_memory_is_short_the_long_way_is_gone)
{
	static const char text[] = "{\"b\":[1,2.5],\"a\":{\"d\":1e300,\"c\":\"x\"}}";
	static const char expected[] = "{\"a\":{\"c\":\"x\",\"d\":1e+300},\"b\":[1,2.5]}";

	for (unsigned long fail = 1; fail < 5; fail++) {
		kist_auto_buf struct kist_buf got = KIST_BUF_INIT(TEXT_MAX);

		kist_mem_fail_at(fail);
		ck_assert_int_eq(kist_json_normal(kist_view_of(text, sizeof(text) - 1), &got, NULL), KIST_OK);
		kist_mem_fail_at(0);
		ck_assert_uint_eq(got.size, sizeof(expected) - 1);
		ck_assert_mem_eq(got.data, expected, got.size);
	}
}
END_TEST

static uint64_t random_state = 11;

static uint64_t draw(void)
{
	/* splitmix64 */
	uint64_t z = (random_state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A number in any of the ways in which it may be spelled. */
static void add_number(struct kist_buf *text)
{
	const double real = (double)(int64_t)draw() / (double)((uint64_t)1 << (draw() % 64));

	switch (draw() % 4) {
	case 0:
		(void)!kist_buf_appendf(text, NULL, "%lld", (long long)(draw() >> (draw() % 64)));
		break;
	case 1:
		(void)!kist_buf_appendf(text, NULL, "%.*f", (int)(draw() % 12 + 1),
					(double)(draw() % 1000) / 64);
		break;
	case 2:
		(void)!kist_buf_appendf(text, NULL, "%.*e", (int)(draw() % 19), real);
		break;
	default:
		(void)!kist_buf_appendf(text, NULL, "%.17g", real);
	}
}

static void add_blank(struct kist_buf *text)
{
	static const char blanks[] = " \t\n\r";

	if (draw() % 4 == 0)
		(void)!kist_buf_append(text, &blanks[draw() % 4], 1, NULL);
}

static void add_value(struct kist_buf *text, int depth)
{
	const uint64_t kind = draw() % (depth < 5 ? 6 : 4);
	const size_t count = (size_t)(draw() % 9);

	add_blank(text);
	if (kind == 0) {
		(void)!kist_buf_appendf(text, NULL, "\"%s\"", draw() % 9 ? "text" : "t\\n\\u20ac");
	} else if (kind == 1) {
		(void)!kist_buf_appendf(text, NULL, "%s", draw() % 2 ? "true" : "null");
	} else if (kind < 4) {
		add_number(text);
	} else {
		(void)!kist_buf_append(text, kind == 4 ? "[" : "{", 1, NULL);
		for (size_t i = 0; i < count; i++) {
			if (i > 0)
				(void)!kist_buf_append(text, ",", 1, NULL);
			add_blank(text);
			/* Now and then twice the same. */
			if (kind == 5)
				(void)!kist_buf_appendf(text, NULL,
							"\"%llx\":", (unsigned long long)(draw() % 4096));
			add_value(text, depth + 1);
		}
		(void)!kist_buf_append(text, kind == 4 ? "]" : "}", 1, NULL);
	}
	add_blank(text);
}

START_TEST(it_is_what_parsing_and_writing_give)
{
	size_t sound = 0;

	for (int i = 0; i < 3000; i++) {
		kist_auto_buf struct kist_buf text = KIST_BUF_INIT(TEXT_MAX);
		kist_auto_buf struct kist_buf expected = KIST_BUF_INIT(TEXT_MAX);
		kist_auto_buf struct kist_buf got = KIST_BUF_INIT(TEXT_MAX);
		kist_auto_json json_t *value = NULL;
		kist_status status;

		add_value(&text, 0);
		status = kist_json_parse(kist_buf_view(&text), &value, NULL);
		if (status == KIST_OK)
			ck_assert_int_eq(kist_json_canonical(value, &expected, NULL), KIST_OK);
		sound += status == KIST_OK;
		ck_assert_int_eq(kist_json_normal(kist_buf_view(&text), &got, NULL), status);
		ck_assert_msg(got.size == expected.size &&
				      (got.size == 0 || memcmp(got.data, expected.data, got.size) == 0),
			      "%.*s: %.*s, not %.*s", (int)text.size, (const char *)text.data, (int)got.size,
			      (const char *)got.data, (int)expected.size, (const char *)expected.data);
	}
	ck_assert_uint_gt(sound, 2000);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("json_normal");

	tcase_add_loop_test(tcase, it_is_the_canonical_form, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tcase, an_object_of_many_members_is_in_order);
	tcase_add_test(tcase, it_is_appended);
	tcase_add_loop_test(tcase, what_is_no_json_is_refused_as_by_the_parser_and_leaves_nothing, 0,
			    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tcase, its_limits_are_those_of_values);
	tcase_add_test(tcase, a_text_beyond_the_room_leaves_nothing);
	tcase_add_test(tcase, where_memory_is_short_the_long_way_is_gone);
	tcase_add_test(tcase, it_is_what_parsing_and_writing_give);
	return suite_run(tcase, "base/json_normal");
}
