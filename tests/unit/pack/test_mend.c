/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/le.h"
#include "pack/mend.h"

#define BIG_COUNT 6
#define BIG_SIZE  ((size_t)3000)

/* What a repair was told. */
struct told {
	struct kist_filter filter;
	uint8_t *raw;
	bool without_bases; /* nothing can be decoded */
	size_t records;
	size_t unsound; /* that were not sound before */
	size_t offsets[BIG_COUNT];
	size_t proofs;
};

static struct told told;
static struct kist_pack_builder small;
static struct kist_pack_builder big;

static bool prove(void *ctx, const struct kist_record *record, struct kist_view bytes, bool is_changed)
{
	(void)ctx;
	told.proofs++;
	if (told.without_bases)
		return !is_changed && kist_record_check_body(record, bytes, NULL) == KIST_OK;
	return kist_record_decode(&told.filter, record, bytes, kist_view_of("", 0), told.raw, NULL) ==
	       KIST_OK;
}

static kist_status note(void *ctx, const struct kist_record *record, size_t offset, bool was_sound,
			struct kist_error *err)
{
	(void)ctx;
	(void)record;
	(void)err;
	if (told.records < BIG_COUNT)
		told.offsets[told.records] = offset;
	told.records++;
	told.unsound += !was_sound;
	return KIST_OK;
}

/* Mends a copy of @pack, of which @size bytes are left, after @change was applied to the byte at @at. */
static kist_status mend(const struct kist_buf *pack, struct kist_buf *bytes, struct kist_mended *ret,
			struct kist_error *err)
{
	const struct kist_mend_options options = {
		.prove = prove,
		.each = note,
		.name = kist_pack_name(pack->data, pack->data + pack->size - KIST_PACK_FOOT_SIZE)
	};

	told.records = 0;
	told.unsound = 0;
	told.proofs = 0;
	return kist_pack_mend(bytes, &options, ret, err);
}

static struct kist_buf copy_of(const struct kist_buf *pack)
{
	struct kist_buf copy = KIST_BUF_INIT(KIST_PACK_SIZE_MAX + KIST_PACK_INDEX_SIZE(KIST_PACK_CHUNKS_MAX));

	ck_assert_int_eq(kist_buf_append(&copy, pack->data, pack->size, NULL), KIST_OK);
	return copy;
}

static void setup(void)
{
	const struct kist_pack_head head = { .kind = KIST_PACK_DATA };

	told.filter = (struct kist_filter)KIST_FILTER_INIT;
	told.raw = kist_alloc(KIST_CHUNK_SIZE_MAX, 1);
	small = (struct kist_pack_builder)KIST_PACK_BUILDER_INIT;
	big = (struct kist_pack_builder)KIST_PACK_BUILDER_INIT;
	ck_assert_int_eq(build_small(&small, NULL), KIST_OK);
	ck_assert_int_eq(kist_pack_begin(&big, &head, 0, NULL), KIST_OK);
	for (uint32_t i = 0; i < BIG_COUNT; i++) {
		uint8_t raw[BIG_SIZE];

		fill_noise(raw, sizeof(raw), i + 1);
		ck_assert_int_eq(add_chunk(&big, kist_view_of(raw, sizeof(raw)), 0, false, NULL), KIST_OK);
	}
	ck_assert_int_eq(kist_pack_seal(&big, NULL), KIST_OK);
}

static void teardown(void)
{
	kist_filter_done(&told.filter);
	kist_free(told.raw);
	kist_pack_builder_done(&small);
	kist_pack_builder_done(&big);
}

static void must_be_whole(const struct kist_buf *pack, struct kist_buf *bytes)
{
	struct kist_mended done;

	ck_assert_int_eq(mend(pack, bytes, &done, NULL), KIST_OK);
	ck_assert(done.is_whole);
	ck_assert_uint_eq(bytes->size, pack->size);
	ck_assert_mem_eq(bytes->data, pack->data, pack->size);
	kist_buf_done(bytes);
}

