/* SPDX-License-Identifier: Apache-2.0 */
#include "store/checkpoints.h"

#include "unit/store/fixture.h"

static void put(struct kist_store *store, uint64_t number, const char *text)
{
	ck_assert_int_eq(kist_checkpoints_put(store, number, kist_view_of(text, strlen(text)), NULL),
			 KIST_OK);
}

static void has(struct kist_store *store, uint64_t number, const char *text)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHECKPOINT_SIZE_MAX + 1);

	ck_assert_int_eq(kist_checkpoints_get(store, number, &bytes, NULL), KIST_OK);
	ck_assert_uint_eq(bytes.size, strlen(text));
	ck_assert_mem_eq(bytes.data, text, bytes.size);
}

START_TEST(they_are_listed_in_order_and_nothing_else_is)
{
	kist_auto_store struct kist_store *store = new_store();
	kist_auto_buf struct kist_buf numbers = KIST_BUF_INIT(SIZE_MAX / 2);
	const uint64_t expected[] = { 2, 10, 3000 };
	const struct kist_view junk = kist_view_of("x", 1);

	ck_assert_int_eq(kist_checkpoints_list(store, &numbers, NULL), KIST_OK);
	ck_assert_uint_eq(numbers.size, 0);
	put(store, 3000, "c");
	put(store, 2, "a");
	put(store, 10, "b");
	ck_assert_int_eq(kist_backend_put_new(store->backend, "checkpoints/junk", &junk, 1, NULL), KIST_OK);
	ck_assert_int_eq(
		kist_backend_put_new(store->backend, "checkpoints/00000000000000000000", &junk, 1, NULL),
		KIST_OK);
	ck_assert_int_eq(
		kist_backend_put_new(store->backend, "checkpoints/99999999999999999999", &junk, 1, NULL),
		KIST_OK);
	ck_assert_int_eq(kist_checkpoints_list(store, &numbers, NULL), KIST_OK);
	ck_assert_uint_eq(numbers.size, sizeof(expected));
	ck_assert_mem_eq(numbers.data, expected, sizeof(expected));
}
END_TEST

START_TEST(of_two_makers_the_first_one_writes)
{
	kist_auto_store struct kist_store *store = new_store();

	put(store, 5, "first");
	put(store, 5, "other");
	has(store, 5, "first");
}
END_TEST

START_TEST(a_bad_one_is_replaced_and_goes_when_it_is_deleted)
{
	kist_auto_store struct kist_store *store = new_store();
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHECKPOINT_SIZE_MAX + 1);

	put(store, 5, "bad");
	ck_assert_int_eq(kist_checkpoints_mend(store, 5, kist_view_of("good", 4), NULL), KIST_OK);
	has(store, 5, "good");
	ck_assert_int_eq(kist_checkpoints_delete(store, 5, NULL), KIST_OK);
	ck_assert_int_eq(kist_checkpoints_delete(store, 5, NULL), KIST_OK);
	ck_assert_int_eq(kist_checkpoints_get(store, 5, &bytes, NULL), KIST_NOT_FOUND);
	/* One that went meanwhile is written all the same. */
	ck_assert_int_eq(kist_checkpoints_mend(store, 5, kist_view_of("good", 4), NULL), KIST_OK);
	has(store, 5, "good");
}
END_TEST

START_TEST(a_failure_of_the_backend_is_told)
{
	kist_auto_store struct kist_store *store = new_store();
	struct kist_backend *real = store->backend;
	struct faulty faulty = { .base = { .ops = &faulty_ops }, .real = real };
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHECKPOINT_SIZE_MAX + 1);

	put(store, 5, "x");
	store->backend = &faulty.base;
	faulty.countdown = 1;
	ck_assert_int_eq(kist_checkpoints_put(store, 6, kist_view_of("y", 1), NULL), KIST_IO);
	faulty.countdown = 1;
	ck_assert_int_eq(kist_checkpoints_get(store, 5, &bytes, NULL), KIST_IO);
	faulty.countdown = 0;
	store->backend = real;
}
END_TEST

int main(void)
{
	TCase *const tests = tcase_create("checkpoints");

	tcase_add_test(tests, they_are_listed_in_order_and_nothing_else_is);
	tcase_add_test(tests, of_two_makers_the_first_one_writes);
	tcase_add_test(tests, a_bad_one_is_replaced_and_goes_when_it_is_deleted);
	tcase_add_test(tests, a_failure_of_the_backend_is_told);
	return suite_run(tests, "store/checkpoints");
}
