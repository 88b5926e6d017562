/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/le.h"
#include "pack/crc32c.h"

#define CHUNKS 4

static const char *const chunks[CHUNKS] = {
	"the first chunk", "the second",
	"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", "d"
};

/* One pack of the four chunks: its key, its bytes, and where the chunks lie. */
struct one_pack {
	struct kist_store *store;
	struct kist_digest id;
	char key[KIST_PACK_KEY_SIZE];
	struct kist_buf bytes;
	struct kist_digest ids[CHUNKS];
	struct kist_location where[CHUNKS];
};

static kist_status locate(void *ctx, const struct kist_digest *chunk, const struct kist_location *where,
			  struct kist_error *err)
{
	struct one_pack *one = ctx;

	(void)err;
	for (size_t i = 0; i < CHUNKS; i++) {
		if (kist_digest_equal(chunk, &one->ids[i]))
			one->where[i] = *where;
	}
	return KIST_OK;
}

static void make(struct one_pack *one)
{
	kist_auto_writer struct kist_writer *writer = NULL;
	struct kist_piece pieces[CHUNKS] = { 0 };
	json_t *packs;

	*one = (struct one_pack){ .store = new_store(), .bytes = KIST_BUF_INIT(1 << 20) };
	for (size_t i = 0; i < CHUNKS; i++)
		pieces[i].bytes = kist_view_of(chunks[i], strlen(chunks[i]));
	ck_assert_int_eq(kist_writer_open(one->store, NULL, &writer, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_DATA, pieces, CHUNKS, one->ids, NULL, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert(kist_digest_parse(kist_json_get_text(json_array_get(packs, 0), "id"), 64, &one->id));
	json_decref(packs);
	kist_pack_key(&one->id, one->key);
	ck_assert_int_eq(kist_backend_get(one->store->backend, one->key, 0, 1 << 20, &one->bytes, NULL),
			 KIST_OK);
	ck_assert_int_eq(kist_store_read_index(one->store, &one->id, locate, one, NULL), KIST_OK);
}

static void done(struct one_pack *one)
{
	kist_buf_done(&one->bytes);
	kist_store_close(one->store);
}

/* Reading may fail, but never gives other bytes; checking the pack must fail. */
static void expect_damage(struct one_pack *one)
{
	ck_assert_int_ne(kist_store_check_pack(one->store, &one->id, NULL, NULL, NULL), KIST_OK);
	for (size_t i = 0; i < CHUNKS; i++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
		const kist_status status =
			kist_store_read_chunk(one->store, &one->where[i], &one->ids[i], &bytes, NULL);

		if (status == KIST_OK) {
			ck_assert_uint_eq(bytes.size, strlen(chunks[i]));
			ck_assert_mem_eq(bytes.data, chunks[i], bytes.size);
		} else {
			ck_assert_int_eq(status, KIST_CORRUPT);
			ck_assert_uint_eq(bytes.size, 0);
		}
	}
}

START_TEST(every_flipped_bit_of_a_pack_is_found_and_gives_no_wrong_bytes)
{
	struct one_pack one;

	make(&one);
	for (size_t bit = 0; bit < 8 * one.bytes.size; bit++) {
		one.bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		overwrite(one.store, one.key, one.bytes.data, one.bytes.size);
		expect_damage(&one);
		one.bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	done(&one);
}
END_TEST

START_TEST(every_shortened_pack_is_found_and_gives_no_wrong_bytes)
{
	struct one_pack one;

	make(&one);
	for (size_t size = 0; size < one.bytes.size; size++) {
		overwrite(one.store, one.key, one.bytes.data, size);
		expect_damage(&one);
		ck_assert_int_eq(kist_store_read_index(one.store, &one.id, locate, &one, NULL), KIST_CORRUPT);
	}
	done(&one);
}
END_TEST

START_TEST(damage_of_a_footer_or_an_index_is_seen_by_read_index)
{
	struct one_pack one;
	const size_t tail = KIST_PACK_INDEX_SIZE(CHUNKS) + KIST_PACK_FOOT_SIZE;

	make(&one);
	for (size_t i = one.bytes.size - tail; i < one.bytes.size; i++) {
		one.bytes.data[i] ^= 0x40;
		overwrite(one.store, one.key, one.bytes.data, one.bytes.size);
		ck_assert_int_eq(kist_store_read_index(one.store, &one.id, locate, &one, NULL), KIST_CORRUPT);
		one.bytes.data[i] ^= 0x40;
	}
	done(&one);
}
END_TEST

START_TEST(what_is_read_ahead_gives_the_same_chunks)
{
	struct one_pack one;
	kist_auto_chunk_reader struct kist_chunk_reader reader = { .filter = KIST_FILTER_INIT };
	uint8_t room[256];

	make(&one);
	/* Each stretch of the pack, so that chunks lie before it, in it, on its ends and behind it. */
	for (size_t from = 0; from < one.bytes.size; from += 7) {
		for (size_t size = 0; size <= one.bytes.size - from + 8; size += 11) {
			kist_store_read_ahead(one.store, &reader, &one.id, from, size);
			for (size_t i = 0; i < CHUNKS; i++) {
				ck_assert_int_eq(kist_store_read_chunk_into(one.store, &reader, &one.where[i],
									    &one.ids[i], room, NULL),
						 KIST_OK);
				ck_assert_mem_eq(room, chunks[i], strlen(chunks[i]));
			}
		}
	}
	done(&one);
}
END_TEST

START_TEST(what_is_read_ahead_of_one_pack_is_not_taken_for_another)
{
	struct one_pack one;
	kist_auto_chunk_reader struct kist_chunk_reader reader = { .filter = KIST_FILTER_INIT };
	struct kist_location elsewhere;
	uint8_t room[256];

	make(&one);
	elsewhere = one.where[0];
	elsewhere.pack.bytes[0] ^= 1;
	kist_store_read_ahead(one.store, &reader, &one.id, 0, one.bytes.size);
	ck_assert_int_eq(kist_store_read_chunk_into(one.store, &reader, &elsewhere, &one.ids[0], room, NULL),
			 KIST_NOT_FOUND);
	/* Nothing of it stays when the next cannot be read. */
	kist_store_read_ahead(one.store, &reader, &elsewhere.pack, 0, one.bytes.size);
	ck_assert_int_eq(kist_store_read_chunk_into(one.store, &reader, &elsewhere, &one.ids[0], room, NULL),
			 KIST_NOT_FOUND);
	/* Damage in it is seen. */
	one.bytes.data[one.where[0].offset + one.where[0].stored_len - 1] ^= 1;
	overwrite(one.store, one.key, one.bytes.data, one.bytes.size);
	kist_store_read_ahead(one.store, &reader, &one.id, 0, one.bytes.size);
	ck_assert_int_eq(
		kist_store_read_chunk_into(one.store, &reader, &one.where[0], &one.ids[0], room, NULL),
		KIST_CORRUPT);
	done(&one);
}
END_TEST

START_TEST(a_location_that_is_wrong_gives_no_bytes)
{
	struct one_pack one;
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_location wrong[8];

	make(&one);
	for (size_t i = 0; i < 8; i++)
		wrong[i] = one.where[0];
	wrong[0].offset += 1;
	wrong[1].offset = UINT64_MAX;
	wrong[2].stored_len -= 1;
	wrong[3].stored_len += 1;
	wrong[4].raw_len += 1;
	wrong[5].kind = KIST_CHUNK_TREE;
	wrong[6] = one.where[1];
	wrong[7].stored_len = UINT32_MAX;
	for (size_t i = 0; i < 8; i++)
		ck_assert_msg(kist_store_read_chunk(one.store, &wrong[i], &one.ids[0], &bytes, NULL) ==
				      KIST_CORRUPT,
			      "location %zu", i);
	wrong[0] = one.where[0];
	wrong[0].pack.bytes[0] ^= 1;
	ck_assert_int_eq(kist_store_read_chunk(one.store, &wrong[0], &one.ids[0], &bytes, NULL),
			 KIST_NOT_FOUND);
	ck_assert_uint_eq(bytes.size, 0);
	done(&one);
}
END_TEST

START_TEST(a_buf_that_is_too_small_is_told)
{
	struct one_pack one;
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(5);

	make(&one);
	ck_assert_int_eq(kist_store_read_chunk(one.store, &one.where[0], &one.ids[0], &bytes, NULL),
			 KIST_LIMIT);
	done(&one);
}
END_TEST

START_TEST(a_pack_of_another_store_is_found)
{
	struct one_pack one;
	struct one_pack other;
	char key[KIST_PACK_KEY_SIZE];
	struct kist_error err = KIST_ERROR_INIT;

	make(&one);
	make(&other);
	kist_pack_key(&other.id, key);
	overwrite(one.store, key, other.bytes.data, other.bytes.size);
	ck_assert_int_eq(kist_store_check_pack(one.store, &other.id, NULL, NULL, &err), KIST_CORRUPT);
	ck_assert_ptr_nonnull(strstr(err.text, "another store"));
	done(&one);
	done(&other);
}
END_TEST

/* Two packs of one store, as long as each other: no CRC and no digest of a part tells them apart. */
START_TEST(a_pack_that_stands_in_the_place_of_another_is_found_by_all_who_read_an_index)
{
	static const uint8_t session[KIST_SESSION_SIZE] = { 1 };
	struct one_pack one;
	struct kist_error err = KIST_ERROR_INIT;
	uint8_t *head;

	make(&one);
	head = one.bytes.data;
	memcpy(head + 40, session, sizeof(session));
	kist_le_write32(head + 60, kist_crc32c(0, kist_view_of(head, 60)));
	overwrite(one.store, one.key, one.bytes.data, one.bytes.size);
	ck_assert_int_eq(kist_store_check_pack(one.store, &one.id, NULL, NULL, &err), KIST_CORRUPT);
	ck_assert_ptr_nonnull(strstr(err.text, "does not match its name"));
	ck_assert_int_eq(kist_store_read_index(one.store, &one.id, locate, &one, NULL), KIST_CORRUPT);
	/* A head that is only damaged hinders nobody. */
	head[60] ^= 1;
	overwrite(one.store, one.key, one.bytes.data, one.bytes.size);
	ck_assert_int_eq(kist_store_check_pack(one.store, &one.id, NULL, NULL, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_store_read_index(one.store, &one.id, locate, &one, NULL), KIST_OK);
	done(&one);
}
END_TEST

static void count_bad(void *ctx, const struct kist_digest *chunk, uint64_t offset,
		      const struct kist_error *why)
{
	(void)offset;
	ck_assert_int_eq(why->status, KIST_CORRUPT);
	*(int *)ctx += chunk ? 100 : 1;
}

START_TEST(a_check_tells_the_chunk_that_is_hurt)
{
	struct one_pack one;
	int bad = 0;

	make(&one);
	one.bytes.data[one.where[1].offset + one.where[1].stored_len - 1] ^= 1;
	overwrite(one.store, one.key, one.bytes.data, one.bytes.size);
	ck_assert_int_eq(kist_store_check_pack(one.store, &one.id, count_bad, &bad, NULL), KIST_CORRUPT);
	ck_assert_int_eq(bad, 100);
	done(&one);
}
END_TEST

START_TEST(no_failure_of_memory_or_backend_is_damage)
{
	struct one_pack one;
	struct faulty faulty = { .base = { .ops = &faulty_ops } };

	make(&one);
	faulty.real = one.store->backend;
	one.store->backend = &faulty.base;
	for (unsigned long k = 1; k < 12; k++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
		kist_status status[3];

		for (int i = 0; i < 3; i++) {
			kist_mem_fail_at(k < 6 ? 0 : k - 5);
			faulty.countdown = k < 6 ? k : 0;
			if (i == 0)
				status[i] = kist_store_read_chunk(one.store, &one.where[0], &one.ids[0],
								  &bytes, NULL);
			else if (i == 1)
				status[i] = kist_store_read_index(one.store, &one.id, locate, &one, NULL);
			else
				status[i] = kist_store_check_pack(one.store, &one.id, NULL, NULL, NULL);
			kist_mem_fail_at(0);
			ck_assert(status[i] == KIST_OK || status[i] == (k < 6 ? KIST_IO : KIST_NO_MEMORY));
			ck_assert(k > 1 || status[i] != KIST_OK);
		}
	}
	one.store->backend = faulty.real;
	done(&one);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("read");

	tcase_add_test(tests, every_flipped_bit_of_a_pack_is_found_and_gives_no_wrong_bytes);
	tcase_add_test(tests, every_shortened_pack_is_found_and_gives_no_wrong_bytes);
	tcase_add_test(tests, damage_of_a_footer_or_an_index_is_seen_by_read_index);
	tcase_add_test(tests, what_is_read_ahead_gives_the_same_chunks);
	tcase_add_test(tests, what_is_read_ahead_of_one_pack_is_not_taken_for_another);
	tcase_add_test(tests, a_location_that_is_wrong_gives_no_bytes);
	tcase_add_test(tests, a_buf_that_is_too_small_is_told);
	tcase_add_test(tests, a_pack_of_another_store_is_found);
	tcase_add_test(tests, a_pack_that_stands_in_the_place_of_another_is_found_by_all_who_read_an_index);
	tcase_add_test(tests, a_check_tells_the_chunk_that_is_hurt);
	tcase_add_test(tests, no_failure_of_memory_or_backend_is_damage);
	return suite_run(tests, "read");
}
