/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "bundle/manifest.h"
#include "support/suite.h"

static const struct kist_digest one = { .bytes = { 1 } };
static const struct kist_digest two = { .bytes = { 2 } };

static kist_status add(struct kist_bundle_names *names, const char *name, const struct kist_digest *artifact)
{
	return kist_bundle_names_add(names, name, strlen(name), artifact, NULL);
}

static bool has(const struct kist_bundle_names *names, const char *name)
{
	return kist_bundle_names_has(names, name, strlen(name));
}

START_TEST(names_come_in_the_order_of_their_bytes_and_once)
{
	static const char *const wanted[] = { "a", "a-b", "a/b", "ab", "b" };
	kist_auto_bundle_names struct kist_bundle_names names = KIST_BUNDLE_NAMES_INIT;

	ck_assert_int_eq(kist_bundle_names_sort(&names, NULL), KIST_OK);
	ck_assert(!has(&names, "a"));
	for (size_t i = 5; i-- > 0;) {
		ck_assert_int_eq(add(&names, wanted[i], &one), KIST_OK);
		ck_assert_int_eq(add(&names, wanted[(i + 2) % 5], &one), KIST_OK);
	}
	ck_assert_int_eq(kist_bundle_names_sort(&names, NULL), KIST_OK);
	ck_assert_uint_eq(kist_bundle_names_count(&names), 5);
	for (size_t i = 0; i < 5; i++) {
		ck_assert_str_eq(kist_bundle_names_at(&names, i)->name, wanted[i]);
		ck_assert(has(&names, wanted[i]));
	}
	ck_assert(!has(&names, "a/"));
	ck_assert(!has(&names, "aa"));
}
END_TEST

START_TEST(a_name_with_two_meanings_is_refused)
{
	kist_auto_bundle_names struct kist_bundle_names names = KIST_BUNDLE_NAMES_INIT;

	ck_assert_int_eq(add(&names, "a", &one), KIST_OK);
	ck_assert_int_eq(add(&names, "b", &one), KIST_OK);
	ck_assert_int_eq(add(&names, "a", &two), KIST_OK);
	ck_assert_int_eq(kist_bundle_names_sort(&names, NULL), KIST_INVALID);
}
END_TEST

START_TEST(what_can_be_no_name_is_refused)
{
	static const char *const bad[] = { "", "/a", "a/", "a//b", "..", "a/../b", "./a" };
	kist_auto_bundle_names struct kist_bundle_names names = KIST_BUNDLE_NAMES_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(add(&names, bad[i], &one), KIST_INVALID);
	ck_assert_int_eq(kist_bundle_names_add(&names, "a\0b", 3, &one, NULL), KIST_INVALID);
	ck_assert_uint_eq(kist_bundle_names_count(&names), 0);
}
END_TEST

#define HEX "0100000000000000000000000000000000000000000000000000000000000000"

/* What comes of a manifest with the names of this JSON list. */
static kist_status read_list(const char *list, size_t *ret_count)
{
	kist_auto_bundle_names struct kist_bundle_names names = KIST_BUNDLE_NAMES_INIT;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(8192);
	kist_auto_json json_t *manifest = NULL;
	kist_status status;

	ck_assert_int_eq(kist_buf_appendf(&text, NULL, "{\"names\":%s}", list), KIST_OK);
	ck_assert_int_eq(kist_json_parse(kist_buf_view(&text), &manifest, NULL), KIST_OK);
	status = kist_bundle_names_read(manifest, &names, NULL);
	*ret_count = kist_bundle_names_count(&names);
	return status;
}

#define NAME(name) "{\"name\":\"" name "\",\"artifact\":\"" HEX "\"}"

START_TEST(a_manifest_lists_names_in_order_and_of_kists_own_those_of_jobs_alone)
{
	static const char *const good[] = { "[]", "[" NAME("a") "]", "[" NAME("a") "," NAME("b") "]",
					    "[" NAME("kist:job/x") "," NAME("kist:part/x/log") "," NAME(
						    "l") "]" };
	static const char *const bad[] = {
		"1",
		"[1]",
		"[{}]",
		"[{\"name\":\"a\"}]",
		"[{\"name\":\"a\",\"artifact\":\"x\"}]",
		"[" NAME("b") "," NAME("a") "]",
		"[" NAME("a") "," NAME("a") "]",
		"[" NAME("../a") "]",
		"[" NAME("kist:cache/x") "]",
		"[" NAME("kist:template/x") "]",
		"[" NAME("kist:job/x y") "]",
		"[" NAME("kist:job/x/y") "]",
		"[" NAME("kist:part/x/log") "]",
		"[" NAME("kist:job/x") "," NAME("kist:part/x") "]",
		"[" NAME("kist:job/x") "," NAME("kist:part/xy/log") "]",
	};
	size_t count;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_int_eq(read_list(good[i], &count), KIST_OK);
		ck_assert_uint_eq(count, i);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(read_list(bad[i], &count) == KIST_CORRUPT, "%s", bad[i]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("names");

	tcase_add_test(tcase, names_come_in_the_order_of_their_bytes_and_once);
	tcase_add_test(tcase, a_name_with_two_meanings_is_refused);
	tcase_add_test(tcase, what_can_be_no_name_is_refused);
	tcase_add_test(tcase, a_manifest_lists_names_in_order_and_of_kists_own_those_of_jobs_alone);
	return suite_run(tcase, "bundle/names");
}
