/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <errno.h>

#include "store/mend.h"

#define URI	   "memory:mend"
#define CHUNKS	   4
#define CHUNK_SIZE ((size_t)2000)

static struct kist_store *store;
static struct kist_digest pack;
static struct kist_digest chunks[CHUNKS];
static struct kist_buf sound; /* the pack */
static char key[KIST_PACK_KEY_SIZE];

static void read_key(const char *name, struct kist_buf *ret)
{
	ret->size = 0;
	ck_assert_int_eq(kist_backend_get(store->backend, name, 0, (size_t)1 << 20, ret, NULL), KIST_OK);
}

static kist_status find_base(void *ctx, const struct kist_digest *id, struct kist_location *ret,
			     struct kist_error *err)
{
	(void)ctx;
	(void)id;
	(void)ret;
	(void)err;
	return KIST_NOT_FOUND;
}

static kist_status mend(bool dry_run, const struct kist_idset *known, struct kist_pack_remedy *ret)
{
	const struct kist_pack_mending how = { .dry_run = dry_run, .known = known, .find = find_base };

	return kist_store_mend_pack(store, &pack, sound.size, &how, ret, NULL);
}

static void setup(void)
{
	kist_auto_writer struct kist_writer *writer = NULL;
	uint8_t bytes[CHUNKS][CHUNK_SIZE];
	struct kist_piece pieces[CHUNKS] = { { .hint = { .kind = KIST_FILTER_BYTES } } };
	const char *hex;
	json_t *packs;

	store = new_store();
	for (uint32_t i = 0; i < CHUNKS; i++) {
		fill_noise(bytes[i], CHUNK_SIZE, i + 1);
		pieces[i] = pieces[0];
		pieces[i].bytes = kist_view_of(bytes[i], CHUNK_SIZE);
	}
	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, pieces, CHUNKS, chunks, NULL, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	hex = kist_json_get_text(json_array_get(packs, 0), "id");
	ck_assert(hex && kist_digest_parse(hex, strlen(hex), &pack));
	json_decref(packs);
	/* The writer would remove what no commit names. */
	kist_pack_key(&pack, key);
	sound = (struct kist_buf)KIST_BUF_INIT((size_t)1 << 20);
	read_key(key, &sound);
}

static void teardown(void)
{
	kist_buf_done(&sound);
	kist_store_close(store);
}

/* The pack with @count bytes wrong from @at on, and cut to @size. */
static void hurt(size_t at, size_t count, size_t size)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 20);

	ck_assert_int_eq(kist_buf_append(&bytes, sound.data, sound.size, NULL), KIST_OK);
	for (size_t i = 0; i < count; i++)
		bytes.data[at + i] ^= 0xa5;
	overwrite(store, key, bytes.data, size);
}

static bool is_as_it_was(void)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 20);

	read_key(key, &bytes);
	return bytes.size == sound.size && memcmp(bytes.data, sound.data, sound.size) == 0;
}

START_TEST(a_pack_is_mended_in_its_place)
{
	kist_auto_pack_remedy struct kist_pack_remedy remedy = KIST_PACK_REMEDY_INIT;

	hurt(3000, 2, sound.size);
	ck_assert_int_eq(mend(false, NULL, &remedy), KIST_OK);
	ck_assert(remedy.is_whole && !remedy.was_whole && remedy.is_complete);
	ck_assert(is_as_it_was());
	ck_assert_int_eq(mend(false, NULL, &remedy), KIST_OK);
	ck_assert(remedy.was_whole);
}
END_TEST

START_TEST(a_dry_run_changes_nothing)
{
	kist_auto_pack_remedy struct kist_pack_remedy remedy = KIST_PACK_REMEDY_INIT;

	hurt(3000, 2, sound.size);
	ck_assert_int_eq(mend(true, NULL, &remedy), KIST_OK);
	ck_assert(remedy.is_whole && !is_as_it_was());
}
END_TEST

START_TEST(what_is_sound_beside_what_is_lost_is_listed)
{
	kist_auto_pack_remedy struct kist_pack_remedy remedy = KIST_PACK_REMEDY_INIT;
	const struct kist_sound_record *records;

	hurt(3000, 20, sound.size);
	ck_assert_int_eq(mend(false, NULL, &remedy), KIST_OK);
	ck_assert(!remedy.is_whole && remedy.has_index && !remedy.is_complete);
	records = (const void *)remedy.records.data;
	ck_assert_uint_eq(remedy.records.size / sizeof(*records), CHUNKS - 1);
	ck_assert(kist_digest_equal(&records[0].id, &chunks[0]) && records[0].was_sound);
	ck_assert(kist_digest_equal(&records[1].id, &chunks[2]));
	ck_assert_mem_eq(remedy.bytes.data + records[1].offset + KIST_RECORD_HEAD_SIZE,
			 sound.data + records[1].offset + KIST_RECORD_HEAD_SIZE, 100);
	/* Without the index that is cut off as well. */
	hurt(3000, 20, sound.size - 70);
	ck_assert_int_eq(mend(false, NULL, &remedy), KIST_OK);
	ck_assert(!remedy.has_index && !remedy.is_complete);
	ck_assert_uint_eq(remedy.records.size / sizeof(*records), CHUNKS - 1);
}
END_TEST

START_TEST(what_is_known_to_be_lost_is_not_looked_for_again)
{
	kist_auto_pack_remedy struct kist_pack_remedy remedy = KIST_PACK_REMEDY_INIT;
	struct kist_idset known = KIST_IDSET_INIT;

	hurt(3000, 1, sound.size);
	ck_assert_int_eq(kist_idset_add(&known, &chunks[3], NULL), KIST_OK);
	ck_assert_int_eq(mend(true, &known, &remedy), KIST_OK);
	ck_assert_uint_eq(remedy.records.size / sizeof(struct kist_sound_record), 1);
	kist_idset_done(&known);
}
END_TEST

