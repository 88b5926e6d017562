/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "pack/check.h"

static kist_status check(const struct kist_pack_builder *builder, size_t size)
{
	/* A copy of just that size, so that a read past the end is seen. */
	uint8_t *copy = malloc(size ? size : 1);
	kist_status status;

	memcpy(copy, builder->bytes.data, size);
	status = kist_pack_check(kist_view_of(copy, size), NULL, NULL, NULL, NULL);
	free(copy);
	return status;
}

/* Bytes 14..15, 56..59 of the head, 13..15 of the footer: reserved, but under a CRC. */
START_TEST(every_flipped_bit_of_a_pack_is_seen)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;

	ck_assert_int_eq(build_small(&builder, NULL), KIST_OK);
	ck_assert_int_eq(check(&builder, builder.bytes.size), KIST_OK);
	for (size_t bit = 0; bit < 8 * builder.bytes.size; bit++) {
		builder.bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_msg(check(&builder, builder.bytes.size) != KIST_OK, "bit %zu", bit);
		builder.bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

START_TEST(every_shortened_pack_is_seen)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;

	ck_assert_int_eq(build_small(&builder, NULL), KIST_OK);
	for (size_t size = 0; size < builder.bytes.size; size++)
		ck_assert_int_ne(check(&builder, size), KIST_OK);
}
END_TEST

struct told {
	size_t count;
	uint64_t offset;
	bool has_chunk;
	struct kist_digest chunk;
};

static void keep_told(void *ctx, const struct kist_digest *chunk, uint64_t offset,
		      const struct kist_error *why)
{
	struct told *told = ctx;

	ck_assert_int_eq(why->status, KIST_CORRUPT);
	told->count++;
	told->offset = offset;
	told->has_chunk = chunk != NULL;
	if (chunk)
		told->chunk = *chunk;
}

START_TEST(a_damaged_body_is_told_with_its_chunk_and_offset)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
	const struct kist_digest id = kist_digest_of(kist_view_of(small_chunks[0], strlen(small_chunks[0])));
	struct told told = { .count = 0 };

	ck_assert_int_eq(build_small(&builder, NULL), KIST_OK);
	builder.bytes.data[KIST_PACK_HEAD_SIZE + KIST_RECORD_HEAD_SIZE + 20] ^= 1;
	ck_assert_int_eq(kist_pack_check(kist_buf_view(&builder.bytes), keep_told, &told, NULL, NULL),
			 KIST_CORRUPT);
	ck_assert_uint_eq(told.count, 1);
	ck_assert_uint_eq(told.offset, KIST_PACK_HEAD_SIZE);
	ck_assert(told.has_chunk);
	ck_assert_mem_eq(&told.chunk, &id, sizeof(id));
}
END_TEST

/* Two short chunks in a pack that is not sealed yet. */
static void begin_two(struct kist_pack_builder *builder, const char *first, const char *second)
{
	const struct kist_pack_head head = { .kind = KIST_PACK_DATA };

	ck_assert_int_eq(kist_pack_begin(builder, &head, 0, NULL), KIST_OK);
	ck_assert_int_eq(add_chunk(builder, kist_view_of(first, strlen(first)), 0, false, NULL), KIST_OK);
	ck_assert_int_eq(add_chunk(builder, kist_view_of(second, strlen(second)), 0, false, NULL), KIST_OK);
}

/* The index is right by its digest, and yet does not list a record that is there. */
START_TEST(a_record_that_no_index_lists_is_seen)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;

	begin_two(&builder, "one", "two");
	builder.count = 1;
	ck_assert_int_eq(kist_pack_seal(&builder, NULL), KIST_OK);
	ck_assert_int_eq(check(&builder, builder.bytes.size), KIST_CORRUPT);
}
END_TEST

START_TEST(an_index_that_lists_a_chunk_twice_is_refused)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;

	begin_two(&builder, "one", "one");
	ck_assert_int_eq(kist_pack_seal(&builder, NULL), KIST_OK);
	ck_assert_int_eq(check(&builder, builder.bytes.size), KIST_CORRUPT);
}
END_TEST

static kist_status count_record(void *ctx, const struct kist_record *record, uint64_t offset,
				struct kist_error *err)
{
	(void)record;
	(void)offset;
	(void)err;
	++*(size_t *)ctx;
	return KIST_OK;
}

START_TEST(a_scan_finds_every_record_but_the_damaged_one)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;
	size_t count = 0;

	ck_assert_int_eq(build_small(&builder, NULL), KIST_OK);
	ck_assert_int_eq(kist_pack_scan(kist_buf_view(&builder.bytes), count_record, &count, NULL), KIST_OK);
	ck_assert_uint_eq(count, SMALL_COUNT);
	/* The head of the first, and all that tells where records are. */
	memset(builder.bytes.data, 0x51, KIST_PACK_HEAD_SIZE + 20);
	memset(builder.bytes.data + builder.bytes.size - 200, 0, 200);
	count = 0;
	ck_assert_int_eq(kist_pack_scan(kist_buf_view(&builder.bytes), count_record, &count, NULL), KIST_OK);
	ck_assert_uint_eq(count, SMALL_COUNT - 1);
	for (size_t size = 0; size < 200; size++)
		ck_assert_int_eq(
			kist_pack_scan(kist_view_of(builder.bytes.data, size), count_record, &count, NULL),
			KIST_OK);
}
END_TEST

START_TEST(want_of_memory_is_no_damage)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;

	ck_assert_int_eq(build_small(&builder, NULL), KIST_OK);
	kist_mem_fail_at(1);
	ck_assert_int_eq(check(&builder, builder.bytes.size), KIST_NO_MEMORY);
	kist_mem_fail_at(0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("check");

	tcase_add_test(tests, every_flipped_bit_of_a_pack_is_seen);
	tcase_add_test(tests, every_shortened_pack_is_seen);
	tcase_add_test(tests, a_damaged_body_is_told_with_its_chunk_and_offset);
	tcase_add_test(tests, a_record_that_no_index_lists_is_seen);
	tcase_add_test(tests, an_index_that_lists_a_chunk_twice_is_refused);
	tcase_add_test(tests, a_scan_finds_every_record_but_the_damaged_one);
	tcase_add_test(tests, want_of_memory_is_no_damage);
	return suite_run(tests, "check");
}
