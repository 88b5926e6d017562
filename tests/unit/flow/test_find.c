/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/find.h"

#include <string.h>

#include "base/mem.h"
#include "flow/record.h"
#include "flow/tree.h"
#include "store/log.h"
#include "support/suite.h"
#include "unit/flow/kept.h"

/* A store with a file "plain", a folder "tree" and a folder whose name is "tree/e", as is that of a folder in "tree". */

#define URI "memory:find"

static struct kist_flow flow;
static struct kist_digest plain;
static struct kist_digest inner;

/* Of flow.c, which needs workers and plugins: nobody watches. */
void kist_flow_progress(const struct kist_flow *of, uint64_t done, uint64_t total)
{
	(void)of;
	(void)done;
	(void)total;
}

static struct kist_tree_entry file_entry(const char *path, const struct kist_digest *artifact)
{
	return (struct kist_tree_entry){ .kind = KIST_TREE_FILE,
					 .mode = 0640,
					 .mtime_ns = 5,
					 .path = kist_view_of(path, strlen(path)),
					 .artifact = *artifact };
}

static struct kist_digest put_tree(struct kist_writer *writer, const struct kist_tree_entry *entries,
				   size_t count)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
	struct kist_digest digest;

	ck_assert_int_eq(kist_tree_start(&tree, NULL), KIST_OK);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(kist_tree_add(&tree, &entries[i], NULL), KIST_OK);
	digest = kist_tree_finish(&tree);
	return kept_object(writer, KIST_CHUNK_TREE, kist_buf_view(&tree.listing), &digest);
}

static void put_all(struct kist_writer *writer, json_t *commit)
{
	static const struct kist_digest nowhere = { { 1 } };
	struct kist_digest tree;

	plain = kept_object(writer, KIST_CHUNK_DATA, kist_view_of("plain", 5), NULL);
	inner = kept_object(writer, KIST_CHUNK_DATA, kist_view_of("inner", 5), NULL);
	{
		const struct kist_tree_entry entries[] = {
			{ .kind = KIST_TREE_FOLDER, .mode = 0755, .path = kist_view_of("d", 1) },
			file_entry("d/f", &plain),
			file_entry("d/lost", &nowhere),
			{ .kind = KIST_TREE_FOLDER, .mode = 0755, .path = kist_view_of("e", 1) },
			file_entry("e/g", &plain),
			{ .kind = KIST_TREE_LINK,
			  .mode = 0777,
			  .size = 3,
			  .path = kist_view_of("l", 1),
			  .target = kist_view_of("d/f", 3) },
		};

		tree = put_tree(writer, entries, sizeof(entries) / sizeof(entries[0]));
		kept_name(commit, "tree", &tree);
	}
	{
		const struct kist_tree_entry entry = file_entry("g", &inner);

		tree = put_tree(writer, &entry, 1);
		kept_name(commit, "tree/e", &tree);
	}
	kept_name(commit, "plain", &plain);
}

static void setup(void)
{
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *commit = json_pack("{s:[]}", "refs");
	struct kist_digest digest = { { 0 } };
	json_t *packs;

	ck_assert_int_eq(kist_store_create(URI, NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open(URI, &flow.store, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_open(flow.store, NULL, &writer, NULL), KIST_OK);
	put_all(writer, commit);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	json_object_set_new(commit, "packs", packs);
	ck_assert_int_eq(kist_log_append(flow.store, 1, &digest, commit, &digest, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_open(flow.store, NULL, &flow.registry, NULL), KIST_OK);
}

static void teardown(void)
{
	kist_chunk_reader_done(&flow.chunk_reader);
	kist_registry_close(flow.registry);
	kist_store_close(flow.store);
}

static kist_status find(const char *text, struct kist_artifact *ret, struct kist_error *err)
{
	return kist_find(&flow, text, strlen(text), ret, err);
}

static void expect_found(const char *text, const struct kist_digest *id)
{
	kist_auto_artifact struct kist_artifact found = KIST_ARTIFACT_INIT;

	ck_assert_int_eq(find(text, &found, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&found.id, id));
}

static void expect_refused(const char *text, kist_status status, const char *says)
{
	kist_auto_artifact struct kist_artifact found = KIST_ARTIFACT_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(find(text, &found, &err), status);
	ck_assert_msg(strstr(err.text, says), "%s: %s", text, err.text);
}

START_TEST(a_name_and_a_digest_are_found)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&plain, hex);
	expect_found("plain", &plain);
	expect_found(hex, &plain);
}
END_TEST

START_TEST(a_file_of_a_folder_is_as_it_was_kept_with_the_folders_mode_and_time)
{
	kist_auto_artifact struct kist_artifact found = KIST_ARTIFACT_INIT;
	const json_t *file;

	ck_assert_int_eq(find("tree/d/f", &found, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&found.id, &plain));
	file = json_object_get(found.record, "file");
	ck_assert_int_eq(json_integer_value(json_object_get(file, "mode")), 0640);
	ck_assert_int_eq(json_integer_value(json_object_get(file, "mtime_ns")), 5);
}
END_TEST

START_TEST(the_longest_name_counts)
{
	expect_found("tree/e/g", &inner);
}
END_TEST

START_TEST(what_is_no_file_is_refused_by_what_it_is)
{
	expect_refused("tree/l", KIST_INVALID, "tree: 'l' is a link");
	expect_refused("tree/", KIST_NOT_FOUND, "this folder has no ''");
	expect_refused("tree/nothing", KIST_NOT_FOUND, "tree: this folder has no 'nothing'");
	expect_refused("tree/e/nothing", KIST_NOT_FOUND, "tree/e: this folder has no 'nothing'");
	expect_refused("plain/f", KIST_NOT_FOUND, "plain/f");
	expect_refused("nothing", KIST_NOT_FOUND, "nothing");
}
END_TEST

START_TEST(a_file_that_a_folder_names_and_nobody_has_is_damage)
{
	kist_auto_artifact struct kist_artifact found = KIST_ARTIFACT_INIT;

	ck_assert_int_eq(find("tree/d/lost", &found, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(memory_that_runs_out_is_told)
{
	for (unsigned long k = 1;; k++) {
		kist_auto_artifact struct kist_artifact found = KIST_ARTIFACT_INIT;
		struct kist_error err = KIST_ERROR_INIT;
		kist_status status;

		kist_mem_fail_at(k);
		status = find("tree/d/f", &found, &err);
		kist_mem_fail_at(0);
		if (status == KIST_OK && k > 1)
			break;
		ck_assert_msg(status == KIST_NO_MEMORY, "%lu: %d %s", k, status, err.text);
		ck_assert_int_ne(err.text[0], '\0');
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("find");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_name_and_a_digest_are_found);
	tcase_add_test(tests, a_file_of_a_folder_is_as_it_was_kept_with_the_folders_mode_and_time);
	tcase_add_test(tests, the_longest_name_counts);
	tcase_add_test(tests, what_is_no_file_is_refused_by_what_it_is);
	tcase_add_test(tests, a_file_that_a_folder_names_and_nobody_has_is_damage);
	tcase_add_test(tests, memory_that_runs_out_is_told);
	return suite_run(tests, "find");
}
