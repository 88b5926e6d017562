/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "store/scan.h"

/* More than one batch. */
#define RECORDS	  2500
#define LARGE_MAX ((size_t)4 << 20)

/* What a scan gives of a pack, summed up: in the order in which it comes. */
struct sum {
	struct kist_hasher hasher;
	size_t records;
};

static void look(struct kist_view record, void *ret)
{
	const uint64_t size = record.size;

	memcpy(ret, &size, sizeof(size));
}

static kist_status add_up(void *ctx, const struct kist_scanned *chunk, struct kist_error *err)
{
	struct sum *sum = ctx;
	const struct kist_location *where = chunk->where;

	(void)err;
	ck_assert_int_eq(chunk->status, KIST_OK);
	kist_hasher_add(&sum->hasher, kist_view_of(chunk->id, sizeof(*chunk->id)));
	kist_hasher_add(&sum->hasher, kist_view_of(&where->pack, sizeof(where->pack)));
	kist_hasher_add(&sum->hasher, kist_view_of(&where->offset, sizeof(where->offset)));
	kist_hasher_add(&sum->hasher, kist_view_of(&where->stored_len, sizeof(where->stored_len)));
	kist_hasher_add(&sum->hasher, kist_view_of(&where->raw_len, sizeof(where->raw_len)));
	kist_hasher_add(&sum->hasher, kist_view_of(&where->kind, sizeof(where->kind)));
	if (where->kind != KIST_CHUNK_RECORD)
		return KIST_OK;
	ck_assert_uint_eq(*(const uint64_t *)chunk->looked, chunk->record.size);
	kist_hasher_add(&sum->hasher, chunk->record);
	sum->records++;
	return KIST_OK;
}

static struct kist_digest scan(struct kist_store *store, struct kist_written *written, const json_t *pack,
			       size_t *ret_records)
{
	struct sum sum = { .records = 0 };
	const struct kist_scan scan = {
		.with_records = true, .look = look, .written = written, .each = add_up, .ctx = &sum
	};
	struct kist_digest id;

	ck_assert(kist_digest_parse(kist_json_get_text(pack, "id"), 64, &id));
	kist_hasher_start(&sum.hasher);
	ck_assert_int_eq(kist_store_scan_pack(store, &id, &scan, NULL), KIST_OK);
	*ret_records = sum.records;
	return kist_hasher_finish(&sum.hasher);
}

static void put(struct kist_writer *writer, enum kist_chunk_kind kind, struct kist_view bytes)
{
	const struct kist_piece piece = { .bytes = bytes, .hint = { .kind = KIST_FILTER_BYTES } };
	struct kist_digest id;

	ck_assert_int_eq(kist_writer_put(writer, kind, &piece, 1, &id, NULL, NULL), KIST_OK);
}

static bool is_meta(const json_t *pack)
{
	return strcmp(kist_json_get_text(pack, "kind"), "meta") == 0;
}

static bool is_kept(struct kist_written *written, const json_t *pack)
{
	struct kist_digest id;

	ck_assert(kist_digest_parse(kist_json_get_text(pack, "id"), 64, &id));
	return kist_written_find(written, &id) != NULL;
}

/* Takes the pack off the store: what is read of it afterwards does not come from there. */
static void remove_pack(struct kist_store *store, const json_t *pack)
{
	char key[KIST_PACK_KEY_SIZE];
	struct kist_digest id;

	ck_assert(kist_digest_parse(kist_json_get_text(pack, "id"), 64, &id));
	kist_pack_key(&id, key);
	ck_assert_int_eq(kist_backend_delete(store->backend, key, NULL), KIST_OK);
}

START_TEST(a_pack_that_was_written_is_scanned_as_if_it_were_read)
{
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *packs = NULL;
	struct kist_store *store = new_store();
	struct kist_written *written;
	struct kist_digest expected;
	const json_t *pack = NULL;
	size_t records;
	size_t i;

	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	for (i = 0; i < RECORDS; i++) {
		char text[64];

		snprintf(text, sizeof(text), "record %zu of a pack, in some words", i);
		put(writer, KIST_CHUNK_RECORD, kist_view_of(text, strlen(text)));
		if (i % 100 == 0)
			put(writer, KIST_CHUNK_TREE, kist_view_of(text, 9));
		if (i % 50 == 0)
			put(writer, KIST_CHUNK_DATA, kist_view_of(text, strlen(text) - 1));
	}
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	written = kist_writer_written(writer);
	json_array_foreach(packs, i, pack) {
		ck_assert(is_kept(written, pack));
		expected = scan(store, NULL, pack, &records);
		ck_assert_uint_eq(records, is_meta(pack) ? RECORDS : 0);
		remove_pack(store, pack);
		ck_assert(kist_digest_equal(
			&(struct kist_digest[]){ scan(store, written, pack, &records) }[0], &expected));
		ck_assert_uint_eq(records, is_meta(pack) ? RECORDS : 0);
	}
	ck_assert_uint_eq(json_array_size(packs), 2);
	kist_store_close(store);
}
END_TEST

