/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_digits.h"

#include "csvtest.h"

/* In memory of its own, where ASan sees what is read past it. */
static bool parse(const char *text, size_t len, uint64_t *ret)
{
	uint8_t *const copy = malloc(len);
	bool good;

	memcpy(copy, text, len);
	good = csv_digits_parse(copy, len, ret);
	free(copy);
	return good;
}

START_TEST(digits_of_every_length_are_read)
{
	const char *const text = "9876543210123456789";
	uint64_t wanted = 0;

	for (size_t len = 1; len <= CSV_DIGITS_64; len++) {
		uint64_t value = 0;

		wanted = wanted * 10 + (uint64_t)(text[len - 1] - '0');
		ck_assert(parse(text, len, &value));
		ck_assert_uint_eq(value, wanted);
		ck_assert_uint_eq(csv_digits_tens(len) / 10, csv_digits_tens(len - 1));
	}
}
END_TEST

START_TEST(one_byte_that_is_no_digit_is_found_at_every_place)
{
	for (size_t len = 1; len <= CSV_DIGITS_64; len++) {
		for (size_t at = 0; at < len; at++) {
			for (unsigned int c = 0; c < 256; c++) {
				char text[CSV_DIGITS_64];
				uint64_t value;

				memset(text, '0' + (int)(at % 10), sizeof(text));
				text[at] = (char)c;
				ck_assert_int_eq(parse(text, len, &value), c >= '0' && c <= '9');
			}
		}
	}
}
END_TEST

START_TEST(up_to_eight_bytes_are_loaded_from_either_end)
{
	const uint8_t text[] = "abcdefgh";

	for (size_t len = 1; len <= 8; len++) {
		uint64_t first = 0;
		uint64_t last = 0;

		for (size_t i = 0; i < len; i++) {
			first |= (uint64_t)text[i] << 8 * i;
			last |= (uint64_t)text[8 - len + i] << 8 * i;
		}
		ck_assert_uint_eq(csv_digits_load(text, len), first);
		ck_assert_uint_eq(csv_digits_last(text + 8, len), last);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("digits");

	tcase_add_test(tcase, digits_of_every_length_are_read);
	tcase_add_test(tcase, one_byte_that_is_no_digit_is_found_at_every_place);
	tcase_add_test(tcase, up_to_eight_bytes_are_loaded_from_either_end);
	return suite_run(tcase, "csv_digits");
}
