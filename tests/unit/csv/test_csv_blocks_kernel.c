/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_blocks_kernel.h"
#include "csvtest.h"

/*
 * The tokenizer for 64 bytes at once and the one for single bytes find the same in any text, for pieces of any
 * size.
 */

#define CELLS	  600
#define TEXT_SIZE 600
#define BYTEWISE  CSV_BLOCKS_KINDS

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/* One record of @text from @at on: the way that @kind takes, told @step more bytes at a time. */
static enum csv_scan scan_one(struct csv_scanner *s, int kind, const uint8_t *text, size_t size,
			      size_t *known, size_t step)
{
	enum csv_scan result = CSV_SCAN_MORE;

	s->capacity = 1;
	if (kind != BYTEWISE)
		s->blocks = (uint8_t)kind;
	for (;;) {
		const bool all = *known >= size;
		/* A copy of its own shows ASan what is read past the end. */
		const size_t given = all ? size : *known;
		uint8_t *const copy = malloc(given > 0 ? given : 1);

		memcpy(copy, text, given);
		if (given > 0 && kind == BYTEWISE)
			result = csv_scan_careful(s, copy, given, all);
		else if (given > 0)
			result = csv_scan(s, copy, given, all);
		free(copy);
		if (result == CSV_SCAN_CELLS)
			s->capacity += 3;
		else if (result == CSV_SCAN_MORE)
			*known += step;
		else
			return result;
	}
}

/* What was found, as text. */
static void note(char *out, size_t room, const struct csv_scanner *s, enum csv_scan result)
{
	size_t n = (size_t)snprintf(out, room, "%d", (int)result);

	if (result == CSV_SCAN_BAD_QUOTE || result == CSV_SCAN_OPEN_QUOTE) {
		snprintf(out + n, room - n, " at %u cell %u %u newlines %u", s->at, s->cell_begin, s->count,
			 s->newlines);
		return;
	}
	n += (size_t)snprintf(out + n, room - n,
			      " size %u next %u newlines %u strays %u escaped %d:", s->size, s->next,
			      s->newlines, s->strays, s->escaped);
	for (uint32_t i = 0; i < s->count; i++)
		n += (size_t)snprintf(out + n, room - n, " %u+%u/%u", s->cells[i].begin, s->cells[i].len,
				      s->cells[i].flags);
}

static void scan_all(int kind, const uint8_t *text, size_t size, size_t step, char *out, size_t room)
{
	static struct csv_cell cells[CELLS];
	struct csv_scanner s = { .cells = cells, .delimiter = ',' };
	size_t at = 0;
	size_t n = 0;

	out[0] = '\0';
	csv_scanner_begin(&s);
	for (size_t known = step; at < size;) {
		size_t known_here = known > at ? known - at : 0;
		const enum csv_scan result = scan_one(&s, kind, text + at, size - at, &known_here, step);

		known = at + known_here;
		note(out + n, room - n, &s, result);
		n += strlen(out + n);
		if (result != CSV_SCAN_RECORD)
			return;
		at += s.next;
		csv_scanner_next(&s);
	}
}

static void compare_all(const uint8_t *text, size_t size, size_t step)
{
	static char wanted[65536];
	static char found[65536];

	scan_all(BYTEWISE, text, size, size + 1, wanted, sizeof(wanted));
	for (int kind = 0; kind < CSV_BLOCKS_KINDS; kind++) {
		if (!csv_blocks_available((enum csv_blocks)kind))
			continue;
		scan_all(kind, text, size, step, found, sizeof(found));
		ck_assert_msg(strcmp(found, wanted) == 0, "kind %d step %zu of '%.*s':\n%s\nnot\n%s", kind,
			      step, (int)size, (const char *)text, found, wanted);
	}
}

START_TEST(every_text_of_special_bytes_is_read_alike)
{
	static const char bytes[] = "a,\"\n\r";
	uint8_t text[6];

	for (unsigned int number = 0; number < 5 * 5 * 5 * 5 * 5 * 5; number++) {
		unsigned int left = number;

		for (size_t i = 0; i < sizeof(text); i++, left /= 5)
			text[i] = (uint8_t)bytes[left % 5];
		compare_all(text, sizeof(text), sizeof(text) + 1);
	}
}
END_TEST

/* Cells as they should be, now and then one that is not; around the ends of blocks. */
static size_t random_text(uint8_t *text, uint64_t *state)
{
	static const char *const pieces[] = { "a",
					      "bcdefgh",
					      ",",
					      ",",
					      "\n",
					      "\r\n",
					      ",\"\",",
					      "\n\"x\"",
					      ",\"a,b\"",
					      "\"\"\"\"",
					      ",\"c\nd\"",
					      "\r",
					      ",\"e\r\nf\"\r\n",
					      ",\"g\"\"h\",",
					      "\xc3\xa9",
					      "0123456789abcdef0123456789abcdef",
					      ",\"i\"\n" };
	static const char *const odd[] = { "\"", "a\"b", "\"a\"b", "\"\"", "\n\r", "\0" };
	const size_t wanted = next_random(state) % TEXT_SIZE;
	const bool clean = next_random(state) % 2 == 0;
	size_t size = 0;

	while (size < wanted) {
		const bool is_odd = !clean && next_random(state) % 24 == 0;
		const char *const piece =
			is_odd ? odd[next_random(state) % 6]
			       : pieces[next_random(state) % (sizeof(pieces) / sizeof(pieces[0]))];
		const size_t len = strlen(piece);

		if (size + len > TEXT_SIZE)
			break;
		memcpy(text + size, piece, len);
		size += len;
	}
	return size;
}

START_TEST(long_texts_are_read_alike_in_pieces_of_any_size)
{
	uint64_t state = 7;
	uint8_t text[TEXT_SIZE];

	for (unsigned int i = 0; i < 4000; i++) {
		const size_t size = random_text(text, &state);

		compare_all(text, size, size + 1);
		compare_all(text, size, 1 + next_random(&state) % 130);
	}
}
END_TEST

START_TEST(a_text_without_quotes_is_one_of_them_too)
{
	struct csv_cell cells[8];
	const uint8_t text[] = "\"a,b\"c\n";

	for (int kind = 0; kind < CSV_BLOCKS_KINDS; kind++) {
		struct csv_scanner s = {
			.cells = cells, .capacity = 8, .delimiter = ',', .quote = CSV_QUOTE_NONE
		};

		csv_scanner_begin(&s);
		s.blocks = csv_blocks_available((enum csv_blocks)kind) ? (uint8_t)kind : CSV_BLOCKS_C;
		ck_assert_int_eq(csv_scan(&s, text, sizeof(text) - 1, true), CSV_SCAN_RECORD);
		ck_assert_uint_eq(s.count, 2);
		ck_assert_uint_eq(cells[0].len, 2);
		ck_assert_uint_eq(cells[1].len, 3);
		ck_assert_uint_eq(cells[1].flags, 0);
		ck_assert(!s.careful);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("blocks");

	tcase_add_test(tcase, every_text_of_special_bytes_is_read_alike);
	tcase_add_test(tcase, long_texts_are_read_alike_in_pieces_of_any_size);
	tcase_add_test(tcase, a_text_without_quotes_is_one_of_them_too);
	return suite_run(tcase, "csv_blocks");
}
