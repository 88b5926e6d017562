/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

START_TEST(the_crc_of_the_check_string_is_the_published_one)
{
	const struct kist_view text = kist_view_of("123456789", 9);
	uint8_t zeros[32] = { 0 };

	ck_assert_uint_eq(kist_crc32c(0, text), 0xE3069283u);
	ck_assert_uint_eq(kist_crc32c_table(0, text), 0xE3069283u);
	/* RFC 3720, B.4. */
	ck_assert_uint_eq(kist_crc32c(0, kist_view_of(zeros, 32)), 0x8A9136AAu);
	ck_assert_uint_eq(kist_crc32c(0, kist_view_of(NULL, 0)), 0);
}
END_TEST

START_TEST(instruction_and_table_agree_at_every_length_and_alignment)
{
	uint8_t data[300];

	fill_noise(data, sizeof(data), 1);
	for (size_t at = 0; at < 9; at++) {
		for (size_t len = 0; len <= 280; len++)
			ck_assert_uint_eq(kist_crc32c(7, kist_view_of(data + at, len)),
					  kist_crc32c_table(7, kist_view_of(data + at, len)));
	}
}
END_TEST

/* Around the stretches that are read side by side. */
START_TEST(instruction_and_table_agree_on_long_strings)
{
	static uint8_t data[3 * 12288 + 70];

	fill_noise(data, sizeof(data), 3);
	for (size_t whole = 768; whole < sizeof(data); whole += 768) {
		for (size_t len = whole - 17; len <= whole + 17; len++)
			ck_assert_uint_eq(kist_crc32c(5, kist_view_of(data + len % 9, len)),
					  kist_crc32c_table(5, kist_view_of(data + len % 9, len)));
	}
}
END_TEST

START_TEST(a_crc_in_two_steps_is_the_crc_of_all)
{
	uint8_t data[100];

	fill_noise(data, sizeof(data), 2);
	for (size_t cut = 0; cut <= sizeof(data); cut++)
		ck_assert_uint_eq(kist_crc32c(kist_crc32c(0, kist_view_of(data, cut)),
					      kist_view_of(data + cut, sizeof(data) - cut)),
				  kist_crc32c(0, kist_view_of(data, sizeof(data))));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("crc32c");

	tcase_add_test(tests, the_crc_of_the_check_string_is_the_published_one);
	tcase_add_test(tests, instruction_and_table_agree_at_every_length_and_alignment);
	tcase_add_test(tests, instruction_and_table_agree_on_long_strings);
	tcase_add_test(tests, a_crc_in_two_steps_is_the_crc_of_all);
	return suite_run(tests, "crc32c");
}
