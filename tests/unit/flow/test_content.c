/* SPDX-License-Identifier: Apache-2.0 */
/* Of which OpenSSL tells the state. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "flow/content.h"
#include "pack/recipe.h"
#include "support/suite.h"
#include "unit/flow/kept.h"

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

START_TEST(listings_are_cut_short_in_every_store)
{
	const enum kist_chunk_kind kinds[] = { KIST_CHUNK_DATA, KIST_CHUNK_TREE };
	const enum kist_content_form forms[] = { KIST_CONTENT_CHUNK, KIST_CONTENT_RECIPE };
	const struct kist_view all = kist_view_of(bytes, sizeof(bytes));

	content.sizes.cdc = KIST_CDC_AVERAGE_DEFAULT;
	for (size_t i = 0; i < 2; i++) {
		struct kist_content made;

		ck_assert_int_eq(kist_content_start(&content, writer, kinds[i], all.size, NULL, 0, NULL),
				 KIST_OK);
		ck_assert_int_eq(kist_content_write(&content, all, NULL), KIST_OK);
		ck_assert_int_eq(kist_content_finish(&content, &made, NULL), KIST_OK);
		ck_assert_int_eq(made.form, forms[i]);
	}
	/* On average, so that one chunk has as many at least a quarter, and at most four times. */
	ck_assert_uint_ge(content.entries.size / sizeof(struct kist_recipe_entry),
			  sizeof(bytes) / (4 * KIST_CUT_LISTING_SIZE));
	ck_assert_uint_le(content.entries.size / sizeof(struct kist_recipe_entry),
			  sizeof(bytes) / (KIST_CUT_LISTING_SIZE / 4));
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
		bytes[i] = (uint8_t)(i * UINT64_C(0x9e3779b97f4a7c15) >> 32 ^
				     (i * i * UINT64_C(0xc2b2ae3d27d4eb4f)) >> 40);
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
		ck_assert_int_eq(
			kist_content_start(&content, writer, KIST_CHUNK_DATA, sizeof(bytes), NULL, 0, NULL),
			KIST_OK);
		for (size_t at = 0; at < sizeof(bytes); at += piece) {
			const size_t len = sizeof(bytes) - at < piece ? sizeof(bytes) - at : piece;

			ck_assert_int_eq(kist_content_write(&content, kist_view_of(bytes + at, len), NULL),
					 KIST_OK);
		}
		ck_assert_int_eq(kist_content_finish(&content, &made, NULL), KIST_OK);
		ck_assert(kist_digest_equal(&made.sha256, &first.sha256));
		ck_assert(kist_digest_equal(&made.chunk, &first.chunk));
	}
}
END_TEST

