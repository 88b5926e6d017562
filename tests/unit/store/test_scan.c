/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "store/scan.h"

/* More than one batch, and enough for a second thread. */
#define RECORDS	  2500
#define TEXT_SIZE 64

struct seen {
	size_t chunks;
	size_t records;
	size_t bad;
	size_t stop_at; /* chunks after which @each fails; 0: never */
	struct kist_digest last;
};

/* Each test runs with scans that begin when they are asked for, and then with those that begin before. */
/* How the loops of these tests scan. */
enum { AT_ONCE, AHEAD, AHEAD_AGAIN, WAYS };
static int way;
static struct kist_scan_ahead *spare;

static void look(struct kist_view record, void *ret)
{
	const uint64_t size = record.size;

	memcpy(ret, &size, sizeof(size));
}

static kist_status see(void *ctx, const struct kist_scanned *chunk, struct kist_error *err)
{
	struct seen *seen = ctx;

	if (seen->chunks++ > 0)
		ck_assert_int_gt(memcmp(chunk->id->bytes, seen->last.bytes, KIST_DIGEST_SIZE), 0);
	seen->last = *chunk->id;
	seen->bad += chunk->status != KIST_OK;
	if (chunk->looked) {
		const struct kist_digest actual = kist_digest_of(chunk->record);
		uint64_t size;

		memcpy(&size, chunk->looked, sizeof(size));
		ck_assert_uint_eq(size, chunk->record.size);
		ck_assert(kist_digest_equal(&actual, chunk->id));
		seen->records++;
	}
	return seen->stop_at && seen->chunks >= seen->stop_at ? kist_fail(err, KIST_CANCELLED, "enough")
							      : KIST_OK;
}

/* A pack of @count records and one recipe. */
static struct kist_digest make(struct kist_store *store, size_t count)
{
	static char texts[RECORDS][TEXT_SIZE];
	static struct kist_piece pieces[RECORDS];
	static struct kist_digest ids[RECORDS];
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *packs = NULL;
	struct kist_piece recipe = { .bytes = kist_view_of("recipe", 6) };
	struct kist_digest id;

	for (size_t i = 0; i < count; i++)
		pieces[i].bytes =
			kist_view_of(texts[i], (size_t)snprintf(texts[i], TEXT_SIZE,
								"record %zu of a pack, in some words", i));
	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_RECORD, pieces, count, ids, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_RECIPE, &recipe, 1, &id, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	ck_assert_uint_eq(json_array_size(packs), 1);
	ck_assert(kist_digest_parse(kist_json_get_text(json_array_get(packs, 0), "id"), 64, &id));
	return id;
}

static kist_status scan_with(struct kist_store *store, const struct kist_digest *id, bool with_records,
			     struct seen *seen, struct kist_error *err)
{
	const struct kist_scan scan = {
		.with_records = with_records, .look = look, .each = see, .ctx = seen
	};
	const size_t before = seen->chunks;
	struct kist_scan_ahead *ahead;
	kist_status status;

	ahead = way != AT_ONCE ? kist_scan_ahead_new(store, id, &scan, kist_steal(spare)) : NULL;
	if (!ahead)
		return kist_store_scan_pack(store, id, &scan, err);
	ck_assert(kist_scan_ahead_is_of(ahead, id));
	/* Nothing is given yet. */
	ck_assert_uint_eq(seen->chunks, before);
	status = kist_scan_ahead_give(ahead, err);
	if (way == AHEAD_AGAIN)
		spare = ahead;
	else
		kist_scan_ahead_free(ahead);
	return status;
}

static void free_spare(void)
{
	kist_scan_ahead_free(spare);
	spare = NULL;
}

/* One is begun, and not wanted then: what its thread does meanwhile is nobody's. */
START_TEST(what_was_begun_and_not_wanted_is_used_again)
{
	struct kist_store *store = new_store();
	const struct kist_digest id = make(store, RECORDS);
	const struct kist_scan unwanted = { .with_records = true };

	way = AHEAD_AGAIN;
	for (size_t i = 0; i < 3; i++) {
		struct seen seen = { .chunks = 0 };

		spare = kist_scan_ahead_new(store, &id, &unwanted, kist_steal(spare));
		ck_assert_int_eq(scan_with(store, &id, true, &seen, NULL), KIST_OK);
		ck_assert_uint_eq(seen.records, RECORDS);
		ck_assert_uint_eq(seen.bad, 0);
	}
	kist_store_close(store);
}
END_TEST

START_TEST(all_chunks_are_given_in_order_and_records_with_their_bytes)
{
	static const size_t counts[] = { 1, 600, RECORDS };

	way = _i;
	for (size_t i = 0; i < 3; i++) {
		struct kist_store *store = new_store();
		const struct kist_digest id = make(store, counts[i]);
		struct seen seen = { .chunks = 0 };

		ck_assert_int_eq(scan_with(store, &id, true, &seen, NULL), KIST_OK);
		ck_assert_uint_eq(seen.chunks, counts[i] + 1);
		ck_assert_uint_eq(seen.records, counts[i]);
		ck_assert_uint_eq(seen.bad, 0);
		seen = (struct seen){ .chunks = 0 };
		ck_assert_int_eq(scan_with(store, &id, false, &seen, NULL), KIST_OK);
		ck_assert_uint_eq(seen.chunks, counts[i] + 1);
		ck_assert_uint_eq(seen.records, 0);
		kist_store_close(store);
	}
}
END_TEST

