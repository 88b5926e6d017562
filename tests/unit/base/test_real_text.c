/* SPDX-License-Identifier: Apache-2.0 */
#include "base/real_text.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

static uint64_t random_state = 7;

static uint64_t draw(void)
{
	/* splitmix64 */
	uint64_t z = (random_state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static size_t digits_in(const char *text)
{
	size_t count = 0;
	size_t zeros = 0;

	for (; *text && *text != 'e'; text++) {
		if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
			continue;
		count++;
		zeros = *text == '0' ? zeros + 1 : 0;
	}
	return count - zeros;
}

/* The fewest digits with which printf's nearest reads back; at a power of two it may be one less. */
static size_t fewest(double value)
{
	char text[40];
	int precision = 0;

	do
		snprintf(text, sizeof(text), "%.*e", precision, value);
	while (strtod(text, NULL) != value && precision++ < 17);
	return digits_in(text);
}

static void assert_short(double value)
{
	char text[KIST_REAL_TEXT_SIZE];
	const size_t len = kist_real_text(value, text);
	int exponent;

	ck_assert_uint_eq(len, strlen(text));
	ck_assert_msg(strtod(text, NULL) == value, "%s is not %.17g", text, value);
	if (fabs(frexp(value, &exponent)) != 0.5)
		ck_assert_msg(digits_in(text) == fewest(fabs(value)), "%s of %.17g", text, value);
	else
		ck_assert_msg(digits_in(text) <= fewest(fabs(value)), "%s of %.17g", text, value);
}

START_TEST(any_double_has_the_fewest_digits_that_read_back)
{
	for (int i = 0; i < 20000; i++) {
		const uint64_t bits = draw();
		double value;

		memcpy(&value, &bits, sizeof(value));
		if (isfinite(value) && value != 0)
			assert_short(value);
	}
}
END_TEST

START_TEST(decimals_of_a_few_digits_have_these)
{
	for (int i = 0; i < 20000; i++) {
		double value = (double)(draw() % 10000000000000000u >> draw() % 54);

		value = value / pow(10, (double)(draw() % 26));
		if (value > 0)
			assert_short(i % 2 ? value : -value);
		/* Those of float32 are between: they have up to 17. */
		assert_short((double)(float)(value + 1));
		assert_short(nextafter(value + 1, 0));
	}
}
END_TEST

static const struct {
	double value;
	const char *text;
} texts[] = {
	{ 0.0, "0" },
	{ -0.0, "0" },
	{ 1, "1" },
	{ -1.5, "-1.5" },
	{ 100, "100" },
	{ 123456789012345, "123456789012345" },
	{ 999999999999999, "999999999999999" },
	{ 1e15, "1000000000000000" },
	{ 123456789012345680, "123456789012345680" },
	{ 1e20, "100000000000000000000" },
	{ 1e21, "1e+21" },
	{ 1.5e300, "1.5e+300" },
	{ 0.1, "0.1" },
	{ 0.3, "0.3" },
	{ 0.1 + 0.2, "0.30000000000000004" },
	{ 0.000001, "0.000001" },
	{ 0.0000015, "0.0000015" },
	{ 1e-7, "1e-7" },
	{ 1.25e-7, "1.25e-7" },
	{ 123.456, "123.456" },
	{ 1.0 / 3, "0.3333333333333333" },
	{ DBL_MAX, "1.7976931348623157e+308" },
	{ DBL_MIN, "2.2250738585072014e-308" },
	{ DBL_TRUE_MIN, "5e-324" },
	{ 0x1p-1022, "2.2250738585072014e-308" },
};

START_TEST(the_forms_are_those_of_ecmascript)
{
	char text[KIST_REAL_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_uint_eq(kist_real_text(texts[i].value, text), strlen(texts[i].text));
		ck_assert_str_eq(text, texts[i].text);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("real_text");

	tcase_add_test(tcase, any_double_has_the_fewest_digits_that_read_back);
	tcase_add_test(tcase, decimals_of_a_few_digits_have_these);
	tcase_add_test(tcase, the_forms_are_those_of_ecmascript);
	return suite_run(tcase, "base/real_text");
}
