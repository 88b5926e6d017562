/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <zstd.h>

static const size_t sizes[] = { 1,
				2,
				255,
				256,
				65791,
				65792,
				131071,
				131072,
				131073,
				1 << 20,
				KIST_CHUNK_SIZE_MAX - 1,
				KIST_CHUNK_SIZE_MAX };

START_TEST(stored_bytes_come_back_at_every_size)
{
	kist_auto_codec struct kist_codec codec = KIST_CODEC_INIT;
	const size_t len = sizes[_i];
	uint8_t *raw = malloc(len);
	uint8_t *body = malloc(kist_codec_stored_size(len));
	uint8_t *back = malloc(len);

	fill_noise(raw, len, 3);
	kist_codec_store(kist_view_of(raw, len), body);
	ck_assert_uint_eq(ZSTD_decompress(back, len, body, kist_codec_stored_size(len)), len);
	ck_assert_int_eq(memcmp(raw, back, len), 0);
	memset(back, 0, len);
	ck_assert_int_eq(
		kist_codec_decode(&codec, kist_view_of(body, kist_codec_stored_size(len)), back, len, NULL),
		KIST_OK);
	ck_assert_int_eq(memcmp(raw, back, len), 0);
	free(raw);
	free(body);
	free(back);
}
END_TEST

START_TEST(compressed_bytes_come_back_at_every_size)
{
	kist_auto_codec struct kist_codec codec = KIST_CODEC_INIT;
	const size_t len = sizes[_i];
	uint8_t *raw = calloc(1, len);
	uint8_t *body = malloc(kist_codec_stored_size(len));
	uint8_t *back = malloc(len);
	size_t size;

	ck_assert_int_eq(kist_codec_compress(&codec, kist_view_of(raw, len), body, &size, NULL), KIST_OK);
	ck_assert_uint_lt(size, kist_codec_stored_size(len));
	if (len > 100)
		ck_assert_uint_gt(size, 0);
	if (size > 0) {
		ck_assert_int_eq(kist_codec_decode(&codec, kist_view_of(body, size), back, len, NULL),
				 KIST_OK);
		ck_assert_int_eq(memcmp(raw, back, len), 0);
		ck_assert_int_eq(kist_codec_decode(&codec, kist_view_of(body, size), back, len - 1, NULL),
				 KIST_CORRUPT);
	}
	free(raw);
	free(body);
	free(back);
}
END_TEST

START_TEST(noise_is_better_stored)
{
	kist_auto_codec struct kist_codec codec = KIST_CODEC_INIT;
	static uint8_t raw[1 << 20];
	static uint8_t body[(1 << 20) + 64];
	size_t size = 1;

	fill_noise(raw, sizeof(raw), 4);
	ck_assert_uint_eq(kist_codec_stored_size(sizeof(raw)), sizeof(raw) + 9 + 8 * 3);
	ck_assert_int_eq(kist_codec_compress(&codec, kist_view_of(raw, sizeof(raw)), body, &size, NULL),
			 KIST_OK);
	ck_assert_uint_eq(size, 0);
	/* Noise that repeats is not noise. */
	for (size_t at = 1 << 16; at < sizeof(raw); at += 1 << 16)
		memcpy(raw + at, raw, 1 << 16);
	ck_assert_int_eq(kist_codec_compress(&codec, kist_view_of(raw, sizeof(raw)), body, &size, NULL),
			 KIST_OK);
	ck_assert_uint_gt(size, 1 << 16);
	ck_assert_uint_lt(size, 1 << 18);
}
END_TEST

START_TEST(a_body_is_exactly_one_frame)
{
	kist_auto_codec struct kist_codec codec = KIST_CODEC_INIT;
	const struct kist_view raw = kist_view_of("0123456789", 10);
	const size_t len = kist_codec_stored_size(10);
	uint8_t body[128] = { 0 };
	uint8_t back[32];

	kist_codec_store(raw, body);
	kist_codec_store(raw, body + len);
	ck_assert_int_eq(kist_codec_decode(&codec, kist_view_of(body, len), back, 10, NULL), KIST_OK);
	for (size_t size = 0; size <= 2 * len; size++) {
		if (size != len)
			ck_assert_int_eq(kist_codec_decode(&codec, kist_view_of(body, size), back, 10, NULL),
					 KIST_CORRUPT);
	}
	ck_assert_int_eq(kist_codec_decode(&codec, kist_view_of(body, 2 * len), back, 20, NULL),
			 KIST_CORRUPT);
	/* A skippable frame holds no data. */
	memcpy(body, "\x50\x2a\x4d\x18\x04\0\0\0abcd", 12);
	ck_assert_int_eq(kist_codec_decode(&codec, kist_view_of(body, 12), back, 10, NULL), KIST_CORRUPT);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("codec");
	const int count = sizeof(sizes) / sizeof(sizes[0]);

	tcase_add_loop_test(tests, stored_bytes_come_back_at_every_size, 0, count);
	tcase_add_loop_test(tests, compressed_bytes_come_back_at_every_size, 0, count);
	tcase_add_test(tests, noise_is_better_stored);
	tcase_add_test(tests, a_body_is_exactly_one_frame);
	return run_case(tests, "codec");
}
