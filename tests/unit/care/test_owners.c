/* SPDX-License-Identifier: Apache-2.0 */
#include "care/owners.h"

#include "base/mem.h"
#include "support/suite.h"

#define CHUNKS 3000u
#define OWNERS 7u

static struct kist_digest digest(unsigned number)
{
	return kist_digest_of(kist_view_of(&number, sizeof(number)));
}

START_TEST(a_chunk_has_one_owner_or_many)
{
	struct kist_owners owners = KIST_OWNERS_INIT;
	struct kist_owned *chunk;
	bool again;

	/* Owner k leads to the chunks that k divides. */
	for (unsigned owner = 1; owner <= OWNERS; owner++) {
		for (unsigned i = owner; i < CHUNKS; i += owner) {
			const struct kist_digest id = digest(i);

			ck_assert_int_eq(kist_owners_add(&owners, &id, owner, &chunk, &again, NULL), KIST_OK);
			ck_assert(!again && kist_digest_equal(&chunk->id, &id));
			ck_assert_int_eq(kist_owners_add(&owners, &id, owner, &chunk, &again, NULL), KIST_OK);
			ck_assert(again);
		}
	}
	ck_assert_uint_eq(owners.count, CHUNKS - 1);
	for (unsigned i = 1; i < CHUNKS; i++) {
		const bool one = i % 2 && i % 3 && i % 5 && i % 7;
		const struct kist_digest id = digest(i);

		/* One more owner: where there was one, it is many now. */
		ck_assert_int_eq(kist_owners_add(&owners, &id, 1, &chunk, &again, NULL), KIST_OK);
		ck_assert_uint_eq(chunk->owner, one ? 1 : KIST_OWNER_MANY);
	}
	kist_owners_done(&owners);
	kist_owners_done(&owners);
}
END_TEST

START_TEST(it_survives_every_failed_allocation)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_owners owners = KIST_OWNERS_INIT;

		kist_mem_fail_at(k);
		status = KIST_OK;
		for (unsigned i = 0; i < 1000 && status == KIST_OK; i++) {
			const struct kist_digest id = digest(i);
			struct kist_owned *chunk;
			bool again;

			status = kist_owners_add(&owners, &id, 1, &chunk, &again, NULL);
		}
		kist_mem_fail_at(0);
		ck_assert(status == KIST_NO_MEMORY || owners.count == 1000);
		kist_owners_done(&owners);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("owners");

	tcase_add_test(tcase, a_chunk_has_one_owner_or_many);
	tcase_add_test(tcase, it_survives_every_failed_allocation);
	return suite_run(tcase, "owners");
}
