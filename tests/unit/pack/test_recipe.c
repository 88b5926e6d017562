/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/le.h"
#include "pack/recipe.h"

static struct kist_recipe_entry entries[KIST_RECIPE_ENTRIES_MAX + 1];

static void fill(size_t count, uint64_t len)
{
	for (size_t i = 0; i < count; i++) {
		memset(entries[i].id.bytes, (int)i, KIST_DIGEST_SIZE);
		entries[i].len = len;
	}
}

START_TEST(a_node_comes_back)
{
	static const size_t counts[] = { 0, 1, 2, KIST_RECIPE_ENTRIES_MAX };

	for (size_t c = 0; c < 4; c++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_RECIPE_SIZE_MAX);
		struct kist_recipe recipe;

		fill(counts[c], 1000);
		ck_assert_int_eq(kist_recipe_encode(0, entries, counts[c], NULL, 0, &bytes, NULL), KIST_OK);
		ck_assert_int_eq(kist_recipe_open(kist_buf_view(&bytes), &recipe, NULL), KIST_OK);
		ck_assert_uint_eq(recipe.count, counts[c]);
		ck_assert_uint_eq(recipe.depth, 0);
		ck_assert_uint_eq(recipe.size, 1000 * counts[c]);
		for (size_t i = 0; i < counts[c]; i++) {
			ck_assert_uint_eq(kist_recipe_entry_at(&recipe, i).len, 1000);
			ck_assert_uint_eq(kist_recipe_entry_at(&recipe, i).id.bytes[31], (uint8_t)i);
		}
	}
}
END_TEST

START_TEST(a_node_is_written_as_the_page_says)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_RECIPE_SIZE_MAX);

	fill(2, 0x0102);
	ck_assert_int_eq(kist_recipe_encode(2, entries, 2, NULL, 0, &bytes, NULL), KIST_OK);
	ck_assert_uint_eq(bytes.size, 12 + 2 * 40);
	ck_assert_mem_eq(bytes.data, "KRCP\1\2\0\0\2\0\0\0", 12);
	ck_assert_mem_eq(bytes.data + 12 + 32, "\2\1\0\0\0\0\0\0\1\1", 10);
}
END_TEST

START_TEST(midstates_come_back_as_the_page_says)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_RECIPE_SIZE_MAX);
	const struct kist_recipe_state states[2] = { { 0, { { 7 } } }, { 2, { { 9 } } } };
	struct kist_recipe recipe;

	fill(3, 5);
	ck_assert_int_eq(kist_recipe_encode(0, entries, 3, states, 2, &bytes, NULL), KIST_OK);
	ck_assert_uint_eq(bytes.size, 12 + 3 * 40 + 2 * 36);
	ck_assert_mem_eq(bytes.data, "KRCP\1\0\2\0\3\0\0\0", 12);
	ck_assert_mem_eq(bytes.data + 12 + 3 * 40, "\0\0\0\0\7\0", 6);
	ck_assert_mem_eq(bytes.data + 12 + 3 * 40 + 36, "\2\0\0\0\11\0", 6);
	ck_assert_int_eq(kist_recipe_open(kist_buf_view(&bytes), &recipe, NULL), KIST_OK);
	ck_assert_uint_eq(recipe.states, 2);
	ck_assert_uint_eq(kist_recipe_state_at(&recipe, 1).entry, 2);
	ck_assert_mem_eq(kist_recipe_state_at(&recipe, 1).midstate.bytes, states[1].midstate.bytes, 32);
}
END_TEST

START_TEST(midstates_are_of_entries_in_order)
{
	static const struct {
		uint8_t depth;
		uint32_t first;
		uint32_t second;
		kist_status status;
	} cases[] = { { 0, 0, 1, KIST_OK },    { 0, 1, 1, KIST_LIMIT },		 { 0, 1, 0, KIST_LIMIT },
		      { 0, 0, 2, KIST_LIMIT }, { 0, 0, UINT32_MAX, KIST_LIMIT }, { 1, 0, 1, KIST_LIMIT } };

	fill(2, 5);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_RECIPE_SIZE_MAX);
		const struct kist_recipe_state states[3] = { { .entry = cases[i].first },
							     { .entry = cases[i].second } };
		struct kist_recipe recipe;

		ck_assert_int_eq(kist_recipe_encode(cases[i].depth, entries, 2, states, 2, &bytes, NULL),
				 cases[i].status);
		ck_assert_int_eq(kist_recipe_encode(cases[i].depth, entries, 2, states, 3, &bytes, NULL),
				 KIST_LIMIT);
		/* The same from hostile bytes. */
		bytes.size = 0;
		ck_assert_int_eq(kist_recipe_encode(0, entries, 2,
						    (const struct kist_recipe_state[]){ { 0, { { 0 } } },
											{ 1, { { 0 } } } },
						    2, &bytes, NULL),
				 KIST_OK);
		bytes.data[5] = cases[i].depth;
		kist_le_write32(bytes.data + 12 + 2 * 40, cases[i].first);
		kist_le_write32(bytes.data + 12 + 2 * 40 + 36, cases[i].second);
		ck_assert_int_eq(kist_recipe_open(kist_buf_view(&bytes), &recipe, NULL),
				 cases[i].status == KIST_OK ? KIST_OK : KIST_CORRUPT);
	}
}
END_TEST

