/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "store/mend.h"

#define COMMITS	  4
#define STEPS_MAX 8
/* Every bit holds as well, and takes a minute. */
#define BIT_STEP 31

static struct kist_store *store;
static struct kist_buf sound[COMMITS + 1];

static struct {
	size_t count;
	uint64_t first[STEPS_MAX];
	uint64_t last[STEPS_MAX];
	bool mended[STEPS_MAX];
} told;

static void note(void *ctx, const struct kist_log_step *step)
{
	(void)ctx;
	ck_assert_uint_lt(told.count, STEPS_MAX);
	told.first[told.count] = step->first;
	told.last[told.count] = step->last;
	told.mended[told.count++] = !step->why;
}

static struct kist_log_mended mend(bool dry_run)
{
	struct kist_log_mended done = { .commits = 0 };

	told.count = 0;
	ck_assert_int_eq(kist_store_mend_log(store, dry_run, note, NULL, &done, NULL), KIST_OK);
	return done;
}

static void put(uint64_t number, const void *data, size_t size)
{
	char key[KIST_LOG_KEY_SIZE];

	kist_log_key(number, key);
	overwrite(store, key, data, size);
}

static bool is_as_it_was(uint64_t number)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 16);
	char key[KIST_LOG_KEY_SIZE];

	kist_log_key(number, key);
	ck_assert_int_eq(kist_backend_get(store->backend, key, 0, bytes.size_max, &bytes, NULL), KIST_OK);
	return bytes.size == sound[number].size && memcmp(bytes.data, sound[number].data, bytes.size) == 0;
}

static void setup(void)
{
	struct kist_digest previous = { { 0 } };

	store = new_store();
	for (uint64_t i = 1; i <= COMMITS; i++) {
		kist_auto_json json_t *commit = json_pack("{s:[],s:I}", "refs", "some", (json_int_t)i);
		char key[KIST_LOG_KEY_SIZE];

		ck_assert_int_eq(kist_log_append(store, i, &previous, commit, &previous, NULL), KIST_OK);
		kist_log_key(i, key);
		sound[i] = (struct kist_buf)KIST_BUF_INIT((size_t)1 << 16);
		ck_assert_int_eq(kist_backend_get(store->backend, key, 0, (size_t)1 << 16, &sound[i], NULL),
				 KIST_OK);
	}
}

static void teardown(void)
{
	for (size_t i = 1; i <= COMMITS; i++)
		kist_buf_done(&sound[i]);
	kist_store_close(store);
}

/* Commit @number with the bits of @mask wrong in the byte at @at. */
static void hurt(uint64_t number, size_t at, unsigned mask)
{
	uint8_t *bytes = sound[number].data;

	bytes[at] ^= (uint8_t)mask;
	put(number, bytes, sound[number].size);
	bytes[at] ^= (uint8_t)mask;
}

START_TEST(a_commit_with_any_one_bit_wrong_is_made_what_it_was)
{
	for (size_t i = 0; i < 8 * sound[2].size; i += BIT_STEP) {
		struct kist_log_mended done;

		hurt(2, i / 8, 1u << (i % 8));
		done = mend(false);
		ck_assert_uint_eq(done.commits, COMMITS);
		ck_assert_uint_eq(done.mended, 1);
		ck_assert_uint_eq(done.bad + done.missing, 0);
		ck_assert(is_as_it_was(2));
	}
}
END_TEST

/* Without one after it that says what it was: but for the digit that may be a newer version. */
START_TEST(so_is_the_last_one)
{
	for (size_t i = 0; i < 8 * sound[COMMITS].size; i += BIT_STEP) {
		struct kist_log_mended done;

		hurt(COMMITS, i / 8, 1u << (i % 8));
		done = mend(false);
		ck_assert_uint_eq(done.mended + done.bad, 1);
		ck_assert(is_as_it_was(COMMITS) == (done.mended == 1));
		ck_assert(done.mended == 1 || i / 8 == 9);
		put(COMMITS, sound[COMMITS].data, sound[COMMITS].size);
	}
}
END_TEST

START_TEST(a_first_line_that_is_gone_is_made_anew_when_the_next_commit_proves_the_body)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 16);

	ck_assert_int_eq(kist_buf_append(&bytes, sound[2].data, sound[2].size, NULL), KIST_OK);
	memset(bytes.data, 'x', 70);
	put(2, bytes.data, bytes.size);
	put(3, sound[3].data, sound[3].size);
	ck_assert_uint_eq(mend(false).mended, 1);
	ck_assert(is_as_it_was(2));
	/* The last one has no witness: it stays as it is. */
	put(COMMITS, bytes.data, bytes.size);
	ck_assert_uint_eq(mend(false).bad, 1);
}
END_TEST

