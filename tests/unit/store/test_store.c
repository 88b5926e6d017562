/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static void write_json(const char *uri, const char *text)
{
	struct kist_backend *backend;
	const struct kist_view view = kist_view_of(text, strlen(text));

	ck_assert_int_eq(kist_backend_open(uri, true, &backend, NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_put_new(backend, "kist.json", &view, 1, NULL), KIST_OK);
	kist_backend_close(backend);
}

START_TEST(a_store_that_was_made_opens)
{
	struct kist_store *store = new_store();
	struct kist_store *other = new_store();

	ck_assert_uint_eq(strlen(kist_store_id(store)), 32);
	ck_assert_str_ne(kist_store_id(store), kist_store_id(other));
	ck_assert_int_eq(strncmp(kist_store_uri(store), "memory:", 7), 0);
	ck_assert_uint_eq(kist_store_cut_sizes(store).typed, 1 << 20);
	ck_assert_uint_eq(kist_store_cut_sizes(store).cdc, 512 << 10);
	ck_assert_int_eq(kist_store_create(kist_store_uri(store), NULL), KIST_EXISTS);
	kist_store_close(store);
	kist_store_close(other);
	kist_store_close(NULL);
}
END_TEST

START_TEST(a_place_without_a_store_is_not_found)
{
	struct kist_store *store;
	struct kist_backend *backend;

	ck_assert_int_eq(kist_store_open("memory:nobody", &store, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_backend_open("memory:empty", true, &backend, NULL), KIST_OK);
	kist_backend_close(backend);
	ck_assert_int_eq(kist_store_open("memory:empty", &store, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_store_open("ftp://x", &store, NULL), KIST_INVALID);
}
END_TEST

START_TEST(a_store_that_lost_its_own_file_is_damaged)
{
	static const char *const keys[] = { "log/00000000000000000001",
					    "packs/00/00000000000000000000000000000000000000000000000000000000"
					    "00000000.pack" };
	const struct kist_view view = kist_view_of("x", 1);

	for (size_t i = 0; i < 2; i++) {
		struct kist_error err = KIST_ERROR_INIT;
		struct kist_backend *backend;
		struct kist_store *store;
		char uri[32];

		snprintf(uri, sizeof(uri), "memory:lost%zu", i);
		ck_assert_int_eq(kist_backend_open(uri, true, &backend, NULL), KIST_OK);
		ck_assert_int_eq(kist_backend_put_new(backend, keys[i], &view, 1, NULL), KIST_OK);
		ck_assert_int_eq(kist_store_open(uri, &store, &err), KIST_CORRUPT);
		ck_assert_ptr_nonnull(strstr(err.text, "has lost its 'kist.json'"));
		kist_backend_close(backend);
	}
}
END_TEST

START_TEST(what_a_newer_kist_made_is_refused_by_name)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_store *store;

	write_json("memory:newer", "{\"format\":2,\"anything\":true}");
	ck_assert_int_eq(kist_store_open("memory:newer", &store, &err), KIST_INCOMPATIBLE);
	ck_assert_ptr_nonnull(strstr(err.text, "format 2"));
	kist_error_clear(&err);
	write_json("memory:feature", "{\"format\":1,\"features\":[\"deltas\"]}");
	ck_assert_int_eq(kist_store_open("memory:feature", &store, &err), KIST_INCOMPATIBLE);
	ck_assert_ptr_nonnull(strstr(err.text, "'deltas'"));
}
END_TEST

START_TEST(a_damaged_kist_json_is_refused)
{
	static const char *const texts[] = { "",
					     "{",
					     "[]",
					     "{}",
					     "{\"format\":0}",
					     "{\"format\":\"1\"}",
					     "{\"format\":1}",
					     "{\"format\":1,\"features\":{}}",
					     "{\"format\":1,\"features\":[],\"id\":\"0123\"}",
					     "{\"check\":\"x\",\"format\":1,\"features\":[]}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct kist_store *store;
		char uri[32];

		snprintf(uri, sizeof(uri), "memory:damaged-%zu", i);
		write_json(uri, texts[i]);
		ck_assert_msg(kist_store_open(uri, &store, NULL) == KIST_CORRUPT, "text %zu", i);
	}
}
END_TEST

START_TEST(every_flipped_bit_and_every_shortening_of_kist_json_is_seen)
{
	struct kist_store *store = new_store();
	struct kist_store *again;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_STORE_JSON_SIZE_MAX);

	ck_assert_int_eq(kist_backend_get(store->backend, "kist.json", 0, 1000, &text, NULL), KIST_OK);
	for (size_t bit = 0; bit < 8 * text.size; bit++) {
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		overwrite(store, "kist.json", text.data, text.size);
		ck_assert_msg(kist_store_open(store->uri, &again, NULL) != KIST_OK, "bit %zu", bit);
		text.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* The last byte is a line feed, which nothing needs. */
	for (size_t size = 0; size + 1 < text.size; size++) {
		overwrite(store, "kist.json", text.data, size);
		ck_assert_int_ne(kist_store_open(store->uri, &again, NULL), KIST_OK);
	}
	kist_store_close(store);
}
END_TEST

START_TEST(a_kist_json_that_is_too_long_is_refused)
{
	struct kist_store *store;
	char *text = malloc(KIST_STORE_JSON_SIZE_MAX + 2);

	memset(text, ' ', KIST_STORE_JSON_SIZE_MAX + 1);
	text[KIST_STORE_JSON_SIZE_MAX + 1] = '\0';
	write_json("memory:long", text);
	ck_assert_int_eq(kist_store_open("memory:long", &store, NULL), KIST_CORRUPT);
	free(text);
}
END_TEST

START_TEST(no_allocation_that_fails_is_overlooked)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_error err = KIST_ERROR_INIT;
		struct kist_store *store = NULL;
		char uri[32];

		ck_assert_uint_lt(k, 500);
		snprintf(uri, sizeof(uri), "memory:sweep-%lu", k);
		kist_mem_fail_at(k);
		status = kist_store_create(uri, &err);
		if (status == KIST_OK)
			status = kist_store_open(uri, &store, &err);
		kist_mem_fail_at(0);
		if (status != KIST_OK)
			ck_assert_int_eq(err.status, KIST_NO_MEMORY);
		kist_store_close(store);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("store");

	tcase_add_test(tests, a_store_that_was_made_opens);
	tcase_add_test(tests, a_place_without_a_store_is_not_found);
	tcase_add_test(tests, a_store_that_lost_its_own_file_is_damaged);
	tcase_add_test(tests, what_a_newer_kist_made_is_refused_by_name);
	tcase_add_test(tests, a_damaged_kist_json_is_refused);
	tcase_add_test(tests, every_flipped_bit_and_every_shortening_of_kist_json_is_seen);
	tcase_add_test(tests, a_kist_json_that_is_too_long_is_refused);
	tcase_add_test(tests, no_allocation_that_fails_is_overlooked);
	return suite_run(tests, "store");
}
