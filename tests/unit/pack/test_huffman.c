/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "pack/huffman_read.h"

#define LEN KIST_HUFFMAN_LEN_MAX

static uint8_t data[LEN];
static struct kist_huffman_counts counts;
static struct kist_huffman_code code;

/* How much of all codes' space these take, in units of the longest that may be. */
static uint32_t space_of(const struct kist_huffman_code *of)
{
	uint32_t space = 0;

	for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++)
		space += of->lengths[i] > 0 ? 1u << (KIST_HUFFMAN_BITS_MAX - of->lengths[i]) : 0;
	return space;
}

/* As many of each byte as @often says, times @times. */
static void set_counts(const uint32_t *often, size_t count)
{
	memset(&counts, 0, sizeof(counts));
	for (size_t i = 0; i < count; i++)
		counts.of[i % KIST_HUFFMAN_STREAMS][i] = often[i];
}

START_TEST(every_byte_of_each_quarter_is_counted)
{
	const size_t lens[] = { 16, 17, 31, 64, 65, 257, 1000, 4099, LEN - 1, LEN };

	fill_noise(data, LEN, 7);
	for (size_t l = 0; l < sizeof(lens) / sizeof(lens[0]); l++) {
		struct kist_huffman_counts expected = { { { 0 } } };
		const uint8_t *at = data;

		for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++) {
			for (size_t i = 0; i < kist_huffman_quarter(lens[l], q); i++)
				expected.of[q][*at++]++;
		}
		ck_assert_uint_eq((size_t)(at - data), lens[l]);
		kist_huffman_count(data, lens[l], &counts);
		ck_assert_mem_eq(&counts, &expected, sizeof(counts));
	}
}
END_TEST

START_TEST(codes_are_complete_and_short_enough)
{
	uint32_t often[KIST_HUFFMAN_SYMBOLS];
	uint32_t seed = 5;

	for (unsigned round = 0; round < 2000; round++) {
		const size_t count = 2 + round % (KIST_HUFFMAN_SYMBOLS - 1);

		for (size_t i = 0; i < count; i++) {
			seed = seed * 1664525u + 1013904223u;
			often[i] = 1 + (seed >> 8) % (1u << (seed >> 28));
		}
		set_counts(often, count);
		ck_assert(kist_huffman_make(&counts, &code));
		ck_assert_uint_eq(space_of(&code), 1u << KIST_HUFFMAN_BITS_MAX);
		ck_assert_uint_le(code.longest, KIST_HUFFMAN_BITS_MAX);
		ck_assert_uint_eq(code.last, count - 1);
	}
}
END_TEST

START_TEST(what_is_frequent_has_the_shorter_code)
{
	const uint32_t often[] = { 1, 1, 2, 4, 8, 16 };

	set_counts(often, 6);
	ck_assert(kist_huffman_make(&counts, &code));
	ck_assert_mem_eq(code.lengths, ((const uint8_t[]){ 5, 5, 4, 3, 2, 1 }), 6);
	ck_assert_uint_eq(code.longest, 5);
}
END_TEST

START_TEST(a_code_that_would_be_too_long_is_cut)
{
	uint32_t often[24] = { 1, 1 };
	size_t bits = 0;

	/* Each as frequent as all before it: without a limit the longest code has 23 bits. */
	for (size_t i = 2; i < 17; i++)
		often[i] = often[i - 1] + often[i - 2];
	set_counts(often, 17);
	ck_assert(kist_huffman_make(&counts, &code));
	ck_assert_uint_eq(code.longest, KIST_HUFFMAN_BITS_MAX);
	ck_assert_uint_eq(space_of(&code), 1u << KIST_HUFFMAN_BITS_MAX);
	for (size_t i = 0; i < 17; i++) {
		bits += often[i] * code.lengths[i];
		ck_assert(i == 0 || code.lengths[i] <= code.lengths[i - 1]);
	}
	/* 2.6 bits each, and little more. */
	ck_assert_uint_le(bits, 4180 * 27 / 10);
}
END_TEST

START_TEST(one_byte_alone_has_no_code)
{
	const uint32_t often[] = { 0, 0, 9 };

	set_counts(often, 3);
	ck_assert(!kist_huffman_make(&counts, &code));
	set_counts(often, 2);
	ck_assert(!kist_huffman_make(&counts, &code));
}
END_TEST

START_TEST(codes_of_many_equal_bytes_have_no_description)
{
	uint32_t often[KIST_HUFFMAN_SYMBOLS];
	uint8_t table[KIST_HUFFMAN_TABLE_MAX];

	for (size_t i = 0; i < KIST_HUFFMAN_SYMBOLS; i++)
		often[i] = 3;
	set_counts(often, KIST_HUFFMAN_SYMBOLS);
	ck_assert(kist_huffman_make(&counts, &code));
	ck_assert_uint_eq(kist_huffman_describe(&code, table), 0);
	/* Up to 128 of them their weights are written as they are. */
	set_counts(often, 128);
	ck_assert(kist_huffman_make(&counts, &code));
	ck_assert_uint_eq(kist_huffman_describe(&code, table), 1 + 64);
	ck_assert_uint_eq(table[0], 127 + 127);
	ck_assert_uint_eq(table[1], 0x11);
}
END_TEST

