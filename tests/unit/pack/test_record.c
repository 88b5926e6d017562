/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static struct kist_record example(void)
{
	struct kist_record record = {
		.raw_len = 5, .body_len = 17, .body_crc = 0x01020304, .kind = KIST_CHUNK_TREE
	};

	memset(record.id.bytes, 0xAB, sizeof(record.id.bytes));
	return record;
}

START_TEST(a_head_is_written_as_the_page_says)
{
	const struct kist_record record = example();
	uint8_t head[KIST_RECORD_HEAD_SIZE];

	kist_record_write_head(&record, head);
	ck_assert_mem_eq(head, "\x51\x2a\x4d\x18\x38\0\0\0KREC\1\0\0\3\5\0\0\0\x11\0\0\0\4\3\2\1", 28);
	ck_assert_mem_eq(head + 32, record.id.bytes, 32);
}
END_TEST

START_TEST(a_head_comes_back)
{
	const struct kist_record record = example();
	uint8_t head[KIST_RECORD_HEAD_SIZE];
	struct kist_record back;

	kist_record_write_head(&record, head);
	ck_assert_int_eq(kist_record_parse(kist_view_of(head, sizeof(head)), &back, NULL), KIST_OK);
	ck_assert_mem_eq(&back.id, &record.id, 32);
	ck_assert_uint_eq(back.raw_len, 5);
	ck_assert_uint_eq(back.body_len, 17);
	ck_assert_uint_eq(back.body_crc, 0x01020304);
	ck_assert_uint_eq(back.kind, KIST_CHUNK_TREE);
	ck_assert_uint_eq(back.codec, KIST_CODEC_STORED);
}
END_TEST

START_TEST(every_flipped_bit_and_every_missing_byte_of_a_head_is_seen)
{
	const struct kist_record record = example();
	uint8_t head[KIST_RECORD_HEAD_SIZE];
	struct kist_record back;

	kist_record_write_head(&record, head);
	for (size_t bit = 0; bit < 8 * sizeof(head); bit++) {
		head[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(kist_record_parse(kist_view_of(head, sizeof(head)), &back, NULL),
				 KIST_CORRUPT);
		head[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t size = 0; size < sizeof(head); size++)
		ck_assert_int_eq(kist_record_parse(kist_view_of(head, size), &back, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(a_sound_head_of_a_newer_kist_is_incompatible)
{
	struct kist_record record = example();
	uint8_t head[KIST_RECORD_HEAD_MAX];
	struct kist_record back;

	record.filter = 1;
	kist_record_write_head(&record, head);
	ck_assert_int_eq(kist_record_parse(kist_view_of(head, sizeof(head)), &back, NULL), KIST_INCOMPATIBLE);
	record = example();
	record.codec = KIST_CODEC_COUNT;
	kist_record_write_head(&record, head);
	ck_assert_int_eq(kist_record_parse(kist_view_of(head, sizeof(head)), &back, NULL), KIST_INCOMPATIBLE);
	record = example();
	record.kind = KIST_CHUNK_KIND_COUNT;
	kist_record_write_head(&record, head);
	ck_assert_int_eq(kist_record_parse(kist_view_of(head, sizeof(head)), &back, NULL), KIST_INCOMPATIBLE);
	record = example();
	record.extended = true;
	kist_record_write_head(&record, head);
	ck_assert_uint_eq(kist_record_head_size(&record), KIST_RECORD_HEAD_MAX);
	ck_assert_int_eq(kist_record_parse(kist_view_of(head, sizeof(head)), &back, NULL), KIST_INCOMPATIBLE);
	ck_assert_int_eq(kist_record_parse(kist_view_of(head, sizeof(head) - 1), &back, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(lengths_out_of_range_are_refused)
{
	static const struct {
		uint32_t raw_len;
		uint32_t body_len;
		kist_status status;
	} cases[] = { { 0, 10, KIST_CORRUPT },
		      { 5, 0, KIST_CORRUPT },
		      { 5, 17, KIST_OK },
		      { 5, 18, KIST_CORRUPT },
		      { KIST_CHUNK_SIZE_MAX, 10, KIST_OK },
		      { KIST_CHUNK_SIZE_MAX + 1, 10, KIST_CORRUPT } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kist_record record = example();
		uint8_t head[KIST_RECORD_HEAD_SIZE];
		struct kist_record back;

		record.raw_len = cases[i].raw_len;
		record.body_len = cases[i].body_len;
		kist_record_write_head(&record, head);
		ck_assert_int_eq(kist_record_parse(kist_view_of(head, sizeof(head)), &back, NULL),
				 cases[i].status);
	}
}
END_TEST

START_TEST(a_record_whose_bytes_are_another_chunk_is_refused)
{
	kist_auto_codec struct kist_codec codec = KIST_CODEC_INIT;
	uint8_t bytes[KIST_RECORD_HEAD_SIZE + 17];
	struct kist_record record = example();
	uint8_t raw[5];

	/* All CRCs are right: it is the SHA-256 that tells. */
	kist_codec_store(kist_view_of("hello", 5), bytes + KIST_RECORD_HEAD_SIZE);
	record.body_crc = kist_crc32c(0, kist_view_of(bytes + KIST_RECORD_HEAD_SIZE, 17));
	ck_assert_int_eq(kist_record_decode(&codec, &record, kist_view_of(bytes, sizeof(bytes)), raw, NULL),
			 KIST_CORRUPT);
	record.id = kist_digest_of(kist_view_of("hello", 5));
	ck_assert_int_eq(kist_record_decode(&codec, &record, kist_view_of(bytes, sizeof(bytes)), raw, NULL),
			 KIST_OK);
	ck_assert_mem_eq(raw, "hello", 5);
	ck_assert_int_eq(
		kist_record_decode(&codec, &record, kist_view_of(bytes, sizeof(bytes) - 1), raw, NULL),
		KIST_CORRUPT);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("record");

	tcase_add_test(tests, a_head_is_written_as_the_page_says);
	tcase_add_test(tests, a_head_comes_back);
	tcase_add_test(tests, every_flipped_bit_and_every_missing_byte_of_a_head_is_seen);
	tcase_add_test(tests, a_sound_head_of_a_newer_kist_is_incompatible);
	tcase_add_test(tests, lengths_out_of_range_are_refused);
	tcase_add_test(tests, a_record_whose_bytes_are_another_chunk_is_refused);
	return run_case(tests, "record");
}
