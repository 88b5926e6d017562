/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "support/suite.h"

static struct kist_view view(const char *text)
{
	return kist_view_of(text, strlen(text));
}

static kist_status check(const char *text)
{
	return kist_json_check(view(text), SIZE_MAX, NULL);
}

START_TEST(canonical_text_is_taken)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"0",
		"-0",
		"true",
		"false",
		"null",
		"\"\"",
		"[1,2.5,-3e-7,1e+21,18446744073709551616]",
		"{\"a\":[],\"b\":{},\"c\":[{\"x\":1}]}",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u00e4\\ud83d\\ude00\"",
		"\"\xc3\xa4\xf0\x9f\x98\x80\"",
		/* Between these two the order of UTF-16 is not that of bytes. */
		"{\"\xf0\x9f\x98\x80\":1,\"\xef\xbf\xbd\":2}",
		"{\"\\u0001\":1,\"\\n\":2,\"\\u000b\":3}",
		"{\"\":1,\"a\":2,\"a\\\"\":3,\"aa\":4}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		kist_auto_json json_t *json = NULL;

		ck_assert_msg(check(texts[i]) == KIST_OK, "%s", texts[i]);
		ck_assert_msg(kist_json_parse(view(texts[i]), &json, NULL) == KIST_OK, "%s", texts[i]);
	}
}
END_TEST

START_TEST(what_is_not_is_refused_with_its_place)
{
	static const struct {
		const char *text;
		uint64_t at;
	} texts[] = {
		{ "", 0 },
		{ " 1", 0 },
		{ "1 ", 1 },
		{ "01", 1 },
		{ "-", 1 },
		{ "1.", 2 },
		{ "1e", 2 },
		{ "1e999", 5 },
		{ "nul", 0 },
		{ "[1,]", 3 },
		{ "[1", 2 },
		{ "[", 1 },
		{ "{\"a\"}", 4 },
		{ "{\"a\":}", 5 },
		{ "{\"a\":1,}", 7 },
		{ "{1:2}", 1 },
		{ "{\"b\":1,\"a\":2}", 7 },
		{ "{\"a\":1,\"a\":2}", 7 },
		{ "{\"a\":1,\"\\u0061\":2}", 7 },
		{ "{\"\xef\xbf\xbd\":1,\"\xf0\x9f\x98\x80\":2}", 9 },
		{ "\"a", 2 },
		{ "\"\n\"", 1 },
		{ "\"\\x\"", 2 },
		{ "\"\\u00\"", 3 },
		{ "\"\\u0000\"", 3 },
		{ "\"\\ud800\"", 7 },
		{ "\"\\udc00\"", 3 },
		{ "\"\\ud800\\u0041\"", 7 },
		{ "\"\xc0\x80\"", 1 },
		{ "\"\\", 2 },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct kist_error err = KIST_ERROR_INIT;

		ck_assert_msg(kist_json_check(view(texts[i].text), SIZE_MAX, &err) == KIST_CORRUPT, "%s",
			      texts[i].text);
		ck_assert_str_eq(err.code, "E_JSON");
		ck_assert_msg(err.offset == texts[i].at, "%s: %llu", texts[i].text,
			      (unsigned long long)err.offset);
	}
}
END_TEST

