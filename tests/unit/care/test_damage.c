/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/suite.h"

#include "unit/care/hurt.h"

/*
 * The store of hurt.h, whose objects shrink well so that its forms count for more than its bytes, hurt all over and
 * cut at many lengths.  tests/faults/flips hurts a larger one in every bit.
 */

#define LONG_SIZE ((size_t)140000)
/* Every third byte and every seventh length; 1 and 1 hold as well, and take a minute. */
#define BYTE_STEP 3
#define SIZE_STEP 7

static void setup(void)
{
	static uint8_t bytes[LONG_SIZE];

	for (size_t i = 0; i < LONG_SIZE; i++)
		bytes[i] = (uint8_t)(i >> 9);
	hurt_open(bytes, LONG_SIZE, NULL);
}

static void teardown(void)
{
	hurt_close();
}

START_TEST(a_sound_store_is_sound)
{
	ck_assert(!hurt_is_seen("none"));
}
END_TEST

START_TEST(any_byte_that_is_hurt_is_found_and_gives_no_wrong_bytes)
{
	for (size_t k = 0; k < hurt_key_count; k++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);

		hurt_get(hurt_keys[k], &bytes);
		for (size_t i = 0; i < bytes.size; i += BYTE_STEP) {
			bytes.data[i] ^= (uint8_t)(1u << i % 8);
			hurt_overwrite(hurt_keys[k], kist_buf_view(&bytes));
			ck_assert_msg(hurt_is_seen(hurt_keys[k]), "%s, byte %zu", hurt_keys[k], i);
			bytes.data[i] ^= (uint8_t)(1u << i % 8);
		}
		hurt_overwrite(hurt_keys[k], kist_buf_view(&bytes));
	}
}
END_TEST

START_TEST(any_file_that_is_cut_short_is_found_and_gives_no_wrong_bytes)
{
	for (size_t k = 0; k < hurt_key_count; k++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);

		hurt_get(hurt_keys[k], &bytes);
		for (size_t size = 0; size < bytes.size; size += SIZE_STEP) {
			const bool is_loss = hurt_is_loss(hurt_keys[k], size, bytes.size);

			hurt_overwrite(hurt_keys[k], kist_view_of(bytes.data, size));
			ck_assert_msg(hurt_is_seen(hurt_keys[k]) == is_loss, "%s, %zu bytes", hurt_keys[k],
				      size);
		}
		hurt_overwrite(hurt_keys[k], kist_buf_view(&bytes));
	}
}
END_TEST

START_TEST(every_file_that_is_lost_is_missed_but_the_last_commit)
{
	for (size_t k = 0; k < hurt_key_count; k++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);

		hurt_get(hurt_keys[k], &bytes);
		hurt_delete(hurt_keys[k]);
		/* A log without its last commit is the log of a moment before. */
		if (strcmp(hurt_keys[k], "log/00000000000000000004") != 0 &&
		    strcmp(hurt_keys[k], "kist.json") != 0)
			ck_assert_msg(hurt_is_seen(hurt_keys[k]), "%s", hurt_keys[k]);
		hurt_overwrite(hurt_keys[k], kist_buf_view(&bytes));
	}
	ck_assert(!hurt_is_seen("none"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("damage");

	tcase_set_timeout(tests, 600);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_sound_store_is_sound);
	tcase_add_test(tests, any_byte_that_is_hurt_is_found_and_gives_no_wrong_bytes);
	tcase_add_test(tests, any_file_that_is_cut_short_is_found_and_gives_no_wrong_bytes);
	tcase_add_test(tests, every_file_that_is_lost_is_missed_but_the_last_commit);
	return suite_run(tests, "damage");
}
