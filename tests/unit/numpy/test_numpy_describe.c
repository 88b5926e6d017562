/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "npytest.h"

static void describes(const char *text, const void *data, size_t len, const char *expected)
{
	struct npytest test;

	npytest_text(&test, text, data, len);
	ck_assert_int_eq(npytest_describe(&test), KIST_OK);
	/* What follows is the picture, which has a test of its own. */
	((char *)test.sink.data)[strlen(expected) - 1] = '}';
	test.sink.size = strlen(expected);
	ck_assert_str_eq(npytest_sink_text(&test), expected);
	npytest_done(&test);
}

START_TEST(floating_numbers_have_statistics_of_the_finite_ones)
{
	const float data[] = { 0.1f, -2, NAN, INFINITY, -INFINITY, 0 };

	describes("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", data, sizeof(data),
		  "{\"kind\":\"tensor\",\"format\":\"npy 1.0\",\"dtype\":\"float32\",\"descr\":\"<f4\","
		  "\"byte_order\":\"little\",\"order\":\"C\",\"shape\":[2,3],\"elements\":6,\"bytes\":24,\"offset\":67,"
		  "\"min\":-2,\"max\":0.1,\"mean\":-0.633333332836628,\"std\":0.9672412089463811,\"nan\":1,\"inf\":1,"
		  "\"neg_inf\":1,\"zero\":1,\"negative\":2}");
}
END_TEST

START_TEST(numbers_of_the_other_byte_order_are_turned_round)
{
	const uint8_t data[] = { 0xFF, 0xFE, 0x01, 0x00 };

	describes("{'descr': '>i2', 'fortran_order': True, 'shape': (2,)}", data, sizeof(data),
		  "{\"kind\":\"tensor\",\"format\":\"npy 1.0\",\"dtype\":\"int16\",\"descr\":\">i2\","
		  "\"byte_order\":\"big\",\"order\":\"F\",\"shape\":[2],\"elements\":2,\"bytes\":4,\"offset\":64,"
		  "\"min\":-2,\"max\":256,\"mean\":127,\"std\":129,\"zero\":0,\"negative\":1}");
}
END_TEST

START_TEST(integers_are_exact)
{
	const uint64_t data[] = { UINT64_MAX, 9007199254740993u };

	describes("{'descr': '<u8', 'fortran_order': False, 'shape': (1,)}", data, 8,
		  "{\"kind\":\"tensor\",\"format\":\"npy 1.0\",\"dtype\":\"uint64\",\"descr\":\"<u8\","
		  "\"byte_order\":\"little\",\"order\":\"C\",\"shape\":[1],\"elements\":1,\"bytes\":8,\"offset\":65,"
		  "\"min\":\"18446744073709551615\",\"max\":\"18446744073709551615\",\"mean\":1.8446744073709552e+19,\"std\":0,"
		  "\"zero\":0}");
	describes("{'descr': '<u8', 'fortran_order': False, 'shape': (1,)}", data + 1, 8,
		  "{\"kind\":\"tensor\",\"format\":\"npy 1.0\",\"dtype\":\"uint64\",\"descr\":\"<u8\","
		  "\"byte_order\":\"little\",\"order\":\"C\",\"shape\":[1],\"elements\":1,\"bytes\":8,\"offset\":65,"
		  "\"min\":9007199254740993,\"max\":9007199254740993,\"mean\":9007199254740992,\"std\":0,\"zero\":0}");
}
END_TEST

START_TEST(elements_without_statistics_are_described_by_their_type)
{
	describes("{'descr': '|S2', 'fortran_order': False, 'shape': ()}", "ab", 2,
		  "{\"kind\":\"tensor\",\"format\":\"npy 1.0\",\"dtype\":\"bytes\",\"descr\":\"|S2\","
		  "\"order\":\"C\",\"shape\":[],\"elements\":1,\"bytes\":2,\"offset\":63}");
	describes("{'descr': [('\\x41\"\xe9', '|u1')], 'fortran_order': False, 'shape': (1,)}", "a", 1,
		  "{\"kind\":\"tensor\",\"format\":\"npy 1.0\",\"dtype\":\"record\","
		  "\"descr\":\"[('\\\\x41\\\"\\u00e9', '|u1')]\",\"order\":\"C\",\"shape\":[1],\"elements\":1,\"bytes\":1,\"offset\":79}");
}
END_TEST

