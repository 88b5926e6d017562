/* SPDX-License-Identifier: Apache-2.0 */
#include "store/checkpoint.h"

#include <string.h>

#include "base/le.h"
#include "base/mem.h"
#include "support/suite.h"

#define NUMBER 7
/* Where the lists of the sample begin. */
#define PACKS_AT     ((size_t)96)
#define FORGOTTEN_AT (PACKS_AT + 2 * 48)
#define CONDEMNED_AT (FORGOTTEN_AT + 2 * 40)
#define FENCES_AT    (CONDEMNED_AT + 40)
#define NAMES_AT     (FENCES_AT + 2 * 12)

static struct kist_digest digest_of(uint8_t first)
{
	struct kist_digest digest;

	memset(&digest, 0x55, sizeof(digest));
	digest.bytes[0] = first;
	return digest;
}

static kist_status add_name(struct kist_checkpoint_builder *builder, const char *text, bool is_tag,
			    struct kist_error *err)
{
	const struct kist_checkpoint_name name = { .name = kist_view_of(text, strlen(text)),
						   .artifact = digest_of(9),
						   .commit = 3,
						   .time = kist_view_of("2026-01-31T12:00:00Z", 20),
						   .is_tag = is_tag };

	return kist_checkpoint_add_name(builder, &name, err);
}

/* Two of each, but one that was condemned. */
static kist_status make(struct kist_checkpoint_builder *builder, struct kist_error *err)
{
	const struct kist_checkpoint_of of = { .number = NUMBER, .digest = digest_of(1), .collected = 5 };
	const struct kist_checkpoint_pack packs[] = {
		{ .id = digest_of(8), .commit = 2, .size = 1000, .kind = KIST_PACK_DATA },
		{ .id = digest_of(2), .commit = 7, .size = 1u << 28, .kind = KIST_PACK_META },
	};
	const struct kist_checkpoint_id ids[] = { { .id = digest_of(1), .commit = 4 },
						  { .id = digest_of(2), .commit = 1 } };
	const uint8_t fences[2][KIST_SESSION_SIZE] = { { 1 }, { 2 } };

	KIST_TRY(kist_checkpoint_begin(builder, &of, err));
	for (size_t i = 0; i < 2; i++)
		KIST_TRY(kist_checkpoint_add_pack(builder, &packs[i], err));
	for (size_t i = 0; i < 2; i++)
		KIST_TRY(kist_checkpoint_add_id(builder, KIST_CHECKPOINT_FORGOTTEN, &ids[i], err));
	KIST_TRY(kist_checkpoint_add_id(builder, KIST_CHECKPOINT_CONDEMNED, &ids[0], err));
	for (size_t i = 0; i < 2; i++)
		KIST_TRY(kist_checkpoint_add_fence(builder, fences[i], err));
	KIST_TRY(add_name(builder, "a", true, err));
	KIST_TRY(add_name(builder, "ab", false, err));
	return kist_checkpoint_finish(builder, err);
}

static void must_make(struct kist_checkpoint_builder *builder)
{
	ck_assert_int_eq(make(builder, NULL), KIST_OK);
}

static void seal(struct kist_buf *bytes)
{
	const struct kist_digest digest =
		kist_digest_of(kist_view_of(bytes->data, bytes->size - KIST_DIGEST_SIZE));

	memcpy(bytes->data + bytes->size - KIST_DIGEST_SIZE, digest.bytes, KIST_DIGEST_SIZE);
}

