/* SPDX-License-Identifier: Apache-2.0 */
#include "store/spare.h"

#include <errno.h>
#include <unistd.h>

#include "unit/store/fixture.h"

static const struct kist_digest zeros;
static char folder[64];
static struct kist_store *store;
static struct kist_backend *real;

/* A disk on which no commit has room while the spare bytes are there. */
static kist_status put_when_there_is_room(struct kist_backend *backend, const char *key,
					  const struct kist_view *parts, size_t count, struct kist_error *err)
{
	uint64_t size;

	if (kist_backend_head(((struct faulty *)backend)->real, "spare", &size, NULL) == KIST_OK)
		return kist_fail_errno(err, ENOSPC, "made to be full");
	return kist_backend_put_new(((struct faulty *)backend)->real, key, parts, count, err);
}

/* One that is full, but what was given to it is there. */
static kist_status put_and_be_full(struct kist_backend *backend, const char *key,
				   const struct kist_view *parts, size_t count, struct kist_error *err)
{
	KIST_TRY(kist_backend_put_new(((struct faulty *)backend)->real, key, parts, count, err));
	return kist_fail_errno(err, ENOSPC, "made to be full");
}

static struct kist_backend_ops full_ops;
static struct faulty full = { .base = { .ops = &full_ops } };

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/kist-spare-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(kist_store_create(folder, NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open(folder, &store, NULL), KIST_OK);
	real = store->backend;
	full_ops = faulty_ops;
	full_ops.put_new = put_when_there_is_room;
	full.real = real;
	store->backend = &full.base;
}

static void teardown(void)
{
	char command[96];

	store->backend = real;
	kist_store_close(store);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static kist_status append(uint64_t number, struct kist_error *err)
{
	kist_auto_json json_t *commit = json_object();

	return kist_log_append(store, number, &zeros, commit, NULL, err);
}

static bool is_there(const char *key)
{
	uint64_t size;

	return kist_backend_head(real, key, &size, NULL) == KIST_OK;
}

START_TEST(who_makes_room_has_room_for_the_commit)
{
	struct kist_error err = KIST_ERROR_INIT;
	uint64_t size;

	ck_assert_int_eq(kist_backend_head(real, "spare", &size, NULL), KIST_OK);
	ck_assert_uint_eq(size, KIST_SPARE_SIZE);
	/* Not everybody. */
	ck_assert_int_eq(append(1, &err), KIST_IO);
	ck_assert_int_eq(err.sys_errno, ENOSPC);
	ck_assert(is_there("spare"));
	kist_spare_allow(store);
	ck_assert_int_eq(append(1, NULL), KIST_OK);
	ck_assert(!is_there("spare"));
	/* There is none any more. */
	full_ops.put_new = put_and_be_full;
	ck_assert_int_eq(append(2, NULL), KIST_IO);
	kist_spare_keep(real, folder);
	ck_assert(is_there("spare"));
	kist_spare_keep(real, folder);
}
END_TEST

START_TEST(a_commit_that_may_not_be_on_disk_is_not_made_again)
{
	kist_spare_allow(store);
	full_ops.put_new = put_and_be_full;
	ck_assert_int_eq(append(1, NULL), KIST_IO);
	ck_assert(is_there("spare"));
}
END_TEST

START_TEST(a_store_in_memory_has_none)
{
	struct kist_store *other = new_store();

	kist_spare_keep(other->backend, kist_store_uri(other));
	kist_spare_allow(other);
	ck_assert(!kist_spare_give_up(other));
	kist_store_close(other);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
	ck_assert_int_eq(kist_backend_delete(real, "spare", NULL), KIST_OK);
	for (unsigned long k = 1; !is_there("spare"); k++) {
		ck_assert_uint_lt(k, 100);
		kist_mem_fail_at(k);
		kist_spare_keep(real, folder);
		kist_mem_fail_at(0);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("spare");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, who_makes_room_has_room_for_the_commit);
	tcase_add_test(tests, a_commit_that_may_not_be_on_disk_is_not_made_again);
	tcase_add_test(tests, a_store_in_memory_has_none);
	tcase_add_test(tests, without_memory_there_is_none);
	return suite_run(tests, "spare");
}
