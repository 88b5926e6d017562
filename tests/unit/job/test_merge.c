/* SPDX-License-Identifier: Apache-2.0 */
#include "job/merge.h"

#include <string.h>

#include "support/suite.h"

/* Three records of which only what is said differs; what comes of them, or NULL when they cannot be merged. */
static char *merge(const char *base, const char *ours, const char *theirs)
{
	kist_auto_json json_t *first = json_loads(base, 0, NULL);
	kist_auto_json json_t *second = json_loads(ours, 0, NULL);
	kist_auto_json json_t *third = json_loads(theirs, 0, NULL);
	kist_auto_json json_t *merged = NULL;

	ck_assert(first && second && third);
	if (kist_job_merge(first, second, third, &merged, NULL) != KIST_OK)
		return NULL;
	ck_assert_int_eq(json_object_del(merged, "revision"), 0);
	return json_dumps(merged, JSON_COMPACT | JSON_SORT_KEYS);
}

START_TEST(changes_of_both_are_kept)
{
	static const char *const cases[][4] = {
		/* base, ours, theirs, merged */
		{ "{}", "{}", "{}", "{}" },
		{ "{}", "{\"a\":1}", "{\"b\":2}", "{\"a\":1,\"b\":2}" },
		{ "{\"a\":1}", "{}", "{\"a\":1,\"b\":2}", "{\"b\":2}" },
		{ "{\"a\":1}", "{\"a\":1}", "{}", "{}" },
		{ "{\"a\":1}", "{\"a\":2}", "{\"a\":3}", "{\"a\":2}" },
		{ "{\"t\":{\"x\":1}}", "{\"t\":{\"x\":1,\"y\":2}}", "{\"t\":{\"z\":3}}",
		  "{\"t\":{\"y\":2,\"z\":3}}" },
		{ "{\"l\":[1]}", "{\"l\":[1,2]}", "{\"l\":[1,3]}", "{\"l\":[1,3,2]}" },
		{ "{}", "{\"m\":{\"s\":[1]}}", "{\"m\":{\"s\":[2]}}", "{\"m\":{\"s\":[2,1]}}" },
		{ "{\"l\":[1]}", "{\"l\":[5]}", "{\"l\":[1,3]}", "{\"l\":[5]}" },
		{ "{\"state\":\"queued\"}", "{\"state\":\"started\"}", "{\"state\":\"queued\",\"a\":1}",
		  "{\"a\":1,\"state\":\"started\"}" },
		{ "{\"state\":\"started\"}", "{\"state\":\"finished\"}", "{\"state\":\"lost\"}",
		  "{\"state\":\"finished\"}" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *merged = merge(cases[i][0], cases[i][1], cases[i][2]);

		ck_assert_ptr_nonnull(merged);
		ck_assert_str_eq(merged, cases[i][3]);
		free(merged);
	}
}
END_TEST

START_TEST(what_has_ended_is_not_ended_again)
{
	static const char *const cases[][2] = {
		/* ours, theirs */
		{ "finished", "stopped" },
		{ "failed", "failed" },
		{ "lost", "finished" },
		{ "lost", "stopped" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kist_auto_json json_t *base = json_pack("{s:s}", "state", "started");
		kist_auto_json json_t *ours = json_pack("{s:s}", "state", cases[i][0]);
		kist_auto_json json_t *theirs = json_pack("{s:s}", "state", cases[i][1]);
		kist_auto_json json_t *merged = NULL;
		struct kist_error err = KIST_ERROR_INIT;

		ck_assert_int_eq(kist_job_merge(base, ours, theirs, &merged, &err), KIST_INVALID);
		ck_assert_str_eq(err.code, "E_STATE");
	}
}
END_TEST

START_TEST(a_revision_follows_theirs)
{
	kist_auto_json json_t *base = json_pack("{s:i}", "revision", 3);
	kist_auto_json json_t *theirs = json_pack("{s:i}", "revision", 7);
	kist_auto_json json_t *merged = NULL;

	ck_assert_int_eq(kist_job_merge(base, base, theirs, &merged, NULL), KIST_OK);
	ck_assert_int_eq(json_integer_value(json_object_get(merged, "revision")), 8);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("merge");

	tcase_add_test(tcase, changes_of_both_are_kept);
	tcase_add_test(tcase, what_has_ended_is_not_ended_again);
	tcase_add_test(tcase, a_revision_follows_theirs);
	return suite_run(tcase, "job/merge");
}
