/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#define FIRST_KEY "log/00000000000000000001"

static const struct kist_digest zeros;

static kist_status append(struct kist_store *store, uint64_t number, const struct kist_digest *previous,
			  struct kist_digest *ret_digest, struct kist_error *err)
{
	kist_auto_json json_t *commit = json_pack("{s:[]}", "packs");

	return kist_log_append(store, number, previous, commit, ret_digest, err);
}

START_TEST(a_commit_comes_back_with_what_was_added_to_it)
{
	struct kist_store *store = new_store();
	struct kist_digest digest;
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;

	ck_assert_int_eq(append(store, 1, &zeros, &digest, NULL), KIST_OK);
	ck_assert_int_eq(append(store, 2, &digest, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_log_read(store, 1, &commit, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&digest, &commit.digest));
	ck_assert_int_eq(kist_log_read(store, 2, &commit, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&commit.previous, &digest));
	ck_assert_uint_eq(commit.number, 2);
	ck_assert_uint_eq(strlen(commit.time), 20);
	ck_assert(kist_json_is(commit.lists[KIST_COMMIT_PACKS], "[]"));
	ck_assert_uint_eq(commit.lists[KIST_COMMIT_REFS].size, 0);
	ck_assert_int_eq(kist_log_read(store, 3, &commit, NULL), KIST_NOT_FOUND);
	kist_store_close(store);
}
END_TEST

START_TEST(of_two_that_append_one_number_one_succeeds)
{
	struct kist_store *store = new_store();
	struct kist_digest first;
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;

	ck_assert_int_eq(append(store, 1, &zeros, &first, NULL), KIST_OK);
	ck_assert_int_eq(append(store, 1, &zeros, NULL, NULL), KIST_EXISTS);
	ck_assert_int_eq(kist_log_read(store, 1, &commit, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&first, &commit.digest));
	kist_store_close(store);
}
END_TEST

/* Puts the bytes there and then says what a lost reply and a second try would say. */
static kist_status put_twice(struct kist_backend *backend, const char *key, const struct kist_view *parts,
			     size_t count, struct kist_error *err)
{
	struct kist_backend *real = ((struct faulty *)backend)->real;

	KIST_TRY(kist_backend_put_new(real, key, parts, count, err));
	return kist_backend_put_new(real, key, parts, count, err);
}

static kist_status put_then_fail(struct kist_backend *backend, const char *key, const struct kist_view *parts,
				 size_t count, struct kist_error *err)
{
	KIST_TRY(kist_backend_put_new(((struct faulty *)backend)->real, key, parts, count, err));
	return kist_fail(err, KIST_IO, "cannot sync");
}

START_TEST(an_own_commit_after_a_lost_reply_is_a_success)
{
	struct kist_store *store = new_store();
	struct kist_backend *real = store->backend;
	struct kist_backend_ops ops = faulty_ops;
	struct faulty faulty = { .base = { .ops = &ops }, .real = real };

	ops.put_new = put_twice;
	store->backend = &faulty.base;
	ck_assert_int_eq(append(store, 1, &zeros, NULL, NULL), KIST_OK);
	/* Visible, but perhaps not on disk. */
	ops.put_new = put_then_fail;
	ck_assert_int_eq(append(store, 2, &zeros, NULL, NULL), KIST_IO);
	store->backend = real;
	kist_store_close(store);
}
END_TEST

START_TEST(a_commit_that_is_missing_is_not_the_end)
{
	struct kist_store *store = new_store();
	const struct kist_view rubbish = kist_view_of("x", 1);
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_log_names names;

	for (int all = 0; all <= 1; all++)
		ck_assert_int_eq(kist_log_check_end(store, 0, all, NULL), KIST_OK);
	/* What is no commit's key is none. */
	ck_assert_int_eq(kist_backend_put_new(store->backend, "log/99", &rubbish, 1, NULL), KIST_OK);
	for (uint64_t number = 1; number <= 4; number++)
		ck_assert_int_eq(append(store, number, &zeros, NULL, NULL), KIST_OK);
	/* Nor what has other signs, or no number. */
	ck_assert_int_eq(kist_backend_put_new(store->backend, "log/0000000000000000000a", &rubbish, 1, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_backend_put_new(store->backend, "log/00000000000000000000", &rubbish, 1, NULL),
			 KIST_OK);
	for (int all = 0; all <= 1; all++) {
		/* Known up to 4; up to 3, when 4 has come since. */
		ck_assert_int_eq(kist_log_check_end(store, 4, all, NULL), KIST_OK);
		ck_assert_int_eq(kist_log_check_end(store, 3, all, NULL), KIST_OK);
	}
	ck_assert_int_eq(kist_backend_delete(store->backend, "log/00000000000000000003", NULL), KIST_OK);
	ck_assert_int_eq(kist_log_check_end(store, 2, false, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_log_check_end(store, 2, true, &err), KIST_CORRUPT);
	ck_assert_ptr_nonnull(strstr(err.text, "'log/00000000000000000003' is missing"));
	ck_assert_int_eq(kist_backend_delete(store->backend, "log/00000000000000000002", NULL), KIST_OK);
	ck_assert_int_eq(kist_log_check_end(store, 1, false, NULL), KIST_OK);
	ck_assert_int_eq(kist_log_check_end(store, 1, true, NULL), KIST_CORRUPT);
	/* Nor is a hole below what is known to be forgotten, or an end that has gone back. */
	kist_error_clear(&err);
	ck_assert_int_eq(kist_log_check_end(store, 4, false, NULL), KIST_OK);
	ck_assert_int_eq(kist_log_check_end(store, 4, true, &err), KIST_CORRUPT);
	ck_assert_ptr_nonnull(strstr(err.text, "'log/00000000000000000002' is missing"));
	ck_assert_ptr_nonnull(strstr(err.text, "'log/00000000000000000004' is there"));
	ck_assert_int_eq(kist_backend_delete(store->backend, "log/00000000000000000004", NULL), KIST_OK);
	ck_assert_int_eq(kist_log_check_end(store, 1, true, NULL), KIST_OK);
	ck_assert_int_eq(kist_log_check_end(store, 2, true, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_log_names(store, &names, NULL), KIST_OK);
	ck_assert_uint_eq(names.missing, 2);
	ck_assert_uint_eq(names.last, 1);
	/* Far away, also past all numbers. */
	ck_assert_int_eq(kist_backend_put_new(store->backend, "log/99999999999999999999", &rubbish, 1, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_log_check_end(store, 1, true, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_log_names(store, &names, NULL), KIST_OK);
	ck_assert_uint_eq(names.last, UINT64_MAX);
	kist_store_close(store);
}
END_TEST

START_TEST(every_flipped_bit_and_every_shortening_of_a_commit_is_seen)
{
	struct kist_store *store = new_store();
	kist_auto_buf struct kist_buf entry = KIST_BUF_INIT(4096);
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;

	ck_assert_int_eq(append(store, 1, &zeros, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_get(store->backend, FIRST_KEY, 0, 4096, &entry, NULL), KIST_OK);
	for (size_t bit = 0; bit < 8 * entry.size; bit++) {
		kist_status status;

		entry.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		overwrite(store, FIRST_KEY, entry.data, entry.size);
		status = kist_log_read(store, 1, &commit, NULL);
		ck_assert_msg(status == KIST_CORRUPT || status == KIST_INCOMPATIBLE, "bit %zu", bit);
		entry.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t size = 0; size < entry.size; size++) {
		overwrite(store, FIRST_KEY, entry.data, size);
		ck_assert_int_eq(kist_log_read(store, 1, &commit, NULL), KIST_CORRUPT);
	}
	kist_store_close(store);
}
END_TEST

START_TEST(which_commit_it_is_a_large_one_says_in_its_first_line)
{
	const bool large = _i == 1;
	struct kist_store *store = new_store();
	kist_auto_buf struct kist_buf entry = KIST_BUF_INIT(4 * KIST_LOG_SMALL_SIZE);
	kist_auto_json json_t *commit = json_object();
	kist_auto_mem char *text = kist_alloc(2 * KIST_LOG_SMALL_SIZE + 1, 1);
	struct kist_digest digest;

	memset(text, 'x', large ? 2 * KIST_LOG_SMALL_SIZE : 10);
	ck_assert_int_eq(json_object_set_new(commit, "text", json_string(text)), 0);
	ck_assert_int_eq(kist_log_append(store, 1, &zeros, commit, &digest, NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_get(store->backend, FIRST_KEY, 0, entry.size_max, &entry, NULL),
			 KIST_OK);
	ck_assert(kist_log_is(store, 1, &digest));
	ck_assert(!kist_log_is(store, 1, &zeros));
	ck_assert(!kist_log_is(store, 2, &digest));
	for (size_t bit = 0; bit < 8 * (size_t)80; bit++) {
		entry.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		overwrite(store, FIRST_KEY, entry.data, entry.size);
		ck_assert(!kist_log_is(store, 1, &digest));
		entry.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	overwrite(store, FIRST_KEY, entry.data, entry.size - 1);
	ck_assert(!kist_log_is(store, 1, &digest));
	/* Who reads it sees that it is damaged. */
	entry.data[entry.size - 20] ^= 1;
	overwrite(store, FIRST_KEY, entry.data, entry.size);
	ck_assert(kist_log_is(store, 1, &digest) == large);
	ck_assert_int_eq(kist_log_digest(store, 1, &digest, NULL), KIST_CORRUPT);
	kist_store_close(store);
}
END_TEST

START_TEST(a_commit_under_another_number_is_refused)
{
	struct kist_store *store = new_store();
	kist_auto_buf struct kist_buf entry = KIST_BUF_INIT(4096);
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;

	ck_assert_int_eq(append(store, 1, &zeros, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_get(store->backend, FIRST_KEY, 0, 4096, &entry, NULL), KIST_OK);
	overwrite(store, "log/00000000000000000002", entry.data, entry.size);
	ck_assert_int_eq(kist_log_read(store, 2, &commit, NULL), KIST_CORRUPT);
	ck_assert_int_eq(append(store, 0, &zeros, NULL, NULL), KIST_LIMIT);
	ck_assert_int_eq(append(store, UINT64_MAX, &zeros, NULL, NULL), KIST_LIMIT);
	kist_store_close(store);
}
END_TEST

START_TEST(a_sound_entry_that_is_no_commit_is_refused)
{
	static const char *const bodies[] = {
		"",	    "[]",
		"{}",	    "{\"number\":1}",
		"not json", "{\"number\":1,\"previous\":\"x\",\"write_id\":\"y\",\"time\":\"z\"}"
	};
	struct kist_store *store = new_store();
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const struct kist_digest digest = kist_digest_of(kist_view_of(bodies[i], strlen(bodies[i])));
		char hex[KIST_DIGEST_HEX_SIZE];
		char entry[512];
		int size;

		kist_digest_hex(&digest, hex);
		size = snprintf(entry, sizeof(entry), "kist-log 1 %s %zu\n%s", hex, strlen(bodies[i]),
				bodies[i]);
		overwrite(store, FIRST_KEY, entry, (size_t)size);
		ck_assert_int_eq(kist_log_read(store, 1, &commit, NULL), KIST_CORRUPT);
	}
	overwrite(store, FIRST_KEY, "kist-log 2 whatever\n", 20);
	ck_assert_int_eq(kist_log_read(store, 1, &commit, NULL), KIST_INCOMPATIBLE);
	kist_store_close(store);
}
END_TEST

/* A commit of @size bytes, all told, with a member that fills it up. */
static kist_status append_of_size(struct kist_store *store, size_t size, struct kist_error *err)
{
	kist_auto_json json_t *commit = json_object();
	char *fill = malloc(size);
	kist_status status;
	size_t rest;

	/* What stands around the member: a number, two digests' worth of hex, a time and the keys. */
	ck_assert_ptr_nonnull(fill);
	rest = strlen("{\"fill\":\"\",\"number\":1,\"previous\":\"\",\"time\":\"\",\"write_id\":\"\"}") + 64 +
	       20 + 32;
	memset(fill, 'x', size - rest);
	json_object_set_new(commit, "fill", json_stringn(fill, size - rest));
	free(fill);
	status = kist_log_append(store, 1, &zeros, commit, NULL, err);
	return status;
}

START_TEST(a_commit_that_is_too_large_to_be_read_is_not_made)
{
	struct kist_store *store = new_store();
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(append_of_size(store, KIST_COMMIT_SIZE_MAX + 1, &err), KIST_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.text, "more than 67108864 bytes in one commit"));
	ck_assert_int_eq(kist_log_read(store, 1, &commit, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(append_of_size(store, KIST_COMMIT_SIZE_MAX, NULL), KIST_OK);
	ck_assert_int_eq(kist_log_read(store, 1, &commit, NULL), KIST_OK);
	kist_store_close(store);
}
END_TEST

START_TEST(a_commit_may_have_more_values_than_json_that_is_parsed)
{
	struct kist_store *store = new_store();
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;
	kist_auto_json json_t *made = json_object();
	json_t *refs = json_array();

	while (json_array_size(refs) <= KIST_JSON_VALUES_MAX && json_array_append_new(refs, json_null()) == 0)
		;
	json_object_set_new(made, "refs", refs);
	ck_assert_int_eq(kist_log_append(store, 1, &zeros, made, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_log_read(store, 1, &commit, NULL), KIST_OK);
	kist_store_close(store);
}
END_TEST

START_TEST(a_commit_that_is_nested_too_deep_is_not_made)
{
	struct kist_store *store = new_store();

	for (int depth = KIST_JSON_DEPTH_MAX - 1; depth <= KIST_JSON_DEPTH_MAX; depth++) {
		kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;
		kist_auto_json json_t *made = json_object();
		json_t *value = json_null();

		for (int i = 0; i < depth; i++)
			value = json_pack("[o]", value);
		json_object_set_new(made, "refs", value);
		ck_assert_int_eq(kist_log_append(store, 1, &zeros, made, NULL, NULL),
				 depth == KIST_JSON_DEPTH_MAX ? KIST_LIMIT : KIST_OK);
		ck_assert_int_eq(kist_log_read(store, 1, &commit, NULL), KIST_OK);
	}
	kist_store_close(store);
}
END_TEST

START_TEST(no_failure_of_backend_or_memory_is_a_false_success)
{
	struct kist_store *store = new_store();
	struct kist_backend *real = store->backend;
	struct faulty faulty = { .base = { .ops = &faulty_ops }, .real = real };
	uint64_t number = 1;

	store->backend = &faulty.base;
	for (unsigned long k = 1; k < 60; k++) {
		struct kist_error err = KIST_ERROR_INIT;
		char key[32];
		kist_status status;
		uint64_t size;

		faulty.countdown = k < 10 ? k : 0;
		kist_mem_fail_at(k < 10 ? 0 : k - 9);
		status = append(store, number, &zeros, NULL, &err);
		kist_mem_fail_at(0);
		faulty.countdown = 0;
		snprintf(key, sizeof(key), "log/%020llu", (unsigned long long)number);
		ck_assert_int_eq(kist_backend_head(real, key, &size, NULL),
				 status == KIST_OK ? KIST_OK : KIST_NOT_FOUND);
		if (status == KIST_OK)
			number++;
		else
			ck_assert(err.status == KIST_IO || err.status == KIST_NO_MEMORY);
	}
	ck_assert_uint_gt(number, 2);
	store->backend = real;
	kist_store_close(store);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("log");

	tcase_add_test(tests, a_commit_comes_back_with_what_was_added_to_it);
	tcase_add_test(tests, of_two_that_append_one_number_one_succeeds);
	tcase_add_test(tests, an_own_commit_after_a_lost_reply_is_a_success);
	tcase_add_test(tests, a_commit_that_is_missing_is_not_the_end);
	tcase_add_test(tests, every_flipped_bit_and_every_shortening_of_a_commit_is_seen);
	tcase_add_loop_test(tests, which_commit_it_is_a_large_one_says_in_its_first_line, 0, 2);
	tcase_add_test(tests, a_commit_under_another_number_is_refused);
	tcase_add_test(tests, a_sound_entry_that_is_no_commit_is_refused);
	tcase_add_test(tests, a_commit_that_is_too_large_to_be_read_is_not_made);
	tcase_add_test(tests, a_commit_may_have_more_values_than_json_that_is_parsed);
	tcase_add_test(tests, a_commit_that_is_nested_too_deep_is_not_made);
	tcase_add_test(tests, no_failure_of_backend_or_memory_is_a_false_success);
	return suite_run(tests, "log");
}