START_TEST(what_was_added_comes_back)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder builder = KIST_CHECKPOINT_BUILDER_INIT;
	struct kist_checkpoint checkpoint;
	struct kist_checkpoint_pack pack;
	struct kist_checkpoint_name name;
	struct kist_checkpoint_id id;
	uint8_t session[KIST_SESSION_SIZE];
	struct kist_view *const lists = checkpoint.lists;

	must_make(&builder);
	ck_assert_int_eq(kist_checkpoint_parse(kist_buf_view(&builder.bytes), NUMBER, &checkpoint, NULL),
			 KIST_OK);
	ck_assert_uint_eq(checkpoint.of.number, NUMBER);
	ck_assert_uint_eq(checkpoint.of.collected, 5);
	ck_assert_uint_eq(checkpoint.of.digest.bytes[0], 1);
	ck_assert(kist_checkpoint_next_pack(&lists[KIST_CHECKPOINT_PACKS], &pack));
	ck_assert(pack.id.bytes[0] == 8 && pack.commit == 2 && pack.size == 1000 &&
		  pack.kind == KIST_PACK_DATA);
	ck_assert(kist_checkpoint_next_pack(&lists[KIST_CHECKPOINT_PACKS], &pack));
	ck_assert(pack.id.bytes[0] == 2 && pack.commit == 7 && pack.size == 1u << 28 &&
		  pack.kind == KIST_PACK_META);
	ck_assert(!kist_checkpoint_next_pack(&lists[KIST_CHECKPOINT_PACKS], &pack));
	ck_assert(kist_checkpoint_next_id(&lists[KIST_CHECKPOINT_FORGOTTEN], &id));
	ck_assert(kist_checkpoint_next_id(&lists[KIST_CHECKPOINT_FORGOTTEN], &id));
	ck_assert(id.id.bytes[0] == 2 && id.commit == 1);
	ck_assert(!kist_checkpoint_next_id(&lists[KIST_CHECKPOINT_FORGOTTEN], &id));
	ck_assert(kist_checkpoint_next_id(&lists[KIST_CHECKPOINT_CONDEMNED], &id));
	ck_assert(!kist_checkpoint_next_id(&lists[KIST_CHECKPOINT_CONDEMNED], &id));
	ck_assert(kist_checkpoint_next_fence(&lists[KIST_CHECKPOINT_FENCES], session));
	ck_assert_uint_eq(session[0], 1);
	ck_assert(kist_checkpoint_next_fence(&lists[KIST_CHECKPOINT_FENCES], session));
	ck_assert(!kist_checkpoint_next_fence(&lists[KIST_CHECKPOINT_FENCES], session));
	ck_assert(kist_checkpoint_next_name(&lists[KIST_CHECKPOINT_NAMES], &name));
	ck_assert(name.is_tag && name.name.size == 1 && name.commit == 3 && name.artifact.bytes[0] == 9);
	ck_assert(kist_checkpoint_next_name(&lists[KIST_CHECKPOINT_NAMES], &name));
	ck_assert(!name.is_tag && memcmp(name.name.data, "ab", 2) == 0 && name.time.size == 20);
	ck_assert(!kist_checkpoint_next_name(&lists[KIST_CHECKPOINT_NAMES], &name));
}
END_TEST

START_TEST(no_flipped_bit_and_no_shorter_one_is_taken)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder builder = KIST_CHECKPOINT_BUILDER_INIT;
	struct kist_checkpoint checkpoint;

	must_make(&builder);
	for (size_t at = 0; at < builder.bytes.size; at++) {
		ck_assert_int_eq(kist_checkpoint_parse(kist_view_of(builder.bytes.data, at), NUMBER,
						       &checkpoint, NULL),
				 KIST_CORRUPT);
		for (int bit = 0; bit < 8; bit++) {
			builder.bytes.data[at] ^= (uint8_t)(1 << bit);
			ck_assert_int_eq(kist_checkpoint_parse(kist_buf_view(&builder.bytes), NUMBER,
							       &checkpoint, NULL),
					 KIST_CORRUPT);
			builder.bytes.data[at] ^= (uint8_t)(1 << bit);
		}
	}
}
END_TEST

/* One byte that somebody changed who knew how to make the digest fit. */
static const struct {
	size_t at;
	uint8_t to;
	kist_status status;
} changed[] = {
	{ 0, 'k', KIST_CORRUPT },
	{ 4, 0, KIST_CORRUPT },
	{ 4, 2, KIST_INCOMPATIBLE },
	{ 8, 6, KIST_CORRUPT },	    /* another number */
	{ 48, 8, KIST_CORRUPT },    /* collected after it */
	{ 56, 1, KIST_CORRUPT },    /* one pack too few */
	{ 56, 200, KIST_CORRUPT },  /* too many */
	{ 63, 0xff, KIST_CORRUPT }, /* far too many */
	{ 64, 3, KIST_CORRUPT },
	{ 72, 0, KIST_CORRUPT },
	{ 80, 3, KIST_CORRUPT },
	{ 88, 1, KIST_CORRUPT },		 /* a name too few */
	{ 88, 3, KIST_CORRUPT },		 /* and too many */
	{ PACKS_AT + 32, 0, KIST_CORRUPT },	 /* of no commit */
	{ PACKS_AT + 32, 8, KIST_CORRUPT },	 /* of a later one */
	{ PACKS_AT + 48 + 32, 1, KIST_CORRUPT }, /* not in order */
	{ PACKS_AT + 48 + 40, 1, KIST_CORRUPT }, /* too large */
	{ PACKS_AT + 44, 2, KIST_CORRUPT },	 /* of no kind */
	{ PACKS_AT + 45, 1, KIST_CORRUPT },
	{ PACKS_AT + 47, 1, KIST_CORRUPT },
	{ FORGOTTEN_AT, 2, KIST_CORRUPT }, /* not rising */
	{ FORGOTTEN_AT + 32, 8, KIST_CORRUPT },
	{ CONDEMNED_AT + 32, 0, KIST_CORRUPT },
	{ FENCES_AT, 2, KIST_CORRUPT },
	{ NAMES_AT, 0, KIST_CORRUPT },	    /* of no commit */
	{ NAMES_AT + 40, 0, KIST_CORRUPT }, /* no name */
	{ NAMES_AT + 41, 5, KIST_CORRUPT }, /* past the end */
	{ NAMES_AT + 42, 0, KIST_CORRUPT }, /* no time */
	{ NAMES_AT + 42, 65, KIST_CORRUPT },
	{ NAMES_AT + 43, 2, KIST_CORRUPT },
	{ NAMES_AT + 44, 'b', KIST_CORRUPT },  /* not rising */
	{ NAMES_AT + 45, 0x1b, KIST_CORRUPT }, /* a time that no terminal should see */
	{ NAMES_AT + 45, 0xff, KIST_CORRUPT },
	{ 16, 2, KIST_OK }, /* whether it is this commit the log says */
};

