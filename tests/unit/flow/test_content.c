/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "flow/content.h"
#include "pack/recipe.h"
#include "support/suite.h"

/*
 * From bytes to chunks and recipes, through a true writer.
 */

static struct kist_store *store;
static struct kist_writer *writer;
static struct kist_content_writer content;
static uint8_t bytes[16 * KIST_CUT_SIZE_MIN];

static void setup(void)
{
	ck_assert_int_eq(kist_store_create("memory:content", NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open("memory:content", &store, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	content = (struct kist_content_writer)KIST_CONTENT_WRITER_INIT;
	content.sizes = (struct kist_cut_sizes){ .typed = KIST_CUT_SIZE_MIN, .cdc = KIST_CUT_SIZE_MIN };
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i >> 12 ^ i);
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
		      { 4 * KIST_CUT_SIZE_MIN - 1, KIST_CONTENT_CHUNK },
		      { 4 * KIST_CUT_SIZE_MIN + 1, KIST_CONTENT_RECIPE } };

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

/* The same bytes as one part, which is cut by its length. */
static kist_status put_part(size_t size, struct kist_content *ret)
{
	const struct kist_content_part part = {
		.len = size, .element_size = 4, .kind = KIST_FILTER_REAL, .width = 4, .row = 8
	};

	KIST_TRY(kist_content_start(&content, writer, KIST_CHUNK_DATA, size, &part, 1, NULL));
	KIST_TRY(kist_content_write(&content, kist_view_of(bytes, size), NULL));
	return kist_content_finish(&content, ret, NULL);
}

START_TEST(bytes_that_are_put_in_move_only_the_cuts_near_them)
{
	const size_t size = sizeof(bytes) - 100;
	struct kist_write_stats before;
	struct kist_write_stats after;
	struct kist_content made;

	/* Noise, or the same bytes would come again by themselves. */
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * UINT64_C(0x9e3779b97f4a7c15) >> 32 ^ (i * i * UINT64_C(0xc2b2ae3d27d4eb4f)) >> 40);
	ck_assert_int_eq(put(size, size, &made), KIST_OK);
	before = kist_writer_stats(writer);
	ck_assert_uint_ge(before.chunks, 8);
	memmove(bytes + 1000, bytes + 900, size - 900);
	ck_assert_int_eq(put(size + 100, size + 100, &made), KIST_OK);
	after = kist_writer_stats(writer);
	/* One chunk, perhaps its neighbour, and the recipe. */
	ck_assert_uint_le(after.chunks_new - before.chunks_new, 3);
}
END_TEST

START_TEST(pieces_of_any_length_are_cut_alike)
{
	struct kist_content first;
	struct kist_content made;

	ck_assert_int_eq(put(sizeof(bytes), sizeof(bytes), &first), KIST_OK);
	for (size_t piece = 1000; piece < sizeof(bytes); piece = piece * 3 + 1) {
		ck_assert_int_eq(kist_content_start(&content, writer, KIST_CHUNK_DATA, sizeof(bytes), NULL, 0, NULL),
				 KIST_OK);
		for (size_t at = 0; at < sizeof(bytes); at += piece) {
			const size_t len = sizeof(bytes) - at < piece ? sizeof(bytes) - at : piece;

			ck_assert_int_eq(kist_content_write(&content, kist_view_of(bytes + at, len), NULL), KIST_OK);
		}
		ck_assert_int_eq(kist_content_finish(&content, &made, NULL), KIST_OK);
		ck_assert(kist_digest_equal(&made.sha256, &first.sha256));
		ck_assert(kist_digest_equal(&made.chunk, &first.chunk));
	}
}
END_TEST

START_TEST(what_the_elements_are_reaches_the_filters)
{
	struct kist_content made;

	for (size_t i = 0; i + 4 <= sizeof(bytes); i += 4) {
		const float value = 20.0f + (float)(i % 97) * 0.001f + (float)i * 1e-5f;

		memcpy(bytes + i, &value, sizeof(value));
	}
	ck_assert_int_eq(put_part(sizeof(bytes), &made), KIST_OK);
	ck_assert_uint_eq(kist_writer_stats(writer).filtered[KIST_FILTER_NONE], 1); /* the recipe */
	ck_assert_uint_eq(kist_writer_stats(writer).chunks_new, 17);
}
END_TEST

START_TEST(more_chunks_than_a_reader_lists_are_refused)
{
	struct kist_content made;

	ck_assert_uint_eq(content.entries.size_max, KIST_OBJECT_CHUNKS_MAX * sizeof(struct kist_recipe_entry));
	content.entries.size_max = 3 * sizeof(struct kist_recipe_entry);
	ck_assert_int_eq(put_part(3 * KIST_CUT_SIZE_MIN, &made), KIST_OK);
	ck_assert_int_eq(put_part(4 * KIST_CUT_SIZE_MIN, &made), KIST_LIMIT);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("content");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_form_goes_by_the_size);
	tcase_add_test(tests, fewer_bytes_than_announced_are_told_and_more_are_refused);
	tcase_add_test(tests, bytes_that_are_put_in_move_only_the_cuts_near_them);
	tcase_add_test(tests, pieces_of_any_length_are_cut_alike);
	tcase_add_test(tests, what_the_elements_are_reaches_the_filters);
	tcase_add_test(tests, more_chunks_than_a_reader_lists_are_refused);
	return suite_run(tests, "content");
}
