/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "registry/registry.h"
#include "support/suite.h"

static const struct {
	const char *name;
	size_t len;
	const char *problem; /* in the message; NULL when it is a name */
} names[] = {
	{ "a", 1, NULL },
	{ "runs/7/weights.npy", 18, NULL },
	{ "...", 3, NULL },
	{ ".hidden", 7, NULL },
	{ "a..b/.c.", 8, NULL },
	{ "\xff\xfe", 2, NULL },
	{ "with space\n", 11, NULL },
	{ "", 0, "empty" },
	{ "/", 1, "begins with '/'" },
	{ "/a", 2, "begins with '/'" },
	{ "a/", 2, "ends with '/'" },
	{ "a//b", 4, "empty segment" },
	{ ".", 1, "segment '.'" },
	{ "a/./b", 5, "segment '.'" },
	{ "a/.", 3, "segment '.'" },
	{ "..", 2, "segment '..'" },
	{ "../a", 4, "segment '..'" },
	{ "a/..", 4, "segment '..'" },
	{ "a/../b", 6, "segment '..'" },
	{ "a\0b", 3, "NUL" },
	{ "\0", 1, "NUL" },
};

START_TEST(each_name_is_taken_or_refused_with_its_reason)
{
	struct kist_error err = KIST_ERROR_INIT;
	const kist_status status = kist_name_check(names[_i].name, names[_i].len, &err);

	ck_assert_int_eq(status, names[_i].problem ? KIST_INVALID : KIST_OK);
	if (names[_i].problem)
		ck_assert_msg(strstr(err.text, names[_i].problem) != NULL, "%s", err.text);
}
END_TEST

START_TEST(a_name_has_up_to_1024_bytes)
{
	char name[KIST_NAME_SIZE_MAX + 1];

	memset(name, 'n', sizeof(name));
	ck_assert_int_eq(kist_name_check(name, KIST_NAME_SIZE_MAX, NULL), KIST_OK);
	ck_assert_int_eq(kist_name_check(name, KIST_NAME_SIZE_MAX + 1, NULL), KIST_INVALID);
}
END_TEST

static void check_round_trip(const char *name, size_t len, bool has_bytes)
{
	kist_auto_buf struct kist_buf back = KIST_BUF_INIT(KIST_NAME_SIZE_MAX);
	kist_auto_json json_t *object = json_pack("{s:s}", "name_bytes", "stale");

	ck_assert_int_eq(kist_name_json(object, name, len, NULL), KIST_OK);
	ck_assert_int_eq(json_object_get(object, "name_bytes") != NULL, has_bytes);
	ck_assert_int_eq(kist_name_from_json(object, &back, NULL), KIST_OK);
	ck_assert_uint_eq(back.size, len);
	ck_assert_mem_eq(back.data, name, len);
}

START_TEST(a_name_comes_back_from_json)
{
	char longest[KIST_NAME_SIZE_MAX];

	check_round_trip("a/b", 3, false);
	check_round_trip("gr\xc3\xbc\xc3\x9f", 6, false);
	check_round_trip("\xff", 1, true);
	check_round_trip("a/\xc3", 3, true);
	memset(longest, 0xfe, sizeof(longest));
	check_round_trip(longest, sizeof(longest), true);
}
END_TEST

START_TEST(what_is_no_name_does_not_become_json)
{
	kist_auto_json json_t *object = json_object();

	ck_assert_int_eq(kist_name_json(object, "a/../b", 6, NULL), KIST_INVALID);
	ck_assert_uint_eq(json_object_size(object), 0);
}
END_TEST

static const char *const bad_json[] = {
	"{}",
	"{\"name\":1}",
	"{\"name\":\"\"}",
	"{\"name\":\"../a\"}",
	"{\"name\":\"a\\u0000b\"}",
	"{\"name\":\"a\",\"name_bytes\":\"61\"}",
	"{\"name\":\"a\",\"name_bytes\":\"ff\"}",
	"{\"name\":\"\xef\xbf\xbd\",\"name_bytes\":\"FF\"}",
	"{\"name\":\"\xef\xbf\xbd\",\"name_bytes\":\"f\"}",
	"{\"name\":\"\xef\xbf\xbd\",\"name_bytes\":\"ff0\"}",
	"{\"name\":\"\xef\xbf\xbd\",\"name_bytes\":7}",
	"{\"name\":\"\xef\xbf\xbd\xef\xbf\xbd\",\"name_bytes\":\"ff\"}",
	"{\"name\":\"/\xef\xbf\xbd\",\"name_bytes\":\"2fff\"}",
	"[\"name\"]",
};

START_TEST(json_that_holds_no_name_is_corrupt)
{
	kist_auto_buf struct kist_buf back = KIST_BUF_INIT(KIST_NAME_SIZE_MAX);
	kist_auto_json json_t *object = json_loads(bad_json[_i], JSON_ALLOW_NUL, NULL);

	ck_assert_ptr_nonnull(object);
	ck_assert_int_eq(kist_name_from_json(object, &back, NULL), KIST_CORRUPT);
	ck_assert_uint_eq(back.size, 0);
}
END_TEST

START_TEST(a_name_of_1025_bytes_in_hex_is_corrupt)
{
	kist_auto_buf struct kist_buf back = KIST_BUF_INIT((size_t)4096);
	kist_auto_json json_t *object = json_object();
	char hex[2 * (KIST_NAME_SIZE_MAX + 1) + 1];
	char name[KIST_NAME_SIZE_MAX + 1];

	memset(name, 0xff, sizeof(name));
	memset(hex, 'f', sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	json_object_set_new(object, "name", kist_json_text(name, sizeof(name)));
	json_object_set_new(object, "name_bytes", json_string(hex));
	ck_assert_int_eq(kist_name_from_json(object, &back, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(no_failed_allocation_is_taken_for_success)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_buf struct kist_buf back = KIST_BUF_INIT(KIST_NAME_SIZE_MAX);
		kist_auto_json json_t *object = json_object();

		ck_assert_uint_lt(k, 100);
		kist_mem_fail_at(k);
		status = kist_name_json(object, "a/\xff", 3, NULL);
		if (status == KIST_OK)
			status = kist_name_from_json(object, &back, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_eq(back.size, status == KIST_OK ? 3 : 0);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("name");

	tcase_add_loop_test(tcase, each_name_is_taken_or_refused_with_its_reason, 0,
			    sizeof(names) / sizeof(*names));
	tcase_add_test(tcase, a_name_has_up_to_1024_bytes);
	tcase_add_test(tcase, a_name_comes_back_from_json);
	tcase_add_test(tcase, what_is_no_name_does_not_become_json);
	tcase_add_loop_test(tcase, json_that_holds_no_name_is_corrupt, 0,
			    sizeof(bad_json) / sizeof(*bad_json));
	tcase_add_test(tcase, a_name_of_1025_bytes_in_hex_is_corrupt);
	tcase_add_test(tcase, no_failed_allocation_is_taken_for_success);
	return suite_run(tcase, "registry/name");
}
