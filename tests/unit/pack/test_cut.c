/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "pack/cut.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define NO  KIST_CUT_NO_PART

static const struct kist_cut_sizes usual = { KIST_CUT_SIZE_DEFAULT, KIST_CDC_AVERAGE_DEFAULT };

static uint8_t noise[12 * MIB];

/* The next chunk of an object of noise: what is opened, and what is left of it at the end. */
static bool next(struct kist_cut *cut, uint64_t *offset, size_t *len, size_t *owner)
{
	if (!kist_cut_next(cut, offset, len, owner))
		return false;
	*len = kist_cut_end(cut, kist_view_of(noise + *offset, *len));
	return true;
}

static void expect(uint64_t size, const struct kist_cut_part *parts, size_t count, const size_t *lens,
		   const size_t *owners, size_t chunks)
{
	struct kist_cut cut;
	uint64_t at = 0;
	uint64_t offset;
	size_t len;
	size_t owner;

	ck_assert_int_eq(kist_cut_init(&cut, usual, size, parts, count, NULL), KIST_OK);
	for (size_t i = 0; i < chunks; i++) {
		ck_assert(next(&cut, &offset, &len, &owner));
		ck_assert_uint_eq(offset, at);
		ck_assert_uint_eq(len, lens[i]);
		ck_assert_uint_eq(owner, owners[i]);
		at += len;
	}
	ck_assert(!next(&cut, &offset, &len, &owner));
	ck_assert_uint_eq(at, size);
}

START_TEST(no_bytes_are_no_chunks)
{
	const struct kist_cut_part empty = { 0, 0, 4 };

	expect(0, NULL, 0, NULL, NULL, 0);
	expect(0, &empty, 1, NULL, NULL, 0);
}
END_TEST

START_TEST(bytes_without_parts_are_one_chunk_while_they_are_few)
{
	const size_t sizes[] = { 1, MIB, MIB + 64 * KIB, 2 * MIB - 1 };
	const size_t owner = NO;

	for (size_t i = 0; i < 4; i++)
		expect(sizes[i], NULL, 0, &sizes[i], &owner, 1);
}
END_TEST

/* The chunks of the bytes from @at to @end by their content. */
static size_t by_content(uint64_t at, uint64_t end, size_t *lens)
{
	struct kist_cdc cdc;
	size_t count = 0;

	ck_assert_int_eq(kist_cdc_init(&cdc, KIST_CDC_AVERAGE_DEFAULT, NULL), KIST_OK);
	while (at < end) {
		ck_assert(kist_cdc_next(&cdc, kist_view_of(noise + at, end - at), true, &lens[count]));
		at += lens[count++];
	}
	return count;
}

START_TEST(many_bytes_without_parts_are_cut_by_their_content)
{
	const uint64_t sizes[] = { 2 * MIB, 2 * MIB + 1, 5 * MIB + 777, 12 * MIB };
	size_t lens[100];
	size_t owners[100];

	fill_noise(noise, sizeof(noise), 5);
	for (size_t i = 0; i < 100; i++)
		owners[i] = NO;
	for (size_t i = 0; i < 4; i++) {
		const size_t count = by_content(0, sizes[i], lens);

		ck_assert_uint_gt(count, 1);
		expect(sizes[i], NULL, 0, lens, owners, count);
	}
}
END_TEST

START_TEST(a_long_gap_is_cut_by_its_content_from_its_own_start)
{
	const struct kist_cut_part parts[] = { { 0, 100, 4 }, { 3 * MIB + 100, 40 * KIB, 4 } };
	size_t lens[100] = { 100 };
	size_t owners[100] = { 0 };
	size_t count;

	fill_noise(noise, sizeof(noise), 6);
	count = by_content(100, 3 * MIB + 100, lens + 1);
	for (size_t i = 1; i <= count; i++)
		owners[i] = NO;
	/* What follows is short, but joins no chunk of the gap. */
	lens[count + 1] = 40 * KIB;
	owners[count + 1] = 1;
	expect(3 * MIB + 100 + 40 * KIB, parts, 2, lens, owners, count + 2);
}
END_TEST

