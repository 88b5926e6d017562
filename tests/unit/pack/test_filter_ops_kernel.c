/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "pack/filter_ops_kernel.h"

#define COUNT_MAX 150
#define SIZE	  (8 * (COUNT_MAX + 40))

static uint8_t from[SIZE + 8];
static uint8_t other[SIZE + 8];
static uint8_t expected[SIZE + 8];
static uint8_t actual[SIZE + 8];

static void fill(uint32_t seed)
{
	fill_noise(from, sizeof(from), seed);
	fill_noise(other, sizeof(other), seed + 1);
	fill_noise(expected, sizeof(expected), seed + 2);
	memcpy(actual, expected, sizeof(actual));
}

static void same(void)
{
	ck_assert_mem_eq(expected, actual, sizeof(actual));
}

typedef void (*pairwise)(const uint8_t *, const uint8_t *, uint8_t *, size_t);
typedef void (*single)(const uint8_t *, uint8_t *, size_t);

/* All operations of one width and count, at a place that is not aligned; nothing else may be written. */
static void compare(const struct kist_filter_ops *ops, int log, size_t count, size_t shift)
{
	const struct kist_filter_ops *const scalar = &kist_filter_ops_scalar;
	const pairwise pairs[][2] = { { scalar->minus[log], ops->minus[log] },
				      { scalar->plus[log], ops->plus[log] },
				      { scalar->minus_keys[log], ops->minus_keys[log] },
				      { scalar->plus_keys[log], ops->plus_keys[log] } };
	const single singles[][2] = { { scalar->rotate[log], ops->rotate[log] },
				      { scalar->unrotate[log], ops->unrotate[log] },
				      { scalar->transpose, ops->transpose } };
	static const size_t distances[] = { 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31 };

	for (size_t k = 0; k < 4; k++) {
		pairs[k][0](from + shift, other + shift / 2, expected + shift, count);
		pairs[k][1](from + shift, other + shift / 2, actual + shift, count);
		same();
	}
	for (size_t k = 0; k < 3; k++) {
		singles[k][0](from + shift, expected + shift, count);
		singles[k][1](from + shift, actual + shift, count);
		same();
	}
	for (size_t k = 0; k < sizeof(distances) / sizeof(distances[0]); k++) {
		const size_t before = distances[k] << log;

		if (count == 0)
			continue;
		scalar->sum[log](from, expected + shift + before, count, distances[k]);
		ops->sum[log](from, actual + shift + before, count, distances[k]);
		same();
	}
	scalar->split[log](from + shift, count, expected + shift, count + 3);
	ops->split[log](from + shift, count, actual + shift, count + 3);
	same();
	scalar->merge[log](from + shift, count + 2, expected + shift, count);
	ops->merge[log](from + shift, count + 2, actual + shift, count);
	same();
}

START_TEST(every_instruction_set_gives_the_same_bytes)
{
	if (!kist_filter_supports((enum kist_filter_target)_i))
		return;
	for (size_t count = 0; count <= COUNT_MAX; count++) {
		for (int log = 0; log < KIST_FILTER_WIDTHS; log++) {
			fill((uint32_t)(count * 7 + (size_t)log));
			compare(kist_filter_ops_of((enum kist_filter_target)_i), log, count, count % 8);
		}
	}
}
END_TEST

