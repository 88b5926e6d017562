/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"

#include <string.h>

#include "base/le.h"
#include "support/suite.h"

START_TEST(sums_and_products_that_do_not_fit_are_seen)
{
	uint64_t value = 9;

	ck_assert(kist_add_u64(UINT64_MAX - 1, 1, &value));
	ck_assert_uint_eq(value, UINT64_MAX);
	ck_assert(!kist_add_u64(UINT64_MAX, 1, &value));
	ck_assert(kist_mul_u64(UINT32_MAX, UINT32_MAX, &value));
	ck_assert_uint_eq(value, 0xfffffffe00000001);
	ck_assert(!kist_mul_u64((uint64_t)1 << 32, (uint64_t)1 << 32, &value));
	ck_assert_uint_eq(kist_min_u64(2, 3), 2);
	ck_assert_uint_eq(kist_min_u64(3, 2), 2);
}
END_TEST

START_TEST(only_digits_are_a_number)
{
	static const char *const wrong[] = { "", "-1", "+1", " 1", "1 ", "0x1", "1.0", "18446744073709551616",
					     "a" };
	uint64_t value = 0;

	ck_assert(kist_u64_parse("18446744073709551615", 20, &value));
	ck_assert_uint_eq(value, UINT64_MAX);
	ck_assert(kist_u64_parse("007", 3, &value));
	ck_assert_uint_eq(value, 7);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!kist_u64_parse(wrong[i], strlen(wrong[i]), &value), "%s", wrong[i]);
	ck_assert_uint_eq(value, 7);
}
END_TEST

START_TEST(hex_goes_there_and_back_in_lower_case_only)
{
	const uint8_t bytes[] = { 0x00, 0x9f, 0xff };
	uint8_t again[3];
	char text[7];

	kist_hex_write(bytes, 3, text);
	ck_assert_str_eq(text, "009fff");
	ck_assert(kist_hex_read(text, 6, again, 3));
	ck_assert_mem_eq(again, bytes, 3);
	ck_assert(!kist_hex_read("009FFF", 6, again, 3));
	ck_assert(!kist_hex_read("009ff", 5, again, 3));
	ck_assert(!kist_hex_read("009ffg", 6, again, 3));
	ck_assert(!kist_hex_read("009ff ", 6, again, 3));
	for (int c = 0; c < 256; c++) {
		const char pair[2] = { (char)c, 'f' };
		const int digit = kist_hex_digit((char)c);

		ck_assert(kist_hex_read(pair, 2, again, 1) == (digit >= 0));
		if (digit >= 0)
			ck_assert_uint_eq(again[0], (unsigned)digit * 16 + 15);
	}
}
END_TEST

START_TEST(little_endian_numbers_are_read_at_any_address)
{
	uint8_t bytes[9] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };

	ck_assert_uint_eq(kist_le_read16(bytes + 1), 0x0201);
	ck_assert_uint_eq(kist_le_read32(bytes + 1), 0x04030201);
	ck_assert_uint_eq(kist_le_read64(bytes + 1), 0x0807060504030201);
	kist_le_write32(bytes + 3, 0xa1b2c3d4);
	ck_assert_mem_eq(bytes + 3, "\xd4\xc3\xb2\xa1", 4);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("num");

	tcase_add_test(tcase, sums_and_products_that_do_not_fit_are_seen);
	tcase_add_test(tcase, only_digits_are_a_number);
	tcase_add_test(tcase, hex_goes_there_and_back_in_lower_case_only);
	tcase_add_test(tcase, little_endian_numbers_are_read_at_any_address);
	return suite_run(tcase, "num");
}
