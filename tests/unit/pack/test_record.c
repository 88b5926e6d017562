/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/le.h"

static const struct kist_view no_base = { .data = NULL, .size = 0 };

static struct kist_record example(void)
{
	struct kist_record record = {
		.raw_len = 5, .body_len = 17, .body_crc = 0x01020304, .kind = KIST_CHUNK_TREE
	};

	memset(record.id.bytes, 0xAB, sizeof(record.id.bytes));
	return record;
}

/* What is said of the head that is written for it. */
static kist_status parse_written(const struct kist_record *record, struct kist_record *ret)
{
	uint8_t head[KIST_RECORD_HEAD_MAX] = { 0 };

	kist_record_write_head(record, head);
	return kist_record_parse(kist_view_of(head, sizeof(head)), ret, NULL);
}

/* Every flipped bit and every missing byte of a head. */
static void expect_all_damage_seen(uint8_t *head, size_t size)
{
	struct kist_record back;

	for (size_t bit = 0; bit < 8 * size; bit++) {
		head[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(kist_record_parse(kist_view_of(head, size), &back, NULL), KIST_CORRUPT);
		head[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t left = 0; left < size; left++)
		ck_assert_int_eq(kist_record_parse(kist_view_of(head, left), &back, NULL), KIST_CORRUPT);
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
	struct kist_record back;

	ck_assert_int_eq(parse_written(&record, &back), KIST_OK);
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

	kist_record_write_head(&record, head);
	expect_all_damage_seen(head, sizeof(head));
}
END_TEST

START_TEST(a_sound_head_of_a_newer_kist_is_incompatible)
{
	struct kist_record record = example();
	struct kist_record back;

	record.filter = KIST_FILTER_COUNT;
	ck_assert_int_eq(parse_written(&record, &back), KIST_INCOMPATIBLE);
	record = example();
	record.codec = KIST_CODEC_COUNT;
	ck_assert_int_eq(parse_written(&record, &back), KIST_INCOMPATIBLE);
	record = example();
	record.kind = KIST_CHUNK_KIND_COUNT;
	ck_assert_int_eq(parse_written(&record, &back), KIST_INCOMPATIBLE);
}
END_TEST

static struct kist_record filtered_example(void)
{
	struct kist_record record = example();

	record.filter = KIST_FILTER_DELTA;
	record.codec = KIST_CODEC_ZSTD;
	record.params[0] = 4;
	record.params[2] = 1;
	return record;
}

START_TEST(a_filter_brings_the_extension)
{
	const struct kist_record record = filtered_example();
	uint8_t head[KIST_RECORD_HEAD_MAX];
	struct kist_record back;

	ck_assert_uint_eq(kist_record_head_size(&record), KIST_RECORD_HEAD_MAX);
	kist_record_write_head(&record, head);
	ck_assert_mem_eq(head, "\x51\x2a\x4d\x18\x68\0\0\0KREC\1\3\1\x83\5\0\0\0\x11\0\0\0\4\3\2\1", 28);
	for (size_t i = 64; i < 96; i++)
		ck_assert_uint_eq(head[i], 0);
	ck_assert_mem_eq(head + 96, "\4\0\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	ck_assert_int_eq(kist_record_parse(kist_view_of(head, sizeof(head)), &back, NULL), KIST_OK);
	ck_assert_uint_eq(back.filter, KIST_FILTER_DELTA);
	ck_assert_mem_eq(back.params, record.params, sizeof(back.params));
	expect_all_damage_seen(head, sizeof(head));
}
END_TEST

START_TEST(a_head_that_contradicts_itself_is_refused)
{
	struct kist_record record = filtered_example();
	uint8_t head[KIST_RECORD_HEAD_MAX];
	struct kist_record back;

	/* A filter over a stored body; a base that the filter has no use for. */
	record.codec = KIST_CODEC_STORED;
	ck_assert_int_eq(parse_written(&record, &back), KIST_CORRUPT);
	record = filtered_example();
	record.base.bytes[31] = 1;
	ck_assert_int_eq(parse_written(&record, &back), KIST_CORRUPT);
	/* The dictionary with a filter, and for what is no artifact's record. */
	record = filtered_example();
	record.codec = KIST_CODEC_DICTIONARY;
	ck_assert_int_eq(parse_written(&record, &back), KIST_CORRUPT);
	record = example();
	record.codec = KIST_CODEC_DICTIONARY;
	ck_assert_int_eq(parse_written(&record, &back), KIST_CORRUPT);
	record.kind = KIST_CHUNK_RECORD;
	ck_assert_int_eq(parse_written(&record, &back), KIST_OK);
	/* An extension without a filter, and a filter without one, with CRCs that are right. */
	record = filtered_example();
	kist_record_write_head(&record, head);
	head[13] = KIST_FILTER_NONE;
	kist_le_write32(head + 28,
			kist_crc32c(kist_crc32c(0, kist_view_of(head, 28)), kist_view_of(head + 32, 80)));
	ck_assert_int_eq(kist_record_parse(kist_view_of(head, sizeof(head)), &back, NULL), KIST_CORRUPT);
	record = example();
	kist_record_write_head(&record, head);
	head[13] = KIST_FILTER_DELTA;
	kist_le_write32(head + 28,
			kist_crc32c(kist_crc32c(0, kist_view_of(head, 28)), kist_view_of(head + 32, 32)));
	ck_assert_int_eq(kist_record_parse(kist_view_of(head, sizeof(head)), &back, NULL), KIST_CORRUPT);
}
END_TEST

/* A record of numbers that rise, and its size: a delta. */
static size_t filtered_record(uint8_t *bytes, struct kist_record *record, uint32_t numbers[1000])
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const struct kist_filter_input input = { .raw = kist_view_of(numbers, 4000),
						 .hint = { .kind = KIST_FILTER_INT, .width = 4 } };
	struct kist_filter_choice choice;
	size_t size;

	for (uint32_t i = 0; i < 1000; i++)
		numbers[i] = 100000 + 1000 * i + i * i % 37;
	ck_assert_int_eq(
		kist_filter_encode(&filter, &input, bytes + KIST_RECORD_HEAD_MAX, &size, &choice, NULL),
		KIST_OK);
	*record = (struct kist_record){ .id = kist_digest_of(input.raw),
					.raw_len = 4000,
					.body_len = (uint32_t)size,
					.body_crc = kist_crc32c(
						0, kist_view_of(bytes + KIST_RECORD_HEAD_MAX, size)),
					.filter = choice.filter,
					.codec = KIST_CODEC_ZSTD };
	memcpy(record->params, choice.params, sizeof(choice.params));
	kist_record_write_head(record, bytes);
	return KIST_RECORD_HEAD_MAX + size;
}

START_TEST(no_flipped_bit_of_a_filtered_record_gives_other_bytes)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	static uint8_t bytes[KIST_RECORD_HEAD_MAX + 8192];
	static uint32_t numbers[1000];
	static uint8_t raw[4000];
	struct kist_record record;
	struct kist_record parsed;
	const size_t size = filtered_record(bytes, &record, numbers);

	ck_assert_uint_eq(record.filter, KIST_FILTER_DELTA);
	ck_assert_int_eq(kist_record_parse(kist_view_of(bytes, size), &parsed, NULL), KIST_OK);
	ck_assert_int_eq(kist_record_decode(&filter, &parsed, kist_view_of(bytes, size), no_base, raw, NULL),
			 KIST_OK);
	ck_assert_mem_eq(raw, numbers, sizeof(raw));
	for (size_t bit = 0; bit < 8 * size; bit++) {
		kist_status status;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		status = kist_record_parse(kist_view_of(bytes, size), &parsed, NULL);
		if (status == KIST_OK)
			status = kist_record_decode(&filter, &parsed, kist_view_of(bytes, size), no_base, raw,
						    NULL);
		ck_assert_int_eq(status, KIST_CORRUPT);
		/* Were the CRC of the body right, too, the frames or the digest would tell. */
		if (bit / 8 >= KIST_RECORD_HEAD_MAX) {
			parsed = record;
			parsed.body_crc =
				kist_crc32c(0, kist_view_of(bytes + KIST_RECORD_HEAD_MAX, record.body_len));
			status = kist_record_decode(&filter, &parsed, kist_view_of(bytes, size), no_base, raw,
						    NULL);
			ck_assert(status == KIST_CORRUPT || memcmp(raw, numbers, sizeof(raw)) == 0);
		}
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

START_TEST(without_a_crc_damage_that_decodes_is_left_to_the_digest)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	static uint8_t bytes[KIST_RECORD_HEAD_MAX + 8192];
	static uint32_t numbers[1000];
	static uint8_t raw[4000];
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_record record;
	const size_t size = filtered_record(bytes, &record, numbers);
	const struct kist_view whole = kist_view_of(bytes, size);
	size_t decoded = 0;

	ck_assert_int_eq(kist_record_unpack_unsummed(&filter, &record, whole, no_base, raw, NULL), KIST_OK);
	ck_assert_mem_eq(raw, numbers, sizeof(raw));
	for (size_t bit = 8 * KIST_RECORD_HEAD_MAX; bit < 8 * size; bit++) {
		kist_status status;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		kist_error_clear(&err);
		status = kist_record_unpack_unsummed(&filter, &record, whole, no_base, raw, &err);
		if (status == KIST_OK) {
			const struct kist_digest actual = kist_digest_of(kist_view_of(raw, sizeof(raw)));

			ck_assert(kist_record_prove(&record, &actual, NULL) == KIST_CORRUPT ||
				  memcmp(raw, numbers, sizeof(raw)) == 0);
			decoded++;
		} else {
			ck_assert_int_eq(status, KIST_CORRUPT);
			ck_assert_str_eq(err.text, "body of the record is damaged (CRC)");
		}
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_uint_gt(decoded, 0);
	ck_assert_int_eq(kist_record_unpack_unsummed(&filter, &record, kist_view_of(bytes, size - 1), no_base,
						     raw, NULL),
			 KIST_CORRUPT);
}
END_TEST

START_TEST(parameters_that_are_wrong_are_refused_or_give_another_digest)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	static uint8_t bytes[KIST_RECORD_HEAD_MAX + 8192];
	static uint32_t numbers[1000];
	static uint8_t raw[4000];
	struct kist_record record;
	const size_t size = filtered_record(bytes, &record, numbers);

	for (size_t i = 0; i < 8 * KIST_FILTER_PARAMS_SIZE; i++) {
		struct kist_record changed = record;

		changed.params[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_int_eq(
			kist_record_decode(&filter, &changed, kist_view_of(bytes, size), no_base, raw, NULL),
			KIST_CORRUPT);
	}
}
END_TEST

/* The difference of 1,000 numbers to others; gives the size of the record. */
static size_t difference(uint8_t *bytes, struct kist_record *record, uint32_t *numbers, uint32_t *base)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const struct kist_filter_input input = { .raw = kist_view_of(numbers, 4000),
						 .base = kist_view_of(base, 4000),
						 .hint = { .kind = KIST_FILTER_INT, .width = 4 },
						 .level = KIST_FILTER_DEFAULT };
	struct kist_filter_choice choice;
	size_t size;

	fill_noise((uint8_t *)base, 4000, 7);
	for (size_t i = 0; i < 1000; i++)
		numbers[i] = base[i] + (uint32_t)i % 3;
	ck_assert_int_eq(
		kist_filter_encode(&filter, &input, bytes + KIST_RECORD_HEAD_MAX, &size, &choice, NULL),
		KIST_OK);
	*record = (struct kist_record){ .id = kist_digest_of(input.raw),
					.raw_len = 4000,
					.body_len = (uint32_t)size,
					.filter = choice.filter,
					.codec = KIST_CODEC_ZSTD,
					.base = kist_digest_of(input.base) };
	memcpy(record->params, choice.params, sizeof(choice.params));
	record->body_crc = kist_crc32c(0, kist_view_of(bytes + KIST_RECORD_HEAD_MAX, size));
	kist_record_write_head(record, bytes);
	return KIST_RECORD_HEAD_MAX + size;
}

START_TEST(a_difference_needs_its_base_and_no_other)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	static uint8_t bytes[KIST_RECORD_HEAD_MAX + 8192];
	static uint32_t numbers[1000];
	static uint32_t base[1001];
	static uint8_t raw[4000];
	struct kist_record record;
	const size_t size = difference(bytes, &record, numbers, base);
	const struct kist_view whole = kist_view_of(bytes, size);

	ck_assert_uint_eq(record.filter, KIST_FILTER_BASE);
	ck_assert_int_eq(kist_record_parse(whole, &record, NULL), KIST_OK);
	ck_assert(kist_record_has_base(&record));
	ck_assert_int_eq(kist_record_decode(&filter, &record, whole, kist_view_of(base, 4000), raw, NULL),
			 KIST_OK);
	ck_assert_mem_eq(raw, numbers, sizeof(raw));
	ck_assert_int_eq(kist_record_decode(&filter, &record, whole, no_base, raw, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_record_decode(&filter, &record, whole, kist_view_of(base, 3999), raw, NULL),
			 KIST_CORRUPT);
	ck_assert_int_eq(kist_record_decode(&filter, &record, whole, kist_view_of(base, 4001), raw, NULL),
			 KIST_CORRUPT);
	base[500] ^= 1;
	ck_assert_int_eq(kist_record_decode(&filter, &record, whole, kist_view_of(base, 4000), raw, NULL),
			 KIST_CORRUPT);
	/* What needs no base gets none. */
	ck_assert_int_eq(kist_record_check_body(&record, whole, NULL), KIST_OK);
	bytes[size - 1] ^= 1;
	ck_assert_int_eq(kist_record_check_body(&record, whole, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_record_check_body(&record, kist_view_of(bytes, size - 1), NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(a_base_stands_where_it_belongs_and_nowhere_else)
{
	static uint8_t bytes[KIST_RECORD_HEAD_MAX + 8192];
	static uint32_t numbers[1000];
	static uint32_t base[1000];
	struct kist_record record;
	struct kist_record wrong;
	struct kist_record back;

	(void)difference(bytes, &record, numbers, base);
	wrong = record;
	wrong.base = (struct kist_digest){ { 0 } };
	ck_assert_int_eq(parse_written(&wrong, &back), KIST_CORRUPT);
	wrong.base = record.id;
	ck_assert_int_eq(parse_written(&wrong, &back), KIST_CORRUPT);
	wrong = record;
	wrong.filter = KIST_FILTER_PLANES;
	ck_assert_int_eq(parse_written(&wrong, &back), KIST_CORRUPT);
	wrong = record;
	wrong.kind = KIST_CHUNK_RECIPE;
	ck_assert_int_eq(parse_written(&wrong, &back), KIST_CORRUPT);
	ck_assert_int_eq(parse_written(&record, &back), KIST_OK);
	ck_assert(kist_digest_equal(&back.base, &record.base));
}
END_TEST

START_TEST(a_body_without_a_filter_is_exactly_one_frame)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const size_t len = kist_codec_stored_size(10);
	uint8_t bytes[KIST_RECORD_HEAD_SIZE + 128];
	uint8_t *body = bytes + KIST_RECORD_HEAD_SIZE;
	struct kist_record record = example();
	uint8_t raw[32];

	kist_codec_store(kist_view_of("0123456789", 10), body);
	kist_codec_store(kist_view_of("0123456789", 10), body + len);
	record.raw_len = 10;
	record.id = kist_digest_of(kist_view_of("0123456789", 10));
	for (size_t size = 1; size <= 2 * len; size++) {
		record.body_len = (uint32_t)size;
		record.body_crc = kist_crc32c(0, kist_view_of(body, size));
		ck_assert_int_eq(kist_record_decode(&filter, &record,
						    kist_view_of(bytes, KIST_RECORD_HEAD_SIZE + size),
						    no_base, raw, NULL),
				 size == len ? KIST_OK : KIST_CORRUPT);
	}
	record.raw_len = 20;
	record.id = kist_digest_of(kist_view_of("01234567890123456789", 20));
	ck_assert_int_eq(kist_record_decode(&filter, &record,
					    kist_view_of(bytes, KIST_RECORD_HEAD_SIZE + 2 * len), no_base,
					    raw, NULL),
			 KIST_CORRUPT);
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
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	uint8_t bytes[KIST_RECORD_HEAD_SIZE + 17];
	struct kist_record record = example();
	uint8_t raw[5];

	/* All CRCs are right: it is the SHA-256 that tells. */
	kist_codec_store(kist_view_of("hello", 5), bytes + KIST_RECORD_HEAD_SIZE);
	record.body_crc = kist_crc32c(0, kist_view_of(bytes + KIST_RECORD_HEAD_SIZE, 17));
	ck_assert_int_eq(
		kist_record_decode(&filter, &record, kist_view_of(bytes, sizeof(bytes)), no_base, raw, NULL),
		KIST_CORRUPT);
	record.id = kist_digest_of(kist_view_of("hello", 5));
	ck_assert_int_eq(
		kist_record_decode(&filter, &record, kist_view_of(bytes, sizeof(bytes)), no_base, raw, NULL),
		KIST_OK);
	ck_assert_mem_eq(raw, "hello", 5);
	ck_assert_int_eq(kist_record_decode(&filter, &record, kist_view_of(bytes, sizeof(bytes) - 1), no_base,
					    raw, NULL),
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
	tcase_add_test(tests, a_filter_brings_the_extension);
	tcase_add_test(tests, a_head_that_contradicts_itself_is_refused);
	tcase_add_test(tests, no_flipped_bit_of_a_filtered_record_gives_other_bytes);
	tcase_add_test(tests, without_a_crc_damage_that_decodes_is_left_to_the_digest);
	tcase_add_test(tests, parameters_that_are_wrong_are_refused_or_give_another_digest);
	tcase_add_test(tests, a_difference_needs_its_base_and_no_other);
	tcase_add_test(tests, a_base_stands_where_it_belongs_and_nowhere_else);
	tcase_add_test(tests, a_body_without_a_filter_is_exactly_one_frame);
	tcase_add_test(tests, lengths_out_of_range_are_refused);
	tcase_add_test(tests, a_record_whose_bytes_are_another_chunk_is_refused);
	return suite_run(tests, "record");
}
