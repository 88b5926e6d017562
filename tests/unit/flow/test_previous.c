/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/previous.h"

#include "flow/ahead.h"
#include "support/suite.h"

#define CHUNKS 100u
#define LEN    UINT64_C(1000)

static struct kist_digest digest(unsigned number)
{
	return kist_digest_of(kist_view_of(&number, sizeof(number)));
}

/* A version of CHUNKS chunks of LEN bytes, but the last, of 10. */
static struct kist_previous version(void)
{
	struct kist_previous previous = KIST_PREVIOUS_INIT;

	for (unsigned i = 0; i < CHUNKS; i++) {
		const struct kist_object_chunk chunk = { .id = digest(i),
							 .len = i == CHUNKS - 1 ? 10 : LEN,
							 .offset = i * LEN };

		ck_assert_int_eq(kist_buf_append(&previous.chunks, &chunk, sizeof(chunk), NULL), KIST_OK);
	}
	return previous;
}

/* Number of the chunk near @offset; CHUNKS for none. */
static unsigned near(const struct kist_previous *previous, uint64_t offset, size_t len)
{
	struct kist_digest found;

	if (!kist_previous_near(previous, offset, len, &found))
		return CHUNKS;
	for (unsigned i = 0; i < CHUNKS; i++) {
		const struct kist_digest id = digest(i);

		if (kist_digest_equal(&found, &id))
			return i;
	}
	ck_abort_msg("a chunk that is not there");
	return CHUNKS;
}

START_TEST(what_stands_around_the_middle_is_near)
{
	struct kist_previous previous = version();

	ck_assert_uint_eq(near(&previous, 0, 1), 0);
	ck_assert_uint_eq(near(&previous, 0, 1999), 0);
	ck_assert_uint_eq(near(&previous, 0, 2000), 1);
	ck_assert_uint_eq(near(&previous, 5400, 1000), 5);
	ck_assert_uint_eq(near(&previous, 5600, 1000), 6);
	/* Near the end, and behind it. */
	ck_assert_uint_eq(near(&previous, 99000, 5000), 99);
	ck_assert_uint_eq(near(&previous, 99009, 5000), 99);
	ck_assert_uint_eq(near(&previous, 99010, 5000), CHUNKS);
	ck_assert_uint_eq(near(&previous, UINT64_MAX - 10, 10), CHUNKS);
	kist_previous_clear(&previous);
	ck_assert_uint_eq(near(&previous, 0, 1), CHUNKS);
	kist_previous_done(&previous);
}
END_TEST

START_TEST(a_chunk_that_comes_back_says_how_far_the_rest_is)
{
	struct kist_previous previous = version();
	struct kist_digest id = digest(10);

	/* 300 bytes are new before it. */
	kist_previous_learn(&previous, 10300, &id);
	ck_assert_uint_eq(near(&previous, 11300, 1000), 11);
	ck_assert_uint_eq(near(&previous, 11200, 300), 11);
	ck_assert_uint_eq(near(&previous, 11100, 300), 10);
	/* 700 are gone; before that there is nothing. */
	id = digest(2);
	kist_previous_learn(&previous, 1300, &id);
	ck_assert_uint_eq(near(&previous, 0, 100), 0);
	ck_assert_uint_eq(near(&previous, 0, 1000), 1);
	id = digest(0);
	kist_previous_learn(&previous, 3000, &id);
	ck_assert_uint_eq(near(&previous, 100, 200), 0);
	ck_assert_uint_eq(near(&previous, 3900, 500), 1);
	kist_previous_done(&previous);
}
END_TEST

START_TEST(chunks_that_are_far_away_or_unknown_teach_nothing)
{
	struct kist_previous previous = version();
	struct kist_digest id = digest(50);

	kist_previous_learn(&previous, 10000, &id);
	ck_assert_uint_eq(near(&previous, 11000, 1000), 11);
	id = digest(CHUNKS + 1);
	kist_previous_learn(&previous, 10000, &id);
	kist_previous_learn(&previous, UINT64_MAX, &id);
	ck_assert_uint_eq(near(&previous, 11000, 1000), 11);
	kist_previous_clear(&previous);
	kist_previous_learn(&previous, 0, &id);
	kist_previous_done(&previous);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("previous");

	tcase_add_test(tests, what_stands_around_the_middle_is_near);
	tcase_add_test(tests, a_chunk_that_comes_back_says_how_far_the_rest_is);
	tcase_add_test(tests, chunks_that_are_far_away_or_unknown_teach_nothing);
	return suite_run(tests, "previous");
}
