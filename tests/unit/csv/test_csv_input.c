/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_input.h"

#include "csvtest.h"

#define TEXT(s) s, sizeof(s) - 1

/* All of a source as UTF-8, read in pieces; what went wrong is in @fault. */
static size_t read_all(const void *data, size_t size, enum csv_encoding encoding, size_t step, size_t room,
		       uint8_t *to, struct csv_fault *fault)
{
	struct plugtest_source source;
	struct csv_input input;
	size_t total = 0;

	csv_fault_clear(fault);
	plugtest_source_init(&source, data, size);
	source.step_max = step;
	if (csv_input_open(&input, &source.source, encoding, fault) == KIST_OK) {
		while (!csv_input_ended(&input)) {
			size_t got = 0;

			if (csv_input_read(&input, to + total, room, &got, fault) != KIST_OK)
				break;
			ck_assert_uint_gt(got, 0);
			ck_assert_uint_le(got, room);
			total += got;
		}
	}
	csv_input_close(&input);
	csv_input_close(&input);
	return total;
}

static const struct {
	enum csv_encoding encoding;
	const char *data;
	size_t size;
	const char *text;
	const char *code;
	uint64_t offset;
} rows[] = {
	{ CSV_ENCODING_UTF8, TEXT("a\xff\n"), "a\xff\n", "", 0 },
	{ CSV_ENCODING_UTF8, TEXT(""), "", "", 0 },
	{ CSV_ENCODING_LATIN1, TEXT("\xe9,\x80"), "\xc3\xa9,\xc2\x80", "", 0 },
	{ CSV_ENCODING_CP1252, TEXT("\x80,\xe9"), "\xe2\x82\xac,\xc3\xa9", "", 0 },
	{ CSV_ENCODING_CP1252, TEXT("ab\x81"), "ab", "E_ENCODING", 2 },
	{ CSV_ENCODING_UTF16LE, TEXT("a\0\xac\x20"), "a\xe2\x82\xac", "", 0 },
	{ CSV_ENCODING_UTF16BE, TEXT("\0a\xd8\x3d\xde\x00"), "a\xf0\x9f\x98\x80", "", 0 },
	{ CSV_ENCODING_UTF16BE, TEXT("\0a\xd8\x3d\0b"), "a", "E_ENCODING", 2 },
	{ CSV_ENCODING_UTF16LE, TEXT("a\0b"), "a", "E_ENCODING", 2 },
	{ CSV_ENCODING_UTF16LE, TEXT("a\0\x3d\xd8"), "a", "E_ENCODING", 2 },
	{ CSV_ENCODING_UTF16,
	  TEXT("\xff\xfe"
	       "a\0"),
	  "\xef\xbb\xbf"
	  "a",
	  "", 0 },
	{ CSV_ENCODING_UTF16, TEXT("\xfe\xff\0a"),
	  "\xef\xbb\xbf"
	  "a",
	  "", 0 },
	{ CSV_ENCODING_UTF16, TEXT("a\0b\0"), "", "E_ENCODING", 0 },
	{ CSV_ENCODING_UTF16, TEXT("\xff"), "", "E_ENCODING", 0 },
};

START_TEST(sources_are_decoded_in_pieces_of_every_size)
{
	for (size_t step = 0; step <= rows[_i].size; step++) {
		for (size_t room = CSV_INPUT_ROOM; room < 64; room += 11) {
			uint8_t text[128];
			struct csv_fault fault;
			const size_t n = read_all(rows[_i].data, rows[_i].size, rows[_i].encoding, step, room,
						  text, &fault);

			ck_assert_uint_eq(n, strlen(rows[_i].text));
			ck_assert(memcmp(text, rows[_i].text, n) == 0);
			ck_assert_str_eq(fault.code, rows[_i].code);
			if (rows[_i].code[0] != '\0')
				ck_assert_uint_eq(fault.offset, rows[_i].offset);
		}
	}
}
END_TEST

START_TEST(a_source_that_is_shorter_than_it_says_is_refused)
{
	struct plugtest_source source;
	struct csv_fault fault;
	struct csv_input input;
	uint8_t text[64];
	size_t got;

	csv_fault_clear(&fault);
	plugtest_source_init(&source, "abc", 3);
	ck_assert_int_eq(csv_input_open(&input, &source.source, CSV_ENCODING_UTF8, &fault), KIST_OK);
	ck_assert_int_eq(csv_input_read(&input, text, sizeof(text), &got, &fault), KIST_OK);
	source.source.size = 5;
	source.fail_at = source.calls + 1;
	ck_assert_int_eq(csv_input_read(&input, text, sizeof(text), &got, &fault), KIST_IO);
	csv_input_close(&input);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("input");

	tcase_add_loop_test(tcase, sources_are_decoded_in_pieces_of_every_size, 0,
			    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tcase, a_source_that_is_shorter_than_it_says_is_refused);
	return suite_run(tcase, "csv_input");
}