START_TEST(depth_and_count_are_limited_as_for_the_parser)
{
	char deep[2 * KIST_JSON_DEPTH_MAX + 3];

	for (size_t depth = KIST_JSON_DEPTH_MAX; depth <= KIST_JSON_DEPTH_MAX + 1; depth++) {
		const kist_status expected = depth > KIST_JSON_DEPTH_MAX ? KIST_CORRUPT : KIST_OK;

		memset(deep, '[', depth);
		memset(deep + depth, ']', depth);
		deep[2 * depth] = '\0';
		ck_assert_int_eq(check(deep), expected);
	}
	/* One, and one more for each '[', ',' and ':'. */
	ck_assert_int_eq(kist_json_check(view("[{\"a\":1},2]"), 4, NULL), KIST_OK);
	ck_assert_int_eq(kist_json_check(view("[{\"a\":1},2]"), 3, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(members_and_elements_are_walked_over_in_order)
{
	const struct kist_view object = view("{\"a\":[1,\"],}\",{\"x\":2}],\"b\":\"\\\"\",\"c\":-1}");
	struct kist_json_walk walk = kist_json_walk(object);
	struct kist_json_walk list;
	struct kist_json_item item;
	struct kist_view plain;
	uint64_t number;

	ck_assert_int_eq(kist_json_check(object, SIZE_MAX, NULL), KIST_OK);
	ck_assert(kist_json_next(&walk, &item) && kist_json_is(item.key, "a"));
	list = kist_json_walk(item.value);
	ck_assert(kist_json_next(&list, &item) && kist_json_u64(item.value, &number) && number == 1);
	ck_assert(kist_json_next(&list, &item) && kist_json_plain(item.value, &plain));
	ck_assert(kist_json_is(plain, "],}"));
	ck_assert(kist_json_next(&list, &item) && kist_json_is(kist_json_find(item.value, "x"), "2"));
	ck_assert(!kist_json_next(&list, &item));
	ck_assert(kist_json_next(&walk, &item) && kist_json_is(item.key, "b"));
	ck_assert(!kist_json_plain(item.value, &plain));
	ck_assert(kist_json_next(&walk, &item) && !kist_json_u64(item.value, &number));
	ck_assert(!kist_json_next(&walk, &item));
	ck_assert_uint_eq(kist_json_find(object, "d").size, 0);
	walk = kist_json_walk(view("12"));
	ck_assert(!kist_json_next(&walk, &item));
	ck_assert(kist_json_u64(view("9223372036854775807"), &number) && number == INT64_MAX);
	ck_assert(!kist_json_u64(view("9223372036854775808"), &number));
	ck_assert(!kist_json_u64(view("1.5"), &number));
}
END_TEST

/* What a check gives, beside what a walk gives. */
struct beside {
	struct kist_json_walk walk;
	size_t count;
};

static bool is_same(struct kist_view one, struct kist_view other)
{
	return one.data == other.data && one.size == other.size;
}

static void compare_with_walk(void *ctx, const struct kist_json_item *item)
{
	struct beside *beside = ctx;
	struct kist_json_item expected;

	ck_assert(kist_json_next(&beside->walk, &expected));
	ck_assert(is_same(item->key, expected.key) && is_same(item->value, expected.value));
	beside->count++;
}

START_TEST(a_check_gives_the_members_that_a_walk_gives)
{
	static const struct {
		const char *text;
		size_t count;
		bool sound;
	} rows[] = {
		{ "{}", 0, true },
		{ "{\"a\":[1,{\"x\":2},\"],}\"],\"b\":\"\\\"\",\"c\":-1,\"d\":{\"e\":{\"f\":null}}}", 4,
		  true },
		{ "[{\"a\":1},2]", 0, true },
		{ "12", 0, true },
		{ "{\"a\":1,\"a\":2}", 1, false },
		{ "{\"a\":1,\"b\":[2}", 1, false },
		{ "{\"a\":1}{", 1, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct kist_view text = view(rows[i].text);
		struct beside beside = { .walk = kist_json_walk(text) };
		const kist_status status =
			kist_json_check_each(text, SIZE_MAX, compare_with_walk, &beside, NULL);

		ck_assert_int_eq(status == KIST_OK, rows[i].sound);
		ck_assert_uint_eq(beside.count, rows[i].count);
	}
}
END_TEST

START_TEST(a_walk_over_what_was_not_checked_stays_within_it)
{
	const char *const text = "{\"a\":[1,\"\\\"x\",{\"b\":\"\\\\\"}],\"c\":{}}";
	const size_t len = strlen(text);

	/* Every piece of it, in memory of just that size. */
	for (size_t from = 0; from < len; from++) {
		for (size_t to = from + 1; to <= len; to++) {
			char *piece = malloc(to - from);
			struct kist_json_walk walk;
			struct kist_json_item item;

			ck_assert_ptr_nonnull(piece);
			memcpy(piece, text + from, to - from);
			walk = kist_json_walk(kist_view_of(piece, to - from));
			while (kist_json_next(&walk, &item))
				ck_assert(item.value.data + item.value.size <=
					  (uint8_t *)piece + (to - from));
			free(piece);
		}
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("json_text");

	tcase_add_test(tests, canonical_text_is_taken);
	tcase_add_test(tests, what_is_not_is_refused_with_its_place);
	tcase_add_test(tests, depth_and_count_are_limited_as_for_the_parser);
	tcase_add_test(tests, members_and_elements_are_walked_over_in_order);
	tcase_add_test(tests, a_check_gives_the_members_that_a_walk_gives);
	tcase_add_test(tests, a_walk_over_what_was_not_checked_stays_within_it);
	return suite_run(tests, "json_text");
}
