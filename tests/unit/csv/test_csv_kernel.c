/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_kernel.h"
#include "csvtest.h"

#define CELLS 64

/* "cell|cell;" for each record, a quoted cell in brackets; then the name of the last result if not a record.
 */
static void tokens(const uint8_t *data, size_t size, size_t step, char *out)
{
	static const char *const names[] = { "", "MORE", "CELLS", "BAD", "OPEN", "LONG", "WIDE" };
	struct csv_cell cells[CELLS];
	struct csv_scanner s = { .cells = cells, .capacity = CELLS, .delimiter = ',' };
	size_t at = 0;
	size_t known = step;

	while (at < size) {
		enum csv_scan result = CSV_SCAN_MORE;

		csv_scanner_begin(&s);
		while (result == CSV_SCAN_MORE) {
			const size_t end = known < size ? known : size;

			if (end > at)
				result = csv_scan(&s, data + at, end - at, end == size);
			if (result == CSV_SCAN_MORE)
				known += step;
		}
		if (result != CSV_SCAN_RECORD) {
			out += sprintf(out, "%s@%u", names[result],
				       result == CSV_SCAN_OPEN_QUOTE ? s.cell_begin : s.at);
			break;
		}
		for (uint32_t i = 0; i < s.count; i++) {
			const bool quoted = (cells[i].flags & CSV_CELL_QUOTED) != 0;

			out += sprintf(out, "%s%s", i ? "|" : "", quoted ? "[" : "");
			memcpy(out, data + at + cells[i].begin, cells[i].len);
			out += cells[i].len;
			out += sprintf(out, "%s", quoted ? "]" : "");
		}
		out += sprintf(out, ";");
		at += s.next;
	}
	*out = '\0';
}

static const struct {
	const char *text;
	const char *tokens;
} table[] = {
	{ "", "" },
	{ "a", "a;" },
	{ "a,b\n1,2\n", "a|b;1|2;" },
	{ "a,b\r\n1,2\r\n", "a|b;1|2;" },
	{ "a,b\r1,2\r", "a|b;1|2;" },
	{ "a,b\n\r1,2", "a|b;;1|2;" },
	{ ",\n", "|;" },
	{ "\n\n", ";;" },
	{ "\"\",\"a\"\n", "[]|[a];" },
	{ "\"a,b\",\"c\nd\",\"e\r\nf\"\n", "[a,b]|[c\nd]|[e\r\nf];" },
	{ "\"a\"\"b\",\"\"\"\"\n", "[a\"\"b]|[\"\"];" },
	{ "a\"b,c\"\"d,e\"\n", "a\"b|c\"\"d|e\";" },
	{ " \"a\",b\n", " \"a\"|b;" },
	{ "\"a\"", "[a];" },
	{ "\"a\"\r\nb", "[a];b;" },
	{ "\"a\"b,c\n", "BAD@3" },
	{ "x,\"a\" \n", "BAD@5" },
	{ "x,\"a\n", "OPEN@2" },
	{ "\"\"\"", "OPEN@0" },
	{ "x\n\"", "x;OPEN@0" },
	{ "0123456789012345678901234567890123456789012345678901234567890123,\"a\"\"b\",\"c\"\n",
	  "0123456789012345678901234567890123456789012345678901234567890123|[a\"\"b]|[c];" },
	{ "012345678901234567890123456789012345678901234567890123456789012,\"\"\"\",x\r\ny,z",
	  "012345678901234567890123456789012345678901234567890123456789012|[\"\"]|x;y|z;" },
};

START_TEST(texts_fall_into_cells_for_pieces_of_every_size)
{
	const char *text = table[_i].text;
	const size_t size = strlen(text);

	for (size_t step = 1; step <= size + 1; step++) {
		uint8_t *copy = malloc(size + 1);
		char out[512];

		memcpy(copy, text, size + 1);
		tokens(copy, size, step, out);
		ck_assert_str_eq(out, table[_i].tokens);
		free(copy);
	}
}
END_TEST

START_TEST(nul_bytes_are_bytes_of_a_cell)
{
	const uint8_t text[] = { 'a', 0, ',', 0, '\n' };
	struct csv_cell cells[4];
	struct csv_scanner s = { .cells = cells, .capacity = 4, .delimiter = ',' };

	csv_scanner_begin(&s);
	ck_assert_int_eq(csv_scan(&s, text, sizeof(text), true), CSV_SCAN_RECORD);
	ck_assert_uint_eq(s.count, 2);
	ck_assert_uint_eq(cells[0].len, 2);
	ck_assert_uint_eq(cells[1].len, 1);
}
END_TEST