START_TEST(a_pack_with_any_one_bit_wrong_is_made_what_it_was)
{
	for (size_t i = 0; i < 8 * small.bytes.size; i++) {
		struct kist_buf bytes = copy_of(&small.bytes);

		bytes.data[i / 8] ^= (uint8_t)(1 << (i % 8));
		must_be_whole(&small.bytes, &bytes);
	}
}
END_TEST

START_TEST(two_wrong_bytes_in_a_row_of_a_body_are_found_wherever_they_are)
{
	const size_t record = BIG_SIZE + 9 + KIST_RECORD_HEAD_SIZE + 3;

	for (size_t at = KIST_RECORD_HEAD_SIZE; at + 1 < BIG_SIZE; at += 7) {
		for (unsigned len = 2; len <= 3; len++) {
			struct kist_buf bytes = copy_of(&big.bytes);

			for (unsigned i = 0; i < len; i++)
				bytes.data[KIST_PACK_HEAD_SIZE + 2 * record + at + i] ^= (uint8_t)(0x55 + i);
			must_be_whole(&big.bytes, &bytes);
		}
	}
}
END_TEST

START_TEST(index_and_footer_are_made_anew_when_they_are_gone_or_followed_by_something)
{
	const size_t end = KIST_PACK_INDEX_SIZE(BIG_COUNT) + KIST_PACK_FOOT_SIZE;
	struct kist_buf bytes;

	for (size_t cut = 1; cut <= end; cut += 13) {
		bytes = copy_of(&big.bytes);
		bytes.size -= cut;
		must_be_whole(&big.bytes, &bytes);
		bytes = copy_of(&big.bytes);
		memset(bytes.data + bytes.size - cut, 0xee, cut);
		must_be_whole(&big.bytes, &bytes);
		bytes = copy_of(&big.bytes);
		ck_assert_int_eq(kist_buf_append(&bytes, big.bytes.data, cut, NULL), KIST_OK);
		must_be_whole(&big.bytes, &bytes);
	}
}
END_TEST

/* Bytes of each record of the big pack. */
static size_t record_size(void)
{
	return (big.bytes.size - KIST_PACK_HEAD_SIZE - KIST_PACK_INDEX_SIZE(BIG_COUNT) - KIST_PACK_FOOT_SIZE) /
	       BIG_COUNT;
}

START_TEST(of_a_pack_that_is_cut_short_the_records_that_are_there_are_sound)
{
	const size_t record = record_size();

	for (size_t size = 0; size < KIST_PACK_HEAD_SIZE + BIG_COUNT * record; size += 101) {
		struct kist_buf bytes = copy_of(&big.bytes);
		struct kist_mended done;
		const size_t sound = size < KIST_PACK_HEAD_SIZE ? 0 : (size - KIST_PACK_HEAD_SIZE) / record;

		bytes.size = size;
		ck_assert_int_eq(mend(&big.bytes, &bytes, &done, NULL), KIST_OK);
		ck_assert(!done.is_whole && !done.had_index);
		ck_assert_uint_eq(done.sound, sound);
		ck_assert_uint_eq(told.records, sound);
		kist_buf_done(&bytes);
	}
}
END_TEST

/* Spoils 40 bytes of the record @no of the big pack, from @from on. */
static void spoil(struct kist_buf *bytes, size_t no, size_t from)
{
	const size_t record = record_size();

	for (size_t i = 0; i < 40; i++)
		bytes->data[KIST_PACK_HEAD_SIZE + no * record + from + i] ^= 0xa5;
}

