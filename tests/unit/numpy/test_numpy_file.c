/* SPDX-License-Identifier: Apache-2.0 */
#include "npytest.h"
#include "support/plugalloc.h"

#define F4 "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
static const float two[2] = { 1, 2 };

START_TEST(malformed_magic_is_refused_at_the_first_wrong_byte)
{
	static const struct {
		const char *bytes;
		size_t size;
		uint64_t offset;
	} rows[] = {
		{ "\x92NUMPY\x01\x00", 8, 0 }, { "\x00NUMPY\x01\x00", 8, 0 }, { "\x93numpy\x01\x00", 8, 1 },
		{ "\x93MATLB\x01\x00", 8, 1 }, { "\x93NUMPY\x01", 7, 7 },     { "\x93NUMPY", 6, 6 },
		{ "", 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct npytest test;

		npytest_bytes(&test, rows[i].bytes, rows[i].size);
		npytest_refused(&test, NULL, KIST_CORRUPT, "E_MAGIC", rows[i].offset);
		npytest_done(&test);
	}
}
END_TEST

START_TEST(other_versions_are_refused)
{
	static const uint8_t versions[][2] = { { 1, 1 }, { 0, 0 }, { 0, 1 }, { 2, 2 }, { 4, 0 }, { 255, 255 } };

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct npytest test;

		npytest_text(&test, F4, two, sizeof(two));
		memcpy(test.file + 6, versions[i], 2);
		npytest_refused(&test, NULL, KIST_UNSUPPORTED, "E_VERSION", 6);
		npytest_done(&test);
	}
}
END_TEST

