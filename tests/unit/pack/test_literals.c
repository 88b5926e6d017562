/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <zstd.h>

#include "pack/codec.h"
#include "pack/literals.h"

#define LEN ((size_t)KIST_CHUNK_SIZE_MAX)

static uint8_t *data;
static uint8_t *frame;
static uint8_t *back;

static void take_rooms(void)
{
	data = malloc(LEN);
	frame = malloc(kist_codec_stored_size(LEN));
	back = malloc(LEN);
	ck_assert(data && frame && back);
}

static void free_rooms(void)
{
	free(data);
	free(frame);
	free(back);
}

/* Whether it is read without zstd; gives the bytes if so, and writes none behind them. */
static bool read_alone(const uint8_t *from, size_t size, size_t len)
{
	uint8_t *const to = malloc(len + 1);
	bool read;

	to[len] = 0xee;
	read = kist_literals_read(kist_view_of(from, size), to, len);
	ck_assert_uint_eq(to[len], 0xee);
	if (read)
		memcpy(back, to, len);
	free(to);
	return read;
}

/* What zstd reads from the frame, and what is read without it; gives its size. */
static size_t round_trip(size_t len, enum kist_huffman_with with)
{
	const size_t room = kist_codec_stored_size(len);
	const size_t size = kist_literals_frame(kist_view_of(data, len), frame, room, with);

	ck_assert_uint_gt(size, 0);
	ck_assert_uint_eq(ZSTD_getFrameContentSize(frame, size), len);
	ck_assert_uint_eq(ZSTD_decompress(back, len, frame, size), len);
	ck_assert_int_eq(memcmp(data, back, len), 0);
	memset(back, 0, len);
	if (read_alone(frame, size, len))
		ck_assert_int_eq(memcmp(data, back, len), 0);
	return size;
}

/* Kinds of bytes: a few even ones, an exponent's, all with a slope, one with exceptions, digits, high ones, noise. */
#define KINDS 7

static void fill(int kind, size_t len, uint32_t seed)
{
	fill_noise(data, len, seed);
	for (size_t i = 0; i < len; i++) {
		const uint8_t x = data[i];
		const uint8_t exponent = (uint8_t)(120 - (x ? __builtin_ctz(x) : 8));
		const uint8_t of_kind[KINDS] = { (uint8_t)(x % 5),
						 exponent,
						 (uint8_t)(x * x / 255 * x / 255),
						 x < 250 ? 7 : x,
						 (uint8_t)('0' + x % 10),
						 (uint8_t)(255 - x % 3 * (x % 7)),
						 x };

		data[i] = of_kind[kind];
	}
}

START_TEST(every_short_length_comes_back)
{
	for (size_t len = 1; len < 1200; len++) {
		fill(_i, len, (uint32_t)len);
		(void)round_trip(len, (enum kist_huffman_with)(len % 3));
	}
}
END_TEST

static const size_t lens[] = { 4000, 16383, 16384, 131071, 131072, 131073, 262144, 300001, 1 << 20, LEN };

START_TEST(long_streams_come_back)
{
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		fill(_i, lens[i], (uint32_t)i);
		(void)round_trip(lens[i], (enum kist_huffman_with)(i % 3));
	}
}
END_TEST

START_TEST(a_frame_is_about_as_small_as_entropy_says)
{
	/* Half the bytes are one value, a quarter another...: two bits each. */
	fill(1, 1 << 20, 3);
	ck_assert_uint_lt(round_trip(1 << 20, KIST_HUFFMAN_ANY), (1 << 18) * 101 / 100);
	/* Ten digits: 3.32 bits by entropy, 3.4 by a code. */
	fill(4, 1 << 20, 3);
	ck_assert_uint_lt(round_trip(1 << 20, KIST_HUFFMAN_ANY), (1 << 20) * 35 / 80);
	/* Nothing is gained, and what the blocks' headers take is all that is lost. */
	fill(6, 1 << 20, 3);
	ck_assert_uint_eq(round_trip(1 << 20, KIST_HUFFMAN_ANY), kist_codec_stored_size(1 << 20));
}
END_TEST

