/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <zstd.h>

START_TEST(any_zstd_decodes_a_pack_to_its_chunks_in_order)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
	char expected[512] = "";
	char actual[512];
	size_t size;

	ck_assert_int_eq(build_small(&builder, NULL), KIST_OK);
	for (size_t i = 0; i < SMALL_COUNT; i++)
		memcpy(expected + strlen(expected), small_chunks[i], strlen(small_chunks[i]) + 1);
	size = ZSTD_decompress(actual, sizeof(actual), builder.bytes.data, builder.bytes.size);
	ck_assert_uint_eq(size, strlen(expected));
	ck_assert_mem_eq(actual, expected, size);
}
END_TEST

START_TEST(head_footer_and_index_come_back)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
	struct kist_pack_footer footer;
	struct kist_pack_head head;
	struct kist_pack_entry entry;
	struct kist_view index;
	struct kist_digest id;

	ck_assert_int_eq(build_small(&builder, NULL), KIST_OK);
	ck_assert_int_eq(kist_pack_parse_head(kist_buf_view(&builder.bytes), &head, NULL), KIST_OK);
	ck_assert_uint_eq(head.kind, KIST_PACK_META);
	ck_assert_uint_eq(head.store_id[15], 0x11);
	ck_assert_uint_eq(head.session[KIST_SESSION_SIZE - 1], 0x22);
	ck_assert_uint_eq(head.number, 7);
	ck_assert_uint_eq(head.time, 0x6553f100);
	ck_assert_int_eq(
		kist_pack_parse_footer(kist_buf_view(&builder.bytes), builder.bytes.size, &footer, NULL),
		KIST_OK);
	ck_assert_uint_eq(footer.count, SMALL_COUNT);
	index = kist_view_of(builder.bytes.data + footer.index_offset, footer.index_size);
	ck_assert_int_eq(kist_pack_check_index(index, &footer, NULL), KIST_OK);
	for (size_t i = 0; i < SMALL_COUNT; i++) {
		id = kist_digest_of(kist_view_of(small_chunks[i], strlen(small_chunks[i])));
		ck_assert(kist_pack_find(index, &id, &entry));
		ck_assert_uint_eq(entry.raw_len, strlen(small_chunks[i]));
		ck_assert_uint_eq(entry.kind, i);
	}
	id = kist_digest_of(kist_view_of("", 0));
	ck_assert(!kist_pack_find(index, &id, &entry));
}
END_TEST

START_TEST(an_empty_pack_is_a_pack)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
	const struct kist_pack_head head = { .kind = KIST_PACK_DATA };
	struct kist_pack_footer footer;

	ck_assert_int_eq(kist_pack_begin(&builder, &head, 0, NULL), KIST_OK);
	ck_assert_int_eq(kist_pack_seal(&builder, NULL), KIST_OK);
	ck_assert_int_eq(
		kist_pack_parse_footer(kist_buf_view(&builder.bytes), builder.bytes.size, &footer, NULL),
		KIST_OK);
	ck_assert_uint_eq(footer.count, 0);
}
END_TEST

START_TEST(a_pack_holds_so_many_chunks_and_no_more)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
	const struct kist_pack_head head = { .kind = KIST_PACK_DATA };
	const struct kist_record record = { .raw_len = 1, .body_len = 1 };
	size_t offset;

	ck_assert_int_eq(kist_pack_begin(&builder, &head, 0, NULL), KIST_OK);
	for (size_t i = 0; i < KIST_PACK_CHUNKS_MAX; i++)
		ck_assert_int_eq(kist_pack_add(&builder, &record, &offset, NULL), KIST_OK);
	ck_assert_int_eq(kist_pack_add(&builder, &record, &offset, NULL), KIST_LIMIT);
}
END_TEST

