/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/history.h"

#include <string.h>

#include "base/mem.h"
#include "store/log.h"
#include "support/suite.h"
#include "unit/flow/kept.h"

#define URI "memory:history"

static struct kist_flow flow;
static struct kist_digest head;
static uint64_t number;

/* A commit with one object, "text", that @name means then; an empty text removes the name. */
static struct kist_digest commit(const char *name, const char *text)
{
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *entry = json_pack("{s:[]}", "refs");
	struct kist_digest id = { { 0 } };
	json_t *packs;

	ck_assert_int_eq(kist_writer_open(flow.store, NULL, &writer, NULL), KIST_OK);
	if (text[0] != '\0') {
		id = kept_object(writer, KIST_CHUNK_DATA, kist_view_of(text, strlen(text)), NULL);
		kept_name(entry, name, &id);
	} else {
		json_array_append_new(json_object_get(entry, "refs"),
				      json_pack("{s:s,s:s,s:n}", "name", name, "event", "rm", "artifact"));
	}
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	json_object_set_new(entry, "packs", packs);
	number++;
	ck_assert_int_eq(kist_log_append(flow.store, number, &head, entry, &head, NULL), KIST_OK);
	return id;
}

static void setup(void)
{
	ck_assert_int_eq(kist_store_create(URI, NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open(URI, &flow.store, NULL), KIST_OK);
	commit("other", "o1");
	ck_assert_int_eq(kist_registry_open(flow.store, NULL, &flow.registry, NULL), KIST_OK);
}

static void teardown(void)
{
	kist_registry_close(flow.registry);
	kist_store_close(flow.store);
}

static kist_status previous(const char *name, struct kist_digest *ret, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_status status;

	ck_assert_int_eq(kist_registry_fold(flow.registry, NULL), KIST_OK);
	status = kist_history_previous(&flow, name, strlen(name), &artifact, err);
	if (status == KIST_OK)
		*ret = artifact.id;
	return status;
}

START_TEST(the_version_before_is_found_past_other_names)
{
	const struct kist_digest first = commit("n", "one");
	struct kist_digest found;

	commit("other", "o2");
	commit("n", "two");
	commit("other", "o3");
	ck_assert_int_eq(previous("n", &found, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&found, &first));
}
END_TEST

START_TEST(what_was_put_again_unchanged_is_no_version)
{
	const struct kist_digest first = commit("n", "one");
	struct kist_digest found;

	commit("n", "two");
	commit("n", "two");
	ck_assert_int_eq(previous("n", &found, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&found, &first));
}
END_TEST

START_TEST(what_was_removed_is_another_story)
{
	struct kist_digest found;
	struct kist_error err = KIST_ERROR_INIT;

	commit("n", "one");
	commit("n", "");
	commit("n", "two");
	ck_assert_int_eq(previous("n", &found, &err), KIST_NOT_FOUND);
	ck_assert_str_eq(err.text, "'n' has meant nothing else before");
}
END_TEST

START_TEST(what_is_new_or_no_name_has_no_version_before)
{
	struct kist_digest found;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(previous("other", &found, &err), KIST_NOT_FOUND);
	ck_assert_str_eq(err.text, "'other' has meant nothing else before");
	kist_error_clear(&err);
	ck_assert_int_eq(previous("nobody", &found, &err), KIST_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "is no name"));
	/* What it meant before is no folder, and has no files. */
	commit("other", "o2");
	kist_error_clear(&err);
	ck_assert_int_eq(previous("other/file", &found, &err), KIST_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "has no file 'file'"));
}
END_TEST

START_TEST(who_asked_to_stop_is_heard)
{
	const atomic_bool stop = true;
	struct kist_digest found;

	flow.stop = &stop;
	ck_assert_int_eq(previous("other", &found, NULL), KIST_CANCELLED);
	flow.stop = NULL;
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
	kist_status status = KIST_NO_MEMORY;

	commit("n", "one");
	commit("n", "two");
	ck_assert_int_eq(kist_registry_fold(flow.registry, NULL), KIST_OK);
	for (unsigned long k = 1; status != KIST_OK && k < 200; k++) {
		kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;

		kist_mem_fail_at(k);
		status = kist_history_previous(&flow, "n", 1, &artifact, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
	ck_assert_int_eq(status, KIST_OK);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("history");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_version_before_is_found_past_other_names);
	tcase_add_test(tests, what_was_put_again_unchanged_is_no_version);
	tcase_add_test(tests, what_was_removed_is_another_story);
	tcase_add_test(tests, what_is_new_or_no_name_has_no_version_before);
	tcase_add_test(tests, who_asked_to_stop_is_heard);
	tcase_add_test(tests, every_failed_allocation_is_reported);
	return suite_run(tests, "history");
}