START_TEST(a_pack_that_is_gone_is_said_to_be_gone)
{
	kist_auto_pack_remedy struct kist_pack_remedy remedy = KIST_PACK_REMEDY_INIT;

	ck_assert_int_eq(kist_backend_delete(store->backend, key, NULL), KIST_OK);
	ck_assert_int_eq(mend(false, NULL, &remedy), KIST_NOT_FOUND);
}
END_TEST

/* A disk of which one sector cannot be read. */
static kist_status bad_sector(struct kist_backend *backend, const char *name, uint64_t offset, size_t size,
			      struct kist_buf *ret, struct kist_error *err)
{
	const uint64_t bad = 4096;

	if (offset < bad + 512 && offset + size > bad)
		return kist_fail_errno(err, EIO, "cannot read");
	return kist_backend_get(((struct faulty *)backend)->real, name, offset, size, ret, err);
}

START_TEST(what_a_failing_disk_still_gives_is_used)
{
	kist_auto_pack_remedy struct kist_pack_remedy remedy = KIST_PACK_REMEDY_INIT;
	struct kist_backend_ops ops = faulty_ops;
	struct faulty faulty = { .base = { .ops = &ops }, .real = store->backend };

	ops.get = bad_sector;
	store->backend = &faulty.base;
	ck_assert_int_eq(mend(true, NULL, &remedy), KIST_OK);
	store->backend = faulty.real;
	ck_assert(!remedy.is_whole);
	ck_assert_uint_ge(remedy.records.size / sizeof(struct kist_sound_record), 1);
}
END_TEST

START_TEST(where_nothing_can_be_replaced_that_is_said)
{
	kist_auto_pack_remedy struct kist_pack_remedy remedy = KIST_PACK_REMEDY_INIT;
	struct faulty faulty = { .base = { .ops = &faulty_ops }, .real = store->backend };

	hurt(3000, 1, sound.size);
	store->backend = &faulty.base;
	ck_assert_int_eq(mend(false, NULL, &remedy), KIST_UNSUPPORTED);
	store->backend = faulty.real;
	ck_assert(remedy.is_whole && !is_as_it_was());
}
END_TEST

/* Every 83rd bit: each costs a search. */
START_TEST(kist_json_with_any_one_bit_wrong_is_made_what_it_was)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT((size_t)1 << 16);
	kist_auto_buf struct kist_buf now = KIST_BUF_INIT((size_t)1 << 16);

	read_key(KIST_STORE_KEY, &text);
	for (size_t i = 0; i < 8 * text.size; i += 83) {
		bool mended;

		text.data[i / 8] ^= (uint8_t)(1 << (i % 8));
		overwrite(store, KIST_STORE_KEY, text.data, text.size);
		text.data[i / 8] ^= (uint8_t)(1 << (i % 8));
		ck_assert_int_eq(kist_store_mend_json(kist_store_uri(store), true, &mended, NULL), KIST_OK);
		ck_assert(mended);
		ck_assert_int_eq(kist_store_mend_json(kist_store_uri(store), false, &mended, NULL), KIST_OK);
		ck_assert(mended);
		read_key(KIST_STORE_KEY, &now);
		ck_assert(now.size == text.size && memcmp(now.data, text.data, now.size) == 0);
	}
}
END_TEST

START_TEST(kist_json_that_cannot_be_mended_is_left_as_it_is)
{
	bool mended;

	overwrite(store, KIST_STORE_KEY, "{\"format\":1}", 12);
	ck_assert_int_eq(kist_store_mend_json(kist_store_uri(store), false, &mended, NULL), KIST_CORRUPT);
	overwrite(store, KIST_STORE_KEY, "{\"format\":2}", 12);
	ck_assert_int_eq(kist_store_mend_json(kist_store_uri(store), false, &mended, NULL),
			 KIST_INCOMPATIBLE);
	overwrite(store, KIST_STORE_KEY, "", 0);
	ck_assert_int_eq(kist_store_mend_json(kist_store_uri(store), false, &mended, NULL), KIST_CORRUPT);
	ck_assert(!mended);
}
END_TEST

START_TEST(memory_that_runs_out_is_told_and_changes_nothing)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_pack_remedy struct kist_pack_remedy remedy = KIST_PACK_REMEDY_INIT;

		hurt(3000, 1, sound.size);
		kist_mem_fail_at(k);
		status = mend(false, NULL, &remedy);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert(is_as_it_was() == (status == KIST_OK));
		ck_assert_uint_lt(k, 1000);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("mend");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_pack_is_mended_in_its_place);
	tcase_add_test(tests, a_dry_run_changes_nothing);
	tcase_add_test(tests, what_is_sound_beside_what_is_lost_is_listed);
	tcase_add_test(tests, what_is_known_to_be_lost_is_not_looked_for_again);
	tcase_add_test(tests, a_pack_that_is_gone_is_said_to_be_gone);
	tcase_add_test(tests, what_a_failing_disk_still_gives_is_used);
	tcase_add_test(tests, where_nothing_can_be_replaced_that_is_said);
	tcase_add_test(tests, kist_json_with_any_one_bit_wrong_is_made_what_it_was);
	tcase_add_test(tests, kist_json_that_cannot_be_mended_is_left_as_it_is);
	tcase_add_test(tests, memory_that_runs_out_is_told_and_changes_nothing);
	return suite_run(tests, "mend");
}