START_TEST(where_the_next_chunk_goes_is_known_before_the_open_one_is_put)
{
	/* Text, which is cut by its content, behind a part; a batch holds 128 of its chunks. */
	const size_t all = 3 * KIST_BATCH_SIZE + 5 * KIST_CUT_SIZE_MIN;
	const struct kist_content_part part = { .len = all - 6 * KIST_CUT_SIZE_MIN, .element_size = 4 };
	uint8_t *place = NULL;
	size_t known = 0;
	size_t len = 0;
	size_t at = 0;

	ck_assert_int_eq(kist_content_start(&content, writer, KIST_CHUNK_DATA, all, &part, 1, NULL), KIST_OK);
	while (at < all) {
		uint8_t *room;
		size_t size;

		ck_assert_int_eq(kist_content_room(&content, &room, &size, NULL), KIST_OK);
		ck_assert(len == 0 || (room == place && size == len));
		memset(room, (int)(at / KIST_CUT_SIZE_MIN), size);
		ck_assert_int_eq(kist_content_next_room(&content, &place, &len, NULL), KIST_OK);
		/* Of all chunks of the part, that of the text behind it included. */
		ck_assert_int_eq(len > 0, at < part.len);
		known += len > 0;
		at += size;
		ck_assert_int_eq(kist_content_commit(&content, size, NULL), KIST_OK);
	}
	ck_assert_uint_eq(known, part.len / KIST_CUT_SIZE_MIN);
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

/* Each midstate against one that OpenSSL makes of the bytes before it. */
static void check_midstates(const struct kist_recipe *recipe, const uint8_t *data, size_t size,
			    size_t expected_count)
{
	size_t next = 0;
	size_t last = 0;
	size_t offset = 0;

	ck_assert_uint_eq(recipe->states, expected_count);
	for (size_t i = 0; i < recipe->count && next < recipe->states; i++) {
		const struct kist_recipe_state state = kist_recipe_state_at(recipe, next);
		SHA256_CTX context;

		if (state.entry == i) {
			ck_assert(i == 0 || offset - last >= KIST_MIDSTATE_STEP);
			ck_assert_uint_le(offset, size);
			(void)SHA256_Init(&context);
			(void)SHA256_Update(&context, data, (offset + 63) / 64 * 64);
			for (size_t k = 0; k < 32; k++)
				ck_assert_uint_eq(state.midstate.bytes[k],
						  (uint8_t)(context.h[k / 4] >> (24 - k % 4 * 8)));
			last = offset;
			next++;
		}
		offset += kist_recipe_entry_at(recipe, i).len;
	}
	ck_assert_uint_eq(next, expected_count);
}

/* The recipe of noise of @size bytes, of which the first @shift and the last @tail are no part. */
static void put_noise(uint8_t *data, size_t size, size_t shift, size_t tail, struct kist_buf *ret_node)
{
	const struct kist_content_part part = { .offset = shift,
						.len = size - shift - tail,
						.element_size = 4,
						.kind = KIST_FILTER_BYTES,
						.width = 4 };
	kist_auto_json json_t *packs = NULL;
	struct kist_content made;

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * UINT64_C(0x9e3779b97f4a7c15) >> 40);
	ck_assert_int_eq(kist_content_start(&content, writer, KIST_CHUNK_DATA, size, &part, 1, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_content_write(&content, kist_view_of(data, size), NULL), KIST_OK);
	ck_assert_int_eq(kist_content_finish(&content, &made, NULL), KIST_OK);
	ck_assert_int_eq(made.form, KIST_CONTENT_RECIPE);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	kept_chunk(store, packs, &made.chunk, ret_node);
}

START_TEST(recipes_of_large_objects_have_midstates)
{
	static const struct {
		size_t size;
		size_t shift;
		size_t tail;
		size_t count;
	} cases[] = { { KIST_MIDSTATE_SIZE_MIN - 1, 0, 0, 0 },
		      { KIST_MIDSTATE_SIZE_MIN, 0, 0, 3 },
		      { KIST_MIDSTATE_SIZE_MIN + 71, 71, 0, 3 },
		      /* The last chunk has a midstate where it fills the block, or begins with one. */
		      { 71 + 3 * KIST_MIDSTATE_STEP + 56, 71, 56, 3 },
		      { 71 + 3 * KIST_MIDSTATE_STEP + 57, 71, 57, 4 },
		      { 3 * KIST_MIDSTATE_STEP + 1, 0, 1, 4 } };
	kist_auto_buf struct kist_buf node = KIST_BUF_INIT(KIST_RECIPE_SIZE_MAX);
	uint8_t *data = malloc(cases[_i].size);
	struct kist_recipe recipe;

	put_noise(data, cases[_i].size, cases[_i].shift, cases[_i].tail, &node);
	ck_assert_int_eq(kist_recipe_open(kist_buf_view(&node), &recipe, NULL), KIST_OK);
	check_midstates(&recipe, data, cases[_i].size, cases[_i].count);
	free(data);
}
END_TEST

START_TEST(more_chunks_than_a_reader_lists_are_refused)
{
	struct kist_content made;

	ck_assert_uint_eq(content.entries.size_max,
			  KIST_OBJECT_CHUNKS_MAX * sizeof(struct kist_recipe_entry));
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
	tcase_add_test(tests, listings_are_cut_short_in_every_store);
	tcase_add_test(tests, fewer_bytes_than_announced_are_told_and_more_are_refused);
	tcase_add_test(tests, bytes_that_are_put_in_move_only_the_cuts_near_them);
	tcase_add_test(tests, pieces_of_any_length_are_cut_alike);
	tcase_add_test(tests, where_the_next_chunk_goes_is_known_before_the_open_one_is_put);
	tcase_add_test(tests, what_the_elements_are_reaches_the_filters);
	tcase_add_loop_test(tests, recipes_of_large_objects_have_midstates, 0, 6);
	tcase_add_test(tests, more_chunks_than_a_reader_lists_are_refused);
	return suite_run(tests, "content");
}