START_TEST(raw_bytes_named_bfloat16_have_statistics)
{
	const uint16_t data[] = { 0x3F80, 0xC000, 0x7FC0, 0x0000 };
	struct npytest test;

	npytest_text(&test, "{'descr': '<V2', 'fortran_order': False, 'shape': (4,)}", data, sizeof(data));
	ck_assert_int_eq(npytest_interface()->describe(NULL, &test.call.call, &test.source.source,
						       plugtest_params("logical_dtype=string:bfloat16", NULL),
						       &test.sink.sink),
			 KIST_OK);
	ck_assert_str_eq(npytest_sink_text(&test),
			 "{\"kind\":\"tensor\",\"format\":\"npy 1.0\",\"dtype\":\"bfloat16\",\"descr\":\"<V2\","
			 "\"byte_order\":\"little\",\"order\":\"C\",\"shape\":[4],\"elements\":4,\"bytes\":8,\"offset\":65,"
			 "\"min\":-2,\"max\":1,\"mean\":-0.33333333333333326,\"std\":1.247219128924647,\"nan\":1,\"inf\":0,"
			 "\"neg_inf\":0,\"zero\":1,\"negative\":1,"
			 "\"histogram\":{\"of\":3,\"counts\":[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,1]},"
			 "\"curve\":{\"from\":-2,\"to\":1,\"min\":\"ff00..aa\",\"mean\":\"ff00..aa\",\"max\":\"ff00..aa\"},"
			 "\"first\":[1,-2,null,0],\"last\":[1,-2,null,0]}");
	npytest_done(&test);
}
END_TEST

static bool has(struct npytest *test, const char *text)
{
	return strstr(npytest_sink_text(test), text) != NULL;
}

START_TEST(a_matrix_has_a_map_as_numpy_shows_it)
{
	/* Rows 0 1 2 and 3 4 5, as the file of a column-major array has them. */
	const float fortran[] = { 0, 3, 1, 4, 2, 5 };
	const float c[] = { 0, 1, 2, 3, 4, 5 };
	const char *const map = "\"heat\":{\"from\":0,\"to\":5,\"rows\":2,\"columns\":3,\"cells\":\"00336699ccff\"";
	struct npytest test;

	npytest_text(&test, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", c, sizeof(c));
	ck_assert_int_eq(npytest_describe(&test), KIST_OK);
	ck_assert_msg(has(&test, map), "%s", npytest_sink_text(&test));
	npytest_done(&test);
	npytest_text(&test, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}", fortran, sizeof(fortran));
	ck_assert_int_eq(npytest_describe(&test), KIST_OK);
	ck_assert_msg(has(&test, map), "%s", npytest_sink_text(&test));
	npytest_done(&test);
}
END_TEST

START_TEST(pixels_are_known_by_their_shape_and_range)
{
	static uint8_t pixels[32 * 20 * 3];
	struct npytest test;

	npytest_text(&test, "{'descr': '|u1', 'fortran_order': False, 'shape': (20, 32, 3)}", pixels, sizeof(pixels));
	ck_assert_int_eq(npytest_describe(&test), KIST_OK);
	ck_assert(has(&test, "\"image\":{\"height\":20,\"width\":32,\"channels\":3}"));
	npytest_done(&test);
	npytest_text(&test, "{'descr': '|u1', 'fortran_order': False, 'shape': (20, 48, 2)}", pixels, sizeof(pixels));
	ck_assert_int_eq(npytest_describe(&test), KIST_OK);
	ck_assert(!has(&test, "image"));
	npytest_done(&test);
}
END_TEST

START_TEST(nothing_and_one_number_have_no_picture)
{
	struct npytest test;

	npytest_text(&test, "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 7)}", NULL, 0);
	ck_assert_int_eq(npytest_describe(&test), KIST_OK);
	ck_assert(has(&test, "\"first\":[],\"last\":[]}") && !has(&test, "histogram") && !has(&test, "heat"));
	npytest_done(&test);
	npytest_text(&test, "{'descr': '<f8', 'fortran_order': False, 'shape': ()}", &(const double){ 7 }, 8);
	ck_assert_int_eq(npytest_describe(&test), KIST_OK);
	ck_assert(has(&test, "\"of\":1,\"counts\":[1,0,") && !has(&test, "curve"));
	npytest_done(&test);
}
END_TEST

START_TEST(what_is_not_there_is_null)
{
	const double data[] = { NAN, 1.7e308, 1.7e308 };

	describes("{'descr': '<f8', 'fortran_order': False, 'shape': (0,)}", NULL, 0,
		  "{\"kind\":\"tensor\",\"format\":\"npy 1.0\",\"dtype\":\"float64\",\"descr\":\"<f8\","
		  "\"byte_order\":\"little\",\"order\":\"C\",\"shape\":[0],\"elements\":0,\"bytes\":0,\"offset\":65,"
		  "\"min\":null,\"max\":null,\"mean\":null,\"std\":null,\"nan\":0,\"inf\":0,\"neg_inf\":0,\"zero\":0,\"negative\":0}");
	describes("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", data, 8,
		  "{\"kind\":\"tensor\",\"format\":\"npy 1.0\",\"dtype\":\"float64\",\"descr\":\"<f8\","
		  "\"byte_order\":\"little\",\"order\":\"C\",\"shape\":[1],\"elements\":1,\"bytes\":8,\"offset\":65,"
		  "\"min\":null,\"max\":null,\"mean\":null,\"std\":null,\"nan\":1,\"inf\":0,\"neg_inf\":0,\"zero\":0,\"negative\":0}");
	/* The sum is beyond every number; the mean is not. */
	describes("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", data + 1, 16,
		  "{\"kind\":\"tensor\",\"format\":\"npy 1.0\",\"dtype\":\"float64\",\"descr\":\"<f8\","
		  "\"byte_order\":\"little\",\"order\":\"C\",\"shape\":[2],\"elements\":2,\"bytes\":16,\"offset\":65,"
		  "\"min\":1.7e+308,\"max\":1.7e+308,\"mean\":1.7e+308,\"std\":0,\"nan\":0,\"inf\":0,\"neg_inf\":0,\"zero\":0,\"negative\":0}");
}
END_TEST

START_TEST(a_description_fits_its_limit_whatever_the_header_holds)
{
	struct npytest test;
	char text[10000];
	size_t len;

	/* A name of bytes that each take six in JSON, longer than is shown and then not. */
	for (size_t name = 8000; name <= 9000; name += 1000) {
		len = (size_t)snprintf(text, sizeof(text), "{'descr': [('");
		memset(text + len, 0xE9, name);
		len += name;
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"', '|u1')], 'fortran_order': False, 'shape': (0,)}");
		npytest_file(&test, 1, text, len, NULL, 0);
		ck_assert_int_eq(npytest_describe(&test), KIST_OK);
		ck_assert_uint_le(test.sink.size, 262144);
		ck_assert_int_eq(test.sink.data[test.sink.size - 1], '}');
		ck_assert_int_eq(strstr(npytest_sink_text(&test), "\"descr\"") != NULL, name == 8000);
		npytest_done(&test);
	}
}
END_TEST

