/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_number.h"

#include <float.h>
#include <math.h>

#include "csvtest.h"

static const char *const ints[] = { "0", "1", "-1", "42", "9223372036854775807", "-9223372036854775808" };
static const char *const not_ints[] = { "",
					"-",
					"-0",
					"01",
					"+1",
					" 1",
					"1 ",
					"1.0",
					"1e5",
					"9223372036854775808",
					"-9223372036854775809",
					"99999999999999999999",
					"0x1",
					"1,0" };
static const char *const floats[] = { "0.0",
				      "-0.0",
				      "1.0",
				      "0.1",
				      "-2.5",
				      "120.0",
				      "0.0001",
				      "1e-05",
				      "1.5e-07",
				      "0.30000000000000004",
				      "123456789012345.0",
				      "1234567890123456.0",
				      "9007199254740992.0",
				      "1e+16",
				      "1.2345e+17",
				      "5e-324",
				      "2.2250738585072014e-308",
				      "1.7976931348623157e+308",
				      "5.684341886080802e-14",
				      "3.141592653589793",
				      "2.718281828459045",
				      "99999.99999999999",
				      "0.009999999999999998",
				      "nan",
				      "inf",
				      "-inf" };
static const char *const not_floats[] = { "",
					  "1",
					  "1e5",
					  "1.50",
					  "01.5",
					  "+1.5",
					  ".5",
					  "5.",
					  "0.00",
					  "1E+16",
					  "1e16",
					  "1e+5",
					  "0.00001",
					  "-nan",
					  "NaN",
					  "Infinity",
					  "1.0e+16",
					  "10000000000000000.0",
					  "0.1000000000000000055511151231257827",
					  "0.10000000000000001",
					  "1e-5",
					  "1e+400",
					  "1.5x",
					  "1..5",
					  "1.5e",
					  "1.5e+",
					  "--1.5",
					  "1e-324",
					  "9007199254740993.0",
					  "0x1.8",
					  "infx",
					  "in" };

START_TEST(canonical_ints_read_and_print_as_themselves)
{
	const char *text = ints[_i];
	char printed[32];
	int64_t value = 7;

	ck_assert(csv_int_parse((const uint8_t *)text, strlen(text), &value));
	printed[csv_int_print(printed, value)] = '\0';
	ck_assert_str_eq(printed, text);
}
END_TEST

START_TEST(other_texts_are_no_ints)
{
	int64_t value = 7;

	ck_assert(!csv_int_parse((const uint8_t *)not_ints[_i], strlen(not_ints[_i]), &value));
	ck_assert_int_eq(value, 7);
}
END_TEST

START_TEST(canonical_floats_read_and_print_as_themselves)
{
	const char *text = floats[_i];
	char printed[40];
	double value = 7;

	ck_assert_msg(csv_float_parse((const uint8_t *)text, strlen(text), &value, &(struct csv_places){ 0 }),
		      "%s", text);
	ck_assert(isnan(value) || value == strtod(text, NULL));
	ck_assert_int_eq(signbit(value) != 0, text[0] == '-');
	printed[csv_float_print(printed, value)] = '\0';
	ck_assert_str_eq(printed, text);
}
END_TEST

START_TEST(other_texts_are_no_floats)
{
	double value = 7;

	ck_assert_msg(!csv_float_parse((const uint8_t *)not_floats[_i], strlen(not_floats[_i]), &value,
				       &(struct csv_places){ 0 }),
		      "%s", not_floats[_i]);
	ck_assert(value == 7);
}
END_TEST

static uint64_t next_random(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	uint64_t z = *state;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* The fewest digits that read back, by trial: what any correct printer must agree with on their number. */
static int digits_needed(double value)
{
	for (int n = 1; n < 17; n++) {
		char text[64];

		snprintf(text, sizeof(text), "%.*e", n - 1, value);
		if (strtod(text, NULL) == value)
			return n;
	}
	return 17;
}

static int digits_in(const char *text)
{
	int count = 0;
	int zeros = 0;

	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text < '0' || *text > '9' || (*text == '0' && count == 0))
			continue;
		count++;
		zeros = *text == '0' ? zeros + 1 : 0;
	}
	return count - zeros;
}

static void check_double(double value)
{
	char text[40];
	size_t len;
	double back = 0;

	if (!isfinite(value))
		return;
	len = csv_float_print(text, value);
	ck_assert_uint_le(len, CSV_NUMBER_SIZE_MAX);
	text[len] = '\0';
	ck_assert_msg(csv_float_parse((const uint8_t *)text, len, &back, &(struct csv_places){ 0 }), "%s",
		      text);
	ck_assert(memcmp(&back, &value, sizeof(value)) == 0);
	ck_assert(strtod(text, NULL) == value);
	ck_assert_msg(value == 0 || digits_in(text) <= digits_needed(value), "%s", text);
}