START_TEST(one_record_that_is_lost_costs_none_of_the_others)
{
	static const size_t places[] = { 0, 100 }; /* in the head, in the body */

	for (size_t no = 0; no < BIG_COUNT; no++) {
		for (size_t i = 0; i < 4; i++) {
			struct kist_buf bytes = copy_of(&big.bytes);
			const bool without_index = i >= 2;
			struct kist_mended done;

			spoil(&bytes, no, places[i % 2]);
			if (without_index)
				bytes.data[bytes.size - KIST_PACK_FOOT_SIZE - 5] ^= 0xff;
			ck_assert_int_eq(mend(&big.bytes, &bytes, &done, NULL), KIST_OK);
			ck_assert(!done.is_whole);
			ck_assert(done.had_index == !without_index);
			ck_assert_uint_eq(done.sound, BIG_COUNT - 1);
			ck_assert_uint_eq(done.lost, 1);
			ck_assert_uint_eq(told.unsound, 0);
			kist_buf_done(&bytes);
		}
	}
}
END_TEST

START_TEST(a_record_that_was_mended_beside_one_that_is_lost_is_told_as_such)
{
	struct kist_buf bytes = copy_of(&big.bytes);
	struct kist_mended done;

	spoil(&bytes, 1, 100);
	bytes.data[KIST_PACK_HEAD_SIZE + 10] ^= 4;	    /* in the head of the first */
	bytes.data[KIST_PACK_HEAD_SIZE + 5 * 3080] ^= 0x40; /* in a body */
	ck_assert_int_eq(mend(&big.bytes, &bytes, &done, NULL), KIST_OK);
	ck_assert(!done.is_whole);
	ck_assert_uint_eq(done.sound, BIG_COUNT - 1);
	ck_assert_uint_eq(done.mended, 2);
	ck_assert_uint_eq(told.unsound, 2);
	kist_buf_done(&bytes);
}
END_TEST

START_TEST(a_pack_that_is_what_was_written_is_said_to_be_so)
{
	struct kist_buf bytes = copy_of(&big.bytes);
	struct kist_mended done;

	ck_assert_int_eq(mend(&big.bytes, &bytes, &done, NULL), KIST_OK);
	ck_assert(done.was_whole && done.is_whole && done.had_index);
	ck_assert_uint_eq(done.sound, BIG_COUNT);
	ck_assert_uint_eq(done.lost, 0);
	kist_buf_done(&bytes);
}
END_TEST

START_TEST(what_nothing_proves_is_kept_as_it_lies_and_not_mended)
{
	static const size_t places[] = { 20, 26, 90, 1000 }; /* in the head, and in the body */
	struct kist_buf bytes = copy_of(&big.bytes);
	struct kist_mended done;

	told.without_bases = true;
	bytes.data[bytes.size - 3] ^= 1;
	must_be_whole(&big.bytes, &bytes);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		bytes = copy_of(&big.bytes);
		bytes.data[KIST_PACK_HEAD_SIZE + places[i]] ^= 1;
		ck_assert_int_eq(mend(&big.bytes, &bytes, &done, NULL), KIST_OK);
		ck_assert(!done.is_whole && !done.was_whole);
		ck_assert_uint_eq(done.sound, BIG_COUNT - 1);
		ck_assert_uint_eq(done.lost, 1);
		kist_buf_done(&bytes);
	}
	told.without_bases = false;
}
END_TEST

START_TEST(a_record_of_a_newer_kist_is_no_damage)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
	uint8_t *head;
	struct kist_buf bytes;
	struct kist_mended done;

	ck_assert_int_eq(build_small(&builder, NULL), KIST_OK);
	head = builder.bytes.data + KIST_PACK_HEAD_SIZE;
	head[12] = 2;
	kist_le_write32(head + 28,
			kist_crc32c(kist_crc32c(0, kist_view_of(head, 28)), kist_view_of(head + 32, 32)));
	bytes = copy_of(&builder.bytes);
	bytes.data[bytes.size - 1] ^= 1;
	ck_assert_int_eq(mend(&builder.bytes, &bytes, &done, NULL), KIST_INCOMPATIBLE);
	kist_buf_done(&bytes);
}
END_TEST

