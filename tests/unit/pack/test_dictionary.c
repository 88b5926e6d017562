/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/dictionary.h"

#include "fixture.h"

#include <zstd.h>

/* A record as they are: a plugin's words, and digests that nothing can know. */
static const char record[] =
	"{\"encoding\":\"kist.npy@1.0\",\"info\":{\"byte_order\":\"little\",\"bytes\":3360,\"descr\":\"<f8\","
	"\"dtype\":\"float64\",\"elements\":420,\"first\":[66.25,-101.5,16.53,147.5],\"format\":\"npy 1.0\","
	"\"inf\":0,\"kind\":\"tensor\",\"last\":[1.5,2.25,-3,4],\"max\":147.5,\"mean\":0.31,\"min\":-128.9,"
	"\"nan\":0,"
	"\"neg_inf\":0,\"negative\":203,\"offset\":128,\"order\":\"C\",\"shape\":[420],\"std\":51.2,\"zero\":"
	"0},"
	"\"kind\":\"tensor\",\"plugin\":{\"id\":\"kist.numpy\",\"sha256\":"
	"\"2f6a2d57604717afda6303c5e06e76766d6da04e8f712793c43ce97418c1b037\",\"version\":\"0.1.0\"},"
	"\"record\":1,"
	"\"sha256\":\"d26844afead0b8a3102db9d0dbfb5b4610cb58b120f54eec92986f922933e0be\",\"size\":3488,"
	"\"summary\":\"float64 [420]\"}";
#define RECORD kist_view_of(record, sizeof(record) - 1)

static struct kist_dictionary dictionary;
static struct kist_filter_coder coder;
static uint8_t frame[2048];
static uint8_t back[2048];

static size_t encode(struct kist_view raw, size_t room)
{
	size_t size = SIZE_MAX;

	ck_assert_int_eq(kist_dictionary_encode(&dictionary, raw, frame, room, &size, NULL), KIST_OK);
	return size;
}

static kist_status decode(size_t size, size_t len)
{
	const void *decoding;

	ck_assert_int_eq(kist_dictionary_decoding(&dictionary, &decoding, NULL), KIST_OK);
	return kist_filter_frame_decode(&coder, decoding, kist_view_of(frame, size), back, len, NULL);
}

static void done(void)
{
	kist_dictionary_done(&dictionary);
	kist_filter_coder_done(&coder);
}

START_TEST(it_is_the_one_of_the_format)
{
	const struct kist_digest id = kist_digest_of(kist_dictionary_bytes());
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&id, hex);
	/* Stores hold frames that were made with it: it cannot be another one. */
	ck_assert_str_eq(hex, "e4e4fbb1cbda4bfb85aa72d0d67e492fa43cfc647350037fd969eacaa1aaf14e");
}
END_TEST

START_TEST(a_record_takes_half_of_what_zstd_makes_of_it_alone)
{
	const size_t size = encode(RECORD, sizeof(frame));
	const size_t alone = ZSTD_compress(back, sizeof(back), record, RECORD.size, 1);

	ck_assert_uint_gt(size, 64); /* two digests */
	ck_assert_uint_lt(size, alone * 6 / 10);
	ck_assert_int_eq(decode(size, RECORD.size), KIST_OK);
	ck_assert_mem_eq(back, record, RECORD.size);
}
END_TEST

START_TEST(any_zstd_decodes_it_with_the_dictionary)
{
	const struct kist_view bytes = kist_dictionary_bytes();
	ZSTD_DCtx *const zstd = ZSTD_createDCtx();
	size_t size = encode(RECORD, sizeof(frame));

	ck_assert_uint_eq(ZSTD_getDictID_fromFrame(frame, size), 0);
	ck_assert_uint_eq(ZSTD_getFrameContentSize(frame, size), RECORD.size);
	size = ZSTD_decompress_usingDict(zstd, back, sizeof(back), frame, size, bytes.data, bytes.size);
	ck_assert_uint_eq(size, RECORD.size);
	ck_assert_mem_eq(back, record, RECORD.size);
	ZSTD_freeDCtx(zstd);
}
END_TEST

START_TEST(what_has_no_room_is_not_written)
{
	const size_t size = encode(RECORD, sizeof(frame));

	ck_assert_uint_eq(encode(RECORD, size - 1), 0);
	/* The next one is as if nothing had been. */
	ck_assert_uint_eq(encode(RECORD, sizeof(frame)), size);
	ck_assert_int_eq(decode(size, RECORD.size), KIST_OK);
}
END_TEST

START_TEST(bytes_of_any_kind_and_length_come_back)
{
	uint8_t raw[1024];

	for (size_t len = 1; len <= sizeof(raw); len = len * 3 / 2 + 1) {
		fill_noise(raw, len, (uint32_t)len);
		ck_assert_int_eq(decode(encode(kist_view_of(raw, len), sizeof(frame)), len), KIST_OK);
		ck_assert_mem_eq(back, raw, len);
	}
}
END_TEST

START_TEST(memory_that_cannot_be_had_is_told_and_asked_for_again)
{
	size_t size = SIZE_MAX;

	kist_mem_fail_at(1);
	ck_assert_int_eq(kist_dictionary_encode(&dictionary, RECORD, frame, sizeof(frame), &size, NULL),
			 KIST_NO_MEMORY);
	kist_mem_fail_at(0);
	ck_assert_int_eq(decode(encode(RECORD, sizeof(frame)), RECORD.size), KIST_OK);
}
END_TEST

START_TEST(what_is_no_such_frame_is_refused)
{
	const size_t size = encode(RECORD, sizeof(frame));

	ck_assert_int_eq(decode(size - 1, RECORD.size), KIST_CORRUPT);
	ck_assert_int_eq(decode(size, RECORD.size - 1), KIST_CORRUPT);
	ck_assert_int_eq(decode(size, RECORD.size + 1), KIST_CORRUPT);
	ck_assert_int_eq(decode(0, 1), KIST_CORRUPT);
	/* Whatever else is turned gives bytes of that length, or nothing. */
	for (size_t bit = 0; bit < 8 * size; bit++) {
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
		(void)!decode(size, RECORD.size);
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_int_eq(decode(size, RECORD.size), KIST_OK);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("dictionary");

	tcase_add_checked_fixture(tests, NULL, done);
	tcase_add_test(tests, it_is_the_one_of_the_format);
	tcase_add_test(tests, a_record_takes_half_of_what_zstd_makes_of_it_alone);
	tcase_add_test(tests, any_zstd_decodes_it_with_the_dictionary);
	tcase_add_test(tests, what_has_no_room_is_not_written);
	tcase_add_test(tests, bytes_of_any_kind_and_length_come_back);
	tcase_add_test(tests, memory_that_cannot_be_had_is_told_and_asked_for_again);
	tcase_add_test(tests, what_is_no_such_frame_is_refused);
	return suite_run(tests, "dictionary");
}