START_TEST(a_full_array_of_cells_can_grow_in_the_middle_of_a_record)
{
	struct csv_cell cells[8];
	struct csv_scanner s = { .cells = cells, .capacity = 1, .delimiter = ',' };
	const uint8_t text[] = "a,\"b\",c,d\n";
	enum csv_scan result;

	csv_scanner_begin(&s);
	while ((result = csv_scan(&s, text, sizeof(text) - 1, true)) == CSV_SCAN_CELLS)
		s.capacity++;
	ck_assert_int_eq(result, CSV_SCAN_RECORD);
	ck_assert_uint_eq(s.count, 4);
	ck_assert_uint_eq(cells[1].flags, CSV_CELL_QUOTED);
	ck_assert_uint_eq(cells[3].begin, 8);
}
END_TEST

START_TEST(newlines_in_quotes_and_stray_quotes_are_counted)
{
	struct csv_cell cells[8];
	struct csv_scanner s = { .cells = cells, .capacity = 8, .delimiter = ',' };
	const uint8_t text[] = "\"a\nb\r\nc\rd\"\"\",e\"\"f\n";

	csv_scanner_begin(&s);
	ck_assert_int_eq(csv_scan(&s, text, sizeof(text) - 1, true), CSV_SCAN_RECORD);
	ck_assert_uint_eq(s.newlines, 3);
	ck_assert_uint_eq(s.strays, 2);
	ck_assert(!s.non_ascii);
}
END_TEST

static enum csv_scan scan_long(size_t size, const char *tail, size_t step)
{
	const size_t all = size + strlen(tail);
	uint8_t *text = malloc(all);
	struct csv_cell cells[8];
	struct csv_scanner s = { .cells = cells, .capacity = 8, .delimiter = ',' };
	enum csv_scan result = CSV_SCAN_MORE;

	memset(text, 'x', size);
	memcpy(text + size, tail, strlen(tail));
	csv_scanner_begin(&s);
	for (size_t known = step; result == CSV_SCAN_MORE; known += step)
		result = csv_scan(&s, text, known < all ? known : all, known >= all);
	free(text);
	return result;
}

START_TEST(a_record_may_have_the_greatest_size_and_no_byte_more)
{
	static const char *const tails[] = { "", "\n", "\r\n", "\r", "\nmore" };
	const size_t steps[] = { CSV_LINE_SIZE_MAX + 100, 65536, CSV_LINE_SIZE_MAX, CSV_LINE_SIZE_MAX + 1 };

	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(scan_long(CSV_LINE_SIZE_MAX, tails[_i], steps[i]), CSV_SCAN_RECORD);
		ck_assert_int_eq(scan_long(CSV_LINE_SIZE_MAX + 1, tails[_i], steps[i]), CSV_SCAN_LONG);
	}
}
END_TEST

START_TEST(doubled_quotes_become_one)
{
	static const char *const rows[][2] = {
		{ "", "" }, { "a", "a" }, { "\"\"", "\"" }, { "a\"\"b\"\"", "a\"b\"" }, { "\"\"\"\"", "\"\"" }
	};

	for (size_t i = 0; i < 5; i++) {
		char text[16];
		size_t len;

		snprintf(text, sizeof(text), "%s", rows[i][0]);
		len = csv_unescape(&(struct csv_scanner){ .quote = '"', .escape = '"' }, (uint8_t *)text,
				   strlen(text));
		text[len] = '\0';
		ck_assert_str_eq(text, rows[i][1]);
	}
}
END_TEST

/* The first record's cells, unescaped, a bar between them; or the name of the result. */
static const char *cells_of(struct csv_scanner s, const char *text)
{
	static struct csv_cell cells[8];
	static char out[128];
	uint8_t copy[64];
	size_t n = 0;

	s.cells = cells;
	s.capacity = 8;
	s.delimiter = ',';
	memcpy(copy, text, strlen(text));
	csv_scanner_begin(&s);
	switch (csv_scan(&s, copy, strlen(text), true)) {
	case CSV_SCAN_RECORD:
		break;
	case CSV_SCAN_BAD_QUOTE:
		return "BAD";
	default:
		return "other";
	}
	out[0] = '\0';
	for (uint32_t i = 0; i < s.count; i++) {
		const bool escaped = (cells[i].flags & CSV_CELL_ESCAPED) != 0;
		const size_t len =
			escaped ? csv_unescape(&s, copy + cells[i].begin, cells[i].len) : cells[i].len;

		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%.*s", i ? "|" : "", (int)len,
				      (const char *)copy + cells[i].begin);
	}
	return out;
}

