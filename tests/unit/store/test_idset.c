/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "store/idset.h"

static struct kist_digest id_of(uint32_t i)
{
	return kist_digest_of(kist_view_of(&i, sizeof(i)));
}

START_TEST(what_was_added_is_there_and_nothing_else)
{
	struct kist_idset set = KIST_IDSET_INIT;

	for (uint32_t i = 0; i < 5000; i++) {
		const struct kist_digest id = id_of(i);

		ck_assert(!kist_idset_has(&set, &id));
		ck_assert_int_eq(kist_idset_add(&set, &id, NULL), KIST_OK);
		ck_assert_int_eq(kist_idset_add(&set, &id, NULL), KIST_OK);
		ck_assert_uint_eq(set.count, i + 1);
	}
	for (uint32_t i = 0; i < 10000; i++) {
		const struct kist_digest id = id_of(i);

		ck_assert_int_eq(kist_idset_has(&set, &id), i < 5000);
	}
	kist_idset_done(&set);
	kist_idset_done(&set);
}
END_TEST

/* Ids that all want one slot, as somebody who makes chunks on purpose may arrange. */
START_TEST(ids_that_begin_alike_are_told_apart)
{
	struct kist_idset set = KIST_IDSET_INIT;
	struct kist_digest id = { .bytes = { 0 } };

	for (int i = 0; i < 200; i++) {
		id.bytes[31] = (uint8_t)i;
		ck_assert(!kist_idset_has(&set, &id));
		ck_assert_int_eq(kist_idset_add(&set, &id, NULL), KIST_OK);
	}
	ck_assert_uint_eq(set.count, 200);
	kist_idset_done(&set);
}
END_TEST

START_TEST(a_set_that_cannot_grow_stays_as_it_was)
{
	struct kist_idset set = KIST_IDSET_INIT;

	for (uint32_t i = 0; i < 300; i++) {
		const struct kist_digest id = id_of(i);
		kist_status status;

		kist_mem_fail_at(1 + i % 2);
		status = kist_idset_add(&set, &id, NULL);
		kist_mem_fail_at(0);
		if (status != KIST_OK) {
			ck_assert_int_eq(status, KIST_NO_MEMORY);
			ck_assert_uint_eq(set.count, i);
			ck_assert_int_eq(kist_idset_add(&set, &id, NULL), KIST_OK);
		}
	}
	ck_assert_uint_eq(set.count, 300);
	kist_idset_done(&set);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("idset");

	tcase_add_test(tests, what_was_added_is_there_and_nothing_else);
	tcase_add_test(tests, ids_that_begin_alike_are_told_apart);
	tcase_add_test(tests, a_set_that_cannot_grow_stays_as_it_was);
	return suite_run(tests, "idset");
}