START_TEST(bytes_that_are_full_of_heads_do_not_hold_it_up)
{
	struct kist_buf bytes = copy_of(&big.bytes);
	struct kist_mended done;
	uint8_t *room;

	/* Four letters at every fourth byte, and heads that claim all that follows. */
	ck_assert_int_eq(kist_buf_extend(&bytes, (size_t)4 << 20, &room, NULL), KIST_OK);
	for (size_t i = 0; i < (size_t)4 << 20; i += 4)
		memcpy(room + i, "KREC", 4);
	for (size_t i = 64; i < (size_t)4 << 20; i += 4096)
		memcpy(room + i, big.bytes.data + KIST_PACK_HEAD_SIZE, KIST_RECORD_HEAD_SIZE);
	big.bytes.data[0] ^= 1; /* another name, so that it is not whole when it is cut off */
	ck_assert_int_eq(mend(&big.bytes, &bytes, &done, NULL), KIST_OK);
	big.bytes.data[0] ^= 1;
	ck_assert(!done.is_whole);
	ck_assert_uint_eq(done.sound, BIG_COUNT);
	ck_assert_uint_lt(told.proofs, 200000);
	kist_buf_done(&bytes);
}
END_TEST

START_TEST(records_that_overlap_are_looked_at_once)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
	struct kist_buf bytes;
	struct kist_mended done;
	struct kist_buf end = KIST_BUF_INIT(1 << 20);
	const size_t body = big.bytes.size - KIST_PACK_INDEX_SIZE(BIG_COUNT) - KIST_PACK_FOOT_SIZE;
	size_t at;

	for (uint8_t i = 0; i < 100; i++) {
		const struct kist_record record = { .id = { { i } },
						    .raw_len = BIG_SIZE,
						    .body_len = BIG_SIZE };

		ck_assert_int_eq(kist_pack_add(&builder, &record, &at, NULL), KIST_OK);
		builder.entries[i].offset = KIST_PACK_HEAD_SIZE + i;
	}
	ck_assert_int_eq(kist_pack_append_end(&builder, body, &end, NULL), KIST_OK);
	bytes = copy_of(&big.bytes);
	bytes.size = body;
	ck_assert_int_eq(kist_buf_append(&bytes, end.data, end.size, NULL), KIST_OK);
	ck_assert_int_eq(mend(&big.bytes, &bytes, &done, NULL), KIST_OK);
	ck_assert_uint_le(told.proofs, 6);
	ck_assert_uint_eq(done.lost, 100);
	kist_buf_done(&bytes);
	kist_buf_done(&end);
}
END_TEST

START_TEST(memory_that_runs_out_is_told_and_nothing_leaks)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_buf bytes = copy_of(&big.bytes);
		struct kist_mended done;

		bytes.data[200] ^= 1;
		bytes.data[bytes.size - 3] ^= 1;
		kist_mem_fail_at(k);
		status = mend(&big.bytes, &bytes, &done, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert(status != KIST_OK || done.is_whole);
		kist_buf_done(&bytes);
		ck_assert_uint_lt(k, 1000);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("mend");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_pack_with_any_one_bit_wrong_is_made_what_it_was);
	tcase_add_test(tests, two_wrong_bytes_in_a_row_of_a_body_are_found_wherever_they_are);
	tcase_add_test(tests, index_and_footer_are_made_anew_when_they_are_gone_or_followed_by_something);
	tcase_add_test(tests, of_a_pack_that_is_cut_short_the_records_that_are_there_are_sound);
	tcase_add_test(tests, one_record_that_is_lost_costs_none_of_the_others);
	tcase_add_test(tests, a_record_that_was_mended_beside_one_that_is_lost_is_told_as_such);
	tcase_add_test(tests, a_pack_that_is_what_was_written_is_said_to_be_so);
	tcase_add_test(tests, what_nothing_proves_is_kept_as_it_lies_and_not_mended);
	tcase_add_test(tests, a_record_of_a_newer_kist_is_no_damage);
	tcase_add_test(tests, bytes_that_are_full_of_heads_do_not_hold_it_up);
	tcase_add_test(tests, records_that_overlap_are_looked_at_once);
	tcase_add_test(tests, memory_that_runs_out_is_told_and_nothing_leaks);
	return suite_run(tests, "mend");
}
