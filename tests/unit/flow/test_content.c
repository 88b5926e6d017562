/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "flow/content.h"
#include "pack/recipe.h"

/*
 * From bytes to chunks and recipes, through a true writer.
 */

static struct kist_store *store;
static struct kist_writer *writer;
static struct kist_content_writer content;
static uint8_t bytes[4 * KIST_CUT_SIZE_MIN];

static void setup(void)
{
	ck_assert_int_eq(kist_store_create("memory:content", NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open("memory:content", &store, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	content = (struct kist_content_writer)KIST_CONTENT_WRITER_INIT;
	content.sizes = (struct kist_cut_sizes){ .typed = KIST_CUT_SIZE_MIN, .fixed = KIST_CUT_SIZE_MIN };
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i >> 12);
}

static void teardown(void)
{
	kist_content_writer_done(&content);
	kist_writer_close(writer);
	kist_store_close(store);
}

static kist_status put(uint64_t announced, size_t size, struct kist_content *ret)
{
	KIST_TRY(kist_content_start(&content, writer, KIST_CHUNK_DATA, announced, NULL, 0, NULL));
	KIST_TRY(kist_content_write(&content, kist_view_of(bytes, size), NULL));
	return kist_content_finish(&content, ret, NULL);
}

START_TEST(the_form_goes_by_the_size)
{
	static const struct {
		size_t size;
		enum kist_content_form form;
	} cases[] = { { 0, KIST_CONTENT_INLINE },
		      { KIST_INLINE_SIZE_MAX, KIST_CONTENT_INLINE },
		      { KIST_INLINE_SIZE_MAX + 1, KIST_CONTENT_CHUNK },
		      { 2 * KIST_CUT_SIZE_MIN - 1, KIST_CONTENT_CHUNK },
		      { 2 * KIST_CUT_SIZE_MIN, KIST_CONTENT_RECIPE } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct kist_digest digest = kist_digest_of(kist_view_of(bytes, cases[i].size));
		struct kist_content made;

		ck_assert_int_eq(put(cases[i].size, cases[i].size, &made), KIST_OK);
		ck_assert_int_eq(made.form, cases[i].form);
		ck_assert_uint_eq(made.size, cases[i].size);
		ck_assert(kist_digest_equal(&made.sha256, &digest));
		if (made.form == KIST_CONTENT_CHUNK)
			ck_assert(kist_digest_equal(&made.chunk, &digest));
	}
}
END_TEST

START_TEST(fewer_bytes_than_announced_are_told_and_more_are_refused)
{
	struct kist_content made;

	ck_assert_int_eq(put(sizeof(bytes), 1000, &made), KIST_OK);
	ck_assert_uint_eq(made.size, 1000);
	ck_assert_int_eq(put(999, 1000, &made), KIST_LIMIT);
}
END_TEST

START_TEST(more_chunks_than_a_reader_lists_are_refused)
{
	struct kist_content made;

	ck_assert_uint_eq(content.entries.size_max, KIST_OBJECT_CHUNKS_MAX * sizeof(struct kist_recipe_entry));
	content.entries.size_max = 3 * sizeof(struct kist_recipe_entry);
	ck_assert_int_eq(put(3 * KIST_CUT_SIZE_MIN, 3 * KIST_CUT_SIZE_MIN, &made), KIST_OK);
	ck_assert_int_eq(put(4 * KIST_CUT_SIZE_MIN, 4 * KIST_CUT_SIZE_MIN, &made), KIST_LIMIT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("content");
	TCase *tests = tcase_create("content");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_form_goes_by_the_size);
	tcase_add_test(tests, fewer_bytes_than_announced_are_told_and_more_are_refused);
	tcase_add_test(tests, more_chunks_than_a_reader_lists_are_refused);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