START_TEST(what_was_changed_is_refused)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder builder = KIST_CHECKPOINT_BUILDER_INIT;
	struct kist_checkpoint checkpoint;
	struct kist_error err = KIST_ERROR_INIT;

	must_make(&builder);
	ck_assert_uint_ne(builder.bytes.data[changed[_i].at], changed[_i].to);
	builder.bytes.data[changed[_i].at] = changed[_i].to;
	seal(&builder.bytes);
	ck_assert_int_eq(kist_checkpoint_parse(kist_buf_view(&builder.bytes), NUMBER, &checkpoint, &err),
			 changed[_i].status);
	ck_assert_int_eq(err.status, changed[_i].status);
}
END_TEST

START_TEST(names_and_times_have_limits)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder builder = KIST_CHECKPOINT_BUILDER_INIT;
	const struct kist_checkpoint_of of = { .number = 1 };
	static uint8_t text[KIST_CHECKPOINT_NAME_SIZE_MAX + 1];
	struct kist_checkpoint_name name = { .commit = 1 };
	struct kist_checkpoint checkpoint;

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(kist_checkpoint_begin(&builder, &of, NULL), KIST_OK);
	name.name = kist_view_of(text, KIST_CHECKPOINT_NAME_SIZE_MAX);
	name.time = kist_view_of(text, KIST_CHECKPOINT_TIME_SIZE_MAX);
	ck_assert_int_eq(kist_checkpoint_add_name(&builder, &name, NULL), KIST_OK);
	name.name.size++;
	ck_assert_int_eq(kist_checkpoint_add_name(&builder, &name, NULL), KIST_LIMIT);
	name.name.size--;
	name.time.size++;
	ck_assert_int_eq(kist_checkpoint_add_name(&builder, &name, NULL), KIST_LIMIT);
	ck_assert_int_eq(kist_checkpoint_finish(&builder, NULL), KIST_OK);
	ck_assert_int_eq(kist_checkpoint_parse(kist_buf_view(&builder.bytes), 1, &checkpoint, NULL), KIST_OK);
	/* 1,025 bytes of a name. */
	kist_le_write16(builder.bytes.data + 96 + 40, (uint16_t)(KIST_CHECKPOINT_NAME_SIZE_MAX + 1));
	builder.bytes.data[96 + 42]--;
	seal(&builder.bytes);
	ck_assert_int_eq(kist_checkpoint_parse(kist_buf_view(&builder.bytes), 1, &checkpoint, NULL),
			 KIST_CORRUPT);
}
END_TEST

START_TEST(what_is_too_large_is_not_made)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder builder = KIST_CHECKPOINT_BUILDER_INIT;

	builder.bytes.size_max = NAMES_AT + 50;
	ck_assert_int_eq(make(&builder, NULL), KIST_LIMIT);
}
END_TEST

START_TEST(a_failed_allocation_is_no_checkpoint)
{
	kist_status status = KIST_NO_MEMORY;
	unsigned long k;

	for (k = 1; status != KIST_OK; k++) {
		kist_auto_checkpoint_builder struct kist_checkpoint_builder builder =
			KIST_CHECKPOINT_BUILDER_INIT;

		kist_mem_fail_at(k);
		status = make(&builder, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
	ck_assert_uint_gt(k, 2);
}
END_TEST

int main(void)
{
	TCase *const tests = tcase_create("checkpoint");

	tcase_add_test(tests, what_was_added_comes_back);
	tcase_add_test(tests, no_flipped_bit_and_no_shorter_one_is_taken);
	tcase_add_loop_test(tests, what_was_changed_is_refused, 0, sizeof(changed) / sizeof(*changed));
	tcase_add_test(tests, names_and_times_have_limits);
	tcase_add_test(tests, what_is_too_large_is_not_made);
	tcase_add_test(tests, a_failed_allocation_is_no_checkpoint);
	return suite_run(tests, "store/checkpoint");
}
