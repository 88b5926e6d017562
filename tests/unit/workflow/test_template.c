/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/template.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

#define URI  "memory:templates"
#define TEXT "graph: {}\n"

static struct kist_flow flow;

static void setup(void)
{
	ck_assert_int_eq(kist_store_create(URI, NULL), KIST_OK);
	flow = (struct kist_flow){ .store = NULL };
	ck_assert_int_eq(kist_store_open(URI, &flow.store, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_open(flow.store, NULL, &flow.registry, NULL), KIST_OK);
}

static void teardown(void)
{
	kist_flow_done(&flow);
}

/* Saves one; gives its version, or 0 when that fails. */
static uint64_t save(const char *name, const char *text, const char *tags, bool *ret_new)
{
	kist_auto_json json_t *list = NULL;
	struct kist_template made = { .name = name, .category = "c", .description = "d" };
	uint64_t version = 0;

	if (tags)
		ck_assert_int_eq(kist_json_parse(kist_view_of(tags, strlen(tags)), &list, NULL), KIST_OK);
	made.tags = list;
	made.text = kist_view_of(text, strlen(text));
	return kist_template_save(&flow, &made, &version, ret_new, NULL) == KIST_OK ? version : 0;
}

static size_t count(const struct kist_template_filter *filter)
{
	kist_auto_json json_t *list = NULL;

	ck_assert_int_eq(kist_template_list(&flow, filter, &list, NULL), KIST_OK);
	return json_array_size(list);
}

static kist_status load(const char *text, uint64_t version)
{
	kist_auto_json json_t *root = NULL;
	uint64_t found = 0;
	const kist_status status = kist_template_load(&flow, text, &root, NULL);

	if (status == KIST_OK)
		ck_assert(kist_json_get_u64(root, "version", &found) && found == version);
	return status;
}

START_TEST(what_is_saved_anew_is_the_next_version_and_what_is_the_same_is_none)
{
	bool is_new;

	ck_assert_uint_eq(save("a", TEXT, "[\"y\",\"x\",\"y\"]", &is_new), 1);
	ck_assert(is_new);
	ck_assert_uint_eq(save("a", TEXT, "[\"x\",\"y\"]", &is_new), 1);
	ck_assert(!is_new);
	ck_assert_uint_eq(save("a", TEXT, "[\"x\"]", &is_new), 2);
	ck_assert_uint_eq(save("a", TEXT "#\n", "[\"x\"]", &is_new), 3);
	ck_assert_uint_eq(save("ab", TEXT, NULL, &is_new), 1);
	ck_assert_int_eq(load("a", 3), KIST_OK);
	ck_assert_int_eq(load("a@1", 1), KIST_OK);
	ck_assert_int_eq(load("ab", 1), KIST_OK);
	ck_assert_int_eq(load("a@4", 0), KIST_NOT_FOUND);
	ck_assert_int_eq(load("b", 0), KIST_NOT_FOUND);
}
END_TEST

START_TEST(after_the_ninth_comes_the_tenth)
{
	char text[32];
	bool is_new;

	for (unsigned i = 1; i <= 11; i++) {
		snprintf(text, sizeof(text), TEXT "# %u\n", i);
		ck_assert_uint_eq(save("a", text, NULL, &is_new), i);
	}
	ck_assert_int_eq(load("a", 11), KIST_OK);
}
END_TEST

START_TEST(they_are_found_by_category_and_by_all_of_the_tags)
{
	kist_auto_json json_t *both = json_pack("[ss]", "x", "y");
	kist_auto_json json_t *other = json_pack("[s]", "z");
	struct kist_template_filter filter = { .category = NULL };
	bool is_new;

	ck_assert_uint_eq(count(&filter), 0);
	ck_assert_uint_eq(save("a", TEXT, "[\"x\"]", &is_new), 1);
	ck_assert_uint_eq(save("a", TEXT, "[\"x\",\"y\"]", &is_new), 2);
	ck_assert_uint_eq(save("b", TEXT, "[\"x\"]", &is_new), 1);
	ck_assert_uint_eq(count(&filter), 2);
	filter.all_versions = true;
	ck_assert_uint_eq(count(&filter), 3);
	filter.tags = both;
	ck_assert_uint_eq(count(&filter), 1);
	filter.tags = other;
	ck_assert_uint_eq(count(&filter), 0);
	filter = (struct kist_template_filter){ .category = "c" };
	ck_assert_uint_eq(count(&filter), 2);
	filter.category = "";
	ck_assert_uint_eq(count(&filter), 0);
}
END_TEST

START_TEST(names_and_versions_are_checked)
{
	static const char *const bad[] = { "",	  ".a",	 "a/b",	 "../a",      "a b", "a@",
					   "a@0", "a@x", "a@-1", "a@1000001", "@1" };
	bool is_new;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_uint_eq(save(bad[i], TEXT, NULL, &is_new), 0);
		ck_assert_msg(load(bad[i], 0) == KIST_INVALID, "%s", bad[i]);
	}
	ck_assert_uint_eq(save("a", "\xff", NULL, &is_new), 0);
	ck_assert_uint_eq(save("a", TEXT, "[\"\"]", &is_new), 0);
	ck_assert_uint_eq(save("a", TEXT, "[1]", &is_new), 0);
}
END_TEST

