/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <zstd.h>

#include "pack/codec.h"
#include "pack/filter_coder.h"

#define LEN ((size_t)300000)

static uint8_t data[LEN];
static uint8_t frame[LEN + 64];
static uint8_t spare[LEN + 4096];
static uint8_t back[LEN];

/* Bytes with the frequencies of an exponent: half are 120, a quarter 119... */
static void fill_exponents(void)
{
	fill_noise(data, LEN, 5);
	for (size_t i = 0; i < LEN; i++)
		data[i] = (uint8_t)(120 - (data[i] ? __builtin_ctz(data[i]) : 8));
}

static size_t write_frame(enum kist_filter_level level, bool matches, size_t len)
{
	struct kist_filter_coder coder = { .decompressor = NULL };
	const struct kist_filter_task task = { .level = level, .matches = matches, .spare = spare };
	size_t size = 0;

	ck_assert_int_eq(
		kist_filter_frame(&coder, &task, kist_view_of(data, len), frame, sizeof(frame), &size, NULL),
		KIST_OK);
	ck_assert_uint_gt(size, 0);
	ck_assert_uint_le(size, kist_codec_stored_size(len));
	ck_assert_uint_eq(ZSTD_decompress(back, sizeof(back), frame, size), len);
	ck_assert_mem_eq(data, back, len);
	memset(back, 0, len);
	ck_assert_int_eq(kist_filter_frames_decode(&coder, kist_view_of(frame, size), back, len, NULL),
			 KIST_OK);
	ck_assert_mem_eq(data, back, len);
	kist_filter_coder_done(&coder);
	return size;
}

START_TEST(a_constant_stream_takes_four_bytes_a_block)
{
	memset(data, 0x42, LEN);
	ck_assert_uint_eq(write_frame(KIST_FILTER_DEFAULT, false, LEN), 9 + 3 * 4);
	ck_assert_uint_eq(write_frame(KIST_FILTER_DEFAULT, false, 131072), 9 + 4);
	ck_assert_uint_eq(write_frame(KIST_FILTER_DEFAULT, false, 131073), 9 + 2 * 4);
	ck_assert_uint_eq(write_frame(KIST_FILTER_DEFAULT, false, 4), 13);
}
END_TEST

START_TEST(noise_is_stored)
{
	fill_noise(data, LEN, 6);
	for (int level = 0; level <= KIST_FILTER_ARCHIVE; level++)
		ck_assert_uint_eq(write_frame((enum kist_filter_level)level, level > 1, LEN),
				  LEN + 9 + 3 * 3);
}
END_TEST

START_TEST(literals_are_smaller_than_matches_that_are_not_there)
{
	size_t plain;

	fill_exponents();
	plain = ZSTD_compress(spare, sizeof(spare), data, LEN, 1);
	/* Two bits a byte by entropy; literals add the tables. */
	ck_assert_uint_lt(write_frame(KIST_FILTER_FAST, false, LEN), LEN / 4 + 2000);
	ck_assert_uint_lt(write_frame(KIST_FILTER_FAST, false, LEN), plain);
	ck_assert_uint_le(write_frame(KIST_FILTER_ARCHIVE, false, LEN),
			  write_frame(KIST_FILTER_FAST, false, LEN));
}
END_TEST

START_TEST(every_short_length_comes_back)
{
	fill_exponents();
	for (size_t len = 1; len < 600; len++)
		(void)write_frame(KIST_FILTER_DEFAULT, len % 2, len);
}
END_TEST

START_TEST(a_frame_that_does_not_fit_is_not_written)
{
	struct kist_filter_coder coder = { .decompressor = NULL };
	const struct kist_filter_task task = { .level = KIST_FILTER_DEFAULT, .spare = spare };
	size_t need;
	size_t size;

	for (int kind = 0; kind < 3; kind++) {
		if (kind == 0)
			memset(data, 1, 5000);
		else if (kind == 1)
			fill_noise(data, 5000, 3);
		else
			fill_exponents();
		need = write_frame(KIST_FILTER_DEFAULT, false, 5000);
		for (size_t room = 0; room < need; room += 1 + room / 8) {
			uint8_t *const to = malloc(room + 1);

			ck_assert_int_eq(kist_filter_frame(&coder, &task, kist_view_of(data, 5000), to, room,
							   &size, NULL),
					 KIST_OK);
			ck_assert_uint_eq(size, 0);
			free(to);
		}
	}
	kist_filter_coder_done(&coder);
}
END_TEST