START_TEST(another_escape_takes_the_meaning_of_the_quote_and_of_itself)
{
	const struct csv_scanner s = { .escape = '\\' };

	ck_assert_str_eq(cells_of(s, "\"a\\\"b\",c\n"), "a\"b|c");
	ck_assert_str_eq(cells_of(s, "\"a\\\\\",c\n"), "a\\|c");
	ck_assert_str_eq(cells_of(s, "\"a\\n\",c\\\n"), "a\\n|c\\");
	ck_assert_str_eq(cells_of(s, "\"a\"\"b\"\n"), "BAD");
	ck_assert_str_eq(cells_of(s, "\"a\\"), "other");
}
END_TEST

START_TEST(another_quote_is_one_and_the_usual_one_a_character)
{
	const struct csv_scanner s = { .quote = '\'' };

	ck_assert_str_eq(cells_of(s, "'a,''b',\"c\n"), "a,'b|\"c");
	ck_assert_str_eq(cells_of((struct csv_scanner){ .quote = CSV_QUOTE_NONE }, "\"a,b\"\n"), "\"a|b\"");
}
END_TEST

START_TEST(a_lenient_reader_keeps_what_stands_behind_a_closing_quote)
{
	const struct csv_scanner s = { .lenient = true };

	ck_assert_str_eq(cells_of(s, "\"a\"b,c\n"), "ab|c");
	ck_assert_str_eq(cells_of(s, "\"a\"\"b\" \"c\"\",d\n"), "a\"b \"c\"\"|d");
	ck_assert_str_eq(cells_of(s, "\"\"x\r\n"), "x");
	ck_assert_str_eq(cells_of((struct csv_scanner){ 0 }, "\"a\"b,c\n"), "BAD");
}
END_TEST

START_TEST(a_comment_is_a_record_without_cells)
{
	struct csv_cell cells[4];
	struct csv_scanner s = { .cells = cells, .capacity = 4, .delimiter = ',', .comment = '#' };
	const uint8_t text[] = "# it's \"open, ,\na,#b\n";

	csv_scanner_begin(&s);
	ck_assert_int_eq(csv_scan(&s, text, sizeof(text) - 1, true), CSV_SCAN_RECORD);
	ck_assert_uint_eq(s.count, 0);
	ck_assert_uint_eq(s.next, 16);
	csv_scanner_next(&s);
	ck_assert_int_eq(csv_scan(&s, text + 16, sizeof(text) - 17, true), CSV_SCAN_RECORD);
	ck_assert_uint_eq(s.count, 2);
	ck_assert_uint_eq(cells[1].len, 2);
}
END_TEST

START_TEST(only_well_formed_utf8_is_valid)
{
	static const char *const good[] = { "",
					    "abc",
					    "\xc3\xa9",
					    "\xe2\x82\xac",
					    "\xf0\x9f\x98\x80",
					    ("12345678\xc3\xa9"
					     "12345678"),
					    "\xf4\x8f\xbf\xbf",
					    "\xed\x9f\xbf" };
	static const char *const bad[] = { "\x80",
					   "\xc0\x80",
					   "\xc3",
					   "\xe0\x80\x80",
					   "\xed\xa0\x80",
					   "\xf4\x90\x80\x80",
					   "\xf5\x80\x80\x80",
					   "1234567\xff",
					   "\xe2\x82" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert(csv_utf8_valid((const uint8_t *)good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert(!csv_utf8_valid((const uint8_t *)bad[i], strlen(bad[i])));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("kernel");

	tcase_add_loop_test(tcase, texts_fall_into_cells_for_pieces_of_every_size, 0,
			    (int)(sizeof(table) / sizeof(table[0])));
	tcase_add_test(tcase, nul_bytes_are_bytes_of_a_cell);
	tcase_add_test(tcase, a_full_array_of_cells_can_grow_in_the_middle_of_a_record);
	tcase_add_test(tcase, newlines_in_quotes_and_stray_quotes_are_counted);
	tcase_add_loop_test(tcase, a_record_may_have_the_greatest_size_and_no_byte_more, 0, 5);
	tcase_add_test(tcase, doubled_quotes_become_one);
	tcase_add_test(tcase, another_escape_takes_the_meaning_of_the_quote_and_of_itself);
	tcase_add_test(tcase, another_quote_is_one_and_the_usual_one_a_character);
	tcase_add_test(tcase, a_lenient_reader_keeps_what_stands_behind_a_closing_quote);
	tcase_add_test(tcase, a_comment_is_a_record_without_cells);
	tcase_add_test(tcase, only_well_formed_utf8_is_valid);
	return suite_run(tcase, "csv_kernel");
}