/* @same: So many bytes at the front of each third id are the same, as if somebody had chosen them. */
static void check_order(size_t count, size_t same)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
	const struct kist_pack_head head = { .kind = KIST_PACK_DATA };
	struct kist_pack_footer footer;
	struct kist_view index;

	ck_assert_int_eq(kist_pack_begin(&builder, &head, 0, NULL), KIST_OK);
	for (size_t i = 0; i < count; i++) {
		struct kist_record record = { .raw_len = 1, .body_len = 1 };
		size_t offset;

		record.id = kist_digest_of(kist_view_of(&i, sizeof(i)));
		if (i % 3 == 0)
			memset(record.id.bytes, 0x5a, same);
		ck_assert_int_eq(kist_pack_add(&builder, &record, &offset, NULL), KIST_OK);
		builder.bytes.data[offset] = 0;
	}
	ck_assert_int_eq(kist_pack_seal(&builder, NULL), KIST_OK);
	ck_assert_int_eq(
		kist_pack_parse_footer(kist_buf_view(&builder.bytes), builder.bytes.size, &footer, NULL),
		KIST_OK);
	index = kist_view_of(builder.bytes.data + footer.index_offset, footer.index_size);
	ck_assert_int_eq(kist_pack_check_index(index, &footer, NULL), KIST_OK);
	for (size_t i = 0; i < count; i++) {
		struct kist_pack_entry entry;

		ck_assert(kist_pack_find(index, &builder.entries[i].id, &entry));
		ck_assert_uint_eq(entry.offset, builder.entries[i].offset);
	}
}

START_TEST(an_index_is_in_order_whatever_the_ids_are)
{
	static const size_t counts[] = { 1, 2, 3, 64, 1000, KIST_PACK_CHUNKS_MAX };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		check_order(counts[i], 0);
		check_order(counts[i], 2);
		check_order(counts[i], 12);
	}
}
END_TEST

START_TEST(the_name_is_that_of_both_ends_and_of_all_that_the_index_says)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
	struct kist_digest whole;
	struct kist_digest name;
	uint8_t ends[KIST_PACK_HEAD_SIZE + KIST_PACK_FOOT_SIZE];
	uint8_t *foot;

	ck_assert_int_eq(build_small(&builder, NULL), KIST_OK);
	foot = builder.bytes.data + builder.bytes.size - KIST_PACK_FOOT_SIZE;
	memcpy(ends, builder.bytes.data, KIST_PACK_HEAD_SIZE);
	memcpy(ends + KIST_PACK_HEAD_SIZE, foot, KIST_PACK_FOOT_SIZE);
	whole = kist_digest_of(kist_view_of(ends, sizeof(ends)));
	name = kist_pack_name(builder.bytes.data, foot);
	ck_assert(kist_digest_equal(&name, &whole));
	for (size_t i = 0; i < SMALL_COUNT; i++) {
		builder.entries[i].kind ^= 1;
		builder.bytes.size = KIST_PACK_HEAD_SIZE;
		ck_assert_int_eq(kist_pack_seal(&builder, NULL), KIST_OK);
		whole = kist_pack_name(builder.bytes.data,
				       builder.bytes.data + builder.bytes.size - KIST_PACK_FOOT_SIZE);
		ck_assert(!kist_digest_equal(&name, &whole));
		name = whole;
	}
}
END_TEST

START_TEST(a_builder_begins_again)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
	kist_auto_pack_builder struct kist_pack_builder other = KIST_PACK_BUILDER_INIT;

	ck_assert_int_eq(build_small(&other, NULL), KIST_OK);
	ck_assert_int_eq(build_small(&builder, NULL), KIST_OK);
	ck_assert_int_eq(build_small(&builder, NULL), KIST_OK);
	ck_assert_uint_eq(builder.bytes.size, other.bytes.size);
	ck_assert_mem_eq(builder.bytes.data, other.bytes.data, other.bytes.size);
}
END_TEST

START_TEST(no_allocation_that_fails_is_overlooked)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
		struct kist_error err = KIST_ERROR_INIT;

		ck_assert_uint_lt(k, 100);
		kist_mem_fail_at(k);
		status = build_small(&builder, &err);
		kist_mem_fail_at(0);
		ck_assert_int_eq(err.status, status);
		if (status != KIST_OK)
			ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("pack");

	tcase_add_test(tests, any_zstd_decodes_a_pack_to_its_chunks_in_order);
	tcase_add_test(tests, head_footer_and_index_come_back);
	tcase_add_test(tests, an_empty_pack_is_a_pack);
	tcase_add_test(tests, a_pack_holds_so_many_chunks_and_no_more);
	tcase_add_test(tests, an_index_is_in_order_whatever_the_ids_are);
	tcase_add_test(tests, the_name_is_that_of_both_ends_and_of_all_that_the_index_says);
	tcase_add_test(tests, a_builder_begins_again);
	tcase_add_test(tests, no_allocation_that_fails_is_overlooked);
	return suite_run(tests, "pack");
}