#define MEBIBYTE ((size_t)1 << 20)

START_TEST(polls_come_every_mebibyte_and_a_cancelled_call_stops)
{
	struct npytest test;
	uint8_t *data = calloc(1, 3 * MEBIBYTE);

	npytest_text(&test, "{'descr': '<f4', 'fortran_order': False, 'shape': (786432,)}", data, 3 * MEBIBYTE);
	ck_assert_int_eq(npytest_describe(&test), KIST_OK);
	ck_assert_uint_ge(test.call.polls, 3);
	for (unsigned long k = 1; k <= 3; k++) {
		npytest_reset(&test);
		test.call.cancel_at = k;
		ck_assert_int_eq(npytest_describe(&test), KIST_CANCELLED);
		ck_assert_uint_eq(test.sink.size, 0);
	}
	npytest_done(&test);
	free(data);
}
END_TEST

START_TEST(a_source_or_sink_that_fails_is_passed_on)
{
	struct npytest test;
	const float data[] = { 1, 2 };

	npytest_text(&test, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", data, sizeof(data));
	for (unsigned long k = 1; k <= 3; k++) {
		npytest_reset(&test);
		test.source.fail_at = k;
		ck_assert_int_eq(npytest_describe(&test), KIST_IO);
	}
	npytest_reset(&test);
	test.sink.fail_at = 1;
	ck_assert_int_eq(npytest_describe(&test), KIST_IO);
	npytest_reset(&test);
	test.source.step_max = 1;
	ck_assert_int_eq(npytest_describe(&test), KIST_OK);
	npytest_done(&test);
}
END_TEST

NPYTEST_MAIN("numpy_describe", floating_numbers_have_statistics_of_the_finite_ones,
	     numbers_of_the_other_byte_order_are_turned_round, integers_are_exact,
	     elements_without_statistics_are_described_by_their_type, raw_bytes_named_bfloat16_have_statistics,
	     what_is_not_there_is_null, a_matrix_has_a_map_as_numpy_shows_it,
	     pixels_are_known_by_their_shape_and_range, nothing_and_one_number_have_no_picture,
	     a_description_fits_its_limit_whatever_the_header_holds,
	     polls_come_every_mebibyte_and_a_cancelled_call_stops, a_source_or_sink_that_fails_is_passed_on)