START_TEST(a_record_that_is_damaged_is_told_of_and_the_rest_is_given)
{
	struct kist_store *store = new_store();
	const struct kist_digest id = make(store, RECORDS);
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(1 << 22);
	char key[KIST_PACK_KEY_SIZE];
	struct seen seen = { .chunks = 0 };

	way = _i;
	kist_pack_key(&id, key);
	ck_assert_int_eq(kist_backend_get(store->backend, key, 0, 1 << 22, &bytes, NULL), KIST_OK);
	/* In the body of the first record. */
	bytes.data[64 + 64 + 12] ^= 1;
	overwrite(store, key, bytes.data, bytes.size);
	ck_assert_int_eq(scan_with(store, &id, true, &seen, NULL), KIST_OK);
	ck_assert_uint_eq(seen.chunks, RECORDS + 1);
	ck_assert_uint_eq(seen.records, RECORDS - 1);
	ck_assert_uint_eq(seen.bad, 1);
	/* In the index: nothing is given. */
	bytes.data[bytes.size - 100] ^= 1;
	overwrite(store, key, bytes.data, bytes.size);
	seen = (struct seen){ .chunks = 0 };
	ck_assert_int_eq(scan_with(store, &id, true, &seen, NULL), KIST_CORRUPT);
	ck_assert_int_eq(scan_with(store, &id, false, &seen, NULL), KIST_CORRUPT);
	ck_assert_uint_eq(seen.chunks, 0);
	kist_store_close(store);
}
END_TEST

START_TEST(every_shortening_of_a_pack_is_seen_before_anything_is_given)
{
	struct kist_store *store = new_store();
	const struct kist_digest id = make(store, 2);
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(1 << 20);
	char key[KIST_PACK_KEY_SIZE];

	way = _i;
	kist_pack_key(&id, key);
	ck_assert_int_eq(kist_backend_get(store->backend, key, 0, 1 << 20, &bytes, NULL), KIST_OK);
	for (size_t size = 0; size < bytes.size; size++) {
		struct seen seen = { .chunks = 0 };

		overwrite(store, key, bytes.data, size);
		ck_assert_int_eq(scan_with(store, &id, true, &seen, NULL), KIST_CORRUPT);
		ck_assert_uint_eq(seen.chunks, 0);
	}
	kist_store_close(store);
}
END_TEST

START_TEST(what_each_gives_ends_the_scan)
{
	struct kist_store *store = new_store();
	const struct kist_digest id = make(store, RECORDS);
	const struct kist_digest none = { { 1 } };
	struct seen seen = { .stop_at = 1 };

	way = _i;
	ck_assert_int_eq(scan_with(store, &id, true, &seen, NULL), KIST_CANCELLED);
	ck_assert_uint_eq(seen.chunks, 1);
	seen = (struct seen){ .stop_at = 1500 };
	ck_assert_int_eq(scan_with(store, &id, true, &seen, NULL), KIST_CANCELLED);
	ck_assert_uint_eq(seen.chunks, 1500);
	ck_assert_int_eq(scan_with(store, &none, true, &seen, NULL), KIST_NOT_FOUND);
	kist_store_close(store);
}
END_TEST

START_TEST(no_failure_of_backend_or_memory_is_a_false_success)
{
	struct kist_store *store = new_store();
	const struct kist_digest id = make(store, 600);
	struct kist_backend *real = store->backend;
	struct faulty faulty = { .base = { .ops = &faulty_ops }, .real = real };
	kist_status status = KIST_NO_MEMORY;
	struct seen seen;

	way = _i;
	for (unsigned long k = 1; status != KIST_OK; k++) {
		seen = (struct seen){ .chunks = 0 };
		kist_mem_fail_at(k);
		status = scan_with(store, &id, true, &seen, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_NO_MEMORY ||
			  (status == KIST_OK && seen.bad == 0 && seen.records == 600));
	}
	store->backend = &faulty.base;
	faulty.countdown = 1;
	ck_assert_int_eq(scan_with(store, &id, true, &seen, NULL), KIST_IO);
	store->backend = real;
	kist_store_close(store);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("scan");

	tcase_add_checked_fixture(tests, NULL, free_spare);
	tcase_add_loop_test(tests, all_chunks_are_given_in_order_and_records_with_their_bytes, 0, WAYS);
	tcase_add_loop_test(tests, a_record_that_is_damaged_is_told_of_and_the_rest_is_given, 0, WAYS);
	tcase_add_loop_test(tests, every_shortening_of_a_pack_is_seen_before_anything_is_given, 0, WAYS);
	tcase_add_loop_test(tests, what_each_gives_ends_the_scan, 0, WAYS);
	tcase_add_loop_test(tests, no_failure_of_backend_or_memory_is_a_false_success, 0, WAYS);
	tcase_add_test(tests, what_was_begun_and_not_wanted_is_used_again);
	return suite_run(tests, "scan");
}