/* Text of a header, and what is wrong at which byte of it.  Nothing follows the header. */
START_TEST(wrong_headers_are_refused_with_code_and_offset)
{
#define HEAD(descr, order, shape) "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape "}"
#define SHAPE(shape) HEAD("'<f4'", "False", shape)
#define DESCR(descr) "{'shape': (0,), 'fortran_order': False, 'descr': " descr "}"
#define AT_SHAPE strlen("{'descr': '<f4', 'fortran_order': False, 'shape': ")
#define AT_DESCR strlen("{'shape': (0,), 'fortran_order': False, 'descr': ")
#define FOUR "(('<f4',),"
	const struct {
		const char *text;
		kist_status status;
		const char *code;
		uint64_t at;
	} rows[] = {
		{ "", KIST_CORRUPT, "E_HEADER_SYNTAX", 0 },
		{ "[1, 2]", KIST_CORRUPT, "E_HEADER_SYNTAX", 0 },
		{ "{}", KIST_CORRUPT, "E_HEADER_SYNTAX", 0 },
		{ "{'descr': '<f4', 'shape': ()}", KIST_CORRUPT, "E_HEADER_SYNTAX", 0 },
		{ "{'descr': '<f4', 'extra': 1}", KIST_CORRUPT, "E_HEADER_SYNTAX", 17 },
		{ "{'descr' '<f4'}", KIST_CORRUPT, "E_HEADER_SYNTAX", 9 },
		{ "{descr: '<f4'}", KIST_CORRUPT, "E_HEADER_SYNTAX", 1 },
		{ "{'descr': '<f4}", KIST_CORRUPT, "E_HEADER_SYNTAX", 15 },
		{ "{'descr': '<f4', 'descr': '<f4'}", KIST_CORRUPT, "E_DUPLICATE", 17 },
		{ SHAPE("()") "x", KIST_CORRUPT, "E_HEADER_SYNTAX", AT_SHAPE + 3 },
		{ HEAD("'<f4'", "1", "()"), KIST_CORRUPT, "E_HEADER_SYNTAX", 34 },
		{ HEAD("'<f4'", "Falsely", "()"), KIST_CORRUPT, "E_HEADER_SYNTAX", 34 },
		{ "{'descr': __import__('os').system('true')}", KIST_CORRUPT, "E_HEADER_SYNTAX", 10 },
		{ "{'descr': b'<f4'}", KIST_CORRUPT, "E_HEADER_SYNTAX", 10 },
		{ "{'descr': '<f4'\0", KIST_CORRUPT, "E_HEADER_SYNTAX", 15 },
		{ SHAPE("[3]"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE },
		{ SHAPE("3"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE },
		{ SHAPE("(3)"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE },
		{ SHAPE("(3, -1)"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE + 4 },
		{ SHAPE("(True,)"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE + 1 },
		{ SHAPE("(1.0,)"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE + 1 },
		{ SHAPE("('1',)"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE + 1 },
		{ SHAPE("(1_0,)"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE + 1 },
		{ SHAPE("(0x1,)"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE + 1 },
		{ SHAPE("(010,)"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE + 1 },
		{ SHAPE("(,)"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE + 1 },
		{ SHAPE("(1 2)"), KIST_CORRUPT, "E_HEADER_SYNTAX", AT_SHAPE + 3 },
		{ SHAPE("((1,),)"), KIST_CORRUPT, "E_SHAPE", AT_SHAPE + 1 },
		{ SHAPE("(9223372036854775808,)"), KIST_LIMIT, "E_OVERFLOW", AT_SHAPE + 1 },
		{ SHAPE("(9223372036854775807,)"), KIST_LIMIT, "E_OVERFLOW", AT_SHAPE },
		{ SHAPE("(2305843009213693952,)"), KIST_LIMIT, "E_OVERFLOW", AT_SHAPE },
		{ SHAPE("(4294967296, 4294967296, 0)"), KIST_LIMIT, "E_OVERFLOW", AT_SHAPE },
		{ SHAPE("(2305843009213693951,)"), KIST_CORRUPT, "E_TRUNCATED", 0 },
		{ SHAPE("(1,)"), KIST_CORRUPT, "E_TRUNCATED", 0 },
		{ DESCR("'|O'"), KIST_UNSUPPORTED, "E_OBJECT", AT_DESCR },
		{ DESCR("'O8'"), KIST_UNSUPPORTED, "E_OBJECT", AT_DESCR },
		{ DESCR("'object'"), KIST_UNSUPPORTED, "E_OBJECT", AT_DESCR },
		{ DESCR("'|T16'"), KIST_UNSUPPORTED, "E_OBJECT", AT_DESCR },
		{ DESCR("[('a', '<f4'), ('b', [('c', '|O')])]"), KIST_UNSUPPORTED, "E_OBJECT", AT_DESCR + 28 },
		{ DESCR("'\\x7cO'"), KIST_UNSUPPORTED, "E_OBJECT", AT_DESCR },
		{ DESCR("'<f16'"), KIST_UNSUPPORTED, "E_DTYPE", AT_DESCR },
		{ DESCR("'<c32'"), KIST_UNSUPPORTED, "E_DTYPE", AT_DESCR },
		{ DESCR("'<W4'"), KIST_UNSUPPORTED, "E_DTYPE", AT_DESCR },
		{ DESCR("'<i3'"), KIST_UNSUPPORTED, "E_DTYPE", AT_DESCR },
		{ DESCR("'i4,f4'"), KIST_UNSUPPORTED, "E_DTYPE", AT_DESCR },
		{ DESCR("''"), KIST_UNSUPPORTED, "E_DTYPE", AT_DESCR },
		{ DESCR("('<f4', (2,))"), KIST_UNSUPPORTED, "E_DTYPE", AT_DESCR },
		{ DESCR("'S2147483648'"), KIST_LIMIT, "E_OVERFLOW", AT_DESCR },
		{ DESCR("'<U536870912'"), KIST_LIMIT, "E_OVERFLOW", AT_DESCR },
		{ DESCR("'S99999999999999999999999999'"), KIST_LIMIT, "E_OVERFLOW", AT_DESCR },
		{ DESCR("[('a', '<f4'), ('a', '<i4')]"), KIST_CORRUPT, "E_DUPLICATE", AT_DESCR + 16 },
		{ DESCR("[('a', '<f4'), ('\\x61', '<i4')]"), KIST_CORRUPT, "E_DUPLICATE", AT_DESCR + 16 },
		{ DESCR("[(('t', 'a'), '<f4'), ('t', '<i4')]"), KIST_CORRUPT, "E_DUPLICATE", AT_DESCR + 23 },
		{ DESCR("[('a', '<f4', (-1,))]"), KIST_CORRUPT, "E_SHAPE", AT_DESCR + 15 },
		{ DESCR("[('a', '<f8', (1152921504606846976,))]"), KIST_LIMIT, "E_OVERFLOW", AT_DESCR + 15 },
		{ DESCR("['a']"), KIST_CORRUPT, "E_HEADER_SYNTAX", AT_DESCR + 1 },
		{ DESCR("[('a')]"), KIST_CORRUPT, "E_HEADER_SYNTAX", AT_DESCR + 5 },
		{ DESCR("[('a', '<f4', 2, 3)]"), KIST_CORRUPT, "E_HEADER_SYNTAX", AT_DESCR + 17 },
		{ DESCR("[('a', '<f4') ('b', '<f4')]"), KIST_CORRUPT, "E_HEADER_SYNTAX", AT_DESCR + 14 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const bool is_short = strcmp(rows[i].code, "E_TRUNCATED") == 0;
		const size_t len = strlen(rows[i].text) + (i == 14 ? 1 : 0);
		struct npytest test;

		npytest_file(&test, 1, rows[i].text, len, NULL, 0);
		npytest_refused(&test, NULL, rows[i].status, rows[i].code, is_short ? test.size : 10 + rows[i].at);
		npytest_done(&test);
	}
}
END_TEST

START_TEST(a_negative_dimension_is_named_with_its_value)
{
	struct npytest test;
	struct kist_object object;

	npytest_text(&test, SHAPE("(3, -3)"), NULL, 0);
	ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_CORRUPT);
	ck_assert_str_eq(test.call.error.text, "dimension 1 is negative (-3)");
	npytest_done(&test);
}
END_TEST

/* @open brackets, the innermost of them never closed unless it is within the limit. */
static void nested(char *text, int records)
{
	strcpy(text, "{'descr': ");
	for (int i = 0; i < records; i++)
		strcat(text, "[('a',");
	strcat(text, "'u1'");
	for (int i = 0; i < records; i++)
		strcat(text, ")]");
	strcat(text, ",'fortran_order':False,'shape':(0,)}");
}

START_TEST(nesting_is_limited_to_32_brackets)
{
	struct npytest test;
	struct kist_object object;
	char text[1024];

	/* 1 and 2 * 15 brackets, and then one too many: the list is the 32nd and its tuple the 33rd. */
	nested(text, 15);
	npytest_text(&test, text, NULL, 0);
	ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_OK);
	object.release(&object);
	npytest_done(&test);

	nested(text, 16);
	npytest_text(&test, text, NULL, 0);
	npytest_refused(&test, NULL, KIST_LIMIT, "E_DEPTH", 10 + 10 + 6 * 15 + 1);
	npytest_done(&test);
}
END_TEST

START_TEST(the_rank_is_limited_to_64)
{
	for (int rank = 64; rank <= 65; rank++) {
		struct npytest test;
		struct kist_object object;
		char text[1024] = "{'descr': '<f4', 'fortran_order': False, 'shape': (";

		for (int i = 0; i < rank; i++)
			strcat(text, "1,");
		strcat(text, ")}");
		npytest_text(&test, text, two, 4);
		if (rank == 64) {
			ck_assert_int_eq(npytest_read(&test, NULL, &object), KIST_OK);
			ck_assert_int_eq(((DLManagedTensorVersioned *)object.value)->dl_tensor.ndim, 64);
			object.release(&object);
		} else {
			npytest_refused(&test, NULL, KIST_CORRUPT, "E_SHAPE", 10 + AT_SHAPE + 1 + 2 * 64);
		}
		npytest_done(&test);
	}
}
END_TEST

/* A header of @fields fields of one byte, in version 2.0. */
static char *many_fields(unsigned fields, size_t *ret_len)
{
	const size_t size = (size_t)fields * 20 + 100;
	char *text = malloc(size);
	size_t len = (size_t)snprintf(text, size, "{'descr':[");

	for (unsigned i = 0; i < fields; i++)
		len += (size_t)snprintf(text + len, size - len, "('%x','u1'),", i);
	len += (size_t)snprintf(text + len, size - len, "],'fortran_order':False,'shape':(0,)}");
	*ret_len = len;
	return text;
}

START_TEST(fields_are_limited_to_65536)
{
	for (unsigned fields = 65536; fields <= 65537; fields++) {
		struct npytest test;
		struct kist_object object;
		size_t len;
		char *text = many_fields(fields, &len);
		const struct kist_params *params = plugtest_params("max_header=integer:2000000", NULL);

		npytest_file(&test, 2, text, len, NULL, 0);
		if (fields == 65536) {
			ck_assert_int_eq(npytest_read(&test, params, &object), KIST_OK);
			object.release(&object);
		} else {
			ck_assert_int_eq(npytest_read(&test, params, &object), KIST_LIMIT);
			ck_assert_str_eq(test.call.error.code, "E_HEADER_SYNTAX");
		}
		npytest_done(&test);
		free(text);
	}
}
END_TEST

START_TEST(a_header_is_limited_to_10000_bytes_unless_the_caller_says_more)
{
	for (size_t len = 10000; len <= 10001; len++) {
		struct npytest test;
		struct kist_object object;
		char text[10001];

		memset(text, ' ', sizeof(text));
		memcpy(text, F4, strlen(F4));
		npytest_file(&test, 1, text, len, two, sizeof(two));
		if (len > 10000)
			npytest_refused(&test, NULL, KIST_LIMIT, "E_HEADER_TOO_LARGE", 8);
		npytest_reset(&test);
		ck_assert_int_eq(npytest_read(&test, plugtest_params("max_header=integer:10001", NULL), &object), KIST_OK);
		object.release(&object);
		npytest_done(&test);
	}
}
END_TEST

START_TEST(a_limit_out_of_range_is_a_wrong_parameter)
{
	static const char *const rows[] = { "max_header=integer:0", "max_header=integer:16777217",
					    "max_header=integer:-1" };

	for (size_t i = 0; i < 3; i++) {
		struct npytest test;
		struct kist_object object;

		npytest_text(&test, F4, two, sizeof(two));
		ck_assert_int_eq(npytest_read(&test, plugtest_params(rows[i], NULL), &object), KIST_INVALID);
		ck_assert_str_eq(test.call.error.code, "E_PARAM");
		npytest_done(&test);
	}
}
END_TEST

START_TEST(a_file_cut_anywhere_is_refused)
{
	struct npytest whole;

	npytest_text(&whole, F4, two, sizeof(two));
	for (size_t size = 8; size < whole.size; size++) {
		struct npytest test;

		npytest_bytes(&test, whole.file, size);
		npytest_refused(&test, NULL, KIST_CORRUPT, "E_TRUNCATED", size);
		npytest_done(&test);
	}
	npytest_done(&whole);
}
END_TEST

START_TEST(bytes_after_the_array_are_refused_unless_allowed)
{
	const float three[3] = { 1, 2, 3 };
	struct npytest test;
	struct kist_object object;

	npytest_text(&test, F4, three, sizeof(three));
	npytest_refused(&test, NULL, KIST_CORRUPT, "E_TRAILING", 10 + strlen(F4) + 8);
	npytest_reset(&test);
	ck_assert_int_eq(npytest_read(&test, plugtest_params("allow_trailing=bool:1", NULL), &object), KIST_OK);
	object.release(&object);
	npytest_done(&test);
}
END_TEST

START_TEST(nothing_large_is_allocated_for_a_header_that_lies)
{
	static const uint8_t lies[][16] = { "\x93NUMPY\x01\x00\xff\xff{", "\x93NUMPY\x02\x00\xff\xff\xff\xff{",
					    "\x93NUMPY\x03\x00\x00\x00\x00\x01{" };

	for (size_t i = 0; i < 3; i++) {
		struct npytest test;
		struct kist_object object;

		npytest_bytes(&test, lies[i], 13);
		plugalloc_fail_at(0);
		ck_assert_int_eq(npytest_read(&test, plugtest_params("max_header=integer:16777216", NULL), &object),
				 KIST_CORRUPT);
		ck_assert_uint_eq(plugalloc_largest(), 0);
		npytest_done(&test);
	}
}
END_TEST

START_TEST(probe_scores_by_magic_and_version)
{
	static const struct {
		const char *bytes;
		size_t size;
		uint64_t total;
		int32_t score;
	} rows[] = {
		{ "\x93NUMPY\x01\x00\x76\x00", 10, 200, 100 }, { "\x93NUMPY\x03\x00\x76\x00\x00\x00", 12, 200, 100 },
		{ "\x93NUMPY\x01\x00\x76\x00", 10, 20, 50 },   { "\x93NUMPY\x04\x00\x76\x00", 10, 200, 20 },
		{ "\x93NUMPY\x01\x00", 8, 8, 10 },	       { "\x93NUMPX\x01\x00\x76\x00", 10, 200, 0 },
		{ "", 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int32_t score = -1;

		ck_assert_int_eq(npytest_interface()->probe(rows[i].bytes, rows[i].size, rows[i].total, &score), KIST_OK);
		ck_assert_int_eq(score, rows[i].score);
	}
}
END_TEST

START_TEST(layout_names_one_typed_part)
{
	static const struct {
		const char *descr;
		const char *order;
		const char *shape;
		size_t len;
		DLDataType type;
		uint32_t flags;
		int32_t ndim;
		int64_t sizes[3];
	} rows[] = {
		{ "'<f4'", "False", "(2, 3)", 24, { kDLFloat, 32, 1 }, 0, 2, { 2, 3 } },
		{ "'>f8'", "True", "(2, 3)", 48, { kDLFloat, 64, 1 }, KIST_PART_FORTRAN | KIST_PART_BIG_ENDIAN, 2, { 2, 3 } },
		{ "'|u1'", "False", "()", 1, { kDLUInt, 8, 1 }, 0, 0, { 0 } },
		{ "'|b1'", "False", "(0,)", 0, { kDLBool, 8, 1 }, 0, 1, { 0 } },
		{ "'<M8[s]'", "False", "(1,)", 8, { kDLInt, 64, 1 }, 0, 1, { 1 } },
		{ "'S5'", "False", "(2,)", 10, { kDLUInt, 8, 1 }, 0, 2, { 2, 5 } },
		{ "'>U2'", "False", "(2,)", 16, { kDLUInt, 32, 1 }, KIST_PART_BIG_ENDIAN, 2, { 2, 2 } },
		{ "'V4'", "True", "(2, 3)", 24, { kDLUInt, 8, 1 }, 0, 2, { 6, 4 } },
		{ "[('a', '<i4'), ('b', 'u1')]", "False", "(3,)", 15, { kDLUInt, 8, 1 }, 0, 2, { 3, 5 } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct npytest test;
		struct plugtest_layout layout;
		uint8_t data[48] = { 0 };
		char text[256];

		snprintf(text, sizeof(text), "{'descr': %s, 'fortran_order': %s, 'shape': %s}", rows[i].descr,
			 rows[i].order, rows[i].shape);
		npytest_text(&test, text, data, rows[i].len);
		plugtest_layout_init(&layout, test.size);
		ck_assert_int_eq(npytest_interface()->layout(NULL, &test.call.call, &test.source.source, NULL,
							     &layout.layout),
				 KIST_OK);
		ck_assert_uint_eq(layout.part_count, 1);
		ck_assert_str_eq(layout.parts[0].name, "data");
		ck_assert_uint_eq(layout.parts[0].offset, 10 + strlen(text));
		ck_assert_uint_eq(layout.parts[0].len, rows[i].len);
		ck_assert_mem_eq(&layout.parts[0].dtype, &rows[i].type, sizeof(DLDataType));
		ck_assert_uint_eq(layout.parts[0].flags, rows[i].flags);
		ck_assert_int_eq(layout.parts[0].ndim, rows[i].ndim);
		ck_assert_mem_eq(layout.parts[0].shape, rows[i].sizes, (size_t)rows[i].ndim * sizeof(int64_t));
		plugtest_layout_done(&layout);
		npytest_done(&test);
	}
}
END_TEST

NPYTEST_MAIN("numpy_file", malformed_magic_is_refused_at_the_first_wrong_byte, other_versions_are_refused,
	     wrong_headers_are_refused_with_code_and_offset, a_negative_dimension_is_named_with_its_value,
	     nesting_is_limited_to_32_brackets, the_rank_is_limited_to_64, fields_are_limited_to_65536,
	     a_header_is_limited_to_10000_bytes_unless_the_caller_says_more, a_limit_out_of_range_is_a_wrong_parameter,
	     a_file_cut_anywhere_is_refused, bytes_after_the_array_are_refused_unless_allowed,
	     nothing_large_is_allocated_for_a_header_that_lies, 
	     probe_scores_by_magic_and_version, layout_names_one_typed_part)
