/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_json.h"

#include "csvtest.h"

/* A reader over a copy that has not a byte more. */
struct reader {
	struct csv_json json;
	char *copy;
	char *room;
};

static void begin(struct reader *r, const char *text, size_t len)
{
	r->copy = malloc(len > 0 ? len : 1);
	r->room = malloc(len > 0 ? len : 1);
	memcpy(r->copy, text, len);
	r->json = (struct csv_json){ .at = r->copy, .end = r->copy + len, .room = r->room };
}

static void done(struct reader *r)
{
	free(r->copy);
	free(r->room);
}

static const char *const good[] = { "1",
				    "-1.5e+300",
				    "true",
				    " null ",
				    "\"\"",
				    "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
				    "[]",
				    "{}",
				    "[[],{},[{}],{\"a\":[]}]",
				    "{\"a\":1,\"b\":[1,\"x\",{\"c\":null}],\"d\":{}}",
				    "\t[ 1 , 2 ]\r\n" };
static const char *const bad[] = { "",	   " ",	      "{",	   "[",		  "[1",		 "[1,",
				   "[1,]", "{\"a\"}", "{\"a\":}",  "{a:1}",	  "{\"a\":1,}",	 "[1 2]",
				   "\"a",  "\"\\x\"", "\"\\u12\"", "\"\\ud83d\"", "\"\\ude00\"", "\"\n\"",
				   "tru",  "]",	      "1 1",	   "[1}",	  "{\"a\":1]",	 "'a'",
				   "\"\\" };

START_TEST(sound_json_is_passed_over)
{
	struct reader r;

	begin(&r, good[_i], strlen(good[_i]));
	csv_json_skip(&r.json);
	ck_assert_msg(csv_json_ended(&r.json), "%s", good[_i]);
	ck_assert_uint_eq(r.json.depth, 0);
	done(&r);
}
END_TEST

START_TEST(other_texts_are_bad_and_end)
{
	struct reader r;

	begin(&r, bad[_i], strlen(bad[_i]));
	csv_json_skip(&r.json);
	ck_assert_msg(!csv_json_ended(&r.json), "%s", bad[_i]);
	done(&r);
}
END_TEST

START_TEST(every_text_cut_short_is_bad)
{
	const char *const text = good[9];

	for (size_t len = 0; len < strlen(text); len++) {
		struct reader r;

		begin(&r, text, len);
		csv_json_skip(&r.json);
		ck_assert(!csv_json_ended(&r.json));
		done(&r);
	}
}
END_TEST

START_TEST(strings_lose_their_escapes)
{
	const char wanted[] = "a\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80";
	struct csv_json_text text;
	struct reader r;

	begin(&r, good[5], strlen(good[5]));
	ck_assert(csv_json_string(&r.json, &text));
	ck_assert(csv_json_is(&text, wanted));
	done(&r);
	begin(&r, "\"\\u0000\"", 8);
	ck_assert(csv_json_string(&r.json, &text));
	ck_assert_uint_eq(text.len, 1);
	done(&r);
}
END_TEST

START_TEST(members_are_read_in_order_and_others_passed_over)
{
	const char *const json = "{\"a\":[1,\"x\",true],\"b\":{\"c\":\"y\"},\"d\":false}";
	struct csv_json_text text;
	struct csv_json_text key;
	struct reader r;

	begin(&r, json, strlen(json));
	ck_assert(csv_json_begin(&r.json, '{'));
	ck_assert(csv_json_key(&r.json, &key) && csv_json_is(&key, "a"));
	ck_assert(csv_json_begin(&r.json, '['));
	ck_assert(csv_json_item(&r.json) && !csv_json_string(&r.json, &text));
	ck_assert(csv_json_item(&r.json) && csv_json_string(&r.json, &text) && csv_json_is(&text, "x"));
	ck_assert(csv_json_item(&r.json) && csv_json_true(&r.json));
	ck_assert(!csv_json_item(&r.json));
	ck_assert(csv_json_key(&r.json, &key) && csv_json_is(&key, "b"));
	ck_assert(!csv_json_begin(&r.json, '['));
	ck_assert(csv_json_key(&r.json, &key) && csv_json_is(&key, "d"));
	ck_assert(!csv_json_true(&r.json));
	ck_assert(!csv_json_key(&r.json, &key));
	ck_assert(csv_json_ended(&r.json));
	done(&r);
}
END_TEST

START_TEST(nesting_has_an_end)
{
	for (size_t depth = CSV_JSON_DEPTH_MAX - 1; depth < CSV_JSON_DEPTH_MAX + 3; depth++) {
		char text[2 * CSV_JSON_DEPTH_MAX + 8];
		struct reader r;

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		begin(&r, text, 2 * depth);
		csv_json_skip(&r.json);
		ck_assert_int_eq(csv_json_ended(&r.json), depth <= CSV_JSON_DEPTH_MAX);
		done(&r);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("json");

	tcase_add_loop_test(tcase, sound_json_is_passed_over, 0, (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(tcase, other_texts_are_bad_and_end, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tcase, every_text_cut_short_is_bad);
	tcase_add_test(tcase, strings_lose_their_escapes);
	tcase_add_test(tcase, members_are_read_in_order_and_others_passed_over);
	tcase_add_test(tcase, nesting_has_an_end);
	return suite_run(tcase, "csv_json");
}