START_TEST(streams_are_the_same_on_every_processor)
{
	static uint8_t one[2 * LEN];
	static uint8_t other[2 * LEN];
	const size_t lens[] = {
		16, 100, 255, 256, 260, 300, 1023, 5000, 8200, 8704, 9001, 50000, LEN - 3, LEN
	};

	fill_noise(data, LEN, 9);
	/* Codes of two bits and of eleven, and in the second round all of eight. */
	for (size_t i = 0; i < LEN && _i == 0; i++)
		data[i] = (uint8_t)(data[i] & data[(i + 1) % LEN] & data[(i + 7) % LEN]);
	for (size_t l = 0; l < sizeof(lens) / sizeof(lens[0]); l++) {
		size_t sizes[KIST_HUFFMAN_STREAMS];
		size_t all = 0;

		kist_huffman_count(data, lens[l], &counts);
		ck_assert(kist_huffman_make(&counts, &code));
		kist_huffman_sizes(&counts, &code, sizes);
		for (size_t q = 0; q < KIST_HUFFMAN_STREAMS; q++)
			all += sizes[q];
		memset(one, 0xee, sizeof(one));
		kist_huffman_write(data, lens[l], &code, sizes, one, KIST_HUFFMAN_PLAIN);
		ck_assert_uint_eq(one[all], 0xee);
		for (int with = KIST_HUFFMAN_BMI2; with <= KIST_HUFFMAN_VBMI; with++) {
			memset(other, 0xee, sizeof(other));
			kist_huffman_write(data, lens[l], &code, sizes, other, (enum kist_huffman_with)with);
			ck_assert_mem_eq(one, other, sizeof(one));
		}
		/* Each stream ends with its bit 1. */
		for (size_t q = 0, at = 0; q < KIST_HUFFMAN_STREAMS; q++) {
			at += sizes[q];
			ck_assert_uint_gt(one[at - 1], 0);
		}
	}
}
END_TEST

START_TEST(what_was_written_is_read)
{
	static struct kist_huffman_reader reader;
	static uint8_t streams[2 * LEN];
	static uint8_t back[LEN + 1];
	uint8_t table[KIST_HUFFMAN_TABLE_MAX];
	size_t sizes[KIST_HUFFMAN_STREAMS];
	size_t size;

	/* From one bit a byte to six, and codes of all lengths. */
	for (unsigned round = 0; round < 60; round++) {
		const size_t len = 200 + round * round * 36;

		fill_noise(data, len, round);
		for (size_t i = 0; i < len; i++) {
			const unsigned x = data[i];
			const unsigned of_round[] = { x % (2 + round), 30u + (unsigned)__builtin_ctz(x | 256),
						      x * x / (200 + round) % 256 };

			data[i] = (uint8_t)of_round[round % 3];
		}
		kist_huffman_count(data, len, &counts);
		ck_assert(kist_huffman_make(&counts, &code));
		size = kist_huffman_describe(&code, table);
		ck_assert_uint_gt(size, 0);
		kist_huffman_sizes(&counts, &code, sizes);
		kist_huffman_write(data, len, &code, sizes, streams, KIST_HUFFMAN_ANY);
		ck_assert_uint_eq(kist_huffman_open(&reader, table, size), size);
		ck_assert_uint_eq(reader.longest, code.longest);
		back[len] = 0xee;
		/* So short a stream is left to zstd. */
		ck_assert_int_eq(kist_huffman_read(&reader, streams, sizes, back, len), sizes[3] >= 8);
		if (sizes[3] >= 8)
			ck_assert_mem_eq(back, data, len);
		ck_assert_uint_eq(back[len], 0xee);
		/* One byte more or less is not where the streams end. */
		ck_assert(!kist_huffman_read(&reader, streams, sizes, back, len - 4));
		for (size_t cut = 0; cut < size; cut++)
			ck_assert_uint_eq(kist_huffman_open(&reader, table, cut), 0);
	}
}
END_TEST

START_TEST(descriptions_of_no_complete_code_are_refused)
{
	static struct kist_huffman_reader reader;
	/* One of weight 1 and one of weight 3: what is left is no power of two.  Weights of 12 bits.  All 0.  None of 1. */
	const uint8_t wrong[][4] = { { 127 + 2, 0x13, 0, 0 },
				     { 127 + 2, 0xc1, 0, 0 },
				     { 127 + 2, 0, 0, 0 },
				     { 127 + 2, 0x22, 0, 0 } };
	/* Two of weight 1: the last one takes the half that is left. */
	const uint8_t right[] = { 127 + 2, 0x11 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_uint_eq(kist_huffman_open(&reader, wrong[i], 4), 0);
	ck_assert_uint_eq(kist_huffman_open(&reader, right, 2), 2);
	ck_assert_uint_eq(reader.longest, 2);
	ck_assert_uint_eq(kist_huffman_open(&reader, right, 0), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("huffman");

	tcase_add_test(tests, every_byte_of_each_quarter_is_counted);
	tcase_add_test(tests, codes_are_complete_and_short_enough);
	tcase_add_test(tests, what_is_frequent_has_the_shorter_code);
	tcase_add_test(tests, a_code_that_would_be_too_long_is_cut);
	tcase_add_test(tests, one_byte_alone_has_no_code);
	tcase_add_test(tests, codes_of_many_equal_bytes_have_no_description);
	tcase_add_loop_test(tests, streams_are_the_same_on_every_processor, 0, 2);
	tcase_add_test(tests, what_was_written_is_read);
	tcase_add_test(tests, descriptions_of_no_complete_code_are_refused);
	return suite_run(tests, "huffman");
}
