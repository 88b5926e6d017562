/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

/* Enough for three full packs: the first has long ended when its memory is taken for the third. */
static kist_status write_packs(struct kist_store *store, uint8_t *data, struct kist_error *err)
{
	const struct kist_piece piece = { .bytes = kist_view_of(data, KIST_CHUNK_SIZE_MAX) };
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *packs = NULL;
	struct kist_digest id;

	KIST_TRY(kist_writer_open(store, NULL, &writer, err));
	for (int i = 0; i < 22; i++) {
		data[i] ^= 0xff;
		KIST_TRY(kist_writer_put(writer, KIST_CHUNK_DATA, &piece, 1, &id, NULL, err));
	}
	return kist_writer_finish(writer, &packs, err);
}

START_TEST(a_pack_that_could_not_be_put_is_told_however_late)
{
	struct kist_store *store = new_store();
	struct kist_backend *real = store->backend;
	struct faulty faulty = { .base = { .ops = &faulty_ops }, .real = real };
	uint8_t *data = malloc(KIST_CHUNK_SIZE_MAX);

	fill_noise(data, KIST_CHUNK_SIZE_MAX, 1);
	store->backend = &faulty.base;
	for (unsigned long k = 1; k <= 3; k++) {
		struct kist_error err = KIST_ERROR_INIT;

		faulty.countdown = k;
		ck_assert_int_eq(write_packs(store, data, &err), KIST_IO);
		ck_assert_str_eq(err.text, "made to fail");
	}
	store->backend = real;
	free(data);
	kist_store_close(store);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("publish");

	tcase_add_test(tests, a_pack_that_could_not_be_put_is_told_however_late);
	return suite_run(tests, "publish");
}
