/* SPDX-License-Identifier: Apache-2.0 */
#include "npytest.h"
#include "numpy_dtype_kernel.h"

START_TEST(type_strings_have_one_canonical_form)
{
	static const struct {
		const char *text;
		const char *descr;
		uint64_t item_size;
		size_t width;
		const char *name;
	} rows[] = {
		{ "<f4", "<f4", 4, 4, "float32" },
		{ ">f8", ">f8", 8, 8, "float64" },
		{ "=i2", "<i2", 2, 2, "int16" },
		{ "|u4", "<u4", 4, 4, "uint32" },
		{ "f2", "<f2", 2, 2, "float16" },
		{ "<i1", "|i1", 1, 1, "int8" },
		{ ">b1", "|b1", 1, 1, "bool" },
		{ "?", "|b1", 1, 1, "bool" },
		{ "float64", "<f8", 8, 8, "float64" },
		{ "complex128", "<c16", 16, 8, "complex128" },
		{ ">c8", ">c8", 8, 4, "complex64" },
		{ "<S3", "|S3", 3, 1, "bytes" },
		{ "S", "|S0", 0, 1, "bytes" },
		{ "U3", "<U3", 12, 4, "str" },
		{ ">U0", ">U0", 0, 4, "str" },
		{ "V7", "|V7", 7, 1, "void" },
		{ "<V2", "<V2", 2, 1, "void" },
		{ "<f1", "|V1", 1, 1, "void" },
		{ ">f1", "|V1", 1, 1, "void" },
		{ "<M8[ns]", "<M8[ns]", 8, 8, "datetime64[ns]" },
		{ ">m8[25us]", ">m8[25us]", 8, 8, "timedelta64[25us]" },
		{ "M8", "<M8", 8, 8, "datetime64" },
		{ "datetime64[2147483647as]", "<M8[2147483647as]", 8, 8, "datetime64[2147483647as]" },
		{ "timedelta64", "<m8", 8, 8, "timedelta64" },
		{ "S2147483647", "|S2147483647", INT32_MAX, 1, "bytes" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct npy_dtype dtype;
		char name[NPY_DESCR_SIZE + 16];

		ck_assert_int_eq(npy_dtype_parse(rows[i].text, strlen(rows[i].text), &dtype), NPY_DTYPE_OK);
		ck_assert_str_eq(dtype.descr, rows[i].descr);
		ck_assert_uint_eq(dtype.item_size, rows[i].item_size);
		ck_assert_uint_eq(npy_dtype_width(&dtype), rows[i].width);
		npy_dtype_name(&dtype, name);
		ck_assert_str_eq(name, rows[i].name);
	}
}
END_TEST

START_TEST(other_texts_are_no_types)
{
	static const char *const texts[] = {
		"",	    "<",	"<<f4", "f3",	 "f16",	      "c32",
		"x4",	    "<f4 ","i-4",	   "b2",     "M4",	 "M8[]",      "M8[xx]",	   "M8[0s]",
		"M8[s",	    "M8[-1s]",	"M8[s]x",  "m8(s)",  "2f4",	 "f4,f4",     "S-1",	   "Sx",
		"float",    "float128", "datetime64[2147483648s]",   "datetime64[99999999999s]",
		"datetime64[11111111111111111111111111111111111111s]", "l", "L", "p",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct npy_dtype dtype;

		ck_assert_int_eq(npy_dtype_parse(texts[i], strlen(texts[i]), &dtype), NPY_DTYPE_UNKNOWN);
	}
}
END_TEST

START_TEST(pickled_elements_are_told_from_unknown_ones)
{
	static const char *const texts[] = { "O", "|O", "|O8", "<O4", "object", "object_", "T", "|T16", "StringDType()" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct npy_dtype dtype;

		ck_assert_int_eq(npy_dtype_parse(texts[i], strlen(texts[i]), &dtype), NPY_DTYPE_PICKLED);
	}
}
END_TEST

START_TEST(elements_are_limited_to_what_numpy_counts)
{
	struct npy_dtype dtype;

	ck_assert_int_eq(npy_dtype_parse("V2147483648", 11, &dtype), NPY_DTYPE_TOO_LARGE);
	ck_assert_int_eq(npy_dtype_parse("U536870911", 10, &dtype), NPY_DTYPE_OK);
	ck_assert_int_eq(npy_dtype_parse("U536870912", 10, &dtype), NPY_DTYPE_TOO_LARGE);
}
END_TEST

START_TEST(decimals_are_written_whole)
{
	char text[20];

	ck_assert_uint_eq(npy_decimal(text, 0), 1);
	ck_assert_int_eq(text[0], '0');
	ck_assert_uint_eq(npy_decimal(text, UINT64_MAX), 20);
	ck_assert_mem_eq(text, "18446744073709551615", 20);
}
END_TEST

NPYTEST_MAIN("numpy_dtype_kernel", type_strings_have_one_canonical_form, other_texts_are_no_types,
	     pickled_elements_are_told_from_unknown_ones, elements_are_limited_to_what_numpy_counts,
	     decimals_are_written_whole)
