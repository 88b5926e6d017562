/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/ahead.h"
#include "unit/store/fixture.h"

/* Objects of many chunks, in a store in memory. */

#define CHUNKS_MAX 100

static struct kist_flow flow;
static struct kist_object_chunk chunks[CHUNKS_MAX];
static uint8_t *bytes;
static size_t size;

/* Of flow.c, which needs workers and plugins: told are the ends of batches, rising. */
static uint64_t progress;

void kist_flow_progress(const struct kist_flow *of, uint64_t done, uint64_t total)
{
	(void)of;
	ck_assert_uint_gt(done, progress);
	ck_assert_uint_le(done, total);
	progress = done;
}

static void commit(json_t *packs)
{
	const struct kist_digest none = { { 0 } };
	kist_auto_json json_t *commit = json_pack("{s:O, s:[]}", "packs", packs, "refs");

	ck_assert_int_eq(kist_log_append(flow.store, 1, &none, commit, NULL, NULL), KIST_OK);
}

/* An object of @count chunks; every seventh is as long as one may be. */
static void put_object(size_t count)
{
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *packs = NULL;

	flow = (struct kist_flow){ .store = new_store() };
	bytes = malloc(CHUNKS_MAX * KIST_CHUNK_SIZE_MAX);
	size = 0;
	ck_assert_int_eq(kist_writer_open(flow.store, NULL, &writer, NULL), KIST_OK);
	for (size_t i = 0; i < count; i++) {
		const size_t len = i % 7 == 3 ? KIST_CHUNK_SIZE_MAX : 1 + i * 1000;
		struct kist_piece piece = { .bytes = { bytes + size, len } };

		fill_noise(bytes + size, len, (uint32_t)i);
		memset(bytes + size, 'x', len / 2);
		chunks[i] = (struct kist_object_chunk){ .len = (uint32_t)len, .offset = size };
		ck_assert_int_eq(
			kist_writer_put(writer, KIST_CHUNK_DATA, &piece, 1, &chunks[i].id, NULL, NULL),
			KIST_OK);
		size += len;
	}
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	commit(packs);
	ck_assert_int_eq(kist_registry_open(flow.store, NULL, &flow.registry, NULL), KIST_OK);
}

static void drop_object(void)
{
	kist_chunk_reader_done(&flow.chunk_reader);
	kist_registry_close(flow.registry);
	kist_store_close(flow.store);
	free(bytes);
}

struct taken {
	size_t size;
	size_t fail_from; /* 0: never */
};

static kist_status take(void *ctx, struct kist_view view, struct kist_error *err)
{
	struct taken *taken = ctx;

	if (taken->fail_from > 0 && taken->size >= taken->fail_from)
		return kist_fail(err, KIST_IO, "full");
	ck_assert_uint_gt(view.size, 0);
	ck_assert_uint_le(view.size, size - taken->size);
	ck_assert_mem_eq(view.data, bytes + taken->size, view.size);
	taken->size += view.size;
	return KIST_OK;
}

START_TEST(all_bytes_come_in_order_and_are_hashed)
{
	static const size_t counts[] = { 1, 2, 31, 32, 33, CHUNKS_MAX };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct kist_whole whole = { .midstates = NULL };
		struct taken taken = { .size = 0 };
		struct kist_digest expected;
		struct kist_digest digest;

		put_object(counts[i]);
		progress = 0;
		kist_hasher_start(&whole.hasher);
		ck_assert_int_eq(kist_give_ahead(&flow, chunks, counts[i], &whole, take, &taken, NULL),
				 KIST_OK);
		ck_assert_uint_eq(taken.size, size);
		ck_assert_uint_eq(progress, size);
		digest = kist_hasher_finish(&whole.hasher);
		expected = kist_digest_of(kist_view_of(bytes, size));
		ck_assert(kist_digest_equal(&digest, &expected));
		drop_object();
	}
}
END_TEST

/* Midstates of every third chunk; those at @wrong, by number, are not true. */
static struct kist_midstate midstates[CHUNKS_MAX];

static void make_midstates(size_t count, size_t wrong)
{
	struct kist_hasher hasher;
	uint32_t made = 0;

	kist_hasher_start(&hasher);
	for (size_t i = 0; i < count; i++) {
		const struct kist_view chunk = kist_view_of(bytes + chunks[i].offset, chunks[i].len);

		if (i % 3 == 1 && kist_hasher_midstate(&hasher, chunk, &midstates[made])) {
			midstates[made].bytes[5] ^= (uint8_t)(made == wrong);
			chunks[i].midstate = ++made;
		}
		kist_hasher_add(&hasher, chunk);
	}
	ck_assert_uint_gt(made, wrong == SIZE_MAX ? 2 : wrong);
}