START_TEST(an_object_that_turns_out_shorter_ends_where_its_bytes_end)
{
	struct kist_cut cut;
	uint64_t offset;
	size_t len;

	memset(noise, 0, sizeof(noise));
	ck_assert_int_eq(kist_cut_init(&cut, usual, 4 * MIB, NULL, 0, NULL), KIST_OK);
	ck_assert(kist_cut_next(&cut, &offset, &len, NULL));
	ck_assert_uint_eq(len, 2 * MIB);
	ck_assert_uint_eq(kist_cut_end(&cut, kist_view_of(noise, 1)), 1);
}
END_TEST

START_TEST(a_short_head_is_a_chunk_of_its_own)
{
	const struct kist_cut_part part = { 128, 2 * MIB + 512 * KIB, 4 };
	const size_t lens[] = { 128, MIB, MIB, 512 * KIB };
	const size_t owners[] = { NO, 0, 0, 0 };

	expect(128 + part.len, &part, 1, lens, owners, 4);
}
END_TEST

START_TEST(the_cuts_of_a_part_do_not_depend_on_what_lies_before_it)
{
	for (uint64_t head = 0; head < 300 * KIB; head += 7777) {
		const struct kist_cut_part part = { head, 3 * MIB, 8 };
		struct kist_cut cut;
		uint64_t offset;
		size_t len;
		size_t seen = 0;

		ck_assert_int_eq(kist_cut_init(&cut, usual, head + part.len, &part, 1, NULL), KIST_OK);
		while (next(&cut, &offset, &len, NULL))
			seen += offset == head || offset == head + MIB || offset == head + 2 * MIB;
		ck_assert_uint_eq(seen, 3);
	}
}
END_TEST

START_TEST(a_cut_falls_between_elements)
{
	const struct kist_cut_part part = { 0, 3 * MIB, 12 };
	const size_t step = MIB - MIB % 12;
	const size_t lens[] = { step, step, 3 * MIB - 2 * step };
	const size_t owners[] = { 0, 0, 0 };

	expect(3 * MIB, &part, 1, lens, owners, 3);
}
END_TEST

START_TEST(short_parts_are_gathered)
{
	/* Five of 15 KiB make one chunk; 10 KiB at the end another. */
	struct kist_cut_part parts[6];
	const size_t lens[] = { 75 * KIB, 10 * KIB };
	const size_t owners[] = { 4, 5 };

	for (size_t i = 0; i < 6; i++)
		parts[i] = (struct kist_cut_part){ i * 15 * KIB, (i < 5 ? 15 : 10) * KIB, 4 };
	expect(85 * KIB, parts, 6, lens, owners, 2);
}
END_TEST

START_TEST(a_part_of_16_kib_keeps_its_chunk_to_itself_whatever_lies_around_it)
{
	/* Side by side, with something short between, and with a short part before and behind. */
	const struct kist_cut_part parts[] = { { 0, 16 * KIB, 4 },
					       { 16 * KIB, 40 * KIB, 4 },
					       { 56 * KIB + 200, 16 * KIB, 4 },
					       { 72 * KIB + 200, 16 * KIB - 1, 1 },
					       { 88 * KIB + 199, 16 * KIB, 4 } };
	const size_t lens[] = { 16 * KIB, 40 * KIB, 200, 16 * KIB, 16 * KIB - 1, 16 * KIB, 7 };
	const size_t owners[] = { 0, 1, NO, 2, 3, 4, NO };

	expect(104 * KIB + 206, parts, 5, lens, owners, 7);
}
END_TEST

START_TEST(an_object_of_less_than_64_kib_is_one_chunk_with_parts_of_any_size)
{
	const struct kist_cut_part parts[] = { { 128, 20 * KIB, 4 }, { 128 + 20 * KIB, 40 * KIB, 4 } };
	const size_t lens[] = { 60 * KIB + 128 };
	const size_t owners[] = { 1 };

	expect(60 * KIB + 128, parts, 2, lens, owners, 1);
}
END_TEST

START_TEST(a_gap_between_long_parts_is_a_chunk_of_its_own)
{
	const struct kist_cut_part parts[] = { { 0, MIB, 4 }, { MIB + 100, MIB, 4 } };
	const size_t lens[] = { MIB, 100, MIB, 50 };
	const size_t owners[] = { 0, NO, 1, NO };

	expect(2 * MIB + 150, parts, 2, lens, owners, 4);
}
END_TEST