START_TEST(bodies_are_frames_that_hold_data_and_say_how_much)
{
	static uint8_t kept[2000];
	struct kist_filter_coder coder = { .decompressor = NULL };
	size_t first;
	size_t second;

	fill_exponents();
	first = write_frame(KIST_FILTER_DEFAULT, false, 1000);
	memcpy(kept, frame, first);
	second = write_frame(KIST_FILTER_DEFAULT, false, 500);
	memmove(frame + first, frame, second);
	memcpy(frame, kept, first);
	ck_assert(kist_filter_frames_check(kist_view_of(frame, first + second), 1500));
	ck_assert_int_eq(
		kist_filter_frames_decode(&coder, kist_view_of(frame, first + second), back, 1500, NULL),
		KIST_OK);
	ck_assert_mem_eq(back, data, 1000);
	ck_assert_mem_eq(back + 1000, data, 500);
	ck_assert(!kist_filter_frames_check(kist_view_of(frame, first + second), 1499));
	ck_assert(!kist_filter_frames_check(kist_view_of(frame, first + second), 1501));
	for (size_t size = 0; size < first + second; size++)
		ck_assert(!kist_filter_frames_check(kist_view_of(frame, size), 1500));
	/* A skippable frame and an empty one hold nothing; one of a stream does not say how much. */
	memcpy(frame + first, "\x50\x2a\x4d\x18\0\0\0\0", 8);
	ck_assert(!kist_filter_frames_check(kist_view_of(frame, first + 8), 1000));
	memcpy(frame + first, "\x28\xb5\x2f\xfd\x20\0\1\0\0", 9);
	ck_assert(!kist_filter_frames_check(kist_view_of(frame, first + 9), 1000));
	ck_assert(!kist_filter_frames_check(kist_view_of("\x28\xb5\x2f\xfd\0\x58\x09\0\0\x61", 10), 1));
	/* With the id of a dictionary. */
	ck_assert(!kist_filter_frames_check(kist_view_of("\x28\xb5\x2f\xfd\x21\x05\1\x09\0\0\x61", 11), 1));
	ck_assert(kist_filter_frames_check(kist_view_of("\x28\xb5\x2f\xfd\x20\1\x09\0\0\x61", 10), 1));
	kist_filter_coder_done(&coder);
}
END_TEST

START_TEST(entropy_is_that_of_the_bytes)
{
	struct kist_filter_stats stats;

	for (size_t i = 0; i < LEN; i++)
		data[i] = (uint8_t)(i % 16);
	stats = kist_filter_stats_of(kist_view_of(data, LEN));
	ck_assert_double_eq_tol(stats.entropy, 4, 0.001);
	ck_assert_double_eq_tol(stats.top, 1.0 / 16, 0.001);
	ck_assert_double_eq_tol(stats.repeated, 0, 1e-9);
	fill_noise(data, LEN, 9);
	stats = kist_filter_stats_of(kist_view_of(data, LEN));
	ck_assert_double_gt(stats.entropy, 7.95);
	ck_assert_double_le(stats.entropy, 8.001);
	fill_exponents();
	stats = kist_filter_stats_of(kist_view_of(data, LEN));
	ck_assert_double_eq_tol(stats.entropy, 2, 0.1);
	memset(data, 3, 100);
	stats = kist_filter_stats_of(kist_view_of(data, 100));
	ck_assert_double_eq_tol(stats.entropy, 0, 0.001);
	ck_assert_double_eq_tol(stats.top, 1, 1e-9);
	ck_assert_double_eq_tol(kist_filter_stats_size(&stats, 100), 0, 1e-9);
}
END_TEST