START_TEST(one_version_is_dropped_or_all)
{
	size_t dropped;
	bool is_new;

	ck_assert_uint_eq(save("a", TEXT, NULL, &is_new), 1);
	ck_assert_uint_eq(save("a", TEXT "#\n", NULL, &is_new), 2);
	ck_assert_uint_eq(save("a", TEXT "##\n", NULL, &is_new), 3);
	ck_assert_int_eq(kist_template_remove(&flow, "a@2", &dropped, NULL), KIST_OK);
	ck_assert_uint_eq(dropped, 1);
	ck_assert_int_eq(kist_template_remove(&flow, "a@2", &dropped, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(load("a@1", 1), KIST_OK);
	ck_assert_int_eq(kist_template_remove(&flow, "a", &dropped, NULL), KIST_OK);
	ck_assert_uint_eq(dropped, 2);
	ck_assert_int_eq(load("a", 0), KIST_NOT_FOUND);
}
END_TEST

/* Whatever @text is, under @name. */
static void put(const char *name, const char *text)
{
	const struct kist_save_options how = { .name = name, .name_len = strlen(name), .own_name = true };
	const struct kist_save_made made = { .bytes = kist_view_of(text, strlen(text)),
					     .kind = "value",
					     .encoding = KIST_TEMPLATE_ENCODING };
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	kist_auto_save struct kist_save *saving = NULL;

	ck_assert_int_eq(kist_save_open(&flow, &saving, NULL), KIST_OK);
	ck_assert_int_eq(kist_save_bytes(saving, &made, &how, &saved, NULL), KIST_OK);
	ck_assert_int_eq(kist_save_commit(saving, NULL), KIST_OK);
}

START_TEST(a_name_that_is_none_of_a_version_harms_no_other)
{
	static const char *const names[] = { "a/01", "a/+1", "a/0", "a/1/1", "a", "a/1000001" };
	const struct kist_template_filter all = { .all_versions = true };
	bool is_new;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), KIST_TEMPLATE_PREFIX "%s", names[i]);
		put(name, "{}");
		ck_assert_uint_eq(count(&all), 0);
	}
	ck_assert_uint_eq(save("a", TEXT, NULL, &is_new), 1);
	ck_assert_uint_eq(count(&all), 1);
}
END_TEST

START_TEST(what_is_none_under_such_a_name_is_told)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"{\"kist_template\":2}",
		"{\"kist_template\":1,\"name\":\"b\",\"version\":1,\"category\":\"\",\"description\":\"\","
		"\"tags\":[],"
		"\"entrypoint\":\"\"}",
		"{\"kist_template\":1,\"name\":\"a\",\"version\":1,\"category\":\"\",\"description\":\"\","
		"\"tags\":[1],"
		"\"entrypoint\":\"\"}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(KIST_TEMPLATE_PREFIX "a/1", texts[i]);
		ck_assert_int_eq(load("a", 0), i == 2 ? KIST_INCOMPATIBLE : KIST_CORRUPT);
	}
}
END_TEST

START_TEST(running_out_of_memory_saves_all_or_nothing)
{
	bool is_new;
	uint64_t version = 0;

	for (unsigned long k = 1; version == 0; k++) {
		kist_mem_fail_at(k);
		version = save("a", TEXT, NULL, &is_new);
		kist_mem_fail_at(0);
		ck_assert_uint_lt(k, 5000);
	}
	ck_assert_uint_eq(version, 1);
	ck_assert_int_eq(kist_registry_fold(flow.registry, NULL), KIST_OK);
	ck_assert_int_eq(load("a", 1), KIST_OK);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("template");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_is_saved_anew_is_the_next_version_and_what_is_the_same_is_none);
	tcase_add_test(tcase, after_the_ninth_comes_the_tenth);
	tcase_add_test(tcase, they_are_found_by_category_and_by_all_of_the_tags);
	tcase_add_test(tcase, names_and_versions_are_checked);
	tcase_add_test(tcase, one_version_is_dropped_or_all);
	tcase_add_test(tcase, a_name_that_is_none_of_a_version_harms_no_other);
	tcase_add_test(tcase, what_is_none_under_such_a_name_is_told);
	tcase_add_test(tcase, running_out_of_memory_saves_all_or_nothing);
	return suite_run(tcase, "workflow/template");
}