START_TEST(damage_in_every_commit_is_mended_from_the_end_on)
{
	for (uint64_t i = 1; i <= COMMITS; i++)
		hurt(i, 20 + (size_t)i, 0xff);
	ck_assert_uint_eq(mend(true).mended, COMMITS);
	for (uint64_t i = 1; i <= COMMITS; i++)
		ck_assert(!is_as_it_was(i));
	ck_assert_uint_eq(mend(false).mended, COMMITS);
	ck_assert_uint_eq(told.count, COMMITS);
	ck_assert_uint_eq(told.first[0], COMMITS);
	for (uint64_t i = 1; i <= COMMITS; i++)
		ck_assert(is_as_it_was(i));
	ck_assert_uint_eq(mend(false).mended, 0);
	ck_assert_uint_eq(told.count, 0);
}
END_TEST

START_TEST(what_cannot_be_proved_is_left_as_it_is)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 16);

	ck_assert_int_eq(kist_buf_append(&bytes, sound[2].data, sound[2].size, NULL), KIST_OK);
	bytes.data[100] ^= 1;
	bytes.data[120] ^= 1;
	put(2, bytes.data, bytes.size);
	ck_assert_uint_eq(mend(false).bad, 1);
	ck_assert_uint_eq(told.first[0], 2);
	ck_assert(!told.mended[0]);
	for (size_t size = 0; size < sound[2].size; size++) {
		put(2, sound[2].data, size);
		ck_assert_uint_eq(mend(false).bad, 1);
	}
}
END_TEST

START_TEST(a_commit_of_another_history_is_bad)
{
	put(2, sound[3].data, sound[3].size);
	ck_assert_uint_eq(mend(false).bad, 1);
	put(2, sound[2].data, sound[2].size);
	/* A sound commit of this number, that the next one does not follow. */
	{
		kist_auto_json json_t *commit = json_pack("{s:s}", "some", "other");
		struct kist_digest previous = { { 7 } };

		ck_assert_int_eq(kist_backend_delete(store->backend, "log/00000000000000000002", NULL),
				 KIST_OK);
		ck_assert_int_eq(kist_log_append(store, 2, &previous, commit, NULL, NULL), KIST_OK);
	}
	ck_assert_uint_eq(mend(false).bad, 1);
	ck_assert_uint_eq(told.first[0], 2);
}
END_TEST

START_TEST(commits_that_are_missing_are_told_however_many)
{
	struct kist_log_mended done;
	const char *far = "log/00000000900000000000";
	const struct kist_view view = kist_view_of("x", 1);

	ck_assert_int_eq(kist_backend_delete(store->backend, "log/00000000000000000002", NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_delete(store->backend, "log/00000000000000000003", NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_put_new(store->backend, far, &view, 1, NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_put_new(store->backend, "log/other", &view, 1, NULL), KIST_OK);
	done = mend(false);
	ck_assert_uint_eq(done.commits, 3);
	ck_assert_uint_eq(done.missing, 2 + 900000000000 - COMMITS - 1);
	ck_assert_uint_eq(told.count, 3);
	ck_assert_uint_eq(told.first[2], 2);
	ck_assert_uint_eq(told.last[2], 3);
}
END_TEST

START_TEST(memory_that_runs_out_is_told_and_does_no_harm)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_log_mended done;

		hurt(2, 100, 1);
		told.count = 0;
		kist_mem_fail_at(k);
		status = kist_store_mend_log(store, false, note, NULL, &done, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert(status != KIST_OK || is_as_it_was(2));
		ck_assert_uint_lt(k, 10000);
	}
	for (uint64_t i = 1; i <= COMMITS; i++)
		ck_assert(is_as_it_was(i));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("mend_log");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_commit_with_any_one_bit_wrong_is_made_what_it_was);
	tcase_add_test(tests, so_is_the_last_one);
	tcase_add_test(tests, a_first_line_that_is_gone_is_made_anew_when_the_next_commit_proves_the_body);
	tcase_add_test(tests, damage_in_every_commit_is_mended_from_the_end_on);
	tcase_add_test(tests, what_cannot_be_proved_is_left_as_it_is);
	tcase_add_test(tests, a_commit_of_another_history_is_bad);
	tcase_add_test(tests, commits_that_are_missing_are_told_however_many);
	tcase_add_test(tests, memory_that_runs_out_is_told_and_does_no_harm);
	return suite_run(tests, "mend_log");
}