START_TEST(words_are_mapped_as_the_format_says)
{
	const struct kist_filter_ops *const ops = kist_filter_ops_best();
	static const struct {
		uint16_t word;
		uint16_t other;
		uint16_t minus;
		uint16_t minus_keys;
		uint16_t rotated;
	} rows[] = {
		{ 0, 0, 0, 0, 0 },
		{ 1, 0, 2, 2, 2 },
		{ 0, 1, 1, 1, 0 },
		{ 0x8000, 0, 0xffff, 1, 1 },
		{ 0, 0x8000, 0xffff, 2, 0 },
		{ 0x7fff, 0x8000, 1, 0xffff, 0xfffe },
		{ 0x3f80, 0x3f7f, 2, 2, 0x7f00 },
		{ 0xbf80, 0xbf7f, 2, 1, 0x7f01 },
		{ 0xffff, 0xffff, 0, 0, 0xffff },
		{ 0x7fc0, 0x7f80, 0x80, 0x80, 0xff80 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t *const word = (const uint8_t *)&rows[i].word;
		const uint8_t *const base = (const uint8_t *)&rows[i].other;
		uint16_t out;

		ops->minus[1](word, base, (uint8_t *)&out, 1);
		ck_assert_uint_eq(out, rows[i].minus);
		ops->minus_keys[1](word, base, (uint8_t *)&out, 1);
		ck_assert_uint_eq(out, rows[i].minus_keys);
		ops->rotate[1](word, (uint8_t *)&out, 1);
		ck_assert_uint_eq(out, rows[i].rotated);
	}
}
END_TEST

/* Every bf16 and f16, NaNs with their payloads, -0 and subnormals among them, against such bases. */
START_TEST(all_words_of_two_bytes_come_back_from_every_map)
{
	static const uint16_t bases[] = { 0,	  1,	  0x7fff, 0x8000, 0x8001, 0xffff, 0x3f80,
					  0xbf80, 0x7f80, 0xff81, 0x7fc1, 0x0080, 0x007f, 0x1234 };
	static uint16_t words[65536];
	static uint16_t base[65536];
	static uint16_t mapped[65536];
	static uint16_t back[65536];
	uint8_t *const to = (uint8_t *)mapped;
	uint8_t *const end = (uint8_t *)back;

	if (!kist_filter_supports((enum kist_filter_target)_i))
		return;
	const struct kist_filter_ops *const ops = kist_filter_ops_of((enum kist_filter_target)_i);

	for (size_t i = 0; i < 65536; i++)
		words[i] = (uint16_t)i;
	for (size_t k = 0; k < sizeof(bases) / sizeof(bases[0]); k++) {
		for (size_t i = 0; i < 65536; i++)
			base[i] = bases[k];
		ops->minus[1]((const uint8_t *)words, (const uint8_t *)base, to, 65536);
		ops->plus[1](to, (const uint8_t *)base, end, 65536);
		ck_assert_mem_eq(words, back, sizeof(words));
		ops->minus_keys[1]((const uint8_t *)words, (const uint8_t *)base, to, 65536);
		ops->plus_keys[1](to, (const uint8_t *)base, end, 65536);
		ck_assert_mem_eq(words, back, sizeof(words));
	}
	ops->rotate[1]((const uint8_t *)words, to, 65536);
	ops->unrotate[1](to, end, 65536);
	ck_assert_mem_eq(words, back, sizeof(words));
}
END_TEST

START_TEST(bits_are_transposed)
{
	static const uint8_t rows[8] = { 1, 2, 4, 8, 16, 32, 64, 128 };
	static const uint8_t first[8] = { 0xff, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t column[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	uint8_t out[8];

	kist_filter_ops_best()->transpose(rows, out, 1);
	ck_assert_mem_eq(out, rows, 8);
	kist_filter_ops_best()->transpose(first, out, 1);
	ck_assert_mem_eq(out, column, 8);
}
END_TEST

START_TEST(the_best_target_is_one_that_is_supported)
{
	ck_assert(kist_filter_supports(KIST_FILTER_SCALAR));
	ck_assert(!kist_filter_supports(KIST_FILTER_TARGET_COUNT));
	ck_assert_ptr_nonnull(kist_filter_ops_best());
	for (int i = KIST_FILTER_TARGET_COUNT - 1; i >= 0; i--) {
		if (kist_filter_supports((enum kist_filter_target)i)) {
			ck_assert_ptr_eq(kist_filter_ops_best(),
					 kist_filter_ops_of((enum kist_filter_target)i));
			break;
		}
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("filter_ops_kernel");

	tcase_add_loop_test(tests, every_instruction_set_gives_the_same_bytes, 0, KIST_FILTER_TARGET_COUNT);
	tcase_add_test(tests, words_are_mapped_as_the_format_says);
	tcase_add_loop_test(tests, all_words_of_two_bytes_come_back_from_every_map, 0,
			    KIST_FILTER_TARGET_COUNT);
	tcase_add_test(tests, bits_are_transposed);
	tcase_add_test(tests, the_best_target_is_one_that_is_supported);
	return suite_run(tests, "filter_ops_kernel");
}