static kist_status find_none(void *ctx, const struct kist_digest *id, struct kist_location *ret_where,
			     struct kist_error *err)
{
	(void)ctx;
	(void)id;
	(void)ret_where;
	(void)err;
	return KIST_NOT_FOUND;
}

static void look_elsewhere(struct kist_view record, void *ret)
{
	(void)record;
	memset(ret, 0x5a, KIST_LOOKED_MAX);
}

START_TEST(records_are_looked_at_before_anybody_scans_them)
{
	static const struct kist_chunk_index ahead = { .find = find_none, .look = look };
	static const struct kist_chunk_index elsewhere = { .find = find_none, .look = look_elsewhere };
	static const struct kist_chunk_index *const indexes[] = { &ahead, &elsewhere };
	/* For one thread, and for two. */
	static const size_t counts[] = { 1, RECORDS };

	for (size_t i = 0; i < 4; i++) {
		kist_auto_writer struct kist_writer *writer = NULL;
		kist_auto_json json_t *packs = NULL;
		struct kist_store *store = new_store();
		const struct kist_chunk_index *index = indexes[i / 2];
		const size_t count = counts[i % 2];
		const struct kist_written_pack *pack;
		size_t records;

		ck_assert_int_eq(kist_writer_open(store, index, &writer, NULL), KIST_OK);
		for (size_t k = 0; k < count; k++) {
			char text[64];

			snprintf(text, sizeof(text), "record %zu of a pack", k);
			put(writer, KIST_CHUNK_RECORD, kist_view_of(text, strlen(text)));
		}
		ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
		kist_writer_release(writer);
		pack = &kist_writer_written(writer)->packs[0];
		ck_assert_ptr_nonnull(pack->entries);
		ck_assert(pack->look == index->look);
		/* Who wants to know something else has them looked at again. */
		(void)scan(store, kist_writer_written(writer), json_array_get(packs, 0), &records);
		ck_assert_uint_eq(records, count);
		ck_assert(pack->look == look);
		kist_store_close(store);
	}
}
END_TEST

/* Records that cannot be compressed fill one pack after the other; those for which there is no room are read. */
START_TEST(no_more_is_kept_than_there_is_room_for)
{
	static uint8_t bytes[LARGE_MAX];
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *packs = NULL;
	struct kist_store *store = new_store();
	struct kist_written *written;
	const json_t *pack = NULL;
	size_t kept = 0;
	size_t all = 0;
	size_t records;
	size_t i;

	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	for (i = 0; i < 11; i++) {
		fill_noise(bytes, sizeof(bytes), (uint32_t)i);
		put(writer, KIST_CHUNK_RECORD, kist_view_of(bytes, sizeof(bytes)));
	}
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	written = kist_writer_written(writer);
	ck_assert_uint_le(written->bytes, KIST_WRITTEN_BYTES_MAX);
	ck_assert(written->is_full);
	json_array_foreach(packs, i, pack) {
		(void)scan(store, written, pack, &records);
		kept += is_kept(written, pack);
		all += records;
	}
	ck_assert_uint_eq(all, 11);
	ck_assert_uint_ge(kept, 1);
	ck_assert_uint_lt(kept, json_array_size(packs));
	kist_store_close(store);
}
END_TEST

static struct kist_view text_of(const char *text)
{
	return kist_view_of(text, strlen(text));
}

START_TEST(a_record_is_found_where_it_begins_and_nowhere_else)
{
	struct kist_written written = KIST_WRITTEN_INIT;
	const struct kist_written_pack *const pack = &written.packs[0];

	ck_assert_uint_eq(kist_written_record(pack, 64).size, 0);
	ck_assert_int_eq(kist_written_add(&written, 64, text_of("first"), NULL), KIST_OK);
	ck_assert_int_eq(kist_written_add(&written, 100, text_of("second one"), NULL), KIST_OK);
	ck_assert_uint_eq(kist_written_record(pack, 64).size, 5);
	ck_assert_mem_eq(kist_written_record(pack, 100).data, "second one", 10);
	ck_assert_uint_eq(kist_written_record(pack, 65).size, 0);
	ck_assert_uint_eq(kist_written_record(pack, 101).size, 0);
	ck_assert_uint_eq(kist_written_record(pack, ((uint64_t)1 << 32) + 64).size, 0);
	ck_assert_ptr_null(kist_written_find(&written, &pack->id));
	ck_assert_ptr_null(kist_written_find(NULL, &pack->id));
	kist_written_done(&written);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("written");

	tcase_add_test(tcase, a_pack_that_was_written_is_scanned_as_if_it_were_read);
	tcase_add_test(tcase, records_are_looked_at_before_anybody_scans_them);
	tcase_add_test(tcase, no_more_is_kept_than_there_is_room_for);
	tcase_add_test(tcase, a_record_is_found_where_it_begins_and_nowhere_else);
	return suite_run(tcase, "written");
}