/* Where bytes are put; each byte once, so that nothing needs a lock. */
static kist_status put_there(void *ctx, uint64_t offset, struct kist_view view, struct kist_error *err)
{
	(void)err;
	ck_assert_uint_le(offset + view.size, size);
	memcpy((uint8_t *)ctx + offset, view.data, view.size);
	return KIST_OK;
}

static kist_status put_nowhere(void *ctx, uint64_t offset, struct kist_view view, struct kist_error *err)
{
	(void)ctx;
	(void)view;
	return offset > 0 ? kist_fail(err, KIST_IO, "full") : KIST_OK;
}

START_TEST(all_bytes_are_spread_and_hashed)
{
	static const size_t counts[] = { 1, 2, 33, CHUNKS_MAX };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct kist_whole whole = { .midstates = NULL };
		struct kist_digest expected;
		struct kist_digest digest;
		uint8_t *there;

		put_object(counts[i]);
		progress = 0;
		there = calloc(1, size);
		kist_hasher_start(&whole.hasher);
		ck_assert_int_eq(kist_spread_ahead(&flow, chunks, counts[i], &whole, put_there, there, NULL),
				 KIST_OK);
		ck_assert_mem_eq(there, bytes, size);
		ck_assert_uint_eq(progress, size);
		digest = kist_hasher_finish(&whole.hasher);
		expected = kist_digest_of(kist_view_of(bytes, size));
		ck_assert(kist_digest_equal(&digest, &expected));
		free(there);
		drop_object();
	}
}
END_TEST

/* Whatever midstates say, the digest is that of the bytes. */
START_TEST(midstates_that_lie_change_no_digest)
{
	static const size_t wrongs[] = { SIZE_MAX, 0, 1, 5, 12 };
	struct kist_whole whole = { .midstates = midstates };
	struct taken taken = { .size = 0 };
	struct kist_digest expected;
	struct kist_digest digest;
	uint8_t *there;

	put_object(40);
	make_midstates(40, wrongs[_i]);
	there = calloc(1, size);
	expected = kist_digest_of(kist_view_of(bytes, size));
	kist_hasher_start(&whole.hasher);
	progress = 0;
	ck_assert_int_eq(kist_spread_ahead(&flow, chunks, 40, &whole, put_there, there, NULL), KIST_OK);
	digest = kist_hasher_finish(&whole.hasher);
	ck_assert(kist_digest_equal(&digest, &expected));
	ck_assert_mem_eq(there, bytes, size);
	kist_hasher_start(&whole.hasher);
	progress = 0;
	ck_assert_int_eq(kist_give_ahead(&flow, chunks, 40, &whole, take, &taken, NULL), KIST_OK);
	digest = kist_hasher_finish(&whole.hasher);
	ck_assert(kist_digest_equal(&digest, &expected));
	ck_assert_uint_eq(taken.size, size);
	free(there);
	drop_object();
}
END_TEST

/* A record of other bytes under the id: its CRCs are right, and only a digest tells. */
START_TEST(a_midstate_does_not_vouch_for_bytes)
{
	struct kist_whole whole = { .midstates = midstates };
	struct kist_digest expected;
	struct kist_digest digest;
	uint8_t *there;

	put_object(40);
	make_midstates(40, SIZE_MAX);
	/* The object is said to have another chunk in the middle of a stretch, of the same length. */
	expected = kist_digest_of(kist_view_of(bytes, size));
	ck_assert_uint_eq(chunks[17].len, chunks[24].len);
	chunks[17].id = chunks[24].id;
	there = calloc(1, size);
	kist_hasher_start(&whole.hasher);
	progress = 0;
	ck_assert_int_eq(kist_spread_ahead(&flow, chunks, 40, &whole, put_there, there, NULL), KIST_OK);
	digest = kist_hasher_finish(&whole.hasher);
	ck_assert(!kist_digest_equal(&digest, &expected));
	expected = kist_digest_of(kist_view_of(there, size));
	ck_assert(kist_digest_equal(&digest, &expected));
	free(there);
	drop_object();
}
END_TEST