START_TEST(each_block_is_written_in_its_own_way)
{
	const size_t block = 131072;
	size_t size;

	fill(1, 3 * block, 4);
	memset(data, 9, block);
	fill_noise(data + 2 * block, block, 4);
	size = round_trip(3 * block, KIST_HUFFMAN_ANY);
	ck_assert_uint_gt(size, 9 + 4 + block / 4 + 3 + block - 1000);
	ck_assert_uint_lt(size, 9 + 4 + block / 4 + 3 + block + 1000);
}
END_TEST

START_TEST(a_frame_that_does_not_fit_is_not_written)
{
	for (int kind = 0; kind < KINDS; kind++) {
		size_t size;

		fill(kind, 3000, 8);
		size = round_trip(3000, KIST_HUFFMAN_ANY);
		for (size_t room = 0; room <= size; room += room + 30 < size ? 1 + room / 9 : 1) {
			uint8_t *const to = malloc(room + 1);

			to[room] = 0xee;
			ck_assert_uint_eq(
				kist_literals_frame(kist_view_of(data, 3000), to, room, KIST_HUFFMAN_ANY),
				room < size ? 0 : size);
			ck_assert_uint_eq(to[room], 0xee);
			free(to);
		}
	}
}
END_TEST

START_TEST(blocks_with_short_codes_are_read_without_zstd)
{
	size_t size;

	for (int kind = 0; kind < KINDS; kind++) {
		fill(kind, 300000, 5);
		size = round_trip(300000, KIST_HUFFMAN_ANY);
		/* Noise is raw blocks; but of numbers that have 5 bits and more each none gains. */
		ck_assert_int_eq(read_alone(frame, size, 300000), kind != 2);
	}
}
END_TEST

START_TEST(a_frame_that_zstd_wrote_is_read_the_same)
{
	for (int kind = 0; kind < KINDS; kind++) {
		for (size_t len = 300; len < 200000; len = len * 3 + 1) {
			size_t size;

			fill(kind, len, (uint32_t)len);
			size = ZSTD_compress(frame, kist_codec_stored_size(LEN), data, len, 1);
			ck_assert(!ZSTD_isError(size));
			if (read_alone(frame, size, len))
				ck_assert_int_eq(memcmp(data, back, len), 0);
		}
	}
}
END_TEST

/* What is read without zstd is what zstd reads: there are no two truths about any bytes. */
START_TEST(damaged_frames_are_read_as_zstd_reads_them_or_refused)
{
	uint32_t seed = 3;
	size_t size;
	size_t agreed = 0;

	fill(_i, 5000, 7);
	size = round_trip(5000, KIST_HUFFMAN_ANY);
	for (size_t round = 0; round < 20000; round++) {
		size_t at;
		uint8_t was;

		seed = seed * 1664525u + 1013904223u;
		/* Most of them in the headers, where there is most to get wrong. */
		at = seed >> 31 ? (seed >> 8) % size : (seed >> 8) % 80 % size;
		was = frame[at];
		frame[at] ^= (uint8_t)(1u << (seed >> 28 & 7));
		if (read_alone(frame, size, 5000)) {
			uint8_t *const other = malloc(5000);

			ck_assert_uint_eq(ZSTD_decompress(other, 5000, frame, size), 5000);
			ck_assert_int_eq(memcmp(other, back, 5000), 0);
			free(other);
			agreed++;
		}
		frame[at] = was;
		ck_assert(!read_alone(frame, (seed >> 4) % size, 5000));
	}
	ck_assert(_i == 2 || agreed > 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("literals");

	tcase_add_checked_fixture(tests, take_rooms, free_rooms);
	tcase_add_loop_test(tests, every_short_length_comes_back, 0, KINDS);
	tcase_add_loop_test(tests, long_streams_come_back, 0, KINDS);
	tcase_add_test(tests, a_frame_is_about_as_small_as_entropy_says);
	tcase_add_test(tests, each_block_is_written_in_its_own_way);
	tcase_add_test(tests, a_frame_that_does_not_fit_is_not_written);
	tcase_add_test(tests, blocks_with_short_codes_are_read_without_zstd);
	tcase_add_test(tests, a_frame_that_zstd_wrote_is_read_the_same);
	tcase_add_loop_test(tests, damaged_frames_are_read_as_zstd_reads_them_or_refused, 0, KINDS);
	return suite_run(tests, "literals");
}