/* Digits around a point, of every length, with zeros where they matter. */
static size_t random_plain(char *to, uint64_t *state)
{
	const uint64_t bits = next_random(state);
	const unsigned int whole = 1 + (unsigned int)(bits % 9);
	const unsigned int scale = 1 + (unsigned int)(bits / 16 % 21);
	size_t n = 0;

	if (bits >> 20 & 1)
		to[n++] = '-';
	for (unsigned int i = 0; i < whole + scale; i++) {
		const uint64_t dice = next_random(state);

		if (i == whole)
			to[n++] = '.';
		to[n++] = (char)('0' + (dice % 3 == 0 ? 0 : dice / 3 % 10));
	}
	/* Now and then a byte that is no digit. */
	if ((bits >> 24) % 16 == 0)
		to[(bits >> 32) % n] = "e.x/:"[(bits >> 40) % 5];
	to[n] = '\0';
	return n;
}

START_TEST(a_text_is_a_float_if_its_value_is_printed_so)
{
	uint64_t state = 99;
	unsigned int floats_seen = 0;

	for (int i = 0; i < 200000; i++) {
		struct csv_places places = { 0 };
		char printed[40];
		char text[40];
		const size_t len = random_plain(text, &state);
		double value = 0;
		const bool good = csv_float_parse((const uint8_t *)text, len, &value, &places);

		printed[csv_float_print(printed, strtod(text, NULL))] = '\0';
		ck_assert_msg(good == (strcmp(printed, text) == 0), "%s %s", text, printed);
		if (!good)
			continue;
		floats_seen++;
		ck_assert_msg(value == strtod(text, NULL), "%s", text);
		ck_assert_uint_eq(places.whole, strcspn(text, ".") - (text[0] == '-'));
		ck_assert_uint_eq(places.scale, strlen(strchr(text, '.') + 1));
	}
	ck_assert_uint_gt(floats_seen, 1000);
}
END_TEST

START_TEST(doubles_print_as_their_shortest_text)
{
	uint64_t state = (uint64_t)_i;

	for (int i = 0; i < 2000; i++) {
		const uint64_t bits = next_random(&state);
		double value;

		memcpy(&value, &bits, sizeof(value));
		check_double(value);
		check_double((double)(bits >> 11) * 0x1p-53);
		check_double((double)(bits % 1000000000) / 1000.0);
		check_double((double)(bits >> 11) / pow(10, (double)(bits % 20)));
		check_double(ldexp(1.0, (int)(bits % 2098) - 1074));
		check_double(nextafter(ldexp(1.0, (int)(bits % 2098) - 1074), i % 2 ? 0 : INFINITY));
	}
}
END_TEST

START_TEST(powers_of_ten_and_their_neighbours_print_as_their_shortest_text)
{
	for (int k = -320; k < 308; k++) {
		char text[16];
		double value;

		snprintf(text, sizeof(text), "1e%d", k);
		value = strtod(text, NULL);
		check_double(value);
		check_double(nextafter(value, 0));
		check_double(nextafter(value, INFINITY));
	}
}
END_TEST

START_TEST(floats_print_as_the_shortest_text_of_a_float32)
{
	static const float values[] = { 0.1f, 16777216.0f, 1e-10f, FLT_MAX, 0x1p-149f, 3.4028235e38f, -0.0f };
	static const char *const texts[] = { "0.1",   "16777216.0",    "1e-10", "3.4028235e+38",
					     "1e-45", "3.4028235e+38", "-0.0" };
	uint64_t state = 1;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char text[40];

		text[csv_float32_print(text, values[i])] = '\0';
		ck_assert_str_eq(text, texts[i]);
	}
	for (int i = 0; i < 20000; i++) {
		const uint32_t bits = (uint32_t)next_random(&state);
		char text[40];
		float value;

		memcpy(&value, &bits, sizeof(value));
		text[csv_float32_print(text, value)] = '\0';
		ck_assert(isnan(value) || strtof(text, NULL) == value);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("number");

	tcase_add_loop_test(tcase, canonical_ints_read_and_print_as_themselves, 0, 6);
	tcase_add_loop_test(tcase, other_texts_are_no_ints, 0, (int)(sizeof(not_ints) / sizeof(not_ints[0])));
	tcase_add_loop_test(tcase, canonical_floats_read_and_print_as_themselves, 0,
			    (int)(sizeof(floats) / sizeof(floats[0])));
	tcase_add_loop_test(tcase, other_texts_are_no_floats, 0,
			    (int)(sizeof(not_floats) / sizeof(not_floats[0])));
	tcase_add_test(tcase, a_text_is_a_float_if_its_value_is_printed_so);
	tcase_add_loop_test(tcase, doubles_print_as_their_shortest_text, 1, 4);
	tcase_add_test(tcase, powers_of_ten_and_their_neighbours_print_as_their_shortest_text);
	tcase_add_test(tcase, floats_print_as_the_shortest_text_of_a_float32);
	return suite_run(tcase, "csv_number");
}