START_TEST(who_puts_may_refuse)
{
	struct kist_whole whole = { .midstates = NULL };
	struct kist_error err = KIST_ERROR_INIT;

	put_object(80);
	progress = 0;
	kist_hasher_start(&whole.hasher);
	ck_assert_int_eq(kist_spread_ahead(&flow, chunks, 80, &whole, put_nowhere, NULL, &err), KIST_IO);
	ck_assert_str_eq(err.text, "full");
	drop_object();
}
END_TEST

START_TEST(nothing_is_given_of_no_chunks)
{
	struct taken taken = { .size = 0 };

	put_object(1);
	ck_assert_int_eq(kist_give_ahead(&flow, chunks, 0, NULL, take, &taken, NULL), KIST_OK);
	ck_assert_uint_eq(taken.size, 0);
	drop_object();
}
END_TEST

START_TEST(a_chunk_of_another_length_is_refused)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct taken taken = { .size = 0 };

	put_object(3);
	chunks[2].len++;
	ck_assert_int_eq(kist_give_ahead(&flow, chunks, 3, NULL, take, &taken, &err), KIST_CORRUPT);
	ck_assert_str_eq(err.code, "E_RECIPE");
	ck_assert_uint_eq(taken.size, chunks[2].offset);
	drop_object();
}
END_TEST

START_TEST(nothing_is_given_from_a_damaged_chunk_on)
{
	kist_auto_buf struct kist_buf stored = KIST_BUF_INIT(KIST_PACK_SIZE_MAX);
	struct kist_error err = KIST_ERROR_INIT;
	struct taken taken = { .size = 0 };
	struct kist_location where;
	char key[KIST_PACK_KEY_SIZE];

	put_object(60);
	progress = 0;
	ck_assert_int_eq(kist_registry_find_chunk(flow.registry, &chunks[50].id, &where, NULL), KIST_OK);
	kist_pack_key(&where.pack, key);
	ck_assert_int_eq(kist_backend_get(flow.store->backend, key, 0, KIST_PACK_SIZE_MAX, &stored, NULL),
			 KIST_OK);
	stored.data[where.offset + where.stored_len - 1] ^= 1;
	overwrite(flow.store, key, stored.data, stored.size);
	ck_assert_int_eq(kist_give_ahead(&flow, chunks, 60, NULL, take, &taken, &err), KIST_CORRUPT);
	ck_assert_ptr_nonnull(strstr(err.text, "at offset"));
	ck_assert_uint_le(taken.size, chunks[50].offset);
	/* All runs before. */
	ck_assert_uint_gt(taken.size + KIST_AHEAD_SIZE, chunks[50].offset);
	drop_object();
}
END_TEST

START_TEST(who_takes_may_refuse)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct taken taken = { .fail_from = 1 };

	put_object(80);
	progress = 0;
	ck_assert_int_eq(kist_give_ahead(&flow, chunks, 80, NULL, take, &taken, &err), KIST_IO);
	ck_assert_str_eq(err.text, "full");
	drop_object();
}
END_TEST

START_TEST(no_allocation_that_fails_is_overlooked)
{
	kist_status status = KIST_NO_MEMORY;

	put_object(40);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_error err = KIST_ERROR_INIT;
		struct taken taken = { .size = 0 };

		ck_assert_uint_lt(k, 500);
		progress = 0;
		kist_mem_fail_at(k);
		status = kist_give_ahead(&flow, chunks, 40, NULL, take, &taken, &err);
		kist_mem_fail_at(0);
		ck_assert_int_eq(status, status == KIST_OK ? KIST_OK : KIST_NO_MEMORY);
		ck_assert_uint_eq(taken.size, status == KIST_OK ? size : taken.size);
	}
	drop_object();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("ahead");

	tcase_add_test(tests, all_bytes_come_in_order_and_are_hashed);
	tcase_add_test(tests, all_bytes_are_spread_and_hashed);
	tcase_add_loop_test(tests, midstates_that_lie_change_no_digest, 0, 5);
	tcase_add_test(tests, a_midstate_does_not_vouch_for_bytes);
	tcase_add_test(tests, who_puts_may_refuse);
	tcase_add_test(tests, nothing_is_given_of_no_chunks);
	tcase_add_test(tests, a_chunk_of_another_length_is_refused);
	tcase_add_test(tests, nothing_is_given_from_a_damaged_chunk_on);
	tcase_add_test(tests, who_takes_may_refuse);
	tcase_add_test(tests, no_allocation_that_fails_is_overlooked);
	return suite_run(tests, "ahead");
}