START_TEST(what_no_node_may_say_is_not_encoded)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_RECIPE_SIZE_MAX);

	fill(KIST_RECIPE_ENTRIES_MAX + 1, 1);
	ck_assert_int_eq(kist_recipe_encode(0, entries, KIST_RECIPE_ENTRIES_MAX + 1, NULL, 0, &bytes, NULL),
			 KIST_LIMIT);
	ck_assert_int_eq(kist_recipe_encode(KIST_RECIPE_DEPTH_MAX + 1, entries, 1, NULL, 0, &bytes, NULL),
			 KIST_LIMIT);
	ck_assert_int_eq(kist_recipe_encode(KIST_RECIPE_DEPTH_MAX, entries, 1, NULL, 0, &bytes, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_recipe_encode(1, entries, 0, NULL, 0, &bytes, NULL), KIST_LIMIT);
	fill(1, 0);
	ck_assert_int_eq(kist_recipe_encode(0, entries, 1, NULL, 0, &bytes, NULL), KIST_LIMIT);
	fill(1, KIST_CHUNK_SIZE_MAX + 1);
	ck_assert_int_eq(kist_recipe_encode(0, entries, 1, NULL, 0, &bytes, NULL), KIST_LIMIT);
	ck_assert_int_eq(kist_recipe_encode(1, entries, 1, NULL, 0, &bytes, NULL), KIST_OK);
	fill(2, UINT64_MAX / 2 + 1);
	ck_assert_int_eq(kist_recipe_encode(1, entries, 2, NULL, 0, &bytes, NULL), KIST_LIMIT);
}
END_TEST

START_TEST(hostile_nodes_are_refused)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_RECIPE_SIZE_MAX);
	struct kist_recipe recipe;
	static const struct {
		size_t at;
		uint8_t value;
		kist_status status;
	} cases[] = {
		{ 0, 'X', KIST_CORRUPT },
		{ 4, 2, KIST_INCOMPATIBLE },
		{ 5, KIST_RECIPE_DEPTH_MAX + 1, KIST_CORRUPT },
		{ 6, 1, KIST_CORRUPT },
		{ 8, 1, KIST_CORRUPT },
		{ 8, 3, KIST_CORRUPT },
		{ 11, 0xFF, KIST_CORRUPT },
		{ 12 + 32, 0, KIST_CORRUPT },
		{ 12 + 39, 0x80, KIST_CORRUPT },
	};

	fill(2, 1);
	ck_assert_int_eq(kist_recipe_encode(0, entries, 2, NULL, 0, &bytes, NULL), KIST_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t kept = bytes.data[cases[i].at];

		bytes.data[cases[i].at] = cases[i].value;
		ck_assert_int_eq(kist_recipe_open(kist_buf_view(&bytes), &recipe, NULL), cases[i].status);
		bytes.data[cases[i].at] = kept;
	}
	for (size_t size = 0; size < bytes.size; size++)
		ck_assert_int_eq(kist_recipe_open(kist_view_of(bytes.data, size), &recipe, NULL),
				 KIST_CORRUPT);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("recipe");

	tcase_add_test(tests, a_node_comes_back);
	tcase_add_test(tests, a_node_is_written_as_the_page_says);
	tcase_add_test(tests, midstates_come_back_as_the_page_says);
	tcase_add_test(tests, midstates_are_of_entries_in_order);
	tcase_add_test(tests, what_no_node_may_say_is_not_encoded);
	tcase_add_test(tests, hostile_nodes_are_refused);
	return suite_run(tests, "recipe");
}