START_TEST(the_longest_chunk_fits_and_all_bytes_are_covered)
{
	for (uint32_t typed = KIST_CUT_SIZE_MIN; typed <= KIST_CUT_SIZE_MAX; typed += 123457) {
		const struct kist_cut_part part = { 64 * KIB - 1, 9 * MIB + 12345, 3 };
		const struct kist_cut_sizes sizes = { typed, KIST_CDC_AVERAGE_MAX };
		struct kist_cut cut;
		uint64_t at = 0;
		uint64_t offset;
		size_t len;

		ck_assert_int_eq(kist_cut_init(&cut, sizes, 12 * MIB, &part, 1, NULL), KIST_OK);
		while (next(&cut, &offset, &len, NULL)) {
			ck_assert_uint_eq(offset, at);
			ck_assert_uint_le(len, KIST_CHUNK_SIZE_MAX);
			at += len;
		}
		ck_assert_uint_eq(at, 12 * MIB);
	}
}
END_TEST

START_TEST(what_cannot_be_cut_is_refused)
{
	const struct kist_cut_part past = { 10, 91, 1 };
	const struct kist_cut_part wraps = { 10, UINT64_MAX, 1 };
	const struct kist_cut_part order[] = { { 50, 10, 1 }, { 40, 10, 1 } };
	const struct kist_cut_part overlap[] = { { 0, 11, 1 }, { 10, 10, 1 } };
	const struct kist_cut_sizes sizes[] = { { KIST_CUT_SIZE_MIN - 1, KIST_CDC_AVERAGE_DEFAULT },
						{ KIST_CUT_SIZE_MAX + 1, KIST_CDC_AVERAGE_DEFAULT },
						{ KIST_CUT_SIZE_DEFAULT, KIST_CUT_SIZE_MIN / 2 },
						{ KIST_CUT_SIZE_DEFAULT, 2 * KIST_CDC_AVERAGE_MAX },
						{ KIST_CUT_SIZE_DEFAULT, KIST_CDC_AVERAGE_DEFAULT + 1 } };
	struct kist_cut cut;

	ck_assert_int_eq(kist_cut_init(&cut, usual, 100, &past, 1, NULL), KIST_INVALID);
	ck_assert_int_eq(kist_cut_init(&cut, usual, 100, &wraps, 1, NULL), KIST_INVALID);
	ck_assert_int_eq(kist_cut_init(&cut, usual, 100, order, 2, NULL), KIST_INVALID);
	ck_assert_int_eq(kist_cut_init(&cut, usual, 100, overlap, 2, NULL), KIST_INVALID);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		ck_assert_int_eq(kist_cut_init(&cut, sizes[i], 100, NULL, 0, NULL), KIST_INVALID);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("cut");

	tcase_add_test(tests, no_bytes_are_no_chunks);
	tcase_add_test(tests, bytes_without_parts_are_one_chunk_while_they_are_few);
	tcase_add_test(tests, many_bytes_without_parts_are_cut_by_their_content);
	tcase_add_test(tests, a_long_gap_is_cut_by_its_content_from_its_own_start);
	tcase_add_test(tests, an_object_that_turns_out_shorter_ends_where_its_bytes_end);
	tcase_add_test(tests, a_short_head_is_a_chunk_of_its_own);
	tcase_add_test(tests, the_cuts_of_a_part_do_not_depend_on_what_lies_before_it);
	tcase_add_test(tests, a_cut_falls_between_elements);
	tcase_add_test(tests, short_parts_are_gathered);
	tcase_add_test(tests, a_part_of_16_kib_keeps_its_chunk_to_itself_whatever_lies_around_it);
	tcase_add_test(tests, an_object_of_less_than_64_kib_is_one_chunk_with_parts_of_any_size);
	tcase_add_test(tests, a_gap_between_long_parts_is_a_chunk_of_its_own);
	tcase_add_test(tests, the_longest_chunk_fits_and_all_bytes_are_covered);
	tcase_add_test(tests, what_cannot_be_cut_is_refused);
	return suite_run(tests, "cut");
}
