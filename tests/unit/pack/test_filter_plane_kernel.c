/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "pack/filter_plane_kernel.h"

#define COUNT_MAX ((size_t)5000)

static uint8_t plane[COUNT_MAX];
static uint8_t kept[COUNT_MAX];
static uint8_t packed[COUNT_MAX + 1];
static uint8_t back[COUNT_MAX + 1];
static uint8_t head[KIST_FILTER_PLANE_HEAD_MAX];

/* There and back, in any stretch; the bits. */
static unsigned both_ways(size_t count)
{
	uint32_t dice[64];
	size_t size;

	memcpy(kept, plane, count);
	memset(packed, 0x55, sizeof(packed));
	size = kist_filter_plane_pack(plane, count, head, packed);
	ck_assert_uint_eq(size, kist_filter_plane_size(head[0], count));
	ck_assert_uint_eq(packed[size], 0x55);
	memset(back, 0x55, sizeof(back));
	kist_filter_plane_unpack(head, packed, count, 0, count, back);
	ck_assert_mem_eq(back, kept, count);
	ck_assert_uint_eq(back[count], 0x55);
	fill_noise((uint8_t *)dice, sizeof(dice), (uint32_t)count);
	for (size_t i = 0; i < 64; i += 2) {
		const size_t at = dice[i] % count;
		const size_t some = dice[i + 1] % (count - at) + 1;

		memset(back, 0x55, sizeof(back));
		kist_filter_plane_unpack(head, packed, count, at, some, back);
		ck_assert_mem_eq(back, kept + at, some);
		ck_assert_uint_eq(back[some], 0x55);
	}
	return head[0];
}

/* @count bytes out of @bytes. */
static void fill(size_t count, const char *bytes, size_t of)
{
	fill_noise(plane, count, (uint32_t)(count * 31 + of));
	for (size_t i = 0; i < count; i++)
		plane[i] = (uint8_t)bytes[plane[i] % of];
	/* So that they are all there, where there is room for them. */
	for (size_t i = 0; i < of && i < count; i++)
		plane[i * count / of] = (uint8_t)bytes[i];
}

static const size_t counts[] = { 16, 17, 31, 63, 64, 65, 127, 255, 256, 1000, 4097, 5000 };
#define COUNTS (sizeof(counts) / sizeof(counts[0]))

START_TEST(bytes_take_as_few_bits_as_tell_them_apart)
{
	const size_t count = counts[_i];

	fill(count, "7", 1);
	ck_assert_uint_eq(both_ways(count), 0);
	fill(count, "\0", 1);
	ck_assert_uint_eq(both_ways(count), 0);
	fill(count, "\0001", 2);
	ck_assert_uint_eq(both_ways(count), 1);
	fill(count, "aZ", 2);
	ck_assert_uint_eq(both_ways(count), 1);
	fill(count, "0123", 4);
	ck_assert_uint_eq(both_ways(count), 2);
	fill(count, "\000123", 4);
	ck_assert_uint_eq(both_ways(count), 2);
	fill(count, "\0akz", 4);
	ck_assert_uint_eq(both_ways(count), 2);
	fill(count, "0123456789", 10);
	ck_assert_uint_eq(both_ways(count), 4);
	fill(count, "\0-./0123456789", 14);
	ck_assert_uint_eq(both_ways(count), 4);
	fill(count, "0123456789abcdef", 16);
	ck_assert_uint_eq(both_ways(count), 4);
	fill(count, "\0\1\2\3\4\5\xf0\xff", 8);
	ck_assert_uint_eq(both_ways(count), 4);
	fill(count, "0123456789abcdefg", count < 17 ? 16 : 17);
	ck_assert_uint_eq(both_ways(count), count < 17 ? 4 : 8);
}
END_TEST

START_TEST(a_plane_is_packed_where_it_stands)
{
	for (size_t i = 0; i < COUNTS; i++) {
		const size_t count = counts[i];
		size_t size;

		fill(count, "\0abcdefgh", 9);
		memcpy(kept, plane, count);
		size = kist_filter_plane_pack(plane, count, head, plane);
		ck_assert_uint_eq(head[0], 4);
		memcpy(packed, plane, size);
		kist_filter_plane_unpack(head, packed, count, 0, count, back);
		ck_assert_mem_eq(back, kept, count);
	}
}
END_TEST

START_TEST(other_bits_have_no_description)
{
	for (unsigned bits = 0; bits < 256; bits++) {
		const bool known = bits == 0 || bits == 1 || bits == 2 || bits == 4 || bits == 8;

		ck_assert_int_eq(kist_filter_plane_head_size((uint8_t)bits) > 0, known);
		ck_assert_uint_le(kist_filter_plane_head_size((uint8_t)bits), KIST_FILTER_PLANE_HEAD_MAX);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("filter_plane_kernel");

	tcase_add_loop_test(tests, bytes_take_as_few_bits_as_tell_them_apart, 0, COUNTS);
	tcase_add_test(tests, a_plane_is_packed_where_it_stands);
	tcase_add_test(tests, other_bits_have_no_description);
	return suite_run(tests, "filter_plane_kernel");
}