/* Rows of a number that counts, a name out of 40, digits that depend on nothing, and a word. */
static void fill_rows(void)
{
	static const char *const words[] = { "ok", "late", "lost", "ok" };
	static uint8_t noise[LEN];
	char row[96];

	fill_noise(noise, LEN, 8);
	for (size_t at = 0, i = 0; at < LEN; i += 8) {
		uint32_t numbers[2];
		int len;
		size_t n;

		memcpy(numbers, noise + i, sizeof(numbers));
		len = snprintf(row, sizeof(row), "%zu,sensor-%02u,%u.%03u,%u.%02u,%s\n", i / 8,
			       numbers[0] % 40, numbers[0] / 40 % 12 + 15, numbers[0] / 480 % 1000,
			       numbers[1] % 2000, numbers[1] / 2000 % 100, words[numbers[1] / 200000 % 4]);
		n = (size_t)len < LEN - at ? (size_t)len : LEN - at;
		memcpy(data + at, row, n);
		at += n;
	}
}

/* What plain bytes take, and what level 1 of zstd makes of them. */
static size_t write_plain(enum kist_filter_level level, bool matches, size_t len, size_t *ret_level_1)
{
	static uint8_t other[LEN + 4096];
	struct kist_filter_coder coder = { .decompressor = NULL };
	const struct kist_filter_task task = { .level = level, .matches = matches, .spare = spare };
	size_t size = 0;

	ck_assert_int_eq(
		kist_filter_plain(&coder, &task, kist_view_of(data, len), frame, sizeof(frame), &size, NULL),
		KIST_OK);
	ck_assert_uint_gt(size, 0);
	ck_assert_int_eq(kist_filter_frames_decode(&coder, kist_view_of(frame, size), back, len, NULL),
			 KIST_OK);
	ck_assert_mem_eq(data, back, len);
	*ret_level_1 = ZSTD_compress(other, sizeof(other), data, len, 1);
	kist_filter_coder_done(&coder);
	return size;
}

START_TEST(rows_of_digits_are_smaller_by_fewer_matches)
{
	size_t level_1;
	size_t size;

	fill_rows();
	for (int level = KIST_FILTER_FAST; level <= KIST_FILTER_DEFAULT; level++) {
		size = write_plain((enum kist_filter_level)level, false, LEN, &level_1);
		ck_assert_uint_lt(size, level_1 - level_1 / 100);
	}
	/* Not where bytes come again from far away, nor of few. */
	ck_assert_uint_eq(write_plain(KIST_FILTER_DEFAULT, true, LEN, &level_1), level_1);
	ck_assert_uint_eq(write_plain(KIST_FILTER_DEFAULT, false, 100000, &level_1), level_1);
	for (size_t at = 4096; at < LEN; at++)
		data[at] = data[at - 4096];
	ck_assert_uint_eq(write_plain(KIST_FILTER_DEFAULT, false, LEN, &level_1), level_1);
}
END_TEST

START_TEST(words_are_smaller_by_all_matches)
{
	size_t level_1;

	fill_noise(data, LEN, 4);
	/* Four letters out of few hundred: too short to be found by near matches. */
	for (size_t i = 0; i + 4 <= LEN; i += 4)
		memcpy(data + i, &(uint32_t){ data[i] * UINT32_C(0x9e3779b1) }, 4);
	ck_assert_uint_eq(write_plain(KIST_FILTER_DEFAULT, false, LEN, &level_1), level_1);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("filter_coder");

	tcase_add_test(tests, rows_of_digits_are_smaller_by_fewer_matches);
	tcase_add_test(tests, words_are_smaller_by_all_matches);

	tcase_add_test(tests, a_constant_stream_takes_four_bytes_a_block);
	tcase_add_test(tests, noise_is_stored);
	tcase_add_test(tests, literals_are_smaller_than_matches_that_are_not_there);
	tcase_add_test(tests, every_short_length_comes_back);
	tcase_add_test(tests, a_frame_that_does_not_fit_is_not_written);
	tcase_add_test(tests, bodies_are_frames_that_hold_data_and_say_how_much);
	tcase_add_test(tests, entropy_is_that_of_the_bytes);
	return suite_run(tests, "filter_coder");
}
