/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "support/suite.h"

#include "base/arena.h"
#include "base/mem.h"

START_TEST(pieces_are_zero_aligned_and_do_not_overlap)
{
	static const size_t sizes[] = { 1, 15, 16, 17, 1000, 16384, 40000, 0, 3 };
	const size_t count = sizeof(sizes) / sizeof(sizes[0]);
	struct kist_arena arena = KIST_ARENA_INIT;
	uint8_t *pieces[sizeof(sizes) / sizeof(sizes[0])];

	for (size_t i = 0; i < count; i++) {
		pieces[i] = kist_arena_take(&arena, sizes[i], NULL);
		ck_assert_ptr_nonnull(pieces[i]);
		ck_assert_uint_eq((uintptr_t)pieces[i] % 16, 0);
		for (size_t k = 0; k < sizes[i]; k++)
			ck_assert_uint_eq(pieces[i][k], 0);
		memset(pieces[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < sizes[i]; k++)
			ck_assert_uint_eq(pieces[i][k], i + 1);
	}
	kist_arena_done(&arena);
	kist_arena_done(&arena);
}
END_TEST

START_TEST(a_piece_alone_lies_where_it_should_and_takes_no_room_of_others)
{
	struct kist_arena arena = KIST_ARENA_INIT;
	uint8_t *const before = kist_arena_take(&arena, 16, NULL);

	ck_assert_ptr_nonnull(before);
	for (size_t align = 1; align <= 4096; align *= 2) {
		uint8_t *const piece = kist_arena_alone(&arena, 100, align, NULL);

		ck_assert_ptr_nonnull(piece);
		ck_assert_uint_eq((uintptr_t)piece % align, 0);
		for (size_t k = 0; k < 100; k++)
			ck_assert_uint_eq(piece[k], 0);
		memset(piece, 1, 100);
	}
	ck_assert_ptr_eq(kist_arena_take(&arena, 16, NULL), before + 16);
	kist_arena_done(&arena);
	ck_assert_ptr_nonnull(kist_arena_alone(&arena, 0, 1, NULL));
	ck_assert_ptr_nonnull(kist_arena_take(&arena, 1, NULL));
	kist_arena_done(&arena);
}
END_TEST

START_TEST(a_text_ends_where_it_should)
{
	struct kist_arena arena = KIST_ARENA_INIT;

	ck_assert_str_eq(kist_arena_text(&arena, "hello", 4, NULL), "hell");
	ck_assert_str_eq(kist_arena_text(&arena, NULL, 0, NULL), "");
	kist_arena_done(&arena);
}
END_TEST

START_TEST(what_cannot_be_had_is_told)
{
	struct kist_arena arena = KIST_ARENA_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_ptr_null(kist_arena_take(&arena, SIZE_MAX, &err));
	ck_assert_int_eq(err.status, KIST_NO_MEMORY);
	ck_assert_ptr_null(kist_arena_text(&arena, "x", SIZE_MAX, NULL));
	ck_assert_ptr_null(kist_arena_alone(&arena, SIZE_MAX, 1, NULL));
	ck_assert_ptr_null(kist_arena_alone(&arena, SIZE_MAX - 64, 64, &err));
	kist_mem_fail_at(1);
	ck_assert_ptr_null(kist_arena_alone(&arena, 1, 1, NULL));
	kist_mem_fail_at(1);
	ck_assert_ptr_null(kist_arena_take(&arena, 1, NULL));
	kist_mem_fail_at(0);
	ck_assert_ptr_nonnull(kist_arena_take(&arena, 1, NULL));
	kist_arena_done(&arena);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("arena");

	tcase_add_test(tcase, pieces_are_zero_aligned_and_do_not_overlap);
	tcase_add_test(tcase, a_piece_alone_lies_where_it_should_and_takes_no_room_of_others);
	tcase_add_test(tcase, a_text_ends_where_it_should);
	tcase_add_test(tcase, what_cannot_be_had_is_told);
	return suite_run(tcase, "arena");
}
