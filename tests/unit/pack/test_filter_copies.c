/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "pack/filter_copies.h"

#define LEN_MAX ((size_t)200000)
#define ROOM	(2 * LEN_MAX)

static uint32_t table[KIST_FILTER_COPIES_TABLE];
static uint8_t base[LEN_MAX];
static uint8_t raw[ROOM];
static uint8_t filtered[ROOM];
static uint8_t back[ROOM];
static uint32_t copies;
static uint32_t fresh;

static bool forward(size_t len, size_t base_len)
{
	return kist_filter_copies_forward(kist_view_of(raw, len), kist_view_of(base, base_len), table, len,
					  filtered, &copies, &fresh);
}

/* There and back; how many filtered bytes there are. */
static size_t both_ways(size_t len, size_t base_len)
{
	ck_assert(forward(len, base_len));
	memset(back, 0x55, sizeof(back));
	ck_assert(kist_filter_copies_back(filtered, copies, fresh, kist_view_of(base, base_len), back, len));
	ck_assert_int_eq(memcmp(back, raw, len), 0);
	ck_assert_uint_eq(back[len], 0x55);
	return copies * KIST_FILTER_COPY_SIZE + fresh;
}

START_TEST(the_base_itself_is_one_copy)
{
	fill_noise(base, LEN_MAX, 1);
	memcpy(raw, base, LEN_MAX);
	ck_assert_uint_eq(both_ways(LEN_MAX, LEN_MAX), KIST_FILTER_COPY_SIZE);
	ck_assert_uint_eq(copies, 1);
	/* A stretch of it, wherever it begins. */
	memcpy(raw, base + 777, 1001);
	ck_assert_uint_eq(both_ways(1001, LEN_MAX), KIST_FILTER_COPY_SIZE);
}
END_TEST

START_TEST(what_is_put_in_or_taken_out_costs_itself_and_a_copy)
{
	fill_noise(base, LEN_MAX, 2);
	fill_noise(raw, ROOM, 3);
	memcpy(raw, base, 50001);
	memcpy(raw + 50037, base + 50001, LEN_MAX - 50001);
	ck_assert_uint_eq(both_ways(LEN_MAX + 36, LEN_MAX), 2 * KIST_FILTER_COPY_SIZE + 36);
	memcpy(raw + 50001, base + 50100, LEN_MAX - 50100);
	ck_assert_uint_eq(both_ways(LEN_MAX - 99, LEN_MAX), 2 * KIST_FILTER_COPY_SIZE);
	/* The order may change: a copy from before the last one. */
	memcpy(raw, base + 100000, 100000);
	memcpy(raw + 100000, base, 100000);
	ck_assert_uint_eq(both_ways(LEN_MAX, LEN_MAX), 2 * KIST_FILTER_COPY_SIZE);
	/* At either end. */
	fill_noise(raw, ROOM, 4);
	memcpy(raw + 40, base, 1000);
	ck_assert_uint_eq(both_ways(1060, LEN_MAX), KIST_FILTER_COPY_SIZE + 60);
}
END_TEST

START_TEST(any_edits_come_back)
{
	uint32_t dice[3 * 64];

	fill_noise(base, LEN_MAX, 5);
	for (uint32_t seed = 0; seed < 200; seed++) {
		const size_t base_len = 100 + seed * 97;
		size_t len = base_len;

		fill_noise((uint8_t *)dice, sizeof(dice), seed);
		memcpy(raw, base, base_len);
		for (size_t i = 0; i < 3 * (seed % 20); i += 3) {
			const size_t at = dice[i] % len;
			const size_t change = dice[i + 1] % 60;

			if (dice[i + 2] % 3 == 0 && len > at + change) {
				memmove(raw + at, raw + at + change, len - at - change);
				len -= change;
			} else if (dice[i + 2] % 3 == 1 && len + change < ROOM) {
				memmove(raw + at + change, raw + at, len - at);
				len += change;
			} else {
				raw[at] ^= 0x80;
			}
		}
		if (forward(len, base_len))
			(void)both_ways(len, base_len);
	}
}
END_TEST

START_TEST(bytes_that_the_base_does_not_have_are_refused)
{
	fill_noise(base, LEN_MAX, 6);
	fill_noise(raw, LEN_MAX, 7);
	ck_assert(!forward(LEN_MAX, LEN_MAX));
	/* Too short to be found. */
	memcpy(raw, base, KIST_FILTER_COPY_MIN);
	ck_assert(!forward(KIST_FILTER_COPY_MIN - 1, LEN_MAX));
	ck_assert(!forward(LEN_MAX, KIST_FILTER_COPY_MIN - 1));
	ck_assert(forward(KIST_FILTER_COPY_MIN, KIST_FILTER_COPY_MIN));
}
END_TEST

START_TEST(no_more_than_the_limit_is_written)
{
	fill_noise(base, LEN_MAX, 8);
	memcpy(raw, base, LEN_MAX);
	for (size_t at = 500; at < LEN_MAX; at += 1000)
		raw[at] ^= 1;
	ck_assert_uint_gt(both_ways(LEN_MAX, LEN_MAX), 2000);
	for (size_t limit = 0; limit < copies * KIST_FILTER_COPY_SIZE + fresh; limit += 7) {
		filtered[limit] = 0x77;
		ck_assert(!kist_filter_copies_forward(kist_view_of(raw, LEN_MAX), kist_view_of(base, LEN_MAX),
						      table, limit, filtered, &copies, &fresh));
		ck_assert_uint_eq(filtered[limit], 0x77);
	}
}
END_TEST

/* Of u32: a copy of @same bytes from @start on behind @add fresh ones; 100 fresh bytes follow. */
static bool take(uint32_t add, uint32_t start, uint32_t same, uint32_t with, size_t len)
{
	const uint32_t copy[3] = { add, start, same };

	memcpy(filtered, copy, sizeof(copy));
	memset(filtered + sizeof(copy), 'f', 100);
	memset(back, 0x55, sizeof(back));
	if (!kist_filter_copies_back(filtered, 1, with, kist_view_of(base, 1000), back, len))
		return false;
	ck_assert_uint_eq(back[len], 0x55);
	return true;
}

START_TEST(copies_that_do_not_fit_are_refused)
{
	ck_assert(take(10, 0, 1000, 10, 1010));
	ck_assert(take(10, 1000, 0, 10, 10));
	ck_assert(take(0, 0, 50, 100, 150));
	ck_assert(!take(10, 0, 1001, 10, 1011));
	ck_assert(!take(10, 1, 1000, 10, 1010));
	ck_assert(!take(10, 1001, 0, 10, 10));
	ck_assert(!take(10, UINT32_MAX, 2, 10, 12));
	ck_assert(!take(10, 0, UINT32_MAX, 10, 9));
	ck_assert(!take(UINT32_MAX, 0, 10, 10, 9));
	ck_assert(!take(11, 0, 50, 10, 61));
	ck_assert(!take(10, 0, 50, 10, 59));
	ck_assert(!take(10, 0, 50, 10, 61));
	ck_assert(!take(10, 0, 50, 10, 9));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("filter_copies");

	tcase_add_test(tests, the_base_itself_is_one_copy);
	tcase_add_test(tests, what_is_put_in_or_taken_out_costs_itself_and_a_copy);
	tcase_add_test(tests, any_edits_come_back);
	tcase_add_test(tests, bytes_that_the_base_does_not_have_are_refused);
	tcase_add_test(tests, no_more_than_the_limit_is_written);
	tcase_add_test(tests, copies_that_do_not_fit_are_refused);
	return suite_run(tests, "filter_copies");
}
